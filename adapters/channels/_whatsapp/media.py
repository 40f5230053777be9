"""Files of ours as uploads: what kind they are, how big they may be, and the multipart body of the ``/media`` call."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from adapters.channels._whatsapp.render import Unsendable
from engine.messages import Document, Image

MB = 1024 * 1024
IMAGE_BYTES = 5 * MB
DOCUMENT_BYTES = 100 * MB
"""Meta's limits (protocols 1.7, Media). A large file must also be uploaded within the lane's deadline."""

IMAGES: Mapping[str, str] = {".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png"}
DOCUMENTS: Mapping[str, str] = {
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Upload(NamedTuple):
    """A multipart request, ready to post."""

    content_type: str
    body: bytes


def upload_of(message: Image | Document) -> Upload:
    """Read the message's file. Blocks: call it off the event loop's thread. Raises Unsendable with a sentence."""
    kinds, most = (IMAGES, IMAGE_BYTES) if isinstance(message, Image) else (DOCUMENTS, DOCUMENT_BYTES)
    if message.content:
        return _made(message, most)
    path = Path(message.path)
    mime_type = kinds.get(path.suffix.lower())
    if mime_type is None:
        raise Unsendable(f"WhatsApp takes no {path.suffix or 'such'} file here, only {', '.join(kinds)}.")
    return multipart(mime_type, f"file{path.suffix.lower()}", _content(path, most))


def _made(message: Image | Document, most: int) -> Upload:
    """A paper that was made for this message: pictures are PNG, documents PDF (papering.Papers)."""
    if len(message.content) > most:
        raise Unsendable(f"The file to send is over {most // MB} MB, which is WhatsApp's limit.")
    mime_type, name = ("image/png", "file.png") if isinstance(message, Image) else ("application/pdf", "file.pdf")
    return multipart(mime_type, name, message.content)


def _content(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise Unsendable(f"The file to send can't be read ({type(error).__name__}). Check the data folder.") from None
    if not content or len(content) > most:
        raise Unsendable(f"The file to send is empty or over {most // MB} MB, which is WhatsApp's limit.")
    return content


def multipart(mime_type: str, filename: str, content: bytes) -> Upload:
    """The form of the ``/media`` call. The boundary is derived from the content, so it can't be in it by chance."""
    boundary = blake2b(content, digest_size=16).hexdigest()
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("messaging_product", "whatsapp"), ("type", mime_type))
    )
    file = f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: {mime_type}\r\n\r\n'
    head = f"{fields}--{boundary}\r\n{file}".encode()
    return Upload(f"multipart/form-data; boundary={boundary}", head + content + f"\r\n--{boundary}--\r\n".encode())
