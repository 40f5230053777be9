"""Media that was uploaded or "photographed": ids, sizes and types as Meta allows them. Bounded: the oldest go first."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping

import msgspec

from adapters.phones.meta.errors import BAD_PARAMETER, MEDIA_UPLOAD, GraphError
from engine.errors import BadInput

MB = 1024 * 1024
FILES = 500
BYTES = 64 * MB
"""All files together. A shop that uploads a receipt for every order must not fill the memory of a long demo."""

LARGEST: Mapping[str, int] = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "audio/aac": 16 * MB,
    "audio/amr": 16 * MB,
    "audio/mpeg": 16 * MB,
    "audio/mp4": 16 * MB,
    "audio/ogg": 16 * MB,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
    "image/webp": 500 * 1024,
}
DOCUMENT = 100 * MB
DOCUMENTS = frozenset(
    {
        "text/plain",
        "text/csv",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)

# One transparent pixel: what every simulated photograph shows.
PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==")
SAMPLES: Mapping[str, tuple[str, str, bytes]] = {
    "image": ("image/png", "photo.png", PIXEL),
    "document": ("application/pdf", "document.pdf", b"%PDF-1.4\n%%EOF\n"),
    "audio": ("audio/ogg; codecs=opus", "voice.ogg", b"OggS"),
    "video": ("video/mp4", "video.mp4", b"\x00\x00\x00\x18ftypmp42"),
    "sticker": ("image/webp", "sticker.webp", b"RIFF\x04\x00\x00\x00WEBP"),
}


class Media(msgspec.Struct, frozen=True):
    """``sha256`` as webhooks write it (base64); the media endpoint answers hexadecimal."""

    id: str
    mime_type: str
    filename: str
    content: bytes
    sha256: str

    @property
    def digest(self) -> str:
        """The same digest in hexadecimal."""
        return b64decode(self.sha256).hex()


class MediaStore:
    """All media of one fake account."""

    def __init__(self, first_id: int) -> None:
        self._next = first_id
        self._media: dict[str, Media] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._media)

    def __contains__(self, media_id: str) -> bool:
        return media_id in self._media

    def get(self, media_id: str) -> Media | None:
        return self._media.get(media_id)

    def remove(self, media_id: str) -> bool:
        """Forget one; False when there is none."""
        media = self._media.pop(media_id, None)
        self._bytes -= len(media.content) if media else 0
        return media is not None

    def upload(self, mime_type: str, filename: str, content: bytes) -> Media:
        """Keep an uploaded file. Raises GraphError for a type or size that Meta refuses."""
        plain = mime_type.partition(";")[0].strip().lower()
        most = DOCUMENT if plain in DOCUMENTS else LARGEST.get(plain, 0)
        if not most:
            allowed = ", ".join(sorted(LARGEST.keys() | DOCUMENTS))
            raise GraphError(BAD_PARAMETER, f"Param file must be a file with one of the following types: {allowed}.")
        if not content or len(content) > most:
            raise GraphError(MEDIA_UPLOAD, f"The file must be between 1 and {most} bytes for {plain}.")
        return self._keep(mime_type, filename, content)

    def sample(self, kind: object) -> Media:
        """What a simulated phone sends: a tiny file of this kind."""
        if not isinstance(kind, str) or kind not in SAMPLES:
            raise BadInput(f"A phone can't send {kind!r}; it can send: {', '.join(SAMPLES)}.")
        return self._keep(*SAMPLES[kind])

    def _keep(self, mime_type: str, filename: str, content: bytes) -> Media:
        self._next += 1
        digest = b64encode(hashlib.sha256(content).digest()).decode()
        media = Media(str(self._next), mime_type, filename, content, digest)
        self._media[media.id] = media
        self._bytes += len(content)
        while len(self._media) > FILES or (self._bytes > BYTES and len(self._media) > 1):
            self.remove(next(iter(self._media)))
        return media
