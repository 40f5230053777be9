"""Credit notes: what was sent back of an order that has an invoice, so that the shop's books and its customer's agree.

A note is issued in the turn that finds the money gone, for what has gone in all minus what was credited before. So a
refund that is told twice, or that failed and was made once more, is credited once. What was over, or paid twice, was
never on an invoice: sending it back needs no note.
"""

from __future__ import annotations

from engine import money, refunding
from engine.effects import AnyEffect, IssueCredit, ShowDocument
from engine.facts import Facts
from engine.invoices import CREDIT, CreditOf, Invoice
from engine.orders import Order
from engine.payments import Payment, PaymentState
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import local


def credited(
    payment: Payment, came_from: PaymentState, order: Order | None, shop: Shop, facts: Facts
) -> tuple[AnyEffect, ...]:
    """The note, and the document that brings it. ``payment`` as it is after the refund, ``came_from`` as in
    engine.refunding. Facts hold the order's invoice, if it has one."""
    invoice = next((one for one in facts.invoices if order is not None and one.order == order.number), None)
    if order is None or invoice is None:
        return ()
    amount = refunding.gone(payment, came_from, order) - invoice.credited
    if amount <= 0:
        return ()
    note = CreditOf(order.number, local(facts.now, shop).year, amount)
    return IssueCredit(note), _document(amount, invoice, shop, facts)


def _document(amount: int, invoice: Invoice, shop: Shop, facts: Facts) -> ShowDocument:
    said = phrase("Your credit note *{credit}* over {amount} for invoice *{invoice}*.")
    shown = money.show(amount, invoice.currency, shop.locale)
    caption = say(facts.language, said, credit=CREDIT, amount=shown, invoice=invoice.number)
    return ShowDocument(f"credit-note-{CREDIT}.pdf", caption=caption, paper=f"credit:{CREDIT}")
