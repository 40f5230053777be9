"""From a reviewed basket to an order: whether it can be placed, what is placed, and what the customer is told.

Also who comes back: the greeting by name, the last order to have again, the address of last time (flows.md, "customer
recognition", which a shop may switch off).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import awaiting
from engine import basket as baskets
from engine.basket import Basket, Reviewed
from engine.effects import AnyEffect, Charge, Option, PlaceOrder, SaveCustomer, Say
from engine.facts import Facts
from engine.messages import Purpose
from engine.offering import zone_of
from engine.orders import Order, OrderStatus, PaymentStatus
from engine.paying import intent_for, offered, reference_of
from engine.payments import Way
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import cart_line, joined, price, synced


# -- placing -------------------------------------------------------------------------------------------------------
def refusal(review: Reviewed, shop: Shop, facts: Facts) -> str:
    """Why this order can't be placed as it is; "" when it can."""
    if shop.terms.payments and not offered(shop, facts):
        return say(facts.language, "I can't take a payment from you here. Say *agent* to talk to a person.")
    return baskets.too_little(review, shop, facts)


def order_of(review: Reviewed, ways: Sequence[Way], shop: Shop, facts: Facts) -> Order:
    """The order: held until it is paid; firm at once where it can only be paid at the door. ``ways``: none where the
    shop takes no payments here."""
    due = 0 if set(ways) <= {Way.CASH} else facts.now + shop.terms.payment_timeout
    return baskets.order_of(review, PaymentStatus.PENDING if ways else PaymentStatus.UNPAID, due, shop, facts)


def placed(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The rows of an order that is placed now, its hold and its timers with it."""
    held = awaiting.begin(order, facts) if order.held else ()
    return (PlaceOrder(order), SaveCustomer(baskets.card_of(order, shop, facts)), *synced(order, shop), *held)


def firm(order: Order, ways: Sequence[Way], shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What follows where nothing is waited for: it is paid at the door."""
    ends = facts.now + shop.terms.payment_timeout
    cash = [intent_for(order.number, way, order.total, shop, facts, expires_at=ends) for way in ways]
    said = joined(
        confirmed(order, shop, facts),
        say(facts.language, "Total: {total}, paid at delivery.", total=price(order.total, shop))
        if order.address
        else say(facts.language, "Total: {total}, paid when you collect it.", total=price(order.total, shop)),
        track_hint(order.number, shop, facts),
    )
    return (*[Charge(intent) for intent in cash], Say(said, Purpose.ORDER))


def to_pay(order: Order, shop: Shop, facts: Facts) -> str:
    """What is told of an order that waits for its payment."""
    return joined(
        confirmed(order, shop, facts),
        say(
            facts.language,
            "Total: {total}. We keep it for you until {time}; payment reference: *{reference}*.",
            total=price(order.total, shop),
            time=awaiting.clock(order.due_at, shop, facts.language),
            reference=reference_of(order.number, shop),
        ),
    )


def confirmed(order: Order, shop: Shop, facts: Facts) -> str:
    speech, number = facts.language, order.number
    if order.name:
        return say(speech, "Thank you, {name}! Your order *{number}* is confirmed.", name=order.name, number=number)
    return say(speech, "Thank you! Your order *{number}* is confirmed.", number=number)


def complete(number: str, total: int, shop: Shop, facts: Facts) -> str:
    """A friendly last word."""
    return say(
        facts.language,
        "Thank you! We see to your order *{number}* ({total}). Say *menu* to order again.",
        number=number,
        total=price(total, shop),
    )


def twice(number: str, facts: Facts) -> Say:
    """This cart became an order before, whatever asked for it once more."""
    said = say(facts.language, "This cart is ordered already: it is your order *{number}*.", number=number)
    return Say(said, Purpose.ORDER)


def cancelled(basket: Basket, number: str, facts: Facts) -> Say:
    """What ``cancel`` did; ``number``: of an order that is placed and stands, "" for none."""
    speech = facts.language
    if number and not basket.cart.lines:
        said = say(
            speech,
            "Nothing was open. Your order *{number}* stands; to cancel it, say *cancel {number}*.",
            number=number,
        )
    elif basket.cart.lines:
        said = say(speech, "Cancelled: your cart is empty again. Say *hi* whenever you like to order.")
    else:
        said = say(speech, "Cancelled. Say *hi* whenever you like to order.")
    return Say(said)


def track_hint(number: str, shop: Shop, facts: Facts) -> str:
    if not shop.terms.tracking:
        return ""
    return say(facts.language, "Say *track {number}* to see how it goes.", number=number)


# -- who comes back ------------------------------------------------------------------------------------------------
def welcome(shop: Shop, facts: Facts) -> str:
    """The greeting, by name where the shop knows one."""
    card = facts.customer
    if shop.terms.recognition and card is not None and card.name:
        return say(facts.language, "Welcome back to {title}, {name}! 👋", title=shop.title, name=card.name)
    return say(facts.language, "Welcome to {title}! 👋", title=shop.title)


def kept(basket: Basket, shop: Shop, facts: Facts) -> str:
    """That a basket from before is still there; "" where there is none."""
    if not basket.cart.lines:
        return ""
    return say(
        facts.language,
        "Your cart is kept: {kept}. Say *cart* to see it.",
        kept=cart_line(basket.cart, shop, facts),
    )


def last_order(shop: Shop, facts: Facts) -> Order | None:
    """The last order that came to something."""
    if not shop.terms.recognition:
        return None
    return next((order for order in facts.orders if order.status is not OrderStatus.CANCELLED), None)


def again_option(shop: Shop, facts: Facts) -> tuple[Option, ...]:
    """The last order once more, where there is one."""
    last = last_order(shop, facts)
    if last is None:
        return ()
    return (Option("again", say(facts.language, "Order again"), words=("order again", "again")),)


def known_address(shop: Shop, facts: Facts) -> str:
    """The address of last time, where it is delivered to; "" for none."""
    card = facts.customer
    if not shop.terms.recognition or card is None or not card.address:
        return ""
    return card.address if zone_of(card.address, shop.terms) is not None else ""
