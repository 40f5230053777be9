"""What becomes of a hold: seats are kept, prolonged, booked, paid for or given up, or taken anew when it was over.

A hold is a Booking that is not confirmed yet. Each function says what follows for the row as it was read; whether the
seats are there is decided by the commit, whose refusal leads back here with a conflict.
"""

from __future__ import annotations

import msgspec

from engine import payer, paying, playbill
from engine.address import Millis
from engine.booking import PAY, Held, reminder_of, timer_of
from engine.effects import AnyEffect, Ask, Book, Charge, ClearTimer, MoveBooking, SaveCustomer, SetTimer
from engine.facts import ConflictKind, Facts
from engine.flow import customer_of
from engine.orders import Customer, PaymentStatus
from engine.payments import OPEN, Way
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import price
from engine.tickets import EXTENSION, HOLD, WARNING, Booking, BookingMove, BookingStatus, TicketEvent, booking_id

RACES = 4
"""So often seats are tried for that others are quicker to take; then they count as gone."""


# -- a hold ----------------------------------------------------------------------------------------------------------
def stands(booking: Booking | None, now: Millis) -> bool:
    """Whether a hold still keeps its seats."""
    return booking is not None and booking.status is BookingStatus.HELD and booking.expires_at > now


def undecided(facts: Facts) -> tuple[Booking, ...]:
    """Holds of this customer's that nothing was asked for yet, but for those that the waiting list gave them."""
    return tuple(
        [
            one
            for one in facts.bookings
            if stands(one, facts.now) and one.payment is PaymentStatus.UNPAID and not one.entry
        ]
    )


def free_for(event: TicketEvent, facts: Facts) -> tuple[int, tuple[Booking, ...]]:
    """Seats that this customer can have when they give up their earlier holds, and those. Where others were quicker
    RACES times, none: a turn must come to an end while thousands race."""
    earlier = undecided(facts)
    if _lost(event.id, facts) and facts.attempt >= RACES:
        return 0, earlier
    return facts.seats.get(event.id, 0) + sum([one.seats for one in earlier if one.event == event.id]), earlier


def taken(
    event: TicketEvent, seats: int, earlier: tuple[Booking, ...], shop: Shop, facts: Facts
) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """Seats held from now on for tickets.HOLD, in place of ``earlier`` holds."""
    row = Booking(
        id=booking_id(f"{facts.key}:{facts.attempt}"),
        shop=shop.name,
        customer=customer_of(facts),
        event=event.id,
        title=event.title,
        starts_at=event.starts_at,
        seats=seats,
        price=event.price,
        currency=shop.currency,
        status=BookingStatus.HELD,
        payment=PaymentStatus.UNPAID,
        held_at=facts.now,
        expires_at=facts.now + HOLD,
        phone=facts.phone,
    )
    released = [effect for one in earlier for effect in given_up(one, facts)]
    return row, (*released, Book(row), warning(row))


def is_booked(row: Booking) -> bool:
    return row.status in (BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN)


def bookable(held: Held, shop: Shop, facts: Facts) -> Booking | None:
    """The row of a hold that can still become a booking: it stands, or its seats may be free all the same."""
    row = facts.booking(held.booking)
    if row is None or row.status not in (BookingStatus.HELD, BookingStatus.EXPIRED):
        return None
    return None if playbill.sold(row.event, shop, facts) is None or _lost(row.event, facts) else row


def _lost(event_id: str, facts: Facts) -> bool:
    """Whether the commit of the attempt before found that others have the seats."""
    refused = facts.conflict
    return refused is not None and refused.kind is ConflictKind.SOLD_OUT and refused.what == event_id


def costs_otherwise(row: Booking | None, shop: Shop, facts: Facts) -> bool:
    """Whether seats that must be taken anew have another price now. A hold keeps the price that it was made at."""
    event = playbill.sold(row.event, shop, facts) if row is not None else None
    return row is not None and row.status is BookingStatus.EXPIRED and event is not None and event.price != row.price


def kept(
    row: Booking, name: str, payment: PaymentStatus, shop: Shop, facts: Facts
) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """The hold with a name and with what was asked for it; one that is over is taken anew, as far as seats are free."""
    if row.status is not BookingStatus.HELD:
        return _anew(row, BookingStatus.HELD, name, payment, shop, facts)
    over = not stands(row, facts.now)
    until = facts.now + HOLD if over else row.expires_at
    after = msgspec.structs.replace(row, name=name, payment=payment, expires_at=until)
    move = _move(row, BookingStatus.HELD, facts, name, payment, until if over else 0)
    return after, (MoveBooking(move), *((warning(after),) if over else ()))


def confirmed(row: Booking, name: str, shop: Shop, facts: Facts) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """The booking of a hold with nothing to pay before; of one that is over, as far as seats are free."""
    if row.status is not BookingStatus.HELD:
        return _anew(row, BookingStatus.CONFIRMED, name, row.payment, shop, facts)
    after = msgspec.structs.replace(row, status=BookingStatus.CONFIRMED, name=name)
    return after, (MoveBooking(_move(row, BookingStatus.CONFIRMED, facts, name)),)


def _anew(
    row: Booking, status: BookingStatus, name: str, payment: PaymentStatus, shop: Shop, facts: Facts
) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """An expired booking can't come back: its seats are taken under a new number, at what they cost now."""
    event = shop.programme.event(row.event)
    after = msgspec.structs.replace(
        row,
        id=booking_id(f"{facts.key}:{facts.attempt}"),
        starts_at=event.starts_at if event is not None else row.starts_at,
        price=event.price if event is not None else row.price,
        status=status,
        payment=payment,
        held_at=facts.now,
        expires_at=facts.now + HOLD,
        name=name,
        extended=False,
        entry="",
    )
    return after, (Book(after), *((warning(after),) if status is BookingStatus.HELD else ()))


def _move(
    row: Booking,
    to: BookingStatus,
    facts: Facts,
    name: str | None = None,
    payment: PaymentStatus | None = None,
    until: Millis = 0,
) -> BookingMove:
    own = customer_of(facts)
    return BookingMove(row.id, (row.status,), to, "customer", own, expires_at=until, name=name, payment=payment)


# -- its end -----------------------------------------------------------------------------------------------------------
def given_up(row: Booking | None, facts: Facts) -> tuple[AnyEffect, ...]:
    """A hold's seats are free again, its open requests to pay are dropped; nothing where it is over already."""
    if row is None or row.status is not BookingStatus.HELD:
        return ()
    move = MoveBooking(_move(row, BookingStatus.CANCELLED, facts))
    return (move, *paying.dropped(row.id, facts), ClearTimer(timer_of(row.id)))


def all_given_up(held: Held | None, facts: Facts) -> tuple[AnyEffect, ...]:
    """The hold that the conversation stands at, and all that nothing was asked for yet."""
    rows = {one.id: one for one in undecided(facts)}
    here = facts.booking(held.booking) if held is not None else None
    rows |= {here.id: here} if here is not None else {}
    return tuple([effect for row in rows.values() for effect in given_up(row, facts)])


def may_be_prolonged(row: Booking, facts: Facts) -> bool:
    """Once, while a payment for it is pending."""
    pending = [intent for intent in facts.intents if intent.order == row.id and intent.status in OPEN]
    return bool(pending) and not row.extended


def prolonged(row: Booking) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """The one extension."""
    until = row.expires_at + EXTENSION
    after = msgspec.structs.replace(row, expires_at=until, extended=True)
    held = BookingStatus.HELD
    move = BookingMove(row.id, (held,), held, "time", expires_at=until, extended=True)
    return after, (MoveBooking(move), warning(after))


def warning(row: Booking) -> SetTimer:
    return SetTimer(timer_of(row.id), row.expires_at - WARNING)


# -- paying for it -----------------------------------------------------------------------------------------------------
def ways(row: Booking, shop: Shop, facts: Facts) -> tuple[Way, ...]:
    """How this customer can pay before it is booked; none for what is free, or paid at the door."""
    if not row.total:
        return ()
    offered = paying.offered(shop, facts)
    return tuple([way for way in offered if way is not Way.CASH])


def asked(
    row: Booking, way: Way | None, offered: tuple[Way, ...], shop: Shop, facts: Facts
) -> tuple[str, tuple[AnyEffect, ...]]:
    """Ask for money by this way, instead of what was asked before, and the request's id; else which way it shall be, or
    which number shall pay."""
    if way is None or way not in offered:
        total = price(row.total, shop)
        which = say(facts.language, "How would you like to pay {total}?", total=total)
        return "", (*paying.dropped(row.id, facts), Ask(which, paying.options(offered, facts, prefix=PAY)))
    if paying.needs_phone(way, facts):
        return "", (*paying.dropped(row.id, facts), payer.ask(offered, facts))
    amount, _ = paying.payable(row.total, way, shop)
    last = row.expires_at + (0 if row.extended else EXTENSION)
    intent = paying.intent_for(row.id, way, amount, shop, facts, expires_at=last)
    said = (*paying.asked(intent, shop, facts), *payer.kept(shop, facts))
    return intent.id, (*paying.dropped(row.id, facts), Charge(intent), *said)


def known_name(facts: Facts) -> str:
    """The name of last time, "" where there is none."""
    return facts.customer.name if facts.customer is not None else ""


def closed(row: Booking, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What goes with a booking that stands: no more warnings, a reminder of the event, and the customer's card with
    its name."""
    card = facts.customer or Customer(customer_of(facts), shop.name)
    known = msgspec.structs.replace(
        card, name=row.name or card.name, phone=facts.phone or card.phone, language=facts.language
    )
    return ClearTimer(timer_of(row.id)), *reminder(row, shop, facts), SaveCustomer(known)


def reminder(row: Booking, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The reminder of an event, set for so long before it as the shop wishes; none when that is over. It reads the
    start again when it is due, which may be moved by then."""
    event = shop.programme.event(row.event)
    due = (event.starts_at if event is not None else row.starts_at) - shop.terms.event_reminder
    return (SetTimer(reminder_of(row.id), due),) if shop.terms.event_reminder and due > facts.now else ()
