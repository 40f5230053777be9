"""One address's letters: one at a time, in order, each a durable turn that the actor remembers only once committed."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.actor import CONFLICTS_PER_LETTER
from engine.commit import Commit
from engine.errors import StoreBusy
from engine.facts import Conflict, ConflictKind
from tests.engine.scripted import (
    ANN,
    BEN,
    Core,
    TrioClock,
    TroubledStore,
    core,
    letter,
    settled,
    store,
    supervised,
)

__all__ = ["core", "store"]

STALE = Conflict(ConflictKind.STALE)
TAKEN = Conflict(ConflictKind.NUMBER_TAKEN, "WA1")


async def test_letters_of_one_address_are_handled_one_at_a_time_in_order(core: Core, store: TroubledStore) -> None:
    gate = store.gate("commit")
    async with supervised(store) as desk:
        receipt = desk.post(letter("one"), letter("two"), letter("three"))
        await settled()
        assert core.heard == ["one"], "the second letter waits for the commit of the first"
        gate.set()
        assert await receipt.wait()
    assert await store.said_to(ANN) == ("one", "two", "three")


async def test_addresses_do_not_wait_for_each_other(core: Core, store: TroubledStore) -> None:
    store.gate("commit")
    async with supervised(store) as desk:
        desk.post(letter("one"))
        await settled()
        assert await desk.say("hello", to=BEN)


async def test_the_outside_hears_of_a_turn_only_after_its_commit(core: Core, store: TroubledStore) -> None:
    gate, told = store.gate("commit"), list[Commit]()
    async with supervised(store, told.append) as desk:
        receipt = desk.post(letter("one"))
        await settled()
        assert told == []
        gate.set()
        await receipt.wait()
        assert [commit.inbound_id for commit in told] == [commit.inbound_id for commit in store.commits]
        assert len(told) == 1


async def test_what_an_actor_remembers_changes_only_with_the_commit(core: Core, store: TroubledStore) -> None:
    async with supervised(store) as desk:
        await desk.say("one")
        store.trouble["commit"].append(StoreBusy("full"))
        assert not await desk.say("lost")
        assert await desk.say("two")
    assert await store.said_to(ANN) == ("one", "two")
    assert store.commits[-1].version == 2


async def test_a_busy_store_refuses_the_letter_which_is_taken_when_it_comes_again(
    core: Core, store: TroubledStore
) -> None:
    store.trouble["commit"].append(StoreBusy("full"))
    async with supervised(store) as desk:
        assert not await desk.post(letter("one", id="wamid.1")).wait()
        assert await desk.post(letter("one", id="wamid.1")).wait()
    assert await store.said_to(ANN) == ("one",)
    assert desk.counters.refused == 1


async def test_a_duplicate_is_kept_quietly_and_does_nothing(core: Core, store: TroubledStore) -> None:
    async with supervised(store) as desk:
        assert await desk.post(letter("one", id="wamid.1")).wait()
        assert await desk.post(letter("one", id="wamid.1")).wait()
        assert await desk.say("two")
    assert await store.said_to(ANN) == ("one", "two")
    assert desk.counters.duplicates == 1
    assert len(store.commits) == 2


async def test_a_refused_commit_leads_to_a_fresh_turn_that_knows_why(core: Core, store: TroubledStore) -> None:
    async with supervised(store) as desk:
        assert await desk.say("one")
        store.trouble["commit"].extend([TAKEN, TAKEN])
        assert await desk.say("two")
    assert [(facts.attempt, facts.conflict) for facts in core.facts[1:]] == [(0, None), (1, TAKEN), (2, TAKEN)]
    assert await store.said_to(ANN) == ("one", "two")
    assert desk.counters.conflicts == 2
    assert desk.counters.woken == 1, "it still knew the conversation"


async def test_facts_are_read_anew_for_each_attempt(
    core: Core, store: TroubledStore, autojump_clock: trio.testing.MockClock
) -> None:
    store.trouble["commit"].append(TAKEN)
    answer = store.linger("commit")

    async def later() -> None:
        await trio.sleep(2)
        answer.set()

    async with supervised(store) as desk, trio.open_nursery() as nursery:
        nursery.start_soon(later)
        assert await desk.say("one")
    assert core.facts[1].now - core.facts[0].now == 2_000


async def test_a_letter_refused_too_often_is_a_bug_and_becomes_a_dead_letter(core: Core, store: TroubledStore) -> None:
    store.trouble["commit"].extend([TAKEN] * (2 * CONFLICTS_PER_LETTER))
    async with supervised(store) as desk:
        assert await desk.say("one")
        assert await desk.say("two")
    assert core.heard == ["one"] * (2 * CONFLICTS_PER_LETTER) + ["two"]
    assert [parked.why for parked in await store.parked(ANN, dead=True, limit=10)] == ["FlowError"]


async def test_a_stale_snapshot_is_loaded_again(core: Core, store: TroubledStore) -> None:
    async with supervised(store) as desk:
        await desk.say("one")
        other = store.commits[-1]
        elsewhere = Commit(ANN, 2, other.snapshot.replace(b'"turn":1', b'"turn":2'), other.at, inbound_id="wamid.else")
        assert await store.commit(elsewhere) is None
        assert await desk.say("two")
    assert store.commits[-1].version == 3
    assert desk.counters.crashes == 0
    assert [snapshot.version if snapshot else 0 for snapshot in core.loaded] == [0, 2]


async def test_a_commit_under_way_is_finished_when_everything_is_cancelled(core: Core, store: TroubledStore) -> None:
    gate = store.gate("commit")
    async with supervised(store) as desk:
        receipt = desk.post(letter("one"))
        await settled()
        desk.supervisor._nursery.cancel_scope.cancel()  # type: ignore[union-attr]  # it runs
        await settled()
        gate.set()
        assert await receipt.wait(), "it was written, and so it is told"
    assert await store.said_to(ANN) == ("one",)


async def test_letters_that_did_not_begin_are_refused_when_everything_is_cancelled(
    core: Core, store: TroubledStore
) -> None:
    gate = store.gate("commit")
    async with supervised(store) as desk:
        first, second = desk.post(letter("one")), desk.post(letter("two"))
        await settled()
        desk.supervisor._nursery.cancel_scope.cancel()  # type: ignore[union-attr]  # it runs
        gate.set()
        assert await first.wait()
        assert not await second.wait()
        assert not await desk.say("late"), "nobody is there any more"
    assert await store.said_to(ANN) == ("one",)


def test_the_clock_of_these_tests_follows_trio() -> None:
    clock = TrioClock()
    clock.jump = 5

    async def later() -> int:
        before = clock.now()
        await trio.sleep(1)
        return clock.now() - before

    assert trio.run(later, clock=trio.testing.MockClock(autojump_threshold=0)) == 1_000


@pytest.mark.parametrize("kind", [ConflictKind.STALE, ConflictKind.SOLD_OUT, ConflictKind.ORDER_MOVED])
async def test_every_kind_of_conflict_leads_to_another_attempt(
    core: Core, store: TroubledStore, kind: ConflictKind
) -> None:
    store.trouble["commit"].append(Conflict(kind))
    async with supervised(store) as desk:
        assert await desk.say("one")
    assert await store.said_to(ANN) == ("one",)
