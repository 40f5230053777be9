"""When an order is to be paid, its invoice, and reminders of it: durable timers, one of an order at a time.

A reminder is decided when it is due, not when it is set: the order is read again, so nobody who has paid is reminded.
One that is more than a day late is dropped, so that nothing comes in a flood after the shop was down (quality.md 15).
"""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import lru_cache

from babel.dates import format_date

from engine.address import DAY, Millis
from engine.dates import moment_of
from engine.effects import AnyEffect, IssueInvoice, Say, SetTimer, ShowDocument, Unsaid
from engine.facts import Facts
from engine.invoices import NUMBER, IssueOf
from engine.messages import Purpose
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.payments import Way
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined, local, price
from engine.timers import policy_of
from engine.window import told

KIND = "reminder"
"""Timers of this file are called ``reminder:<order number>:<days after it is due>``."""

REMINDED_AT = time(10)
"""By the shop's clock: an order may be placed at night, but nobody wants to hear of money then."""

ALWAYS = 10**6
"""Days: more than anybody is reminded before or after."""

DAYS_REMEMBERED = 256
"""Writing a date takes 10 µs, and an evening's orders are due on a few days only."""

LATE_AT_MOST = policy_of(KIND).useful

OWED = (PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.FAILED)


# -- credit --------------------------------------------------------------------------------------------------------
def credit_days(card: Customer | None, shop: Shop) -> int:
    """How long this customer may take to pay: their own days, or the shop's for those it has put on a price list or in
    a region; 0 for everybody else, who pays at once."""
    if card is None:
        return 0
    known = bool(card.price_list or card.region)
    return card.credit_days or (shop.terms.credit_days if known else 0)


def due_at(card: Customer | None, shop: Shop, facts: Facts) -> Millis:
    """When an order placed now must be paid."""
    return facts.now + credit_days(card, shop) * DAY


def when_said(card: Customer | None, shop: Shop, facts: Facts) -> str:
    """When an order placed now is to be paid, as a sentence; "" for at once."""
    if not credit_days(card, shop):
        return ""
    return say(facts.language, "To be paid by {date}.", date=day(due_at(card, shop, facts), shop, facts))


def day(moment: Millis, shop: Shop, facts: Facts) -> str:
    """The shop's date of a moment, in the customer's language."""
    return _written(local(moment, shop).date(), facts.language)


@lru_cache(maxsize=DAYS_REMEMBERED)
def _written(on: date, language: str) -> str:
    return str(format_date(on, format="d MMM y", locale=language))


# -- the invoice ---------------------------------------------------------------------------------------------------
def invoice(order: Order, shop: Shop) -> tuple[AnyEffect, ...]:
    """Issue it, and send it as a document that is made when it is sent."""
    issue = IssueInvoice(IssueOf(order.number, local(order.placed_at, shop).year, order.due_at))
    return issue, document(order.number)


def document(number: str, caption: str = "") -> ShowDocument:
    """An order's invoice, made when it is sent."""
    return ShowDocument(f"invoice-{number}.pdf", caption=caption, paper=f"invoice:{number}")


def invoice_said(order: Order, shop: Shop, facts: Facts, number: str = NUMBER) -> str:
    """That it comes, its number, and when it is due. The store writes the number into the text (engine.invoices)."""
    if order.payment is not PaymentStatus.UNPAID or not order.due_at:
        return say(facts.language, "Your invoice *{invoice}* comes as a document.", invoice=number)
    said = phrase("Your invoice *{invoice}* comes as a document; it is due on {date}.")
    return say(facts.language, said, invoice=number, date=day(order.due_at, shop, facts))


# -- reminders -----------------------------------------------------------------------------------------------------
def next_reminder(order: Order, shop: Shop, now: Millis, after: int = -ALWAYS) -> tuple[SetTimer, ...]:
    """The next one that lies ahead, behind that of the day ``after``, if any. The one behind it is set when it is due:
    an order has one timer, not four, so that a customer with many open invoices still has a small snapshot."""
    days = [day for day in shop.terms.reminder_days if day > after and _moment(order, day, shop) > now]
    return (SetTimer(f"{KIND}:{order.number}:{min(days)}", _moment(order, min(days), shop)),) if days else ()


def _moment(order: Order, days: int, shop: Shop) -> Millis:
    on = local(order.due_at, shop).date() + timedelta(days=days)
    return moment_of(on, REMINDED_AT, shop.timezone)


def order_of(kind: str) -> str:
    """The order that a timer reminds of; "" for a timer that is no reminder."""
    start, _, rest = kind.partition(":")
    return rest.rpartition(":")[0] if start == KIND else ""


def remind(kind: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What a reminder that came due does: speak, if there is still something to pay, and set the next one.

    Facts hold the order, its invoice and its requests to pay, where they still are.
    """
    order = facts.order(order_of(kind))
    if order is None or not owed(order):
        return (Unsaid("paid" if order is not None and order.payment not in OWED else "cancelled"),)
    days = int(kind.rpartition(":")[2])
    late = facts.now - _moment(order, days, shop) > LATE_AT_MOST
    unsaid = "late" if late else "at_the_door" if at_the_door(order, facts) else ""
    said = (Unsaid(unsaid),) if unsaid else _reminder(order, days, shop, facts)
    return (*said, *next_reminder(order, shop, facts.now, days))


def owed(order: Order) -> bool:
    """Whether it is still to be paid."""
    return order.payment in OWED and order.status is not OrderStatus.CANCELLED


def at_the_door(order: Order, facts: Facts) -> bool:
    """Whether it is paid when it comes, and has not come yet: its customer owes nothing so far."""
    asked = next((intent for intent in facts.intents if intent.order == order.number), None)
    return asked is not None and asked.way is Way.CASH and order.status is not OrderStatus.COMPLETED


REMINDERS = (
    phrase("A friendly reminder: {total} for invoice *{invoice}* is due on {date}."),
    phrase("A friendly reminder: {total} for invoice *{invoice}* is due today, {date}."),
    phrase("A friendly reminder: {total} for invoice *{invoice}* was due on {date}. If you have paid, thank you!"),
)
"""Before it is due, on the day, and after."""


def _reminder(order: Order, days: int, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    invoice = next((one.number for one in facts.invoices if one.order == order.number), order.number)
    total, due = price(order.total, shop), day(order.due_at, shop, facts)
    said = REMINDERS[0 if days < 0 else 1 if days == 0 else 2]
    text = say(facts.language, said, total=total, invoice=invoice, date=due)
    free = Say(joined(text, _where_to_pay(order, shop, facts)), Purpose.PAYMENT)
    return told((free,), KIND, (total, invoice, due), shop, facts, Purpose.PAYMENT)


def _where_to_pay(order: Order, shop: Shop, facts: Facts) -> str:
    bank = next((one for one in facts.intents if one.order == order.number and one.way is Way.BANK), None)
    if bank is None or not shop.terms.bank:
        return ""
    said = phrase("Please transfer it to:\n{bank}\nReference: *{reference}*")
    return say(facts.language, said, bank=shop.terms.bank, reference=bank.reference)
