"""The SQLite file decides about money, seats and invoices by itself; what the store remembers beside it is right."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.address import HOUR, MINUTE, Address
from engine.facts import Conflict, ConflictKind, Seats
from engine.invoices import IssueOf
from engine.orders import Order, PaymentStatus, holds_of
from engine.payments import IntentStatus
from engine.ports import Store
from engine.tickets import BookingMove
from storage import writer
from storage.sqlite import SqliteStore, open_sqlite
from tests.storage.test_sqlite import dump, sql
from tests.storage.things import (
    CANCELLED,
    CHECKED_IN,
    CONFIRMED,
    GIG,
    HELD,
    PROGRAMME,
    book_move,
    booked,
    booking,
    charged,
    entry,
    intent,
    intent_of,
    known,
    letters,
    news,
)
from tests.storage.values import ANN, BEN, CATALOGUE, NOW, SHOP, FixedClock, Talk, hold, line, order, out, together

NO_SEATS = Conflict(ConflictKind.SOLD_OUT, "gig")
NO_CAKE = Conflict(ConflictKind.SOLD_OUT, "cake")
LATER = NOW + 6 * MINUTE
"""When a hold of NOW is over."""

BOOKED = "(shop, booking, frm, dest, who, at, expires_at, extended)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def talks(store: Store, count: int) -> list[Talk]:
    return [Talk(store, Address(SHOP, f"c{n}")) for n in range(count)]


# -- the file refuses ------------------------------------------------------------------------------------------------


def held(number: str, customer: str = "ann") -> Order:
    return replace(order(number, line("cake", 2), customer=customer), held=True)


async def fill(store: SqliteStore) -> None:
    """A house with no seat left, an order that is paid and invoiced, and one whose hold is over and its cake gone."""
    await store.import_catalogue(SHOP, "first", CATALOGUE)
    await store.import_events(SHOP, "first", PROGRAMME)
    ann, ben = Talk(store, ANN), Talk(store, BEN)
    turns = [
        await ann.commit(bookings=(booked("B1", 4), booking("B2", 2, lasts=HOUR), booking("B9", 1, lasts=-1))),
        await ann.commit(orders=(held("WA2"),), holds=holds_of(held("WA2"), NOW + 1)),
        await ann.commit(orders=(order("WA1", line("cake", 6)),), intents=(intent("i1"),), at=NOW + 1),
        await ann.commit(invoices=(IssueOf("WA1", 2026, NOW),), synced=("WA1",)),
        await ben.commit(entries=(entry("e1", customer="ben"), entry("e2", customer="ben", event="fest"))),
    ]
    assert turns == [None] * 5
    await store.record(SHOP, news("t1", intent="i1"), NOW)
    await store.key("tickets")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO bookings SELECT shop, 'B8', customer, event, title, starts_at, 1, price, currency, 'held',"
        " payment, held_at, expires_at, name, phone, extended, entry, checked_in_at, at FROM bookings WHERE id = 'B2'",
        "INSERT INTO bookings SELECT shop, 'B8', customer, 'nowhere', title, starts_at, 1, price, currency, status,"
        " payment, held_at, expires_at, name, phone, extended, entry, checked_in_at, at FROM bookings WHERE id = 'B1'",
        f"INSERT INTO booking_moves {BOOKED} VALUES ('bakery', 'B9', 'held', 'confirmed', '', {NOW}, 0, 0)",
        f"INSERT INTO booking_moves {BOOKED} VALUES ('bakery', 'B9', 'held', 'held', '', {NOW}, {NOW + 1}, 0)",
        f"INSERT INTO booking_moves {BOOKED} VALUES ('bakery', 'B1', 'held', 'confirmed', '', 0, 0, 0)",
        f"INSERT INTO booking_moves {BOOKED} VALUES ('bakery', 'B2', 'held', 'checked_in', '', 0, 0, 0)",
        f"INSERT INTO booking_moves {BOOKED} VALUES ('bakery', 'B1', 'confirmed', 'held', '', 0, 0, 0)",
        "UPDATE bookings SET status = 'checked_in' WHERE id = 'B2'",
        "UPDATE bookings SET seats = 1",
        "DELETE FROM events WHERE id = 'gig'",
        "UPDATE events SET capacity = -1",
        "INSERT INTO entries SELECT shop, 'e3', customer, event, 0, joined_at, phone, currency, 'left', booking"
        " FROM entries WHERE id = 'e1'",
        "UPDATE entries SET event = 'gig'",
        "UPDATE orders SET held = 0 WHERE number = 'WA2'",
        "UPDATE orders SET held = 1 WHERE number = 'WA1'",
        "UPDATE orders SET payment = 'paid' WHERE number = 'WA1'",
        "UPDATE intents SET status = 'created'",
        "UPDATE intents SET status = 'lost'",
        "INSERT INTO payments (shop, id, provider, amount, currency, at, intent, pays, customer, transact, payer,"
        " reference, state, why, who) SELECT shop, id, provider, 1, currency, at, intent, pays, customer, transact,"
        " payer, reference, state, why, who FROM payments",
        "UPDATE payments SET state = 'credited'",
        "UPDATE payments SET refunded = -1",
        "UPDATE payments SET refunding = -1",
        "UPDATE payments SET state = ''",
        "INSERT INTO invoices VALUES (NULL, 'bakery', 'INV-2026-0003', 'WA2', 2026, 3, 0, 0)",
        "INSERT INTO invoices VALUES (NULL, 'bakery', 'INV-2026-0002', 'WA1', 2026, 2, 0, 0)",
        "INSERT INTO invoices VALUES (NULL, 'bakery', 'INV-2026-0002', 'WA9', 2026, 2, 0, 0)",
        "DELETE FROM invoices",
        "UPDATE invoices SET number = 'INV-2026-0007'",
        "INSERT INTO crm_queue (shop, number) VALUES ('bakery', 'WA9')",
        "UPDATE keys SET key = x'00'",
    ],
)
async def test_the_file_itself_refuses_what_must_not_be(path: Path, clock: FixedClock, statement: str) -> None:
    async with open_sqlite(path, clock) as store:
        await fill(store)
    before = dump(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    assert dump(path) == before


@pytest.mark.parametrize(("trigger", "sold"), [("", 6), ("booking_needs_seats", 40)])
async def test_it_is_the_trigger_that_keeps_bookings_within_the_house(
    path: Path, clock: FixedClock, trigger: str, sold: int
) -> None:
    """Twin: with the trigger dropped and the cache misled, everybody has a seat that is not there."""
    async with misled(path, clock, trigger) as store:
        ends = await together(
            *(partial(one.commit, bookings=(booking(f"B{n}"),)) for n, one in enumerate(talks(store, 40))),
            *(partial(Talk(store, Address(SHOP, f"t{n}")).commit, outbox=()) for n in range(20)),
        )
    assert (ends.count(None), ends.count(NO_SEATS)) == (sold + 20, 40 - sold)


@pytest.mark.parametrize(("trigger", "sold"), [("", 6), ("late_booking_needs_seats", 20)])
async def test_it_is_the_trigger_that_refuses_late_confirmations(
    path: Path, clock: FixedClock, trigger: str, sold: int
) -> None:
    """Twin: holds of different times, each of them over when it is confirmed."""
    async with misled(path, clock, trigger) as store:
        for n, one in enumerate(talks(store, 20)):
            one.at = NOW + n * HOUR
            assert await one.commit(bookings=(booking(f"B{n}", 1, lasts=n * HOUR + MINUTE),)) is None
        late = [Talk(store, Address(SHOP, f"c{n}"), 1, NOW + 30 * HOUR, 1) for n in range(20)]
        ends = await together(
            *(partial(one.commit, booking_moves=(book_move(f"B{n}", HELD, CONFIRMED),)) for n, one in enumerate(late))
        )
    assert (ends.count(None), ends.count(NO_SEATS)) == (sold, 20 - sold)


@pytest.mark.parametrize(("trigger", "end"), [("", NO_CAKE), ("taking_needs_stock", None)])
async def test_it_is_the_trigger_that_keeps_what_others_hold(
    path: Path, clock: FixedClock, trigger: str, end: Conflict | None
) -> None:
    """Twin: Ann's hold is over and Ben holds all six; her late money must not take what is promised to him."""
    async with misled(path, clock, trigger) as store:
        ann = Talk(store, ANN)
        await ann.commit(orders=(held("WA1"),))
        await Talk(store, BEN).commit(holds=(hold("h1", 6),))
        assert await ann.commit(takes=("WA1",)) == end


@asynccontextmanager
async def misled(path: Path, clock: FixedClock, trigger: str) -> AsyncIterator[SqliteStore]:
    """A store whose memory of what is left is far too good; ``trigger`` is dropped first."""
    async with open_sqlite(path, clock) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        await store.import_events(SHOP, "first", PROGRAMME)
    if trigger:
        sql(path, f"DROP TRIGGER {trigger}")
    async with open_sqlite(path, clock) as store:
        store._stock.count(SHOP, "cake", 1_000)
        store._seating.set(SHOP, "gig", 1_000, True)
        yield store


# -- what the store remembers ----------------------------------------------------------------------------------------


async def test_the_seat_cache_is_what_the_file_says(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await store.import_events(SHOP, "first", PROGRAMME)
        ann, ben = Talk(store, ANN), Talk(store, BEN)
        await ann.commit(
            bookings=(booking("B1", 2), booked("B2", 1), booking("B3", 1, lasts=1), booked("B4", event="fest"))
        )
        await ben.commit(bookings=(booked("B5", 1, customer="ben"),), entries=(entry("e1", 2, "ben", event="fest"),))
        await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED), book_move("B2", CONFIRMED, CANCELLED)))
        await store.check_in(SHOP, "B5", "s1", "", NOW)
        assert await store.sweep_bookings(NOW + 1) == 1
        assert await store.offer_seats(NOW) == 1
        assert await store.save_event(SHOP, replace(GIG, capacity=9))
        before = [(await known(store, Seats(), now=now)).seats for now in (NOW, LATER, NOW + HOUR)]
        assert before[:2] == [{"gig": 6, "fest": 0}, {"gig": 6, "fest": 0}]
        assert before[2] == {"gig": 6, "fest": 2}
    async with open_sqlite(path, clock) as again:
        assert [(await known(again, Seats(), now=now)).seats for now in (NOW, LATER, NOW + HOUR)] == before


@pytest.mark.parametrize("moves", [False, True], ids=["new bookings", "late confirmations"])
async def test_a_refused_booking_does_not_break_its_batch(
    path: Path, clock: FixedClock, moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five hundred at once for six seats: whoever comes too late is known before, and nobody is tried alone."""
    alone: list[object] = []
    monkeypatch.setattr(writer, "_alone", alone.append)
    async with open_sqlite(path, clock) as store:
        await store.import_events(SHOP, "first", PROGRAMME)
        some = talks(store, 500)
        if moves:
            await together(
                *(
                    partial(one.commit, bookings=(booking(f"B{n}", lasts=-1),), outbox=(out("1:0", one.address),))
                    for n, one in enumerate(some)
                )
            )
            parts: list[dict[str, Any]] = [
                {"booking_moves": (book_move(f"B{n}", HELD, CONFIRMED),)} for n in range(500)
            ]
        else:
            parts = [{"bookings": (booking(f"B{n}"),)} for n in range(500)]
        ends = await together(*(partial(one.commit, **part) for one, part in zip(some, parts, strict=True)))
        assert (ends.count(None), ends.count(NO_SEATS)) == (6, 494)
        assert (await known(store, Seats())).seats["gig"] == 0
    assert alone == []


def moved(n: int) -> BookingMove:
    return book_move(f"B{n}", HELD, CONFIRMED)


async def test_what_was_being_asked_for_is_unknown_after_a_start(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await Talk(store).commit(intents=(intent("i1"), intent("i2")))
        await store.claim_charges(["i1"], NOW)
    clock.at = NOW + MINUTE
    async with open_sqlite(path, clock) as store:
        assert (await intent_of(store, "i1")).status is IntentStatus.PENDING
        assert [one.id for one in await store.charges(9)] == ["i2"]
        assert [one.id for one in await store.silent_charges(NOW + MINUTE + 1, 9)] == ["i1"]
        await store.settle_charges([charged("i1")], NOW)
        assert await letters(store) == {}, "an answer that comes after all only names it"


async def test_every_change_of_a_booking_is_kept_with_its_date_and_who(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await store.import_events(SHOP, "first", PROGRAMME)
        talk = Talk(store)
        await talk.commit(bookings=(booking("B1"),))
        paid = book_move("B1", HELD, CONFIRMED, buyer="Ann", payment=PaymentStatus.PAID)
        await talk.commit(booking_moves=(paid,), at=NOW + 5)
        await store.check_in(SHOP, "B1", "s1", "", NOW + 9)
        assert dump(path)["booking_moves"] == [
            (1, SHOP, "B1", "held", "confirmed", "customer", NOW + 5, 0, "Ann", "paid", 0),
            (2, SHOP, "B1", "confirmed", CHECKED_IN.value, "door", NOW + 9, 0, None, None, 0),
        ]


async def test_the_stores_own_key_survives_a_start(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        key = await store.key("tickets")
        assert len(key) == 32
        assert await store.key("papers") != key
    async with open_sqlite(path, clock) as store:
        assert await store.key("tickets") == key
