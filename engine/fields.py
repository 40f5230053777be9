"""Texts with fields, as an owner writes them for many: "Hello {name:friend}, see {link:https://shop.example/new}".

    {name}           what is known of the one who reads it; where that is nothing, the text can't go to them
    {name:friend}    the same, and what stands there where nothing is known
    {link:https://…} a short link of ours that leads there, so that the owner sees who followed it
    {{ and }}        braces that are meant as such

A text is read once for a whole campaign, and before it starts: a field that does not exist is the owner's slip, and
must not be found by the ten-thousandth customer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from engine.errors import BadInput

PERSONAL = ("name", "first_name", "city", "phone")
"""Fields that are each reader's own."""
COMMON = ("shop",)
"""Fields that are the same for all."""
LINK = "link"
NAMES = (*PERSONAL, *COMMON)

LINKS_AT_MOST = 5
"""Different links in one text."""
URL_AT_MOST = 2_000
_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z_]+)(?::(?P<rest>[^{}]*))?\}|[{}]")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Field(msgspec.Struct, frozen=True):
    """A place that is filled in. ``otherwise``: what stands there where nothing is known, None: then it is missing."""

    name: str
    otherwise: str | None = None


class LinkTo(msgspec.Struct, frozen=True):
    """A place for a short link to this address."""

    url: str


Piece = str | Field | LinkTo


class Fielded(msgspec.Struct, frozen=True):
    """A text that was read: what stands in it as it is, and its places."""

    pieces: tuple[Piece, ...]

    @property
    def links(self) -> tuple[str, ...]:
        """Where its links lead, each once, in order."""
        return tuple(dict.fromkeys(piece.url for piece in self.pieces if isinstance(piece, LinkTo)))

    def missing(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """The fields for which nothing is known, and that say nothing for that case."""
        lacking = [
            piece.name
            for piece in self.pieces
            if isinstance(piece, Field) and piece.otherwise is None and not known.get(piece.name)
        ]
        return tuple(dict.fromkeys(lacking))

    def filled(self, known: Mapping[str, str], short: Callable[[str], str]) -> str:
        """The text for one reader; ``short`` makes their link to an address. What is missing stays empty: ask
        ``missing`` first."""
        return "".join([self._piece(piece, known, short) for piece in self.pieces])

    def _piece(self, piece: Piece, known: Mapping[str, str], short: Callable[[str], str]) -> str:
        match piece:
            case Field(name, otherwise):
                return known.get(name) or otherwise or ""
            case LinkTo(url):
                return short(url)
            case _:
                return piece


def read(text: str) -> Fielded:
    """Read what an owner wrote. BadInput names the first slip and what is expected there."""
    pieces: list[Piece] = []
    at = 0
    for found in _PART.finditer(text):
        pieces += [text[at : found.start()], _place(found)]
        at = found.end()
    pieces.append(text[at:])
    made = Fielded(tuple(_joined(pieces)))
    if len(made.links) > LINKS_AT_MOST:
        raise BadInput(f"A text can have {LINKS_AT_MOST} different links, not {len(made.links)}.")
    return made


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbouring words as one, and none that are empty."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif piece != "":
            joined.append(piece)
    return joined


def _place(found: re.Match[str]) -> Piece:
    whole, name, rest = found[0], found["name"], found["rest"]
    if whole in ("{{", "}}"):
        return whole[0]
    if name is None:
        raise BadInput(f'There is a lone "{whole}" in the text. Write {{name}} for a field, or {{{{ for a brace.')
    if name == LINK:
        if why := link_fault(rest or ""):
            raise BadInput(f"The link {whole} can't be followed: {why}.")
        return LinkTo(rest)
    if name not in NAMES:
        raise BadInput(f"There is no field {{{name}}}; there are {', '.join(sorted([*NAMES, LINK]))}.")
    return Field(name, rest)


def link_fault(url: str) -> str:
    """What is wrong with an address that customers are led to, "" when nothing is. Ours is no open redirect: only what
    an owner wrote is ever followed, and of that only pages of the web."""
    expected = "expected a whole address, for example {link:https://shop.example/new}"
    if len(url) > URL_AT_MOST:
        return f"it is longer than {URL_AT_MOST} characters"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "it has characters in it that stand in no address"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname is not None and (parts.port or 1) > 0
    except ValueError:  # a port that is none, half an IPv6 address
        return expected
    if not known or not _HOST.fullmatch(parts.hostname or ""):
        return expected
    return "it holds a name or a password" if "@" in parts.netloc else ""


def first_name(name: str) -> str:
    """What somebody is called by who knows them: the first word of their name."""
    return name.split(" ", 1)[0] if name.strip() else ""
