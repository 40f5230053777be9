"""A campaign's ledger, a line for each recipient, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major
from adapters.api.campaigns import CampaignId, campaign_of
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import shown
from adapters.api.paging import SIZE_AT_MOST
from engine.address import HOUR
from engine.campaign_results import WINDOW, WINDOW_AT_MOST
from engine.campaigns import RecipientRow, RecipientState

ledger = Noun("campaigns")

PRICE_AT_MOST = 10_000
"""Major units for one message."""
HOURS_AT_MOST = WINDOW_AT_MOST // HOUR


class RecipientShown(msgspec.Struct, frozen=True, rename="camel"):
    """``state``: queued, sending, sent, delivered, read, failed, skipped, held or unknown, with the ``reason``."""

    customer_id: str
    variant: str
    state: RecipientState
    reason: str
    claimed_at: datetime | None


class LedgerShown(msgspec.Struct, frozen=True):
    """Some lines, by the customers' ids. ``after``: behind which to go on; "" when these are the last. There may be no
    line though more follow."""

    data: list[RecipientShown]
    after: str


class LedgerQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which lines: those that stand so, behind ``after``."""

    state: Annotated[RecipientState | None, Meta(description="how a recipient stands")] = None
    after: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$", description="what the page before gave as after", examples=[""]),
    ] = ""
    page_size: Annotated[
        int, Meta(ge=1, le=SIZE_AT_MOST, description=f"a whole number from 1 to {SIZE_AT_MOST}", examples=[100])
    ] = 100


TemplatePrice = Annotated[
    float,
    Meta(
        ge=0,
        le=PRICE_AT_MOST,
        description=f"what the provider charges for one template, in the shop's currency, from 0 to {PRICE_AT_MOST}",
        examples=[0.86],
    ),
]


class ResultsQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``windowHours``: how long after a message an order counts as its doing. ``templatePrice``: what the provider
    charges for one, for ``cost``."""

    window_hours: Annotated[
        int, Meta(ge=1, le=HOURS_AT_MOST, description=f"a whole number from 1 to {HOURS_AT_MOST}", examples=[72])
    ] = WINDOW // HOUR
    template_price: TemplatePrice = 0


class VariantResults(msgspec.Struct, frozen=True, rename="camel"):
    """``sent`` holds ``delivered``, which holds ``read``. ``replied``: have written since, whatever about. ``clicked``:
    followed one of its links, each customer once. ``optedOut``: got it, and want no more offers by now. ``templates``:
    how many went as a template, for which providers charge; ``cost`` estimates that. ``orders``, of ``value``: placed
    within the window after it and not cancelled; of several campaigns the last one before the order has it alone.
    ``revenue``: of these, what is paid. Amounts in major units."""

    variant: str
    recipients: int
    sent: int
    delivered: int
    read: int
    replied: int
    clicked: int
    opted_out: int
    templates: int
    cost: float
    orders: int
    value: float
    revenue: float


class ResultsShown(msgspec.Struct, frozen=True, rename="camel"):
    """What came of a campaign, variant by variant."""

    currency: str
    window_hours: int
    variants: list[VariantResults]


@ledger.get("/api/admin/campaigns/<campaign>/recipients", "Its ledger, a line for each recipient", home=HOME)
async def recipients(call: Call, campaign: CampaignId, query: LedgerQuery) -> LedgerShown:
    one = await campaign_of(call, campaign)
    states = (query.state,) if query.state is not None else ()
    part = await call.store.recipients(one.shop, one.id, query.page_size, query.after, states)
    return LedgerShown([_line(row, call.shop.timezone) for row in part.rows], part.after)


@ledger.get("/api/admin/campaigns/<campaign>/results", "What came of it", home=HOME)
async def results(call: Call, campaign: CampaignId, query: ResultsQuery) -> ResultsShown:
    one = await campaign_of(call, campaign)
    told = await call.store.campaign_results(one.shop, one.id, query.window_hours * HOUR)
    currency = call.shop.currency
    variants = []
    for variant in told:
        figures = msgspec.structs.asdict(variant)
        amounts = {name: major(figures[name], currency) for name in ("value", "revenue")}
        cost = cost_of(variant.templates, query.template_price)
        variants.append(VariantResults(**{**figures, **amounts, "cost": cost}))
    return ResultsShown(currency, query.window_hours, variants)


def cost_of(templates: int, price: float) -> float:
    """An estimate in major units; providers charge by country and kind of template, and round as they like."""
    return float(Decimal(repr(price)) * templates)


def _line(row: RecipientRow, timezone: str) -> RecipientShown:
    claimed = shown(row.claimed_at, timezone) if row.claimed_at else None
    return RecipientShown(row.recipient.customer, row.recipient.variant, row.state, row.reason, claimed)
