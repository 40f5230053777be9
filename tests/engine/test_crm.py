"""Dealing with a CRM: orders out once and in order, stock in, and what happens while it is down."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.address import MINUTE
from engine.crm import ASIDE_SECONDS, TRIES_EACH
from engine.errors import StoreBusy, StoreFailed
from engine.trouble import MOST_SECONDS
from tests.engine.backoffice import (
    DOWN,
    FAILS,
    LOST,
    REFUSED,
    ScriptedCrm,
    dealing,
)
from tests.engine.scripted import SHOP, START, TroubledStore, leaves, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock


class Killed(StoreFailed):
    """The process ends here."""


# -- orders out ------------------------------------------------------------------------------------------------------
async def test_orders_are_told_at_once_in_their_order_and_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        for number in ("W2", "W1", "W3"):
            await office.sell(number)
        await settled()
        assert [number for _, number, _ in office.crm.pushed] == ["W2", "W1", "W3"]
        assert {at for at, _, _ in office.crm.pushed} == {0}
        await trio.sleep(3600)
        assert len(office.crm.pushed) == 3
        assert (office.state.told, office.state.waiting, office.state.works) == (3, 0, True)


async def test_what_an_earlier_process_left_is_told_at_the_start(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store, ScriptedCrm()) as office:
        office.crm.always = DOWN
        await office.sell("W1")
        await settled()
    async with dealing(store) as office:
        await settled()
        assert office.crm.book == {"W1": ["confirmed"]}
        assert office.crm.pushed[0][2], "it may have been told: it is looked for"


@pytest.mark.parametrize("moment", ["begin_sync", "push", "note_synced"])
async def test_a_kill_at_any_moment_tells_an_order_once(
    moment: str, store: TroubledStore, autojump_clock: Clock
) -> None:
    """Killed before the call, and after it was carried out but before its answer was kept."""
    crm = ScriptedCrm()
    if moment == "push":
        crm.answers.append(LOST)  # carried out, and nobody is there for the answer
    else:
        store.trouble[moment].append(Killed())
    try:
        async with dealing(store, crm) as office:
            await office.sell("W1")
            await settled()
    except* Killed:
        pass
    async with dealing(store, crm) as office:
        await settled()
        assert crm.book == {"W1": ["confirmed"]}
        assert crm.stock["cake"] == 49
        assert await store.unsynced(SHOP, 9) == []


async def test_an_order_whose_answer_was_lost_is_looked_for_and_there_once(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        office.crm.answers.append(LOST)
        await office.sell("W1")
        await trio.sleep(30)
        assert [(number, tried) for _, number, tried in office.crm.pushed] == [("W1", False), ("W1", True)]
        assert office.crm.book == {"W1": ["confirmed"]}
        assert await store.unsynced(SHOP, 9) == []


async def test_while_it_is_down_orders_wait_in_their_order_with_growing_gaps(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        office.crm.always = DOWN
        await office.sell("W1")
        await office.sell("W2")
        await trio.sleep(1800)
        tries = [at for at, _, _ in office.crm.pushed]
        assert {number for _, number, _ in office.crm.pushed} == {"W1"}, "the second does not overtake"
        assert tries[:4] == [0, 2000, 6000, 14000]
        assert tries[-1] - tries[-2] == MOST_SECONDS * 1000
        assert office.state.waiting == 2
        office.crm.always = None
        await trio.sleep(MOST_SECONDS + 1)
        assert list(office.crm.book) == ["W1", "W2"]


async def test_a_refused_order_steps_aside_is_told_the_owner_and_tried_again_later(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        office.crm.refuses["W1"] = REFUSED
        await office.sell("W1")
        await office.sell("W2")
        await settled()
        assert list(office.crm.book) == ["W2"]
        assert office.state.refused == {"W1": "It is malformed."}
        assert office.state.works, "nothing is wrong with the CRM"
        (notice,) = await store.owner_notices(SHOP, 9)
        assert notice.detail == "The ledger does not take order W1: It is malformed. It is tried again every hour."
        office.crm.refuses.clear()
        await trio.sleep(ASIDE_SECONDS + 1)
        assert list(office.crm.book) == ["W2", "W1"]
        assert office.state.refused == {}


async def test_an_order_that_fails_where_all_else_works_steps_aside(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        office.crm.refuses["W1"] = FAILS
        await office.sell("W1")
        await office.sell("W2")
        await trio.sleep(MOST_SECONDS)
        assert len([one for one in office.crm.pushed if one[1] == "W1"]) == TRIES_EACH
        assert list(office.crm.book) == ["W2"]
        assert list(office.state.refused) == ["W1"]


async def test_an_order_that_fails_as_all_else_does_keeps_its_place(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """Twin of the above: it is not the order's fault."""
    async with dealing(store) as office:
        office.crm.always = FAILS
        await office.sell("W1")
        await office.sell("W2")
        await trio.sleep(2 * ASIDE_SECONDS)
        assert office.state.refused == {}
        office.crm.always = None
        await trio.sleep(MOST_SECONDS + 1)
        assert list(office.crm.book) == ["W1", "W2"]


async def test_a_held_order_is_told_when_its_stock_is_taken(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        await office.sell("W1", held=True)
        await trio.sleep(60)
        assert office.crm.pushed == []
        await office.take("W1")
        await settled()
        assert list(office.crm.book) == ["W1"]


async def test_a_cancelled_order_is_void_there_also_when_it_is_cancelled_while_told(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await office.sell("W1")
        await settled()
        await office.cancel("W1")
        await settled()
        assert office.crm.book == {"W1": ["void"]}
        gate = trio.Event()
        office.crm.answers.append(gate)
        await office.sell("W2")
        await settled()
        await office.cancel("W2")
        gate.set()
        await settled()
        assert office.crm.book == {"W1": ["void"], "W2": ["void"]}


async def test_an_order_that_was_cancelled_before_it_was_told_is_not_told(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        gate = trio.Event()
        office.crm.answers.append(gate)
        await office.sell("W1")
        await settled()
        await office.sell("W2")
        await office.cancel("W2")
        gate.set()
        await settled()
        assert list(office.crm.book) == ["W1"]
        assert await store.unsynced(SHOP, 9) == []


async def test_a_bug_in_an_adapter_ends_nothing(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        office.crm.answers.append(RuntimeError("a bug"))
        office.crm.counts.append(RuntimeError("a bug"))
        await office.sell("W1")
        await trio.sleep(60)
        assert office.crm.book == {"W1": ["confirmed"]}
        assert office.crm.pushed[-1][2]
        assert office.state.works


async def test_a_busy_store_is_waited_for(store: TroubledStore, autojump_clock: Clock) -> None:
    store.trouble["begin_sync"].extend([StoreBusy("full"), StoreBusy("full")])
    async with dealing(store) as office:
        await office.sell("W1")
        await trio.sleep(5)
        assert list(office.crm.book) == ["W1"]


async def test_a_failed_store_ends_it(store: TroubledStore, autojump_clock: Clock) -> None:
    store.trouble["unsynced"].append(StoreFailed("disk"))
    with pytest.raises(BaseExceptionGroup) as caught:
        async with dealing(store):
            await trio.sleep(5)
    assert [type(one) for one in leaves(caught.value)] == [StoreFailed]


# -- stock in --------------------------------------------------------------------------------------------------------
async def test_stock_is_taken_at_the_start_every_so_often_and_when_asked_for(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await trio.sleep(2000)
        assert office.crm.counted == [0, 15 * MINUTE, 30 * MINUTE]
        office.crm.stock["cake"] = 7
        office.sync.ask(SHOP)
        await settled()
        assert await office.on_hand() == 7
        assert office.state.stock_at == START + 2_000_000
        await trio.sleep(15 * 60 + 1)
        assert office.crm.counted[3:] == [2_000_000, 2_900_000]
        assert office.sync.ask("kiosk") is None


async def test_who_asks_while_the_stock_is_read_has_it_read_once_more(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        gate = trio.Event()
        office.crm.counts.append(gate)
        office.sync.ask(SHOP)
        await settled()
        done = office.sync.ask(SHOP)
        assert done is not None
        gate.set()
        await done.wait()
        assert len(office.crm.counted) == 3


async def test_an_order_is_taken_off_once_before_it_is_told_and_after(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        office.crm.answers.append(DOWN)
        await office.sell("W1", 3)
        office.sync.ask(SHOP)
        await settled()
        assert (office.crm.stock["cake"], await office.on_hand()) == (50, 47)
        await trio.sleep(60)
        office.sync.ask(SHOP)
        await settled()
        assert (office.crm.stock["cake"], await office.on_hand()) == (47, 47)


async def test_an_order_that_is_placed_while_the_stock_is_read_stays_taken_off(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        gate = trio.Event()
        office.crm.counts.append(gate)
        office.sync.ask(SHOP)
        await settled()
        await office.sell("W1", 3)
        gate.set()
        await settled()
        assert await office.on_hand() == 47
        assert office.crm.stock["cake"] == 47


async def test_a_figure_that_has_not_changed_is_not_taken_over_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """It is as old as it was: what was told since is not in it."""
    crm = ScriptedCrm()
    crm.mark = "m1"
    async with dealing(store, crm) as office:
        await settled()
        await office.sell("W1", 3)
        await settled()
        crm.stock["cake"] = 50
        office.sync.ask(SHOP)
        await settled()
        assert await office.on_hand() == 47
    async with dealing(store, crm) as office:
        await settled()
        assert await office.on_hand() == 47, "also not after a restart"
        crm.mark = "m2"
        office.sync.ask(SHOP)
        await settled()
        assert await office.on_hand() == 50


async def test_skus_that_only_one_side_has_are_named_and_harm_nothing(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    crm = ScriptedCrm()
    crm.stock = {"cake": 4, "pie": 9}
    async with dealing(store, crm) as office:
        await settled()
        assert (office.state.counted.unknown, office.state.counted.untold) == (("pie",), ("tea",))
        assert (await office.on_hand(), await office.on_hand("tea")) == (4, 50)
