"""What the owner wishes of a conversation, the same in every flow: say something, move an order, count money for it.

It comes as a letter like everything else, so it is one turn, durable, in order with the customer's own messages; and
each change of an order is told to the customer in the turn that makes it, once (flows.md, "Order status").
"""

from __future__ import annotations

from engine import billing
from engine.effects import AnyEffect, MoveOrder, ReleaseHold, Say, TakeStock
from engine.events import (
    DeskDecided,
    InvoiceWanted,
    MessageWanted,
    News,
    OrderMoveWanted,
    PaymentSettled,
    StatementWanted,
)
from engine.facts import AnyNeed, ConflictKind, Facts, IntentsFor, OrderNumbered, PaymentFor
from engine.messages import Purpose
from engine.orders import Order, OrderMove, OrderStatus, holds_of, order_moves
from engine.paying import dropped, news_needs, receive, told
from engine.phrases import phrase, say
from engine.settling import given_back
from engine.shop import Shop

MOVED = {
    OrderStatus.PENDING: phrase("News of your order *{number}*: we have it."),
    OrderStatus.CONFIRMED: phrase("News of your order *{number}*: it is confirmed."),
    OrderStatus.PROCESSING: phrase("News of your order *{number}*: we are preparing it."),
    OrderStatus.COMPLETED: phrase("News of your order *{number}*: it is completed. Thank you!"),
    OrderStatus.CANCELLED: phrase("Your order *{number}* was cancelled by the shop. Say *agent* to talk to a person."),
    OrderStatus.PAYMENT_FAILED: phrase("News of your order *{number}*: its payment did not come."),
}
"""What a customer hears of a move that the owner made."""


BEGUN = (OrderStatus.PROCESSING, OrderStatus.COMPLETED)
"""Where goods leave the shelf, paid or not: what was only held for the order is taken."""


def needs(event: News) -> tuple[AnyNeed, ...]:
    """What such a letter must read."""
    match event:
        case OrderMoveWanted(number):
            return cancelling(number)
        case InvoiceWanted(number):
            return billing.needs(number)
        case _:
            return news_needs(event)


def cancelling(number: str) -> tuple[AnyNeed, ...]:
    """What must be read where an order may be cancelled."""
    return (OrderNumbered(number), IntentsFor(number), PaymentFor(number))


def effects(event: News, language: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What it does; nothing for an order that is not this customer's, or a move that is not allowed any more.

    Money that the owner has seen pays an order of a flow that asks for none, too: a bakery is paid at the door.
    """
    match event:
        case MessageWanted(text):
            return (Say(text),)
        case OrderMoveWanted(number, status, by, quiet):
            order = facts.order(number)
            moved = () if order is None else _move(order, OrderStatus(status), by, language, facts)
            return tuple([one for one in moved if not (quiet and isinstance(one, Say))])
        case InvoiceWanted(number):
            return billing.sent(number, shop, facts)
        case StatementWanted(first, last):
            return billing.statement(first, last, facts)
        case PaymentSettled() | DeskDecided():
            received = receive(event, shop, facts)
            return (*received.effects, *told(received, shop, facts))
        case _:
            return ()


def _move(order: Order, to: OrderStatus, by: str, language: str, facts: Facts) -> tuple[AnyEffect, ...]:
    """A move that is not allowed any more, or for which the goods are gone, changes nothing: the API says how the order
    stands."""
    sold_out = facts.conflict is not None and facts.conflict.kind is ConflictKind.SOLD_OUT
    if to not in order_moves(order.flow)[order.status] or sold_out:
        return ()
    move = MoveOrder(OrderMove(order.number, (order.status,), to, by))
    gone = dropping(order, facts, by) if to is OrderStatus.CANCELLED else ()
    taken = (TakeStock(order.number),) if to in BEGUN and order.held else ()
    return (move, *taken, *gone, Say(say(language, MOVED[to], number=order.number), Purpose.ORDER))


def dropping(order: Order, facts: Facts, by: str = "") -> tuple[AnyEffect, ...]:
    """What goes with an order that is cancelled: its holds, the requests to pay for it that are open, and the money
    that has paid it, which the owner owes the customer from now on."""
    holds = [ReleaseHold(hold.id) for hold in holds_of(order, facts.now)] if order.held else []
    return (*holds, *dropped(order.number, facts), *given_back(order.number, facts, by))
