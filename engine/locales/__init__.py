"""The translations of everything the shop says: one gettext file a language, named by its code ("sw.po").

They are read once, when the process starts, and never again. Whoever translates edits them with any PO editor or by
hand; ``python3 run.py phrases`` says what is missing, and with ``--write`` brings them up to the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent
FORMS = ("zero", "one", "two", "few", "many", "other")
"""CLDR's plural forms in its own order, which is the order of a PO file's msgstr[0], msgstr[1], …"""

Translation: TypeAlias = str | Mapping[str, str]
"""A text, or for a counted phrase one text per plural form as CLDR names them ("one", "few", "many", "other")."""


def languages() -> tuple[str, ...]:
    """The codes of the languages that there is a file for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.po")))


def plural_forms(language: str) -> tuple[str, ...]:
    """The forms that a counted phrase has in the language."""
    tags = {*Locale.parse(language).plural_form.tags, "other"}
    return tuple(form for form in FORMS if form in tags)


def catalogue(language: str) -> dict[str, Translation]:
    """English phrase → the same in the language; the key of a counted phrase is its English plural.

    What is not translated yet, or marked as doubtful ("fuzzy"), is not in it.
    """
    with (FOLDER / f"{language}.po").open("rb") as file:
        return translations(read_po(file, locale=language), plural_forms(language))


def translations(catalog: Catalog, forms: tuple[str, ...]) -> dict[str, Translation]:
    """What of a catalogue can be said."""
    return {key(message): _text(message, forms) for message in catalog if _is_done(message)}


def _is_done(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(message.id) and not message.fuzzy and all(texts)


def key(message: Message) -> str:
    """What a message stands under in ``catalogue``."""
    return message.id if isinstance(message.id, str) else message.id[1]


def _text(message: Message, forms: tuple[str, ...]) -> Translation:
    return message.string if isinstance(message.string, str) else dict(zip(forms, message.string or (), strict=True))
