"""The outbox alone: rows that lie in the store are claimed, sent over real HTTP to a fast provider, and settled; the
outbox on one core, the provider on the other.

    python -m tests.bench.sending provider 9001            counts what comes, prints it when its input ends
    python -m tests.bench.sending outbox URL ROWS PACE     sends so many rows at this pace, prints the seconds it took
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from adapters.app.compose import connections
from adapters.app.serve import calm_gc
from adapters.channels.whatsapp_cloud import WhatsAppCloudSettings, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import Address
from engine.commit import Commit
from engine.messages import Outgoing, Purpose, Text
from engine.outbox import Outbox, OutboxSettings
from engine.ports import Store
from storage import open_store
from tests.bench.serving import SERVER_CORE, TRAFFIC_CORE, free_port, pinned
from tests.bench.traffic import Book, Provider
from tests.bench.turns import WallClock

SHOP = "bakery"
LANES = 32
UNPACED = 100_000
BATCH = 500


# -- the outbox's process --------------------------------------------------------------------------------------------
async def drained(url: str, rows: int, pace: float) -> float:
    """Seconds from the outbox's start until every row was sent and settled."""
    settings = WhatsAppCloudSettings(
        path="/hook",
        base_url=url,
        phone_number_id="200000000000002",
        access_token=Secret("bench"),
        app_secret=Secret("bench"),
        verify_token=Secret("bench"),
    )
    clock = WallClock()
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        async with open_store(f"sqlite:///{Path(folder) / 'bench.db'}", clock) as store:
            await _fill(store, rows, clock.now())
            calm_gc()
            outbox = Outbox(
                store,
                {SHOP: build(Site(SHOP), settings)},
                {SHOP: pace},
                connections(),
                clock,
                OutboxSettings(lanes=LANES),
            )
            async with trio.open_nursery() as nursery:
                began = time.perf_counter()
                await nursery.start(outbox.run)
                while outbox.counters.sent < rows:
                    await trio.sleep(0.01)
                took = time.perf_counter() - began
                nursery.cancel_scope.cancel()
    return took


async def _fill(store: Store, rows: int, now: int) -> None:
    """One message to each of so many customers."""
    async with trio.open_nursery() as nursery:
        for first in range(0, rows, BATCH):
            nursery.start_soon(_some, store, range(first, min(first + BATCH, rows)), now)


async def _some(store: Store, customers: range, now: int) -> None:
    for customer in customers:
        address = Address(SHOP, f"c{customer}")
        row = Outgoing(
            f"{address}:1:0", address, str(254_700_000_000 + customer), "", Text("Karibu!"), Purpose.REPLY, now
        )
        await store.commit(Commit(address, 1, b"{}", now, inbound_id=f"in{customer}", outbox=(row,)))


# -- the provider's process ------------------------------------------------------------------------------------------
class Counting(Provider):
    """Answers at once and notes when each message came."""

    def __init__(self, came: list[float]) -> None:
        super().__init__(Book())
        self._came = came

    def count(self, phone: int, key: bytes, body: bytes) -> None:
        self._came.append(time.perf_counter())


async def provide(port: int) -> None:
    """Answer until the input ends, then print how many came and at what rate."""
    came: list[float] = []
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Counting(came), "127.0.0.1", port)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    span = came[-1] - came[0] if len(came) > 1 else 0.0
    print(json.dumps({"came": len(came), "per_second": (len(came) - 1) / span if span else 0.0}))


@contextmanager
def provider() -> Iterator[tuple[str, list[dict[str, float]]]]:
    """A provider's address, and a list that holds its report once it has ended."""
    port, report = free_port(), list[dict[str, float]]()
    pipe = subprocess.PIPE
    process = pinned(TRAFFIC_CORE, ["tests.bench.sending", "provider", str(port)], stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}", report
        out, _ = process.communicate("", timeout=30)
        report.append(json.loads(out))
    finally:
        process.kill()


def sent(rows: int, pace: float) -> tuple[float, dict[str, float]]:
    """Seconds that the outbox took, and what its provider saw."""
    with provider() as (url, report):
        arguments = ["tests.bench.sending", "outbox", url, str(rows), str(pace)]
        process = pinned(SERVER_CORE, arguments, stdout=subprocess.PIPE)
        out, _ = process.communicate(timeout=300)
    return float(out), report[0]


def sending_figures(rows: int = 12_000, pace: int = 80, seconds: int = 15) -> list[tuple[str, float, str]]:
    """(what, figure, unit)."""
    took, fast = sent(rows, UNPACED)
    _, paced = sent(pace * seconds, pace)
    return [
        (f"sent and settled, {LANES} lanes", rows / took, "messages/s"),
        ("lost or doubled", abs(rows - fast["came"]) + abs(pace * seconds - paced["came"]), "messages"),
        (f"at a pace of {pace}/s", paced["per_second"], "messages/s"),
        (f"away from a pace of {pace}/s", 100 * abs(paced["per_second"] / pace - 1), "%"),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "provider":
        asyncio.run(provide(int(sys.argv[2])))
    else:
        print(trio.run(drained, sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
