"""Words of ours in what people type: global words, and the commands of flows.

Global words mean the same in every flow and state (flows.md, "What holds in every flow"). They match only the whole
trimmed message, in any case. The words of all the shop's languages hold at once, English always among them: a customer
who switches languages must not be trapped. Commands ("done", "remove 2") mean what the flow's state makes of them, so
they are understood in all our languages everywhere: a flow compares with the English word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from engine import text
from engine.folding import TEXTS_REMEMBERED, ended
from engine.languages import named
from engine.spellings import COMMANDS, GLOBAL, ORDER

SPELLINGS = dict(GLOBAL)
"""Language → word → how it is said (engine.spellings)."""

TAKES_A_REST = frozenset({"track", "cancel", "language"})
"""Words that may be followed by one more: an order number or a language."""

NOT_GLOBAL = frozenset({"more"})
"""Understood only where there is more to see."""

VERB_LAST = ("hi", "ur")
"""Languages that say "2 remove"."""

TAKE_A_REST = ("remove", "add", "search", "edit", "change", "book", "code")
"""Commands that may be followed by what they are about: "remove 2", "code SAVE10"."""

PARTS_AT_MOST = 6
"""A longer message is no global word with its number."""


class Word(msgspec.Struct, frozen=True):
    """A global word, with what followed it ("WA20251018123456"), folded as ``text.words`` does."""

    name: str
    rest: str = ""


@lru_cache(maxsize=64)
def _spoken(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {
        text.words(spelling): name
        for language in dict.fromkeys((*languages, "en"))
        for name, spellings in SPELLINGS.get(language, {}).items()
        for spelling in spellings
    }


def word_in(folded: str, languages: tuple[str, ...], form: re.Pattern[str] | None = None) -> Word | None:
    """The global word that a message is, given as ``text.words`` folds it; None when it is something else.

    ``form`` is how the shop's order numbers look, in capitals; one without any digit is known by it.
    """
    spoken = _spoken(languages)
    name = spoken.get(folded)
    if name is not None:
        return None if name in NOT_GLOBAL else Word(name)
    if len(languages) > 1 and (language := named(folded, languages)) is not None:
        return Word("language", language)
    return _followed(folded, spoken, form) if 0 < folded.count(" ") < PARTS_AT_MOST else None


def _followed(folded: str, spoken: Mapping[str, str], form: re.Pattern[str] | None) -> Word | None:
    """A global word and what it is about, before it or behind it: "cancel order #WA1", "WA1 रद्द करें"."""
    parts = [part.removeprefix("#") for part in folded.split(" ") if part not in ORDER]
    for word, rest in ((parts[:-1], parts[-1]), (parts[1:], parts[0])) if len(parts) > 1 else ():
        name = spoken.get(" ".join(word))
        # "cancel the brownies" is for the flow: only what could be an order number is ours to judge.
        if name in TAKES_A_REST and (name == "language" or _maybe_number(rest, form)):
            return Word(name, rest)
    return None


def _maybe_number(rest: str, form: re.Pattern[str] | None) -> bool:
    return any(one.isdigit() for one in rest) or (form is not None and form.fullmatch(rest.upper()) is not None)


def says_more(folded: str, languages: tuple[str, ...]) -> bool:
    """Whether the customer wants the next page."""
    return _spoken(languages).get(folded) == "more"


def is_word(value: str) -> Word | None:
    """The global word in an Option's value "word:NAME" or "word:NAME REST"; None for any other value."""
    if not value.startswith(PREFIX):
        return None
    name, _, rest = value.removeprefix(PREFIX).partition(" ")
    return Word(name, rest)


PREFIX = "word:"
"""An Option whose value begins so means a global word, for example "word:cancel"."""


# -- commands of flows ---------------------------------------------------------------------------------------------
@lru_cache(maxsize=TEXTS_REMEMBERED)
def command(said: str) -> str:
    """The English command that a typed text is in any of our languages: "maliza" is "done", "ondoa 2" is "remove 2".

    Whatever else it is comes back folded, as ``text.words`` does it.
    """
    plain = ended(said)
    return _COMMANDS.get(plain) or _with_rest(plain) or text.words(said)


def is_command(meant: str) -> bool:
    """Whether what ``command`` gave is one of the commands."""
    return meant in COMMANDS["en"]


def _with_rest(folded: str) -> str:
    """The command and what it is about, in English order; "" when it is none."""
    parts = folded.split(" ")
    for count in range(min(WORDS_AT_MOST, len(parts) - 1), 0, -1):
        first = _FIRST.get(" ".join(parts[:count]))
        if first is not None:
            return f"{first} {' '.join(parts[count:])}"
        last = _LAST.get(" ".join(parts[-count:]))
        if last is not None:
            return f"{last} {' '.join(parts[:-count])}"
    return ""


def _commands(languages: Iterable[str], words: Iterable[str] | None = None) -> dict[str, str]:
    return {
        text.words(spelling): word
        for language in languages
        for word in (words if words is not None else COMMANDS[language])
        for spelling in COMMANDS[language].get(word, ())
    }


_COMMANDS = _commands(COMMANDS)
_FIRST = _commands(COMMANDS, TAKE_A_REST)
_LAST = _commands(VERB_LAST, TAKE_A_REST)
WORDS_AT_MOST = max(spelling.count(" ") + 1 for spelling in _FIRST)
