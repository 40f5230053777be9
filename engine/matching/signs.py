"""What stands around a number: its unit, signs that make it a quantity, and money that makes it none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from engine.matching import lexicon
from engine.matching.tokens import (
    CERTAIN,
    DASH,
    LINK,
    MARKED,
    MONEY,
    PER,
    TIMES,
    WEIGHED,
    Mark,
    Number,
    Token,
    Word,
    is_mark,
)
from engine.matching.units import SIZES, UNITS, metric

INCH: Final = '"'
FOOT: Final = "'"
_HALF_DAYS: Final = frozenset({"am", "pm"})


def settled(found: list[Token]) -> list[Token]:
    """Tokens with the numbers' units taken in, and with prices taken out."""
    result: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        if isinstance(token, Number):
            at += _number(found, at, token, result)
            continue
        if not (_is_currency(token) and isinstance(token, Word) and _beside_number(found, at)):
            result.append(token)
        at += 1
    return result


def _number(found: list[Token], at: int, number: Number, result: list[Token]) -> int:
    """Take in a number with what belongs to it; how many tokens that was."""
    taken, united = _united(number, found[at + 1 : at + 3])
    after = found[at + taken + 1 : at + taken + 3]
    if _is_time(found, at, after):
        return 1 + taken + (1 if after and _is_word(after[0], _HALF_DAYS) else 0)
    if not _is_price(found, at, after):
        result.append(replace(united, certain=_certain(found, at, united, after)))
        return 1 + taken
    if after and is_mark(after[0], PER):  # "380/bag"
        return 1 + taken + len(after[:2])
    return 1 + taken + (1 if after and _is_currency(after[0]) else 0)


def _united(number: Number, after: Sequence[Token]) -> tuple[int, Number]:
    """The number with its unit, and how many tokens that took."""
    first, second = [*after, None, None][:2]
    if isinstance(first, Mark):
        return _quoted(number, first, second)
    if not isinstance(first, Word):
        return 0, number
    size = SIZES.get(first.raw) or ("inch" if first.raw == "in" and first.start == number.end else "")
    if size:
        return 1, replace(number, unit=size, end=first.end, size=True)
    unit = UNITS.get(first.raw)
    if unit is None:
        return 0, number
    # "50 kg bags": what a bag holds, and not how many kilos.
    described = metric(unit) and isinstance(second, Word) and second.unit != "" and not metric(second.unit)
    certain = number.certain if described else max(number.certain, WEIGHED if metric(unit) else CERTAIN)
    return 1, replace(number, unit=unit, end=first.end, size=described, certain=certain, unit_word=first.raw)


def _quoted(number: Number, first: Mark, second: Token | None) -> tuple[int, Number]:
    """Inches and feet by their signs: 2", 2'', 2'."""
    if first.text not in (INCH, FOOT) or first.start != number.end:
        return 0, number
    if first.text == FOOT and isinstance(second, Mark) and second.text == FOOT:
        return 2, replace(number, unit="inch", end=second.end, size=True)
    return 1, replace(number, unit="inch" if first.text == INCH else "ft", end=first.end, size=True)


def _certain(found: Sequence[Token], at: int, number: Number, after: Sequence[Token]) -> int:
    """How much the signs around a number make it a quantity."""
    before = found[at - 1] if at else None
    if is_mark(before, TIMES):
        return max(number.certain, MARKED if at > 1 and isinstance(found[at - 2], Number) else CERTAIN)
    if after and is_mark(after[0], TIMES):
        return max(number.certain, MARKED if isinstance(after[-1], Number) else CERTAIN)
    if isinstance(before, Mark) and (before.text == LINK or (before.text == DASH and not before.glued)):
        return max(number.certain, MARKED)
    return number.certain


def _is_time(found: Sequence[Token], at: int, after: Sequence[Token]) -> bool:
    return bool(after and _is_word(after[0], _HALF_DAYS)) or (at > 0 and _is_word(found[at - 1], lexicon.CLOCKS))


def _is_word(token: Token, words: frozenset[str]) -> bool:
    return isinstance(token, Word) and token.raw in words


def _is_currency(token: Token | None) -> bool:
    return is_mark(token, MONEY) or (isinstance(token, Word) and token.raw in lexicon.CURRENCIES)


def _is_price(found: Sequence[Token], at: int, after: Sequence[Token]) -> bool:
    """Whether money stands before the number ("@ 380", "Rs. 9") or its word after it ("9 rs", "380/-")."""
    before = [token for token in found[max(0, at - 2) : at] if not is_mark(token, "")]
    if _is_currency(before[-1] if before else None):
        return True
    if len(after) > 1 and is_mark(after[0], PER) and is_mark(after[1], DASH):
        return True
    return bool(after) and isinstance(after[0], Word) and _is_currency(after[0])


def _beside_number(found: Sequence[Token], at: int) -> bool:
    return any(isinstance(token, Number) for token in found[max(0, at - 1) : at + 3])
