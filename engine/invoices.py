"""Invoices: issued from an order, numbered without gaps per shop and year inside the commit that issues them.

A turn can't know the number, since a refused commit would leave a gap. It writes NUMBER where the number belongs, into
the texts of its own messages, and the store puts the real one there when it allocates it (design.md, "Contended
things").
"""

from __future__ import annotations

from enum import Enum

import msgspec

from engine.address import Millis
from engine.messages import AnyMessage, Document
from engine.orders import Order, OrderStatus, PaymentStatus

NUMBER = "⟦invoice⟧"
"""Stands in texts of the issuing turn for the number to come. Brackets that nobody types and no phrase contains."""


CREDIT = "⟦credit note⟧"
"""The same for a credit note's number."""


class InvoiceStatus(str, Enum):
    """How an invoice stands; found from rows when it is read, never kept (``standing``).

    SENT: a message with it has left. VIEWED: its customer has read that, or opened its link. OVERDUE: the day on which
    it was due is over. What is paid or void is neither any more.
    """

    ISSUED = "issued"
    SENT = "sent"
    VIEWED = "viewed"
    OVERDUE = "overdue"
    PAID = "paid"
    VOID = "void"


class IssueOf(msgspec.Struct, frozen=True):
    """The wish for one invoice. ``year`` is the shop's local one, and a part of the number. ``due_at``: moment.

    Where a turn wishes for several, NUMBER in its messages is the first one's.
    """

    order: str
    year: int
    due_at: Millis


class CreditOf(msgspec.Struct, frozen=True):
    """The wish for one credit note: ``amount`` (minor units) of an order's invoice was sent back. ``year`` as with
    IssueOf. CREDIT in the turn's messages becomes its number; of several, the first one's."""

    order: str
    year: int
    amount: int


class CreditNote(msgspec.Struct, frozen=True):
    """One issued credit note: the invoice of ``order`` says ``amount`` too much since then. It stays, even if the money
    came back to the shop later: sent back once more, it is credited by the same note."""

    number: str
    shop: str
    customer: str
    order: str
    invoice: str
    issued_at: Millis
    amount: int
    currency: str


class Invoice(msgspec.Struct, frozen=True):
    """One issued invoice; what it says is on its order's lines.

    ``status``: VOID once its order is cancelled or its payment REFUNDED, PAID while that is PAID or PARTLY_REFUNDED.
    Else it is ISSUED for a turn (facts.InvoiceOf), which asks no more; whoever looks it up (InvoiceBook) also learns
    whether it is OVERDUE, VIEWED or SENT. ``credited`` is the sum of its credit notes, never more than ``total``.
    """

    number: str
    shop: str
    customer: str
    order: str
    issued_at: Millis
    due_at: Millis
    total: int
    currency: str
    status: InvoiceStatus = InvoiceStatus.ISSUED
    credited: int = 0


def invoice_number(year: int, count: int) -> str:
    """``INV-2025-0001``: the year, and the count within shop and year from 1."""
    return f"INV-{year}-{count:04d}"


def credit_number(year: int, count: int) -> str:
    """``CN-2025-0001``: as an invoice's, from a count of its own."""
    return f"CN-{year}-{count:04d}"


def status_of(order: Order) -> InvoiceStatus:
    """Where the invoice of this order stands: found when it is read, so that it can't disagree with the order."""
    if order.status is OrderStatus.CANCELLED or order.payment is PaymentStatus.REFUNDED:
        return InvoiceStatus.VOID
    settled = order.payment in (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED)
    return InvoiceStatus.PAID if settled else InvoiceStatus.ISSUED


def standing(invoice: Invoice, *, sent: bool, viewed: bool, today: Millis) -> InvoiceStatus:
    """The whole of it: ``invoice.status`` follows its order, ``today`` is when the shop's day began."""
    if invoice.status is not InvoiceStatus.ISSUED:
        return invoice.status
    if invoice.due_at < today:
        return InvoiceStatus.OVERDUE
    return InvoiceStatus.VIEWED if viewed else InvoiceStatus.SENT if sent else InvoiceStatus.ISSUED


def filed(message: AnyMessage) -> str:
    """The paper under which a message is filed, so that it can be said how an invoice was sent; "" for any other."""
    paper = message.paper if isinstance(message, Document) else ""
    return paper if paper.startswith(FILED) else ""


FILED = ("invoice:", "credit:")
"""Kinds of papers of which it is known which messages carried them."""


def issued(issue: IssueOf, number: str, order: Order, at: Millis) -> Invoice:
    """The invoice of an order, under the number that the commit allocated."""
    status = status_of(order)
    return Invoice(
        number, order.shop, order.customer, order.number, at, issue.due_at, order.total, order.currency, status
    )
