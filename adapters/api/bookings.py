"""Bookings and holds of seats as the owner sees them, and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major
from adapters.api.answers import Done, Later, Page, Refusal
from adapters.api.endpoint import TOKEN, Call, Noun
from adapters.api.events import TICKETING
from adapters.api.fields import BookingNumber, EventId, Note, shown
from adapters.api.letters import letter, told
from adapters.api.paging import Paged, page_of
from engine.address import Address
from engine.events import BookingCancelWanted
from engine.orders import PaymentStatus
from engine.tickets import Booking, BookingStatus

bookings = Noun("bookings", "Seats that are booked or held, and their figures.")


class Booked(str, Enum):
    """What a booking may be: one that was confirmed once."""

    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"


class Reserved(str, Enum):
    """What a reservation may be."""

    HELD = "held"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


RESERVED: Mapping[Reserved, tuple[BookingStatus, ...]] = {
    Reserved.HELD: (BookingStatus.HELD,),
    Reserved.CONFIRMED: (BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN),
    Reserved.EXPIRED: (BookingStatus.EXPIRED,),
    Reserved.CANCELLED: (BookingStatus.CANCELLED,),
}
"""Who has gone in had a reservation that was confirmed."""
CANCELLABLE = (BookingStatus.HELD, BookingStatus.CONFIRMED)


class BookingQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which bookings; of any status and event where none is named."""

    status: Annotated[Booked, Meta(description=f"one of {', '.join(Booked)}")] | None = None
    event: EventId | None = None


class ReservationQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which reservations; of any status and event where none is named."""

    status: Annotated[Reserved, Meta(description=f"one of {', '.join(Reserved)}")] | None = None
    event: EventId | None = None


class Why(msgspec.Struct, frozen=True):
    """The reason, which the customer is told as it is written; "" for none."""

    why: Note = ""


class BookingShown(msgspec.Struct, frozen=True, rename="camel"):
    """Seats for somebody; title, start and price as sold. ``checkedInAt`` is null for who has not gone in."""

    id: str
    event: str
    title: str
    starts_at: datetime
    seats: int
    price: float
    total_amount: float
    currency: str
    status: BookingStatus
    payment: PaymentStatus
    customer_id: str
    name: str
    phone: str
    held_at: datetime
    checked_in_at: datetime | None


class ReservationShown(msgspec.Struct, frozen=True, rename="camel"):
    """A hold of seats and what became of it; ``expiresAt`` counts while it is held."""

    id: str
    event: str
    title: str
    seats: int
    status: Reserved
    customer_id: str
    phone: str
    held_at: datetime
    expires_at: datetime


class Metrics(msgspec.Struct, frozen=True, rename="camel"):
    """Figures of what is on sale: active events and their seats; seats held, confirmed and checked in; bookings;
    revenue of paid bookings in major units."""

    events: int
    seats: int
    held: int
    confirmed: int
    checked_in: int
    bookings: int
    revenue: float
    currency: str


def booking_shown(booking: Booking, timezone: str) -> BookingShown:
    inside = booking.checked_in_at
    return BookingShown(
        id=booking.id,
        event=booking.event,
        title=booking.title,
        starts_at=shown(booking.starts_at, timezone),
        seats=booking.seats,
        price=major(booking.price, booking.currency),
        total_amount=major(booking.total, booking.currency),
        currency=booking.currency,
        status=booking.status,
        payment=booking.payment,
        customer_id=booking.customer,
        name=booking.name,
        phone=booking.phone,
        held_at=shown(booking.held_at, timezone),
        checked_in_at=shown(inside, timezone) if inside else None,
    )


# -- bookings --------------------------------------------------------------------------------------------------------
@bookings.get("/admin/bookings", "Bookings, newest first", access=TOKEN, flows=TICKETING)
async def listed(call: Call, query: BookingQuery) -> Page[BookingShown]:
    statuses = [BookingStatus(one.value) for one in ([query.status] if query.status else Booked)]
    return await page_of(
        query,
        lambda limit, offset: call.store.bookings(call.shop.name, statuses, limit, offset, query.event or ""),
        lambda booking: booking_shown(booking, call.shop.timezone),
    )


@bookings.get("/admin/bookings/<booking>", "One booking", access=TOKEN, flows=TICKETING)
async def one(call: Call, booking: BookingNumber) -> BookingShown:
    return booking_shown(await _booking(call, booking), call.shop.timezone)


@bookings.post(
    "/admin/bookings/<booking>/cancel",
    "Cancel a customer's booking",
    access=TOKEN,
    flows=TICKETING,
    refuses={409: "It has ended, or its customer has gone in."},
)
async def cancel(call: Call, booking: BookingNumber, body: Why) -> Done[BookingShown] | Later:
    """The seats are free again, the customer is told, and what they paid goes to the payment desk."""
    found = await _booking(call, booking)
    if found.status not in CANCELLABLE:
        raise Refusal(409, f"Booking {booking} is {_plain(found.status)}, so it can't be cancelled.")
    wish = BookingCancelWanted(booking, call.by, body.why.strip())
    if not await told(call, letter(call, Address(call.shop.name, found.customer), wish)):
        return Later()
    after = await _booking(call, booking)
    if after.status is not BookingStatus.CANCELLED:
        raise Refusal(409, f"Booking {booking} is {_plain(after.status)}, so it can't be cancelled.")
    return Done(f"Booking {booking} is cancelled.", booking_shown(after, call.shop.timezone))


# -- reservations and figures ----------------------------------------------------------------------------------------
@bookings.get("/admin/reservations", "Holds of seats, newest first", access=TOKEN, flows=TICKETING)
async def reservations(call: Call, query: ReservationQuery) -> Page[ReservationShown]:
    """Holds that are over are swept every minute; until then they are shown as expired among the held."""
    wanted: Sequence[Reserved] = [query.status] if query.status else list(Reserved)
    statuses = [status for one in wanted for status in RESERVED[one]]
    now = call.running.around.clock.now()

    def reservation(booking: Booking) -> ReservationShown:
        status = next(one for one, meant in RESERVED.items() if booking.status in meant)
        over = status is Reserved.HELD and not booking.takes(now)
        return ReservationShown(
            id=booking.id,
            event=booking.event,
            title=booking.title,
            seats=booking.seats,
            status=Reserved.EXPIRED if over else status,
            customer_id=booking.customer,
            phone=booking.phone,
            held_at=shown(booking.held_at, call.shop.timezone),
            expires_at=shown(booking.expires_at, call.shop.timezone),
        )

    return await page_of(
        query,
        lambda limit, offset: call.store.bookings(call.shop.name, statuses, limit, offset, query.event or ""),
        reservation,
    )


@bookings.get("/admin/metrics", "Figures of events, seats, bookings and check-ins", access=TOKEN, flows=TICKETING)
async def metrics(call: Call) -> Metrics:
    found = await call.store.metrics(call.shop.name)
    currency = call.shop.currency
    counts = {name: found[name] for name in Metrics.__struct_fields__ if name not in ("revenue", "currency")}
    return Metrics(**counts, revenue=major(found["revenue"], currency), currency=currency)


async def _booking(call: Call, booking_id: str) -> Booking:
    booking = await call.store.booking(call.shop.name, booking_id)
    if booking is None:
        raise Refusal(404, f"There is no booking {booking_id}.")
    return booking


def _plain(status: BookingStatus) -> str:
    return status.value.replace("_", " ")
