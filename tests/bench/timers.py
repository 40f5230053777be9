"""What picking due timers costs while a million of others wait, through the store as the scheduler asks it.

The rows are laid into the file directly: how they came there is `turns`' figure. What is not due must not count, so the
same picking is measured among a thousand that wait and among a million.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from engine.ports import Store
from storage.sqlite import open_sqlite
from tests.bench.bench_store import Figure, WallClock

WAITING, DUE, BATCH, ROUNDS = 1_000_000, 50_000, 100, 200
DUE_AT, LATER = 1_000_000, 2_000_000_000_000
"""When the due ones were due, and the others will be (the year 2033)."""


def lay(path: Path, due: int, waiting: int) -> None:
    """Timers of so many customers, four each."""
    with sqlite3.connect(path) as rows:
        rows.executemany(
            "INSERT INTO timers (shop, customer, kind, due, turn) VALUES ('bakery', ?, ?, ?, 1)",
            (
                (f"c{n // 4:x}", f"reminder:ORD-{n:08}:{n % 4}", DUE_AT + n if n < due else LATER + n * 7)
                for n in range(due + waiting)
            ),
        )
    rows.close()


async def pick(store: Store) -> tuple[float, float]:
    """(middle, worst) milliseconds of asking for one batch and for when the first is due."""
    now, took = WallClock().now(), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        batch = await store.due(now, BATCH)
        await store.next_due()
        took.append((time.perf_counter() - began) * 1_000)
        assert len(batch) == BATCH
    took.sort()
    return took[len(took) // 2], took[-1]


async def timer_figures(waiting: int = WAITING, due: int = DUE) -> list[Figure]:
    """The figures; takes about twenty seconds."""
    figures: list[Figure] = []
    for few_or_many in (1_000, waiting):
        with tempfile.TemporaryDirectory(prefix="sokoni-timers-") as folder:
            path = Path(folder) / "shop.db"
            async with open_sqlite(path, WallClock()):
                pass
            lay(path, due, few_or_many)
            async with open_sqlite(path, WallClock()) as store:
                middle, worst = await pick(store)
        figures.append((f"picking {BATCH} of {due:,} due, {few_or_many:,} wait: middle", middle, "ms"))
        figures.append((f"picking {BATCH} of {due:,} due, {few_or_many:,} wait: worst of {ROUNDS}", worst, "ms"))
    return figures
