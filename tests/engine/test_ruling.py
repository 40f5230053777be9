"""What may go at the moment of sending: the window, what stands in, what is held and let go, and who has opted out."""

from __future__ import annotations

import msgspec
import pytest
import trio
import trio.testing

from engine.address import HOUR, Address
from engine.commit import Commit
from engine.events import PreferenceSet
from engine.held import REVIEW_SECONDS
from engine.messages import Outcome, OutcomeClass, Purpose, Template
from engine.orders import Customer
from engine.ports import NotSent
from engine.reminders import Reminder, ReminderState
from tests.engine.ruled import LONG_AGO, READY, REFUSED, Listening, late, office
from tests.engine.scripted import SHOP, START, TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


# -- what went out before --------------------------------------------------------------------------------------------
async def test_what_was_begun_before_and_is_found_is_not_sent_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    channel.answers["ann1"].append(OutcomeClass.RETRY)
    channel.went = ["SM1"]
    async with office(store, channel) as here:
        key = await here.turn("ann", "hello", heard=START)
        await trio.sleep(60)
        assert await here.state(key) == "sent"
        assert await store.keys_of(SHOP, ["SM1"]) == {"SM1": key}
    assert len(channel.begun) == 1


async def test_a_message_that_another_row_went_out_as_is_not_taken_for_it(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    channel.answers["ann2"].append(OutcomeClass.RETRY)
    async with office(store, channel) as here:
        first = await here.turn("ann", "hello", heard=START)
        await trio.sleep(1)
        row = await store.outbox_row(first)
        assert row is not None
        channel.went = [row.provider_id]
        await here.turn("ann", "hello", heard=START)
        await trio.sleep(60)
    assert channel.sent == [("ann", "hello")] * 2


async def test_while_it_can_t_be_looked_for_it_waits(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listening()
    channel.answers["ann1"].append(OutcomeClass.RETRY)
    channel.went = NotSent("no list")
    async with office(store, channel) as here:
        key = await here.turn("ann", "hello", heard=START)
        await trio.sleep(60)
        assert (await here.state(key), len(channel.begun)) == ("queued", 1)
        channel.went = []
        await trio.sleep(600)
        assert await here.state(key) == "sent"


# -- the window ------------------------------------------------------------------------------------------------------
async def test_inside_the_window_a_message_goes_as_it_is(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=START - HOUR, fallback=READY)
        await trio.sleep(1)
    assert channel.sent == [("ann", "hello")]


async def test_outside_its_stand_in_goes(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=LONG_AGO, fallback=READY)
        await trio.sleep(1)
    assert channel.sent == [("ann", READY)]


async def test_who_has_written_since_the_turn_is_written_to_freely(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=START - HOUR, free_until=START - 1, fallback=READY)
        await trio.sleep(1)
    assert channel.sent == [("ann", "hello")]


async def test_without_a_stand_in_it_waits_until_the_customer_writes_and_goes_before_the_answer(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        first = await here.turn("ann", "one", heard=LONG_AGO)
        await here.turn("ann", "two", heard=LONG_AGO)
        await here.turn("ben", "other", heard=START)
        await trio.sleep(HOUR / 1000)
        assert (channel.sent, await here.state(first)) == ([("ben", "other")], "held")
        channel.sent.clear()
        await here.turn("ann", "answer", heard=here.clock.now())
        await here.turn("ann", "answer 2", heard=here.clock.now())
        await trio.sleep(1)
    assert channel.sent == [("ann", "one"), ("ann", "two"), ("ann", "answer"), ("ann", "answer 2")]


async def test_a_reminder_that_would_be_held_is_not_sent_at_all(store: TroubledStore, autojump_clock: Clock) -> None:
    """When its customer writes again, what it reminds of may long be paid."""
    note = Reminder("reminder:a:0", ReminderState.SENT, message=f"{SHOP}/ann:1:0")
    async with office(store, Listening()) as here:
        key = await here.turn("ann", "Please pay", heard=LONG_AGO, reminders=(note,))
        await trio.sleep(1)
        assert await here.state(key) == "skipped"
        await here.turn("ann", "Karibu", heard=here.clock.now())
        await trio.sleep(60)
    told = await store.reminder(SHOP, "reminder:a:0")
    assert told is not None
    assert told.went == "skipped"


async def test_a_turn_that_is_no_word_of_the_customers_lets_nothing_go(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        await here.turn("ann", "one", heard=LONG_AGO)
        await trio.sleep(1)
        await here.turn("ann", heard=LONG_AGO)
        await trio.sleep(HOUR / 1000)
    assert channel.sent == []


async def test_what_is_held_outlives_a_restart_and_what_another_process_heard_is_found(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        await here.turn("ann", "one", heard=LONG_AGO)
        await here.turn("ben", "two", heard=LONG_AGO)
        await trio.sleep(1)
    async with office(store, channel) as here:
        here.turns |= {"ann": 1, "ben": 1}
        await here.turn("ann", "answer", heard=here.clock.now())
        await trio.sleep(1)
        assert channel.sent == [("ann", "one"), ("ann", "answer")]
        elsewhere = Commit(Address(SHOP, "ben"), 2, b"{}", here.clock.now(), "ben2", heard=here.clock.now())
        assert await store.commit(elsewhere) is None
        await trio.sleep(REVIEW_SECONDS + 1)
    assert channel.sent[2:] == [("ben", "two")]


# -- refusals --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("fallback", "seen"), [(READY, [("ann", READY)]), (None, [])])
async def test_a_refusal_for_the_window_falls_back_the_same_way(
    store: TroubledStore, autojump_clock: Clock, fallback: Template | None, seen: list[object]
) -> None:
    channel = Listening()
    channel.answers["ann1"].append(REFUSED)
    async with office(store, channel) as here:
        key = await here.turn("ann", "hello", heard=START, fallback=fallback)
        await trio.sleep(1)
        assert await here.state(key) == ("sent" if fallback else "held")
    assert channel.sent == seen


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("fallback", [READY, None])
async def test_so_does_one_that_comes_late_by_status_even_when_it_overtakes_the_answer(
    store: TroubledStore, autojump_clock: Clock, fallback: Template | None, early: bool
) -> None:
    channel = Listening()
    channel.latency = 1
    async with office(store, channel) as here:
        key = await here.turn("ann", "hello", heard=START, fallback=fallback)
        await trio.sleep(0.5 if early else 2)
        for _ in range(2):  # told twice
            await here.outbox.noted([late(key)])
        await trio.sleep(10)
        assert await here.state(key) == ("sent" if fallback else "held")
        await here.turn("ann", "answer", heard=here.clock.now())
        await trio.sleep(10)
    said = [("ann", "hello"), ("ann", READY), ("ann", "answer")]
    waited = [("ann", "hello"), ("ann", "hello"), ("ann", "answer")]
    assert channel.sent == (said if fallback else waited)


async def test_a_template_that_is_refused_for_the_window_is_given_up(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    channel.always = REFUSED
    async with office(store, channel) as here:
        key = await here.turn("ann", "hello", heard=LONG_AGO, fallback=READY)
        await trio.sleep(1)
        assert await here.state(key) == "failed"


# -- opting out ------------------------------------------------------------------------------------------------------
async def test_offers_are_not_sent_to_who_wants_none_while_other_messages_are(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    async with office(store, channel) as here:
        card = Customer("ann", SHOP, marketing=False)
        await here.turn("ann", heard=START, customer=card)
        offer = await here.turn("ann", "sale!", heard=START, purpose=Purpose.BULK)
        await here.turn("ann", "your order", heard=START)
        await here.turn("ben", "sale!", heard=START, purpose=Purpose.BULK)
        await trio.sleep(1)
        assert await here.state(offer) == "skipped"
    assert sorted(channel.sent) == [("ann", "your order"), ("ben", "sale!")]


@pytest.mark.parametrize("by_status", [False, True])
async def test_a_provider_that_says_stopped_is_heard_by_the_customers_own_actor(
    store: TroubledStore, autojump_clock: Clock, by_status: bool
) -> None:
    channel = Listening()
    if not by_status:
        channel.answers["ann1"].append(Outcome(OutcomeClass.STOPPED, code=131050, reason="Stopped."))
    async with office(store, channel) as here:
        key = await here.turn("ann", "sale!", heard=START, purpose=Purpose.BULK)
        await trio.sleep(1)
        if by_status:
            for _ in range(2):
                await here.outbox.noted([msgspec.structs.replace(late(key), kind=OutcomeClass.STOPPED)])
        assert await here.state(key) == "failed"
        (letter,) = await store.posted(here.clock.now(), 9)
        assert (letter.address.customer, letter.inbound.event) == ("ann", PreferenceSet(False))
        assert here.posted > 0
