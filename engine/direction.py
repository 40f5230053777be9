"""Text that runs from right to left, with prices and addresses in it that run from left to right.

Unicode's bidirectional algorithm (UAX 9) orders such a line by the letters in it, and guesses wrong where a number or a
foreign name stands at an edge: "12 MG Road" among Urdu is shown as "MG Road 12". Two invisible marks help it. Isolates
around what is filled in keep its own order; a right-to-left mark in front of a line that begins with something filled
in gives the line its direction, for apps that look at its first letter only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from babel import Locale

TEXTS_REMEMBERED = 4_096
"""Names, prices and phrases come again and again; looking at each letter of them takes longer than all else."""

MARK = "\u200f"
"""Right-to-left mark: a letter of that direction that nobody sees."""

OPEN, CLOSE = "\u2068", "\u2069"
"""First strong isolate, pop directional isolate."""

_LEFT_TO_RIGHT = frozenset({"L", "EN"})
"""Bidirectional classes: a letter written from left to right, a European digit."""

_BY_ITSELF = re.compile(r"https?://\S+|[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
"""A link or a code ("BKG-7K3M9Q"): one run from left to right whatever stands around it. A mark behind a link would be
a part of the link for apps that make one of it, and a code may be copied to where nobody drops marks."""

_LEADING = re.compile(r"^(?=[^\u0590-\u08ff\n]*[{\u2066-\u2068])", re.MULTILINE)
"""The beginning of a line with something filled in, or an isolate, before the first letter from right to left."""


@lru_cache(maxsize=32)
def right_to_left(language: str) -> bool:
    """Whether the language is written so, as CLDR says."""
    return str(Locale.parse(language).character_order) == "right-to-left"


@lru_cache(maxsize=TEXTS_REMEMBERED)
def led(template: str) -> str:
    """A template in a language from right to left, each of whose lines is known to be so."""
    return _LEADING.sub(MARK, template)


def apart(value: object) -> object:
    """A text with Latin letters or digits, so that it keeps its own order; anything else as it is."""
    return _apart(value) if isinstance(value, str) else value


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _apart(text: str) -> str:
    if not any(unicodedata.bidirectional(one) in _LEFT_TO_RIGHT for one in text) or _BY_ITSELF.fullmatch(text):
        return text
    return f"{OPEN}{text}{CLOSE}"
