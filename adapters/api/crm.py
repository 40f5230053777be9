"""The shop's books elsewhere: how it stands with them, and dealing with them now."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import msgspec
import trio

from adapters.api.answers import Done, Later, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import shown
from engine.crm_desk import CrmState

crm = Noun("crm", "The shop's books elsewhere (its CRM): stock comes from there, orders are told there.")

SHOWN_AT_MOST = 50
"""Of skus, faults and refused orders."""
WAIT_SECONDS = 15.0
NO_CRM = "This shop has no CRM. A [shop.crm] table in its configuration names one."
NONE_THERE = {404: "The shop has no CRM."}


class CrmShown(msgspec.Struct, frozen=True, rename="camel"):
    """``reasons``: what fails now, a sentence each; empty when it works. ``stockAt``: as of when the stock is, null
    before the first time. ``waitingOrders`` are not told yet; ``refusedOrders`` are those that it does not take, with
    the reason. ``unknownSkus``: only there; ``untoldSkus``: only here; ``faults``: what else was wrong with its stock.
    Of each list the first 50."""

    title: str
    works: bool
    reasons: list[str]
    stock_at: datetime | None
    waiting_orders: int
    refused_orders: dict[str, str]
    unknown_skus: list[str]
    untold_skus: list[str]
    faults: list[str]


@crm.get("/api/admin/crm", "How the shop stands with its CRM", home=HOME, refuses=NONE_THERE)
async def standing(call: Call) -> CrmShown:
    return _shown(_state(call), call.shop.timezone)


@crm.post("/api/admin/crm/sync", "Fetch stock and tell orders now", home=HOME, refuses=NONE_THERE)
async def sync(call: Call) -> Done[CrmShown] | Later:
    """Refused orders are tried again too. 202 when it takes longer than one waits; it goes on all the same."""
    asked = call.running.crm.ask(call.shop.name)
    if asked is None:
        raise Refusal(404, NO_CRM)
    with trio.move_on_after(WAIT_SECONDS):
        await asked.wait()
        state = _state(call)
        said = "Stock is fetched, and orders are told." if state.works else " ".join(state.reasons)
        return Done(said, _shown(state, call.shop.timezone))
    return Later()


def _state(call: Call) -> CrmState:
    state = call.running.crm.state(call.shop.name)
    if state is None:
        raise Refusal(404, NO_CRM)
    return state


def _shown(state: CrmState, zone: str) -> CrmShown:
    return CrmShown(
        title=state.title,
        works=state.works,
        reasons=list(state.reasons),
        stock_at=None if state.stock_at is None else shown(state.stock_at, zone),
        waiting_orders=state.waiting,
        refused_orders=dict(islice(state.refused.items(), SHOWN_AT_MOST)),
        unknown_skus=list(state.counted.unknown[:SHOWN_AT_MOST]),
        untold_skus=list(state.counted.untold[:SHOWN_AT_MOST]),
        faults=list(state.faults[:SHOWN_AT_MOST]),
    )
