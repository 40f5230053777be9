"""Looking for an event: what customers say, the list that they choose from, and the question how many seats.

Numbers are those that were shown: a list is always the tuple of event ids as the customer saw them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from engine import searching, text
from engine.dates import day_and_time
from engine.effects import AnyEffect, Ask, Option, Say
from engine.facts import Facts
from engine.fit import shorten
from engine.flow import FlowEvent, Hint
from engine.phrases import alone, phrase, say, say_count
from engine.shop import Shop
from engine.shopping import joined, picture_of, price
from engine.tickets import BOOKING_START, SEATS_AT_MOST, EventStatus, TicketEvent
from engine.words import command

A_PAGE = 3
"""Events a message: as many as WhatsApp has buttons for (flows.md §5)."""

SCARCE = 10
"""From so many free seats down, the list says how many are left."""

OFFERED = (1, 2, 4)
"""Quantities that have a button; every other one is typed."""

CLIPPED = 40
"""Characters of a search that are said back."""


# -- what customers say --------------------------------------------------------------------------------------------
class Searched(FlowEvent, frozen=True):
    """Events that are like ``words`` are wanted; "" means whatever is on. ``bare``: without the word *search*."""

    label: ClassVar[str] = '"search mumbai"'
    words: str = ""
    bare: bool = False


class Numbered(FlowEvent, frozen=True):
    """One of the list, by its number."""

    label: ClassVar[str] = '"1"'
    number: int


class MoreAsked(FlowEvent, frozen=True):
    """The next events of the list."""

    label: ClassVar[str] = '"more"'


class SeatsWanted(FlowEvent, frozen=True):
    """How many seats; not checked yet."""

    label: ClassVar[str] = "quantity 1..10"
    seats: int


EVENT = "event:"
"""What the value of an Option begins with that stands for an event."""

CHOICES: dict[str, FlowEvent] = {
    "search": Searched(),
    **{f"seats:{seats}": SeatsWanted(seats) for seats in range(1, SEATS_AT_MOST + 1)},
}
"""Value of an Option of ours → what choosing it means."""

_SEATS = (
    r"seats?|tickets?|people|persons?|viti|kiti|tiketi|watu|सीटें|सीट|टिकटें|टिकट|लोग|log|نشستیں|نشست|سیٹیں|سیٹ|ٹکٹ|افراد"
)
_QUANTITY = re.compile(rf"(?:(?:{_SEATS})\s+)?(.+?)(?:\s+(?:{_SEATS}))?")
_LIST_AGAIN = frozenset({"search", "browse", "back", "new", "other events"})


def is_about_booking(meant: str) -> bool:
    """Whether a booking's number stands in it, or what is meant as one: no words to search by."""
    return any(part.lstrip("#").startswith(BOOKING_START.lower().rstrip("-")) for part in meant.split())


def read_search(said: str) -> Searched | None:
    """``search`` and what for, as it is understood wherever an event is looked for."""
    meant = command(said)
    if meant in _LIST_AGAIN:
        return Searched()
    return Searched(meant.removeprefix("search ")) if meant.startswith("search ") else None


def read_list(said: str) -> FlowEvent | None:
    """What typed text means in front of a list: a number, more, or other words to search by."""
    meant = command(said)
    if meant in ("more", "next"):
        return MoreAsked()
    number = text.number(meant.lstrip("#"))
    if number is not None:
        return Numbered(number)
    sought = any(map(str.isalnum, said)) and not is_about_booking(meant)
    return read_search(said) or (Searched(said, bare=True) if sought else None)


def read_seats(said: str) -> FlowEvent | None:
    """``2``, ``two``, ``2 seats``; or another search."""
    found = _QUANTITY.fullmatch(text.words(said))
    number = text.number(found[1]) if found else None
    return SeatsWanted(number) if number is not None else read_search(said)


# -- what is on sale -----------------------------------------------------------------------------------------------
def sold(event_id: str, shop: Shop, facts: Facts) -> TicketEvent | None:
    """The event with this id if seats are sold for it at present, as far as it goes itself."""
    event = shop.programme.event(event_id)
    on_sale = event is not None and event.status is EventStatus.ACTIVE and event.starts_at > facts.now
    return event if on_sale else None


def not_on_sale(event_id: str, shop: Shop, facts: Facts) -> str:
    """Why it is not sold, as a sentence."""
    event = shop.programme.event(event_id)
    if event is None:
        return say(facts.language, "This event is not on our programme any more, sorry.")
    if event.status is EventStatus.CANCELLED:
        return say(facts.language, "{title} is cancelled, sorry.", title=event.title)
    return say(facts.language, "{title} has begun already, so there are no more tickets here.", title=event.title)


def cost(amount: int, shop: Shop, facts: Facts) -> str:
    return price(amount, shop) if amount else say(facts.language, "free")


def seats_said(count: int, facts: Facts) -> str:
    return say_count(facts.language, "{count} seat", "{count} seats", count)


def place(event: TicketEvent) -> str:
    return f"{event.venue}, {event.city}" if event.venue else event.city


def when(event: TicketEvent, facts: Facts) -> str:
    """Its start on the venue's own clock."""
    return day_and_time(event.starts_at, event.timezone, facts.language)


# -- the list ------------------------------------------------------------------------------------------------------
def found(ahead: str, event: Searched, shop: Shop, facts: Facts) -> tuple[tuple[str, ...], str, bool]:
    """The ids that a search found, the sentence above them (under ``ahead``), and whether it found anything like it;
    where it did not, the ids are what is on."""
    ids, above, like = _found(event, shop, facts)
    return ids, joined(ahead, above), like


def _found(event: Searched, shop: Shop, facts: Facts) -> tuple[tuple[str, ...], str, bool]:
    like = searching.search(event.words, shop.programme, facts.now, facts.seats)
    clipped = shorten(event.words, CLIPPED)
    if like.ids and not like.whole:
        return like.ids, say(facts.language, "Nothing fits all of “{words}”; this comes closest:", words=clipped), True
    if like.ids and not event.words:
        return like.ids, say(facts.language, "Coming up:"), True
    if like.ids:
        return like.ids, say(facts.language, "Here is what I found for “{words}”:", words=clipped), True
    ids = searching.upcoming(shop.programme, facts.now, facts.seats)
    if not ids:
        return (), say(facts.language, "There is nothing to book right now. Please look in again soon."), True
    return ids, say(facts.language, "I found nothing for “{words}”. Here is what is on:", words=clipped), False


def page(ahead: str, ids: Sequence[str], first: int, shop: Shop, facts: Facts) -> AnyEffect:
    """The events from number ``first`` on (counted from 0), under ``ahead``."""
    here = ids[first : first + A_PAGE]
    if not here:
        return Say(ahead)
    lines = [ahead, *(_entry(number, one, shop, facts) for number, one in enumerate(here, first + 1)), ""]
    lines.append(say(facts.language, "Send a number to choose, or *search* and what you look for."))
    rest = len(ids) - first - len(here)
    if rest > 0:
        lines.append(say_count(facts.language, "Say *more* for {count} more.", "Say *more* for {count} more.", rest))
    return Ask("\n".join(lines), _options(here, shop), numbered=False)


def and_more(facts: Facts) -> str:
    return say(facts.language, "And there is more:")


def no_more(facts: Facts) -> tuple[Say, ...]:
    return (Say(say(facts.language, "That was everything. Say *search* and a word to look for something else.")),)


def no_such_number(last: int, facts: Facts) -> tuple[Say, ...]:
    if not last:
        return (Say(say(facts.language, "There is nothing to choose from. Say *search* and what you look for.")),)
    return (Say(say(facts.language, "Please choose a number from 1 to {last}.", last=last)),)


def _entry(number: int, event_id: str, shop: Shop, facts: Facts) -> str:
    event = shop.programme.event(event_id)
    if event is None:
        return say(facts.language, "{number}. (not on our programme any more)", number=number)
    shown = say(
        facts.language,
        "{number}. *{title}*\n{when} · {place}\n{price}{remark}",
        number=number,
        title=event.title,
        when=when(event, facts),
        place=place(event),
        price=cost(event.price, shop, facts),
        remark=_remark(facts.seats.get(event.id, 0), facts),
    )
    return "\n" + shown


def _remark(left: int, facts: Facts) -> str:
    if not left:
        return say(facts.language, " (sold out – waiting list)")
    return say_count(facts.language, " ({count} left)", " ({count} left)", left) if left <= SCARCE else ""


def _options(ids: Sequence[str], shop: Shop) -> tuple[Option, ...]:
    """A button an event; where the channel has no buttons the text above has it all, so there they are only typed."""
    events = [event for one in ids if (event := shop.programme.event(one)) is not None]
    hidden = shop.limits.buttons < len(events)
    return tuple([Option(f"{EVENT}{event.id}", event.title, hidden=hidden) for event in events])


# -- one event -----------------------------------------------------------------------------------------------------
def shown(event: TicketEvent, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The event, with its picture where it has one, and the question how many seats."""
    return (*picture_of(event), ask_seats(event, "", shop, facts))


def ask_seats(event: TicketEvent, ahead: str, shop: Shop, facts: Facts) -> Ask:
    """The event, and how many seats; one that is sold out has a waiting list."""
    left = facts.seats.get(event.id, 0)
    speech = facts.language
    cost_line = say(speech, "{price} a seat", price=price(event.price, shop)) if event.price else say(speech, "free")
    about = joined(
        ahead,
        alone(speech, f"*{event.title}*"),
        alone(speech, event.description),
        when(event, facts),
        alone(speech, place(event)),
        cost_line + (_remark(left, facts) if left else ""),
    )
    asked = (
        say(speech, "How many seats would you like, 1 to {most}?", most=SEATS_AT_MOST)
        if left
        else say(
            speech,
            "It is sold out, sorry. Shall I put you on the waiting list? Send how many seats you would like, 1 to "
            "{most}, or *no*.",
            most=SEATS_AT_MOST,
        )
    )
    options = [seats_option(seats, facts) for seats in OFFERED if not left or seats <= left]
    return Ask(f"{about}\n\n{asked}", tuple(options), numbered=False)


def seats_option(seats: int, facts: Facts) -> Option:
    return Option(f"seats:{seats}", seats_said(seats, facts))


def other_events(facts: Facts) -> Option:
    return Option("search", say(facts.language, "Other events"), words=("back",))


def how_many(facts: Facts) -> str:
    return say(facts.language, "Please send how many seats: 1 to {most} at once.", most=SEATS_AT_MOST)


# -- what is expected ----------------------------------------------------------------------------------------------
_SEARCH = phrase("*search* and a city, a title, a kind or a day, like *saturday* or *12 march*")
HINTS = (
    Hint(
        phrase("please say *search* and what you look for, or *hi* to see what is on"),
        phrase("search mumbai"),
        (phrase("*hi* – see what is on"), _SEARCH),
    ),
    Hint(
        phrase("please send the number of an event, or *search* and what you look for"),
        "1",
        (phrase("*1* – choose the first event"), phrase("*more* – see more of them"), _SEARCH),
    ),
    Hint(
        phrase("please send how many seats you would like"),
        "2",
        (
            phrase("*2* – two seats; I hold them at once"),
            phrase("*join* – onto the waiting list, where it is sold out"),
            phrase("*back* – other events"),
        ),
    ),
)
"""What is expected at first, of a list, and of a quantity."""
