"""The waiting list of an event that is sold out: joining it, leaving it, and seats that are offered (flows.md §5).

Who is offered what, and for how long, is the box office's business (books.BoxOffice.offer_seats).
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from engine.address import MINUTE
from engine.booked import all_shown, ask_name, minutes_said
from engine.effects import AnyEffect, Ask, Option, PutEntry, Say
from engine.facts import Facts
from engine.flow import FlowEvent, customer_of
from engine.holding import given_up
from engine.messages import Purpose
from engine.phrases import say, say_count
from engine.playbill import other_events, seats_option, seats_said
from engine.shop import Shop
from engine.shopping import joined
from engine.tickets import OFFER, SEATS_AT_MOST, Booking, Entry, EntryStatus, TicketEvent
from engine.window import told

TEMPLATE = "offer"
"""Which of terms.templates tells of free seats: it has their number, the event, and for how long they are kept."""


class Joined(FlowEvent, frozen=True):
    """Onto the waiting list, for the seats that could not be had."""

    label: ClassVar[str] = '"join"'


CHOICES: dict[str, FlowEvent] = {"join": Joined()}
"""Value of an Option of ours → what choosing it means."""


def ask_instead(event: TicketEvent, wanted: int, left: int, ahead: str, facts: Facts) -> Ask:
    """So many seats can't be had: fewer, the waiting list, or something else."""
    speech = facts.language
    seats = seats_said(wanted, facts)
    if left:
        said = say_count(
            speech,
            "Only {count} seat is left for *{title}*. Would you like it? Or say *join*, and I put you on the waiting "
            "list for {wanted}.",
            "Only {count} seats are left for *{title}*. Would you like those? Or say *join*, and I put you on the "
            "waiting list for {wanted}.",
            left,
            title=event.title,
            wanted=seats,
        )
    else:
        said = say(
            speech,
            "*{title}* is sold out, sorry. Shall I put you on the waiting list for {wanted}? Say *join* or *no*.",
            title=event.title,
            wanted=seats,
        )
    fewer = (seats_option(left, facts),) if 0 < left <= SEATS_AT_MOST else ()
    join = Option("join", say(speech, "Join waiting list"), words=("join",))
    return Ask(joined(ahead, said), (*fewer, join, other_events(facts)), numbered=False)


def instead(event: TicketEvent, row: Booking, facts: Facts) -> tuple[AnyEffect, ...]:
    """What there is in place of a hold that is over and whose seats others have."""
    left = min(facts.seats.get(event.id, 0), row.seats - 1)
    sorry = say(facts.language, "The time for your seats was over, and others were quicker.")
    return (*given_up(row, facts), ask_instead(event, row.seats, left, sorry, facts))


def join(event: TicketEvent, seats: int, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Onto the list, or other seats for somebody who is on it already."""
    known = next((entry for entry in facts.entries if entry.event == event.id and entry.live), None)
    if known is not None and known.status is EntryStatus.OFFERED:
        said = say(facts.language, "Seats are kept for you already: say *{number}* to take them.", number=known.booking)
        return (Say(said),)
    entry = Entry(
        id=f"{facts.key}:wait",
        shop=shop.name,
        customer=customer_of(facts),
        event=event.id,
        seats=seats,
        joined_at=facts.now,
        phone=facts.phone,
        currency=shop.currency,
    )
    said = say_count(
        facts.language,
        "You are on the waiting list of *{title}*, for {seats}. When they come free I'll write, and keep them for you "
        "for {count} minute. Say *leave* if you change your mind.",
        "You are on the waiting list of *{title}*, for {seats}. When they come free I'll write, and keep them for you "
        "for {count} minutes. Say *leave* if you change your mind.",
        OFFER // MINUTE,
        title=event.title,
        seats=seats_said(seats, facts),
    )
    return PutEntry(entry if known is None else msgspec.structs.replace(known, seats=seats)), Say(said)


def leave(facts: Facts) -> tuple[AnyEffect, ...]:
    """Off every list; seats that are offered are free for the next."""
    live = [entry for entry in facts.entries if entry.live]
    if not live:
        return (Say(say(facts.language, "You are on no waiting list.")),)
    gone = [PutEntry(msgspec.structs.replace(entry, status=EntryStatus.LEFT)) for entry in live]
    offered = [effect for entry in live for effect in given_up(facts.booking(entry.booking), facts)]
    return (*offered, *gone, Say(say(facts.language, "Done: you are on no waiting list any more.")))


def mine(shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """All of this customer's bookings, and what they wait for."""
    lines = [*all_shown(shop, facts), *_waiting(shop, facts)]
    if not lines:
        return (Say(say(facts.language, "You have no bookings yet. Say *search* to see what is on.")),)
    return (Say("\n".join((say(facts.language, "Your bookings:"), *lines))),)


def _waiting(shop: Shop, facts: Facts) -> list[str]:
    found = []
    for entry in facts.entries:
        event = shop.programme.event(entry.event)
        if event is not None:
            seats = seats_said(entry.seats, facts)
            found.append(say(facts.language, "Waiting list: {title}, {seats}", title=event.title, seats=seats))
    return found and [*found, say(facts.language, "Say *leave* to leave the waiting list.")]


def offer(row: Booking, busy: bool, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Good news for somebody who waits; ``busy``: they hold other seats just now. Whoever wrote long ago can only be
    reached by a message that the provider has approved (quality.md 7)."""
    seats, minutes = seats_said(row.seats, facts), minutes_said(row.expires_at, facts)
    parameters = (seats, row.title, minutes)
    if not busy:
        news = Say(say(facts.language, "Good news: seats for *{title}* came free!", title=row.title), Purpose.ORDER)
        return told((news, ask_name(row, shop, facts)), TEMPLATE, parameters, shop, facts)
    said = say(
        facts.language,
        "Good news: {seats} for *{title}* came free. I keep them for you for {minutes}: say *{number}* to take them.",
        seats=seats,
        title=row.title,
        minutes=minutes,
        number=row.id,
    )
    return told((Say(said, Purpose.ORDER),), TEMPLATE, parameters, shop, facts)
