"""What a text is made of: words, numbers with their units, and the marks between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

import msgspec

from engine.matching.units import same_size

BARE, WEIGHED, MARKED, CERTAIN = range(4)
"""How much a number looks like a quantity: by itself; "5 kg"; "- 5"; "5 bags", "x5", "five hundred"."""

JOINT: Final = ","
TIMES: Final = "*"
LINK: Final = "="
DASH: Final = "-"
MONEY: Final = "$"
PER: Final = "/"
EACH: Final = "each"


class Word(msgspec.Struct, frozen=True):
    """A word: its stem, its folded form, and where it stands."""

    stem: str
    raw: str
    start: int
    end: int
    extra: bool = False
    """Manners or a unit that stands alone: need not be explained, but may be part of a name."""
    unit: str = ""
    """The canonical unit that it is, or ""."""


class Number(msgspec.Struct, frozen=True):
    """A number with the unit said after it. ``value`` is None when it can't be told (1.000, -5)."""

    value: Fraction | None
    unit: str
    start: int
    end: int
    size: bool = False
    """It tells what a thing is (12 mm), never how many."""
    certain: int = BARE
    written: str = ""
    """As it was written, where there is no value."""
    unit_word: str = ""
    """The unit as it was written, folded: the only name there is in "10 tins"."""


class Mark(msgspec.Struct, frozen=True):
    """A sign or a joint: one of the constants above, a quote (inches, feet), or "" for a full stop."""

    text: str
    start: int
    end: int
    glued: bool = False
    """Something follows without a space."""


Token: TypeAlias = Word | Number | Mark

Size: TypeAlias = tuple[str, str]
"""A number of a name ("12", "1/2", "12x24") with its unit ("" for none), in the smallest unit of its kind."""


def is_mark(token: Token | None, text: str) -> bool:
    """Whether a token is this mark."""
    return isinstance(token, Mark) and token.text == text


def sizes_of(found: Sequence[Token]) -> tuple[Size, ...]:
    """The numbers among tokens as what a thing is called by; those joined by "x" are one: 12 x 24."""
    sizes: list[Size] = []
    for token, joined in _numbers(found):
        value, unit = same_size(token.value, token.unit) if token.value is not None else (token.written, token.unit)
        if joined:
            sizes[-1] = (f"{sizes[-1][0]}x{value}", unit or sizes[-1][1])
        else:
            sizes.append((str(value), unit))
    return tuple(sizes)


def bare_values(found: Sequence[Token]) -> tuple[str, ...]:
    """The values of ``sizes_of`` as they were written, in whatever unit."""
    values: list[str] = []
    for token, joined in _numbers(found):
        value = str(token.value) if token.value is not None else token.written
        if joined:
            values[-1] = f"{values[-1]}x{value}"
        else:
            values.append(value)
    return tuple(values)


def _numbers(found: Sequence[Token]) -> Iterator[tuple[Number, bool]]:
    """The numbers, and whether each is joined to the one before."""
    for at, token in enumerate(found):
        if isinstance(token, Number):
            yield token, at > 1 and is_mark(found[at - 1], TIMES) and isinstance(found[at - 2], Number)
