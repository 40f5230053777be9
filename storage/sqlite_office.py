"""BoxOffice of ``engine.ports.Store`` on SQLite: events, bookings, the waiting list and the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter

from engine.address import Millis
from engine.tickets import Booking, BookingStatus, DoorAnswer, EventStatus, TicketEvent
from storage import office
from storage.seat_rows import BOOKING_OF, EVENT_OF, booking, event
from storage.sql import Db, blanks, read
from storage.sqlite_desk import SqliteDesk


class SqliteOffice(SqliteDesk):
    """See engine.books.BoxOffice."""

    # -- events ----------------------------------------------------------------------------------------------------
    async def import_events(self, shop: str, digest: str, events: Sequence[TicketEvent], always: bool = False) -> bool:
        kept = await self._errand(
            office.import_events(shop, digest, events, self._clock.now(), always), partial(self._note_events, shop)
        )
        return kept is not None

    async def events(self, shop: str) -> list[TicketEvent]:
        return await self._look(_events, shop)

    async def save_event(self, shop: str, event: TicketEvent) -> bool:
        kept = await self._errand(office.save_event(shop, event, self._clock.now()), partial(self._note_events, shop))
        return kept is not None

    async def remove_event(self, shop: str, event_id: str) -> bool:
        def then(removed: bool) -> None:
            if removed:
                self._seating.remove(shop, event_id)

        return await self._errand(office.remove_event(shop, event_id), then)

    def _note_events(self, shop: str, kept: Sequence[TicketEvent] | None) -> None:
        for one in kept or ():
            self._seating.set(shop, one.id, one.capacity, one.status is EventStatus.ACTIVE)

    # -- bookings --------------------------------------------------------------------------------------------------
    async def booking(self, shop: str, booking_id: str) -> Booking | None:
        return await self._look(_booking, shop, booking_id)

    async def bookings(
        self, shop: str, statuses: Sequence[BookingStatus], limit: int, offset: int = 0, event: str = ""
    ) -> list[Booking]:
        return await self._look(_bookings, shop, tuple(statuses), limit, offset, event)

    async def sweep_bookings(self, now: Millis) -> int:
        swept = 0
        while True:
            over: list[Booking] = await self._errand(office.sweep(now), self._note_bookings)
            if not over:
                return swept
            swept += len(over)

    async def offer_seats(self, now: Millis) -> int:
        made: list[Booking] = await self._errand(office.offer(now), self._note_bookings)
        return len(made)

    async def check_in(self, shop: str, booking_id: str, scan: str, event: str, at: Millis) -> DoorAnswer:
        return await self._errand(office.check_in(shop, booking_id, scan, event, at))

    async def metrics(self, shop: str) -> Mapping[str, int]:
        return await self._look(_metrics, shop, self._clock.now())

    def _note_bookings(self, booked: Sequence[Booking]) -> None:
        """Bookings that are held now, or are no more; nobody's seats are taken for good or given up by that."""
        for one in booked:
            self._seating.book(one)


# -- looking up ------------------------------------------------------------------------------------------------------


async def _events(db: Db, shop: str) -> list[TicketEvent]:
    sql = f"SELECT json_group_array({EVENT_OF}) FROM events e WHERE e.shop = ?"  # noqa: S608
    return sorted(map(event, await read(db, sql, (shop,))), key=lambda one: (one.starts_at, one.id))


async def _booking(db: Db, shop: str, name: str) -> Booking | None:
    sql = f"SELECT json_group_array({BOOKING_OF}) FROM bookings b WHERE b.shop = ? AND b.id = ?"  # noqa: S608
    return next((booking(row) for row in await read(db, sql, (shop, name))), None)


async def _bookings(
    db: Db, shop: str, statuses: tuple[BookingStatus, ...], limit: int, offset: int, event: str
) -> list[Booking]:
    which = f"AND status IN ({blanks(statuses)})" if statuses else ""
    which += " AND event = ?" if event else ""
    sql = f"""SELECT json_group_array(json_array(b.held_at, b.age, {BOOKING_OF})) FROM (
        SELECT *, rowid AS age FROM bookings WHERE shop = ? {which}
        ORDER BY held_at DESC, rowid DESC LIMIT ? OFFSET ?) b"""  # noqa: S608
    named = [*[status.value for status in statuses], *([event] if event else [])]
    found = await read(db, sql, (shop, *named, max(0, limit), max(0, offset)))
    return [booking(row) for *_, row in sorted(found, key=itemgetter(0, 1), reverse=True)]


async def _metrics(db: Db, shop: str, now: Millis) -> Mapping[str, int]:
    sql = "SELECT json_array(count(*), coalesce(sum(capacity), 0)) FROM events WHERE shop = ? AND status = 'active'"
    events, capacity = await read(db, sql, (shop,))
    sql = """SELECT json_group_array(json_array(status, payment, count, seats, money)) FROM (
        SELECT status, payment, count(*) AS count, sum(seats) AS seats, sum(seats * price) AS money
        FROM bookings WHERE shop = ? GROUP BY status, payment)"""
    groups = await read(db, sql, (shop,))
    sql = """SELECT json_array(coalesce(sum(seats), 0)) FROM bookings
        WHERE status = 'held' AND expires_at > ? AND shop = ?"""
    (held,) = await read(db, sql, (now, shop))
    count: dict[str, int] = {}
    seats: dict[str, int] = {}
    for status, _, many, taken, _ in groups:
        count[status] = count.get(status, 0) + many
        seats[status] = seats.get(status, 0) + taken
    return {
        "events": events,
        "seats": capacity,
        "held": held,
        "confirmed": seats.get("confirmed", 0),
        "checked_in": seats.get("checked_in", 0),
        "bookings": count.get("confirmed", 0) + count.get("checked_in", 0),
        "revenue": sum(money for _, payment, *_, money in groups if payment == "paid"),
    }
