"""The same towns on SQLite: every answer of the file is that of the readable model, call by call, to the books' end."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from engine import flows
from storage.sqlite import open_sqlite
from tests.engine.open_store import at_once
from tests.engine.shops import shop_of
from tests.engine.world import FixedClock
from tests.simulation.mirror import Mirror
from tests.simulation.test_runs import ends_well
from tests.simulation.town import Town

MOST = 999


async def mirrored(folder: Path, flow: str, seed: int) -> int:
    """Play one town on both stores; how many answers were compared."""
    clock = FixedClock()
    async with open_sqlite(folder / f"{flow}-{seed}.db", clock, synchronous="NORMAL") as disk:

        def play() -> int:
            town = Town(shop_of(flow), seed, clock=clock, store=Mirror(clock, disk))
            town.play()
            ends_well(town)
            return look_at_everything(town)

        return await trio.to_thread.run_sync(play)


def look_at_everything(town: Town) -> int:
    """Everything that an owner can list, from both."""
    store, shop = town.world.store, town.world.shop.name
    assert isinstance(store, Mirror)
    at_once(store.orders(shop, MOST))
    at_once(store.invoices(shop, MOST))
    at_once(store.payments(shop, (), MOST))
    at_once(store.bookings(shop, (), MOST))
    at_once(store.customers(shop, MOST))
    at_once(store.products(shop))
    at_once(store.stats(shop))
    at_once(store.metrics(shop))
    for number in town.world.orders:
        at_once(store.order_history(shop, number))
    return store.compared


@pytest.mark.parametrize("flow", flows.names())
async def test_a_town_on_disk_is_the_town_in_memory(tmp_path: Path, flow: str) -> None:
    assert await mirrored(tmp_path, flow, 1) > 100


@pytest.mark.torture
@pytest.mark.parametrize("flow", flows.names())
async def test_forty_towns_on_disk_are_those_in_memory(tmp_path: Path, flow: str) -> None:
    for seed in range(2_000, 2_040):
        assert await mirrored(tmp_path, flow, seed) > 20, f"seed {seed}"
