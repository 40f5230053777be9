"""A campaign to many: frozen into the store, and claimed for the outbox, without a provider.

What a number is paced at decides how fast it is sent; these figures say what the store and the feeder add to that.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from engine.campaigns import CampaignStatus, Part, Plan, Recipient
from engine.messages import Outcome, OutcomeClass, Template
from storage.sqlite import SqliteStore, open_sqlite
from tests.bench.bench_store import Figure, WallClock

RECIPIENTS, PART, CLAIM, CLAIMS = 100_000, 500, 300, 100
SHOP, NAME = "bakery", "eid"


def some(first: int, count: int) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(
            f"c{n:012}", str(254_700_000_000 + n), "", "A", Template("eid_offer", "sw", (f"Customer {n}", "20 %"))
        )
        for n in range(first, first + count)
    )


def grown() -> float:
    """MB of memory at the highest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def frozen(store: SqliteStore, recipients: int) -> float:
    """Seconds from the start of a campaign until it runs."""
    now = WallClock().now()
    await store.create_campaign(SHOP, NAME, Plan("Eid"), now)
    began = time.perf_counter()
    await store.move_campaign(SHOP, NAME, CampaignStatus.DRAFT, CampaignStatus.STARTING, now)
    for first in range(0, recipients, PART):
        before, after = (str(first) if first else ""), (str(first + PART) if first + PART < recipients else "")
        part = Part(some(first, min(PART, recipients - first)), {}, after)
        assert await store.freeze(SHOP, NAME, before, part, now) is not None
    return time.perf_counter() - began


async def claimed(store: SqliteStore) -> list[float]:
    """Milliseconds of each claim of a tick's recipients; their messages are sent at once."""
    took: list[float] = []
    for _ in range(CLAIMS):
        now = WallClock().now()
        began = time.perf_counter()
        rows = (await store.claim_recipients(SHOP, NAME, now, CLAIM)).rows
        took.append((time.perf_counter() - began) * 1_000)
        keys = [row.key for row in rows]
        await store.claim(keys, now)
        await store.settle([(key, Outcome(OutcomeClass.SENT, f"p.{key}")) for key in keys], now)
    return sorted(took)


async def campaign_figures(recipients: int = RECIPIENTS) -> list[Figure]:
    """The figures; takes about half a minute."""
    with tempfile.TemporaryDirectory(prefix="sokoni-campaign-") as folder:
        async with open_sqlite(Path(folder) / "shop.db", WallClock()) as store:
            before = grown()
            seconds = await frozen(store, recipients)
            took = await claimed(store)
            began = time.perf_counter()
            counts = await store.campaign_counts(SHOP, NAME)
            counting = (time.perf_counter() - began) * 1_000
            began = time.perf_counter()
            await store.move_campaign(SHOP, NAME, CampaignStatus.RUNNING, CampaignStatus.PAUSED, WallClock().now())
            pausing = (time.perf_counter() - began) * 1_000
    assert sum(counts.values()) == recipients
    return [
        (f"{recipients:,} recipients frozen", seconds, "s"),
        ("memory grown meanwhile", grown() - before, "MB"),
        (f"claiming {CLAIM}: middle", took[len(took) // 2], "ms"),
        (f"claiming {CLAIM}: worst of {CLAIMS}", took[-1], "ms"),
        ("counting how all of them stand", counting, "ms"),
        ("pausing", pausing, "ms"),
    ]
