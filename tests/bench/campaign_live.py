"""A campaign at work while customers write: is the number's pace kept, and do answers come as if there were none?

The whole engine over SQLite at FULL with a channel that accepts at once, so that every figure is the engine's.
Customers write at fixed moments, whether or not those before them were answered; a turn counts until its reply was
sent.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import msgspec
import trio

from adapters.app.serve import calm_gc
from engine.address import Sender
from engine.audience import Audience
from engine.campaigns import CampaignStatus, Plan, Variant
from engine.events import Inbound, TextSaid
from engine.messages import Outcome, Outgoing, Purpose
from engine.orders import Customer
from engine.ports import Http, Store
from engine.quiet import NEVER
from engine.running import Running
from storage import open_store
from tests.bench.bench_store import Figure, WallClock
from tests.bench.campaign import grown
from tests.bench.null import NullChannel, bakery, null_connection

RECIPIENTS, CARDS_AT_ONCE = 100_000, 2_000
PACES = (200, 600)
WRITE_PER_SECOND = 50
SETTLING_SECONDS, SECONDS = 3.0, 15.0
SHOP, NAME = "bakery", "eid"
STRANGERS = 254_800_000_000


class Watching(NullChannel):
    """Notes when each message was sent, and how long a customer waited for the first reply."""

    def __init__(self) -> None:
        super().__init__()
        self.bulk: list[float] = []
        self.replies: list[float] = []
        self.wrote: dict[str, float] = {}
        self.waited: list[float] = []

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        now = time.perf_counter()
        (self.bulk if outgoing.purpose is Purpose.BULK else self.replies).append(now)
        if (since := self.wrote.pop(outgoing.phone, None)) is not None:
            self.waited.append((now - since) * 1_000)
        return await super().send(http, outgoing)


async def started(store: Store, running: Running) -> float:
    """Seconds from the start of a campaign to everybody until its audience is frozen, every message made."""
    plan = Plan(
        "Eid",
        (Variant(template="eid_offer", language="en", parameters=("{first_name:friend}", "20 %")),),
        msgspec.json.encode(Audience(everybody=True)).decode(),
    )
    now = WallClock().now()
    await store.create_campaign(SHOP, NAME, plan, now)
    began = time.perf_counter()
    await store.move_campaign(SHOP, NAME, CampaignStatus.DRAFT, CampaignStatus.STARTING, now)
    running.campaigning.look()
    while True:
        campaign = await store.campaign(SHOP, NAME)
        assert campaign is not None
        if campaign.status is CampaignStatus.RUNNING:
            return time.perf_counter() - began
        await trio.sleep(0.02)


async def write(running: Running, channel: Watching, first: int, seconds: float) -> None:
    """Somebody else says hi, so many times a second."""
    begun = trio.current_time()
    for n in range(round(seconds * WRITE_PER_SECOND)):
        await trio.sleep_until(begun + n / WRITE_PER_SECOND)
        phone = str(STRANGERS + first + n)
        channel.wrote[phone] = time.perf_counter()
        running.post([Inbound(f"wamid.{phone}", SHOP, Sender(phone), WallClock().now(), TextSaid("hi"))])


def engine(store: Store, channel: Watching, pace: int) -> Running:
    shop = bakery()
    awake = msgspec.structs.replace(shop, terms=msgspec.structs.replace(shop.terms, quiet=NEVER))
    return Running(store, {SHOP: awake}, {SHOP: channel}, {SHOP: float(pace)}, null_connection, WallClock())


async def measured(store: Store, pace: int, *, start: bool) -> list[Figure]:
    """What one pace gives; ``start``: the campaign is begun first."""
    channel, figures = Watching(), list[Figure]()
    running = engine(store, channel, pace)
    async with trio.open_nursery() as nursery:
        await nursery.start(running.run)
        if start:
            before = grown()
            figures.append((f"{RECIPIENTS:,} recipients gathered and frozen", await started(store, running), "s"))
            figures.append(("memory grown by that", grown() - before, "MB"))
        calm_gc()
        await write(running, channel, pace * 10_000, SETTLING_SECONDS)
        began = time.perf_counter()
        channel.waited.clear()
        await write(running, channel, pace * 10_000 + 5_000, SECONDS)
        ended = time.perf_counter()
        await trio.sleep(1)  # the last reply is on its way
        nursery.cancel_scope.cancel()
    within = [at for at in (*channel.bulk, *channel.replies) if began <= at < ended]
    rate, waited = len(within) / (ended - began), sorted(channel.waited)
    return [
        *figures,
        (f"campaign and replies on a number of {pace}/s", rate, "messages/s"),
        (f"away from the pace of {pace}/s", 100 * abs(rate / pace - 1), "%"),
        (f"a reply meanwhile: middle of {len(waited)}", waited[len(waited) // 2], "ms"),
        ("a reply meanwhile: p99", waited[99 * len(waited) // 100], "ms"),
        ("customers without a reply", len(channel.wrote), ""),
    ]


async def live_figures() -> list[Figure]:
    """The figures; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="sokoni-campaign-") as folder:
        async with open_store(f"sqlite:///{Path(folder) / 'shop.db'}", WallClock()) as store:
            await store.import_catalogue(SHOP, "bench", bakery().catalogue.products)
            for first in range(0, RECIPIENTS, CARDS_AT_ONCE):
                numbers = range(first, first + CARDS_AT_ONCE)
                cards = [Customer(f"c{n:012}", SHOP, f"Customer {n}", str(254_700_000_000 + n)) for n in numbers]
                await store.save_customers(SHOP, cards)
            figures: list[Figure] = []
            for pace in PACES:
                figures += await measured(store, pace, start=pace == PACES[0])
    return figures
