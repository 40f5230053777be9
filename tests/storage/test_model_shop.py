"""Money, seats, invoices, letters of our own: any sequence of calls ends alike in memory and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.address import Address
from engine.catalogue import Product
from engine.commit import Commit
from engine.facts import (
    AnyNeed,
    Availability,
    BookingNumbered,
    IntentOf,
    IntentsFor,
    InvoiceOf,
    OrderNumbered,
    OwnBookings,
    OwnCard,
    OwnEntries,
    OwnOrders,
    PaymentOf,
    Seats,
)
from engine.invoices import CREDIT, NUMBER
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import PaymentState
from engine.ports import Store
from engine.tickets import BookingStatus, booking_id
from storage.sqlite import open_sqlite
from tests.engine.open_store import OpenStore
from tests.storage.playing import BOOKINGS, NUMBERS, PEOPLE, PROGRAMMES, Call, Player
from tests.storage.values import NOW, SHOP, FixedClock, out

SEEDS = 24
STEPS = 80
PRODUCTS = (Product("cake", "Cake", 650, stock=8), Product("tea", "Tea", 9, stock=5))
BEFORE: list[Call] = [
    ("import_catalogue", (SHOP, "first", PRODUCTS)),
    ("import_events", (SHOP, "first", PROGRAMMES["first"])),
]


async def put(store: Store, call: Call) -> object:
    """One call, a turn as its commit."""
    name, arguments = call
    return await (turn(store, *arguments) if name == "turn" else getattr(store, name)(*arguments))


async def turn(store: Store, who: Address, version: int, inbound: str, at: int, parts: dict[str, Any]) -> object:
    said = out(f"{version}:0", who, f"Invoice {NUMBER}, credit note {CREDIT}")
    return await store.commit(Commit(who, version, b"{}", at, inbound_id=inbound, outbox=(said,), **parts))


async def everything(store: Store, now: int) -> dict[str, object]:
    """All that can be asked, by what it was asked for."""
    found: dict[str, object] = {
        "products": await store.products(SHOP),
        "orders": await store.orders(SHOP, 99),
        "history": [await store.order_history(SHOP, number) for number in NUMBERS],
        "by cart": [await store.order_of_cart(SHOP, f"c{number}") for number in NUMBERS],
        "paid": await store.orders_like(SHOP, 2, 1, payments=(PaymentStatus.PAID, PaymentStatus.PENDING)),
        "pending": await store.orders_like(SHOP, 9, statuses=(OrderStatus.PENDING,)),
        "cards": await store.customers(SHOP, 99),
        "stats": await store.stats(SHOP),
        "invoices": await store.invoices(SHOP, 99, 0, now),
        "steps": await store.progresses(SHOP, NOW, 99),
        "open steps": await store.progresses(SHOP, NOW, 9, 1, unfinished=True),
        "accounts": [await store.account(who, NOW, now + 99, now, 5) for who in PEOPLE],
        "credit notes": await store.credit_notes(SHOP, 99),
        "unsynced": await store.unsynced(SHOP, 99),
        "stocktake": await store.last_stocktake(SHOP),
        "charges": await store.charges(99),
        "silent": [await store.silent_charges(at, 99) for at in (now, now + 99)],
        "payments": await store.payments(SHOP, (), 99),
        "desk": await store.payments(SHOP, (PaymentState.DESK,), 2, 1),
        "paying": [await store.payment_of(SHOP, number) for number in NUMBERS],
        "letters": [await store.posted(at, 99) for at in (NOW, now, now + 99)],
        "next": await store.next_posted(),
        "events": await store.events(SHOP),
        "bookings": await store.bookings(SHOP, (), 99),
        "held": await store.bookings(SHOP, (BookingStatus.HELD,), 2, 1, "gig"),
        "metrics": await store.metrics(SHOP),
        "parked": await store.parked(None, True, 99),
        "waiting": (await store.waiting(0, 99))[1],
        "next timer": await store.next_due(),
        "forwards": await store.forwards(),
        "people": await store.identities(SHOP, [who.customer for who in PEOPLE]),
    }
    for who in PEOPLE:
        for at in (now, now + 6):
            found[f"{who} knows at {at}"] = [await store.know(who, (need,), at) for need in needs()]
    return found


def needs() -> Sequence[AnyNeed]:
    offered = [booking_id(f"{who.customer}-{n}") for who in PEOPLE for n in (1, 2, 3)]
    intents = [f"{who}:{version}:pay" for who in PEOPLE for version in range(1, 40)]
    return [
        *(Availability(), OwnOrders(2), OwnCard(), Seats(), OwnBookings(2), OwnEntries()),
        *(OrderNumbered(number) for number in NUMBERS),
        *(InvoiceOf(number) for number in NUMBERS),
        *(IntentsFor(name) for name in (*NUMBERS, *BOOKINGS[:2])),
        *(BookingNumbered(name) for name in (*BOOKINGS, *offered)),
        *(PaymentOf(f"fake:t{n}") for n in range(1, 9)),
        *(IntentOf(name) for name in intents),
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_any_sequence_of_calls_ends_alike_in_memory_and_on_disk(seed: int, tmp_path: Path) -> None:
    clock = FixedClock()
    async with open_sqlite(tmp_path / "shop.db", clock, synchronous="NORMAL") as disk:
        await play(seed, clock, OpenStore(clock), disk)


def snapshot_version(memory: OpenStore, who: Address) -> int:
    snapshot = memory.snapshots().get(who)
    return snapshot.version if snapshot is not None else 0


async def play(seed: int, clock: FixedClock, memory: OpenStore, disk: Store) -> None:
    """The same calls to both, each answered alike; and alike in the end."""
    player = Player(seed, memory)
    for call in BEFORE:
        assert await put(disk, call) == await put(memory, call)
    for _ in range(STEPS):
        call = player.call()
        clock.at = player.now
        told = await put(memory, call)
        assert await put(disk, call) == told, call
        if call[0] in ("turn", "merge"):
            player.versions = {who: snapshot_version(memory, who) for who in PEOPLE}
    assert await everything(disk, player.now) == await everything(memory, player.now)
