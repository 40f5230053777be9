"""How a message looks in a terminal: plain lines, numbered options, wrapped to the width. Pure.

A shop's words can hold anything, so whatever a terminal would obey (escape sequences, control characters, marks that
turn the direction of the text around) is taken out before a line is made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

Body = dict[str, Any]

NARROWEST = 20  # columns; a narrower terminal is written to as if it had these
WIDEST = 100  # columns; longer lines are hard to read

# Marks that reorder the text around them beyond their own line's end (Unicode UAX 9: embeddings, overrides, isolates).
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

STYLES = {"*": "\x1b[1m", "_": "\x1b[3m", "~": "\x1b[9m", "`": "\x1b[2m", "dim": "\x1b[2m", "shop": "\x1b[36m"}
PLAIN = "\x1b[0m"
MARKED = re.compile(r"(?<!\w)([*_~`])(?=\S)([^\n]*?\S)\1(?!\w)")


class Option(msgspec.Struct, frozen=True):
    """Something to tap: ``id`` goes back, the words are what the shop called it."""

    id: str
    title: str
    description: str = ""


class Shown(msgspec.Struct, frozen=True):
    """A message as a terminal can show it. ``note`` says in brackets what can't be shown as words."""

    words: str
    options: tuple[Option, ...] = ()
    note: str = ""


def clean(text: str) -> str:
    """``text`` without anything a terminal would obey; line ends stay, a tab becomes a space."""
    lines = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(c for c in lines if c == "\n" or (unicodedata.category(c) != "Cc" and c not in TURNING))


def columns(text: str) -> int:
    """How many columns a terminal needs for ``text``: wide letters two, marks that join a letter none."""
    return sum(_columns(c) for c in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width`` columns; words longer than a line are broken; empty lines stay."""
    room = max(NARROWEST, min(width, WIDEST)) - columns(indent)
    return [indent + line for paragraph in text.split("\n") for line in _wrapped(paragraph, room)]


def _wrapped(paragraph: str, room: int) -> Iterator[str]:
    line = ""
    for word in re.findall(r"\S+\s*|\s+", paragraph):
        if line and columns(line) + columns(word.rstrip()) > room:
            yield line.rstrip()
            line = ""
        for piece in _pieces(word, room):
            if line and columns(line) + columns(piece.rstrip()) > room:
                yield line.rstrip()
                line = ""
            line += piece
    yield line.rstrip()


def _pieces(word: str, room: int) -> Iterator[str]:
    piece, used = "", 0
    for char in word:
        if used + _columns(char) > room and not char.isspace():
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + _columns(char)
    yield piece


def styled(line: str) -> str:
    """WhatsApp's *bold* _italic_ ~strike~ `mono` as a terminal's own; only for terminals that may be coloured."""
    return MARKED.sub(lambda found: STYLES[found[1]] + found[2] + PLAIN, line)


def shown(body: Body) -> Shown:
    """Read the body of a Graph API message (protocols.md 1.7). Unknown kinds become a note, never an error."""
    kind = str(body.get("type", ""))
    reader = _READERS.get(kind)
    part = body.get(kind)
    if reader is None or not isinstance(part, dict):
        return Shown("", note=f"[a message of kind {clean(kind) or 'unknown'}]")
    return reader(part)


def _text(part: Body) -> Shown:
    return Shown(clean(str(part.get("body", ""))))


def _interactive(part: Body) -> Shown:
    action = part.get("action", {})
    header, footer = (str(part.get(name, {}).get("text", "")) for name in ("header", "footer"))
    words = "\n".join(filter(None, (header, str(part.get("body", {}).get("text", "")), footer)))
    note = ""
    if part.get("type") == "location_request_message":
        note = "[asks for your location: /location]"
    elif part.get("type") == "cta_url":
        link = action.get("parameters", {})
        note = clean(f"[{link.get('display_text', 'Open')}: {link.get('url', '')}]")
    return Shown(clean(words), tuple(_options(action)), note)


def _options(action: Body) -> Iterator[Option]:
    rows = [button.get("reply", {}) for button in action.get("buttons", ())]
    for section in action.get("sections", ()):
        rows.extend(section.get("rows", ()))
    for row in rows:
        title, more = (clean(str(row.get(name, ""))) for name in ("title", "description"))
        yield Option(str(row.get("id", "")), title, more)


def _media(name: str) -> Callable[[Body], Shown]:
    def read(part: Body) -> Shown:
        what = " ".join(filter(None, (name, str(part.get("filename", "")), str(part.get("link", "")))))
        return Shown(clean(str(part.get("caption", ""))), note=clean(f"[{what}]"))

    return read


def _location(part: Body) -> Shown:
    where = ", ".join(str(part[key]) for key in ("name", "address", "latitude", "longitude") if part.get(key))
    return Shown("", note=clean(f"[location: {where}]"))


def _template(part: Body) -> Shown:
    values = [
        str(one.get("text", "")) for component in part.get("components", ()) for one in component.get("parameters", ())
    ]
    return Shown(clean(" · ".join(filter(None, values))), note=clean(f"[template {part.get('name', '?')}]"))


_READERS: dict[str, Callable[[Body], Shown]] = {
    "text": _text,
    "interactive": _interactive,
    "image": _media("picture"),
    "video": _media("video"),
    "audio": _media("voice message"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "location": _location,
    "template": _template,
}


def lines(message: Shown, width: int) -> list[str]:
    """The message as lines, options numbered from 1."""
    made = wrap(message.words, width) if message.words else []
    if message.note:
        made += wrap(message.note, width)
    for number, option in enumerate(message.options, 1):
        more = f" – {option.description}" if option.description else ""
        made += wrap(f"[{number}] {option.title}{more}", width, "  ")
    return made
