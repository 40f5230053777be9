"""The way out of offers: in every one, in words that are understood."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.events import OptionTapped
from engine.flows import flow_named
from engine.folding import ended
from engine.hearing import hear
from engine.marketing import STOP, offer, room
from engine.messages import Buttons, Limits, Text
from engine.words import Word, word_in
from tests.engine.shops import bakery

LANGUAGES = ("en", "sw", "hi", "ur")
SHOP = bakery(languages=LANGUAGES)
WITHOUT = replace(SHOP, limits=Limits(buttons=0))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_button_is_understood_as_the_word_that_it_is(language: str) -> None:
    made = offer("Fresh bread!", language, SHOP)
    assert isinstance(made, Buttons)
    assert made.body == "Fresh bread!"
    (choice,) = made.choices
    assert choice.id == STOP
    assert word_in(ended(choice.title), LANGUAGES) == Word("stop")


@pytest.mark.parametrize("language", LANGUAGES)
def test_tapping_the_button_is_saying_the_word_whatever_is_open(language: str) -> None:
    made = offer("Fresh bread!", language, SHOP)
    assert isinstance(made, Buttons)
    (choice,) = made.choices
    flow = flow_named(SHOP.flow)
    assert hear(OptionTapped(choice.id, choice.title), flow.initial, None, flow, SHOP) == Word("stop")


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_are_no_buttons_a_line_says_what_to_write(language: str) -> None:
    made = offer("Fresh bread!", language, WITHOUT)
    assert isinstance(made, Text)
    words, _, way_out = made.body.partition("\n\n")
    assert words == "Fresh bread!"
    assert word_in(ended(way_out.split("*")[1]), LANGUAGES) == Word("stop")


def test_words_too_long_for_buttons_are_a_text() -> None:
    limit = SHOP.limits.question
    assert isinstance(offer("x" * limit, "en", SHOP), Buttons)
    assert isinstance(offer("x" * (limit + 1), "en", SHOP), Text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_room_is_one_message_for_everybody(language: str) -> None:
    made = offer("x" * room(WITHOUT), language, WITHOUT)
    assert isinstance(made, Text)
    assert len(made.body) <= WITHOUT.limits.text


def test_a_language_that_the_shop_does_not_speak_is_not_used() -> None:
    """Its word for stop would not be understood."""
    assert offer("Bread!", "hi", bakery(languages=("sw",))) == offer("Bread!", "sw", SHOP)
