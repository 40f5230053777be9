"""A message in chunks: its lines without bullets and numbering, parted at their joints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from engine.matching.flat import flat
from engine.matching.scanning import tokens
from engine.matching.tokens import EACH, JOINT, LINK, Number, Token, is_mark

LETTERS_AT_MOST: Final = 8_000
"""Of a message; no channel brings longer ones."""

NUMBERS_AT_MOST: Final = 8
"""In one chunk; where a line goes on with more of them, it is parted there."""

_BULLET = re.compile(r"\s*(?:[-*#>.,]+\s*)*(?:\(?(?:\d{1,3}|[a-z])\)\s*|\d{1,2}\.(?=\s*[^\d\s])\s*)?")
_COUNT = re.compile(r"\s*\d{1,2}\s+")
_COUNTED = re.compile(r"\s*(\d{1,2})\s+\D.*\d\D+\d")


class Chunk(msgspec.Struct, frozen=True):
    """Tokens that belong together, joints left out."""

    span: list[Token]
    joined: bool
    """A joint, and no line end, parts it from the chunk before."""
    each: bool
    """Its quantity holds for what was named before, too."""
    title: bool
    """It ends in a colon: perhaps a heading."""


def chunks(said: str) -> Iterator[Chunk]:
    """The chunks of a message that have tokens."""
    lines = flat(said[:LETTERS_AT_MOST]).split("\n")
    counted = _are_counted(lines)
    at = 0
    for line in lines:
        skip = _end(_BULLET, line)
        if counted:
            skip = max(skip, _end(_COUNT, line))
        yield from _parts(tokens(line[skip:], at + skip))
        at += len(line) + 1


def _end(pattern: re.Pattern[str], line: str) -> int:
    found = pattern.match(line)
    return found.end() if found else 0


def _are_counted(lines: Sequence[str]) -> bool:
    """Whether lines are counted without a sign after the number: each begins with 1, 2, 3… and has two more numbers."""
    counts = [_COUNTED.match(line) for line in lines if line.strip()]
    return len(counts) > 1 and all(found and int(found[1]) == at for at, found in enumerate(counts, 1))


def _parts(line: Sequence[Token]) -> Iterator[Chunk]:
    span: list[Token] = []
    joined = False
    for token in line:
        joint = is_mark(token, JOINT)
        many = isinstance(token, Number) and sum(isinstance(one, Number) for one in span) >= NUMBERS_AT_MOST
        if joint or many:
            yield from _chunk(span, joined)
            span, joined = [], True
        if not joint:
            span.append(token)
    yield from _chunk(span, joined)


def _chunk(span: list[Token], joined: bool) -> Iterator[Chunk]:
    kept = [token for token in span if not is_mark(token, EACH)]
    if kept:
        yield Chunk(kept, joined, len(kept) < len(span), is_mark(kept[-1], LINK))
