"""The box office's rare writes, each by itself in its batch: events, what time does to holds, the door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from engine.address import Millis
from engine.tickets import (
    Booking,
    BookingMove,
    BookingStatus,
    CheckIn,
    DoorAnswer,
    Entry,
    TicketEvent,
    imported,
    moved,
    offered,
)
from storage import letters
from storage.errands import SWEPT_AT_ONCE, Errand
from storage.post import write_posted
from storage.seat_rows import (
    BOOKING,
    BOOKING_OF,
    ENTRY_OF,
    EVENT,
    EVENT_OF,
    FREE,
    booking,
    booking_row,
    bookings,
    entry,
    event,
    event_row,
    write_booking_moves,
)
from storage.seats import DOOR, scanned
from storage.sql import Db, Row, read, read_all, run, write

TIME = "time"

Key = tuple[str, str]

# -- events ----------------------------------------------------------------------------------------------------------


def import_events(shop: str, digest: str, events: Sequence[TicketEvent], now: Millis, always: bool) -> Errand:
    """See BoxOffice.import_events: the events as they are kept, None when the last import had this digest."""

    async def errand(db: Db) -> list[TicketEvent] | None:
        sql = """INSERT INTO programmes (shop, digest) VALUES (?, ?)
            ON CONFLICT (shop) DO UPDATE SET digest = excluded.digest
            WHERE ? OR digest <> excluded.digest RETURNING 1"""
        if not await run(db, sql, (shop, digest, always)):
            return None
        known = await _events(db, [(shop, one.id) for one in events])
        taken = await _taken(db, shop, [one.id for one in events], now)
        kept = [imported(one, known.get((shop, one.id)), taken[one.id]) for one in events]
        await write(db, EVENT, [event_row(shop, one) for one in kept])
        return kept

    return errand


def save_event(shop: str, event: TicketEvent, now: Millis) -> Errand:
    """See BoxOffice.save_event: the event, None when it has fewer seats than are taken."""

    async def errand(db: Db) -> list[TicketEvent] | None:
        if event.capacity < (await _taken(db, shop, [event.id], now))[event.id]:
            return None
        await write(db, EVENT, [event_row(shop, event)])
        return [event]

    return errand


def remove_event(shop: str, name: str) -> Errand:
    """See BoxOffice.remove_event."""

    async def errand(db: Db) -> bool:
        sql = """DELETE FROM events WHERE shop = ? AND id = ?
            AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.shop = events.shop AND b.event = events.id) RETURNING 1"""
        return bool(await run(db, sql, (shop, name)))

    return errand


async def _events(db: Db, named: Sequence[Row]) -> dict[Key, TicketEvent]:
    """By shop and id, those of (shop, id) that are there."""
    return {(shop, one.id): one for shop, row in await read_all(db, NAMED, named) for one in (event(row),)}


async def _taken(db: Db, shop: str, events: Iterable[str], now: Millis) -> dict[str, int]:
    """Seats that are confirmed and held."""
    return dict(await read_all(db, TAKEN, [(shop, name, now) for name in events]))


# -- what time does --------------------------------------------------------------------------------------------------


def sweep(now: Millis) -> Errand:
    """One step of BoxOffice.sweep_bookings: the bookings that it made EXPIRED; none when all is swept."""

    async def errand(db: Db) -> list[Booking]:
        over = [booking(row) for row in await read(db, OVER, (now, SWEPT_AT_ONCE))]
        moves = [BookingMove(one.id, (BookingStatus.HELD,), BookingStatus.EXPIRED, TIME) for one in over]
        await write_booking_moves(db, [(one.shop, move, now) for one, move in zip(over, moves, strict=True)])
        await write_posted(db, [letters.hold_ended(one, now) for one in over])
        return [moved(one, move, now) for one, move in zip(over, moves, strict=True)]

    return errand


def offer(now: Millis) -> Errand:
    """See BoxOffice.offer_seats: the bookings that it made."""

    async def errand(db: Db) -> list[Booking]:
        wanted = [(shop, name, now) for shop, name in await read(db, WANTED)]
        free = {(shop, name): seats for shop, name, seats in await read_all(db, FREE, wanted)}
        open_ones = [key for key, seats in free.items() if seats > 0]
        events = await _events(db, open_ones)
        waiting = [entry(row) for row in await read_all(db, WAITING, open_ones)]
        lucky = _lucky(sorted(waiting, key=lambda one: (one.joined_at, one.id)), events, free, now)
        made = await _proposed(db, [(one, events[one.shop, one.event]) for one in lucky], now)
        await write(db, BOOKING, [booking_row(one, now) for one in made])
        await write(db, OFFERED, [(one.shop, one.entry, one.id) for one in made])
        await write_posted(db, [letters.seats_offered(one, now) for one in made])
        return made

    return errand


def _lucky(waiting: Sequence[Entry], events: dict[Key, TicketEvent], free: dict[Key, int], now: Millis) -> list[Entry]:
    """Who gets an offer: the longest waiting first, passing over those for whom what is left does not suffice."""
    lucky: list[Entry] = []
    for one in waiting:
        key = (one.shop, one.event)
        if events[key].starts_at > now and one.seats <= free[key]:
            free[key] -= one.seats
            lucky.append(one)
    return lucky


async def _proposed(db: Db, lucky: Sequence[tuple[Entry, TicketEvent]], now: Millis) -> list[Booking]:
    """A booking for each, under an id that nobody has."""
    named = [(one.shop, offered(one, of, now, 0).id) for one, of in lucky]
    taken = {(one.shop, one.id) for one in await bookings(db, named)}
    made: list[Booking] = []
    for one, of in lucky:
        for clashes in count():
            proposal = offered(one, of, now, clashes)
            key = (proposal.shop, proposal.id)
            if key not in taken and (not clashes or not await bookings(db, [key])):
                break
        taken.add(key)
        made.append(proposal)
    return made


# -- the door --------------------------------------------------------------------------------------------------------


def check_in(shop: str, name: str, scan: str, event: str, at: Millis) -> Errand:
    """See BoxOffice.check_in."""

    async def errand(db: Db) -> DoorAnswer:
        sql = "SELECT result, since, why, name, seats FROM scans WHERE shop = ? AND booking = ? AND scan = ?"
        for result, since, why, guest, seats in await run(db, sql, (shop, name, scan)):
            return DoorAnswer(CheckIn(result), name, since, why, guest, seats)
        told = scanned(next(iter(await bookings(db, [(shop, name)])), None), name, event, at)
        if told.result is CheckIn.IN:
            move = BookingMove(name, (BookingStatus.CONFIRMED,), BookingStatus.CHECKED_IN, DOOR)
            await write_booking_moves(db, [(shop, move, at)])
        what = (told.result.value, told.since, told.why, told.name, told.seats)
        await write(db, SCAN, [(shop, name, scan, *what)])
        return told

    return errand


NAMED = f"""
WITH asked(shop, id) AS ({{values}})
SELECT json_group_array(json_array(e.shop, {EVENT_OF})) FROM asked a
JOIN events e ON e.shop = a.shop AND e.id = a.id"""  # noqa: S608
TAKEN = """
WITH asked(shop, event, at) AS ({values})
SELECT json_group_array(json_array(a.event,
    (SELECT coalesce(sum(seats), 0) FROM bookings b
     WHERE b.shop = a.shop AND b.event = a.event AND b.status IN ('confirmed', 'checked_in'))
    + (SELECT coalesce(sum(seats), 0) FROM bookings b
       WHERE b.shop = a.shop AND b.event = a.event AND b.status = 'held' AND b.expires_at > a.at))) FROM asked a"""
OVER = f"""SELECT json_group_array({BOOKING_OF}) FROM (
    SELECT * FROM bookings WHERE status = 'held' AND expires_at <= ? ORDER BY expires_at LIMIT ?) b"""  # noqa: S608
WANTED = """SELECT json_group_array(json_array(shop, event)) FROM (
    SELECT DISTINCT shop, event FROM entries WHERE status = 'waiting')"""
WAITING = f"""
WITH asked(shop, event) AS ({{values}})
SELECT json_group_array({ENTRY_OF}) FROM asked a
JOIN entries e ON e.shop = a.shop AND e.event = a.event AND e.status = 'waiting'"""  # noqa: S608
OFFERED = """
WITH made(shop, id, booking) AS ({values})
UPDATE entries SET status = 'offered', booking = made.booking
FROM made WHERE entries.shop = made.shop AND entries.id = made.id"""
SCAN = "INSERT INTO scans (shop, booking, scan, result, since, why, name, seats) {values}"
