"""Timers, silence and snapshots in every flow."""

from __future__ import annotations

import msgspec
import pytest

from engine import conversation, flows
from engine.address import MINUTE, Link, Sender
from engine.commit import Snapshot
from engine.errors import FlowError
from engine.events import Inbound, Letter, TextSaid
from engine.messages import Text
from tests.engine.toy import Out, toy_world
from tests.engine.world import ANN, NOON, World, bakery


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return toy_world(monkeypatch)


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
