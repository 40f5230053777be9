"""Figures."""

from __future__ import annotations

import msgspec

from adapters.api.amounts import major
from adapters.api.endpoint import HOME, Call, Noun

books = Noun("books", "Figures.")


class StatsShown(msgspec.Struct, frozen=True, rename="camel"):
    """``totalRevenue`` counts paid orders only, in major units of the shop's currency; ``pendingOrders`` are neither
    completed nor cancelled."""

    total_orders: int
    completed_orders: int
    total_revenue: float
    total_customers: int
    pending_orders: int


@books.get("/api/admin/stats", "Figures of the shop's orders", home=HOME)
async def stats(call: Call) -> StatsShown:
    found = await call.store.stats(call.shop.name)
    revenue = major(found.revenue, call.shop.currency)
    return StatsShown(found.orders, found.completed, revenue, found.customers, found.pending)
