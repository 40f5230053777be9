"""What the Needs of turns ask of the SQLite file: each kind answers many customers at once (storage/reader.py).

Every answer is a Known that holds what was found, and ``together`` makes one of several. Stock and seats are not here:
the store has them in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from engine.address import Address
from engine.facts import (
    BookingNumbered,
    IntentOf,
    IntentsFor,
    InvoiceOf,
    Known,
    Need,
    OrderNumbered,
    OwnBookings,
    OwnCard,
    OwnEntries,
    OwnOrders,
    PaymentFor,
    PaymentOf,
    ReminderNamed,
)
from engine.invoices import Invoice
from engine.orders import Order
from engine.payments import Intent
from engine.tickets import Booking, Entry
from storage.asking import Answers, Asked, Lookup
from storage.crew_rows import LOOKUPS as CREW_LOOKUPS
from storage.invoice_rows import INVOICE_OF, invoice
from storage.money_rows import INTENT_OF, PAYMENT_OF, intent, payment
from storage.order_rows import CARD_OF, ORDER_OF, card, order
from storage.reminder_rows import REMINDER_OF, reminder
from storage.seat_rows import BOOKING_OF, ENTRY_OF, booking, entry
from storage.sql import Db, Row, read_all


def together(parts: Iterable[Known | None], left: Mapping[str, int], seats: Mapping[str, int]) -> Known:
    """One answer of several; nothing is told twice."""
    found = [part for part in parts if part is not None]
    return Known(
        customer=next((part.customer for part in found if part.customer is not None), None),
        orders=tuple({one.number: one for part in found for one in part.orders}.values()),
        left=left,
        seats=seats,
        bookings=tuple({one.id: one for part in found for one in part.bookings}.values()),
        entries=tuple([one for part in found for one in part.entries]),
        payment=next((part.payment for part in reversed(found) if part.payment is not None), None),
        intents=tuple({one.id: one for part in found for one in part.intents}.values()),
        invoices=tuple({one.number: one for part in found for one in part.invoices}.values()),
        reminders=tuple({one.id: one for part in found for one in part.reminders}.values()),
        day=next((part.day for part in found if part.day is not None), None),
        campaigns=tuple({one.id: one for part in found for one in part.campaigns}.values()),
        reached=next((part.reached for part in found if part.reached), ""),
    )


# -- customers and orders --------------------------------------------------------------------------------------------


async def cards(db: Db, asked: Sequence[Asked]) -> Answers:
    """OwnCard."""
    sql = f"""SELECT json_group_array({CARD_OF})
        FROM customers WHERE (shop, id) IN (SELECT * FROM ({{values}}))"""  # noqa: S608
    found = [card(row) for row in await read_all(db, sql, [address for address, _ in asked])]
    known = {Address(one.shop, one.id): Known(customer=one) for one in found}
    return {(address, need): known[address] for address, need in asked if address in known}


async def own_orders(db: Db, asked: Sequence[Asked]) -> Answers:
    """OwnOrders."""
    sql = f"""
        WITH a(shop, customer) AS ({{values}}),
        mine AS (SELECT o.rowid AS id, row_number() OVER
            (PARTITION BY o.shop, o.customer ORDER BY o.placed_at DESC, o.rowid DESC) AS place
            FROM a JOIN orders o ON o.shop = a.shop AND o.customer = a.customer)
        SELECT json_group_array(json_array(mine.place, {ORDER_OF}))
        FROM mine JOIN orders o ON o.rowid = mine.id WHERE mine.place <= {_most(asked)}"""  # noqa: S608
    orders: dict[Address, list[Order]] = {}
    for _, row in sorted(await read_all(db, sql, _who(asked)), key=itemgetter(0)):
        one = order(row)
        orders.setdefault(Address(one.shop, one.customer), []).append(one)
    return {(who, need): Known(orders=tuple(orders.get(who, ())[: max(0, need.limit)])) for who, need in asked}


async def order_numbered(db: Db, asked: Sequence[Asked]) -> Answers:
    """OrderNumbered."""
    orders = await _orders(db, [(*who, need.number) for who, need in asked])
    return {(who, need): Known(orders=_one(orders, (*who, need.number))) for who, need in asked}


async def _orders(db: Db, named: Sequence[Row]) -> dict[Row, Order]:
    """(Shop, customer, number) → the order, if it is that customer's own."""
    sql = f"""
        WITH a(shop, customer, number) AS ({{values}})
        SELECT json_group_array({ORDER_OF}) FROM a
        JOIN orders o ON o.shop = a.shop AND o.number = a.number AND o.customer = a.customer"""  # noqa: S608
    found = [order(row) for row in await read_all(db, sql, list(dict.fromkeys(named)))]
    return {(one.shop, one.customer, one.number): one for one in found}


# -- seats -----------------------------------------------------------------------------------------------------------


async def own_bookings(db: Db, asked: Sequence[Asked]) -> Answers:
    """OwnBookings."""
    sql = f"""
        WITH a(shop, customer) AS ({{values}}),
        mine AS (SELECT b.rowid AS id, row_number() OVER
            (PARTITION BY b.shop, b.customer ORDER BY b.held_at DESC, b.rowid DESC) AS place
            FROM a JOIN bookings b ON b.shop = a.shop AND b.customer = a.customer)
        SELECT json_group_array(json_array(mine.place, {BOOKING_OF}))
        FROM mine JOIN bookings b ON b.rowid = mine.id WHERE mine.place <= {_most(asked)}"""  # noqa: S608
    bookings: dict[Address, list[Booking]] = {}
    for _, row in sorted(await read_all(db, sql, _who(asked)), key=itemgetter(0)):
        one = booking(row)
        bookings.setdefault(Address(one.shop, one.customer), []).append(one)
    return {(who, need): Known(bookings=tuple(bookings.get(who, ())[: max(0, need.limit)])) for who, need in asked}


async def booking_numbered(db: Db, asked: Sequence[Asked]) -> Answers:
    """BookingNumbered."""
    bookings = await _bookings(db, [(*who, need.id) for who, need in asked])
    return {(who, need): Known(bookings=_one(bookings, (*who, need.id))) for who, need in asked}


async def _bookings(db: Db, named: Sequence[Row]) -> dict[Row, Booking]:
    """(Shop, customer, id) → the booking, if it is that customer's own."""
    sql = f"""
        WITH a(shop, customer, id) AS ({{values}})
        SELECT json_group_array({BOOKING_OF}) FROM a
        JOIN bookings b ON b.shop = a.shop AND b.id = a.id AND b.customer = a.customer"""  # noqa: S608
    found = [booking(row) for row in await read_all(db, sql, list(dict.fromkeys(named)))]
    return {(one.shop, one.customer, one.id): one for one in found}


async def own_entries(db: Db, asked: Sequence[Asked]) -> Answers:
    """OwnEntries."""
    sql = f"""
        WITH a(shop, customer) AS ({{values}})
        SELECT json_group_array({ENTRY_OF}) FROM a JOIN entries e ON e.shop = a.shop AND e.customer = a.customer
        WHERE e.status IN ('waiting', 'offered')"""  # noqa: S608
    entries: dict[Address, list[Entry]] = {}
    for one in sorted(map(entry, await read_all(db, sql, _who(asked))), key=lambda one: (one.joined_at, one.id)):
        entries.setdefault(Address(one.shop, one.customer), []).append(one)
    return {(who, need): Known(entries=tuple(entries.get(who, ()))) for who, need in asked}


# -- money -----------------------------------------------------------------------------------------------------------


async def payment_named(db: Db, asked: Sequence[Asked]) -> Answers:
    """PaymentOf: with its intent, order and booking, each if it is the customer's own."""
    sql = f"""
        WITH a(shop, id) AS ({{values}})
        SELECT json_group_array({PAYMENT_OF}) FROM a JOIN payments p ON p.shop = a.shop AND p.id = a.id"""  # noqa: S608
    rows = await read_all(db, sql, list(dict.fromkeys((who.shop, need.id) for who, need in asked)))
    payments = {(one.shop, one.id): one for one in map(payment, rows)}
    found = {ask: payments[ask[0].shop, ask[1].id] for ask in asked if (ask[0].shop, ask[1].id) in payments}
    intents = await _intents(db, [(*who, one.intent) for (who, _), one in found.items()])
    named = [(*who, one.order) for (who, _), one in found.items()]
    bought, invoices = await _purchases(db, named), await _invoices(db, named)
    return {
        (who, need): Known(
            payment=one,
            intents=_one(intents, (*who, one.intent)),
            invoices=_one(invoices, (*who, one.order)),
            **bought((*who, one.order)),
        )
        for (who, need), one in found.items()
    }


async def payment_for(db: Db, asked: Sequence[Asked]) -> Answers:
    """PaymentFor; of several the latest."""
    named = [(*who, need.order) for who, need in asked]
    bought = await _purchases(db, named)
    sql = f"""
        WITH a(shop, pays) AS ({{values}})
        SELECT json_group_array(json_array(p.at, p.seq, {PAYMENT_OF})) FROM a
        JOIN payments p ON p.shop = a.shop AND p.pays = a.pays AND p.pays <> '' AND p.state = 'applied'"""  # noqa: S608
    rows = sorted(await read_all(db, sql, list(dict.fromkeys((shop, order) for shop, _, order in named))))
    payments = {(one.shop, one.order): one for one in [payment(row) for *_, row in rows]}
    return {
        (who, need): Known(payment=payments.get((who.shop, need.order)))
        for who, need in asked
        if any(bought((*who, need.order)).values())
    }


async def intent_named(db: Db, asked: Sequence[Asked]) -> Answers:
    """IntentOf: with its order or booking."""
    intents = await _intents(db, [(*who, need.id) for who, need in asked])
    bought = await _purchases(db, [(one.shop, one.customer, one.order) for one in intents.values()])
    found = {ask: intents[*ask[0], ask[1].id] for ask in asked if (*ask[0], ask[1].id) in intents}
    return {ask: Known(intents=(one,), **bought((*ask[0], one.order))) for ask, one in found.items()}


async def intents_for(db: Db, asked: Sequence[Asked]) -> Answers:
    """IntentsFor."""
    sql = f"""
        WITH a(shop, customer, pays) AS ({{values}})
        SELECT json_group_array(json_array(i.seq, {INTENT_OF})) FROM a
        JOIN intents i ON i.shop = a.shop AND i.pays = a.pays AND i.customer = a.customer"""  # noqa: S608
    intents: dict[Row, list[Intent]] = {}
    rows = await read_all(db, sql, list(dict.fromkeys((*who, need.order) for who, need in asked)))
    for _, row in sorted(rows, key=itemgetter(0), reverse=True):
        one = intent(row)
        intents.setdefault((one.shop, one.customer, one.order), []).append(one)
    return {(who, need): Known(intents=tuple(intents.get((*who, need.order), ()))) for who, need in asked}


async def _intents(db: Db, named: Sequence[Row]) -> dict[Row, Intent]:
    """(Shop, customer, id) → the intent, if it is that customer's own."""
    sql = f"""
        WITH a(shop, customer, id) AS ({{values}})
        SELECT json_group_array({INTENT_OF}) FROM a
        JOIN intents i ON i.id = a.id AND i.shop = a.shop AND i.customer = a.customer"""  # noqa: S608
    found = [intent(row) for row in await read_all(db, sql, list(dict.fromkeys(named)))]
    return {(one.shop, one.customer, one.id): one for one in found}


async def _purchases(db: Db, named: Sequence[Row]) -> Callable[[Row], dict[str, Any]]:
    """(Shop, customer, number or id) → the order and the booking of this name that are that customer's own."""
    orders, bookings = await _orders(db, named), await _bookings(db, named)
    return lambda name: {"orders": _one(orders, name), "bookings": _one(bookings, name)}


# -- invoices --------------------------------------------------------------------------------------------------------


async def invoice_for(db: Db, asked: Sequence[Asked]) -> Answers:
    """InvoiceOf."""
    found = await _invoices(db, [(*who, need.order) for who, need in asked])
    return {(who, need): Known(invoices=_one(found, (*who, need.order))) for who, need in asked}


async def _invoices(db: Db, named: Sequence[Row]) -> dict[Row, Invoice]:
    """(Shop, customer, order) → its invoice, if the order is that customer's own."""
    sql = f"""
        WITH a(shop, customer, number) AS ({{values}})
        SELECT json_group_array({INVOICE_OF}) FROM a
        JOIN orders o ON o.shop = a.shop AND o.number = a.number AND o.customer = a.customer
        JOIN invoices v ON v.shop = o.shop AND v.invoiced = o.number"""  # noqa: S608
    rows = await read_all(db, sql, list(dict.fromkeys(named)))
    return {(one.shop, one.customer, one.order): one for one in map(invoice, rows)}


# -- reminders -------------------------------------------------------------------------------------------------------


async def reminder_named(db: Db, asked: Sequence[Asked]) -> Answers:
    """ReminderNamed."""
    sql = f"""
        WITH a(shop, customer, id) AS ({{values}})
        SELECT json_group_array(json_array(r.shop, {REMINDER_OF})) FROM a
        JOIN reminders r ON r.shop = a.shop AND r.id = a.id AND r.customer = a.customer
        LEFT JOIN outbox o ON o.key = r.message"""  # noqa: S608
    rows = await read_all(db, sql, list(dict.fromkeys((*who, need.id) for who, need in asked)))
    found = {(shop, one.customer, one.id): one for shop, one in [(shop, reminder(row)) for shop, row in rows]}
    return {(who, need): Known(reminders=_one(found, (*who, need.id))) for who, need in asked}


# -- shared ----------------------------------------------------------------------------------------------------------


def _who(asked: Sequence[Asked]) -> list[Row]:
    return list(dict.fromkeys(address for address, _ in asked))


def _most(asked: Sequence[Asked]) -> int:
    """The largest limit; each answer is cut to its own."""
    return max(int(need.limit) for _, need in asked)


def _one(found: Mapping[Row, Any], name: Row) -> tuple[Any, ...]:
    return (found[name],) if name in found else ()


LOOKUPS: Mapping[type[Need], Lookup] = {
    OwnCard: cards,
    OwnOrders: own_orders,
    OrderNumbered: order_numbered,
    OwnBookings: own_bookings,
    BookingNumbered: booking_numbered,
    OwnEntries: own_entries,
    PaymentOf: payment_named,
    PaymentFor: payment_for,
    IntentOf: intent_named,
    IntentsFor: intents_for,
    InvoiceOf: invoice_for,
    ReminderNamed: reminder_named,
    **CREW_LOOKUPS,
}
"""Which function answers which Need."""
