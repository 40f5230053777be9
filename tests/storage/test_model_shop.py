"""Money, seats, invoices, letters of our own: any sequence of calls ends alike in memory and on disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.address import DAY, Address
from engine.books import Charged
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
from engine.invoices import NUMBER, IssueOf
from engine.orders import Customer, Hold, OrderMove, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import Failure, IntentMove, IntentStatus, PaymentNews, PaymentSettlement, PaymentState, Way
from engine.ports import Store
from engine.tickets import BookingMove, BookingStatus, EntryStatus, EventStatus, booking_id
from storage.memory import MemoryStore
from storage.sqlite import open_sqlite
from tests.storage.things import FEST, GIG, booking, entry, intent, own_letter
from tests.storage.values import NOW, SHOP, FixedClock, letter, line, order, out

PEOPLE = [Address(SHOP, name) for name in ("ann", "ben")]
PRODUCTS = (Product("cake", "Cake", 650, stock=5), Product("tea", "Tea", 9, stock=3))
PROGRAMMES = {
    "first": (msgspec.structs.replace(GIG, capacity=4), msgspec.structs.replace(FEST, starts_at=NOW + 4)),
    "second": (msgspec.structs.replace(GIG, capacity=2, title="Other"),),
}
NUMBERS = ["W1", "W2", "W3"]
INTENTS = [f"{who}:{turn}:pay" for who in PEOPLE for turn in range(1, 5)]
ENTRIES = [f"{who.customer}-{name}" for who in PEOPLE for name in ("gig", "fest", "more")]
BOOKINGS = ["B1", "B2", "B3", *(booking_id(name) for name in ENTRIES)]
PAYMENTS = [f"{provider}:t{n}" for provider in ("fake", "bank") for n in range(3)]
LETTERS = [f"n{n}" for n in range(4)]

people = st.sampled_from(PEOPLE)
moments = st.integers(NOW, NOW + 6)
numbers = st.sampled_from(NUMBERS)
of_what = st.sampled_from([*NUMBERS, *BOOKINGS[:3]])


def some(of: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most).map(tuple)


def statuses(kind: type[Enum]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


def places(kind: type[Enum]) -> st.SearchStrategy[Any]:
    """Where a move may begin: more often anywhere than in one place."""
    return st.one_of(st.just(tuple(kind)), statuses(kind).map(lambda one: (one,)))


orders = st.builds(
    lambda number, of, who, held, flow, paid, placed: msgspec.structs.replace(
        order(number, *of, cart=f"c{number}", customer=who.customer, placed_at=placed),
        held=held,
        flow=flow,
        payment=paid,
    ),
    numbers,
    st.lists(st.builds(line, st.sampled_from(["cake", "tea"]), st.integers(1, 3)), min_size=1, max_size=2),
    people,
    st.booleans(),
    st.sampled_from(["", "micro_sales"]),
    statuses(PaymentStatus),
    moments,
)
holds = st.builds(Hold, st.sampled_from([f"{n}:cake" for n in NUMBERS]), st.just("cake"), st.integers(1, 3), moments)
bookings = st.builds(
    lambda name, seats, status, lasts, event, of: (name, seats, status, lasts, event, of),
    st.sampled_from(BOOKINGS[:3]),
    st.integers(1, 3),
    st.sampled_from([BookingStatus.HELD, BookingStatus.HELD, BookingStatus.CONFIRMED]),
    st.integers(0, 6),
    st.sampled_from(["gig", "gig", "fest", "zoo"]),
    st.sampled_from(["", *ENTRIES]),
)
booking_moves = st.builds(
    BookingMove,
    st.sampled_from(BOOKINGS),
    places(BookingStatus),
    statuses(BookingStatus),
    st.just("owner"),
    st.sampled_from(["", "", "ann"]),
    st.one_of(st.just(0), moments),
    st.booleans(),
    st.sampled_from([None, "", "Ann"]),
    st.sampled_from([None, *PaymentStatus]),
)
entries = st.tuples(
    st.sampled_from(["gig", "fest", "more"]),
    st.integers(1, 3),
    st.integers(0, 6),
    st.sampled_from([EntryStatus.WAITING, EntryStatus.WAITING, EntryStatus.LEFT]),
    st.sampled_from(["gig", "fest"]),
)
settlements = st.builds(
    PaymentSettlement,
    st.sampled_from(PAYMENTS),
    places(PaymentState),
    statuses(PaymentState),
    st.sampled_from(["", *NUMBERS]),
    st.sampled_from(["", "over"]),
    st.sampled_from(["", "owner"]),
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "orders": some(orders, 1),
        "moves": some(
            st.builds(OrderMove, numbers, places(OrderStatus), statuses(OrderStatus), st.just("o"), st.just(""))
        ),
        "payment_moves": some(
            st.builds(PaymentMove, numbers, places(PaymentStatus), statuses(PaymentStatus), st.just("o"))
        ),
        "takes": some(numbers),
        "holds": some(holds, 1),
        "releases": some(st.sampled_from([f"{n}:cake" for n in NUMBERS]), 1),
        "intents": some(st.tuples(of_what, statuses(Way), moments), 1),
        "intent_moves": some(
            st.builds(
                IntentMove,
                st.sampled_from(INTENTS),
                places(IntentStatus),
                statuses(IntentStatus),
                st.sampled_from(["", "why"]),
            )
        ),
        "settlements": some(settlements),
        "bookings": some(bookings),
        "booking_moves": some(booking_moves),
        "entries": some(entries),
        "invoices": some(st.builds(IssueOf, numbers, st.sampled_from([2025, 2026]), moments)),
        "synced": some(numbers),
        "posted": some(st.tuples(st.sampled_from(LETTERS), people, st.integers(0, 6)), 1),
    },
)
news = st.builds(
    PaymentNews,
    st.sampled_from(["t0", "t1", "t2"]),
    st.sampled_from(["fake", "bank"]),
    st.booleans(),
    st.just(650),
    st.just("INR"),
    st.sampled_from(["", *INTENTS]),
    st.sampled_from(["", "ref-1", "ref-2"]),
    st.sampled_from(["", *NUMBERS, "REF1"]),
    failure=statuses(Failure),
)
answers = st.builds(
    Charged,
    st.sampled_from(INTENTS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["fake", "bank"]),
    st.sampled_from(["", "ref-1", "ref-2"]),
    st.sampled_from(["", "https://pay.test/1"]),
    st.sampled_from(["refused", "unreachable"]),
    st.just("why"),
)
cards = st.builds(Customer, st.sampled_from(["ann", "ben", "cem"]), st.just(SHOP), st.sampled_from(["A", "B"]))

Call = tuple[str, tuple[Any, ...]]
inbound_ids = st.sampled_from(["w1", "w2", "", *LETTERS])
calls = st.one_of(
    st.tuples(st.just("turn"), st.tuples(people, st.sampled_from([1, 1, 1, 2]), inbound_ids, moments, parts)),
    st.tuples(st.just("turn"), st.tuples(people, st.just(1), st.just(""), moments, parts)),
    st.tuples(st.just("record"), st.tuples(st.just(SHOP), news, moments)),
    st.tuples(st.just("claim_charges"), st.tuples(some(st.sampled_from(INTENTS), 4), moments)),
    st.tuples(st.just("settle_charges"), st.tuples(some(answers, 3), moments)),
    st.tuples(st.just("asked_about"), st.tuples(some(st.sampled_from(INTENTS)), moments)),
    st.tuples(st.just("post"), st.tuples(some(st.builds(own_letter, st.sampled_from(LETTERS), to=people)))),
    st.tuples(st.just("park"), st.tuples(inbound_ids.map(letter), st.booleans(), st.just("why"), moments)),
    st.tuples(st.sampled_from(["sweep_bookings", "offer_seats"]), st.tuples(moments)),
    st.tuples(st.just("sweep"), st.tuples(moments.map(lambda at: at + 8 * DAY))),
    st.tuples(
        st.just("check_in"),
        st.tuples(
            st.just(SHOP),
            st.sampled_from(BOOKINGS),
            st.sampled_from(["s1", "s2"]),
            st.sampled_from(["", "gig"]),
            moments,
        ),
    ),
    st.tuples(
        st.just("import_events"),
        st.sampled_from(list(PROGRAMMES)).map(lambda name: (SHOP, name, PROGRAMMES[name])),
    ),
    st.tuples(
        st.just("save_event"),
        st.tuples(
            st.just(SHOP),
            st.builds(
                lambda capacity, status: msgspec.structs.replace(GIG, capacity=capacity, status=status),
                st.integers(1, 4),
                statuses(EventStatus),
            ),
        ),
    ),
    st.tuples(st.just("remove_event"), st.tuples(st.just(SHOP), st.sampled_from(["gig", "fest"]))),
    st.tuples(st.just("save_customers"), st.tuples(st.just(SHOP), some(cards))),
    st.tuples(st.just("note_synced"), st.tuples(st.just(SHOP), some(numbers))),
)


class Driver:
    """Puts calls to a store, with versions, ids and owners as actors would have them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.versions = dict.fromkeys(PEOPLE, 0)

    async def call(self, call: Call) -> object:
        name, arguments = call
        return await (self.turn(*arguments) if name == "turn" else getattr(self.store, name)(*arguments))

    async def turn(self, who: Address, step: int, inbound: str, at: int, wishes: dict[str, Any]) -> object:
        version = self.versions[who] + step
        commit = Commit(
            address=who,
            version=version,
            snapshot=b"{}",
            at=at,
            inbound_id=inbound,
            outbox=(out(f"{version}:0", who, f"Invoice {NUMBER}"),),
            **(wishes | self.own(who, version, at, wishes)),
        )
        conflict = await self.store.commit(commit)
        if conflict is None:
            self.versions[who] = version
        return conflict

    def own(self, who: Address, version: int, at: int, wishes: dict[str, Any]) -> dict[str, Any]:
        """What belongs to the customer whose turn it is."""
        name = who.customer
        return {
            "intents": tuple(
                [
                    intent(f"{who}:{version}:pay", of, name, way=way, created_at=made, reference=f"REF{version}")
                    for of, way, made in wishes.get("intents", ())
                ]
            ),
            "bookings": tuple(
                [
                    booking(id_, seats, status, lasts, event=event, entry=of, customer=name, held_at=at)
                    for id_, seats, status, lasts, event, of in wishes.get("bookings", ())
                ]
            ),
            "entries": tuple(
                [
                    entry(f"{name}-{id_}", seats, name, joined, status=status, event=event)
                    for id_, seats, joined, status, event in wishes.get("entries", ())
                ]
            ),
            "posted": tuple([own_letter(id_, to=to, due=due) for id_, to, due in wishes.get("posted", ())]),
        }

    async def everything(self) -> dict[str, object]:
        store = self.store
        found: dict[str, object] = {
            "products": await store.products(SHOP),
            "orders": await store.orders(SHOP, 99),
            "history": [await store.order_history(SHOP, number) for number in NUMBERS],
            "by cart": [await store.order_of_cart(SHOP, f"c{number}") for number in NUMBERS],
            "paid": await store.orders_like(SHOP, 2, 1, payments=(PaymentStatus.PAID, PaymentStatus.PENDING)),
            "pending": await store.orders_like(SHOP, 9, statuses=(OrderStatus.PENDING,)),
            "cards": await store.customers(SHOP, 99),
            "stats": await store.stats(SHOP),
            "invoices": await store.invoices(SHOP, 99),
            "unsynced": await store.unsynced(SHOP, 99),
            "charges": await store.charges(99),
            "silent": [await store.silent_charges(NOW + n, 99) for n in (2, 99)],
            "payments": await store.payments(SHOP, (), 99),
            "desk": await store.payments(SHOP, (PaymentState.DESK,), 2, 1),
            "paying": [await store.payment_of(SHOP, number) for number in NUMBERS],
            "letters": [await store.posted(NOW + n, 99) for n in (0, 3, 99)],
            "next": await store.next_posted(),
            "events": await store.events(SHOP),
            "bookings": await store.bookings(SHOP, (), 99),
            "held": await store.bookings(SHOP, (BookingStatus.HELD,), 2, 1, "gig"),
            "metrics": await store.metrics(SHOP),
            "parked": await store.parked(None, True, 99),
            "waiting": (await store.waiting(0, 99))[1],
        }
        for who in PEOPLE:
            for now in (NOW, NOW + 3):
                found[f"{who} knows at {now}"] = [await store.know(who, (need,), now) for need in needs()]
        return found


def needs() -> Sequence[AnyNeed]:
    return [
        *(Availability(), OwnOrders(2), OwnCard(), Seats(), OwnBookings(2), OwnEntries()),
        *(OrderNumbered(number) for number in NUMBERS),
        *(InvoiceOf(number) for number in NUMBERS),
        *(IntentsFor(name) for name in (*NUMBERS, *BOOKINGS[:3])),
        *(BookingNumbered(name) for name in BOOKINGS),
        *(PaymentOf(name) for name in PAYMENTS),
        *(IntentOf(name) for name in INTENTS),
    ]


BEFORE: list[Call] = [
    ("import_catalogue", (SHOP, "first", PRODUCTS)),
    ("import_events", (SHOP, "first", PROGRAMMES["first"])),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(calls, min_size=1, max_size=25))
def test_any_sequence_of_calls_ends_alike_in_memory_and_on_disk(sequence: list[Call]) -> None:
    trio.run(compare, [*BEFORE, *sequence])


async def compare(sequence: list[Call]) -> None:
    clock, folder = FixedClock(), tempfile.mkdtemp(prefix="sokoni-test-")
    try:
        async with open_sqlite(Path(folder) / "shop.db", clock, synchronous="NORMAL") as store:
            disk, memory = Driver(store), Driver(MemoryStore(clock))
            for call in sequence:
                assert await disk.call(call) == await memory.call(call), call
            assert await disk.everything() == await memory.everything()
    finally:
        shutil.rmtree(folder)
