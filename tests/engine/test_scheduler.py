"""Durable timers: posted when due, once, a few at a time, whatever the wall clock does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from engine import scheduler as scheduler_module
from engine.actor import Surroundings
from engine.address import HOUR, Address
from engine.commit import Commit, Timer
from engine.errors import StoreBusy, StoreFailed
from engine.scheduler import LOOK_SECONDS, RETRY_SECONDS, SWEEP_SECONDS, Scheduler
from engine.supervisor import Supervisor
from tests.engine.scripted import (
    ALWAYS,
    ANN,
    BAKERY,
    BEN,
    SHOP,
    START,
    Core,
    Desk,
    TrioClock,
    TroubledStore,
    core,
    leaves,
    settled,
    store,
)

__all__ = ["core", "store"]

Clock = trio.testing.MockClock


class Shopkeeper(Desk):
    """Actors with a scheduler over them."""

    def __init__(self, supervisor: Supervisor, store: TroubledStore, clock: TrioClock) -> None:
        super().__init__(supervisor, store)
        self.clock = clock
        self.scheduler = Scheduler(store, supervisor, clock, [SHOP])


@asynccontextmanager
async def scheduling(store: TroubledStore) -> AsyncIterator[Shopkeeper]:
    clock = TrioClock()
    noted: list[Scheduler] = []

    def committed(commit: Commit) -> None:
        for timer in commit.timers:
            noted[0].note(timer.due)

    keeper = Shopkeeper(Supervisor(Surroundings(store, {SHOP: BAKERY}, clock, committed)), store, clock)
    noted.append(keeper.scheduler)
    async with trio.open_nursery() as nursery:
        await nursery.start(keeper.supervisor.run)
        await nursery.start(keeper.scheduler.run)
        try:
            yield keeper
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


async def set_timers(store: TroubledStore, count: int, due: int) -> list[Address]:
    """Timers that a process before this one has left behind."""
    addresses = [Address(SHOP, f"c{number}") for number in range(count)]
    for number, address in enumerate(addresses):
        timer = Timer(address, "tick", due + number, 1)
        assert await store.commit(Commit(address, 1, b'{"turn":1}', START, f"wamid.t{number}", timers=(timer,))) is None
    return addresses


async def heard_at(core: Core, word: str = "tick") -> list[int]:
    """When each of these was heard, in ms after the start."""
    return [facts.now - START for facts, text in zip(core.facts, core.heard, strict=True) if text == word]


async def test_a_timer_fires_once_when_it_is_due(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 5000")
        await trio.sleep(3_600)
    assert await heard_at(core) == [5_000]
    assert await store.said_to(ANN) == ("in 5000", "tick")


async def test_a_timer_that_is_set_while_a_later_one_is_waited_for_fires_in_time(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 20000")
        await trio.sleep(1)
        await keeper.say("in 3000", to=BEN)
        await trio.sleep(60)
    assert await heard_at(core) == [4_000, 20_000]


async def test_a_timer_that_is_set_while_the_store_is_asked_for_the_next_fires_in_time(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        await trio.sleep(0.5)
        await keeper.say("off")
        answer = store.linger("next_due")
        await trio.sleep(1)  # it woke for the timer that is no more, and asks
        await keeper.say("in 3000", to=BEN)
        answer.set()
        await trio.sleep(60)
    assert await heard_at(core) == [4_500]


async def test_a_timer_that_is_set_while_another_is_stuck_under_way_fires_in_time(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        await keeper.say("in 3000", to=BEN)
        stuck = store.gate("commit")
        await trio.sleep(10)
        stuck.set()
        await settled()
    assert await heard_at(core) == [1_000, 3_000]


async def test_timers_that_came_due_while_nobody_ran_fire_at_the_start(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await set_timers(store, 3, START - HOUR)
    async with scheduling(store):
        await settled()
    assert await heard_at(core) == [0, 0, 0]


async def test_a_flood_of_due_timers_goes_out_in_small_batches_each_once(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "BATCH", 10)
    monkeypatch.setattr(scheduler_module, "UNDER_WAY", 20)
    addresses = await set_timers(store, 100, START - HOUR)
    gate = store.gate("commit")
    store.trouble["commit"].extend([gate] * 99)
    async with scheduling(store):
        await settled()
        assert len(core.heard) == 20, "that many are under way at most"
        gate.set()
        await trio.sleep(1)
    assert core.heard == ["tick"] * 100
    assert sorted(commit.address for commit in store.commits[100:]) == sorted(addresses)


async def test_a_timer_that_ends_while_the_store_reads_is_not_posted_again(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        await keeper.say("in 2000", to=BEN)
        stuck = store.gate("commit")
        await trio.sleep(1.5)
        answer = store.linger("due")
        await trio.sleep(1)  # the store reads while Ann's timer is under way …
        stuck.set()
        await settled()  # … and gives its answer after it has ended
        answer.set()
        await trio.sleep(60)
    assert core.heard.count("tick") == 2
    assert keeper.counters.duplicates == 0


async def test_a_letter_that_was_not_kept_comes_again(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        store.trouble["commit"].extend([StoreBusy("full"), StoreBusy("full")])
        await trio.sleep(60)
    assert await heard_at(core) == [1_000, 1_000 + round(RETRY_SECONDS * 1000), 1_000 + 2 * round(RETRY_SECONDS * 1000)]
    assert await store.said_to(ANN) == ("in 1000", "tick")


async def test_a_timer_fires_soon_after_the_wall_clock_jumps_forwards(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say(f"in {HOUR}")
        await trio.sleep(1)
        keeper.clock.jump = 2 * HOUR
        await trio.sleep(LOOK_SECONDS)
        assert core.heard == [f"in {HOUR}", "tick"]


async def test_a_timer_waits_longer_when_the_wall_clock_jumps_backwards(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 10000")
        keeper.clock.jump = -HOUR
        await trio.sleep(3_600)
        assert core.heard == ["in 10000"]
        await trio.sleep(30)
    assert core.heard == ["in 10000", "tick"]


@pytest.mark.parametrize("jump", [2 * HOUR, -HOUR, 5_000])
async def test_a_jump_is_counted_and_the_owner_hears_of_a_large_one(
    core: Core, store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture, jump: int
) -> None:
    async with scheduling(store) as keeper:
        await trio.sleep(10 * LOOK_SECONDS)
        assert keeper.scheduler.watch.jumps == 0
        keeper.clock.jump = jump
        await trio.sleep(10 * LOOK_SECONDS)
        assert keeper.scheduler.watch.jumps == 1
    assert [record.message for record in caplog.records] == ["clock_jumped"]
    notices = await store.owner_notices(SHOP, 10)
    assert [notice.kind for notice in notices] == (["clock_jumped"] if abs(jump) > 5_000 else [])


async def test_a_customer_is_answered_while_a_flood_of_timers_goes_out(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    """A day off has left more timers than are ever under way at once: whoever writes does not wait for them."""
    await set_timers(store, 5 * scheduler_module.UNDER_WAY, START - HOUR)
    async with scheduling(store) as keeper:
        await keeper.say("hello")
        assert core.heard.count("tick") < 2 * scheduler_module.UNDER_WAY
        await trio.sleep(60)
    assert core.heard.count("tick") == 5 * scheduler_module.UNDER_WAY


@pytest.mark.parametrize("quarantined", [False, True], ids=["dead", "quarantined"])
async def test_a_timer_whose_letter_is_parked_does_not_fire_for_ever(
    core: Core, store: TroubledStore, autojump_clock: Clock, quarantined: bool
) -> None:
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        if quarantined:
            core.crash["bad"] = ALWAYS
            await keeper.say("bad", "bad", "bad", "bad")
        else:
            core.crash["tick"] = ALWAYS
        await trio.sleep(10)
        before = store.calls["due"]
        await trio.sleep(600)
        assert store.calls["due"] - before < 30
        assert keeper.counters.duplicates == 0
    assert await store.next_due() is None
    parked = await store.parked(ANN, dead=not quarantined, limit=10)
    assert b"TimerFired" in parked[-1].letter


async def test_a_parked_timer_can_be_replayed(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    core.crash["tick"] = ALWAYS
    async with scheduling(store) as keeper:
        await keeper.say("in 1000")
        await trio.sleep(10)
        core.crash.clear()
        (dead,) = await store.parked(ANN, dead=True, limit=10)
        assert await keeper.supervisor.replay(dead)
    assert await store.said_to(ANN) == ("in 1000", "tick")


async def test_the_store_is_swept_every_minute_also_after_it_was_busy(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    store.trouble["sweep"].append(StoreBusy("full"))
    async with scheduling(store):
        await trio.sleep(10 * SWEEP_SECONDS + 1)
    assert store.calls["sweep"] == 10


@pytest.mark.parametrize("where", ["due", "next_due", "posted", "next_posted", "sweep"])
async def test_a_failing_store_ends_the_scheduler(
    core: Core, store: TroubledStore, autojump_clock: Clock, where: str
) -> None:
    store.trouble[where].append(StoreFailed("gone"))

    async def run() -> None:
        async with scheduling(store):
            await trio.sleep(3_600)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert [type(error) for error in leaves(caught.value)] == [StoreFailed]
