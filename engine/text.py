"""What people type, read: words, numbers, "1, 2" pairs, names, addresses and notes.

Every reader takes any text whatever and raises nothing. What can't be taken comes back as Refused or Muddle, for the
flow to say in its own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec

from engine.folding import OVERRIDES, TEXTS_REMEMBERED
from engine.folding import ascii_digits as ascii_digits
from engine.folding import plain as plain
from engine.folding import words as words
from engine.phrases import phrase
from engine.spellings import HALVES, NUMBERS, NUMBERS_TOO, UNITS

NAME_AT_MOST = 80
ADDRESS_AT_LEAST = 5
ADDRESS_AT_MOST = 300
INSTRUCTIONS_AT_MOST = 500
PAIRS_AT_MOST = 40
"""More "item, quantity" pairs than this in one message are a pasted page, not an order."""

HUGE: Final = 10**6
"""Every number of seven or more digits is read as this one: out of range everywhere, and cheap to compute with."""

NUMBER_WORDS = {
    **{words(word): value for spelled in NUMBERS.values() for value, word in enumerate(spelled.split(", "))},
    **{words(word): value for value, spelled in NUMBERS_TOO.items() for word in spelled.split(", ")},
}
"""Every language's words for numbers, folded."""


def _any_of(spellings: Iterable[str]) -> str:
    """A pattern for one of them, the longest first: "kumi na moja" is not "kumi"."""
    return "|".join(sorted(map(re.escape, map(words, spellings)), key=len, reverse=True))


_NUMBER = rf"\d+|{_any_of(NUMBER_WORDS)}"
_UNIT = rf"(?:\s*(?:{_any_of(UNITS.split(', '))})\.?)?"
_QUANTITY = re.compile(rf"(?:x\s*)?({_NUMBER})(?:\s*x)?{_UNIT}")
_BETWEEN = r"(?:\s*[,،，:x*×]\s*|\s+)"
_PAIR = re.compile(rf"#?({_NUMBER})(?:{_BETWEEN}(-?)({_NUMBER}){_UNIT})?")
_HALF = _any_of(HALVES.split(", "))
_FRACTION = re.compile(rf"(?:{_NUMBER}){_BETWEEN}-?(?:\d+[.٫]\d+|\d*\s*[½¼¾]|{_HALF})|-?\d+[.٫]\d+")
_MANY = re.compile(rf"(?:{_NUMBER})(?:{_BETWEEN}(?:{_NUMBER})){{2,}}")
_ONE_PER = re.compile(r"[;؛\n]")
_SPACES = re.compile(r"\s+")
_JOINERS = frozenset("\u200c\u200d")
_IN_NAMES = frozenset(" -‐‑'’ʼ.") | _JOINERS
_IN_BUSINESS_NAMES = frozenset("&/,()+")


class Muddle(Enum):
    """Why something that looks like an order for quantities is none."""

    FRACTION = "fraction"
    NEGATIVE = "negative"
    THREE_NUMBERS = "three numbers"
    TOO_MANY = "too many"


class Refused(msgspec.Struct, frozen=True):
    """A text that can't be taken: a phrase for the customer and its values."""

    phrase: str
    values: dict[str, int] = {}


def _value(token: str) -> int:
    if token in NUMBER_WORDS:
        return NUMBER_WORDS[token]
    digits = token.lstrip("0")
    return HUGE if len(digits) > 6 else int(digits or "0")


def number(text: str) -> int | None:
    """A whole number as people write it: ``2``, ``two``, ``x2``, ``2 pcs``, ``٢``, ``२``. None when it is none."""
    found = _QUANTITY.fullmatch(words(text))
    return _value(found[1]) if found else None


@lru_cache(maxsize=TEXTS_REMEMBERED)
def pairs(text: str) -> tuple[tuple[int, int], ...] | Muddle | None:
    """(item, quantity) pairs: ``1,2`` ``1 2`` ``1x2`` ``1*2``, several by line or ``;``; a lone ``1`` is one of item 1.

    The first number is always the item: ``2 x 1`` is one of item 2, because that is what the menu teaches. None when
    the text is something else; a Muddle when it is an order that can't be meant so.
    """
    parts = [part for raw in _ONE_PER.split(plain(text)) if (part := words(raw).strip(" ,."))]
    read: list[tuple[int, int]] = []
    for part in parts:
        found = _PAIR.fullmatch(part)
        if found is None:
            return _muddle(part)
        if found[2]:
            return Muddle.NEGATIVE
        if found[3] and found[3].startswith("00"):
            return Muddle.FRACTION  # "1,000" is a thousand, and not item 1 taken out
        read.append((_value(found[1]), 1 if found[3] is None else _value(found[3])))
    if len(read) > PAIRS_AT_MOST:
        return Muddle.TOO_MANY
    return tuple(read) or None


def _muddle(part: str) -> Muddle | None:
    if _FRACTION.fullmatch(part):
        return Muddle.FRACTION
    if part.startswith("-") and _PAIR.fullmatch(part[1:].lstrip()):
        return Muddle.NEGATIVE
    return Muddle.THREE_NUMBERS if _MANY.fullmatch(part) else None


def name(text: str) -> str | Refused:
    """A person's name: 1 to 80 letters and marks of any script, with spaces, hyphens, apostrophes and dots."""
    said = _SPACES.sub(" ", plain(text)) if not _unprintable(text) else text
    if _unprintable(said):
        return Refused(phrase("That has characters in it that can't be shown."))
    if len(said) > NAME_AT_MOST:
        return Refused(phrase("That is a little long: a name has at most {most} letters."), {"most": NAME_AT_MOST})
    if not any(_letter(one) for one in said):
        return Refused(phrase("A name needs letters." if said else "That message was empty."))
    if not all(_letter(one) or one in _IN_NAMES for one in said):
        return Refused(phrase("A name has only letters, spaces, hyphens, apostrophes and dots."))
    return said


def business_name(text: str) -> str | Refused:
    """A business's name: as a person's, and with numbers and what stands in company names: ``M/s A-1 Steel & Sons``."""
    said = name("".join(["-" if one in _IN_BUSINESS_NAMES or one.isdecimal() else one for one in text]))
    return said if isinstance(said, Refused) else _SPACES.sub(" ", plain(text))


def address(text: str) -> str | Refused:
    """A place to deliver to: 5 to 300 characters, its lines joined by commas."""
    said = one_line(text)
    if _unprintable(said):
        return Refused(phrase("That has characters in it that can't be shown."))
    if len(said) > ADDRESS_AT_MOST:
        return Refused(
            phrase("That is a little long: an address has at most {most} characters."), {"most": ADDRESS_AT_MOST}
        )
    if not any(_letter(one) or one.isdigit() for one in said):
        return Refused(phrase("An address needs letters or numbers." if said else "That message was empty."))
    if len(said) < ADDRESS_AT_LEAST:
        return Refused(
            phrase("That is too short: an address has at least {least} characters."), {"least": ADDRESS_AT_LEAST}
        )
    return said


def instructions(text: str) -> str | Refused:
    """A note to the shop: up to 500 characters."""
    said = one_line(text)
    if _unprintable(said):
        return Refused(phrase("That has characters in it that can't be shown."))
    if len(said) > INSTRUCTIONS_AT_MOST:
        most = {"most": INSTRUCTIONS_AT_MOST}
        return Refused(phrase("That is a little long: instructions have at most {most} characters."), most)
    if not any(_letter(one) or one.isdigit() for one in said):
        return Refused(phrase("Please put it in words." if said else "That message was empty."))
    return said


def one_line(text: str) -> str:
    """Several lines as one, with commas where they broke."""
    lines = (_SPACES.sub(" ", line).strip(" \t") for line in plain(text).splitlines())
    return ", ".join(line.rstrip(",") for line in lines if line)


def _letter(one: str) -> bool:
    """Letters and the marks that stand on them, of any script (Unicode categories L and M)."""
    return one.isalpha() or unicodedata.category(one)[0] in "LM"


def _unprintable(text: str) -> bool:
    if text.isprintable():
        return False
    return any(
        one in OVERRIDES or (one not in "\t\n\r" and unicodedata.category(one) in ("Cc", "Cs", "Co", "Cn"))
        for one in text
    )
