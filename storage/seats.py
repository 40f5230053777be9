"""The memory store's box office: events, bookings, the waiting list and the door.

What is free is computed from the bookings whenever it is asked for, and never counted. Pure and without a pause;
what it posts is handed back, for the store to keep in the same step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from msgspec.structs import replace

from engine.address import Address, Millis
from engine.commit import Commit, Posted
from engine.orders import PaymentStatus
from engine.tickets import (
    Booking,
    BookingMove,
    BookingStatus,
    CheckIn,
    DoorAnswer,
    Entry,
    EntryStatus,
    EventStatus,
    TicketEvent,
    imported,
    moved,
    offered,
)
from storage import letters
from storage.judge import Booked, Key

DOOR = "door"


def wanted(commit: Commit, bookings: Mapping[Key, Booking]) -> list[tuple[str, int]]:
    """The event and the seats that each move and then each booking takes, negative where it frees some, in the order in
    which they are written. Moves of what is not among ``bookings`` are left out."""
    shop, at = commit.address.shop, commit.at
    now: dict[str, Booking] = {}
    takes: list[tuple[str, int]] = []
    for move in commit.booking_moves:
        before = now.get(move.id) or bookings.get((shop, move.id))
        if before is not None:
            after = now[move.id] = moved(before, move, at)
            takes.append((after.event, after.takes(at) - before.takes(at)))
    return takes + [(booking.event, booking.takes(at)) for booking in commit.bookings]


def scanned(found: Booking | None, name: str, event: str, at: Millis) -> DoorAnswer:
    """The first answer to a scan of the booking ``name``; see BoxOffice.check_in."""
    if found is None:
        return DoorAnswer(CheckIn.REFUSED, name, why="unknown")
    result, since, why = CheckIn.REFUSED, 0, ""
    if event not in ("", found.event):
        why = "other_event"
    elif found.status is BookingStatus.CHECKED_IN:
        result, since = CheckIn.ALREADY, found.checked_in_at
    elif found.status is BookingStatus.CONFIRMED:
        result, since = CheckIn.IN, at
    else:
        why = "cancelled" if found.status is BookingStatus.CANCELLED else "not_confirmed"
    return DoorAnswer(result, name, since, why, found.name, found.seats)


class Seats:
    """Events and who has which seats, of all shops."""

    def __init__(self) -> None:
        self.bookings: dict[Key, Booking] = {}
        self.entries: dict[Key, Entry] = {}
        self._events: dict[Key, TicketEvent] = {}
        self._of_event: dict[Key, dict[str, None]] = {}
        """Shop and event → the ids of all bookings ever made for it."""
        self._scans: dict[tuple[str, str, str], DoorAnswer] = {}
        """Shop, booking and scan → the first answer."""

    # -- what is free ----------------------------------------------------------------------------------------------
    def taken(self, shop: str, event: str, now: Millis) -> int:
        """Seats that are confirmed and held."""
        return sum(self.bookings[shop, one].takes(now) for one in self._of_event.get((shop, event), ()))

    def free(self, shop: str, event: str, now: Millis) -> int:
        """What can be booked; nothing of an event that is cancelled or unknown."""
        return max(0, self._room(shop, event, now))

    def _room(self, shop: str, event: str, now: Millis) -> int:
        """Capacity minus what is taken; below 0 for an event that was cancelled after seats were sold, so that giving
        some up makes none free."""
        found = self._events.get((shop, event))
        capacity = found.capacity if found is not None and found.status is EventStatus.ACTIVE else 0
        return capacity - self.taken(shop, event, now)

    def free_seats(self, shop: str, now: Millis) -> dict[str, int]:
        """What is free of every active event."""
        active = [event.id for event in self.events(shop) if event.status is EventStatus.ACTIVE]
        return {event: self.free(shop, event, now) for event in active}

    def lacking(self, commit: Commit) -> str:
        """The first event whose seats do not suffice for ``commit``, else "". Its moves come before its bookings, so
        that seats given up can be booked in the same turn."""
        shop, gone = commit.address.shop, Counter[str]()
        for event, seats in wanted(commit, self.bookings):
            gone[event] += seats
            if seats > 0 and self._room(shop, event, commit.at) < gone[event]:
                return event
        return ""

    # -- a turn's commit -------------------------------------------------------------------------------------------
    def standing(self, commit: Commit) -> dict[Key, Booked]:
        """What ``commit`` contends for here."""
        named = [one.id for one in commit.bookings] + [one.id for one in commit.booking_moves]
        keys = [(commit.address.shop, name) for name in named]
        found = [(key, self.bookings[key]) for key in keys if key in self.bookings]
        return {key: Booked(booking.status, booking.customer) for key, booking in found}

    def write(self, commit: Commit) -> None:
        """What a turn that was judged good does here."""
        for move in commit.booking_moves:
            self._move(commit.address.shop, move, commit.at)
        for booking in commit.bookings:
            self._book(booking)
        for entry in commit.entries:
            self._put(entry)

    def _book(self, booking: Booking) -> None:
        self.bookings[booking.shop, booking.id] = booking
        self._of_event.setdefault((booking.shop, booking.event), {})[booking.id] = None

    def _move(self, shop: str, move: BookingMove, at: Millis) -> None:
        before = self.bookings[shop, move.id]
        after = self.bookings[shop, move.id] = moved(before, move, at)
        entry = self.entries.get((shop, after.entry))
        if entry is None or after.status is before.status:
            return
        if after.status is BookingStatus.CONFIRMED and entry.live:
            self.entries[shop, entry.id] = replace(entry, status=EntryStatus.TAKEN)
        elif after.status in (BookingStatus.EXPIRED, BookingStatus.CANCELLED) and entry.status is EntryStatus.OFFERED:
            self.entries[shop, entry.id] = replace(entry, status=EntryStatus.LAPSED)

    def _put(self, entry: Entry) -> None:
        """One live entry per customer and event: a second one only says how many seats are wanted."""
        whose = Address(entry.shop, entry.customer)
        live = [one for one in self.waiting(whose) if one.event == entry.event and one.id != entry.id]
        if entry.live and live:
            self.entries[entry.shop, live[0].id] = replace(live[0], seats=entry.seats)
        else:
            self.entries[entry.shop, entry.id] = entry

    # -- what time does --------------------------------------------------------------------------------------------
    def sweep(self, now: Millis) -> list[Posted]:
        """See BoxOffice.sweep_bookings: the letters, one a hold, in the order in which they ended."""
        over = [one for one in self.bookings.values() if one.status is BookingStatus.HELD and one.expires_at <= now]
        over.sort(key=lambda booking: booking.expires_at)
        for one in over:
            self._move(one.shop, BookingMove(one.id, (BookingStatus.HELD,), BookingStatus.EXPIRED, "time"), now)
        return [letters.hold_ended(one, now) for one in over]

    def offer(self, now: Millis) -> list[Posted]:
        """See BoxOffice.offer_seats: the letters, one an offer."""
        waiting = [entry for entry in self.entries.values() if entry.status is EntryStatus.WAITING]
        waiting.sort(key=lambda entry: (entry.joined_at, entry.id))
        return [letter for entry in waiting for letter in self._offer(entry, now)]

    def _offer(self, entry: Entry, now: Millis) -> list[Posted]:
        event = self._events.get((entry.shop, entry.event))
        if event is None or event.starts_at <= now or self.free(entry.shop, entry.event, now) < entry.seats:
            return []
        proposals = (offered(entry, event, now, clashes) for clashes in count())
        booking = next(one for one in proposals if (one.shop, one.id) not in self.bookings)
        self._book(booking)
        self.entries[entry.shop, entry.id] = replace(entry, status=EntryStatus.OFFERED, booking=booking.id)
        return [letters.seats_offered(booking, now)]

    # -- the door --------------------------------------------------------------------------------------------------
    def check_in(self, shop: str, booking_id: str, scan: str, event: str, at: Millis) -> DoorAnswer:
        """See BoxOffice.check_in."""
        told = self._scans.get((shop, booking_id, scan))
        if told is None:
            told = self._scans[shop, booking_id, scan] = self._scanned(shop, booking_id, event, at)
        return told

    def _scanned(self, shop: str, booking_id: str, event: str, at: Millis) -> DoorAnswer:
        booking = self.bookings.get((shop, booking_id))
        told = scanned(booking, booking_id, event, at)
        if booking is not None and told.result is CheckIn.IN:
            self._move(shop, BookingMove(booking.id, (booking.status,), BookingStatus.CHECKED_IN, DOOR), at)
        return told

    # -- the owner's events ----------------------------------------------------------------------------------------
    def events(self, shop: str) -> list[TicketEvent]:
        """All of a shop, by start."""
        own = [event for (of, _), event in self._events.items() if of == shop]
        return sorted(own, key=lambda event: (event.starts_at, event.id))

    def import_events(self, shop: str, events: Sequence[TicketEvent], now: Millis) -> None:
        """See BoxOffice.import_events."""
        for event in events:
            known = self._events.get((shop, event.id))
            self._events[shop, event.id] = imported(event, known, self.taken(shop, event.id, now))

    def save_event(self, shop: str, event: TicketEvent, now: Millis) -> bool:
        """See BoxOffice.save_event."""
        if event.capacity < self.taken(shop, event.id, now):
            return False
        self._events[shop, event.id] = event
        return True

    def remove_event(self, shop: str, event: str) -> bool:
        """See BoxOffice.remove_event."""
        if (shop, event) in self._of_event:
            return False
        return self._events.pop((shop, event), None) is not None

    # -- what is looked up -----------------------------------------------------------------------------------------
    def newest(self, shop: str) -> list[Booking]:
        """A shop's bookings, newest first; of one moment, the one written last."""
        own = [booking for booking in reversed(self.bookings.values()) if booking.shop == shop]
        own.sort(key=lambda booking: booking.held_at, reverse=True)
        return own

    def like(self, shop: str, statuses: Collection[BookingStatus], event: str) -> list[Booking]:
        """Those in these statuses (none named: any), of one event or all."""
        return [
            one for one in self.newest(shop) if (not statuses or one.status in statuses) and event in ("", one.event)
        ]

    def waiting(self, address: Address) -> list[Entry]:
        """A customer's live entries, oldest first."""
        own = [one for one in self.entries.values() if (one.shop, one.customer) == address and one.live]
        return sorted(own, key=lambda entry: (entry.joined_at, entry.id))

    def metrics(self, shop: str, now: Millis) -> Mapping[str, int]:
        """See BoxOffice.metrics."""
        active = [event for event in self.events(shop) if event.status is EventStatus.ACTIVE]
        bookings = self.newest(shop)
        confirmed = [one for one in bookings if one.status is BookingStatus.CONFIRMED]
        inside = [one for one in bookings if one.status is BookingStatus.CHECKED_IN]
        held = [one for one in bookings if one.status is BookingStatus.HELD]
        return {
            "events": len(active),
            "seats": sum(event.capacity for event in active),
            "held": sum(one.takes(now) for one in held),
            "confirmed": sum(one.seats for one in confirmed),
            "checked_in": sum(one.seats for one in inside),
            "bookings": len(confirmed) + len(inside),
            "revenue": sum(one.total for one in bookings if one.payment is PaymentStatus.PAID),
        }
