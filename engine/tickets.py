"""Tickets: events with seats, bookings that hold or own them, and the waiting list.

A hold is a booking that is not confirmed yet: a row with an expiry. What is free is computed, ``capacity − confirmed −
unexpired holds``, and never counted, so it is right when no clean-up has run (flows.md §5).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property

import msgspec

from engine.address import HOUR, MINUTE, Millis
from engine.codes import code
from engine.orders import PaymentStatus

HOLD: Millis = 5 * MINUTE
WARNING: Millis = MINUTE
"""How long before the end of a hold the customer is warned."""
EXTENSION: Millis = 5 * MINUTE
"""The one extension while a payment is pending."""
OFFER: Millis = 10 * MINUTE
"""How long freed seats are kept for whoever is next on the waiting list."""
SEATS_AT_MOST = 10

BOOKING_START = "BKG-"
BOOKING_LETTERS = 6
BOOKING_FORM = r"BKG-[2-9A-HJKMNP-Z]{6}"


class EventStatus(str, Enum):
    ACTIVE = "active"
    CANCELLED = "cancelled"


class TicketEvent(msgspec.Struct, frozen=True):
    """Something that seats are sold for. ``starts_at`` is a moment; it is shown in the venue's ``timezone``.

    ``price`` is minor units per seat; 0 is free. ``cancel_hours``: until so long before the start a booking can be
    cancelled by its customer.
    """

    id: str
    title: str
    city: str
    venue: str
    starts_at: Millis
    timezone: str
    capacity: int
    price: int = 0
    category: str = ""
    description: str = ""
    image: str = ""
    cancel_hours: int = 24
    status: EventStatus = EventStatus.ACTIVE

    @property
    def cancel_until(self) -> Millis:
        """The last moment at which its customer may cancel a booking."""
        return self.starts_at - self.cancel_hours * HOUR


def imported(new: TicketEvent, known: TicketEvent | None, taken: int) -> TicketEvent:
    """An event of a file as it is kept beside what is known of it (BoxOffice.import_events). ``taken``: seats that are
    confirmed or held."""
    if known is None:
        return new
    cancelled = known.status is EventStatus.CANCELLED
    return msgspec.structs.replace(
        new,
        status=known.status if cancelled else new.status,
        capacity=known.capacity if new.capacity < taken else new.capacity,
    )


class Programme(msgspec.Struct, frozen=True, dict=True):
    """A shop's events. What is derived is computed once per programme and kept beside it."""

    events: tuple[TicketEvent, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, TicketEvent]:
        return {event.id: event for event in self.events}

    def event(self, event_id: str) -> TicketEvent | None:
        """The event with this id, whatever its status."""
        return self.by_id.get(event_id)


class BookingStatus(str, Enum):
    HELD = "held"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


BOOKING_MOVES: Mapping[BookingStatus, frozenset[BookingStatus]] = {
    BookingStatus.HELD: frozenset({BookingStatus.CONFIRMED, BookingStatus.CANCELLED, BookingStatus.EXPIRED}),
    BookingStatus.CONFIRMED: frozenset({BookingStatus.CHECKED_IN, BookingStatus.CANCELLED}),
    BookingStatus.CHECKED_IN: frozenset(),
    BookingStatus.CANCELLED: frozenset(),
    BookingStatus.EXPIRED: frozenset(),
}
"""flows.md, "Order status": what a booking may become. Seats of cancelled and expired ones are free."""

TAKING = frozenset({BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN})
"""The statuses whose seats are taken for good."""


class Booking(msgspec.Struct, frozen=True):
    """Seats held or booked. It keeps what was sold: title, start and price, whatever happens to the event.

    ``expires_at`` counts only while HELD: a hold is over when ``expires_at <= now``, swept or not. ``extended``: the
    one extension was used. ``entry`` is the waiting-list entry that an offered hold fulfils, else "". ``total``: minor
    units.
    """

    id: str
    shop: str
    customer: str
    event: str
    title: str
    starts_at: Millis
    seats: int
    price: int
    currency: str
    status: BookingStatus
    payment: PaymentStatus
    held_at: Millis
    expires_at: Millis
    name: str = ""
    phone: str = ""
    extended: bool = False
    entry: str = ""
    checked_in_at: Millis = 0

    @property
    def total(self) -> int:
        return self.seats * self.price

    def takes(self, now: Millis) -> int:
        """How many seats it takes at ``now``; none when it is over, cancelled or expired."""
        stands = self.status in TAKING or (self.status is BookingStatus.HELD and self.expires_at > now)
        return self.seats if stands else 0


class BookingMove(msgspec.Struct, frozen=True):
    """Change one booking. Refused (Conflict BOOKING_MOVED) unless it stands in one of ``frm`` and BOOKING_MOVES allows
    it; a confirmation whose hold is over is refused SOLD_OUT unless the seats are free anew.

    ``to`` equal to the present status keeps it: with ``expires_at`` that prolongs a hold (refused SOLD_OUT when it was
    over and others have the seats). 0 leaves ``expires_at``, False ``extended``, None ``name`` and ``payment``.
    ``customer`` not empty: only their own. A confirmation makes the entry that the booking fulfils TAKEN; its other
    ends make an OFFERED one LAPSED.
    """

    id: str
    frm: tuple[BookingStatus, ...]
    to: BookingStatus
    by: str
    customer: str = ""
    expires_at: Millis = 0
    extended: bool = False
    name: str | None = None
    payment: PaymentStatus | None = None


def moved(booking: Booking, move: BookingMove, at: Millis) -> Booking:
    """The booking after a move that is allowed."""
    return msgspec.structs.replace(
        booking,
        status=move.to,
        expires_at=move.expires_at or booking.expires_at,
        extended=booking.extended or move.extended,
        name=booking.name if move.name is None else move.name,
        payment=booking.payment if move.payment is None else move.payment,
        checked_in_at=booking.checked_in_at or (at if move.to is BookingStatus.CHECKED_IN else 0),
    )


class EntryStatus(str, Enum):
    """Of a waiting-list entry. LAPSED: seats were offered and not taken; LEFT: the customer does not want them."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"


class Entry(msgspec.Struct, frozen=True):
    """Somebody who waits for seats. One live entry per customer and event: a second one only replaces its seats.

    ``phone`` and ``currency`` go onto the booking that an offer makes (``booking``).
    """

    id: str
    shop: str
    customer: str
    event: str
    seats: int
    joined_at: Millis
    phone: str = ""
    currency: str = ""
    status: EntryStatus = EntryStatus.WAITING
    booking: str = ""

    @property
    def live(self) -> bool:
        return self.status in (EntryStatus.WAITING, EntryStatus.OFFERED)


def offered(entry: Entry, event: TicketEvent, now: Millis, clashes: int) -> Booking:
    """The hold that is offered to somebody who waits; ``clashes`` counts ids that were taken."""
    return Booking(
        id=booking_id(f"{entry.id}:{clashes}" if clashes else entry.id),
        shop=entry.shop,
        customer=entry.customer,
        event=event.id,
        title=event.title,
        starts_at=event.starts_at,
        seats=entry.seats,
        price=event.price,
        currency=entry.currency,
        status=BookingStatus.HELD,
        payment=PaymentStatus.UNPAID,
        held_at=now,
        expires_at=now + OFFER,
        phone=entry.phone,
        entry=entry.id,
    )


class CheckIn(str, Enum):
    """What the door says to a scan."""

    IN = "in"
    ALREADY = "already"
    REFUSED = "refused"


class DoorAnswer(msgspec.Struct, frozen=True):
    """``since`` is when the first scan went in; ``why`` says why a scan was refused, in a machine word: ``unknown``,
    ``cancelled``, ``not_confirmed``, ``other_event``, ``forged``."""

    result: CheckIn
    booking: str = ""
    since: Millis = 0
    why: str = ""
    name: str = ""
    seats: int = 0


def booking_id(seed: str) -> str:
    """``BKG-`` and six letters, derived from ``seed`` (a turn's key and attempt): never random, unguessable enough for
    a number that is looked up only for its own customer. A clash is a Conflict, and the next attempt's seed differs."""
    return BOOKING_START + code(seed, BOOKING_LETTERS)
