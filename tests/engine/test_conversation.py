"""What holds in every flow, tried on a flow made for it: long lists, timers, languages, snapshots, broken flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from engine import conversation, flows, phrases, words
from engine.address import MINUTE, Link, Sender
from engine.commit import Snapshot
from engine.effects import AnyEffect, Ask, ClearTimer, Option, ReleaseHold, Say, SetTimer, ShowImage
from engine.errors import FlowError
from engine.events import Inbound, Letter, MediaSent, OptionTapped, TextSaid, TimerFired
from engine.facts import Facts
from engine.flow import Cancelled, Chosen, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.messages import AnyMessage, Buttons, ChoiceList, Limits, Text
from engine.shop import Shop
from tests.engine.world import ANN, NOON, World, bakery


class Out(State, frozen=True):
    kept: str = ""


class In(State, frozen=True):
    chosen: str = ""
    thing: str = ""


class Said(FlowEvent, frozen=True):
    label: ClassVar[str] = "text"
    word: str


TOY = Flow("toy", version=1, states=(Out, In), initial=Out())
MANY = tuple(Option(f"v{n}", f"Thing {n}", words=(f"t{n}",)) for n in range(1, 24))
WISHES: dict[str, tuple[AnyEffect, ...]] = {
    "list": (Ask("Which thing?", MANY),),
    "hidden": (Ask("Which?", (Option("a", "Apple"), Option("b", "Pear", hidden=True), Option("c", "Cherry"))),),
    "two": (Ask("One?", MANY[:1]), Ask("Two?", MANY[1:2])),
    "remind": (SetTimer("reminder", NOON + 5 * MINUTE), Say("I'll remind you.")),
    "forget": (ClearTimer("reminder"), Say("Forgotten.")),
    "steal": (SetTimer("session", NOON),),
    "picture": (ShowImage(link="https://x.test/a.png", caption="A"),),
    "languages": (Ask("Speak?", (Option("word:language", "Language"), Option("x", "Other"))),),
    "quiet": (),
    "long": (Ask("word " * 400, MANY[:2]),),
}


@TOY.reader
def read(state: State, said: str) -> FlowEvent | None:
    return Said(said) if said in WISHES else None


@TOY.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    return Guide("please say *list*", "list", ("*list* – see things",))


@TOY.arrow
def start(state: State, event: Started, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(), (Say("In."),))


@TOY.arrow
def leave(state: State, event: Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Out]:
    return Step(Out(), (ReleaseHold("hold-1"), ClearTimer("reminder"), Say("Out.")))


@TOY.arrow
def wish(state: State, event: Said, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(), WISHES[event.word])


@TOY.arrow
def choose(state: In, event: Chosen, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(event.value), (Say(f"Chose {event.value}."),))


@TOY.arrow
def remind(state: In, event: TimerFired, shop: Shop, facts: Facts) -> Step[In]:
    return Step(state, (Say("Remember?"),))


@TOY.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Out(str(fields.get("thing", "")))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setitem(flows._flows(), "toy", TOY)
    shop = msgspec.structs.replace(bakery(), flow="toy")
    world = World(shop)
    world.say("hi")
    return world


def rows(message: AnyMessage) -> list[str]:
    assert isinstance(message, ChoiceList | Buttons)
    return [choice.title for choice in message.choices]


def chosen(world: World) -> str:
    state = world.conversation.state
    assert isinstance(state, In)
    return state.chosen


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


# -- timers --------------------------------------------------------------------------------------------------------
def test_a_flows_timer_comes_back_as_its_event_and_is_turned_off(world: World) -> None:
    world.say("remind")
    assert world.timers["reminder"].due == NOON + 5 * MINUTE
    world.now += 5 * MINUTE
    world.fire("reminder")
    assert world.text == "Remember?"
    assert set(world.timers) == {"session"}


def test_setting_a_timer_again_moves_it_and_the_first_is_stale(world: World) -> None:
    world.say("remind")
    first = world.timers["reminder"].turn
    world.say("remind")
    world.fire("reminder", first)
    assert world.text == ""
    assert "reminder" in world.timers
    world.fire("reminder")
    assert world.text == "Remember?"


def test_clearing_a_timer(world: World) -> None:
    world.say("remind")
    world.say("forget")
    assert set(world.timers) == {"session"}
    world.fire("reminder", 2)
    assert world.text == ""


def test_a_timer_that_its_state_has_no_arrow_for_is_only_turned_off(world: World) -> None:
    world.say("remind")
    state = msgspec.structs.replace(world.conversation, state=Out())
    world.snapshot = Snapshot(state.turn, conversation.dump(state))
    world.fire("reminder")
    assert world.text == ""
    assert "reminder" not in world.timers


def test_reminders_wait_while_a_person_talks_to_the_customer(world: World) -> None:
    world.say("remind")
    world.say("agent")
    silent_until = world.conversation.silent_until
    world.now += 5 * MINUTE
    world.fire("reminder")
    assert world.text == ""
    assert world.timers["reminder"].due == silent_until


def test_cancel_and_silence_release_what_the_conversation_holds(world: World) -> None:
    world.say("remind")
    world.say("cancel")
    assert world.commits[-1].releases == ("hold-1",)
    assert world.text == "Out."
    world.say("remind")
    world.now += world.shop.session
    world.fire("session")
    assert world.commits[-1].releases == ("hold-1",)
    assert world.text == "", "nobody is woken in the night"
    assert world.timers == {}


def test_a_message_after_silence_releases_first_and_then_counts(world: World) -> None:
    world.say("remind")
    world.now += world.shop.session
    world.say("hidden")
    assert world.commits[-1].releases == ("hold-1",)
    assert world.text.startswith("It was quiet for 30 minutes")
    assert world.text.endswith("[Apple]\n[Cherry]")
    assert "reminder" not in world.timers


def test_news_of_an_expired_session_wait_for_the_first_words(world: World) -> None:
    world.now += world.shop.session
    world.say("quiet")
    assert world.text == ""
    world.say("picture")
    assert isinstance(world.said[0], Text)
    assert "It was quiet" in world.text
    assert len(world.said) == 2


def test_the_session_timer_is_not_for_flows(world: World) -> None:
    with pytest.raises(FlowError, match="'session' is not for flows"):
        world.say("steal")


# -- snapshots and rows --------------------------------------------------------------------------------------------
def test_a_conversation_is_the_same_after_sleeping(world: World) -> None:
    for line in ("list", "remind", "what?", "agent"):
        world.say(line)
        assert world.turns[-1].conversation == world.conversation


def test_a_snapshot_of_another_flow_starts_again_and_remembers_who_it_is(world: World) -> None:
    world.say("list")
    turn = world.conversation.turn
    world.shop = msgspec.structs.replace(world.shop, flow="counter")
    c = world.conversation
    assert (c.flow, c.turn, c.phone, c.offer) == ("counter", turn, "919800000001", None)
    assert c.state == flows.flow_named("counter").initial


def test_a_damaged_snapshot_starts_again_with_its_turn() -> None:
    shop = bakery()
    for damage in (b"", b"{", b"[]", b"\xff\xfe", b'{"flow": "counter"}', b'{"flow":"counter","version":1,"state":[]}'):
        c = conversation.load(Snapshot(7, damage), shop)
        assert c.turn == 7
        assert c.state == flows.flow_named("counter").initial


def test_a_cart_survives_a_snapshot_that_a_newer_version_wrote() -> None:
    world = World()
    world.say("hi")
    world.say("1, 2")
    assert world.snapshot is not None
    data = world.snapshot.data.replace(b'"version":1', b'"version":99')
    assert data != world.snapshot.data
    world.snapshot = Snapshot(world.snapshot.version, data)
    world.say("hi")
    assert "Your cart is kept: 2 items, ₹100.00." in world.text


def test_outbox_keys_are_derived_and_the_same_turn_proposes_the_same_rows(world: World) -> None:
    before = world.conversation
    inbound = Inbound("wamid.9", world.shop.name, world.sender, NOON, TextSaid("picture"))
    first = world.take_turn(before, Letter(ANN, inbound))[1]
    assert first == world.take_turn(before, Letter(ANN, inbound))[1]
    assert [one.key for one in first.outbox] == [f"bakery/c1:{before.turn + 1}:0"]
    assert (first.version, first.inbound_id, first.parked_id) == (before.turn + 1, "wamid.9", 0)


def test_a_replayed_letter_settles_its_parked_row_instead_of_a_new_id(world: World) -> None:
    inbound = Inbound("wamid.9", world.shop.name, world.sender, NOON, TextSaid("list"))
    commit = world.take_turn(world.conversation, Letter(ANN, inbound, parked_id=5))[1]
    assert (commit.inbound_id, commit.parked_id) == ("", 5)


def test_links_are_written_when_they_are_new_and_only_then(world: World) -> None:
    assert world.commits[0].links == (Link("phone", "919800000001"),)
    world.say("list")
    assert not world.commits[-1].links
    world.sender = Sender(phone="919800000001", user_id="IN.9")
    world.say("list")
    assert list(world.commits[-1].links) == [Link("phone", "919800000001"), Link("user", "IN.9")]


def test_an_awake_conversation_stays_small() -> None:
    world = World()
    for line in ("hi", "1, 2; 2, 1; 3, 4", "cart", "blorp", "blorp", "blorp", "done", "Asha Rao", "12 MG Road", "skip"):
        world.say(line)
        assert world.snapshot is not None
        assert len(world.snapshot.data) < 2_048
