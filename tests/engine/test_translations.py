"""Every phrase of the shop in every language: none missing, none with other values, none that teaches a wrong word."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
from babel.messages.catalog import Message

from adapters.app import phrases as collecting
from engine import flows, locales, paying, phrases
from engine.locales import Translation
from engine.messages import Limits
from engine.words import command, is_command, word_in
from tests.engine.cases import cases_of, run
from tests.engine.test_cases import world_of

TEMPLATE = collecting.collected()
LANGUAGES = locales.languages()
NAMES = re.compile(r"\{(\w*)\}")
BOLD = re.compile(r"\*([^*\n]+)\*")
OURS = re.compile(r"[\u2066-\u2069]")
LETTER = re.compile(r"[^\W\d_]")
"""What is said without any, as the example "2", is the same in every language."""


def english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def texts(translation: Translation) -> list[str]:
    return [translation] if isinstance(translation, str) else list(translation.values())


def test_the_four_languages_are_there() -> None:
    assert set(LANGUAGES) == {"sw", "hi", "ur"}
    assert len(TEMPLATE) > 550


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_those_that_the_code_makes(language: str) -> None:
    """In its order, with what it says now and nothing that it does not say any more."""
    catalog = collecting.merged(language, TEMPLATE)
    assert list(catalog.obsolete) == [], "take what is still good of them, and delete the lines that begin with #~"
    path = locales.FOLDER / f"{language}.po"
    assert path.read_bytes() == collecting.written(language, catalog), "python3 run.py phrases --write"


def test_what_stands_on_papers_is_collected_too() -> None:
    places = {where for message in TEMPLATE for where, _ in message.locations}
    assert {"adapters/papers/documents.py", "adapters/app/outage.py", "engine/flows/cart.py"} <= places


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_is_missing_in_any_language(language: str) -> None:
    known = phrases.CATALOGUES[language]
    missing = [message.id for message in TEMPLATE if message.id and locales.key(message) not in known]
    assert missing == [], "translate them: python3 run.py phrases --write, then engine/locales/*.po"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_its_phrase(language: str) -> None:
    for message, translation in translated(language):
        wanted = {name for text in english(message) for name in NAMES.findall(text)}
        for text in texts(translation):
            assert set(NAMES.findall(text)) == wanted, text
            text.format_map(dict.fromkeys(wanted, "x"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_counted_phrase_has_every_plural_form_of_its_language(language: str) -> None:
    for message, translation in translated(language):
        if not isinstance(message.id, str):
            assert isinstance(translation, Mapping)
            assert tuple(translation) == locales.plural_forms(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_teaches_the_same_words_in_its_own_spelling(language: str) -> None:
    """*done* must be taught as what a Swahili customer can type, and be understood as ``done``."""
    for message, translation in translated(language):
        wanted = taught(english(message)[-1], "en")
        for text in texts(translation):
            assert taught(text, language) == wanted, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_alone_is_translated_as_the_word(language: str) -> None:
    """Examples and buttons: what stands there is what the customer may type."""
    for message, translation in translated(language):
        text = english(message)[-1]
        meant = meaning(text, "en")
        if meant and text == text.lower() and " " not in text and text not in ORDINARY:
            assert [meaning(one, language) for one in texts(translation)] == [meant] * len(texts(translation)), text


ORDINARY = {"none"}
"""Lower-case phrases that are no examples, though they look like a command."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_space_around_a_phrase_is_kept(language: str) -> None:
    for message, translation in translated(language):
        text = english(message)[-1]
        for one in texts(translation):
            assert (one[:1].isspace(), one[-1:].isspace()) == (text[:1].isspace(), text[-1:].isspace()), one
            assert one.count("\n") == text.count("\n"), one


def titles() -> set[str]:
    """The phrases that stand on buttons and rows: ``Option(value, say(…, "title"))``, Asks' own buttons too."""
    found = set(paying.TITLES.values())
    for path in (collecting.ROOT / "engine").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in TITLED:
                at = TITLED[call.func.id]
                parts = [*call.args[at : at + 1], *(word.value for word in call.keywords if word.arg == "button")]
                found |= {text for part in parts for _, (text, *_) in collecting.phrases(part)}
    return found


TITLED = {"Option": 1, "Ask": 2}
"""What is called with a title → which argument that is."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_fits_its_button(language: str) -> None:
    """WhatsApp shows twenty characters; longer ones would end in an ellipsis."""
    known = phrases.CATALOGUES[language]
    assert len(titles()) > 5
    for title in titles():
        for one in texts(known.get(title, title)):
            assert "{" in title or len(one) <= Limits().button_title, one


def translated(language: str) -> Iterator[tuple[Message, Translation]]:
    known = phrases.CATALOGUES[language]
    for message in TEMPLATE:
        if message.id and (translation := known.get(locales.key(message))) is not None:
            yield message, translation


def taught(text: str, language: str) -> Counter[str]:
    """What the bold words of a text mean, each as the English word; other bold text only counts."""
    return Counter(meaning(bold, language) or "bold text" for bold in BOLD.findall(OURS.sub("", text)))


def meaning(bold: str, language: str) -> str:
    """The word or command that a bold text teaches, with the place of what follows it; "" when it is none."""
    head = NAMES.sub("", bold)
    numbers = "".join(re.findall(r"[0-9,; ]+$|^[0-9,; ]+", head)).strip()
    head = head.replace(numbers, "").strip() if numbers else head.strip()
    rest = f" {numbers}{'…' if '{' in bold else ''}".rstrip()
    if not head:
        return rest
    word = word_in(head.casefold(), (language,))
    meant = word.name if word is not None else command(head)
    return meant + rest if word is not None or is_command(meant) else ""


# -- nothing escapes the collection --------------------------------------------------------------------------------
class Listening(dict[str, Translation]):
    """A catalogue that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Translation = "") -> Translation:  # type: ignore[override]
        self.asked.add(key)
        return default


def test_whatever_is_said_in_the_recorded_conversations_was_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin of the collection, which reads the code: a phrase in a table without ``phrase()`` is found here."""
    listening = Listening()
    monkeypatch.setitem(phrases.CATALOGUES, "en", listening)
    for flow in flows.names():
        for case in cases_of(flow):
            run(case, world_of(flow))
    collected = {locales.key(message) for message in TEMPLATE if message.id}
    assert len(listening.asked) > 100
    spoken = {key for key in listening.asked if LETTER.search(NAMES.sub("", key))}
    assert spoken - collected == set(), "wrap them in engine.phrases.phrase(…) where they stand"
