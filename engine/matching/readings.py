"""The ways to understand a few words and numbers: which number says how many, and which belong to the name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from engine.matching.flat import stem
from engine.matching.lexicon import JOINTS
from engine.matching.tokens import BARE, CERTAIN, DASH, MARKED, WEIGHED, Mark, Number, Size, Token, Word, sizes_of
from engine.matching.units import counted
from engine.matching.wanted import Wanted

TEXT_AT_MOST: Final = 80
"""Characters of a wanted thing's text; it is only said back."""

NOT_COUNTED: Final = 30.0
"""How unlikely it is that no quantity was said."""

IN_THE_MIDDLE: Final = 1.0
"""How unlikely a quantity is that has the name on both sides."""

_AS_NAME: Final = {BARE: 0.0, WEIGHED: 6.0, MARKED: 10.0, CERTAIN: 20.0}
"""How unlikely it is that a number which looks so much like a quantity belongs to the name."""


class Reading(msgspec.Struct, frozen=True):
    """One way to understand a span of tokens."""

    words: tuple[Word, ...]
    sizes: tuple[Size, ...]
    quantity: Number | None
    unlikely: float
    """By the look of its numbers alone; 0 is plain."""
    named: tuple[Word | Number, ...]
    """What names the thing, in the order of the text."""
    unit_only: bool = False
    """What looks like the unit is all that names it: "10 tins"."""
    unit_stem: str = ""
    """The unit's word, which may be part of a name: "10 box gift"."""


def readings(span: Sequence[Token]) -> list[Reading]:
    """Every way: each number as the quantity in turn, two of them as a range, and none. The likeliest first."""
    numbers = [token for token in span if isinstance(token, Number)]
    found = [_reading(span, (number,), number) for number in numbers if not number.size]
    for one, dash, two in zip(span, span[1:], span[2:], strict=False):
        if isinstance(one, Number) and isinstance(two, Number) and _is_range(one, dash, two):
            found.append(_reading(span, (one, two), msgspec.structs.replace(two, value=None, start=one.start)))
    found.append(_reading(span, (), None))
    return sorted(found, key=lambda one: one.unlikely)


def _is_range(one: Number, dash: Token, two: Number) -> bool:
    glued = isinstance(dash, Mark) and dash.text == DASH and dash.glued
    return glued and one.value is not None and two.value is not None and one.value < two.value


def _reading(span: Sequence[Token], taken: Sequence[Number], quantity: Number | None) -> Reading:
    left = [token for token in span if not any(token is one for one in taken)]
    unlikely = 0.0 if quantity else NOT_COUNTED
    unlikely += sum(_AS_NAME[token.certain] for token in left if isinstance(token, Number))
    words = tuple(token for token in left if isinstance(token, Word))
    unit_word = quantity.unit_word if quantity else ""
    if quantity and unit_word and not any(isinstance(token, Word | Number) for token in left):
        words = (Word(stem(unit_word), unit_word, quantity.start, quantity.end),)
        return Reading(words, (), msgspec.structs.replace(quantity, unit=""), unlikely, words, unit_only=True)
    named = tuple(token for token in left if isinstance(token, Word | Number))
    if quantity and named and named[0].start < quantity.start < named[-1].start:
        unlikely += IN_THE_MIDDLE
    return Reading(words, sizes_of(left), quantity, unlikely, named, unit_stem=stem(unit_word))


def lone_unit(reading: Reading, name: frozenset[str] = frozenset()) -> str:
    """The unit that was said away from the quantity, which has none: cement bags 50."""
    if reading.quantity is None or (reading.quantity.unit and reading.unit_stem not in name):
        return ""
    return next((word.unit for word in reading.words if word.unit and word.stem not in name), "")


def wanted_of(reading: Reading, source: str, name: frozenset[str] = frozenset()) -> Wanted:
    """The wanted thing of a reading. ``name``: words that are no units here (of Gift Box, sold by the piece)."""
    text = _text(reading, source)
    if reading.quantity is None:
        return Wanted(text, 1, counted=False)
    unit = lone_unit(reading, name) or ("" if reading.unit_stem in name else reading.quantity.unit)
    value = reading.quantity.value
    whole = counted(value, unit) if value is not None else None
    return Wanted(text, *whole) if whole else Wanted(text, 1, unit, problem="quantity")


def _text(reading: Reading, source: str) -> str:
    """What names the thing as it was written, without manners around it and the quantity inside."""
    named = list(reading.named)
    if not named and reading.quantity:
        named = [reading.quantity]
    while len(named) > 1 and isinstance(named[0], Word) and named[0].extra:
        del named[0]
    while len(named) > 1 and isinstance(named[-1], Word) and named[-1].extra:
        del named[-1]
    if not named:
        return ""
    text = source[named[0].start : named[0].end]
    for one, two in pairwise(named):
        between = source[one.end : two.start]
        ours = not any(letter.isalnum() for letter in between) or between.strip().casefold() in JOINTS
        text += (between if ours else " ") + source[two.start : two.end]
    if text.count("(") != text.count(")"):
        text = text.replace("(", " ").replace(")", " ")
    return " ".join(text.split())[:TEXT_AT_MOST].rstrip()
