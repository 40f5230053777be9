"""From flat text to tokens."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from engine.matching import lexicon
from engine.matching.flat import FRACTIONS, flat, fold, stem
from engine.matching.numerals import DIGITS, spelled, value_of
from engine.matching.signs import settled
from engine.matching.tokens import (
    BARE,
    CERTAIN,
    DASH,
    EACH,
    JOINT,
    LINK,
    MONEY,
    TIMES,
    Mark,
    Number,
    Token,
    Word,
    is_mark,
)
from engine.matching.units import LONE, SIZES, UNITS

_SCAN = re.compile(
    rf"""
    # A code is a word: m8, a4, fe500 ("opc43" is a word and a number); also "m 8", if no number stands before it.
    (?P<code> (?<![a-z0-9])
        (?: [a-mo-wyz] | (?<!\d\ )[b-mo-wyz][ -] | (?!no|rs|re|nd|of|to)[a-z]{{2}} ) \d{{1,4}}
        (?![\d.,/]*\d|[a-z]) )
  | (?P<times> (?<![^\W\d_]) [x*] (?![^\W\d_]) )
  | (?P<ordinal> \d{{1,3}}(?:st|nd|rd|th)(?![a-z]) )
  | (?P<number> {DIGITS} ) (?P<kilo> k(?![a-z]) )?
  | (?P<word> (?: (?![{FRACTIONS}])[a-z\u0080-\U0010ffff] )+ (?:'[a-z]+)? )
  | (?P<mark> [,=@$/"'.-] )
    """,
    re.VERBOSE,
)

_EXTRA: Final = frozenset({*map(fold, lexicon.FILLERS), *LONE, *SIZES})
_JOINTS: Final = frozenset(map(fold, lexicon.JOINTS))
_MEANING: Final = {"@": MONEY, ".": ""}


def tokens(line: str, start: int = 0) -> list[Token]:
    """The tokens of one flat line that begins at ``start`` of its text."""
    found: list[Token] = []
    for match in _SCAN.finditer(line):
        token = _token(match, start)
        if isinstance(token, Number) and _is_negative(found):
            token = replace(token, value=None)
        found.append(token)
    return settled(spelled(_greeted(found)))


def _greeted(found: list[Token]) -> list[Token]:
    """``good morning``: both words are manners, as neither is alone."""
    for at, (one, two) in enumerate(pairwise(found)):
        if isinstance(one, Word) and one.raw == "good" and isinstance(two, Word) and two.raw in lexicon.GREETINGS:
            found[at : at + 2] = [replace(one, extra=True), replace(two, extra=True)]
    return found


def name_tokens(name: str) -> list[Token]:
    """The tokens of a name or a short text, lines and all."""
    return tokens(flat(name).replace("\n", " "))


def _token(match: re.Match[str], start: int) -> Token:
    begin, end, text = match.start() + start, match.end() + start, match.group()
    if match["number"]:
        return _number(match, begin, end)
    if match["word"]:
        return _word(text, begin, end)
    if match["code"] or match["ordinal"]:
        code = text.replace(" ", "").replace("-", "")
        return Word(code, code, begin, end)
    if match["times"]:
        return Mark(TIMES, begin, end)
    follows = match.string[match.end() : match.end() + 1]
    return Mark(_MEANING.get(text, text), begin, end, glued=follows != "" and not follows.isspace())


def _number(match: re.Match[str], begin: int, end: int) -> Number:
    value = value_of(match["number"])
    if match["kilo"] and value is not None:
        value *= 1_000
    return Number(value, "", begin, end, certain=CERTAIN if match["kilo"] else BARE, written=match["number"])


def _word(text: str, begin: int, end: int) -> Token:
    raw = fold(text)
    if raw in _JOINTS:
        return Mark(JOINT, begin, end)
    if raw in lexicon.EACH:
        return Mark(EACH, begin, end)
    return Word(stem(raw), raw, begin, end, raw in _EXTRA, UNITS[raw] if raw in LONE else "")


def _is_negative(found: list[Token]) -> bool:
    """``= -5``: a minus that stands directly at its number and after another sign is one; else it is a dash."""
    if len(found) < 2 or not is_mark(found[-1], DASH):
        return False
    dash = found[-1]
    return isinstance(dash, Mark) and dash.glued and any(is_mark(found[-2], sign) for sign in (LINK, TIMES, MONEY))
