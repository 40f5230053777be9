"""What does not fit in memory waits on disk and is read back in order; webhooks wait for room; a stop is orderly."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import rooms as rooms_module
from engine import spilled as spilled_module
from engine.courtesies import WAITING_MOST
from engine.messages import OutcomeClass, Outgoing
from engine.outbox import OutboxSettings
from engine.rooms import DUE_AT_MOST
from tests.engine.scripted import SHOP, TrioClock, TroubledStore, settled, store
from tests.engine.sending import (
    RETRY,
    SENT,
    UNKNOWN,
    PostOffice,
    ScriptedChannel,
    channel,
    keep,
    row,
    sending,
    short,
)

__all__ = ["channel", "store"]

Clock = trio.testing.MockClock


# -- more than memory takes ------------------------------------------------------------------------------------------
async def test_more_than_memory_takes_leaves_in_order_nothing_lost_nothing_twice(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.latency = 0.05
    rows = [row(f"c{number % 7}x", number) for number in range(1, 200)]
    most = 0
    async with sending(store, channel, OutboxSettings(lanes=4, in_memory=10)) as office:
        for one in rows:
            await office.wish(one)
            most = max(most, len(office.outbox.lines.rows))
        await trio.sleep(600)
        assert office.outbox.lines.rows == {}
    expected = {name: [short(one.key) for one in rows if short(one.key).startswith(name)] for name in ("c0x", "c6x")}
    assert {name: [sent for sent in channel.accepted if sent.startswith(name)] for name in expected} == expected
    assert sorted(channel.accepted) == sorted(short(one.key) for one in rows)
    assert most <= 12


async def test_what_the_store_holds_at_the_start_leaves_before_what_comes_after(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spilled_module, "PAGE", 3)
    await keep(store, [row("ann", turn) for turn in range(1, 11)])
    reading = store.linger("waiting")
    async with sending(store, channel) as office:
        await settled()
        await office.wish(row("ann", 11))
        reading.set()
        await office.wish(row("ann", 12))
        await trio.sleep(60)
    assert channel.accepted == [f"ann{turn}" for turn in range(1, 13)]


async def test_a_row_that_is_committed_while_the_last_page_is_read_is_not_lost(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    reading = store.linger("waiting")
    async with sending(store, channel) as office:
        await settled()
        await office.wish(row("ann", 1))
        reading.set()
        await trio.sleep(60)
    assert channel.accepted == ["ann1"]


Step = tuple[str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 4)),
        st.tuples(st.just("burst"), st.integers(0, 4)),
        st.tuples(st.just("wait"), st.integers(0, 300)),
    ),
    min_size=1,
    max_size=40,
)
ANSWERS = st.lists(
    st.sampled_from([SENT, SENT, RETRY, UNKNOWN, OutcomeClass.THROTTLE_NUMBER, OutcomeClass.THROTTLE_CUSTOMER]),
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, answers=ANSWERS, lanes=st.integers(1, 4), in_memory=st.integers(1, 12))
def test_whatever_is_answered_and_however_little_fits_each_message_is_accepted_once_and_in_order(
    steps: list[Step], answers: list[OutcomeClass], lanes: int, in_memory: int
) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    accepted, wished = trio.run(_play, steps, answers, OutboxSettings(lanes=lanes, in_memory=in_memory), clock=clock)
    assert {name: list(rows) for name, rows in _by_customer(accepted).items()} == _by_customer(wished)


def _by_customer(names: list[str]) -> dict[str, list[str]]:
    ordered = sorted(names, key=lambda name: name.partition("x")[0])
    return {customer: list(rows) for customer, rows in groupby(ordered, key=lambda name: name.partition("x")[0])}


async def _play(steps: list[Step], answers: list[OutcomeClass], options: OutboxSettings) -> tuple[list[str], list[str]]:
    """Write as told, answering the first sends of all as told; what was accepted, and what was wished for."""
    channel, turns, wished = ScriptedChannel(), Counter[int](), list[str]()
    channel.latency = 0.02
    async with sending(TroubledStore(TrioClock()), channel, options) as office:
        for kind, number in steps:
            if kind == "wait":
                await trio.sleep(number / 1000)
                continue
            rows: list[Outgoing] = []
            for _ in range(1 if kind == "write" else 8):
                turns[number] += 1
                rows.append(row(f"c{number}x", turns[number]))
                wished.append(short(rows[-1].key))
                if answers:
                    channel.answers[wished[-1]].append(answers[len(wished) % len(answers)])
            await office.wish(*rows)
        await trio.sleep(24 * 3_600)
    return channel.accepted, wished


# -- room ------------------------------------------------------------------------------------------------------------
async def waiters(office: PostOffice, nursery: trio.Nursery, names: str) -> list[str]:
    """Webhooks that wait for room, in this order; who has passed."""
    passed: list[str] = []

    async def wait(name: str) -> None:
        await office.outbox.room(SHOP)
        passed.append(name)

    for name in names:
        nursery.start_soon(wait, name)
        await settled()
    return passed


async def test_webhooks_wait_while_too_much_is_due_and_pass_in_order_of_arrival(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    gates = [trio.Event() for _ in range(DUE_AT_MOST)]
    for number, gate in enumerate(gates):
        channel.answers[f"c{number}x1"].append(gate)
    async with sending(store, channel, OutboxSettings(lanes=DUE_AT_MOST)) as office, trio.open_nursery() as nursery:
        assert await waiters(office, nursery, "z") == ["z"], "there is room at first"
        await office.wish(*(row(f"c{number}x", 1) for number in range(DUE_AT_MOST)))
        passed = await waiters(office, nursery, "abc")
        assert passed == []
        gates[0].set()
        await settled()
        assert passed == ["a", "b", "c"]
        for gate in gates:
            gate.set()


async def test_a_number_that_is_paused_for_long_holds_nobody(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "DUE_AT_MOST", 4)
    channel.latency = 1
    channel.answers["c0x1"].append(OutcomeClass.OPERATOR)
    async with sending(store, channel, OutboxSettings(lanes=1)) as office, trio.open_nursery() as nursery:
        await office.wish(*(row(f"c{number}x", 1) for number in range(8)))
        passed = await waiters(office, nursery, "ab")
        assert passed == []
        await trio.sleep(2)
        assert passed == ["a", "b"], "their replies wait on disk"


async def test_one_number_without_room_does_not_hold_another(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "DUE_AT_MOST", 1)
    channel.answers["ann1"].append(gate := trio.Event())
    async with sending(store, channel) as office, trio.open_nursery() as nursery:
        await office.wish(row("ann", 1))
        passed = await waiters(office, nursery, "a")
        await office.outbox.room("kiosk")
        assert passed == []
        gate.set()


# -- courtesies ------------------------------------------------------------------------------------------------------
async def test_messages_are_shown_as_read_when_a_lane_is_free(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        office.outbox.mark_read(SHOP, "wamid.1")
        await settled()
    assert channel.read == ["wamid.1"]


async def test_courtesies_are_dropped_oldest_first_and_never_keep_a_message_waiting(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(gate := trio.Event())
    async with sending(store, channel, OutboxSettings(lanes=1)) as office:
        await office.wish(row("ann", 1), row("ben", 1))
        await settled()
        for number in range(WAITING_MOST + 3):
            office.outbox.mark_read(SHOP, f"wamid.{number}")
        gate.set()
        await settled()
        assert office.outbox.courtesies.dropped == 3
    assert channel.order == ["ann1", "ben1"]
    assert channel.read == [f"wamid.{number}" for number in range(3, WAITING_MOST + 3)]


async def test_a_courtesy_that_crashes_harms_no_lane(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.reading = RuntimeError("a bug")
    async with sending(store, channel, OutboxSettings(lanes=1)) as office:
        office.outbox.mark_read(SHOP, "wamid.1")
        await settled()
        await office.wish(row("ann", 1))
        await settled()
    assert channel.accepted == ["ann1"]


# -- stopping --------------------------------------------------------------------------------------------------------
async def test_a_drain_finishes_what_is_under_way_and_begins_nothing(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    writing = store.gate("settle")
    drained = trio.Event()
    async with sending(store, channel) as office, trio.open_nursery() as nursery:

        async def drain() -> None:
            await office.outbox.drain()
            drained.set()

        await office.wish(row("ann", 1), row("ann", 2))
        await settled()
        nursery.start_soon(drain)
        await settled()
        office.outbox.mark_read(SHOP, "wamid.1")
        await office.wish(row("ben", 1))
        await settled()
        assert not drained.is_set(), "it waits until what was sent is known on disk"
        writing.set()
        await drained.wait()
        assert await office.state("ann1") == "sent"
        assert [await office.state(name) for name in ("ann2", "ben1")] == ["queued", "queued"]
        await trio.sleep(60)
    assert (channel.order, channel.read) == (["ann1"], [])


async def test_a_drain_of_an_idle_outbox_is_done_at_once(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        await settled()
        with trio.fail_after(1):
            await office.outbox.drain()
