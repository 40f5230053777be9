"""Which language: what a shop's languages are called, which one a customer means, and which one they seem to speak.

Guessing is careful, because a wrong guess puts a stranger's words before the customer. A script of its own (Devanagari,
Arabic) names its language, when the shop speaks only one that is written so. Latin letters name none but by a greeting
or a word of ours that no other language has; and English words never do, since everybody begins with "hi".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from engine.folding import ended, words
from engine.phrases import language_name
from engine.spellings import GLOBAL

SCRIPTS = {"Deva": "DEVANAGARI", "Arab": "ARABIC"}
"""ISO 15924 code → how Unicode's names of its letters begin. Scripts that tell a language."""

NAMED_TOO = {"hi": ("हिंदी",)}
"""What else a language is called by those who type its name."""


# -- what it is called -----------------------------------------------------------------------------------------------
def named(folded: str, languages: tuple[str, ...]) -> str | None:
    """The one of ``languages`` that is called so: by its own speakers, in English or in another of them."""
    return _names(languages).get(folded)


def meant(folded: str, languages: tuple[str, ...]) -> str | None:
    """As ``named``, and by its code too ("sw")."""
    return folded if folded in languages else named(folded, languages)


@lru_cache(maxsize=64)
def _names(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {
        words(name): language
        for language in languages
        for name in (language_name(language), *NAMED_TOO.get(language, ()), *_called(language, ("en", *languages)))
    }


def _called(language: str, others: tuple[str, ...]) -> tuple[str, ...]:
    locale = Locale.parse(language)
    return tuple(name for other in others if (name := locale.get_display_name(other)))


# -- which one somebody speaks -----------------------------------------------------------------------------------------
def guessed(said: str, languages: tuple[str, ...], *, greeting: bool) -> str | None:
    """The one of ``languages`` that ``said`` is surely in; None when it could be several. ``greeting``: only when it is
    one: in the middle of something, a name or an address in another script is no wish for its language."""
    folded = ended(said)
    if greeting and not _greets(folded, languages):
        return None
    script = _script(said)
    if script is not None:
        return _only(one for one in languages if _written(one) == script)
    latin = [one for one in languages if one != "en" and _written(one) not in SCRIPTS]
    return _only(one for one in latin if folded in _spoken(one)) or _only(
        one for one in latin if _greets(folded, (one,))
    )


def _greets(folded: str, languages: tuple[str, ...]) -> bool:
    """Whether it is, or begins with, a greeting of one of the languages: "habari za asubuhi"."""
    first = folded.partition(" ")[0]
    return any({folded, first} & _spoken(one, "menu") for one in languages if one != "en")


@lru_cache(maxsize=64)
def _spoken(language: str, only: str = "") -> frozenset[str]:
    table = GLOBAL.get(language, {})
    found = (table.get(only, ()),) if only else table.values()
    return frozenset(words(spelling) for spellings in found for spelling in spellings)


@lru_cache(maxsize=64)
def _written(language: str) -> str:
    """The script that the language is usually written in, by its ISO 15924 code, as CLDR says; "" when unknown."""
    _, _, written = str(get_global("likely_subtags").get(language, "")).partition("_")
    return written.partition("_")[0]


def _script(said: str) -> str | None:
    """The script of the first letter that tells a language; None for Latin and for no letters."""
    for one in said:
        if one.isalpha():
            name = unicodedata.name(one, "")
            return next((script for script, begins in SCRIPTS.items() if name.startswith(begins)), None)
    return None


def _only(languages: Iterable[str]) -> str | None:
    found = list(languages)
    return found[0] if len(found) == 1 else None
