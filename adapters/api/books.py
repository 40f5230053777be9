"""Figures and invoices."""

from __future__ import annotations

from datetime import datetime

import msgspec

from adapters.api.amounts import major
from adapters.api.answers import Page
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import shown
from adapters.api.paging import Paged, page_of
from engine.invoices import Invoice, InvoiceStatus

books = Noun("books", "Figures and invoices.")


class StatsShown(msgspec.Struct, frozen=True, rename="camel"):
    """``totalRevenue`` counts paid orders only, in major units of the shop's currency; ``pendingOrders`` are neither
    completed nor cancelled."""

    total_orders: int
    completed_orders: int
    total_revenue: float
    total_customers: int
    pending_orders: int


class InvoiceShown(msgspec.Struct, frozen=True, rename="camel"):
    """An invoice; its status follows its order: void once that is cancelled or refunded."""

    number: str
    order: str
    customer_id: str
    status: InvoiceStatus
    total_amount: float
    currency: str
    issued_at: datetime
    due_at: datetime


class InvoiceQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which invoices."""


@books.get("/api/admin/stats", "Figures of the shop's orders", home=HOME)
async def stats(call: Call) -> StatsShown:
    found = await call.store.stats(call.shop.name)
    revenue = major(found.revenue, call.shop.currency)
    return StatsShown(found.orders, found.completed, revenue, found.customers, found.pending)


@books.get("/api/admin/invoices", "Invoices, the latest first", home=HOME)
async def invoices(call: Call, query: InvoiceQuery) -> Page[InvoiceShown]:
    def invoice_shown(invoice: Invoice) -> InvoiceShown:
        return InvoiceShown(
            number=invoice.number,
            order=invoice.order,
            customer_id=invoice.customer,
            status=invoice.status,
            total_amount=major(invoice.total, invoice.currency),
            currency=invoice.currency,
            issued_at=shown(invoice.issued_at, call.shop.timezone),
            due_at=shown(invoice.due_at, call.shop.timezone),
        )

    return await page_of(query, lambda limit, offset: call.store.invoices(call.shop.name, limit, offset), invoice_shown)
