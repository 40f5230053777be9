"""No English in answers to those who are spoken to in another language.

Every conversation that is recorded in English is played once more with a customer who is answered in Urdu: the same
things happen, and no English is left. Urdu, because whatever is not translated stands out among its letters: a text in
a table without ``phrase``, a name of a month without its locale, a half sentence glued on. What one language lacks
because a phrase is not translated is found by test_translations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from adapters.app import phrases as collecting
from engine import flows, phrases
from engine.announcing import REFUSED
from engine.effects import Ask
from engine.events import OptionTapped
from engine.shop import Shop
from tests.engine.case_checks import newest
from tests.engine.case_verbs import VERBS
from tests.engine.cases import NAMED, Case, cases_of
from tests.engine.open_store import at_once
from tests.engine.test_cases import world_of
from tests.engine.world import World

SPOKEN = "ur"
EXPECTED = ("=", "<", "<!", "?", "+")
"""Verbs that look at something; what is said differs, and the rest is compared between the two."""

LATIN = re.compile(r"[A-Za-z][A-Za-z'’]+")
LINK = re.compile(r"https?://\S+|[a-z]+-\S+\.pdf")
NUMBER = re.compile(r"\b(?:(?:ORD|BKG|INV|CN|P)-[0-9A-Z-]+|(?:WA|CT|WS)[0-9]{14}\S*)")
CUT = re.compile(r"[A-Za-z'’]+…")
KNOWN = frozenset({"am", "pm", "kes", "eur", "us", "ann", "ben", "english", "kiswahili"})
"""What is written the same everywhere, who the customers are, and what languages call themselves."""

WORD_FOR_WORD, NOTICES = {"payment_unmatched", REFUSED}, 100

SENTENCE_FROM = 12
"""Letters of a piece of a phrase that is no name of something by chance."""


def cases(*, about_languages: bool) -> list[tuple[str, Case]]:
    """Those that set the shop's languages, or all others."""
    return [
        (flow, case)
        for flow in flows.names()
        for case in cases_of(flow)
        if any(line.startswith("languages ") or '"languages"' in line for _, line in case.lines) == about_languages
    ]


@pytest.mark.parametrize("flow", flows.names())
def test_the_same_happens_in_another_language_and_nothing_is_said_in_english(flow: str) -> None:
    for case in (one for name, one in cases(about_languages=False) if name == flow):
        english, other = world_of(flow), world_of(flow)
        other.shop = msgspec.structs.replace(other.shop, languages=(SPOKEN,))
        known = known_in(case, SPOKEN)
        for number, line in case.lines:
            if line.partition(" ")[0] not in EXPECTED:
                play(english, line)
                play(other, line, after=english)
                where = f"{case.file}:{number}: {line}"
                assert type(other.conversation.state) is type(english.conversation.state), where
                assert len(other.said) == len(english.said), where
                known |= words_of(of_the_shop(other.shop)) | words_of(*as_on_the_board(other))
                assert english_in(other.text) <= known, f"{where}\n{english_in(other.text) - known}\n{other.text}"
                assert cut(english, other) == [], where


@pytest.mark.parametrize(
    ("flow", "case"), [pytest.param(f, c, id=f"{f}: {c.title}") for f, c in cases(about_languages=True)]
)
def test_no_english_is_said_once_another_language_is_spoken(flow: str, case: Case) -> None:
    world, typed = world_of(flow), "\n".join(line for _, line in case.lines)
    for number, line in case.lines:
        if line.partition(" ")[0] not in EXPECTED:
            play(world, line)
            language, where = world.conversation.language, f"{case.file}:{number}: {line}\n{world.text}"
            if language != "en":
                assert [one for one in SENTENCES[language] if one in world.text and one not in typed] == [], where
            if language in ("hi", "ur"):
                known = known_in(case, language) | words_of(of_the_shop(world.shop))
                assert english_in(world.text) <= known, f"{where}\n{english_in(world.text) - known}"


def test_english_among_urdu_is_found() -> None:
    """Twin of the above: what is no number, link or name cut short is a word."""
    text = "نمبر: 3 left · ORD-9PS2K84K https://pay.test/x receipt-WA20251018123456.pdf Tech Meet…"
    assert english_in(text) == {"left", "tech"}
    assert "Your cart is empty." in SENTENCES["sw"]
    assert "12 Allen Avenue, Ikeja" not in SENTENCES["sw"], "an address is the same in Swahili"


# -- playing -------------------------------------------------------------------------------------------------------
def play(world: World, line: str, after: World | None = None) -> None:
    """A line of a case; after another world that has played it, the same button there and here."""
    verb, _, rest = NAMED.sub(lambda name: newest(world, name[1]), line).partition(" ")
    if after is not None and verb in ("tap", "first"):
        assert after.last is not None
        event = after.last.inbound.event
        assert isinstance(event, OptionTapped)
        world.send(event)
    else:
        VERBS[verb](world, rest.strip())


def cut(english: World, other: World) -> list[str]:
    """Titles too long for a button that are short enough in English."""
    most = english.shop.limits.button_title
    asks = zip(asked(english), asked(other), strict=True)
    options = [pair for one, two in asks for pair in zip(one.options, two.options, strict=True)]
    return [there.title for here, there in options if len(here.title) <= most < len(there.title)]


def asked(world: World) -> list[Ask]:
    return [effect for effect in world.turns[-1].effects if isinstance(effect, Ask)] if world.turns else []


# -- words ---------------------------------------------------------------------------------------------------------
def english_in(text: str) -> set[str]:
    return words_of(CUT.sub("", NUMBER.sub("", LINK.sub("", text))))


def words_of(*texts: str) -> set[str]:
    return {word.casefold() for text in texts for word in LATIN.findall(text)}


def as_on_the_board(world: World) -> list[str]:
    """What the shop's own people read word for word as it stands on the notice board, in the language of the API: of
    money that nobody was asked for, and how an order stands that they wished otherwise."""
    found = at_once(world.store.owner_notices(world.shop.name, NOTICES))
    return [one.detail for one in found if one.kind in WORD_FOR_WORD]


def known_in(case: Case, language: str) -> set[str]:
    """What the language writes in Latin letters itself, and what is typed in the case."""
    typed = [line for _, line in case.lines if not line.startswith(EXPECTED)]
    return words_of(*texts_in(language), *typed) | KNOWN


def of_the_shop(shop: Shop) -> str:
    """All that the owner wrote."""
    return msgspec.json.encode((shop.title, shop.catalogue.products, shop.programme.events, shop.terms)).decode()


def texts_in(language: str) -> Iterator[str]:
    for translation in phrases.CATALOGUES[language].values():
        yield from [translation] if isinstance(translation, str) else translation.values()


def sentences(language: str) -> frozenset[str]:
    """Pieces of English phrases between their values and bold words that are no piece of a translation."""
    ids = [message.id for message in collecting.collected() if message.id]
    english = [text for one in ids for text in ([one] if isinstance(one, str) else one)]
    pieces = {piece.strip() for text in english for piece in re.split(r"\{\w*\}|[*\n]", text)}
    translated = "\n".join(texts_in(language))
    return frozenset(piece for piece in pieces if len(piece) >= SENTENCE_FROM and piece not in translated)


SENTENCES = {language: sentences(language) for language in phrases.CATALOGUES}
