"""What flows that deliver have in common: asking for name, address and instructions, the summary, and the order."""

from __future__ import annotations

from typing import ClassVar, Protocol

import msgspec

from engine import text
from engine.cart import Cart
from engine.effects import AnyEffect, Ask, AskLocation, Option, Say
from engine.events import LocationSent
from engine.facts import Facts
from engine.flow import FlowEvent, customer_of
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import cart_lines, joined, order_number, price
from engine.totals import reckoned
from engine.words import command

SAME = "same"
"""The value of the Option that means: as last time."""

EXPECT_NAME = phrase("please tell me your name")
EXPECT_ADDRESS = phrase("please send the address to deliver to, as text or as a location")
EXPECT_INSTRUCTIONS = phrase("please send a note for us, or say *skip*")
"""What is expected where, as the second half of a sentence."""

DEGREES = 5
"""Decimals of a place: about a metre."""


class Draft(Protocol):
    """An order about to be placed; a state that has these fields is one."""

    @property
    def cart(self) -> Cart: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def instructions(self) -> str: ...


# -- what customers say --------------------------------------------------------------------------------------------
class Told(FlowEvent, frozen=True):
    """A name, an address or instructions, as typed."""

    label: ClassVar[str] = "text"
    said: str


class KnownUsed(FlowEvent, frozen=True):
    """The name or address of last time."""

    label: ClassVar[str] = '"same"'


class Skipped(FlowEvent, frozen=True):
    """No instructions."""

    label: ClassVar[str] = '"skip"'


class Confirmed(FlowEvent, frozen=True):
    """The summary is right."""

    label: ClassVar[str] = '"confirm"'


class Edited(FlowEvent, frozen=True):
    """The cart is to be changed."""

    label: ClassVar[str] = '"edit"'


CHOICES: dict[str, FlowEvent] = {
    SAME: KnownUsed(),
    "skip": Skipped(),
    "confirm": Confirmed(),
    "edit": Edited(),
}
"""Value of an Option of ours → what choosing it means."""

CONFIRMATIONS = {"confirm": Confirmed(), "yes": Confirmed(), "ok": Confirmed(), "edit": Edited(), "change": Edited()}
NO_INSTRUCTIONS = frozenset({"skip", "no", "none"})


def read_instructions(said: str) -> FlowEvent:
    """Instructions as typed, or none."""
    return Skipped() if command(said) in NO_INSTRUCTIONS else Told(said)


def read_confirmation(said: str) -> FlowEvent | None:
    """``confirm`` or ``edit``, in the words people use for them."""
    return CONFIRMATIONS.get(command(said))


# -- asking --------------------------------------------------------------------------------------------------------
def refusal(refused: text.Refused, expected: str, facts: Facts) -> Say:
    """Why an answer can't be taken, and what is expected instead."""
    why = say(facts.language, refused.phrase, **refused.values)
    return Say(say(facts.language, "{why} Once more, {expected}.", why=why, expected=say(facts.language, expected)))


def question(said: str, *options: Option) -> AnyEffect:
    """A question that free text answers as well: numbers typed are not its options' numbers."""
    return Ask(said, options, numbered=False) if options else Say(said)


def ask_name(known: str, ahead: list[str], facts: Facts) -> AnyEffect:
    """``known``: the name of last time, offered again; "" when there is none."""
    asked = say(facts.language, "Lovely! What name shall we put on the order?")
    return question(joined(*ahead, asked), *((Option(SAME, known, words=(SAME,)),) if known else ()))


def ask_address(name: str, known: str, facts: Facts) -> AnyEffect:
    """``known``: the address of last time, offered again; without one the channel's map button is shown."""
    asked = say(
        facts.language, "Thank you, {name}! Where shall we deliver? Type the address or send your location.", name=name
    )
    if not known:
        return AskLocation(asked)
    again = say(facts.language, "Or use this one again: {address}", address=known)
    return question(joined(asked, again), Option(SAME, say(facts.language, "Same address"), words=(SAME,)))


def ask_instructions(facts: Facts) -> AnyEffect:
    asked = say(facts.language, "Got it. Any instructions for us? Say *skip* if there are none.")
    return question(asked, Option("skip", say(facts.language, "Skip")))


def place_as_address(place: LocationSent) -> str | text.Refused:
    """A place on the map as an address: what it is called, and where it is."""
    if not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
        return text.Refused(phrase("That place is not on the map."))
    point = f"{place.latitude:.{DEGREES}f}, {place.longitude:.{DEGREES}f}"
    room = text.ADDRESS_AT_MOST - len(point) - 3
    called = text.address(joined(place.name, place.address)[:room])
    return point if isinstance(called, text.Refused) else f"{called} ({point})"


# -- the order -----------------------------------------------------------------------------------------------------
def ask_confirmation(draft: Draft, changed: list[str], shop: Shop, facts: Facts) -> Ask:
    """The summary: lines, total, name, address, instructions; ``changed`` stands above it."""
    speech = facts.language
    lines = [
        *changed,
        say(speech, "Your order:"),
        *cart_lines(draft.cart, shop, facts),
        say(speech, "*Total: {total}* (tax included)", total=price(draft.cart.total, shop)),
        "",
        say(speech, "Name: {name}", name=draft.name),
        say(speech, "Address: {address}", address=draft.address),
        say(speech, "Instructions: {note}", note=draft.instructions or say(speech, "none")),
        "",
        say(speech, "Please confirm again.") if changed else say(speech, "Shall I place this order?"),
    ]
    options = (
        Option("confirm", say(speech, "Confirm")),
        Option("edit", say(speech, "Edit")),
        Option("word:cancel", say(speech, "Cancel")),
    )
    return Ask("\n".join(lines), options)


def order_of(draft: Draft, prefix: str, shop: Shop, facts: Facts) -> Order:
    """The order that a confirmed draft becomes: delivery, paid at the door, at prices that include tax."""
    order = Order(
        number=order_number(prefix, shop, facts),
        shop=shop.name,
        customer=customer_of(facts),
        cart=draft.cart.id,
        lines=draft.cart.order_lines(shop),
        total=0,
        currency=shop.currency,
        status=OrderStatus.PENDING,
        payment=PaymentStatus.UNPAID,
        kind="delivery",
        source="WhatsApp",
        placed_at=facts.now,
        name=draft.name,
        phone=facts.phone,
        address=draft.address,
        instructions=draft.instructions,
        store=shop.store,
        flow=shop.flow,
    )
    return reckoned(order, msgspec.structs.replace(shop.terms, tax_included=True))


def card_of(draft: Draft, shop: Shop, facts: Facts) -> Customer:
    """The customer's card, with what this order says; the rest of it stays as it was."""
    card = facts.customer or Customer(customer_of(facts), shop.name)
    return msgspec.structs.replace(
        card,
        name=draft.name,
        phone=facts.phone or card.phone,
        address=draft.address,
        language=facts.language,
    )
