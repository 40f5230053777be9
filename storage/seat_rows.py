"""Events, bookings and the waiting list as rows of SQLite: what turns write of them, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.address import Millis
from engine.commit import Commit
from engine.orders import PaymentStatus
from engine.tickets import Booking, BookingMove, BookingStatus, Entry, EntryStatus, EventStatus, TicketEvent
from storage.order_rows import listed
from storage.seats import wanted
from storage.sql import Db, Row, read_all, write, write_rounds

# -- writing ---------------------------------------------------------------------------------------------------------


async def write_seats(db: Db, commits: Sequence[Commit]) -> None:
    """All that commits say of bookings and the waiting list; moves first, so that what they free can be booked."""
    moves = [(c.address.shop, move, c.at) for c in commits for move in c.booking_moves]
    await write_booking_moves(db, moves)
    await write(db, BOOKING, [booking_row(booking, c.at) for c in commits for booking in c.bookings])
    await write(db, ENTRY, [_entry_row(entry) for c in commits for entry in c.entries])


async def write_booking_moves(db: Db, moves: Sequence[tuple[str, BookingMove, Millis]]) -> None:
    """(Shop, move, when) each; the file's triggers say whether it may be, and make it."""
    await write_rounds(db, BOOKING_MOVE, [((shop, move.id), _move_row(shop, move, at)) for shop, move, at in moves])


def _move_row(shop: str, m: BookingMove, at: Millis) -> Row:
    payment = None if m.payment is None else m.payment.value
    how = (m.expires_at, m.name, payment, int(m.extended))
    return (shop, m.id, listed(m.frm), m.to.value, m.by, at, m.customer, *how)


def booking_row(b: Booking, at: Millis) -> Row:
    """A booking as BOOKING takes it; ``at`` is the moment of its commit."""
    what = (b.shop, b.id, b.customer, b.event, b.title, b.starts_at, b.seats, b.price, b.currency, b.status.value)
    how = (b.payment.value, b.held_at, b.expires_at, b.name, b.phone, int(b.extended), b.entry, b.checked_in_at)
    return (*what, *how, at)


def _entry_row(e: Entry) -> Row:
    whose = (e.shop, e.id, e.customer, e.event, e.seats, e.joined_at, e.phone, e.currency)
    return (*whose, e.status.value, e.booking)


def event_row(shop: str, e: TicketEvent) -> Row:
    """An event as EVENT takes it."""
    where = (shop, e.id, e.title, e.city, e.venue, e.starts_at, e.timezone, e.capacity, e.price)
    return (*where, e.category, e.description, e.image, e.cancel_hours, e.status.value)


BOOKING_MOVE = """
WITH move(shop, id, expected, dest, who, at, customer, expires_at, name, payment, extended) AS ({values})
INSERT INTO booking_moves (shop, booking, frm, dest, who, at, expires_at, name, payment, extended)
SELECT m.shop, m.id,
       CASE WHEN instr(m.expected, ',' || b.status || ',') AND m.customer IN ('', b.customer) THEN b.status ELSE '' END,
       m.dest, m.who, m.at, m.expires_at, m.name, m.payment, m.extended
FROM move m LEFT JOIN bookings b ON b.shop = m.shop AND b.id = m.id"""
BOOKING = """INSERT INTO bookings (shop, id, customer, event, title, starts_at, seats, price, currency, status,
    payment, held_at, expires_at, name, phone, extended, entry, checked_in_at, at) {values}"""
ENTRY = """INSERT INTO entries (shop, id, customer, event, seats, joined_at, phone, currency, status, booking) {values}
    ON CONFLICT (shop, id) DO UPDATE SET customer = excluded.customer, event = excluded.event, seats = excluded.seats,
    joined_at = excluded.joined_at, phone = excluded.phone, currency = excluded.currency, status = excluded.status,
    booking = excluded.booking"""
EVENT = """INSERT INTO events (shop, id, title, city, venue, starts_at, timezone, capacity, price, category,
    description, image, cancel_hours, status) {values}
    ON CONFLICT (shop, id) DO UPDATE SET title = excluded.title, city = excluded.city, venue = excluded.venue,
    starts_at = excluded.starts_at, timezone = excluded.timezone, capacity = excluded.capacity, price = excluded.price,
    category = excluded.category, description = excluded.description, image = excluded.image,
    cancel_hours = excluded.cancel_hours, status = excluded.status"""

# -- what a commit did to seats --------------------------------------------------------------------------------------


async def seats_after(db: Db, commits: Sequence[Commit]) -> tuple[list[Booking], list[Row]]:
    """What these commits moved: bookings as they stand now, and (shop, event, seats taken for good)."""
    named = [(booking.shop, booking.id) for c in commits for booking in c.bookings]
    named += [(c.address.shop, move.id) for c in commits for move in c.booking_moves]
    found = await bookings(db, named)
    return found, await sold(db, [(one.shop, one.event) for one in found])


async def bookings(db: Db, named: Sequence[Row]) -> list[Booking]:
    """(Shop, id) each."""
    return [booking(row) for row in await read_all(db, BOOKED, list(dict.fromkeys(named)))]


async def sold(db: Db, events: Sequence[Row]) -> list[Row]:
    """(Shop, event) each, with the seats that are taken for good."""
    return await read_all(db, SOLD, list(dict.fromkeys(events)))


async def short(db: Db, commit: Commit) -> str:
    """The event whose seats do not suffice. Only asked after a trigger has said that there is one, or might have."""
    shop = commit.address.shop
    moving = await bookings(db, [(shop, move.id) for move in commit.booking_moves])
    takes = wanted(commit, {(shop, one.id): one for one in moving})
    asked = [(shop, event, commit.at) for event in dict.fromkeys(event for event, _ in takes)]
    free: dict[str, int] = {event: seats for _, event, seats in await read_all(db, FREE, asked)}
    for event, seats in takes:
        if seats > 0 and free[event] < seats:
            return event
        free[event] -= seats
    return ""


BOOKING_OF = """json_array(b.id, b.shop, b.customer, b.event, b.title, b.starts_at, b.seats, b.price, b.currency,
    b.status, b.payment, b.held_at, b.expires_at, b.name, b.phone, b.extended, b.entry, b.checked_in_at)"""
BOOKED = f"""
WITH named(shop, id) AS ({{values}})
SELECT json_group_array({BOOKING_OF}) FROM named n JOIN bookings b ON b.shop = n.shop AND b.id = n.id"""  # noqa: S608
SOLD = """
WITH asked(shop, event) AS ({values})
SELECT json_group_array(json_array(a.shop, a.event, (SELECT coalesce(sum(seats), 0) FROM bookings b
    WHERE b.shop = a.shop AND b.event = a.event AND b.status IN ('confirmed', 'checked_in')))) FROM asked a"""
FREE = """
WITH asked(shop, event, at) AS ({values})
SELECT json_group_array(json_array(a.shop, a.event,
    coalesce((SELECT capacity FROM events e WHERE e.shop = a.shop AND e.id = a.event AND e.status = 'active'), 0)
    - (SELECT coalesce(sum(seats), 0) FROM bookings b
       WHERE b.shop = a.shop AND b.event = a.event AND b.status IN ('confirmed', 'checked_in'))
    - (SELECT coalesce(sum(seats), 0) FROM bookings b
       WHERE b.shop = a.shop AND b.event = a.event AND b.status = 'held' AND b.expires_at > a.at))) FROM asked a"""

# -- reading ---------------------------------------------------------------------------------------------------------


def booking(row: list[Any]) -> Booking:
    """What BOOKING_OF reads."""
    name, shop, customer, of, title, starts_at, seats, price, currency, status, payment, *told = row
    held_at, expires_at, guest, phone, extended, waited, checked_in_at = told
    what = (title, starts_at, seats, price, currency, BookingStatus(status), PaymentStatus(payment))
    how = (held_at, expires_at, guest, phone, bool(extended), waited, checked_in_at)
    return Booking(name, shop, customer, of, *what, *how)


ENTRY_OF = """json_array(e.id, e.shop, e.customer, e.event, e.seats, e.joined_at, e.phone, e.currency, e.status,
    e.booking)"""


def entry(row: list[Any]) -> Entry:
    """What ENTRY_OF reads."""
    name, shop, customer, of, seats, joined_at, phone, currency, status, booked = row
    return Entry(name, shop, customer, of, seats, joined_at, phone, currency, EntryStatus(status), booked)


EVENT_OF = """json_array(e.id, e.title, e.city, e.venue, e.starts_at, e.timezone, e.capacity, e.price, e.category,
    e.description, e.image, e.cancel_hours, e.status)"""


def event(row: list[Any]) -> TicketEvent:
    """What EVENT_OF reads."""
    name, title, city, venue, starts_at, timezone, capacity, price, category, description, *told, status = row
    image, cancel_hours = told
    where = (name, title, city, venue, starts_at, timezone, capacity, price)
    return TicketEvent(*where, category, description, image, cancel_hours, EventStatus(status))
