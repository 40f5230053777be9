"""Events that seats are sold for: what the owner plans, changes and calls off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major, minor
from adapters.api.answers import Done, Page, Refusal
from adapters.api.endpoint import TOKEN, Call, Noun
from adapters.api.fields import (
    Amount,
    EventId,
    Link,
    Moment,
    NewId,
    Text,
    TimeZone,
    Title,
    Word,
    millis,
    one_line,
    shown,
)
from adapters.api.letters import kept, letter
from adapters.api.paging import Paged, page_of
from engine.address import Address
from engine.codes import spelled
from engine.commit import Posted
from engine.events import BookingCancelWanted
from engine.tickets import Booking, BookingStatus, EventStatus, TicketEvent

events = Noun("events", "Events that seats are sold for.")

TICKETING = frozenset({"ticketing"})
CAPACITY_AT_MOST = 1_000_000
CANCEL_HOURS_AT_MOST = 24 * 365
ID_LETTERS = 8
LIVE = (BookingStatus.HELD, BookingStatus.CONFIRMED)
"""Bookings that end with their event; who is inside already has had it."""
AT_ONCE = 1_000
"""Bookings that are read at once."""


# -- how an event is written and shown -------------------------------------------------------------------------------
class EventPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of an event but its id. ``cancelHours``: until so long before the start, customers may cancel."""

    title: Title
    city: Annotated[Word, Meta(min_length=1)]
    venue: Word = ""
    starts_at: Moment
    timezone: TimeZone
    capacity: Annotated[
        int, Meta(ge=1, le=CAPACITY_AT_MOST, description=f"a whole number from 1 to {CAPACITY_AT_MOST}", examples=[120])
    ]
    price: Amount = 0
    category: Word = ""
    description: Text = ""
    image: Link = ""
    cancel_hours: Annotated[
        int,
        Meta(
            ge=0, le=CANCEL_HOURS_AT_MOST, description=f"a whole number from 0 to {CANCEL_HOURS_AT_MOST}", examples=[24]
        ),
    ] = 24
    status: Annotated[EventStatus, Meta(description="active or cancelled")] = EventStatus.ACTIVE


class NewEvent(EventPlan, frozen=True, kw_only=True, rename="camel"):
    """A new event; without an id it gets one."""

    id: NewId = ""


class EventShown(msgspec.Struct, frozen=True, rename="camel"):
    """An event; ``startsAt`` on the venue's clock, ``price`` per seat in major units."""

    id: str
    title: str
    city: str
    venue: str
    starts_at: datetime
    timezone: str
    capacity: int
    price: float
    currency: str
    category: str
    description: str
    image: str
    cancel_hours: int
    status: EventStatus


class EventQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which events; by start."""


class Gone(msgspec.Struct, frozen=True):
    id: str


def event_shown(event: TicketEvent, currency: str) -> EventShown:
    return EventShown(
        id=event.id,
        title=event.title,
        city=event.city,
        venue=event.venue,
        starts_at=shown(event.starts_at, event.timezone),
        timezone=event.timezone,
        capacity=event.capacity,
        price=major(event.price, currency),
        currency=currency,
        category=event.category,
        description=event.description,
        image=event.image,
        cancel_hours=event.cancel_hours,
        status=event.status,
    )


def _event(event_id: str, plan: EventPlan, currency: str) -> TicketEvent:
    return TicketEvent(
        id=event_id,
        title=one_line(plan.title),
        city=one_line(plan.city),
        venue=one_line(plan.venue),
        starts_at=millis(plan.starts_at),
        timezone=plan.timezone,
        capacity=plan.capacity,
        price=minor(plan.price, currency, "price"),
        category=one_line(plan.category),
        description=plan.description,
        image=plan.image,
        cancel_hours=plan.cancel_hours,
        status=plan.status,
    )


def _id_for(request: str) -> str:
    """The id of an event that comes without one: its request's, so that the same request plans the same event."""
    return spelled(int(request, 16), ID_LETTERS)


# -- endpoints -------------------------------------------------------------------------------------------------------
@events.get("/admin/events", "Events, by start", access=TOKEN, flows=TICKETING)
async def listed(call: Call, query: EventQuery) -> Page[EventShown]:
    found = await call.store.events(call.shop.name)

    async def rows(limit: int, offset: int) -> list[TicketEvent]:
        return found[offset : offset + limit]

    return await page_of(query, rows, lambda event: event_shown(event, call.shop.currency))


@events.post(
    "/admin/events",
    "Plan an event",
    access=TOKEN,
    status=201,
    flows=TICKETING,
    refuses={409: "There is an event with this id."},
)
async def plan(call: Call, body: NewEvent) -> Done[EventShown]:
    """It is on sale at once."""
    event = _event(body.id or _id_for(call.request), body, call.shop.currency)
    async with call.running.programme_lock:
        known = await _find(call, event.id)
        if known is not None and (known != event or not call.key):
            raise Refusal(409, f"There is an event {event.id} already.", {"id": "it is taken"})
        if known is None:
            await _save(call, event)
    return Done(f"The event {event.title} is on sale.", event_shown(event, call.shop.currency))


@events.get("/admin/events/<event>", "One event", access=TOKEN, flows=TICKETING)
async def one(call: Call, event: EventId) -> EventShown:
    return event_shown(await _event_of(call, event), call.shop.currency)


@events.put(
    "/admin/events/<event>",
    "Change an event, or call it off",
    access=TOKEN,
    flows=TICKETING,
    refuses={409: "More seats are sold or held than it would have, or it was called off."},
)
async def put(call: Call, event: EventId, body: EventPlan) -> Done[EventShown]:
    """All of it is replaced. Bookings keep what was sold. With the status ``cancelled`` each customer who has a booking
    hears it and, where they paid, gets their money back by the payment desk; that can't be undone."""
    async with call.running.programme_lock:
        before = await _event_of(call, event)
        if before.status is EventStatus.CANCELLED and body.status is EventStatus.ACTIVE:
            raise Refusal(409, "This event was called off, and its customers know; please plan a new one.")
        after = _event(event, body, call.shop.currency)
        await _save(call, after)
    if after.status is EventStatus.CANCELLED:
        count = await _call_off(call, event)
        return Done(f"The event is cancelled; {count} bookings end with it.", event_shown(after, call.shop.currency))
    return Done("The event is saved.", event_shown(after, call.shop.currency))


@events.delete(
    "/admin/events/<event>",
    "Delete an event that nobody ever booked",
    access=TOKEN,
    flows=TICKETING,
    refuses={409: "Seats of it were booked."},
)
async def delete(call: Call, event: EventId) -> Done[Gone]:
    async with call.running.programme_lock:
        await _event_of(call, event)
        with_nobody = await call.store.remove_event(call.shop.name, event)
        if not with_nobody:
            raise Refusal(409, "Seats of this event were booked, so it can't be deleted. Set its status to cancelled.")
        await call.running.renew_programme(call.shop.name)
    return Done("The event is deleted.", Gone(event))


async def _find(call: Call, event_id: str) -> TicketEvent | None:
    return next((one for one in await call.store.events(call.shop.name) if one.id == event_id), None)


async def _event_of(call: Call, event_id: str) -> TicketEvent:
    event = await _find(call, event_id)
    if event is None:
        raise Refusal(404, f"There is no event {event_id}.")
    return event


async def _save(call: Call, event: TicketEvent) -> None:
    """Save an event and let it be sold; the caller holds the lock."""
    if not await call.store.save_event(call.shop.name, event):
        why = "more seats than that are sold or held"
        raise Refusal(409, f"The capacity can't be {event.capacity}: {why}.", {"capacity": why})
    await call.running.renew_programme(call.shop.name)


async def _call_off(call: Call, event_id: str) -> int:
    """Tell everybody who has a booking; how many those are. Their letters are durable before this is answered, and
    doing it twice is doing it once. All bookings are walked, since those that end meanwhile would shift the others."""
    count = 0
    for offset in range(0, CAPACITY_AT_MOST, AT_ONCE):
        bookings = await call.store.bookings(call.shop.name, (), AT_ONCE, offset, event_id)
        live = [one for one in bookings if one.status in LIVE]
        await kept(call, [_ended(call, one) for one in live])
        count += len(live)
        if len(bookings) < AT_ONCE:
            break
    return count


def _ended(call: Call, booking: Booking) -> Posted:
    wish = BookingCancelWanted(booking.id, call.by)
    return letter(call, Address(call.shop.name, booking.customer), wish, f"called-off:{booking.id}")
