"""Sends whose answer was lost: found again by a status, sent once more when nobody knows, and never overtaken."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.messages import Outcome, Purpose, StatusRank
from engine.outbox import OutboxSettings
from tests.engine.scripted import TroubledStore, settled, store
from tests.engine.sending import (
    UNKNOWN,
    PostOffice,
    ScriptedChannel,
    channel,
    keep,
    row,
    sending,
    status,
)

__all__ = ["channel", "store"]

Clock = trio.testing.MockClock
RANKS = [StatusRank.SENT, StatusRank.DELIVERED, StatusRank.READ]


async def told(office: PostOffice, name: str, rank: StatusRank = StatusRank.DELIVERED) -> None:
    """The provider's status of this message comes in, with our key."""
    await office.outbox.noted([status(name, rank)])


@pytest.mark.parametrize("rank", RANKS)
async def test_a_status_before_the_answer_is_lost_makes_it_sent(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, rank: StatusRank
) -> None:
    channel.latency = 10
    channel.answers["ann1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(5)
        await told(office, "ann1", rank)
        await trio.sleep(3_600)
        assert await office.state("ann1") == "sent"
        assert (await office.at("ann1")).rank == rank.value
    assert channel.begun == [(0, "ann1"), (10_000, "ann2")], "at once, not after a minute"


@pytest.mark.parametrize("when", ["before it is written", "after it is written"])
async def test_a_status_while_the_lost_answer_is_being_written_makes_it_sent(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, when: str
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    writing = store.gate("settle") if when == "before it is written" else store.linger("settle")
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await settled()
        await told(office, "ann1")
        await trio.sleep(5)
        writing.set()
        await trio.sleep(3_600)
        assert await office.state("ann1") == "sent"
        assert not (await office.at("ann1")).doubled
    assert channel.begun == [(0, "ann1"), (5_000, "ann2")]


async def test_a_status_after_the_answer_was_lost_makes_it_sent(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(30)
        assert (channel.order, await office.state("ann1")) == (["ann1"], "unknown")
        await told(office, "ann1")
        await trio.sleep(3_600)
        assert await office.state("ann1") == "sent"
    assert channel.begun == [(0, "ann1"), (30_000, "ann2")]


@pytest.mark.parametrize("when", ["before it is written", "after it is written"])
async def test_a_status_while_it_is_being_queued_once_more_is_the_last_word(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, when: str
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    writing = store.gate("requeue") if when == "before it is written" else store.linger("requeue")
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(61)
        await told(office, "ann1")
        writing.set()
        await trio.sleep(3_600)
        assert await office.state("ann1") == "sent"
    assert channel.order == ["ann1", "ann2"]


async def test_a_status_that_says_failed_lets_the_next_message_go_after_a_while_and_is_not_sent_again(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(1)
        await told(office, "ann1", StatusRank.FAILED)
        await trio.sleep(3_600)
        assert await office.state("ann1") == "failed"
    assert channel.order == ["ann1", "ann2"]


async def test_without_a_status_it_is_sent_once_more_and_the_risk_of_a_double_is_kept(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2), row("ben", 1))
        await trio.sleep(3_600)
        found = await office.at("ann1")
    assert sorted(channel.begun) == [(0, "ann1"), (0, "ben1"), (60_000, "ann1"), (60_000, "ann2")]
    assert (found.state, found.doubled, found.outgoing.attempts) == ("sent", True, 2)
    assert office.outbox.unknown.sent_again == 1


async def test_a_second_lost_answer_is_waited_for_anew(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].extend([UNKNOWN, UNKNOWN])
    async with sending(store, channel, OutboxSettings(unknown_after=10_000)) as office:
        await office.wish(row("ann", 1))
        await trio.sleep(3_600)
    assert channel.moments("ann1") == pytest.approx([0, 10_000, 20_000], abs=2)


async def test_a_bulk_message_of_unknown_fate_is_never_sent_again_and_its_customer_goes_on(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1, bulk=True))
        await trio.sleep(1)
        await office.wish(row("ann", 2))
        await trio.sleep(3_600)
        found = await office.at("ann1")
        assert found.outgoing.purpose is Purpose.BULK
        assert (found.state, found.doubled) == ("failed", False)
        assert "never sent twice" in found.reason
        assert await store.unknown(10) == []
        await told(office, "ann1")
        assert await office.state("ann1") == "sent", "a late status is believed all the same"
    assert channel.begun == [(0, "ann1"), (60_000, "ann2")]


@pytest.mark.parametrize("purpose", [Purpose.REPLY, Purpose.ORDER, Purpose.PAYMENT])
async def test_everything_but_bulk_is_sent_once_more(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, purpose: Purpose
) -> None:
    channel.answers["ann1"].append(UNKNOWN)
    made = row("ann", 1)
    async with sending(store, channel) as office:
        await office.wish(
            type(made)(made.key, made.address, made.phone, "", made.message, purpose, made.created_at),
        )
        await trio.sleep(3_600)
    assert len(channel.begun) == 2


async def test_many_unknown_sends_are_each_decided_in_their_time(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    for number in range(20):
        channel.answers[f"c{number}x1"].append(UNKNOWN)
    async with sending(store, channel) as office:
        for number in range(20):
            await office.wish(row(f"c{number}x", 1))
            await trio.sleep(0.7)
        await trio.sleep(120)
    for number in range(20):
        first, second = channel.moments(f"c{number}x1")
        assert second - first == pytest.approx(60_000, abs=2)


# -- after a crash ---------------------------------------------------------------------------------------------------
async def test_after_a_crash_what_was_queued_leaves_and_what_was_being_sent_is_unknown(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    await keep(store, [row("ann", 1), row("ann", 2), row("ben", 1)])
    await store.claim([row("ann", 1).key], 0)
    await store.reopened(0)
    async with sending(store, channel) as office:
        await trio.sleep(3_600)
        assert (await office.at("ann1")).doubled
    assert channel.begun == [(0, "ben1"), (60_000, "ann1"), (60_000, "ann2")]


async def test_after_a_crash_a_status_resolves_what_was_being_sent(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    await keep(store, [row("ann", 1), row("ann", 2)])
    await store.claim([row("ann", 1).key], 0)
    await store.reopened(0)
    async with sending(store, channel) as office:
        await trio.sleep(5)
        await told(office, "ann1")
        await trio.sleep(3_600)
    assert channel.begun == [(5_000, "ann2")]


async def test_what_one_process_left_unknown_has_its_whole_time_in_the_next(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    """Its status could reach nobody while the shop was down; it comes soon after the start."""
    await keep(store, [row("ann", 1)])
    await store.claim([row("ann", 1).key], 0)
    await store.settle([(row("ann", 1).key, Outcome(UNKNOWN))], 0)
    await trio.sleep(600)
    await store.reopened(0)
    async with sending(store, channel) as office:
        await trio.sleep(5)
        await told(office, "ann1")
        await trio.sleep(3_600)
    assert channel.begun == []


async def test_an_outbox_that_was_cut_short_in_a_send_neither_loses_nor_hides_it(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(trio.Event())
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await settled()
        assert await office.state("ann1") == "sending"
    await store.reopened(0)
    async with sending(store, channel):
        await trio.sleep(61)
    assert channel.accepted == ["ann1", "ann2"]
