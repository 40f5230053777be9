"""A dealer's order: placed with its invoice in one commit, and asked to be paid, at once or on credit."""

from __future__ import annotations

import msgspec

from engine import dues, paying
from engine.address import DAY, Millis
from engine.cart import Cart
from engine.effects import AnyEffect, Ask, Charge, MovePayment, PlaceOrder, SaveCustomer, Say
from engine.events import PaymentFailed
from engine.facts import Facts
from engine.flow import customer_of
from engine.messages import Purpose
from engine.orders import Customer, Order, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import Way
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import joined, order_number, price, synced
from engine.totals import reckoned

PREFIX = "WS"
"""Of order numbers."""

TRANSFER_AWAITED = 90 * DAY
"""So long after it is due is a bank transfer still known by its reference."""


# -- the order -----------------------------------------------------------------------------------------------------
def placed(cart: Cart, name: str, shop: Shop, facts: Facts) -> tuple[Order, tuple[AnyEffect, ...]]:
    """The order of this cart, and all that goes with it into one commit: card, stock, invoice, first reminder."""
    order = _order(cart, name, shop, facts)
    card = facts.customer or Customer(customer_of(facts), shop.name)
    card = msgspec.structs.replace(card, name=name, phone=facts.phone or card.phone, language=facts.language)
    thanks = say(
        facts.language,
        "Thank you, {name}! Your order *{number}* is confirmed. 🎉\nTotal: {total}\n{invoice}\n"
        "Say *track {number}* to see how it goes.",
        name=name,
        number=order.number,
        total=price(order.total, shop),
        invoice=dues.invoice_said(order, shop, facts),
    )
    crm = synced(order, shop)
    said = Say(thanks, Purpose.ORDER)
    paid = asked_to_pay(order, shop, facts)
    reminder = dues.next_reminder(order, shop, facts.now) if _reminded(order, shop, facts) else ()
    return order, (PlaceOrder(order), SaveCustomer(card), said, *dues.invoice(order, shop), *crm, *paid, *reminder)


def _order(cart: Cart, name: str, shop: Shop, facts: Facts) -> Order:
    """Confirmed at once; on credit nothing is asked for yet, so its payment is still unpaid."""
    card = facts.customer
    order = Order(
        number=order_number(PREFIX, shop, facts),
        shop=shop.name,
        customer=customer_of(facts),
        cart=cart.id,
        lines=cart.order_lines(shop),
        total=0,
        currency=shop.currency,
        status=OrderStatus.CONFIRMED,
        payment=PaymentStatus.UNPAID if dues.credit_days(card, shop) else PaymentStatus.PENDING,
        kind="delivery",
        source="WhatsApp",
        placed_at=facts.now,
        name=name,
        phone=facts.phone,
        address=card.address if card is not None else "",
        store=shop.store,
        flow=shop.flow,
        due_at=dues.due_at(card, shop, facts),
    )
    return reckoned(order, shop.terms)


def _reminded(order: Order, shop: Shop, facts: Facts) -> bool:
    """Whoever may still pay at the door is not dunned before."""
    return order.payment is PaymentStatus.UNPAID or Way.CASH not in paying.offered(shop, facts)


# -- its money -----------------------------------------------------------------------------------------------------
def asked_to_pay(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """On credit: where to transfer it when it is due. Else by the shop's one way, or the question by which."""
    ways = _ways(shop, facts)
    if order.payment is PaymentStatus.UNPAID:
        ways = tuple([way for way in ways if way is Way.BANK])
    if len(ways) == 1:
        return charged(order, ways[0], shop, facts)
    return (ask_way(order, "", shop, facts),) if ways else ()


def ask_way(order: Order, said: str, shop: Shop, facts: Facts) -> AnyEffect:
    """How would they like to pay? Under ``said``."""
    ways = _ways(shop, facts)
    if not ways:
        return Say(joined(said, say(facts.language, "Say *agent* to talk to us about the payment.")), Purpose.PAYMENT)
    asked = say(
        facts.language,
        "How would you like to pay {total} for *{number}*?",
        total=price(order.total, shop),
        number=order.number,
    )
    return Ask(joined(said, asked), paying.options(ways, facts), purpose=Purpose.PAYMENT)


def _ways(shop: Shop, facts: Facts) -> tuple[Way, ...]:
    return tuple([way for way in paying.offered(shop, facts) if not paying.needs_phone(way, facts)])


def charged(order: Order, way: Way, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Ask for the money by this way, instead of any asked before."""
    amount, rounding = paying.payable(order.total, way, shop)
    intent = paying.intent_for(order.number, way, amount, shop, facts, expires_at=_expiry(order, way, shop, facts))
    again = PaymentMove(order.number, (PaymentStatus.FAILED,), PaymentStatus.PENDING, by="customer")
    moved = (MovePayment(again),) if order.payment is PaymentStatus.FAILED else ()
    rounded = paying.rounding_line(rounding, shop, facts)
    return (
        *paying.dropped(order.number, facts),
        *moved,
        Charge(intent),
        *((Say(rounded, Purpose.PAYMENT),) if rounded else ()),
        *paying.asked(intent, shop, facts),
    )


def _expiry(order: Order, way: Way, shop: Shop, facts: Facts) -> Millis:
    if way in (Way.BANK, Way.CASH):
        return order.due_at + TRANSFER_AWAITED
    return facts.now + shop.terms.payment_timeout


def failed(event: PaymentFailed, asks: bool, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """A payment did not come: why, and what now. ``asks``: the customer is at that order, so the ways are offered
    again; elsewhere their own question stays open."""
    unpaid = paying.unpaid(event, shop, facts)
    if not unpaid.counts or unpaid.order is None:
        return ()
    if asks:
        return (*unpaid.effects, ask_way(unpaid.order, unpaid.said, shop, facts))
    again = say(facts.language, "It was for *{number}*; it is still to be paid.", number=unpaid.order.number)
    return (*unpaid.effects, Say(joined(unpaid.said, again), Purpose.PAYMENT))


def pay_asked(number: str, shop: Shop, facts: Facts) -> tuple[Order | None, AnyEffect]:
    """The order that "pay" is about: this one, else the oldest of the latest that is still to be paid; and how."""
    orders = [facts.order(number)] if number else list(reversed(facts.orders))
    order = next((one for one in orders if one is not None and dues.owed(one)), None)
    return order, _nothing_owed(facts) if order is None else ask_way(order, "", shop, facts)


def way_chosen(number: str, value: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The customer chose the Option with this value, to pay for this order."""
    order, way = facts.order(number), paying.way_of(value)
    if order is None or way is None or not dues.owed(order):
        return (_nothing_owed(facts),)
    return charged(order, way, shop, facts)


def _nothing_owed(facts: Facts) -> Say:
    return Say(say(facts.language, "There is nothing to be paid at present."))
