"""A booking in words: what is kept and for how long, the summary, the ticket, and bookings as their owner sees them.

Each answer is the effects that say it, together with what its sentence promises where that is one step.
"""

from __future__ import annotations

from engine import holding, paying
from engine.address import MINUTE, Millis
from engine.booking import EXAMPLE, EXPECT_NAME, SAME, Held, is_number, timer_of
from engine.dates import day_and_time
from engine.effects import AnyEffect, Ask, ClearTimer, Option, Say, ShowImage, Unsaid
from engine.facts import Facts
from engine.flow import Hint
from engine.holding import all_given_up, given_up, is_booked, known_name, stands
from engine.messages import Purpose
from engine.orders import PaymentStatus
from engine.phrases import alone, phrase, say, say_count
from engine.playbill import cost, not_on_sale, place, seats_said, sold
from engine.shop import Shop
from engine.shopping import joined, price
from engine.tickets import Booking, BookingStatus
from engine.window import told

SHOWN_AT_MOST = 10
"""Bookings in the answer to *my bookings*."""


def minutes_said(until: Millis, facts: Facts) -> str:
    """How long it is from now, in minutes; a begun one counts."""
    minutes = max(1, -(-(until - facts.now) // MINUTE))
    return say_count(facts.language, "{count} minute", "{count} minutes", minutes)


def about(row: Booking, shop: Shop, facts: Facts) -> list[str]:
    """The event, when and where, and how many seats. A start that the owner has moved is the one that counts."""
    event = shop.programme.event(row.event)
    return [
        alone(facts.language, f"*{row.title}*"),
        _when(row, shop, facts),
        alone(facts.language, place(event)) if event is not None else "",
        seats_said(row.seats, facts),
    ]


def _when(row: Booking, shop: Shop, facts: Facts) -> str:
    event = shop.programme.event(row.event)
    starts_at, zone = (row.starts_at, shop.timezone) if event is None else (event.starts_at, event.timezone)
    return day_and_time(starts_at, zone, facts.language)


# -- a hold ----------------------------------------------------------------------------------------------------------
def ask_name(row: Booking, shop: Shop, facts: Facts) -> AnyEffect:
    """Seats are kept, for how long, and the name for the tickets; the one of last time is offered again."""
    speech, known = facts.language, known_name(facts)
    total = (
        say(speech, "Together {total}.", total=price(row.total, shop))
        if row.total
        else say(speech, "They cost nothing.")
    )
    keeping = say(
        speech,
        "I'm keeping {seats} for *{title}* for you, for {minutes}. {total}",
        seats=seats_said(row.seats, facts),
        title=row.title,
        minutes=minutes_said(row.expires_at, facts),
        total=total,
    )
    said = joined(keeping, say(speech, "What name shall I put on the tickets? Say *no* if you don't want them."))
    return Ask(said, (Option(SAME, known, words=(SAME,)),), numbered=False) if known else Say(said)


def ask_yes(row: Booking, ahead: str, shop: Shop, facts: Facts) -> Ask:
    """The summary; ``ahead`` says what changed."""
    speech = facts.language
    body = joined(
        ahead,
        say(speech, "Your booking:"),
        *about(row, shop, facts),
        say(speech, "Name: {name}", name=row.name),
        say(speech, "*Total: {total}*", total=cost(row.total, shop, facts)),
        "",
        say(speech, "I keep it for you for {minutes}. Shall I book it?", minutes=minutes_said(row.expires_at, facts)),
    )
    return Ask(body, (Option("yes", say(speech, "Yes")), Option("no", say(speech, "No"))), numbered=False)


def hello(held: Held | None, shop: Shop, facts: Facts) -> str:
    """The welcome, and what is still kept from before."""
    welcomed = say(facts.language, "Welcome to {title}! 👋", title=shop.title)
    if held is None or held.until <= facts.now:
        return welcomed
    kept = say(
        facts.language,
        "I still keep {seats} for *{title}* for {minutes}: say *{number}* to go on with them.",
        seats=seats_said(held.seats, facts),
        title=held.title,
        minutes=minutes_said(held.until, facts),
        number=held.booking,
    )
    return joined(welcomed, kept)


def busy(held: Held, facts: Facts) -> tuple[AnyEffect, ...]:
    """A search has to wait."""
    said = say(
        facts.language,
        "First your {seats} for *{title}*: say *no* to let them go, then search on.",
        seats=seats_said(held.seats, facts),
        title=held.title,
    )
    return (Say(said),)


def costs_otherwise(facts: Facts) -> str:
    return say(facts.language, "The price has changed meanwhile, so please confirm again.")


def let_go(held: Held, facts: Facts) -> tuple[AnyEffect, ...]:
    """The customer does not want the seats after all."""
    seats = seats_said(held.seats, facts)
    said = say(facts.language, "Fine, I let {seats} for *{title}* go.", seats=seats, title=held.title)
    elsewhere = say(facts.language, "Say *search* to look for something else.")
    return (*given_up(facts.booking(held.booking), facts), Say(joined(said, elsewhere)))


def cancelled(held: Held | None, number: str, facts: Facts) -> tuple[AnyEffect, ...]:
    """The answer to *cancel*, and the end of what is held; ``number``: the booking that the customer has just made."""
    released = all_given_up(held, facts)
    if number:
        said = say(
            facts.language,
            "Nothing was open. Your booking *{number}* stands; to cancel it, say *cancel {number}*.",
            number=number,
        )
    elif released:
        said = say(facts.language, "Cancelled: the seats are free again. Say *hi* whenever you like to look around.")
    else:
        said = say(facts.language, "Cancelled. Say *hi* whenever you like to look around.")
    return (*released, Say(said))


def is_off(held: Held, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What was held can't be booked, for the event is off or the hold was given up elsewhere."""
    if sold(held.event, shop, facts) is None:
        return (Say(not_on_sale(held.event, shop, facts)),)
    return (Say(say(facts.language, "Those seats are not kept any more. Say *search* to look again.")),)


# -- its end -----------------------------------------------------------------------------------------------------------
def warned(row: Booking, here: bool, facts: Facts) -> tuple[AnyEffect, ...]:
    """One minute before the end; ``here``: the conversation stands at it."""
    seats, minutes = seats_said(row.seats, facts), minutes_said(row.expires_at, facts)
    said = (
        say(
            facts.language,
            "I keep your {seats} for *{title}* for {minutes} more. Then others may have them. ⏳",
            seats=seats,
            title=row.title,
            minutes=minutes,
        )
        if here
        else say(
            facts.language,
            "I keep your {seats} for *{title}* for {minutes} more: say *{number}* to go on with them. ⏳",
            seats=seats,
            title=row.title,
            minutes=minutes,
            number=row.id,
        )
    )
    return (Say(said),)


def reminded(row: Booking | None, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The event is near: when, where, and the code; later when its start was moved back, nothing when it is off."""
    if row is None or row.status is not BookingStatus.CONFIRMED or sold(row.event, shop, facts) is None:
        return (Unsaid("cancelled" if row is None or row.status is BookingStatus.CANCELLED else "over"),)
    if later := holding.reminder(row, shop, facts):
        return later
    said = joined(
        say(facts.language, "A reminder of your booking *{number}*:", number=row.id),
        *about(row, shop, facts),
        say(facts.language, "Show the code or its picture at the door. We look forward to seeing you!"),
    )
    return told((Say(said, Purpose.ORDER),), "event", (row.title, _when(row, shop, facts), row.id), shop, facts)


def prolonged(row: Booking, facts: Facts) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """The hold and its one extension, said so."""
    after, effects = holding.prolonged(row)
    said = say(
        facts.language,
        "Your payment is still on its way, so I keep your seats for {minutes} more.",
        minutes=minutes_said(after.expires_at, facts),
    )
    return after, (*effects, Say(said, Purpose.PAYMENT))


def has_ended(row: Booking, here: bool, again: bool, facts: Facts) -> tuple[AnyEffect, ...]:
    """A hold was swept. ``again``: the customer may still take the seats anew with what they say next."""
    speech = facts.language
    seats = {"seats": seats_said(row.seats, facts), "title": row.title}
    if again:
        said = say(speech, "The time for your {seats} for *{title}* is over, and others may have them now.", **seats)
        said = joined(said, say(speech, "Go on, and I take them anew if they are still free."))
    elif row.payment is PaymentStatus.PENDING:
        said = say(
            speech,
            "The payment for your {seats} for *{title}* did not come in time, so I let them go. Should it still come, "
            "I'll take seats anew if there are any, or you get your money back.",
            **seats,
        )
    else:
        said = say(speech, "The time for your {seats} for *{title}* is over, so I let them go.", **seats)
    return (*paying.dropped(row.id, facts), ClearTimer(timer_of(row.id)), Say(said, Purpose.ORDER))


def not_paid(failed: paying.Unpaid, facts: Facts) -> tuple[AnyEffect, ...]:
    """A payment will not come: the hold is released, and said so (flows.md §5)."""
    row = failed.booking
    if row is None:
        return ()
    said = say(
        facts.language,
        "{why} So I let your {seats} for *{title}* go; say *search* to try again.",
        why=failed.said,
        seats=seats_said(row.seats, facts),
        title=row.title,
    )
    return (*given_up(row, facts), Say(said, Purpose.PAYMENT))


def waiting(held: Held, facts: Facts) -> tuple[AnyEffect, ...]:
    """Where a payment stands that was asked for."""
    said = say(
        facts.language,
        "I'm waiting for your payment, and keep your {seats} for *{title}* for {minutes}.",
        seats=seats_said(held.seats, facts),
        title=held.title,
        minutes=minutes_said(held.until, facts),
    )
    return (Say(said),)


# -- the ticket ----------------------------------------------------------------------------------------------------
def ticket(row: Booking, ahead: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The code first, as text, and the picture of it as a message of its own: the booking stands whatever becomes of
    the picture (flows.md §5)."""
    speech = facts.language
    body = joined(
        ahead,
        say(speech, "Booked! 🎉 Your code is *{number}*.", number=row.id),
        *about(row, shop, facts),
        say(speech, "Name: {name}", name=row.name),
        _paid_line(row, shop, facts),
        say(speech, "Show the code or its picture at the door. To give it back, say *cancel {number}*.", number=row.id),
    )
    return Say(body, Purpose.ORDER), _picture(row)


def _picture(row: Booking) -> ShowImage:
    return ShowImage(paper=f"ticket:{row.id}", caption=f"{row.id} · {row.title}")


def _paid_line(row: Booking, shop: Shop, facts: Facts) -> str:
    total = price(row.total, shop)
    if not row.total:
        return say(facts.language, "Free of charge.")
    if row.payment is PaymentStatus.PAID:
        return say(facts.language, "Paid: {total}", total=total)
    return say(facts.language, "To pay at the door: {total}", total=total)


def stands_already(number: str, facts: Facts) -> tuple[AnyEffect, ...]:
    said = say(facts.language, "Your booking *{number}* stands already. Say *{number}* to see it.", number=number)
    return (Say(said),)


def welcome(facts: Facts) -> tuple[AnyEffect, ...]:
    return (Say(say(facts.language, "You're welcome! Say *search* to look for more.")),)


# -- bookings as their owner sees them -----------------------------------------------------------------------------
STATUSES = {
    BookingStatus.HELD: phrase("kept for you, not booked yet"),
    BookingStatus.CONFIRMED: phrase("booked"),
    BookingStatus.CHECKED_IN: phrase("you are in"),
    BookingStatus.CANCELLED: phrase("cancelled"),
    BookingStatus.EXPIRED: phrase("not booked in time"),
}


def _status(row: Booking, facts: Facts) -> str:
    over = row.status is BookingStatus.HELD and not stands(row, facts.now)
    return say(facts.language, STATUSES[BookingStatus.EXPIRED if over else row.status])


def shown(row: Booking, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """One booking, with its picture while that opens a door."""
    speech, valid = facts.language, row.status is BookingStatus.CONFIRMED
    body = joined(
        say(speech, "Booking *{number}*: {status}.", number=row.id, status=_status(row, facts)),
        *about(row, shop, facts),
        say(speech, "Name: {name}", name=row.name) if row.name else "",
        _paid_line(row, shop, facts) if is_booked(row) else "",
        say(speech, "To give it back, say *cancel {number}*.", number=row.id) if valid else "",
    )
    return (Say(body), _picture(row)) if valid else (Say(body),)


def all_shown(shop: Shop, facts: Facts) -> list[str]:
    """A line for each of the latest bookings that came to something."""
    told = [one for one in facts.bookings if one.status is not BookingStatus.EXPIRED]
    told = [one for one in told if one.status is not BookingStatus.HELD or stands(one, facts.now)]
    return [
        say(
            facts.language,
            "*{number}* – {title}, {when}, {seats}: {status}",
            number=one.id,
            title=one.title,
            when=_when(one, shop, facts),
            seats=seats_said(one.seats, facts),
            status=_status(one, facts),
        )
        for one in told[:SHOWN_AT_MOST]
    ]


def no_such(number: str, facts: Facts) -> tuple[AnyEffect, ...]:
    """Why there is nothing to show under this number."""
    if not is_number(number):
        example = say(facts.language, "That is no booking number: it looks like *{example}*.", example=EXAMPLE)
        return (Say(example),)
    return (Say(say(facts.language, "I can't find a booking *{number}* of yours.", number=number)),)


# -- what is expected ----------------------------------------------------------------------------------------------
ALWAYS = (
    phrase("*search* and what you look for – find events"),
    phrase("*my bookings*, or a booking number – see what you have booked"),
)
HINTS = (
    Hint(EXPECT_NAME, phrase("Asha Rao"), (phrase("The name for the tickets"), phrase("*no* – let the seats go"))),
    Hint(
        phrase("please say *yes* to book, or *no* to let the seats go"),
        phrase("yes"),
        (phrase("*yes* – book it"), phrase("*no* – let the seats go")),
    ),
    Hint(
        phrase("I'm waiting for your payment; please choose a way to pay, or say *no* to let the seats go"),
        phrase("card"),
        (phrase("A way to pay, to be asked anew"), phrase("*no* – let the seats go")),
    ),
    Hint(
        phrase("your booking stands; please say *my bookings* to see it, or *search* to look for more"),
        phrase("my bookings"),
        (phrase("*search* – look for more"),),
    ),
)
"""What is expected of the name, of the summary, of the payment, and after it all."""
