"""What commits contend for, looked up in the SQLite file: one statement for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence

from engine.address import Address
from engine.commit import Commit
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import PaymentState
from engine.tickets import BookingStatus
from storage.judge import Booked, Ordered, Standing, billed
from storage.sql import Db, Row, flat, parts, read, values


async def look_up(db: Db, commits: Sequence[Commit], rich: Sequence[Commit]) -> Standing:
    """All that these commits contend for, as it stands; ``rich`` are those of them with orders, money or seats."""
    asked: list[tuple[str, list[Row]]] = [
        (LOOK_VERSION, [tuple(commit.address) for commit in commits]),
        (LOOK_INBOUND, [(commit.address.shop, commit.inbound_id) for commit in commits if commit.inbound_id]),
        (LOOK_PARKED, [(commit.parked_id,) for commit in commits if commit.parked_id]),
        (LOOK_FORWARD, [tuple(commit.address) for commit in commits if commit.version == 1]),
        (LOOK_NUMBER, [(order.shop, order.number) for c in rich for order in c.orders]),
        (LOOK_CART, [(order.shop, order.cart) for c in rich for order in c.orders if order.cart]),
        (LOOK_ORDER, [(c.address.shop, number) for c in rich for number in _orders(c)]),
        (LOOK_PAYMENT, [(c.address.shop, one.id) for c in rich for one in c.settlements]),
        (LOOK_BOOKING, [(c.address.shop, name) for c in rich for name in _bookings(c)]),
    ]
    pieces = [(sql, part) for sql, rows in asked for part in parts(rows)]
    union = " UNION ALL ".join(sql.replace("{values}", values(part)) for sql, part in pieces)
    found = await read(
        db,
        f"SELECT json_group_array(json(found)) FROM ({union})",  # noqa: S608 - built of constants below
        [value for _, part in pieces for value in flat(part)],
    )
    return _standing(found)


def _orders(commit: Commit) -> list[str]:
    """The numbers of orders that must be there for ``commit``, or stand somewhere."""
    moved = [move.number for move in commit.moves] + [move.number for move in commit.payment_moves]
    return [*moved, *commit.takes, *billed(commit), *commit.synced]


def _bookings(commit: Commit) -> list[str]:
    return [booking.id for booking in commit.bookings] + [move.id for move in commit.booking_moves]


def _standing(found: list[Row]) -> Standing:
    """What ``look_up`` found, by kind; each row is its kind, its key and what stands there."""
    kinds: dict[str, list[Row]] = {}
    for kind, *rest in found:
        kinds.setdefault(kind, []).append(tuple(rest))
    return Standing(
        inbound=set(kinds.get("inbound", ())),
        parked={row[0] for row in kinds.get("parked", ())},
        versions={Address(shop, customer): version for shop, customer, version in kinds.get("version", ())},
        forwards={Address(shop, who): Address(shop, whose) for shop, who, whose in kinds.get("forward", ())},
        numbers=set(kinds.get("number", ())),
        carts={(shop, cart): number for shop, cart, number in kinds.get("cart", ())},
        orders={
            (shop, number): Ordered(OrderStatus(status), who, PaymentStatus(payment), flow)
            for shop, number, status, who, payment, flow in kinds.get("order", ())
        },
        payments={(shop, name): PaymentState(state) for shop, name, state in kinds.get("payment", ())},
        bookings={
            (shop, name): Booked(BookingStatus(status), who) for shop, name, status, who in kinds.get("booking", ())
        },
    )


LOOK_VERSION = """SELECT json_array('version', shop, customer, version) AS found
    FROM snapshots WHERE (shop, customer) IN (SELECT * FROM ({values}))"""
LOOK_INBOUND = "SELECT json_array('inbound', shop, id) FROM inbound WHERE (shop, id) IN (SELECT * FROM ({values}))"
LOOK_PARKED = "SELECT json_array('parked', id) FROM parked WHERE id IN ({values})"
LOOK_FORWARD = """SELECT json_array('forward', shop, customer, leads_to)
    FROM forwards WHERE (shop, customer) IN (SELECT * FROM ({values}))"""
LOOK_NUMBER = "SELECT json_array('number', shop, number) FROM orders WHERE (shop, number) IN (SELECT * FROM ({values}))"
LOOK_CART = """SELECT json_array('cart', shop, cart, number)
    FROM orders WHERE cart <> '' AND (shop, cart) IN (SELECT * FROM ({values}))"""
LOOK_ORDER = """SELECT json_array('order', shop, number, status, customer, payment, flow)
    FROM orders WHERE (shop, number) IN (SELECT * FROM ({values}))"""
LOOK_PAYMENT = """SELECT json_array('payment', shop, id, state)
    FROM payments WHERE (shop, id) IN (SELECT * FROM ({values}))"""
LOOK_BOOKING = """SELECT json_array('booking', shop, id, status, customer)
    FROM bookings WHERE (shop, id) IN (SELECT * FROM ({values}))"""
