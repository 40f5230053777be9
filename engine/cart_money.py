"""The arrows of the flow ``cart`` from the moment an order is placed: how it is paid, or that it is not.

Money comes when it comes: these arrows hold in any state, and those of the states that stand at an order go before.
"""

from __future__ import annotations

import msgspec

from engine import awaiting, checkout, payer, paying
from engine.awaiting import OtherWayAsked, PayAsked, Retried, Waited, WayChosen
from engine.cart_states import (
    FLOW,
    AwaitingPayment,
    Greeting,
    OrderComplete,
    PaymentConfirmation,
    Thanked,
    basket_in,
)
from engine.effects import Say
from engine.events import ChargeAnswered, DeskDecided, PaymentFailed, PaymentSettled, TimerFired
from engine.facts import Facts, OwnCard, OwnOrders
from engine.flow import Cancelled, OrderEnded, State, Step
from engine.orders import Order
from engine.payer import PhoneTold
from engine.payments import Way
from engine.phrases import say
from engine.shop import Shop


# -- how to pay ----------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnOrders(),))
def pay(state: State, event: PayAsked, shop: Shop, facts: Facts) -> Step[AwaitingPayment | State]:
    """Back to an order that is still open, whatever was begun meanwhile."""
    order = awaiting.newest(facts)
    if order is None:
        return Step(state, (Say(say(facts.language, "There is nothing to pay at the moment.")),))
    due = order.due_at if order.held else 0
    return _ask("", AwaitingPayment(order.number, order.total, due, basket=basket_in(state)), shop, facts)


@FLOW.arrow
def other_way(
    state: AwaitingPayment | PaymentConfirmation, event: OtherWayAsked | PayAsked, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | Greeting]:
    refused = awaiting.refused(facts.order(state.number), state.number, shop, facts)
    if refused:
        return Step(Greeting(state.basket), refused)
    return _ask("", AwaitingPayment(state.number, state.total, state.due, basket=state.basket), shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def pay_by(
    state: AwaitingPayment | PaymentConfirmation, event: WayChosen | Retried, shop: Shop, facts: Facts
) -> Step[PaymentConfirmation | OrderComplete | AwaitingPayment | Greeting]:
    order = facts.order(state.number)
    refused = awaiting.refused(order, state.number, shop, facts)
    if order is None or refused:
        return Step(Greeting(state.basket), refused)
    waiting = AwaitingPayment(state.number, state.total, state.due, basket=state.basket)
    way = event.way if isinstance(event, WayChosen) else state.way
    if way is None or way not in paying.offered(shop, facts):
        return _ask(say(facts.language, "We don't take that here."), waiting, shop, facts)
    return charge(waiting, order, way, shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def pay_from(
    state: AwaitingPayment, event: PhoneTold, shop: Shop, facts: Facts
) -> Step[PaymentConfirmation | OrderComplete | AwaitingPayment | Greeting]:
    """M-Pesa from this number: the one that was asked for, or another than the customer writes from."""
    number = payer.number_of(event.said)
    if not number and Way.MPESA in paying.offered(shop, facts):
        return _ask_phone(state, shop, facts, refused=True)
    return pay_by(state, WayChosen(Way.MPESA), shop, payer.told(number, facts))


def _ask_phone(state: AwaitingPayment, shop: Shop, facts: Facts, *, refused: bool = False) -> Step[AwaitingPayment]:
    wanted = msgspec.structs.replace(state, phone_wanted=True)
    return Step(wanted, (payer.ask(paying.offered(shop, facts), facts, refused),), missed=refused)


def charge(
    waiting: AwaitingPayment, order: Order, way: Way, shop: Shop, facts: Facts
) -> Step[PaymentConfirmation | OrderComplete | AwaitingPayment]:
    """Ask for the money by this way. Paid at the door: that is all."""
    if paying.needs_phone(way, facts):
        return _ask_phone(waiting, shop, facts)
    intent, effects = awaiting.charged(order, way, shop, facts)
    asked = paying.asked(intent, shop, facts)
    if way is Way.CASH:
        return Step(OrderComplete(order.number, order.total, waiting.basket), (*effects, *asked))
    asking = PaymentConfirmation(order.number, order.total, waiting.due, way, intent.id, waiting.basket)
    return Step(asking, (*effects, *asked))


@FLOW.arrow
def wait(
    state: AwaitingPayment | PaymentConfirmation, event: Waited, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | PaymentConfirmation | Greeting]:
    """The customer has done their part, or says so."""
    refused = awaiting.refused(facts.order(state.number), state.number, shop, facts)
    if refused:
        return Step(Greeting(state.basket), refused)
    if isinstance(state, AwaitingPayment):
        return _ask("", state, shop, facts)
    return Step(state, (awaiting.patience(state.number, shop, facts),))


@FLOW.arrow
def cancel_unpaid(
    state: AwaitingPayment | PaymentConfirmation, event: Cancelled, shop: Shop, facts: Facts
) -> Step[Greeting]:
    """``cancel`` here means the order: it ends, and its stock is free."""
    order = facts.order(state.number)
    if order is None or not awaiting.owed(order):
        return Step(Greeting(), (awaiting.not_open(order, state.number, facts),))
    return Step(Greeting(), awaiting.cancelled(order, facts))


# -- what becomes of it --------------------------------------------------------------------------------------------
@FLOW.arrow
def link(state: State, event: ChargeAnswered, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, paying.link_said(event, shop, facts))


@FLOW.arrow
def money(state: State, event: PaymentSettled | DeskDecided, shop: Shop, facts: Facts) -> Step[State]:
    """Money for another order than the customer stands at, or while they look around."""
    return Step(state, awaiting.received(paying.receive(event, shop, facts), shop, facts))


@FLOW.arrow
def money_came(
    state: AwaitingPayment | PaymentConfirmation, event: PaymentSettled | DeskDecided, shop: Shop, facts: Facts
) -> Step[OrderComplete | AwaitingPayment | PaymentConfirmation | Greeting]:
    received = paying.receive(event, shop, facts)
    effects = awaiting.received(received, shop, facts)
    if received.order is None or received.order.number != state.number:
        return Step(state, effects)
    if received.pays:
        return Step(OrderComplete(state.number, state.total, state.basket), effects)
    return Step(Greeting(state.basket) if received.verdict is paying.Verdict.SOLD_OUT else state, effects)


@FLOW.arrow
def failed(state: State, event: PaymentFailed, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, awaiting.failed(paying.unpaid(event, shop, facts), facts))


@FLOW.arrow
def payment_failed(
    state: AwaitingPayment | PaymentConfirmation, event: PaymentFailed, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | PaymentConfirmation]:
    """Why, in plain words, and what can be done: the same way once more, another, or nothing."""
    news = paying.unpaid(event, shop, facts)
    if not news.counts or news.intent is None or news.intent.order != state.number:
        return Step(state, awaiting.failed(news, facts))
    if isinstance(state, PaymentConfirmation) and event.intent != state.intent:
        return Step(state)  # news of an earlier try, while another one is under way
    way = news.intent.way
    asked = awaiting.ask_again(news.said, way, paying.offered(shop, facts), facts)
    failed = AwaitingPayment(state.number, state.total, state.due, way, state.basket)
    return Step(failed, (*news.effects, asked))


@FLOW.arrow
def timer(state: State, event: TimerFired, shop: Shop, facts: Facts) -> Step[State]:
    """An order's time is half over, or over, while the customer is somewhere else."""
    fired = awaiting.fired(event.kind, shop, facts)
    return Step(state, (*fired.effects, *awaiting.reminded(fired, facts)))


@FLOW.arrow
def payment_timer(
    state: AwaitingPayment | PaymentConfirmation, event: TimerFired, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | PaymentConfirmation | Greeting]:
    fired = awaiting.fired(event.kind, shop, facts)
    if awaiting.number_in(event.kind) != state.number or not (fired.ended or fired.reminder):
        return Step(state, (*fired.effects, *awaiting.reminded(fired, facts)))
    if fired.ended:
        return Step(Greeting(state.basket), fired.effects)
    if isinstance(state, AwaitingPayment):
        return _ask(fired.reminder, state, shop, facts)
    return Step(state, (awaiting.ask_patience(fired.reminder, paying.offered(shop, facts), facts),))


@FLOW.arrow
def ended(state: State, event: OrderEnded, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, awaiting.over(event.number))


@FLOW.arrow
def order_ended(
    state: AwaitingPayment | PaymentConfirmation, event: OrderEnded, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | PaymentConfirmation | Greeting]:
    here = event.number == state.number
    return Step(Greeting(state.basket) if here else state, awaiting.over(event.number))


@FLOW.arrow
def thank(state: OrderComplete, event: Thanked, shop: Shop, facts: Facts) -> Step[OrderComplete]:
    """Also ``checkout`` typed twice in impatience: the order once more."""
    return Step(state, (Say(checkout.complete(state.number, state.total, shop, facts)),))


# -- pieces --------------------------------------------------------------------------------------------------------
def _ask(head: str, waiting: AwaitingPayment, shop: Shop, facts: Facts) -> Step[AwaitingPayment]:
    head = head or awaiting.total_of(waiting.number, waiting.total, shop, facts)
    return Step(waiting, (awaiting.ask_way(head, paying.offered(shop, facts), facts),))
