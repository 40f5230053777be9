"""Durable turns per second without HTTP: mailbox, turn of the bakery, group commit at FULL, nothing else.

Each address has one message under way at a time, as a customer has; the next is posted when the one before is durable.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import trio

from adapters.app.serve import calm_gc
from engine.actor import Surroundings
from engine.address import Sender
from engine.commit import Commit
from engine.events import Inbound, TextSaid
from engine.mailbox import Receipt
from engine.pace import Pace
from engine.router import Router
from engine.running import Running
from engine.supervisor import Supervisor
from storage import open_store
from tests.bench.null import NullChannel, bakery, null_connection

SAID = ("hi", "1, 2", "cart", "2, 1", "remove 2", "1, 1", "remove 1", "cart")


class WallClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000


async def converse(post: Callable[[Inbound, Receipt], None], customer: int, until: float, done: list[int]) -> None:
    """One customer talks without a pause until the moment ``until`` (trio's clock)."""
    sender = Sender(phone=str(254_700_000_000 + customer), name="Bench")
    count = 0
    while trio.current_time() < until:
        receipt = Receipt(1)
        text = SAID[count % len(SAID)]
        post(Inbound(f"wamid.{customer}.{count}", "bakery", sender, 0, TextSaid(text)), receipt)
        await receipt.wait()
        count += 1
    done[0] += count


async def turns_per_second(addresses: int, seconds: float = 4.0, *, sending: bool = False) -> float:
    """Turns per second with so many addresses busy; ``sending``: every reply also claimed, sent to nobody, settled."""
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        clock = WallClock()
        shop = bakery()
        async with open_store(f"sqlite:///{Path(folder) / 'bench.db'}", clock) as store:
            await store.import_catalogue(shop.name, "bench", shop.catalogue.products)
            async with trio.open_nursery() as nursery:
                if sending:
                    running = Running(
                        store, {"bakery": shop}, {"bakery": NullChannel()}, {"bakery": 1e6}, null_connection, clock
                    )
                    await nursery.start(running.run)
                    router = running.router
                else:
                    supervisor = Supervisor(Surroundings(store, {"bakery": shop}, clock, _nothing))
                    router = Router(supervisor)
                    await nursery.start(supervisor.run)
                    await nursery.start(router.run)
                router._supervisor.around.pace = lambda: Pace(0, 1)  # the limit would be all that is measured
                rate = await _rate(router, addresses, seconds)
                nursery.cancel_scope.cancel()
    return rate


async def _rate(router: Router, addresses: int, seconds: float) -> float:
    await _round(router, addresses, seconds / 2)  # everybody awake
    calm_gc()
    turns, took = await _round(router, addresses, seconds)
    return turns / took


async def _round(router: Router, addresses: int, seconds: float) -> tuple[int, float]:
    done = [0]
    begun = trio.current_time()
    async with trio.open_nursery() as customers:
        for customer in range(addresses):
            customers.start_soon(converse, router.post, customer, begun + seconds, done)
    return done[0], trio.current_time() - begun


def _nothing(commit: Commit) -> None:
    """Nobody sends in this measurement."""


async def turn_figures() -> list[tuple[str, float, str]]:
    """(what, value, unit) for the report."""
    figures = [
        (f"durable turns, {count} addresses", await turns_per_second(count), "turns/s") for count in (1, 200, 5_000)
    ]
    figures.append(
        ("durable turns with replies settled, 5000 addresses", await turns_per_second(5_000, sending=True), "turns/s")
    )
    return figures
