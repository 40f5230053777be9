"""What may go at the moment of sending of templates that the provider has stopped, whoever of us hears of it first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from engine.address import DAY, HOUR
from engine.held import REVIEW_SECONDS
from engine.messages import Outcome, OutcomeClass, Status, StatusRank, Text
from engine.template_news import PAUSED, WELL
from engine.template_states import TemplateState
from tests.engine.ruled import LONG_AGO, READY, Listening, late, office
from tests.engine.scripted import SHOP, START, TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


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
