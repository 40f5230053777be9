"""Tickets for events: search, choose seats, which are held at once, give a name, pay where there is something to pay.

The contract is flows.md §5; the states are in engine.ticketing_states. Numbers are those the customer saw: the state
holds the ids that were shown. A hold is a row with an expiry, so every arrow goes by that row as it was read, whatever
timer or letter has come or not.
"""

from __future__ import annotations

import msgspec

from engine import booked, booking, events, holding, payer, paying, playbill, text, unbooking, waitlist
from engine.booking import (
    Agreed,
    BookingAsked,
    CancelAsked,
    Declined,
    Held,
    ListLeft,
    MineAsked,
    Named,
    NameKept,
    Thanked,
)
from engine.delivery import refusal
from engine.effects import AnyEffect
from engine.facts import Facts, OwnBookings, OwnCard, OwnEntries, Seats
from engine.flow import Cancelled, Chosen, Expired, Started, State, Step
from engine.orders import PaymentStatus
from engine.payer import PhoneTold
from engine.playbill import MoreAsked, Numbered, Searched, SeatsWanted
from engine.shop import Shop
from engine.ticketing_states import (
    FLOW,
    AwaitingPayment,
    Confirmed,
    Ended,
    EventSelected,
    Hold,
    Holding,
    Nothing,
    Qty,
    Search,
    held_in,
)
from engine.tickets import SEATS_AT_MOST, Booking, BookingStatus
from engine.waitlist import Joined

__all__ = ["FLOW"]


# -- looking for an event --------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(Seats(),))
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[Search]:
    """What is on. A hold from before is kept, and mentioned."""
    return _list(booked.hello(held_in(state), shop, facts), Searched(), shop, facts)


@FLOW.arrow(needs=(Seats(),))
def look(
    state: Nothing | Search | EventSelected | Confirmed, event: Searched, shop: Shop, facts: Facts
) -> Step[Search]:
    return _list("", event, shop, facts)


@FLOW.arrow(needs=(Seats(),))
def look_later(state: Holding, event: Searched, shop: Shop, facts: Facts) -> Step[State | Search]:
    """Seats that are held are not given up by a search."""
    held = state.held.until > facts.now
    return Step(state, booked.busy(state.held, facts)) if held else _list("", event, shop, facts)


@FLOW.arrow(needs=(Seats(),))
def more(state: Search, event: MoreAsked, shop: Shop, facts: Facts) -> Step[Search]:
    if state.shown >= len(state.found):
        return Step(state, playbill.no_more(facts))
    return _page(playbill.and_more(facts), state.found, state.shown, shop, facts)


@FLOW.arrow(needs=(Seats(),))
def pick(state: Search, event: Numbered | Chosen, shop: Shop, facts: Facts) -> Step[EventSelected | Search]:
    """One of the list, as it is now."""
    if isinstance(event, Numbered) and not 1 <= event.number <= state.shown:
        return Step(state, playbill.no_such_number(state.shown, facts), missed=True)
    chosen = state.found[event.number - 1] if isinstance(event, Numbered) else event.value.removeprefix(playbill.EVENT)
    found = playbill.sold(chosen, shop, facts)
    if found is None:
        return _list(playbill.not_on_sale(chosen, shop, facts), Searched(), shop, facts)
    return Step(EventSelected(found.id, full=not facts.seats.get(found.id)), playbill.shown(found, shop, facts))


# -- seats, name, yes, payment -----------------------------------------------------------------------------------------
@FLOW.arrow(needs=(Seats(), OwnBookings(), OwnEntries(), OwnCard()))
def seats(
    state: EventSelected, event: SeatsWanted | Joined, shop: Shop, facts: Facts
) -> Step[Qty | EventSelected | Search | Nothing]:
    """The seats are held in this commit; or they can't be had, and there are fewer or the waiting list."""
    found = playbill.sold(state.event, shop, facts)
    wanted = event.seats if isinstance(event, SeatsWanted) else state.wanted
    if found is None:
        return _list(playbill.not_on_sale(state.event, shop, facts), Searched(), shop, facts)
    if not 1 <= wanted <= SEATS_AT_MOST:
        return Step(state, (playbill.ask_seats(found, playbill.how_many(facts), shop, facts),), missed=True)
    left, earlier = holding.free_for(found, facts)
    if wanted <= left:
        row, effects = holding.taken(found, wanted, earlier, shop, facts)
        return Step(Qty(booking.held_of(row)), (*effects, booked.ask_name(row, shop, facts)))
    if state.full or isinstance(event, Joined):
        return Step(Nothing(), waitlist.join(found, wanted, shop, facts))
    return Step(EventSelected(found.id, wanted), (waitlist.ask_instead(found, wanted, left, "", facts),))


@FLOW.arrow(needs=(Seats(), OwnCard()))
def name(state: Qty, event: Named | NameKept, shop: Shop, facts: Facts) -> Step[Hold | Qty | Ended]:
    said = text.name(event.said if isinstance(event, Named) else holding.known_name(facts))
    if isinstance(said, text.Refused):
        return Step(state, (refusal(said, booking.EXPECT_NAME, facts),), missed=True)
    return _summary(state.held, said, "", shop, facts)


@FLOW.arrow(needs=(Seats(), OwnCard()))
def agree(state: Hold, event: Agreed, shop: Shop, facts: Facts) -> Step[AwaitingPayment | Hold | Ended]:
    """Within the hold it is booked, or paid for first. After it the seats are taken anew, as far as they are free."""
    if holding.costs_otherwise(facts.booking(state.held.booking), shop, facts):
        return _summary(state.held, state.name, booked.costs_otherwise(facts), shop, facts)
    return _pay(state.held, state.name, "", shop, facts)


@FLOW.arrow(needs=(Seats(), OwnCard()))
def pay(
    state: AwaitingPayment, event: Chosen | Agreed | PhoneTold, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | Ended]:
    """A way to pay, another one perhaps, or the number that pays; ``yes`` once more only hears where it stands."""
    if isinstance(event, Agreed) and state.intent:
        return Step(state, booked.waiting(state.held, facts))
    if isinstance(event, PhoneTold):
        number = payer.number_of(event.said)
        if not number:
            return Step(state, (payer.ask(paying.offered(shop, facts), facts, refused=True),), missed=True)
        return _pay(state.held, state.name, booking.MPESA, shop, payer.told(number, facts))
    return _pay(state.held, state.name, event.value if isinstance(event, Chosen) else "", shop, facts)


@FLOW.arrow
def thank(state: Nothing | Search | Confirmed, event: Thanked, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, booked.welcome(facts))


# -- the end of what was begun -----------------------------------------------------------------------------------------
@FLOW.arrow
def decline(state: Holding, event: Declined, shop: Shop, facts: Facts) -> Step[Nothing]:
    return Step(Nothing(), booked.let_go(state.held, facts))


@FLOW.arrow(needs=(OwnBookings(),))
def cancel(state: State, event: Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Nothing]:
    """All that this customer holds is free again, but for what they were asked to pay for elsewhere."""
    return Step(
        Nothing(), booked.cancelled(held_in(state), state.booking if isinstance(state, Confirmed) else "", facts)
    )


@FLOW.arrow
def warn(state: State, event: events.TimerFired, shop: Shop, facts: Facts) -> Step[State]:
    """One minute before a hold ends; while a payment is pending the hold is prolonged, once. Or an event is near."""
    if coming := booking.booked_in(event.kind):
        return Step(state, booked.reminded(facts.booking(coming), shop, facts))
    row = facts.booking(booking.booking_of(event.kind))
    if row is None or not holding.stands(row, facts.now):
        return Step(state)
    here = _stands_at(state, row)
    if isinstance(state, AwaitingPayment) and here and holding.may_be_prolonged(row, facts):
        after, effects = booked.prolonged(row, facts)
        return Step(msgspec.structs.replace(state, held=booking.held_of(after)), effects)
    return Step(state, booked.warned(row, here, facts))


@FLOW.arrow
def hold_ended(state: State, event: events.HoldEnded, shop: Shop, facts: Facts) -> Step[State | Nothing]:
    """The box office lets others have the seats. Who was still choosing may say *yes* all the same."""
    row = facts.booking(event.booking)
    if row is None or row.status is not BookingStatus.EXPIRED:
        return Step(state)
    here = _stands_at(state, row)
    again = here and isinstance(state, Qty | Hold) and not row.entry
    return Step(state if again or not here else Nothing(), booked.has_ended(row, here, again, facts))


@FLOW.arrow(needs=(OwnCard(),))
def offered(state: State, event: events.SeatsOffered, shop: Shop, facts: Facts) -> Step[State | Qty]:
    """Seats for somebody on the waiting list; who holds others just now first finishes those."""
    row, held = facts.booking(event.booking), held_in(state)
    if row is None or not holding.stands(row, facts.now):
        return Step(state)
    busy = held is not None and held.until > facts.now
    effects = (holding.warning(row), *waitlist.offer(row, busy, shop, facts))
    return Step(state if busy else Qty(booking.held_of(row)), effects)


@FLOW.arrow
def called_off(state: State, event: events.BookingCancelWanted, shop: Shop, facts: Facts) -> Step[State | Nothing]:
    row = facts.booking(event.booking)
    effects = unbooking.by_shop(row, event, shop, facts)
    return Step(Nothing() if effects and row is not None and _stands_at(state, row) else state, effects)


# -- money -------------------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(),))
def money_came(
    state: State, event: events.PaymentSettled | events.DeskDecided, shop: Shop, facts: Facts
) -> Step[State | Confirmed | Nothing]:
    """It pays its booking, whose seats are taken anew after the hold where they are free; else it lies on the desk."""
    received, held = paying.receive(event, shop, facts), held_in(state)
    here = held is not None and facts.payment is not None and held.booking == facts.payment.order
    if received.pays and received.booking is not None:
        done = _booked(received.booking, received.effects, received.said, shop, facts)
        return done if here else Step(state, done.effects)
    gone = here and received.verdict is paying.Verdict.SOLD_OUT
    return Step(Nothing() if gone else state, (*received.effects, *paying.told(received, shop, facts)))


@FLOW.arrow
def money_failed(state: State, event: events.PaymentFailed, shop: Shop, facts: Facts) -> Step[State | Nothing]:
    """flows.md §5: the hold is released, and said so."""
    failed = paying.unpaid(event, shop, facts)
    here = failed.booking is not None and _stands_at(state, failed.booking)
    if not failed.counts or (here and isinstance(state, AwaitingPayment) and state.intent != event.intent):
        return Step(state)
    return Step(Nothing() if here else state, booked.not_paid(failed, facts))


@FLOW.arrow
def link(state: State, event: events.ChargeAnswered, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, paying.link_said(event, shop, facts))


# -- one's own bookings ------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(),))
def show(state: State, event: BookingAsked, shop: Shop, facts: Facts) -> Step[State | Qty]:
    """One of their own; a hold that the customer went away from is taken up again."""
    row = facts.booking(event.id)
    if row is None:
        return Step(state, booked.no_such(event.id, facts), missed=True)
    asked = _stands_at(state, row) if isinstance(state, Qty) else held_in(state) is None
    if asked and holding.stands(row, facts.now):
        return Step(Qty(booking.held_of(row)), (booked.ask_name(row, shop, facts),))
    return Step(state, booked.shown(row, shop, facts))


@FLOW.arrow(needs=(OwnBookings(booking.LOOKED_AT), OwnEntries()))
def mine(state: State, event: MineAsked | ListLeft, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, waitlist.leave(facts) if isinstance(event, ListLeft) else waitlist.mine(shop, facts))


@FLOW.arrow
def cancel_booking(state: State, event: CancelAsked, shop: Shop, facts: Facts) -> Step[State | Nothing]:
    """Up to the event's limit the seats go back, and what was paid to the desk, for the owner to refund."""
    row = facts.booking(event.id)
    if row is None:
        return Step(state, booked.no_such(event.id, facts), missed=True)
    gone, effects = unbooking.by_customer(row, shop, facts)
    return Step(Nothing() if gone and _stands_at(state, row) else state, effects)


# -- steps that several arrows take ----------------------------------------------------------------------------------
def _list(ahead: str, event: Searched, shop: Shop, facts: Facts) -> Step[Search]:
    found, above, like = playbill.found(ahead, event, shop, facts)
    return msgspec.structs.replace(_page(above, found, 0, shop, facts), missed=not like)


def _page(ahead: str, found: tuple[str, ...], first: int, shop: Shop, facts: Facts) -> Step[Search]:
    shown = min(first + playbill.A_PAGE, len(found))
    return Step(Search(found, shown), (playbill.page(ahead, found, first, shop, facts),))


def _stands_at(state: State, row: Booking) -> bool:
    held = held_in(state)
    return (state.booking if isinstance(state, Confirmed) else held.booking if held is not None else "") == row.id


def _summary(held: Held, named: str, ahead: str, shop: Shop, facts: Facts) -> Step[Hold | Ended]:
    """What is about to be booked; a hold that is over meanwhile is taken anew."""
    row = holding.bookable(held, shop, facts)
    if row is None:
        return _ended(held, shop, facts)
    kept, effects = holding.kept(row, named, row.payment, shop, facts)
    return Step(Hold(booking.held_of(kept), named), (*effects, booked.ask_yes(kept, ahead, shop, facts)))


def _pay(held: Held, named: str, chosen: str, shop: Shop, facts: Facts) -> Step[AwaitingPayment | Ended]:
    """Book what costs nothing before; else ask for money by the chosen way, the only one there is, or which one."""
    row = holding.bookable(held, shop, facts)
    if row is None:
        return _ended(held, shop, facts)
    ways = holding.ways(row, shop, facts)
    if not ways:
        return _booked(*holding.confirmed(row, named, shop, facts), "", shop, facts)
    way = paying.way_of(chosen) if len(ways) > 1 else ways[0]
    wanted = way in ways and paying.needs_phone(way, facts)
    asks = way in ways and not wanted
    after, effects = holding.kept(row, named, PaymentStatus.PENDING if asks else row.payment, shop, facts)
    intent, asked = holding.asked(after, way, ways, shop, facts)
    return Step(AwaitingPayment(booking.held_of(after), named, intent, wanted), (*effects, *asked))


def _booked(row: Booking, effects: tuple[AnyEffect, ...], ahead: str, shop: Shop, facts: Facts) -> Step[Confirmed]:
    done = (*effects, *holding.closed(row, shop, facts), *booked.ticket(row, ahead, shop, facts))
    return Step(Confirmed(row.id), done)


def _ended(held: Held, shop: Shop, facts: Facts) -> Step[Ended]:
    row = facts.booking(held.booking)
    if row is not None and holding.is_booked(row):
        return Step(Confirmed(row.id), booked.stands_already(row.id, facts))
    event = playbill.sold(held.event, shop, facts)
    if event is None or row is None or row.status is BookingStatus.CANCELLED:
        return Step(Nothing(), (*holding.given_up(row, facts), *booked.is_off(held, shop, facts)))
    return Step(EventSelected(event.id, held.seats), waitlist.instead(event, row, facts))
