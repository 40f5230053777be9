"""What is done for orders once they are placed: how each step stands, and doing one again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Later, Page, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import OrderNumber, shown
from adapters.api.invoices import send_invoice
from adapters.api.letters import customer_with, kept
from adapters.api.orders import order_numbered
from adapters.api.paging import Paged, page_of
from engine import announcing
from engine.address import Sender
from engine.commit import Posted
from engine.events import Inbound, Letter, Noticed
from engine.orders import Order, OrderStatus
from engine.processing import Job, StepName, StepState, jobs, steps

processing = Noun("processing", "What is done for orders once they are placed, step by step.")

NO_CRM = "The CRM was never to hear of order {number}: the shop has none, or had none when it was placed."
NOBODY = "No phones of the shop's own people are set (shop.crew), so nobody hears of orders."


class StepShown(msgspec.Struct, frozen=True):
    """One step. ``none``: nobody wishes for it. ``failed``: it will not be done unless somebody does something;
    ``reason`` says why, or what it waits for."""

    name: StepName
    state: StepState
    reason: str


class JobShown(msgspec.Struct, frozen=True, rename="camel"):
    """An order's steps, in order. ``state`` is the worst of them: failed, waiting, done, none."""

    order: str
    status: OrderStatus
    placed_at: datetime
    state: StepState
    steps: list[StepShown]


class JobQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which orders; however they stand where nothing is named."""

    state: Annotated[StepState, Meta(description=f"one of {', '.join(StepState)}")] | None = None


Name = Annotated[
    str, Meta(pattern=f"^({'|'.join(StepName)})$", description=f"one of {', '.join(StepName)}", examples=["send"])
]


@processing.get("/api/admin/processing", "Orders of the last 30 days with their steps, the latest first", home=HOME)
async def listed(call: Call, query: JobQuery) -> Page[JobShown]:
    now, wanted = call.running.around.clock.now(), [query.state] if query.state else []
    return await page_of(
        query,
        lambda limit, offset: jobs(call.store, call.shop.name, _refused(call), wanted, now, limit, offset),
        lambda job: _shown(job, call.shop.timezone),
    )


@processing.get("/api/admin/orders/<number>/processing", "The steps of one order", home=HOME)
async def one(call: Call, number: OrderNumber) -> JobShown:
    return _shown(await _job(call, number), call.shop.timezone)


@processing.post(
    "/api/admin/orders/<number>/processing/<step>",
    "Do a step of an order again",
    home=HOME,
    refuses={409: "There is nothing to be done: nobody wishes for this step, or the order's invoice is void."},
)
async def again(call: Call, number: OrderNumber, step: Name) -> Done[JobShown] | Later:
    """``invoice`` and ``send``: the invoice is issued where there is none, and sent once more. ``crm``: it is told the
    order as it stands, once more; it looks first whether it has it. ``notice``: the shop's people hear of it again."""
    order = await order_numbered(call, number)
    said = await DO[StepName(step)](call, order)
    if said is None:
        return Later()
    return Done(said, _shown(await _job(call, number), call.shop.timezone))


async def _send(call: Call, order: Order) -> str | None:
    done = await send_invoice(call, order)
    return None if isinstance(done, Later) else done.message


async def _sync(call: Call, order: Order) -> str:
    if call.running.crm.state(call.shop.name) is None:
        raise Refusal(409, NO_CRM.format(number=order.number))
    if not await call.store.sync_again(call.shop.name, order.number):
        raise Refusal(409, NO_CRM.format(number=order.number))
    call.running.crm.ask(call.shop.name)
    return f"The CRM hears of order {order.number} again."


async def _notify(call: Call, order: Order) -> str:
    shop, now = call.shop, call.running.around.clock.now()
    phones = announcing.hearers(announcing.ORDER, shop.crew)
    if not phones:
        raise Refusal(409, NOBODY)
    event = Noticed(announcing.ORDER, announcing.summary(order, shop), order.number)
    addresses = {phone: await customer_with(call, phone) for phone in phones}
    name = f"notice:{order.number}:{call.request}"
    letters = [
        Posted(Letter(to, Inbound(f"{name}:{phone}", shop.name, Sender(phone=phone), now, event)), now)
        for phone, to in addresses.items()
    ]
    await kept(call, letters)
    return f"The shop's people hear of order {order.number} again."


DO = {StepName.INVOICE: _send, StepName.SEND: _send, StepName.CRM: _sync, StepName.NOTICE: _notify}


async def _job(call: Call, number: str) -> Job:
    """Refusal 404 when there is no such order."""
    found = await call.store.progress(call.shop.name, number)
    if found is None:
        raise Refusal(404, f"There is no order {number}.")
    return Job(found, steps(found, _refused(call)))


def _refused(call: Call) -> Mapping[str, str]:
    state = call.running.crm.state(call.shop.name)
    return state.refused if state is not None else {}


def _shown(job: Job, zone: str) -> JobShown:
    return JobShown(
        order=job.progress.order,
        status=job.progress.status,
        placed_at=shown(job.progress.placed_at, zone),
        state=job.state,
        steps=[StepShown(one.name, one.state, one.reason) for one in job.steps],
    )
