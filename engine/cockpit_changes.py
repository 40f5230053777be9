"""What the shop's own people change from their phones, and what is asked before it can't be taken back.

Every change is noted with who made it (engine.deeds). A change of an order is a letter to its customer's actor; when it
arrives and the order stands elsewhere by then, nothing happens and whoever wished it is told (engine.announcing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine import money
from engine.address import MINUTE
from engine.catalogue import STOCK_AT_MOST, Product
from engine.cockpit_views import WAYS, low_stock, owing, stands
from engine.commands import PREFIX, Command, Verb, value_of
from engine.crew import Role, by
from engine.deeds import Deed
from engine.effects import AnyEffect, Ask, NoteDeed, Option, Recount, Reprice, Say, TakeMoney, TellCustomer
from engine.errors import BadInput
from engine.events import BookingCancelWanted, DeskDecided, HandoverWanted, OrderMoveWanted
from engine.facts import Facts
from engine.folding import words
from engine.orders import Order, OrderStatus, order_moves
from engine.payments import ASK_NOBODY, PaymentNews, Way
from engine.phrases import phrase, say
from engine.settling import number_of
from engine.shop import Shop
from engine.shopping import price
from engine.tickets import Booking, BookingStatus

Change: TypeAlias = Callable[[Command, Role, Shop, Facts], tuple[AnyEffect, ...]]

CHOICES_AT_MOST = 9
"""Products that are offered where several could be meant."""


def digits(phone: str) -> str:
    """A phone as it is typed, as providers write it."""
    return "".join(one for one in phone if one.isdecimal())


def no_such(command: Command, facts: Facts) -> str:
    """Why no order was found."""
    if not command.what:
        example = f"{command.verb.value} 1"
        return say(
            facts.language,
            "Please add its number, or its place in the list after *orders*, for example *{example}*.",
            example=example,
        )
    return say(facts.language, "There is no order or booking *{number}*.", number=command.what)


def noted(command: Command, about: str, role: Role, shop: Shop, facts: Facts, detail: str = "") -> NoteDeed:
    """The line in the log."""
    return NoteDeed(Deed(shop.name, facts.now, facts.phone, role.value, command.verb.value, about, detail))


def confirming(text: str, command: Command, facts: Facts) -> tuple[AnyEffect, ...]:
    """Ask before something that can't be undone."""
    yes = Option(value_of(command, confirmed=True), say(facts.language, "Yes"), words=("yes", "y", "ok"))
    no = Option(f"{PREFIX}{Verb.NOTHING.value}", say(facts.language, "No"), words=("no", "n"))
    return (Ask(text, (yes, no), numbered=False),)


# -- orders and bookings -----------------------------------------------------------------------------------------------
def _way_to(order: Order, to: OrderStatus) -> tuple[OrderStatus, ...]:
    """The moves that bring an order there: one, or through its preparation; none where nothing does."""
    moves = order_moves(order.flow)
    if to in moves[order.status]:
        return (to,)
    through = OrderStatus.PROCESSING
    return (through, to) if through in moves[order.status] and to in moves[through] else ()


def _move(to: OrderStatus, sure: str, done: str) -> Change:
    def change(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
        order, speech = facts.order(command.what), facts.language
        if order is None:
            return (Say(no_such(command, facts)),)
        way = _way_to(order, to)
        if not way:
            return (Say(_stands(order, facts)),)
        if sure and not command.confirmed:
            return confirming(say(speech, sure, number=order.number, name=order.name or "–"), command, facts)
        who = by(facts.phone)
        letters = [
            TellCustomer(order.customer, OrderMoveWanted(order.number, step.value, who, quiet=step is not to))
            for step in way
        ]
        said = say(speech, done, number=order.number)
        return (*letters, noted(command, order.number, role, shop, facts), Say(said))

    return change


def _stands(one: Order | Booking, facts: Facts) -> str:
    said = phrase("*{number}* is {status}, so that can't be done with it.")
    return say(facts.language, said, number=number_of(one), status=stands(one, facts.language))


_start = _move(OrderStatus.PROCESSING, "", phrase("*{number}* is being prepared; its customer is told."))
_done = _move(
    OrderStatus.COMPLETED,
    phrase("Is order *{number}* ({name}) done? Its customer is told, and it can't be opened again."),
    phrase("*{number}* is completed; its customer is told."),
)
_cancel_order = _move(
    OrderStatus.CANCELLED,
    phrase("Cancel order *{number}* ({name})? Its customer is told, and it can't be taken back."),
    phrase("*{number}* is cancelled; its customer is told."),
)


def _cancel(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    booking, speech = facts.booking(command.what), facts.language
    if booking is None:
        return _cancel_order(command, role, shop, facts)
    if booking.status not in (BookingStatus.HELD, BookingStatus.CONFIRMED):
        return (Say(_stands(booking, facts)),)
    if not command.confirmed:
        asked = phrase("Cancel booking *{number}* ({name})? Its customer is told, and it can't be taken back.")
        return confirming(say(speech, asked, number=booking.id, name=booking.name or "–"), command, facts)
    wish = BookingCancelWanted(booking.id, by(facts.phone))
    said = say(speech, "*{number}* is cancelled; its customer is told.", number=booking.id)
    return (TellCustomer(booking.customer, wish), noted(command, booking.id, role, shop, facts), Say(said))


# -- money -------------------------------------------------------------------------------------------------------------
def _paid(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Money that the owner has seen, all that is owed: recorded as a provider's would be (engine.payments)."""
    owed, speech = facts.order(command.what) or facts.booking(command.what), facts.language
    if owed is None:
        return (Say(no_such(command, facts)),)
    if not owing(owed):
        return (Say(_stands(owed, facts)),)
    number = number_of(owed)
    way = command.value or _usual_way(facts)
    amount = price(owed.total, shop)
    if not command.confirmed:
        asked = phrase("Did {amount} for *{number}* ({name}) come {way}? It is recorded, and can't be taken back here.")
        named = {"amount": amount, "number": number, "name": owed.name or "–", "way": say(speech, WAYS[way])}
        return confirming(say(speech, asked, **named), Command(Verb.PAID, number, way), facts)
    who = by(facts.phone)
    news = PaymentNews(
        f"{number}:{facts.key}", way, ok=True, amount=owed.total, currency=owed.currency, reference=number, by=who
    )
    match = DeskDecided(f"{way}:{news.id}", "match", who, number)
    asked_for = (TellCustomer(owed.customer, match),) if not facts.intents else ()
    said = say(speech, "{amount} for *{number}* is recorded; its customer is told.", amount=amount, number=number)
    return (TakeMoney(news), *asked_for, noted(command, number, role, shop, facts, f"{amount} {way}"), Say(said))


def _usual_way(facts: Facts) -> str:
    """How the customer wanted to pay, where that is one that only the owner sees; else in cash."""
    last = next((intent.way for intent in facts.intents), Way.CASH)
    return last.value if last in ASK_NOBODY else Way.CASH.value


# -- goods -------------------------------------------------------------------------------------------------------------
def products_like(name: str, shop: Shop) -> list[Product]:
    """The one product that is called so; else all that the words could mean."""
    wanted = words(name)
    known = shop.catalogue.products
    for exact in (
        [one for one in known if one.sku.casefold() == wanted],
        [one for one in known if wanted in _called(one)],
    ):
        if len(exact) == 1:
            return exact
    parts = wanted.split()
    return [one for one in known if parts and all(part in " ".join(_called(one)) for part in parts)]


def _called(one: Product) -> tuple[str, ...]:
    return tuple([words(name) for name in (one.name, *one.aliases)])


def _one_of(command: Command, shop: Shop, facts: Facts) -> Product | tuple[AnyEffect, ...]:
    """The product that is meant, or what is said where none is or several may be."""
    found, speech = products_like(command.what, shop), facts.language
    if len(found) == 1:
        return found[0]
    if not found or len(found) > CHOICES_AT_MOST:
        none = phrase("I know no product *{name}*. Please write it as in the shop.")
        many = phrase("Many products could be *{name}*. Please write more of its name.")
        return (Say(say(speech, many if found else none, name=command.what)),)
    options = [Option(value_of(Command(command.verb, one.sku, command.value)), one.name) for one in found]
    return (Ask(say(speech, "Which one do you mean by *{term}*?", term=command.what), tuple(options)),)


def _stock(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    speech = facts.language
    if not command.what:
        return (Say(low_stock(shop, facts) or say(speech, "Nothing is low.")),)
    whole = f"{command.what} {command.value}".strip()
    named = products_like(whole, shop) if command.value else []
    asked = Command(Verb.STOCK, whole) if len(named) == 1 else command  # "stock tmt 12": the name ends in a number
    product = _one_of(asked, shop, facts)
    if not isinstance(product, Product):
        return product
    if not product.track_stock:
        return (Say(say(speech, "*{name}* is not counted: it is always for sale.", name=product.name)),)
    if not asked.value:
        left = facts.left.get(product.sku, 0)
        return (Say(say(speech, "*{name}*: {count} left to sell.", name=product.name, count=left)),)
    if not asked.value.isdecimal() or int(asked.value) > STOCK_AT_MOST:
        return (
            Say(say(speech, "How many are there? A whole number, for example *stock {name} 20*.", name=product.name)),
        )
    count = int(asked.value)
    said = say(speech, "*{name}*: {count} on the shelf from now on.", name=product.name, count=count)
    return (Recount(product.sku, count), noted(command, product.sku, role, shop, facts, str(count)), Say(said))


def _price(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    speech = facts.language
    product = _one_of(command, shop, facts)
    if not command.what or (isinstance(product, Product) and not command.value):
        return (
            Say(say(speech, "Which product, and what does it cost? For example *price {name} 120*.", name=_any(shop))),
        )
    if not isinstance(product, Product):
        return product
    try:
        new = money.read(command.value, shop.currency)
    except BadInput:
        return (Say(say(speech, "That is no price. Write it like *price {name} 120*.", name=product.name)),)
    was, now = price(product.price, shop), price(new, shop)
    said = say(speech, "*{name}* costs {now} from now on; it was {was}.", name=product.name, now=now, was=was)
    return (Reprice(product.sku, new), noted(command, product.sku, role, shop, facts, f"{was} > {now}"), Say(said))


def _any(shop: Shop) -> str:
    return next((one.name for one in shop.catalogue.products if one.active), "…")


# -- customers ---------------------------------------------------------------------------------------------------------
def _hands(human: bool, done: str) -> Change:
    def change(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
        phone, speech = digits(command.what), facts.language
        if not facts.reached or phone == facts.phone:
            said = phrase("No customer with the number *{phone}* has written yet. Write it with its country's code.")
            return (Say(say(speech, said, phone=command.what or "…")),)
        minutes = shop.handover // MINUTE
        letter = TellCustomer(facts.reached, HandoverWanted(human, by(facts.phone)))
        said = say(speech, done, phone=f"+{phone}", minutes=minutes, shop=shop.title)
        return (letter, noted(command, phone, role, shop, facts), Say(said))

    return change


_take = _hands(
    True,
    phrase(
        "You answer *{phone}* now, from the phone of {shop}. I am silent there for {minutes} minutes, or until you say "
        "*give back {phone}*."
    ),
)
_give_back = _hands(False, phrase("I answer *{phone}* again from the next message on."))

CHANGES: Mapping[Verb, Change] = {
    Verb.START: _start,
    Verb.DONE: _done,
    Verb.CANCEL: _cancel,
    Verb.PAID: _paid,
    Verb.STOCK: _stock,
    Verb.PRICE: _price,
    Verb.TAKE: _take,
    Verb.GIVE_BACK: _give_back,
}
"""What each command does."""
