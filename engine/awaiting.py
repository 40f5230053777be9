"""An order that waits for its payment: it keeps its stock for so long, is reminded of once, and then it ends.

The stock is held by rows that expire by themselves; two durable timers speak and clean up. Both look at the facts
again when they fire: nobody who has paid is reminded (quality.md 15), and a timer that runs late says nothing stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from babel.dates import format_time

from engine import owner, payer, paying
from engine.address import Millis
from engine.effects import (
    AnyEffect,
    Ask,
    Charge,
    ClearTimer,
    MoveOrder,
    MovePayment,
    Option,
    Say,
    SetTimer,
    TakeHold,
    TakeStock,
)
from engine.facts import AnyNeed, ConflictKind, Facts, IntentsFor, OrderNumbered
from engine.flow import FlowEvent
from engine.messages import Purpose
from engine.orders import Order, OrderMove, OrderStatus, PaymentMove, PaymentStatus, holds_of
from engine.payments import OPEN, Intent, Way
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined, local, price
from engine.words import command

HALF, END = "pay-half:", "pay-end:"
"""Kinds of timers, with the order's number behind them."""

UNBEGUN = (OrderStatus.PENDING, OrderStatus.CONFIRMED)
"""Where an order stands that ends when it is not paid in time."""


# -- what customers say --------------------------------------------------------------------------------------------
class PayAsked(FlowEvent, frozen=True):
    """The order that is still open is to be paid."""

    label: ClassVar[str] = '"pay"'


class WayChosen(FlowEvent, frozen=True):
    """How to pay."""

    label: ClassVar[str] = "way to pay"
    way: Way


class Retried(FlowEvent, frozen=True):
    """The same way once more."""

    label: ClassVar[str] = '"try again"'


class OtherWayAsked(FlowEvent, frozen=True):
    """Another way to pay."""

    label: ClassVar[str] = '"other way"'


class Waited(FlowEvent, frozen=True):
    """The customer says that the money is on its way."""

    label: ClassVar[str] = '"done"'


CHOICES: dict[str, FlowEvent] = {
    **{f"pay:{way.value}": WayChosen(way) for way in Way},
    "pay": PayAsked(),
    "retry": Retried(),
    "other": OtherWayAsked(),
}
"""Value of an Option of ours → what choosing it means."""

WORDS: dict[str, FlowEvent] = {
    **dict.fromkeys(("pay", "checkout"), PayAsked()),
    **dict.fromkeys(("try again", "again"), Retried()),
    **dict.fromkeys(("other way", "back", "change"), OtherWayAsked()),
    **dict.fromkeys(("done", "yes", "ok", "confirm", "thanks", "paid"), Waited()),
}


def read(said: str) -> FlowEvent | None:
    """What typed text means while an order waits for its payment."""
    way = paying.way_of(said)
    return WORDS.get(command(said)) or (WayChosen(way) if way is not None else None)


def pays(said: str) -> FlowEvent | None:
    """``pay``, in any state."""
    return PayAsked() if command(said) == "pay" else None


# -- when ----------------------------------------------------------------------------------------------------------
def begin(order: Order, facts: Facts) -> tuple[AnyEffect, ...]:
    """Hold the stock of an order that is placed now, and set its timers."""
    half = facts.now + (order.due_at - facts.now) // 2
    holds = [TakeHold(hold) for hold in holds_of(order, order.due_at)]
    return (*holds, SetTimer(HALF + order.number, half), SetTimer(END + order.number, order.due_at))


def over(number: str) -> tuple[AnyEffect, ...]:
    """No more timers for this order."""
    return ClearTimer(HALF + number), ClearTimer(END + number)


def number_in(kind: str) -> str:
    """The order's number in a timer's kind; "" in all others."""
    return next((kind.removeprefix(ours) for ours in (HALF, END) if kind.startswith(ours)), "")


def needs(number: str) -> tuple[AnyNeed, ...]:
    """What has to be read to say how an order stands."""
    return OrderNumbered(number), IntentsFor(number)


def owed(order: Order | None) -> bool:
    """Whether this order still waits for its payment."""
    return order is not None and order.status in UNBEGUN and order.payment in paying.OWED and bool(order.due_at)


def payable(order: Order | None, facts: Facts) -> bool:
    """The same, and there is still time. One whose stock is taken (it is paid at the door) can be paid at any time."""
    return order is not None and owed(order) and (facts.now < order.due_at or not order.held)


def newest(facts: Facts) -> Order | None:
    """The latest order among those that were read that can still be paid."""
    return next((order for order in facts.orders if payable(order, facts)), None)


def clock(moment: Millis, shop: Shop, language: str) -> str:
    """The time of day on the shop's clock, as the language writes it in the shop's country."""
    spoken = shop.locale if shop.locale.partition("_")[0] == language else language
    return str(format_time(local(moment, shop), "short", locale=spoken)).replace("\N{NARROW NO-BREAK SPACE}", " ")


# -- asking --------------------------------------------------------------------------------------------------------
def ask_way(head: str, ways: Sequence[Way], facts: Facts) -> Ask:
    asked = joined(head, say(facts.language, "How would you like to pay?"))
    return Ask(asked, paying.options(ways, facts), purpose=Purpose.PAYMENT)


def ask_patience(said: str, ways: Sequence[Way], facts: Facts) -> Ask:
    """The money is asked for and not there yet: what can be done meanwhile."""
    speech = facts.language
    other = (Option("other", say(speech, "Other way")),) if len(ways) > 1 else ()
    return Ask(said, (*other, Option("word:cancel", say(speech, "Cancel"))), purpose=Purpose.PAYMENT)


def patience(number: str, shop: Shop, facts: Facts) -> Say:
    """The customer says that they have paid; with a bank's reference once more where that is how."""
    said = say(facts.language, "Thank you! I'll tell you as soon as the payment for *{number}* is here.", number=number)
    bank = [one for one in facts.intents if one.order == number and one.way is Way.BANK and one.status in OPEN]
    reference = say(facts.language, "Reference: *{reference}*", reference=bank[0].reference) if bank else ""
    return Say(joined(said, reference), Purpose.PAYMENT)


def total_of(number: str, total: int, shop: Shop, facts: Facts) -> str:
    return say(facts.language, "Order *{number}*: {total}", number=number, total=price(total, shop))


def charged(order: Order, way: Way, shop: Shop, facts: Facts) -> tuple[Intent, tuple[AnyEffect, ...]]:
    """Ask for the money by this way, and give up what was asked before. Paid at the door: the order is firm, and its
    stock is taken."""
    amount, _ = paying.payable(order.total, way, shop)
    until = order.due_at if order.held else facts.now + shop.terms.payment_timeout
    intent = paying.intent_for(order.number, way, amount, shop, facts, expires_at=until)
    retried = PaymentMove(order.number, (PaymentStatus.FAILED,), PaymentStatus.PENDING, by="customer")
    moved = (MovePayment(retried),) if order.payment is PaymentStatus.FAILED else ()
    firm = (TakeStock(order.number), *over(order.number)) if way is Way.CASH and order.held else ()
    asked = (*paying.dropped(order.number, facts), *moved, Charge(intent), *firm)
    return intent, (*asked, *payer.kept(shop, facts))


def ask_again(said: str, way: Way, ways: Sequence[Way], facts: Facts) -> Ask:
    """A payment did not come: why, and what can be done."""
    speech = facts.language
    retry = (Option("retry", say(speech, "Try again")),) if way in ways else ()
    other = (Option("other", say(speech, "Other way")),) if len(ways) > 1 else ()
    return Ask(said, (*retry, *other, Option("word:cancel", say(speech, "Cancel"))), purpose=Purpose.PAYMENT)


def failed(news: paying.Unpaid, facts: Facts) -> tuple[AnyEffect, ...]:
    """The same for an order that the customer does not stand at."""
    if not news.counts or news.order is None:
        return ()
    said = joined(news.said, say(facts.language, "Say *pay* to pay for *{number}*.", number=news.order.number))
    return (*news.effects, Say(said, Purpose.PAYMENT))


def received(money: paying.Received, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What money that came in does, and what is told about it; nothing is waited for any more where it pays."""
    ends = money.pays or money.verdict is paying.Verdict.SOLD_OUT
    off = over(money.order.number) if ends and money.order is not None else ()
    return (*money.effects, *off, *paying.told(money, shop, facts))


# -- timers --------------------------------------------------------------------------------------------------------
class Fired(msgspec.Struct, frozen=True):
    """What a timer of an order does. ``ended``: the order is no more. ``reminder``: what to say while it can be paid,
    "" for nothing."""

    effects: tuple[AnyEffect, ...] = ()
    ended: bool = False
    reminder: str = ""


def fired(kind: str, shop: Shop, facts: Facts) -> Fired:
    """The half-time reminder, or the end, of the order in a timer's kind."""
    order = facts.order(number_in(kind))
    if order is None or order.payment not in paying.OWED or not order.held:
        return Fired()
    if order.status not in UNBEGUN:
        return Fired(_begun(order, facts) if kind.startswith(END) else ())
    if kind.startswith(END):
        return Fired(ended(order, shop, facts), ended=True) if facts.now >= order.due_at else _later(kind, order)
    return Fired(reminder=reminder(order, shop, facts) if facts.now < order.due_at else "")


def reminded(what: Fired, facts: Facts) -> tuple[AnyEffect, ...]:
    """The reminder for a customer who is somewhere else by now."""
    if not what.reminder:
        return ()
    return (Say(joined(what.reminder, say(facts.language, "Say *pay* to pay now.")), Purpose.PAYMENT),)


def reminder(order: Order, shop: Shop, facts: Facts) -> str:
    return say(
        facts.language,
        "Your order *{number}* is not paid yet: {total}. We keep it for you until {time}.",
        number=order.number,
        total=price(order.total, shop),
        time=clock(order.due_at, shop, facts.language),
    )


def ended(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Not paid in time: the order is cancelled and its stock is free again. Money that comes later is the desk's."""
    said = say(
        facts.language,
        "Your order *{number}* was not paid in time, so I cancelled it. Say *menu* to order again.",
        number=order.number,
    )
    return (*_cancelled(order, "timeout", facts), Say(said, Purpose.ORDER))


def cancelled(order: Order, facts: Facts) -> tuple[AnyEffect, ...]:
    """The customer takes it back before it is paid."""
    said = say(facts.language, "Order *{number}* is cancelled. Nothing will be delivered.", number=order.number)
    return (*_cancelled(order, "customer", facts), Say(said, Purpose.ORDER))


def lost(order: Order, facts: Facts) -> tuple[AnyEffect, ...]:
    """Its time to pay was over, and others have its goods."""
    said = say(
        facts.language,
        "I'm sorry: the time to pay *{number}* was over, and some of it is sold out now. It is cancelled. Say *menu* "
        "to order again.",
        number=order.number,
    )
    return (*_cancelled(order, "sold_out", facts), Say(said, Purpose.ORDER))


def _cancelled(order: Order, by: str, facts: Facts) -> tuple[AnyEffect, ...]:
    move = OrderMove(order.number, UNBEGUN, OrderStatus.CANCELLED, by)
    return (MoveOrder(move), *owner.dropping(order, facts, by), *over(order.number))


def _later(kind: str, order: Order) -> Fired:
    return Fired((SetTimer(kind, order.due_at),))


def refused(order: Order | None, number: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Why this order can't be paid now, and what follows from that; () when it can."""
    if order is None or not owed(order):
        return (not_open(order, number, facts),)
    if facts.conflict is not None and facts.conflict.kind is ConflictKind.SOLD_OUT:
        return lost(order, facts)
    return () if payable(order, facts) else ended(order, shop, facts)


def _begun(order: Order, facts: Facts) -> tuple[AnyEffect, ...]:
    """The shop works on it though it is not paid: its stock is taken for good, where it is still there."""
    gone = facts.conflict is not None and facts.conflict.kind is ConflictKind.SOLD_OUT
    begun = order.status in (OrderStatus.PROCESSING, OrderStatus.COMPLETED)
    return (TakeStock(order.number),) if begun and not gone else ()


def still_open(number: str, due: Millis, shop: Shop, facts: Facts) -> str:
    """A mention of the order that a customer turns away from, while there is time; else ""."""
    if facts.now >= due:
        return ""
    time = clock(due, shop, facts.language)
    return say(facts.language, "Your order *{number}* is kept until {time}: *pay* pays it.", number=number, time=time)


# -- where it stands -----------------------------------------------------------------------------------------------
NOT_OPEN = {
    "paid": phrase("Your order *{number}* is paid already. Thank you!"),
    "gone": phrase("Your order *{number}* is not open any more. Say *menu* to order again."),
    "begun": phrase("Your order *{number}* is being prepared already. Say *agent* to talk to a person."),
}


def not_open(order: Order | None, number: str, facts: Facts) -> Say:
    """Why an order can't be paid, or taken back, here and now."""
    if order is None or order.status is OrderStatus.CANCELLED:
        why = "gone"
    else:
        why = "begun" if order.payment in paying.OWED else "paid"
    return Say(say(facts.language, NOT_OPEN[why], number=number), Purpose.ORDER)
