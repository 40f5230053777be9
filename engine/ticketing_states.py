"""The states of the flow ``ticketing``, what typed text means in each, and what each expects. Its arrows:
engine.flows.ticketing.

    none → search → event_selected → qty → hold → awaiting_payment → confirmed                       (flows.md §5)
"""

from __future__ import annotations

from typing import TypeAlias

from engine import booked, booking, payer, playbill, waitlist
from engine.booking import Agreed, BookingAsked, Declined, Held, Named
from engine.facts import Facts
from engine.flow import Flow, FlowEvent, Guide, Started, State
from engine.playbill import MoreAsked, Numbered, Searched
from engine.shop import Shop
from engine.tickets import BOOKING_FORM
from engine.waitlist import Joined


# -- states --------------------------------------------------------------------------------------------------------
class Nothing(State, frozen=True, tag="None"):
    """Nothing is going on."""


class Search(State, frozen=True):
    """Choosing an event. ``found``: ids by the numbers that are theirs, of which the first ``shown`` were seen."""

    found: tuple[str, ...] = ()
    shown: int = 0


class EventSelected(State, frozen=True):
    """How many seats? ``wanted`` could not be had. ``full``: it was said to be sold out, a number means to wait."""

    event: str
    wanted: int = 0
    full: bool = False


class Qty(State, frozen=True):
    """The seats are held; a name is wanted."""

    held: Held


class Hold(State, frozen=True):
    """The summary was shown; ``yes`` books it."""

    held: Held
    name: str


class AwaitingPayment(State, frozen=True):
    """``intent``: the open request to pay, "" while the customer chooses a way or, ``phone_wanted``, types a number."""

    held: Held
    name: str
    intent: str = ""
    phone_wanted: bool = False


class Confirmed(State, frozen=True):
    booking: str


Holding: TypeAlias = Qty | Hold | AwaitingPayment
Ended: TypeAlias = EventSelected | Nothing | Confirmed
"""Where a hold leads that can't be booked any more: others have the seats, its event is off, or it stands already."""


def held_in(state: State) -> Held | None:
    """The hold that the conversation is about."""
    return state.held if isinstance(state, Holding) else None


FLOW = Flow(
    "ticketing",
    version=1,
    states=(Nothing, Search, EventSelected, Qty, Hold, AwaitingPayment, Confirmed),
    initial=Nothing(),
    resting=(Search, EventSelected, Confirmed),
    choices={**playbill.CHOICES, **booking.CHOICES, **waitlist.CHOICES},
    order_form=BOOKING_FORM,
    order_example=booking.EXAMPLE,
    own_words=booking.OWN_WORDS,
    always=booked.ALWAYS,
)
FLOW.wanting(lambda state, event: booking.needs(event, held_in(state)))


# -- what typed text means -----------------------------------------------------------------------------------------
@FLOW.reader
def read_first(state: Nothing | Search | Confirmed, said: str) -> FlowEvent | None:
    """Nearly everything is a hello, or words to search by. ``yes`` in impatience: where it led, once more."""
    if isinstance(state, Confirmed) and booking.read_yes(said) is not None:
        return BookingAsked(state.booking)
    meant = booking.read_thanks(said) or booking.read_anywhere(said) or playbill.read_list(said)
    hello = not isinstance(state, Search) and (meant is None or isinstance(meant, Numbered | MoreAsked))
    return Started() if hello else meant


@FLOW.reader
def read_seats(state: EventSelected, said: str) -> FlowEvent | None:
    meant = booking.read_anywhere(said) or booking.read_answer(said) or playbill.read_seats(said)
    return Joined() if isinstance(meant, Agreed) else Searched() if isinstance(meant, Declined) else meant


@FLOW.reader
def read_name(state: Qty, said: str) -> FlowEvent | None:
    meant = booking.read_anywhere(said) or booking.read_wanted(said, state.held) or playbill.read_search(said)
    return meant or Named(said)


@FLOW.reader
def read_answer(state: Hold | AwaitingPayment, said: str) -> FlowEvent | None:
    paying_now = isinstance(state, AwaitingPayment)
    chosen = booking.read_way(said) if paying_now else None
    meant = booking.read_anywhere(said) or chosen or booking.read_answer(said) or playbill.read_search(said)
    return meant or (payer.read(said, state.phone_wanted) if isinstance(state, AwaitingPayment) else None)


# -- what is expected ----------------------------------------------------------------------------------------------
HINTS = dict(zip(FLOW.states, (*playbill.HINTS, *booked.HINTS), strict=True))


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    wanted = isinstance(state, AwaitingPayment) and state.phone_wanted
    return (payer.HINT if wanted else HINTS[type(state)]).guide(facts.language)
