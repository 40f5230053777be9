"""What the shop says, in the customer's language. English stands in the code and is the key to every translation.

    say(language, "Your cart is empty.")
    say_count(language, "{count} item", "{count} items", 3)
    TABLE = {Status.PAID: phrase("paid")}; say(language, TABLE[status])

The translations are gettext files, engine/locales/*.po, with the same {names} in braces. What a language lacks is said
in English: better than silence, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from babel import Locale

from engine import locales
from engine.direction import MARK, apart, led, right_to_left
from engine.locales import Translation

CATALOGUES: dict[str, Mapping[str, Translation]] = {one: locales.catalogue(one) for one in locales.languages()}
"""By language code ("sw", "hi"). English needs none."""

NAMES = {
    "en": "English",
    "sw": "Kiswahili",
    "hi": "हिन्दी",
    "ur": "اردو",
    "ar": "العربية",
    "fr": "Français",
    "pt": "Português",
    "yo": "Yorùbá",
    "ha": "Hausa",
    "ig": "Igbo",
}
"""How a language calls itself, for the choice of one."""


def phrase(text: str) -> str:
    """``text`` itself: marks a phrase that stands in a table and is said from there, so that it is translated too."""
    return text


def say(language: str, phrase: str, /, **values: object) -> str:
    """The phrase in ``language``, its {names} filled in. Only phrases of ours are templates, never what people type."""
    catalogue = CATALOGUES.get(language)
    if catalogue is not None:
        found = catalogue.get(phrase, phrase)
        phrase = found if isinstance(found, str) else phrase
    if right_to_left(language):
        phrase, values = led(phrase), {name: apart(value) for name, value in values.items()}
    return phrase.format_map(values) if values else phrase


def alone(language: str, text: str) -> str:
    """Lines of the owner's own words, such as a name or a description, that begin where the lines around them do."""
    if not text or not right_to_left(language):
        return text
    return "\n".join([f"{MARK}{apart(line)}" for line in text.split("\n")])


def say_count(language: str, one: str, many: str, count: int, /, **values: object) -> str:
    """A counted phrase in the right plural form; ``{count}`` is filled in too."""
    phrase = one if count == 1 else many
    forms = CATALOGUES.get(language, {}).get(many)
    if isinstance(forms, Mapping):
        phrase = forms.get(_plural_form(language)(count), forms.get("other", phrase))
    if right_to_left(language):
        phrase, values = led(phrase), {name: apart(value) for name, value in values.items()}
    return phrase.format_map({**values, "count": count})


@lru_cache(maxsize=32)
def _plural_form(language: str) -> Callable[[int], str]:
    return Locale.parse(language).plural_form


def language_name(language: str) -> str:
    """What speakers of the language call it; the code itself where we don't know."""
    return NAMES.get(language, language)
