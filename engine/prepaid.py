"""Orders that are paid before they are handed over: placed and held by the choice of a way to pay, completed by money.

The wishes of engine/flows/micro_sales.py around its order; its arrows say when. What is shown before there is an order
stands in engine.buying.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from engine import owner, payer, paying, shopping, text, window
from engine.address import Millis
from engine.awaiting import OtherWayAsked, Retried, WayChosen
from engine.buying import QUANTITY_AT_MOST, ask_way
from engine.cart import Cart, CartLine
from engine.codes import code
from engine.effects import (
    AnyEffect,
    Ask,
    Charge,
    ClearTimer,
    MoveOrder,
    MovePayment,
    Option,
    PlaceOrder,
    SaveCustomer,
    Say,
    SetTimer,
    TakeHold,
)
from engine.events import OrderRequested
from engine.facts import ConflictKind, Facts
from engine.flow import FlowEvent, customer_of
from engine.messages import Purpose
from engine.orders import Customer, Order, OrderMove, OrderStatus, PaymentMove, PaymentStatus, holds_of
from engine.paying import Received, Unpaid
from engine.payments import Intent, Way
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import joined, named_line, price
from engine.totals import reckoned
from engine.words import command

NUMBER_LETTERS = 8
"""Of an order number: 10¹² of them, and a clash is refused and tried anew."""
NEWS_AFTER: Millis = 55_000
"""Within a minute the customer hears what became of a request to pay (flows.md §4), if only that nothing is known."""
WAIT, END = "pay-wait:", "pay-end:"
"""Timers of an order: no news yet, and the end of the time to pay."""
WAITING = (OrderStatus.PENDING, OrderStatus.PAYMENT_FAILED)
"""Where an order stands while it may still be paid."""


# -- what customers say --------------------------------------------------------------------------------------------
class Wondered(FlowEvent, frozen=True):
    """Any word while M-Pesa or the bank is being waited for."""

    label: ClassVar[str] = "text"


CHOICES: dict[str, FlowEvent] = {
    "retry": Retried(),
    "other": OtherWayAsked(),
    **{f"pay:{way.value}": WayChosen(way) for way in Way},
}
"""Value of an Option of ours → what choosing it means."""

RETRIES = {"again": Retried(), "try again": Retried(), "other way": OtherWayAsked(), "pay": OtherWayAsked()}


def read_way(said: str, phone_wanted: bool) -> FlowEvent | None:
    """What text means where a way to pay is chosen."""
    way = paying.way_of(said)
    if way is not None:
        return WayChosen(way)
    return RETRIES.get(command(said)) or payer.read(said, phone_wanted)


def read_waiting(said: str) -> FlowEvent | None:
    """What text means while a payment is under way."""
    return RETRIES.get(command(said)) or (Wondered() if text.plain(said) else None)


# -- the order -----------------------------------------------------------------------------------------------------
class AskedToPay(msgspec.Struct, frozen=True):
    """An order whose money is asked for; ``intent`` is None when it can't be paid any more, and ``effects`` say why."""

    intent: Intent | None
    effects: tuple[AnyEffect, ...]


def placed(cart: Cart, address: str, way: Way, shop: Shop, facts: Facts) -> AskedToPay:
    """Place the order, hold its stock, and ask for its money."""
    order = _order(cart, address, shop, facts)
    order = reckoned(order, shop.terms, whole=way is Way.MPESA)
    order = msgspec.structs.replace(order, payment=PaymentStatus.PENDING)
    return _asking(order, way, place(order, shop, facts), shop, facts)


def place(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The order as rows: it, its holds, the customer, and the end of its time."""
    card = facts.customer or Customer(order.customer, shop.name)
    card = msgspec.structs.replace(
        card,
        phone=facts.phone or facts.payer or card.phone,
        address=order.address or card.address,
        name=order.name or card.name,
        language=facts.language,
    )
    end = facts.now + _time_to_pay(shop)
    holds = [TakeHold(hold) for hold in holds_of(order, end)]
    crm = shopping.synced(order, shop)
    return (PlaceOrder(order), *holds, *crm, SaveCustomer(card), SetTimer(END + order.number, end))


def _order(cart: Cart, address: str, shop: Shop, facts: Facts) -> Order:
    return Order(
        number=_number(facts),
        shop=shop.name,
        customer=customer_of(facts),
        cart=cart.id,
        lines=cart.order_lines(shop),
        total=0,
        currency=shop.currency,
        status=OrderStatus.PENDING,
        payment=PaymentStatus.UNPAID,
        kind="delivery" if address else "pickup",
        source="WhatsApp",
        placed_at=facts.now,
        name=facts.customer.name if facts.customer is not None else "",
        phone=facts.phone,
        address=address,
        store=shop.store,
        flow=shop.flow,
        held=True,
    )


def _number(facts: Facts) -> str:
    """``ORD-`` and letters without look-alikes, derived from the turn; after a clash the next attempt differs."""
    return "ORD-" + code(f"{facts.key}:{facts.attempt}", NUMBER_LETTERS)


def _time_to_pay(shop: Shop) -> Millis:
    """A failed payment keeps its stock until the session ends (flows.md §4), an open one for the shop's own time."""
    return max(shop.session, shop.terms.payment_timeout)


def _asking(order: Order, way: Way, ahead: tuple[AnyEffect, ...], shop: Shop, facts: Facts) -> AskedToPay:
    amount, rounding = paying.payable(order.total, way, shop)
    intent = paying.intent_for(order.number, way, amount, shop, facts, expires_at=facts.now + _time_to_pay(shop))
    rounded = paying.rounding_line(rounding, shop, facts)
    said = (Say(rounded, Purpose.PAYMENT),) if rounded else ()
    wait = (SetTimer(WAIT + order.number, facts.now + NEWS_AFTER),) if way is Way.MPESA else ()
    return AskedToPay(intent, (*ahead, Charge(intent), *wait, *said, *paying.asked(intent, shop, facts)))


def again(number: str, way: Way, shop: Shop, facts: Facts) -> AskedToPay:
    """Ask anew for an order that waits, holding its stock anew; or say why it can't be paid any more."""
    order = facts.order(number)
    if order is None or order.status not in WAITING or order.payment is PaymentStatus.PAID:
        said = say(facts.language, "Order *{number}* is closed, so nothing is to be paid for it.", number=number)
        return AskedToPay(None, (Say(said, Purpose.ORDER),))
    if facts.conflict is not None and facts.conflict.kind is ConflictKind.SOLD_OUT:
        said = say(
            facts.language,
            "What you ordered went to somebody else meanwhile, so order *{number}* is cancelled. Nothing was taken.",
            number=number,
        )
        return AskedToPay(None, (*_ended(order, facts), Say(said, Purpose.ORDER)))
    holds = [TakeHold(hold) for hold in holds_of(order, facts.now + _time_to_pay(shop))]
    end = SetTimer(END + number, facts.now + _time_to_pay(shop))
    ahead = (*paying.dropped(number, facts), *_pending(order), *holds, end, *payer.kept(shop, facts))
    return _asking(order, way, ahead, shop, facts)


def _pending(order: Order) -> tuple[AnyEffect, ...]:
    """Whatever moves lead to an order that waits for its payment."""
    moves: list[AnyEffect] = []
    if order.status is OrderStatus.PAYMENT_FAILED:
        moves.append(MoveOrder(OrderMove(order.number, (order.status,), OrderStatus.PENDING, by="customer")))
    if order.payment is not PaymentStatus.PENDING:
        moves.append(MovePayment(PaymentMove(order.number, (order.payment,), PaymentStatus.PENDING, by="customer")))
    return tuple(moves)


def _ended(order: Order, facts: Facts) -> tuple[AnyEffect, ...]:
    """Cancel an order that is not paid: requests to pay, holds and timers go with it."""
    reopened = MoveOrder(OrderMove(order.number, (OrderStatus.PAYMENT_FAILED,), OrderStatus.PENDING, by="customer"))
    ahead = (reopened,) if order.status is OrderStatus.PAYMENT_FAILED else ()
    cancelled = MoveOrder(OrderMove(order.number, (OrderStatus.PENDING,), OrderStatus.CANCELLED, by="customer"))
    return (*ahead, cancelled, *owner.dropping(order, facts), *_timers_off(order.number))


def _timers_off(number: str) -> tuple[AnyEffect, ...]:
    return ClearTimer(WAIT + number), ClearTimer(END + number)


def ordered_already(number: str, facts: Facts) -> Say:
    said = say(facts.language, "This is ordered already: it is your order *{number}*.", number=number)
    return Say(said, Purpose.ORDER)


def patience(number: str, facts: Facts) -> Ask:
    """A word while the payment is under way: how it stands, and the ways out."""
    said = say(facts.language, "I'm still waiting for the payment of order *{number}*.", number=number)
    return _ways_out(said, facts)


def _ways_out(said: str, facts: Facts) -> Ask:
    return Ask(
        said,
        (
            Option("retry", say(facts.language, "Try again"), words=("again", "retry")),
            Option("other", say(facts.language, "Other way")),
            Option("word:cancel", say(facts.language, "Cancel")),
        ),
        purpose=Purpose.PAYMENT,
    )


# -- by the shop's API ---------------------------------------------------------------------------------------------
def requested(event: OrderRequested, shop: Shop, facts: Facts) -> Order | None:
    """The order that the API asks for; its cart id says which request it was. None when it can't be had."""
    product = shop.catalogue.sold(event.sku)
    if product is None or (facts.conflict is not None and facts.conflict.kind is not ConflictKind.NUMBER_TAKEN):
        return None
    cart, _, good = shopping.add(Cart(), product, event.quantity, shop, facts, most=QUANTITY_AT_MOST)
    if not good:
        return None
    order = _order(msgspec.structs.replace(cart, id=f"api:{event.request}"), event.address, shop, facts)
    order = msgspec.structs.replace(order, source="API", name=event.name or order.name)
    return reckoned(order, shop.terms)


def ask_for_order(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Ask how to pay for an order of the API's; by the shop's template where only that may be sent."""
    what = "\n".join(named_line(line, facts.language) for line in order.lines)
    total = price(order.total, shop)
    said = say(facts.language, "We have an order for you: *{number}*", number=order.number)
    asked = ask_way([said, what, say(facts.language, "*Total: {total}*", total=total)], shop, facts)
    return window.told((asked,), "order", (shop.title, order.number, what, total), shop, facts)


def waits(order: Order, shop: Shop, facts: Facts) -> Say:
    """Said to a customer who is paying for another order just now."""
    said = say(
        facts.language,
        "Another order, *{number}* over {total}, waits for you. Say *my orders* to see it.",
        number=order.number,
        total=price(order.total, shop),
    )
    return Say(said, Purpose.ORDER)


def cart_of(order: Order) -> Cart:
    """An order's lines as a cart again."""
    lines = [CartLine(line.sku, line.name, line.quantity, line.unit_price) for line in order.lines]
    return Cart(order.cart, tuple(lines))


# -- money ---------------------------------------------------------------------------------------------------------
def completed(received: Received) -> tuple[AnyEffect, ...]:
    """A paid order is complete (flows.md, "Order status")."""
    order = received.order
    if not received.pays or order is None:
        return ()
    move = MoveOrder(OrderMove(order.number, (OrderStatus.PENDING,), OrderStatus.COMPLETED, by="payment"))
    return (*((move,) if order.status is OrderStatus.PENDING else ()), *_timers_off(order.number))


def failed(order: Order) -> tuple[AnyEffect, ...]:
    """An order whose payment did not come; it keeps its stock until the session ends."""
    move = MoveOrder(OrderMove(order.number, (OrderStatus.PENDING,), OrderStatus.PAYMENT_FAILED, by="payment"))
    return (*((move,) if order.status is OrderStatus.PENDING else ()), ClearTimer(WAIT + order.number))


def ask_retry(said: str, facts: Facts) -> Ask:
    return _ways_out(joined(said, say(facts.language, "Nothing was taken. What would you like to do?")), facts)


def failed_aside(unpaid: Unpaid, facts: Facts) -> Say:
    """The same for a customer who is about another thing."""
    number = unpaid.order.number if unpaid.order is not None else ""
    said = say(facts.language, "About your order *{number}*: {why}", number=number, why=unpaid.said)
    return Say(said, Purpose.PAYMENT)


def order_of_timer(kind: str) -> str:
    """The order that a timer of ours is about, "" for any other."""
    return next((kind.removeprefix(prefix) for prefix in (WAIT, END) if kind.startswith(prefix)), "")


def is_end(kind: str) -> bool:
    return kind.startswith(END)


def overdue(kind: str, waiting: bool, facts: Facts) -> tuple[AnyEffect, ...]:
    """What a timer does to an order that is still not paid; nothing to any other. ``waiting``: the customer stands
    where they wait for this payment."""
    order = facts.order(order_of_timer(kind))
    if order is None or order.status not in WAITING or order.payment is PaymentStatus.PAID:
        return ()
    if not is_end(kind):
        said = say(facts.language, "There is no word from M-Pesa yet. If you entered your PIN, I'll tell you soon.")
        return (_ways_out(said, facts),) if waiting and order.status is OrderStatus.PENDING else ()
    freed = (*owner.dropping(order, facts), ClearTimer(WAIT + order.number))
    if order.status is OrderStatus.PAYMENT_FAILED:
        return freed
    unpaid = MovePayment(PaymentMove(order.number, (PaymentStatus.PENDING,), PaymentStatus.FAILED, by="time"))
    move = MoveOrder(OrderMove(order.number, (OrderStatus.PENDING,), OrderStatus.PAYMENT_FAILED, by="time"))
    said = say(
        facts.language,
        "The time to pay for order *{number}* is over, so it is closed. Nothing was taken. Say *menu* to order again.",
        number=order.number,
    )
    return (*freed, *((unpaid,) if order.payment is PaymentStatus.PENDING else ()), move, Say(said, Purpose.ORDER))


# -- leaving -------------------------------------------------------------------------------------------------------
def cancelled(number: str, done: bool, facts: Facts) -> tuple[AnyEffect, ...]:
    """``cancel``: an order that waits for its payment goes with the conversation; a paid one stands."""
    order = facts.order(number)
    if order is not None and order.status in WAITING and order.payment is not PaymentStatus.PAID:
        said = say(facts.language, "Order *{number}* is cancelled. Nothing was taken.", number=number)
        return (*_ended(order, facts), Say(said, Purpose.ORDER))
    if done or (order is not None and order.payment is PaymentStatus.PAID):
        said = say(facts.language, "Nothing was open. Your order *{number}* is paid and stands.", number=number)
        return (Say(said),)
    return (Say(say(facts.language, "Cancelled. Say *hi* whenever you like to order.")),)


def released(number: str, facts: Facts) -> tuple[AnyEffect, ...]:
    """The session is over: the stock of an order whose payment failed is free for others."""
    order = facts.order(number)
    if order is None or order.status is not OrderStatus.PAYMENT_FAILED:
        return ()
    return (*owner.dropping(order, facts), *_timers_off(number))
