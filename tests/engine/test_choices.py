"""Choices and languages in every flow: pages, numbers, words and taps are one, and what is old stays old."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from engine import phrases, words
from engine.errors import FlowError
from engine.events import MediaSent, OptionTapped
from engine.messages import Limits
from tests.engine.toy import chosen, rows, toy_world
from tests.engine.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return toy_world(monkeypatch)


# -- choices -------------------------------------------------------------------------------------------------------
def test_a_long_list_has_pages_whose_numbers_go_on(world: World) -> None:
    world.say("list")
    assert rows(world.said[0])[0] == "1. Thing 1"
    assert rows(world.said[0])[-1] == "More…"
    world.tap("More…")
    assert rows(world.said[0])[0] == "10. Thing 10"
    world.say("more")
    assert rows(world.said[0]) == [f"{n}. Thing {n}" for n in range(19, 24)]
    world.say("more")
    assert "Sorry, I didn't get that" in world.text


@pytest.mark.parametrize("way", ["2", "two", " ٢ ", "Thing 2", "THING 2", "t2", "tap"])
def test_a_row_its_number_and_its_words_are_one_choice(world: World, way: str) -> None:
    world.say("list")
    if way == "tap":
        world.tap("2. Thing 2")
    else:
        world.say(way)
    assert chosen(world) == "v2"


def test_a_number_that_was_not_shown_yet_is_no_choice(world: World) -> None:
    world.say("list")
    world.say("12")
    assert "Sorry, I didn't get that" in world.text
    world.say("more")
    world.say("12")
    assert chosen(world) == "v12"


def test_numbers_seen_before_stay_good_when_an_earlier_page_is_shown_again(world: World) -> None:
    world.say("list")
    world.tap("More…")
    world.tap("More…")
    world.tap("More…", message=0)
    assert rows(world.said[0])[0] == "10. Thing 10"
    world.say("23")
    assert chosen(world) == "v23"


def test_the_same_row_on_an_earlier_page_of_the_same_question_is_good(world: World) -> None:
    world.say("list")
    world.tap("More…")
    world.tap("1. Thing 1")
    assert chosen(world) == "v1"


def test_a_page_that_does_not_exist_is_an_old_button(world: World) -> None:
    world.say("list")
    offer = world.conversation.offer
    assert offer is not None
    world.send(OptionTapped(f"{offer.question}:more:3"))
    assert "earlier message" in world.text
    world.send(OptionTapped(f"{offer.question}:99"))
    assert "earlier message" in world.text


def test_hidden_options_are_understood_when_typed(world: World) -> None:
    world.say("hidden")
    assert rows(world.said[0]) == ["Apple", "Cherry"]
    world.say("pear")
    assert chosen(world) == "b"
    world.say("hidden")
    world.say("2")
    assert chosen(world) == "c", "the second option ever shown"


def test_without_buttons_and_lists_the_options_are_numbered_lines(world: World) -> None:
    world.shop = msgspec.structs.replace(world.shop, limits=Limits(buttons=0, rows=0))
    world.say("list")
    assert "9. Thing 9" in world.text
    assert "Say *more* for more." in world.text
    world.say("more")
    assert "10. Thing 10" in world.text
    world.say("10")
    assert chosen(world) == "v10"


def test_a_long_result_of_a_tap_is_not_repeated_but_nothing_is_done_twice(world: World) -> None:
    world.say("hidden")
    world.tap("Apple")
    world.say("long")
    world.tap("Thing 1")
    assert chosen(world) == "v1"
    world.say("list")
    world.tap("More…")
    world.tap("More…", message=0)
    assert "There is more" in world.text


def test_two_questions_in_one_turn_are_the_flows_fault(world: World) -> None:
    with pytest.raises(FlowError, match="more than one question"):
        world.say("two")


# -- languages -----------------------------------------------------------------------------------------------------
@pytest.fixture
def swahili(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setitem(phrases.CATALOGUES, "sw", {"Here is what you can say now:": "Unaweza kusema:"})
    monkeypatch.setitem(words.SPELLINGS, "sw", {"help": ("msaada",), "cancel": ("ghairi",)})
    words._spoken.cache_clear()
    world.shop = msgspec.structs.replace(world.shop, languages=("en", "sw"))
    yield world
    words._spoken.cache_clear()


@pytest.mark.parametrize("way", ["tap", "Kiswahili", "2", "sw", "language sw", "language kiswahili"])
def test_choosing_a_language_in_every_way(swahili: World, way: str) -> None:
    swahili.say("language")
    assert rows(swahili.said[0]) == ["English", "Kiswahili"]
    if way == "tap":
        swahili.tap("Kiswahili")
    else:
        swahili.say(way)
    assert swahili.conversation.language == "sw"
    swahili.say("help")
    assert "Unaweza kusema:" in swahili.text


def test_the_global_words_of_every_language_of_the_shop_hold_at_once(swahili: World) -> None:
    swahili.say("MSAADA")
    assert "Here is what you can say now:" in swahili.text
    swahili.say("Ghairi")
    assert swahili.text == "Out."
    swahili.shop = msgspec.structs.replace(swahili.shop, languages=("en",))
    swahili.say("msaada")
    assert "Sorry" in swahili.text


def test_the_flows_question_stays_open_below_the_choice_of_a_language(swahili: World) -> None:
    swahili.say("list")
    swahili.say("language")
    swahili.say("Thing 3")
    assert chosen(swahili) == "v3"
    swahili.say("list")
    swahili.say("language")
    swahili.tap("Kiswahili")
    assert rows(swahili.said[0])[0] == "1. Thing 1", "the open question is shown again"
    swahili.tap("1. Thing 1")
    assert chosen(swahili) == "v1"


def test_a_repeated_tap_never_shows_one_questions_buttons_under_anothers_number(swahili: World) -> None:
    """Language chosen from the flow's own list, then a picture, then the first tap again."""
    swahili.say("languages")
    swahili.tap("Language")
    swahili.send(MediaSent("image", "1"))
    swahili.tap("Language")
    assert rows(swahili.said[0]) == ["English", "Kiswahili"]
    swahili.tap("Kiswahili")
    assert swahili.conversation.language == "sw"


def test_a_phrase_that_is_not_translated_is_said_in_english_and_plurals_follow_the_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = {"one": "{count} предмет", "few": "{count} предмета", "many": "{count} предметов"}
    monkeypatch.setitem(phrases.CATALOGUES, "ru", {"{count} items": counted, "Cart": "Корзина"})
    assert phrases.say("ru", "Cart") == "Корзина"
    assert phrases.say("ru", "Not there") == "Not there"
    said = [phrases.say_count("ru", "{count} item", "{count} items", count) for count in (1, 3, 5)]
    assert said == ["1 предмет", "3 предмета", "5 предметов"]
    assert [phrases.say_count("en", "{count} item", "{count} items", n) for n in (1, 2)] == ["1 item", "2 items"]


def test_after_a_picture_the_flows_question_is_the_open_one_again(swahili: World) -> None:
    swahili.say("list")
    swahili.say("language")
    swahili.send(MediaSent("image", "1"))
    swahili.say("2")
    assert swahili.conversation.language == "en"
    assert chosen(swahili) == "v2"


# -- words about orders that a flow answers itself -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("track toy-ab2", "Tracked toy-ab2."),
        ("Cancel order #TOY-ABC", "Dropped toy-abc."),
        ("TOY-ABC cancel", "Dropped toy-abc."),
        ("track", "Tracked ."),
        ("cancel", "Out."),
        ("my orders", "You have no orders with us yet. Say *menu* to see what we have."),
    ],
)
def test_a_flow_may_answer_words_about_orders_itself(world: World, said: str, answered: str) -> None:
    """``cancel`` alone is always the flow's Cancelled; what the toy does not answer is answered for all flows."""
    world.say(said)
    assert world.text == answered


def test_help_ends_with_what_can_always_be_said_in_that_kind_of_shop(world: World) -> None:
    world.say("help")
    assert "*play* – it is a toy\n*cancel* – drop everything" in world.text
    assert "cart" not in world.text
