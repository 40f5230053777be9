"""Pictures of products and events that lie beside their table, as files.

A cell says ``images/tea.png``, and the picture's whole path is kept: it is read when it is sent, so a new picture under
the old name needs no import. Nothing outside the table's folder can be named, also not through a link in it: a table
may come from anybody, and what it names is sent to customers.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from engine.errors import BadInput
from engine.table import Picture, is_link, link

MB = 1024 * 1024
BYTES_AT_MOST = 5 * MB
"""WhatsApp's own limit for an image."""

BEGINNINGS = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
"""By these the kind of a picture is known; channels go by its name, so both must say the same."""


class Pictures:
    """An engine.table.Picture for a table in ``folder``.

    ``known`` are paths that the shop has already: a table that was written out names them, wherever it lies now. Not
    ``looked_at``: a file may be missing or be no picture, for at a start that must not keep the whole shop closed; the
    one message that needs it fails then.
    """

    def __init__(self, folder: Path, known: Collection[str] = (), *, looked_at: bool = True) -> None:
        self._folder = folder.resolve()
        self._known = frozenset(known)
        self._looked_at = looked_at
        self._checked = cache(self._path)

    def __call__(self, text: str) -> str:
        """The public link, or the whole path of a file that is a picture. Raises BadInput."""
        if not text or is_link(text) or text in self._known:
            return text
        return self._checked(text)

    def named(self, path: str) -> str:
        """How a table in the folder names a picture that is kept: by its place there, when it lies there."""
        if path and not is_link(path) and Path(path).is_relative_to(self._folder):
            return str(Path(path).relative_to(self._folder))
        return path

    def _path(self, text: str) -> str:
        if Path(text).suffix.lower() not in BEGINNINGS:
            raise BadInput(f"image must be a link that starts with https://, or a file (.png, .jpg), not {text[:40]!r}")
        picture = f"the picture {text[:80]!r}"
        try:
            path = (self._folder / text.replace("\\", "/")).resolve()
            if not path.is_relative_to(self._folder):
                raise BadInput(f"{picture} lies outside of the folder of the table")
            if self._looked_at:
                _look_at(path, picture)
        except (OSError, RuntimeError, ValueError) as error:  # links in a circle, names that are too long
            raise BadInput(f"{picture} can't be read ({type(error).__name__})") from None
        return str(path)


def _look_at(path: Path, picture: str) -> None:
    if not path.is_file():
        raise BadInput(f"{picture} is not there; it is looked for in {path.parent}")
    size, beginning = path.stat().st_size, BEGINNINGS[path.suffix.lower()]
    if size > BYTES_AT_MOST:
        raise BadInput(f"{picture} has {size / MB:.1f} MB; at most {BYTES_AT_MOST // MB}")
    with path.open("rb") as file:
        if file.read(len(beginning)) != beginning:
            raise BadInput(f"{picture} is not what its name says, {path.suffix.lower()}")


def only_known(known: Collection[str]) -> Picture:
    """For a table that lies in no folder, as one that was sent: links, and what the shop has already."""
    return lambda text: text if text in known else link("image", text)
