"""Numbers as people write them: in digits with grouping and fractions, and in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from engine.matching import lexicon
from engine.matching.flat import FRACTIONS, fold
from engine.matching.tokens import CERTAIN, JOINT, MARKED, Number, Token, Word, is_mark
from engine.matching.units import UNITS

HUGE: Final = Fraction(10**12)
"""Every longer number is read as this one: out of range everywhere, and cheap to compute with."""

DIGITS: Final = rf"""
    \d+\ ?[{FRACTIONS}] | [{FRACTIONS}] | \d+\ \d/\d+ | \d+/\d+(?!\d)
  | \d{{1,3}}(?:,\d\d)*,\d{{3}}(?![,\d]) | \d{{1,3}}(?:,\d{{3}})+(?![,\d])
  | \d{{1,3}}(?:\ 000)+(?!\d) | \d+(?:[.,]\d+)* | \.\d+
"""
"""A written number in flat text, for a verbose pattern."""

_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?: 000)+")
_DECIMAL = re.compile(r"\d*\.\d+")
_PARTS = frozenset({"2", "3", "4", "8", "16", "32", "64"})
"""What things are halved into; 12/10 is a date."""


def value_of(text: str) -> Fraction | None:
    """The number that was written, or None when that can't be told: "1.000" is one here and a thousand there."""
    if text.isdigit():
        return HUGE if len(text) > 12 else Fraction(int(text))
    if len(text) > 24:
        return None
    if text[-1] in FRACTIONS:
        whole = text[:-1].strip()
        return Fraction(unicodedata.numeric(text[-1])).limit_denominator(8) + (int(whole) if whole else 0)
    if "/" in text:
        return _ratio(text)
    if _GROUPED.fullmatch(text):
        return Fraction(int(text.replace(",", "").replace(" ", "")))
    if _DECIMAL.fullmatch(text):
        whole, _, rest = text.partition(".")
        ambiguous = len(rest) == 3 and whole.strip("0") and len(whole) < 4
        return None if ambiguous else Fraction(f"{whole or 0}.{rest}")
    return None


def _ratio(text: str) -> Fraction | None:
    whole, _, rest = text.rpartition(" ")
    over, _, under = rest.partition("/")
    if under not in _PARTS or len(over) > 2:
        return None
    return Fraction(int(over), int(under)) + (int(whole) if whole else 0)


# -- in words --------------------------------------------------------------------------------------------------------
HUNDREDS_AT_MOST: Final = 19
"""Fifteen hundred is said, fifty-three hundred is not: "opc 53 hundred bags" are a hundred."""

_ARTICLES: Final = frozenset({"a", "an"})
_HALVES: Final = frozenset(map(fold, lexicon.HALVES))
_DOZENS: Final = frozenset(map(fold, lexicon.DOZENS))
_GIVE_OR_TWO: Final = frozenset(map(fold, lexicon.GIVE_OR_TWO))
_TIMES: Final = {fold(word): times for word, times in lexicon.TIMES.items()}
_NUMBERS: Final = {fold(word): value for word, value in lexicon.NUMBERS.items()}
_SPELLED: Final = frozenset({*_NUMBERS, *_GIVE_OR_TWO, *_TIMES, *lexicon.TIMES_AFTER, *_HALVES, *_DOZENS, *_ARTICLES})


def spelled(found: list[Token]) -> list[Token]:
    """Number words as numbers: twenty five, two hundred and fifty, half dozen, 2 lakh, a hundred."""
    if not any(isinstance(token, Word) and token.raw in _SPELLED for token in found):
        return found
    result: list[Token] = []
    at = 0
    while at < len(found):
        run = _Run(found, at)
        result.append(run.number if run.number else found[at])
        at = max(run.at, at + 1)
    return result


class _Run:
    """The longest number in words that begins at a token; ``number`` is None when none does."""

    def __init__(self, found: Sequence[Token], at: int) -> None:
        self._found = found
        self.at = at
        self._total, self._current = Fraction(0), Fraction(0)
        """Thousands that are finished, and what is still being counted."""
        self._unit = ""
        self._words = 0
        while self._more():
            pass
        self.number = self._number(at) if self._words else None

    def _number(self, begin: int) -> Number:
        certain = MARKED if self._words == 1 and not self._unit else CERTAIN
        last = self._found[self.at - 1]
        return Number(self._total + self._current, self._unit, self._found[begin].start, last.end, certain=certain)

    def _raw(self, ahead: int = 0) -> str:
        token = self._found[self.at + ahead] if self.at + ahead < len(self._found) else None
        return token.raw if isinstance(token, Word) else ""

    def _started(self) -> bool:
        return bool(self._words or self._total or self._current)

    def _more(self) -> bool:
        """Whether one more token went into the number."""
        if self._unit or self.at >= len(self._found):
            return False
        if is_mark(self._found[self.at], JOINT):
            return self._joined()
        token = self._found[self.at]
        if isinstance(token, Number):
            return self._digits(token)
        raw = self._raw()
        return raw in _SPELLED and (self._multiplied(raw) or self._added(raw))

    def _take(self, tokens: int = 1) -> bool:
        self.at += tokens
        self._words += 1
        return True

    def _digits(self, token: Number) -> bool:
        """Digits begin a number only where a word multiplies them: 2 lakh."""
        times = self._raw(1)
        if self._started() or token.value is None or times not in {*_TIMES, *_DOZENS}:
            return False
        if _TIMES.get(times) == 100 and token.value > HUNDREDS_AT_MOST:
            return False
        self._current = token.value
        self.at += 1
        return True

    def _joined(self) -> bool:
        """``two hundred and fifty``, ``two and a half``."""
        halved = self._raw(1) in _HALVES or (self._raw(1) in _ARTICLES and self._raw(2) in _HALVES)
        if halved and self._words and self._current:
            self._current += Fraction(1, 2)
            return self._take(2 if self._raw(1) in _HALVES else 3)
        ahead = _NUMBERS.get(self._raw(1), 100)
        if self._words and ahead < 100 and self._goes_on(ahead) and (self._total or self._current >= 100):
            self._current += ahead
            return self._take(2)
        return False

    def _multiplied(self, raw: str) -> bool:
        if raw in _DOZENS:
            self._total, self._current = (self._total + self._current or Fraction(1)) * 12, Fraction(0)
            self._unit = "pc"
            return self._take()
        after = lexicon.TIMES_AFTER.get(raw)
        if after:
            self._current += after * (_NUMBERS.get(self._raw(1)) or 1)
            return self._take(2 if self._raw(1) in _NUMBERS else 1)
        times = _TIMES.get(raw, 0)
        if times == 100:
            self._current = (self._current or Fraction(1)) * 100
        elif times:
            self._total, self._current = self._total + (self._current or Fraction(1)) * times, Fraction(0)
        return times > 0 and self._take()

    def _added(self, raw: str) -> bool:
        if raw in _ARTICLES or raw in _GIVE_OR_TWO:
            return self._counted(raw)
        if raw in _HALVES:
            return not self._started() and self._set(Fraction(1, 2))
        value = _NUMBERS.get(raw)
        if value is None or not self._goes_on(value):
            return False
        return self._set(self._current + value)

    def _set(self, value: Fraction) -> bool:
        self._current = value
        return self._take()

    def _counted(self, raw: str) -> bool:
        """``a bag``, ``do ton``: words that count only before what is counted."""
        follows = self._raw(1)
        counts = follows in UNITS or follows in _TIMES or follows in _DOZENS
        return counts and not self._started() and self._set(Fraction(1 if raw in _ARTICLES else 2))

    def _goes_on(self, value: int) -> bool:
        """Whether a number word can follow what was counted: twenty five, two hundred fifty, two thousand five."""
        now = self._current
        return not now or (now >= 20 and now % 10 == 0 and value < 10) or (now >= 100 and now % 100 == 0)
