"""Cancelling a booking: by its customer up to the event's limit, or by the shop at any time (flows.md §5)."""

from __future__ import annotations

from engine import paying
from engine.booking import timer_of
from engine.dates import day_and_time
from engine.effects import AnyEffect, ClearTimer, MoveBooking, Say
from engine.events import BookingCancelWanted
from engine.facts import Facts
from engine.flow import customer_of
from engine.holding import given_up
from engine.messages import Purpose
from engine.orders import PaymentStatus
from engine.phrases import phrase, say
from engine.playbill import seats_said
from engine.settling import given_back
from engine.shop import Shop
from engine.shopping import joined
from engine.tickets import Booking, BookingMove, BookingStatus, EventStatus
from engine.window import told

TEMPLATE = "cancelled"
"""Which of terms.templates tells of a booking that the shop has cancelled: it has its number, the event and the reason.
It is used for whoever wrote too long ago to be written to freely (quality.md 7)."""

HAS_PAID = (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED)
REFUND = phrase("You have paid it: we'll send your money back, and tell you.")
ENDED = {
    BookingStatus.CHECKED_IN: phrase("*{number}* was used at the door already, so it can't be cancelled."),
    BookingStatus.CANCELLED: phrase("*{number}* is cancelled already."),
    BookingStatus.EXPIRED: phrase("*{number}* was not booked in time, so there is nothing to cancel."),
}


def by_customer(row: Booking, shop: Shop, facts: Facts) -> tuple[bool, tuple[AnyEffect, ...]]:
    """Whether it is cancelled by this, and what follows and is said."""
    speech, number = facts.language, row.id
    if row.status in ENDED:
        return False, (Say(say(speech, ENDED[row.status], number=number)),)
    if row.status is BookingStatus.HELD:
        said = say(speech, "Done: {seats} for *{title}* are free again.", **_named(row, facts))
        return True, (*given_up(row, facts), Say(said, Purpose.ORDER))
    event = shop.programme.event(row.event)
    off = event is not None and event.status is EventStatus.CANCELLED
    if event is not None and facts.now > event.cancel_until and not off:
        until = day_and_time(event.cancel_until, event.timezone, speech)
        late = say(
            speech,
            "*{number}* could be cancelled until {until}. Say *agent* to talk to a person.",
            number=number,
            until=until,
        )
        return False, (Say(late),)
    done = say(
        speech, "*{number}* is cancelled: {seats} for *{title}* are free again.", number=number, **_named(row, facts)
    )
    move = BookingMove(number, (row.status,), BookingStatus.CANCELLED, "customer", customer_of(facts))
    return True, (*_ended(row, move, facts), Say(joined(done, _refund(row, facts)), Purpose.ORDER))


def by_shop(row: Booking | None, event: BookingCancelWanted, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The owner's wish; nothing for a booking that has ended already."""
    if row is None or row.status in ENDED:
        return ()
    said = say(
        facts.language,
        "We are sorry: your {seats} for *{title}* (*{number}*) had to be cancelled.",
        number=row.id,
        **_named(row, facts),
    )
    why = say(facts.language, "The reason: {why}", why=event.why) if event.why else ""
    move = BookingMove(row.id, (row.status,), BookingStatus.CANCELLED, event.by)
    free = Say(joined(said, why, _refund(row, facts)), Purpose.ORDER)
    news = told((free,), TEMPLATE, (row.id, row.title, event.why or "–"), shop, facts)
    return (*_ended(row, move, facts), *news)


def _ended(row: Booking, move: BookingMove, facts: Facts) -> tuple[AnyEffect, ...]:
    """The move and what goes with it: open requests to pay, and the money that has paid it, for the desk."""
    back = given_back(row.id, facts, move.by)
    return (MoveBooking(move), *paying.dropped(row.id, facts), *back, ClearTimer(timer_of(row.id)))


def _refund(row: Booking, facts: Facts) -> str:
    return say(facts.language, REFUND) if row.payment in HAS_PAID else ""


def _named(row: Booking, facts: Facts) -> dict[str, str]:
    return {"seats": seats_said(row.seats, facts), "title": row.title}
