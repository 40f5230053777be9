"""What may go at the moment of sending: the window, what stands in, what is held and let go, and who has opted out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from engine.address import DAY, HOUR, Address, Millis
from engine.commit import Commit
from engine.events import PreferenceSet
from engine.held import REVIEW_SECONDS
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Status, StatusRank, Template, Text
from engine.orders import Customer
from engine.outbox import Outbox, OutboxSettings
from engine.ports import NotSent
from engine.ruling import Ruling
from engine.template_news import PAUSED, WELL
from engine.template_states import TemplateState
from engine.template_sync import TemplateSync
from engine.terms import Terms
from tests.engine.scripted import BAKERY, SHOP, START, TrioClock, TroubledStore, store
from tests.engine.sending import FAST, ScriptedChannel, no_http

__all__ = ["store"]

Clock = trio.testing.MockClock
READY = Template("news", "en")
REFUSED = Outcome(OutcomeClass.NEEDS_TEMPLATE, code=131047, reason="Too late.")


class Listening(ScriptedChannel):
    """Keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, object]] = []
        self.went: list[str] | NotSent = []

    async def found(self, http: object, outgoing: Outgoing) -> Sequence[str]:
        if isinstance(self.went, NotSent):
            raise self.went
        return self.went

    async def send(self, http: object, row: Outgoing) -> Outcome:
        outcome = await super().send(http, row)
        if outcome.kind is OutcomeClass.SENT:
            self.sent.append((row.address.customer, getattr(row.message, "body", row.message)))
        return outcome


class Office:
    """An outbox whose channel keeps to the rules, and customers who write."""

    def __init__(self, store: TroubledStore, channel: Listening) -> None:
        self.store = store
        self.clock = TrioClock()
        self.posted = 0
        shops = {SHOP: msgspec.structs.replace(BAKERY, terms=Terms(templates={"order": READY.name}))}
        self.templates = TemplateSync(store, shops, [channel], no_http, self.clock)
        self.outbox = Outbox(
            store,
            {SHOP: Ruling(channel, store, self.clock, self.templates)},
            {SHOP: FAST},
            no_http,
            self.clock,
            OutboxSettings(),
            posted=self._note,
        )
        self.turns: dict[str, int] = {}

    def _note(self) -> None:
        self.posted += 1

    async def turn(self, who: str, said: str | Template = "", *, heard: Millis, **more: Any) -> str:
        """One committed turn that says something; the row's key."""
        address, number = Address(SHOP, who), self.turns.get(who, 0) + 1
        self.turns[who] = number
        free = more.pop("free_until", heard + DAY - 5 * 60_000)
        key, purpose = f"{address}:{number}:0", more.pop("purpose", Purpose.REPLY)
        message = said if isinstance(said, Template) else Text(said)
        row = Outgoing(key, address, "254700000001", "", message, purpose, START, 0, free, more.pop("fallback", None))
        rows = (row,) if said else ()
        commit = Commit(address, number, b"{}", self.clock.now(), f"{who}{number}", outbox=rows, heard=heard, **more)
        assert await self.store.commit(commit) is None
        self.outbox.committed(commit)
        return key

    async def state(self, key: str) -> str:
        found = await self.store.outbox_row(key)
        assert found is not None
        return found.state


@asynccontextmanager
async def office(store: TroubledStore, channel: Listening) -> AsyncIterator[Office]:
    here = Office(store, channel)
    async with trio.open_nursery() as nursery:
        await nursery.start(here.outbox.run)
        yield here
        nursery.cancel_scope.cancel()


LONG_AGO = START - 3 * DAY


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


def late(key: str, kind: OutcomeClass = OutcomeClass.NEEDS_TEMPLATE) -> Status:
    return Status(SHOP, "p.ann1", StatusRank.FAILED, START, key, 131047, "Too late.", kind)


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


# -- templates that the provider has stopped ---------------------------------------------------------------------------
async def test_a_stopped_template_is_held_with_its_sentence_and_goes_when_it_is_well(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    await store.save_templates(SHOP, [TemplateState("news", "en", "paused")], START)
    async with office(store, channel) as here:
        key = await here.turn("ann", READY, heard=START)
        await trio.sleep(HOUR / 1000)
        found = await store.outbox_row(key)
        assert found is not None
        assert (channel.sent, found.state, found.outgoing.attempts) == ([], "held", 1), "nobody tried it meanwhile"
        assert '"news" (en) can\'t be sent: the provider says paused' in found.reason
        await store.note_template(SHOP, TemplateState("news", "en", "approved"), here.clock.now())
        await trio.sleep(REVIEW_SECONDS + 1)
    assert channel.sent == [("ann", READY)]


async def test_words_whose_stand_in_is_stopped_go_as_words_when_the_customer_writes(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    await store.save_templates(SHOP, [TemplateState("news", "en", "paused")], START)
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=LONG_AGO, fallback=READY)
        await trio.sleep(1)
        assert channel.sent == []
        await here.turn("ann", "answer", heard=here.clock.now())
        await trio.sleep(1)
    assert channel.sent == [("ann", "hello"), ("ann", "answer")]


async def test_words_whose_stand_in_is_well_again_go_as_the_stand_in(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    await store.save_templates(SHOP, [TemplateState("news", "en", "paused")], START)
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=LONG_AGO, fallback=READY)
        await trio.sleep(1)
        await store.note_template(SHOP, TemplateState("news", "en", "approved"), here.clock.now())
        await trio.sleep(REVIEW_SECONDS + 1)
    assert channel.sent == [("ann", READY)]


# -- templates that were stopped before we heard of it -----------------------------------------------------------------
STOPPED = Outcome(OutcomeClass.NEVER, code=132015, reason="Meta has stopped it.", template="paused")


@pytest.mark.parametrize("words", [False, True])
async def test_what_is_refused_because_its_template_is_stopped_is_held_once_and_goes_when_it_is_well(
    store: TroubledStore, autojump_clock: Clock, words: bool
) -> None:
    channel = Listening()
    channel.answers["ann1"].append(STOPPED)
    async with office(store, channel) as here:
        said: dict[str, Any] = {"said": "hello", "fallback": READY} if words else {"said": READY}
        key = await here.turn("ann", heard=LONG_AGO, **said)
        await trio.sleep(HOUR / 1000)
        found = await store.outbox_row(key)
        assert found is not None
        assert (found.state, found.code, len(channel.begun)) == ("held", 132015, 1), "nobody tried it again meanwhile"
        assert found.outgoing.message == (Text("hello") if words else READY)
        (told,) = await store.owner_notices(SHOP, 9)
        assert found.reason == told.detail
        assert "the provider says paused" in told.detail
        other = await here.turn("ben", READY, heard=LONG_AGO)
        await trio.sleep(1)
        assert (await here.state(other), len(channel.begun)) == ("held", 1), "the next is not even tried"
        await store.note_template(SHOP, TemplateState("news", "en", "approved"), here.clock.now())
        await trio.sleep(REVIEW_SECONDS + 1)
    assert sorted(channel.sent, key=str) == [("ann", READY), ("ben", READY)]


async def test_words_whose_stand_in_was_refused_for_its_status_go_as_words_when_the_customer_writes(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    channel.answers["ann1"].append(STOPPED)
    async with office(store, channel) as here:
        await here.turn("ann", "hello", heard=LONG_AGO, fallback=READY)
        await trio.sleep(1)
        await here.turn("ann", "answer", heard=here.clock.now())
        await trio.sleep(1)
    assert channel.sent == [("ann", "hello"), ("ann", "answer")]


async def test_a_template_that_is_well_again_goes_though_words_to_the_same_customer_wait_on(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    await store.save_templates(SHOP, [TemplateState("news", "en", "paused")], START)
    async with office(store, channel) as here:
        await here.turn("ann", READY, heard=LONG_AGO)
        words = await here.turn("ann", "hello", heard=LONG_AGO)
        await trio.sleep(1)
        await store.note_template(SHOP, TemplateState("news", "en", "approved"), here.clock.now())
        await trio.sleep(REVIEW_SECONDS + 1)
        assert (channel.sent, await here.state(words)) == ([("ann", READY)], "held")


async def test_a_pause_whose_end_nobody_tells_is_tried_every_some_hours_and_given_up_in_the_end(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listening()
    channel.always = STOPPED
    async with office(store, channel) as here, trio.open_nursery() as nursery:
        await nursery.start(here.templates.run)
        key = await here.turn("ann", READY, heard=LONG_AGO)
        await trio.sleep(DAY / 1000)
        hours = [(later - earlier) / HOUR for (earlier, _), (later, _) in pairwise(channel.begun)]
        assert len(hours) >= 3
        assert all(6 <= one <= 7.1 for one in hours)
        assert len(await store.owner_notices(SHOP, 9)) == 1
        await trio.sleep(31 * DAY / 1000)
        found = await store.outbox_row(key)
        assert found is not None
        assert (found.state, "30 days" in found.reason) == ("failed", True)
        nursery.cancel_scope.cancel()


async def test_a_pause_that_turns_out_to_be_over_is_told_of(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listening()
    channel.answers["ann1"].append(STOPPED)
    async with office(store, channel) as here, trio.open_nursery() as nursery:
        await nursery.start(here.templates.run)
        await here.turn("ann", READY, heard=LONG_AGO)
        await trio.sleep(8 * HOUR / 1000)
        assert channel.sent == [("ann", READY)]
        assert [one.kind for one in await store.owner_notices(SHOP, 9)] == [WELL, PAUSED]
        found = await store.template_state(SHOP, "news", "en")
        assert found is not None
        assert found.status == "approved"
        nursery.cancel_scope.cancel()


def stopped_late(key: str, provider_id: str = "p.ann1") -> Status:
    return msgspec.structs.replace(
        late(key, OutcomeClass.NEVER), provider_id=provider_id, code=63041, template="paused"
    )


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("words", [False, True])
async def test_a_template_that_is_refused_late_for_its_status_is_held_all_the_same(
    store: TroubledStore, autojump_clock: Clock, words: bool, early: bool
) -> None:
    channel = Listening()
    channel.latency = 1
    async with office(store, channel) as here:
        said: dict[str, Any] = {"said": "hello", "fallback": READY} if words else {"said": READY}
        key = await here.turn("ann", heard=LONG_AGO, **said)
        await trio.sleep(0.5 if early else 2)
        for _ in range(2):  # told twice
            await here.outbox.noted(await here.templates.heard([stopped_late(key)]))
        await trio.sleep(HOUR / 1000)
        found = await store.outbox_row(key)
        assert found is not None
        (told,) = await store.owner_notices(SHOP, 9)
        assert (found.state, found.code, found.reason) == ("held", 63041, told.detail)
        assert len(channel.begun) == 1
        await store.note_template(SHOP, TemplateState("news", "en", "approved"), here.clock.now())
        await trio.sleep(REVIEW_SECONDS + 5)
    assert channel.sent == [("ann", READY)] * 2


async def test_a_late_refusal_of_an_earlier_send_or_of_no_template_says_nothing_of_one(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, Listening()) as here:
        template = await here.turn("ann", READY, heard=START)
        words = await here.turn("ben", "hello", heard=START)
        await trio.sleep(1)
        strange = [
            stopped_late(template, "p.other"),
            stopped_late("bakery/eve:1:0", "p.eve1"),
            stopped_late("", "p.nobody"),
        ]
        assert await here.templates.heard(strange) == strange
        (plain,) = await here.templates.heard([stopped_late(words, "p.ben1")])
        await here.outbox.noted([plain, *strange])
        assert (await here.state(template), await here.state(words)) == ("sent", "failed")
        await store.statuses([Status(SHOP, "p.ann1", StatusRank.DELIVERED, START, template)])
        await here.outbox.noted(await here.templates.heard([stopped_late(template)]))
        assert await here.state(template) == "sent", "it has arrived"
        assert await store.template_states(SHOP) == []


@pytest.mark.parametrize("early", [False, True])
async def test_a_template_that_is_refused_late_for_the_window_is_given_up(
    store: TroubledStore, autojump_clock: Clock, early: bool
) -> None:
    """Held, it would be free to go every minute."""
    channel = Listening()
    channel.latency = 1
    async with office(store, channel) as here:
        key = await here.turn("ann", READY, heard=LONG_AGO)
        await trio.sleep(0.5 if early else 2)
        await here.outbox.noted([late(key)])
        await trio.sleep(HOUR / 1000)
        assert (await here.state(key), len(channel.begun)) == ("failed", 1)
