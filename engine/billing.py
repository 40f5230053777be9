"""Invoices where no flow speaks of them: issued with an order or its payment where the shop wishes it, or by the owner.

The invoice of a dealer's order is part of what its customer is told (engine.dues); in every other flow it is a document
more, put beside what the flow says. So the flows know nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from babel.dates import format_date

from engine import dues
from engine.accounts import DAYS_USUALLY, paper_of
from engine.effects import AnyEffect, Ask, IssueInvoice, MovePayment, PlaceOrder, Say, ShowDocument
from engine.facts import AnyNeed, Facts, InvoiceOf, OrderNumbered
from engine.flow import customer_of
from engine.invoices import InvoiceStatus, IssueOf, status_of
from engine.messages import Purpose
from engine.orders import Order, PaymentStatus
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import local, price
from engine.terms import Invoicing
from engine.turn import Turn
from engine.window import told

TEMPLATE = "invoice"
"""The shop's template for an invoice outside the window: its number, its total, and the day on which it is due."""


# -- by itself -----------------------------------------------------------------------------------------------------
def billed(turn: Turn, shop: Shop, facts: Facts) -> Turn:
    """The turn with the invoices that the shop wishes to go with it; one that its flow has issued stays as it is."""
    if shop.terms.invoices is Invoicing.FLOW or not turn.effects:
        return turn
    issued = {effect.issue.order for effect in turn.effects if isinstance(effect, IssueInvoice)}
    orders = [order for order in _due(turn.effects, shop, facts) if order.number not in issued]
    if not orders:
        return turn
    papers = [effect for order in orders for effect in _issued(order, shop, facts)]
    return msgspec.structs.replace(turn, effects=_before_the_question(turn.effects, papers))


def _due(effects: Sequence[AnyEffect], shop: Shop, facts: Facts) -> list[Order]:
    """The orders whose time it is, as they stand after ``effects``."""
    placed = {effect.order.number: effect.order for effect in effects if isinstance(effect, PlaceOrder)}
    if shop.terms.invoices is Invoicing.PLACED:
        return list(placed.values())
    moves = [effect.move for effect in effects if isinstance(effect, MovePayment)]
    paid = {move.number for move in moves if move.to is PaymentStatus.PAID}
    found = [placed.get(number) or facts.order(number) for number in sorted(paid)]
    return [msgspec.structs.replace(order, payment=PaymentStatus.PAID) for order in found if order is not None]


def _issued(order: Order, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Issued now: its year is today's, and it is due today where the order says nothing."""
    issue = IssueOf(order.number, local(facts.now, shop).year, order.due_at or facts.now)
    return IssueInvoice(issue), dues.document(order.number, dues.invoice_said(order, shop, facts))


def _before_the_question(effects: Sequence[AnyEffect], more: Sequence[AnyEffect]) -> tuple[AnyEffect, ...]:
    """A question comes last, so that its buttons stay at hand."""
    at = next((place for place, effect in enumerate(effects) if isinstance(effect, Ask)), len(effects))
    return (*effects[:at], *more, *effects[at:])


# -- by the owner --------------------------------------------------------------------------------------------------
def needs(number: str) -> tuple[AnyNeed, ...]:
    """What must be read to send an order's invoice."""
    return OrderNumbered(number), InvoiceOf(number)


def sent(number: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The invoice of an order goes to its customer, and is issued first where there is none. Nothing for an order that
    is not theirs, or for what nobody has to pay any more. Outside the window the shop's template says that it is there,
    and the document comes when the customer writes."""
    order = facts.order(number)
    if order is None or status_of(order) is InvoiceStatus.VOID:
        return ()
    known = next((one for one in facts.invoices if one.order == number), None)
    if known is None:
        return _issued(order, shop, facts)
    said = Say(dues.invoice_said(order, shop, facts, known.number), Purpose.ORDER)
    day = dues.day(known.due_at, shop, facts)
    parameters = (known.number, price(order.total, shop), day)
    return (*told((said,), TEMPLATE, parameters, shop, facts), dues.document(number))


def statement(first: str, last: str, facts: Facts) -> tuple[AnyEffect, ...]:
    """The customer's account over these days, as a document that is made when it is sent."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    return (_statement(begins, ends, facts, statement_said(begins, ends, facts)),)


def statement_said(first: date, last: date, facts: Facts) -> str:
    """What the statement of these days is."""
    days = [str(format_date(day, format="d MMM y", locale=facts.language)) for day in (first, last)]
    return say(facts.language, "Your statement of account from {first} to {last}.", first=days[0], last=days[1])


def _statement(first: date, last: date, facts: Facts, caption: str = "") -> ShowDocument:
    name = f"statement-{first}-{last}.pdf"
    return ShowDocument(name, caption=caption, paper=paper_of(customer_of(facts), first, last))


# -- by the customer -----------------------------------------------------------------------------------------------
def keeps_accounts(shop: Shop) -> bool:
    """Whether this shop's orders get invoices by themselves, so that its customers have accounts to look at."""
    return shop.flow == "wholesale" or shop.terms.invoices is not Invoicing.FLOW


def own_statement(shop: Shop, facts: Facts) -> tuple[str, tuple[AnyEffect, ...]]:
    """What a customer who asks for their statement is told, and its document; both empty where there is no account.
    Facts hold their card."""
    if facts.customer is None or not keeps_accounts(shop):
        return "", ()
    last = local(facts.now, shop).date()
    first = last - timedelta(days=DAYS_USUALLY)
    return statement_said(first, last, facts), (_statement(first, last, facts),)
