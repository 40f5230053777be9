"""Crashes: restarted from the snapshot, tried once more, parked when hopeless, and nobody else notices."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine import supervisor as supervisor_module
from engine.actor import Surroundings
from engine.address import Address
from engine.errors import StoreBusy, StoreError, StoreFailed
from engine.supervisor import ADDRESS_RESTARTS, IDLE_SECONDS, RestartLimit, Supervisor, TooManyRestarts
from tests.engine.scripted import (
    ALWAYS,
    ANN,
    BAKERY,
    BEN,
    SHOP,
    Core,
    Desk,
    TrioClock,
    TroubledStore,
    core,
    leaves,
    letter,
    settled,
    store,
    supervised,
)

__all__ = ["core", "store"]

Clock = trio.testing.MockClock


DEAD = ADDRESS_RESTARTS // 2
"""Letters that are dead by the time their address is quarantined; the one that did it waits with the others."""


async def quarantine(desk: Desk, core: Core, address: Address = ANN) -> None:
    """Crash this customer's actor until its address is quarantined. "bad" goes on crashing."""
    core.crash["bad"] = ALWAYS
    for _ in range(DEAD + 1):
        assert await desk.say("bad", to=address)
    await settled()
    assert address in desk.supervisor.quarantined


# -- one crash, two crashes ------------------------------------------------------------------------------------------
async def test_after_a_crash_the_actor_starts_from_its_snapshot_and_the_letter_is_tried_again(
    core: Core, store: TroubledStore
) -> None:
    core.crash["two"] = 1
    async with supervised(store) as desk:
        assert await desk.say("one", "two", "three")
    assert core.heard == ["one", "two", "two", "three"]
    assert await store.said_to(ANN) == ("one", "two", "three")
    assert [snapshot.version if snapshot else 0 for snapshot in core.loaded] == [0, 1]


async def test_a_letter_that_crashes_twice_is_parked_dead_and_the_next_one_is_handled(
    core: Core, store: TroubledStore
) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        assert await desk.say("one", "bad", "two"), "a parked letter is kept: its provider need not send it again"
    assert await store.said_to(ANN) == ("one", "two")
    (dead,) = await store.parked(ANN, dead=True, limit=10)
    assert dead.why == "RuntimeError"


async def test_a_dead_letter_that_is_delivered_again_is_a_duplicate(core: Core, store: TroubledStore) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        await desk.post(letter("bad", id="wamid.bad")).wait()
        core.crash.clear()
        assert await desk.post(letter("bad", id="wamid.bad")).wait()
    assert await store.said_to(ANN) == ()
    assert desk.counters.duplicates == 1


async def test_a_dead_letter_can_be_replayed_once_its_bug_is_mended(core: Core, store: TroubledStore) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        await desk.say("bad", "two")
        core.crash.clear()
        (dead,) = await store.parked(ANN, dead=True, limit=10)
        assert await desk.supervisor.replay(dead)
        assert await desk.supervisor.replay(dead), "a second replay is a quiet duplicate"
    assert await store.said_to(ANN) == ("two", "bad")
    assert await store.parked(ANN, dead=True, limit=10) == []


async def test_a_replay_that_crashes_again_stays_one_dead_letter(core: Core, store: TroubledStore) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        await desk.say("bad")
        before = await store.parked(ANN, dead=True, limit=10)
        assert await desk.supervisor.replay(before[0])
        assert [one.id for one in await store.parked(ANN, dead=True, limit=10)] == [one.id for one in before]


@pytest.mark.parametrize("error", [StoreBusy("full"), StoreError("a rule is broken")], ids=["busy", "unwritable"])
async def test_a_letter_that_can_not_even_be_parked_is_refused_and_harms_nobody(
    core: Core, store: TroubledStore, error: StoreError
) -> None:
    core.crash["bad"] = ALWAYS
    store.trouble["park"].append(error)
    async with supervised(store) as desk:
        assert not await desk.say("bad")
        assert await desk.say("two")
        assert await desk.say("hello", to=BEN)
    assert await store.parked(ANN, dead=True, limit=10) == []


async def test_a_turn_that_the_store_can_not_write_is_the_letters_fault_and_not_the_stores(
    core: Core, store: TroubledStore
) -> None:
    store.trouble["commit"].extend([StoreError("a rule of the store is broken")] * 2)
    async with supervised(store) as desk:
        assert await desk.say("hostile", "two")
        assert await desk.say("hello", to=BEN)
    assert len(await store.parked(ANN, dead=True, limit=10)) == 1


async def test_a_crash_harms_nobody_else(core: Core, store: TroubledStore) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        await desk.say("hello", to=BEN)
        await desk.say("bad", "bad")
        assert await desk.say("again", to=BEN)
    assert await store.said_to(BEN) == ("hello", "again")
    assert desk.counters.woken == 1 + 4, "Ben's actor lived on"


# -- quarantine ------------------------------------------------------------------------------------------------------
async def test_an_address_that_crashes_too_often_is_quarantined_and_its_letters_are_parked_and_answered(
    core: Core, store: TroubledStore
) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)
        assert await desk.say("later", "still later")
        assert await desk.say("hello", to=BEN)
        assert "later" not in core.heard
    assert await store.said_to(BEN) == ("hello",)
    assert len(await store.parked(ANN, dead=True, limit=10)) == DEAD
    assert len(await store.parked(ANN, dead=False, limit=10)) == 3
    assert list(await store.quarantined()) == [ANN]


async def test_crashes_that_are_far_apart_do_not_add_up_to_a_quarantine(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    core.crash["bad"] = ALWAYS
    async with supervised(store) as desk:
        for _ in range(ADDRESS_RESTARTS):
            await desk.say("bad")
            await trio.sleep(30)
        assert desk.supervisor.quarantined == {}


async def test_a_quarantine_outlives_the_process(core: Core, store: TroubledStore) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)
    core.crash.clear()
    async with supervised(store) as desk:
        assert await desk.say("later")
    assert await store.said_to(ANN) == ()


async def test_a_store_too_busy_for_a_quarantine_is_told_at_the_next_crash(core: Core, store: TroubledStore) -> None:
    store.trouble["quarantine"].append(StoreBusy("full"))
    async with supervised(store) as desk:
        await quarantine(desk, core)
    assert store.calls["quarantine"] == 2


@pytest.mark.parametrize("written", [False, True], ids=["not yet on disk", "just on disk"])
async def test_a_release_replays_what_was_parked_in_order_before_newer_letters(
    core: Core, store: TroubledStore, written: bool
) -> None:
    """The fourth letter is being parked while the release begins."""
    async with supervised(store) as desk:
        await quarantine(desk, core)
        await desk.say("one", "two", "three")
        gate = store.linger("park") if written else store.gate("park")
        parking = desk.post(letter("four"))
        await settled()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk.supervisor.release, ANN)
            await settled()
            newer = desk.post(letter("five"), letter("six"))
            await settled()
            gate.set()
        assert await parking.wait()
        assert await newer.wait()
    assert await store.said_to(ANN) == ("one", "two", "three", "four", "five", "six")
    assert await store.parked(ANN, dead=False, limit=10) == []
    assert await store.quarantined() == {}


async def test_a_release_replays_in_order_while_letters_keep_arriving(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)

        async def keep_writing() -> None:
            for number in range(20):
                await desk.say(f"{number}")
                await trio.sleep(0.001)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_writing)
            await trio.sleep(0.008)
            assert await desk.supervisor.release(ANN) > 0
    assert await store.said_to(ANN) == tuple(str(number) for number in range(20))


async def test_a_busy_store_does_not_lose_what_is_replayed(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)
        await desk.say("one", "two")
        store.trouble["commit"].extend([None, StoreBusy("full"), StoreBusy("full")])
        core.crash.clear()
        assert await desk.supervisor.release(ANN) == 3
        assert await desk.say("three")
    assert await store.said_to(ANN) == ("bad", "one", "two", "three")


async def test_letters_of_a_release_that_a_crash_cut_short_are_replayed_at_the_next_start(
    core: Core, store: TroubledStore
) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)
        await desk.say("one", "two")
        store.gate("commit")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk.supervisor.release, ANN)
            await settled()
            nursery.cancel_scope.cancel()
        store.always["commit"] = StoreBusy("gone")
        desk.supervisor._nursery.cancel_scope.cancel()  # type: ignore[union-attr]  # it runs
    assert await store.quarantined() == {}
    store.always.clear()
    async with supervised(store) as desk:
        assert await desk.say("three")
    assert await store.said_to(ANN) == ("one", "two", "three")


async def test_a_released_address_that_crashes_on_is_quarantined_again_and_keeps_its_letters_in_order(
    core: Core, store: TroubledStore
) -> None:
    async with supervised(store) as desk:
        await quarantine(desk, core)
        await desk.say("one", *["bad"] * 5, "two")
        await desk.supervisor.release(ANN)
        assert ANN in desk.supervisor.quarantined
        assert await store.said_to(ANN) == ("one",)
        core.crash.clear()
        await desk.supervisor.release(ANN)
    assert await store.said_to(ANN) == ("one", "bad", "bad", "bad", "two")
    assert len(await store.parked(ANN, dead=True, limit=20)) == DEAD + 3


# -- when only a fresh start helps -----------------------------------------------------------------------------------
async def test_too_many_crashes_in_all_stop_the_process(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "TOTAL_RESTARTS", 20)
    core.crash["bad"] = ALWAYS

    async def crash_on() -> None:
        async with supervised(store) as desk:
            for number in range(11):
                await desk.say("bad", to=Address(SHOP, f"c{number}"))
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await crash_on()
    assert [type(error) for error in leaves(caught.value)] == [TooManyRestarts]


@pytest.mark.parametrize("where", ["commit", "park"])
async def test_a_failing_store_ends_the_run_with_store_failed_itself(
    core: Core, store: TroubledStore, where: str
) -> None:
    core.crash["bad"] = ALWAYS
    failed = StoreFailed("the disk refused")
    store.trouble[where].append(failed)
    supervisor = Supervisor(Surroundings(store, {SHOP: BAKERY}, TrioClock(), lambda commit: None))
    desk = Desk(supervisor, store)
    ended: list[BaseException] = []

    async def run(task_status: trio.TaskStatus[None]) -> None:
        try:
            await supervisor.run(task_status)
        except StoreFailed as error:
            ended.append(error)

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        assert not await desk.say("fine", "bad", "bad"), "nobody waits for an answer that can't come"
    assert ended == [failed]


def test_a_restart_limit_counts_only_what_is_recent() -> None:
    limit = RestartLimit(2, within=10)
    assert [limit.exceeded(now) for now in (0, 1, 2)] == [False, False, True]
    assert not limit.exceeded(11.5), "those of 0 and 1 are forgotten"
    assert limit.exceeded(11.6)


# -- sleep -----------------------------------------------------------------------------------------------------------
async def test_an_idle_actor_is_put_to_sleep_and_wakes_from_its_snapshot(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with supervised(store) as desk:
        await desk.say("one")
        await trio.sleep(IDLE_SECONDS / 2)
        assert ANN in desk.supervisor.actors
        await trio.sleep(IDLE_SECONDS)
        assert desk.supervisor.actors == {}
        assert await desk.say("two")
    assert await store.said_to(ANN) == ("one", "two")
    assert desk.counters.retired == 1


async def test_an_actor_in_the_middle_of_a_letter_is_not_put_to_sleep(core: Core, store: TroubledStore) -> None:
    gate = store.gate("commit")
    async with supervised(store) as desk:
        receipt = desk.post(letter("one"))
        await settled()
        desk.supervisor.retire(trio.current_time() + 1)
        assert ANN in desk.supervisor.actors
        gate.set()
        await receipt.wait()
        await settled()
        desk.supervisor.retire(trio.current_time() + 1)
        assert ANN not in desk.supervisor.actors


async def test_over_the_cap_the_idlest_actors_are_put_to_sleep(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "AWAKE_AT_MOST", 3)
    customers = [Address(SHOP, f"c{number}") for number in range(5)]
    async with supervised(store) as desk:
        for customer in customers:
            await desk.say("one", to=customer)
            await trio.sleep(0.5)
        await desk.say("two", to=customers[0])
        await trio.sleep(IDLE_SECONDS / 24)
        assert set(desk.supervisor.actors) == {customers[0], customers[3], customers[4]}


async def test_a_letter_that_arrives_while_its_actor_goes_to_sleep_is_not_lost(
    core: Core, store: TroubledStore
) -> None:
    async with supervised(store) as desk:
        await desk.say("one")
        await settled()
        for number in range(20):
            desk.supervisor.retire(trio.current_time() + 1)
            receipt = desk.post(letter(f"{number}"))
            desk.supervisor.retire(trio.current_time() + 1)
            assert await receipt.wait()
            await settled()
    assert await store.said_to(ANN) == ("one", *(str(number) for number in range(20)))


async def test_a_full_mailbox_refuses_and_loses_nothing_that_it_took(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.mailbox.MAILBOX_SIZE", 2)
    gate = store.gate("commit")
    async with supervised(store) as desk:
        first = desk.post(letter("one"))
        await settled()
        taken = desk.post(letter("two"), letter("three"))
        refused = desk.post(letter("four"))
        assert not await refused.wait()
        gate.set()
        assert await first.wait()
        assert await taken.wait()
    assert await store.said_to(ANN) == ("one", "two", "three")
    assert desk.counters.refused == 1
