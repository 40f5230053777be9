"""What the store alone does: commits, statuses, wakes and the start, with nothing of the shop around it.

The disk decides: a commit costs one sync, whatever shares it. Run as ``python -m tests.bench.bench_store``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import trio

from engine.address import Address, Millis
from engine.commit import Commit
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Status, StatusRank, Text
from engine.ports import Store
from storage.sqlite import open_sqlite

Figure = tuple[str, float, str]

SECONDS = 3.0
SNAPSHOT = b'{"state":"awaiting_order","cart":[["cookie",2]],"shown":["cookie","oatmeal","brownie"]}' * 6
"""About what a bakery's conversation takes."""


class WallClock:
    def now(self) -> Millis:
        return time.time_ns() // 1_000_000


def trivial(address: Address, version: int) -> Commit:
    """A turn that answers with one text."""
    key = f"{address}:{version}:0"
    reply = Outgoing(key, address, "254700000001", "", Text("Karibu! What would you like?"), Purpose.REPLY, 0)
    return Commit(address, version, SNAPSHOT, 0, inbound_id=f"wamid.{address.customer}.{version}", outbox=(reply,))


async def commits_per_second(store: Store, addresses: int, seconds: float = SECONDS) -> float:
    """Each address commits its next turn when the one before is durable. Sound for one run on a fresh store."""
    until, done = trio.current_time() + seconds, 0

    async def customer(address: Address) -> None:
        nonlocal done
        version = 0
        while trio.current_time() < until:
            version += 1
            assert await store.commit(trivial(address, version)) is None
            done += 1

    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for n in range(addresses):
            nursery.start_soon(customer, Address("bakery", f"c{addresses}.{n}"))
    return done / (time.perf_counter() - began)


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    """Seconds that ``call`` takes."""
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began


async def statuses_per_second(store: Store, messages: int = 20_000, batch: int = 100) -> float:
    """Sent, delivered and read for each of many messages, in webhooks of ``batch``, ten of them under way at once."""
    address = Address("bakery", "statuses")
    rows = [
        Outgoing(f"{address}:1:{n}", address, "2547", "", Text("Karibu"), Purpose.REPLY, 0) for n in range(messages)
    ]
    assert await store.commit(Commit(address, 1, SNAPSHOT, 0, inbound_id="statuses", outbox=tuple(rows))) is None
    await store.claim([row.key for row in rows], 0)
    await store.settle([(row.key, Outcome(OutcomeClass.SENT, f"wamid.out.{row.key}")) for row in rows], 0)
    told = [
        Status("bakery", f"wamid.out.{row.key}", rank, rank.value)
        for rank in (StatusRank.SENT, StatusRank.DELIVERED, StatusRank.READ)
        for row in rows
    ]
    webhooks = [told[start : start + batch] for start in range(0, len(told), batch)]

    async def deliver() -> None:
        while webhooks:
            await store.statuses(webhooks.pop(0))

    async def all_of_them() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(deliver)

    return len(told) / await timed(all_of_them)


async def wake_all(store: Store, addresses: int) -> None:
    """As many actors as this wake at once."""
    async with trio.open_nursery() as nursery:
        for n in range(addresses):
            nursery.start_soon(store.wake, Address("bakery", f"s{n}"))


async def fill(store: Store, snapshots: int) -> None:
    """This many addresses with one turn each."""
    waiting = iter(range(snapshots))

    async def some() -> None:
        for n in waiting:
            await store.commit(trivial(Address("bakery", f"s{n}"), 1))

    async with trio.open_nursery() as nursery:
        for _ in range(2_000):
            nursery.start_soon(some)


async def opening(path: Path) -> None:
    """Open, and answer one question."""
    async with open_sqlite(path, WallClock()) as store:
        await store.wake(Address("bakery", "s1"))


async def store_figures(seconds: float = SECONDS) -> list[Figure]:
    """Every figure, each with its name and unit. Takes about a minute."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        path = Path(folder) / "store.db"
        for addresses in (1, 200, 5_000):
            async with open_sqlite(path.with_suffix(f".{addresses}"), WallClock()) as store:
                rate = await commits_per_second(store, addresses, seconds)
            figures.append((f"durable commits, {addresses:,} addresses", rate, "1/s"))
        async with open_sqlite(path, WallClock()) as store:
            figures.append(("statuses in batches of 100", await statuses_per_second(store), "1/s"))
            await fill(store, 100_000)
            woken = await timed(partial(wake_all, store, 5_000))
            figures.append(("5,000 wakes at once", woken * 1_000, "ms"))
        figures.append(("open and first answer, 100,000 snapshots", await timed(partial(opening, path)) * 1_000, "ms"))
    return figures


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.setswitchinterval(float(sys.argv[1]))
    for name, value, unit in trio.run(store_figures):
        print(f"{name:45} {value:12,.1f} {unit}")
