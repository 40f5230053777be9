"""Global words: what means the same in every flow and state (flows.md, "What holds in every flow").

They match only the whole trimmed message, in any case. The words of all the shop's languages hold at once, English
always among them: a customer who switches languages must not be trapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

SPELLINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "cancel": ("cancel",),
        "help": ("help", "?"),
        "menu": ("menu", "hi", "start", "hello", "hey"),
        "stop": ("stop", "unsubscribe"),
        "subscribe": ("subscribe",),
        "agent": ("agent", "human", "talk to a person"),
        "my orders": ("my orders", "orders"),
        "track": ("track",),
        "language": ("language",),
        "more": ("more",),
    }
}
"""Language → word → how it is said. A language is added here; the first spelling is the one we teach."""

TAKES_A_REST = frozenset({"track", "cancel", "language"})
"""Words that may be followed by one more: an order number or a language."""

NOT_GLOBAL = frozenset({"more"})
"""Understood only where there is more to see."""

_REST = re.compile(r"(\S+)(?: order)? #?(\S+)")


class Word(msgspec.Struct, frozen=True):
    """A global word, with what followed it ("WA20251018123456"), folded as ``text.words`` does."""

    name: str
    rest: str = ""


@lru_cache(maxsize=64)
def _spoken(languages: tuple[str, ...]) -> Mapping[str, str]:
    return {
        spelling: name
        for language in dict.fromkeys((*languages, "en"))
        for name, spellings in SPELLINGS.get(language, {}).items()
        for spelling in spellings
    }


def word_in(folded: str, languages: tuple[str, ...]) -> Word | None:
    """The global word that a message is, given as ``text.words`` folds it; None when it is something else."""
    spoken = _spoken(languages)
    name = spoken.get(folded)
    if name is not None:
        return None if name in NOT_GLOBAL else Word(name)
    if " " not in folded:
        return None
    found = _REST.fullmatch(folded)
    name = spoken.get(found[1]) if found else None
    if found is None or name not in TAKES_A_REST:
        return None
    # "cancel the brownies" is for the flow: only what could be an order number is ours to judge.
    if name != "language" and not any(one.isdigit() for one in found[2]):
        return None
    return Word(name, found[2])


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
