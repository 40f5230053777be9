"""Which language a customer speaks: chosen, else guessed with care, else the shop's own."""

from __future__ import annotations

import msgspec
import pytest

from engine.address import MINUTE
from engine.events import LocationSent
from engine.languages import guessed, meant, named
from tests.engine.world import ANN, World, bakery

ALL = ("en", "sw", "hi", "ur")


def world(*languages: str) -> World:
    return World(bakery(languages=languages))


# -- guessing ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("habari", "sw"),
        ("Habari!", "sw"),
        ("habari za asubuhi", "sw"),
        ("Mambo vipi", "sw"),
        ("msaada", "sw"),
        ("नमस्ते", "hi"),
        ("नमस्ते जी, कैसे हैं", "hi"),
        ("मुझे केक चाहिए", "hi"),
        ("السلام علیکم", "ur"),
        ("ہیلو", "ur"),
        ("مجھے کیک چاہیے", "ur"),
        ("👋 नमस्ते", "hi"),
    ],
)
def test_a_first_message_tells_its_language(said: str, language: str) -> None:
    assert guessed(said, ALL, greeting=False) == language


@pytest.mark.parametrize(
    "said", ["hi", "hello", "menu", "help", "namaste", "salam", "1, 2", "", "👋", "madad", "Привет"]
)
def test_what_could_be_several_tells_nothing(said: str) -> None:
    """Everybody begins with "hi"; "namaste" and "salam" are written in English chats too."""
    assert guessed(said, ALL, greeting=False) is None


def test_only_the_shops_languages_are_guessed() -> None:
    assert guessed("habari", ("en", "hi"), greeting=False) is None
    assert guessed("नमस्ते", ("en", "sw"), greeting=False) is None
    assert guessed("السلام علیکم", ("ur", "ar"), greeting=False) is None, "two of them are written so"


@pytest.mark.parametrize(
    ("said", "language"), [("محمد علی", None), ("म.गा. मार्ग", None), ("سلام", "ur"), ("habari", "sw")]
)
def test_in_the_middle_of_something_only_a_greeting_tells(said: str, language: str | None) -> None:
    assert guessed(said, ALL, greeting=True) == language


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("kiswahili", "sw"),
        ("swahili", "sw"),
        ("hindi", "hi"),
        ("हिन्दी", "hi"),
        ("हिंदी", "hi"),
        ("urdu", "ur"),
        ("اردو", "ur"),
    ],
)
def test_a_language_is_known_by_its_names(said: str, language: str) -> None:
    assert named(said, ALL) == language


def test_a_language_is_meant_by_its_code_too() -> None:
    assert meant("sw", ALL) == "sw"
    assert named("hi", ALL) is None, "that is a greeting"
    assert meant("french", ALL) is None


# -- in a conversation ---------------------------------------------------------------------------------------------
def test_a_customer_is_answered_in_the_language_that_they_greet_in() -> None:
    ann = world("en", "sw", "hi")
    ann.say("Habari")
    assert "Karibu Sunrise Bakery!" in ann.text
    assert "Tunazungumza pia English, हिन्दी" in ann.text, "and hears once what else is spoken"
    ann.say("1, 2")
    assert "Nimeongeza 2 × Chocolate Chip Cookie." in ann.text
    assert "English" not in ann.text


def test_the_shops_first_language_is_spoken_to_those_who_tell_none() -> None:
    ann = world("sw", "en")
    ann.say("hi")
    assert "Karibu Sunrise Bakery!" in ann.text
    ann.say("english")
    assert ann.conversation.language == "en"
    assert "Fine, English it is" in ann.text


def test_a_choice_is_never_guessed_away() -> None:
    ann = world("en", "sw", "hi")
    ann.say("language hindi")
    assert ann.conversation.language == "hi"
    ann.say("habari")
    assert ann.conversation.language == "hi"


def test_a_name_in_another_script_changes_no_language() -> None:
    ann = world("en", "hi", "ur")
    for line in ("hi", "1", "done", "محمد علی"):
        ann.say(line)
    assert "Thank you, محمد علی!" in ann.text


def test_a_greeting_later_on_does() -> None:
    ann = world("en", "hi")
    ann.say("hi")
    ann.say("नमस्ते")
    assert "Sunrise Bakery में आपका स्वागत है!" in ann.text


def test_a_shop_of_one_language_says_nothing_of_languages() -> None:
    ann = world("en")
    ann.say("नमस्ते")
    assert ann.conversation.language == "en"
    assert "We also speak" not in ann.text


def test_a_place_on_the_map_tells_no_language() -> None:
    ann = world("en", "hi")
    ann.send(LocationSent(1.0, 2.0, "मुंबई", ""))
    assert ann.conversation.language == "en"


def test_the_language_stands_on_the_customers_card() -> None:
    ann = world("en", "sw")
    ann.say("lugha kiswahili")
    assert ann.card is not None
    assert (ann.card.id, ann.card.language) == (ANN.customer, "sw")
    ann.card = msgspec.structs.replace(ann.card, name="Ann", marketing=False, language="en")
    ann.now += MINUTE
    ann.say("language swahili")
    assert (ann.card.name, ann.card.marketing, ann.card.language) == ("Ann", False, "sw"), "the rest of it stays"


def test_an_order_keeps_the_language_it_was_placed_in_on_the_card() -> None:
    ann = world("en", "sw")
    for line in ("habari", "1", "maliza", "Asha Juma", "Moi Avenue 12, Nairobi", "ruka", "thibitisha"):
        ann.say(line)
    assert ann.card is not None
    assert ann.card.language == "sw"
