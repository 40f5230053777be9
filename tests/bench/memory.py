"""Memory of an address while its actor is awake and after it went to sleep, and the time from start to ready with many
snapshots on disk."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trio
import trio.testing

from engine.actor import Surroundings
from engine.address import Address, Link, customer_id
from engine.commit import Commit
from engine.conversation import dump, load
from engine.router import Router
from engine.supervisor import Supervisor
from storage import open_store
from tests.bench.null import bakery
from tests.bench.serving import ROOT, serving
from tests.bench.turns import WallClock, converse

Figure = tuple[str, float, str]

AWAKE = 20_000
SNAPSHOTS = 100_000
PAGE = 5_000


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def memory_figures() -> list[Figure]:
    """KB per address, in a process of its own: what another measurement has freed would be used again unseen."""
    told = subprocess.run([sys.executable, "-m", "tests.bench.memory"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return [(what, value, unit) for what, value, unit in json.loads(told.stdout)]


async def measured(addresses: int = AWAKE) -> list[Figure]:
    """KB per address: awake after a turn, and asleep."""
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        clock = WallClock()
        shop = bakery()
        async with open_store(f"sqlite:///{Path(folder) / 'bench.db'}", clock) as store:
            await store.import_catalogue(shop.name, "bench", shop.catalogue.products)
            supervisor = Supervisor(Surroundings(store, {shop.name: shop}, clock, lambda commit: None))
            router = Router(supervisor)
            async with trio.open_nursery() as nursery:
                await nursery.start(supervisor.run)
                await nursery.start(router.run)
                await _talk(router, 0, 2_000)  # what every process has, whoever is awake
                await _sleep(supervisor, router)
                before = resident()
                await _talk(router, 2_000, 2_000 + addresses)
                awake = resident()
                await _sleep(supervisor, router)
                asleep = _live_objects()
                await _talk(router, 2_000, 2_000 + addresses)
                await _sleep(supervisor, router)
                again = _live_objects()
                nursery.cancel_scope.cancel()
    return [
        ("memory per awake address", (awake - before) / addresses / 1024, "KB"),
        ("objects kept per sleeping address", max(0, again - asleep) / addresses, "objects"),
    ]


def _live_objects() -> int:
    gc.collect()
    return len(gc.get_objects())


async def _talk(router: Router, first: int, last: int) -> None:
    """Everybody says one thing, some hundreds at a time."""
    for start in range(first, last, PAGE):
        async with trio.open_nursery() as customers:
            for customer in range(start, min(last, start + PAGE)):
                customers.start_soon(_once, router, customer)
    gc.collect()


async def _once(router: Router, customer: int) -> None:
    now = trio.current_time()
    await converse(router.post, customer, now + 0.000_001, [0])


async def _sleep(supervisor: Supervisor, router: Router) -> None:
    """Put everybody to sleep and wait until they do."""
    while supervisor.actors:
        supervisor.retire(float("inf"))
        await trio.testing.wait_all_tasks_blocked()
    router.forget_sleeping()
    gc.collect()


async def startup_figures(snapshots: int = SNAPSHOTS) -> list[Figure]:
    """Seconds from starting the process to taking webhooks, with so many sleeping conversations on disk."""
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        database = Path(folder) / "bench.db"
        await _fill(f"sqlite:///{database}", snapshots)
        ready = await trio.to_thread.run_sync(_start, database)
    return [(f"process start to ready with {snapshots} snapshots", ready, "s")]


def _start(database: Path) -> float:
    begun = time.perf_counter()
    with serving(database=database):
        return time.perf_counter() - begun


async def _fill(url: str, snapshots: int) -> None:
    clock, shop = WallClock(), bakery()
    data = dump(load(None, shop))
    async with open_store(url, clock) as store:
        await store.import_catalogue(shop.name, "bench", shop.catalogue.products)
        limit = trio.CapacityLimiter(5_000)

        async def fill(number: int) -> None:
            link = Link("phone", str(254_700_000_000 + number))
            address = Address(shop.name, customer_id(shop.name, link))
            async with limit:
                await store.commit(Commit(address, 1, data, clock.now(), f"wamid.{number}", links=(link,)))

        async with trio.open_nursery() as nursery:
            for number in range(snapshots):
                nursery.start_soon(fill, number)


if __name__ == "__main__":
    json.dump(trio.run(measured), sys.stdout)
