"""Bookings in conversation: what customers say about them, what a conversation remembers of a hold, and what must be
read for each. What becomes of a hold stands in engine.holding, how it is spoken of in engine.booked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

import msgspec

from engine import paying
from engine.address import Millis
from engine.events import (
    BookingCancelWanted,
    ChargeAnswered,
    DeskDecided,
    HoldEnded,
    PaymentFailed,
    PaymentSettled,
    SeatsOffered,
    TimerFired,
)
from engine.facts import AnyNeed, BookingNumbered, IntentsFor, PaymentFor
from engine.flow import AnyFlowEvent, Cancelled, Chosen, Expired, FlowEvent
from engine.payer import PhoneTold
from engine.payments import Way
from engine.phrases import phrase
from engine.tickets import (
    BOOKING_FORM,
    BOOKING_START,
    Booking,
)
from engine.words import command

EXAMPLE = "BKG-7K3M9Q"
EXPECT_NAME = phrase("please tell me the name for the tickets")
"""What is expected, as the second half of a sentence."""

SAME = "same"
"""The value of the Option that means: the name of last time."""

LOOKED_AT = 50
"""Bookings that are read for *my bookings*: those that came to nothing are among them, and are not shown."""


class Held(msgspec.Struct, frozen=True):
    """The hold that a conversation is about. ``entry``: the waiting-list entry whose offer it is, else ""."""

    booking: str
    event: str
    title: str
    seats: int
    until: Millis
    entry: str = ""


def held_of(booking: Booking) -> Held:
    return Held(booking.id, booking.event, booking.title, booking.seats, booking.expires_at, booking.entry)


TIMER = "hold-warning:"


def timer_of(booking: str) -> str:
    """The kind of the timer that warns of a hold's end."""
    return TIMER + booking


EVENT = "event:"


def reminder_of(booking: str) -> str:
    """The kind of the timer that reminds of a booked event."""
    return EVENT + booking


def booked_in(kind: str) -> str:
    """The booking that such a reminder is about; "" for another timer."""
    return kind.removeprefix(EVENT) if kind.startswith(EVENT) else ""


def booking_of(kind: str) -> str:
    """The booking that such a timer is about; "" for another timer."""
    return kind.removeprefix(TIMER) if kind.startswith(TIMER) else ""


# -- what customers say --------------------------------------------------------------------------------------------
class Named(FlowEvent, frozen=True):
    """The name for the tickets, as typed."""

    label: ClassVar[str] = "name"
    said: str


class NameKept(FlowEvent, frozen=True):
    """The name of last time."""

    label: ClassVar[str] = '"same"'


class Agreed(FlowEvent, frozen=True):
    label: ClassVar[str] = '"yes"'


class Declined(FlowEvent, frozen=True):
    label: ClassVar[str] = '"no"'


class Thanked(FlowEvent, frozen=True):
    label: ClassVar[str] = '"thanks"'


class BookingAsked(FlowEvent, frozen=True):
    """One booking; ``id`` is as typed, in capitals."""

    label: ClassVar[str] = '"BKG-XXXXXX"'
    id: str


class CancelAsked(FlowEvent, frozen=True):
    """One booking is to be cancelled; ``id`` is as typed, in capitals."""

    label: ClassVar[str] = '"cancel BKG-XXXXXX"'
    id: str


class MineAsked(FlowEvent, frozen=True):
    """All of this customer's bookings."""

    label: ClassVar[str] = '"my bookings"'


class ListLeft(FlowEvent, frozen=True):
    """Off every waiting list."""

    label: ClassVar[str] = '"leave"'


CHOICES: dict[str, FlowEvent] = {SAME: NameKept(), "yes": Agreed(), "no": Declined()}
"""Value of an Option of ours → what choosing it means."""

PAY = "pay:"
"""What the value of an Option begins with that stands for a way to pay."""
MPESA = f"{PAY}{Way.MPESA.value}"

_MINE = frozenset({"my bookings", "bookings", "my booking", "my tickets", "tickets"})
_YES = frozenset({"yes", "ok", "confirm", "book", "join"})
_NO = frozenset({"no", "none"})
_THANKS = frozenset({"thanks", "thank you", "ok", "yes", "no", "none", "👍", "🙏"})
_LEAVE = frozenset({"leave", "leave list", "leave the list", "leave waiting list", "leave the waiting list"})


def number_in(said: str) -> str:
    """A booking's number as typed, in capitals and with its hyphen: "bkg 7k3m9q" too."""
    number = re.sub(r"[\s#.]+", "", said).upper()
    bare = number.removeprefix(BOOKING_START.rstrip("-"))
    return f"{BOOKING_START}{bare.lstrip('-–')}" if bare != number else number


def is_number(number: str) -> bool:
    """Whether a booking may be called so: nothing is looked up for anything else."""
    return re.fullmatch(BOOKING_FORM, number) is not None


def read_anywhere(said: str) -> FlowEvent | None:
    """What means the same in every state."""
    meant = command(said)
    if meant in _MINE:
        return MineAsked()
    if meant in _LEAVE:
        return ListLeft()
    looks_so = meant.lstrip("#").startswith("bkg") and meant.count(" ") <= 1
    return BookingAsked(number_in(meant)) if looks_so else None


def read_yes(said: str) -> FlowEvent | None:
    return Agreed() if command(said) in _YES else None


def read_no(said: str) -> FlowEvent | None:
    return Declined() if command(said) in _NO else None


def read_answer(said: str) -> FlowEvent | None:
    """Yes or no."""
    return read_yes(said) or read_no(said)


def read_wanted(said: str, held: Held) -> FlowEvent | None:
    """Whether the seats are wanted, where a name is asked for: *yes* asks for it again."""
    return BookingAsked(held.booking) if read_yes(said) else read_no(said)


def read_way(said: str) -> FlowEvent | None:
    """A way to pay, as its button would say it."""
    way = paying.way_of(said)
    return Chosen(f"{PAY}{way.value}") if way is not None else None


def read_thanks(said: str) -> FlowEvent | None:
    """A friendly word where nothing is open; *no* to nothing is one too."""
    return Thanked() if command(said) in _THANKS else None


OWN_WORDS: dict[str, Callable[[str], FlowEvent]] = {
    "my orders": lambda rest: MineAsked(),
    "track": lambda rest: BookingAsked(number_in(rest)) if rest else MineAsked(),
    "cancel": lambda rest: CancelAsked(number_in(rest)),
}
"""Global words about orders, which are bookings here."""


# -- what must be read ---------------------------------------------------------------------------------------------
def needs(event: AnyFlowEvent, held: Held | None) -> tuple[AnyNeed, ...]:
    """A booking by its number, what is asked for it, and what has paid it where it may be cancelled. ``held``: the hold
    that the conversation stands at. Nothing is looked up for what can't be a number."""
    match event:
        case BookingAsked(number) | CancelAsked(number) if not is_number(number):
            return ()
        case BookingAsked(number) | HoldEnded(number) | SeatsOffered(booking=number):
            return BookingNumbered(number), IntentsFor(number)
        case CancelAsked(number) | BookingCancelWanted(number):
            return BookingNumbered(number), IntentsFor(number), PaymentFor(number)
        case TimerFired(kind):
            if coming := booked_in(kind):
                return (BookingNumbered(coming),)
            number = booking_of(kind)
            return (BookingNumbered(number), IntentsFor(number)) if number else ()
        case PaymentSettled() | DeskDecided() | PaymentFailed() | ChargeAnswered():
            return paying.news_needs(event)
        case Named() | NameKept() | Agreed() | Declined() | Chosen() | PhoneTold() | Cancelled() | Expired() if (
            held is not None
        ):
            return BookingNumbered(held.booking), IntentsFor(held.booking)
        case _:
            return ()
