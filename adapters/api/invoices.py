"""Invoices: how each stands, how it went to its customer, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, structs

from adapters.api.amounts import major
from adapters.api.answers import Done, Later, Page, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import InvoiceNumber, OrderNumber, shown
from adapters.api.letters import letter, told
from adapters.api.orders import order_numbered
from adapters.api.paging import Paged, page_of
from engine.address import Address, Millis
from engine.dates import day_began
from engine.events import InvoiceWanted
from engine.invoice_book import PaperSent
from engine.invoices import CreditNote, Invoice, InvoiceStatus, status_of
from engine.messages import SendState, StatusRank
from engine.orders import Order

invoices = Noun("invoices", "What customers are billed, and how it went to them.")

SENDS_AT_MOST = 50
"""Of one invoice, the latest."""


# -- how an invoice is shown -----------------------------------------------------------------------------------------
class InvoiceShown(msgspec.Struct, frozen=True, rename="camel"):
    """An invoice. ``status``: ``void`` once its order is cancelled or refunded, ``paid`` once that is paid; until then
    ``overdue`` when the day it was due is over, ``viewed`` when its customer has read it or opened ``link``, ``sent``
    when a message with it has left. ``creditedAmount`` is the sum of its credit notes. ``link`` is its public address,
    for you to pass on; "" where the shop has none."""

    number: str
    order: str
    customer_id: str
    status: InvoiceStatus
    total_amount: float
    credited_amount: float
    currency: str
    issued_at: datetime
    due_at: datetime
    link: str


class SendShown(msgspec.Struct, frozen=True, rename="camel"):
    """A message with the invoice: what became of it (``state``), how far it came on the phone (``progress``: none,
    sent, delivered, read, failed), and ``reason`` where it did not go."""

    said_at: datetime
    state: SendState
    progress: str
    reason: str


class InvoiceTold(InvoiceShown, frozen=True, rename="camel", kw_only=True):
    """An invoice with the messages that carried it, the latest first, 50 at most."""

    sends: list[SendShown]


def invoice_shown(call: Call, invoice: Invoice) -> InvoiceShown:
    zone = call.shop.timezone
    return InvoiceShown(
        number=invoice.number,
        order=invoice.order,
        customer_id=invoice.customer,
        status=invoice.status,
        total_amount=major(invoice.total, invoice.currency),
        credited_amount=major(invoice.credited, invoice.currency),
        currency=invoice.currency,
        issued_at=shown(invoice.issued_at, zone),
        due_at=shown(invoice.due_at, zone),
        link=_link(call, f"invoice:{invoice.order}"),
    )


def _link(call: Call, paper: str) -> str:
    papers = call.running.papers
    return papers.link(call.shop.name, paper) if papers is not None else ""


def send_shown(sent: PaperSent, zone: str) -> SendShown:
    read = StatusRank.READ if sent.rank is StatusRank.PLAYED else sent.rank
    return SendShown(shown(sent.at, zone), sent.state, read.name.lower(), sent.reason)


async def _told_invoice(call: Call, invoice: Invoice) -> InvoiceTold:
    sends = await call.store.paper_sent(call.shop.name, f"invoice:{invoice.order}", SENDS_AT_MOST)
    listed = [send_shown(one, call.shop.timezone) for one in sends]
    return InvoiceTold(**structs.asdict(invoice_shown(call, invoice)), sends=listed)


def today(call: Call) -> Millis:
    """When the shop's day began."""
    return day_began(call.running.around.clock.now(), call.shop.timezone)


# -- what the owner asks and does ------------------------------------------------------------------------------------
class InvoiceQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which invoices; however they stand where nothing is named."""

    status: Annotated[InvoiceStatus, Meta(description=f"one of {', '.join(InvoiceStatus)}")] | None = None


@invoices.get("/api/admin/invoices", "Invoices, the latest first", home=HOME)
async def listed(call: Call, query: InvoiceQuery) -> Page[InvoiceShown]:
    began, statuses = today(call), [query.status] if query.status else []
    return await page_of(
        query,
        lambda limit, offset: call.store.invoices(call.shop.name, limit, offset, began, statuses),
        lambda invoice: invoice_shown(call, invoice),
    )


@invoices.get("/api/admin/invoices/<invoice>", "One invoice, and how it went to its customer", home=HOME)
async def one(call: Call, invoice: InvoiceNumber) -> InvoiceTold:
    return await _told_invoice(call, await _numbered(call, invoice))


@invoices.post(
    "/api/admin/invoices/<invoice>/send",
    "Send an invoice again",
    home=HOME,
    refuses={409: "It is void: nobody has to pay it."},
)
async def send(call: Call, invoice: InvoiceNumber) -> Done[InvoiceTold] | Later:
    """As a message and its document. After the customer's 24 hours the shop's template ``invoice`` goes instead of the
    words, and the document waits until the customer writes."""
    found = await _numbered(call, invoice)
    return await send_invoice(call, await order_numbered(call, found.order))


@invoices.post(
    "/api/admin/orders/<number>/invoice",
    "Issue an order's invoice, or send it again",
    home=HOME,
    refuses={409: "The order is cancelled or refunded: nobody has to pay it."},
)
async def issue(call: Call, number: OrderNumber) -> Done[InvoiceTold] | Later:
    """Under the next number of the shop and year, where the order has none yet; then as a document to the customer."""
    return await send_invoice(call, await order_numbered(call, number))


async def send_invoice(call: Call, order: Order) -> Done[InvoiceTold] | Later:
    """Issue it where there is none, and send it. Raises Refusal, 409, where nobody has to pay it."""
    if status_of(order) is InvoiceStatus.VOID:
        raise Refusal(409, f"Order {order.number} is cancelled or refunded, so its invoice is void; nothing was sent.")
    shop = call.shop.name
    sends = await call.store.paper_sent(shop, f"invoice:{order.number}", SENDS_AT_MOST)
    before = sends[0].key if sends else ""  # so that a double click is one message
    wish = letter(
        call, Address(shop, order.customer), InvoiceWanted(order.number, call.by), f"invoice:{order.number}:{before}"
    )
    if not await told(call, wish):
        return Later()
    invoice = await call.store.invoice_of(shop, order.number, today(call))
    if invoice is None or invoice.status is InvoiceStatus.VOID:
        raise Refusal(409, f"Order {order.number} has changed meanwhile; nothing was sent.")
    return Done(f"Invoice {invoice.number} is on its way.", await _told_invoice(call, invoice))


async def _numbered(call: Call, number: str) -> Invoice:
    """The invoice; Refusal 404 when there is none."""
    invoice = await call.store.invoice(call.shop.name, number, today(call))
    if invoice is None:
        raise Refusal(404, f"There is no invoice {number}.")
    return invoice


# -- credit notes ----------------------------------------------------------------------------------------------------
class CreditNoteShown(msgspec.Struct, frozen=True, rename="camel"):
    """A credit note: so much of an invoice was sent back. It is issued with the refund."""

    number: str
    invoice: str
    order: str
    customer_id: str
    amount: float
    currency: str
    issued_at: datetime
    link: str


class CreditNoteQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which credit notes."""


@invoices.get("/api/admin/credit-notes", "Credit notes, the latest first", home=HOME)
async def credit_notes(call: Call, query: CreditNoteQuery) -> Page[CreditNoteShown]:
    def note_shown(note: CreditNote) -> CreditNoteShown:
        return CreditNoteShown(
            number=note.number,
            invoice=note.invoice,
            order=note.order,
            customer_id=note.customer,
            amount=major(note.amount, note.currency),
            currency=note.currency,
            issued_at=shown(note.issued_at, call.shop.timezone),
            link=_link(call, f"credit:{note.number}"),
        )

    return await page_of(
        query, lambda limit, offset: call.store.credit_notes(call.shop.name, limit, offset), note_shown
    )
