"""Orders as the owner sees them, and their moves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, structs

from adapters.api.amounts import major
from adapters.api.answers import Done, Later, Page, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import OrderNumber, shown
from adapters.api.letters import letter, told
from adapters.api.paging import Paged, page_of
from engine.address import Address
from engine.events import OrderMoveWanted
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus, order_moves
from engine.shop import Shop

orders = Noun("orders", "What customers have ordered.")


# -- how an order is shown -------------------------------------------------------------------------------------------
class Line(msgspec.Struct, frozen=True, rename="camel"):
    """One product on an order, as sold."""

    sku: str
    name: str
    quantity: int
    unit_price: float
    total: float
    tax: float
    unit: str = ""
    note: str = ""


class OrderShown(msgspec.Struct, frozen=True, rename="camel"):
    """An order; amounts are in major units. ``dueAt`` is null where nothing says when it must be paid."""

    number: str
    status: OrderStatus
    payment: PaymentStatus
    total_amount: float
    currency: str
    customer_id: str
    name: str
    phone: str
    address: str
    instructions: str
    kind: str
    source: str
    store: str
    placed_at: datetime
    due_at: datetime | None
    lines: list[Line]


class Happened(msgspec.Struct, frozen=True, rename="camel"):
    """A move of an order's status or of its payment's; the first of each starts from ""."""

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    by: str
    at: datetime


class OrderTold(OrderShown, frozen=True, rename="camel", kw_only=True):
    """An order with what happened to it, oldest first, and where its status may go."""

    history: list[Happened]
    moves: list[OrderStatus]


def order_shown(order: Order, shop: Shop) -> OrderShown:
    return OrderShown(
        number=order.number,
        status=order.status,
        payment=order.payment,
        total_amount=major(order.total, order.currency),
        currency=order.currency,
        customer_id=order.customer,
        name=order.name,
        phone=order.phone,
        address=order.address,
        instructions=order.instructions,
        kind=order.kind,
        source=order.source,
        store=order.store,
        placed_at=shown(order.placed_at, shop.timezone),
        due_at=shown(order.due_at, shop.timezone) if order.due_at else None,
        lines=[_line(line, order.currency) for line in order.lines],
    )


def _line(line: OrderLine, currency: str) -> Line:
    return Line(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=major(line.unit_price, currency),
        total=major(line.total, currency),
        tax=major(line.tax, currency),
        unit=line.unit,
        note=line.note,
    )


async def told_order(call: Call, order: Order) -> OrderTold:
    """An order with its history."""
    history = [
        Happened(frm, to, by, shown(at, call.shop.timezone))
        for frm, to, by, at in await call.store.order_history(call.shop.name, order.number)
    ]
    moves = sorted(order_moves(order.flow)[order.status])
    return OrderTold(**structs.asdict(order_shown(order, call.shop)), history=history, moves=moves)


async def order_numbered(call: Call, number: str) -> Order:
    """The order; Refusal 404 when there is none."""
    order = await call.store.order(call.shop.name, number)
    if order is None:
        raise Refusal(404, f"There is no order {number}.")
    return order


# -- what the owner does with orders ---------------------------------------------------------------------------------
class OrderQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which orders; of any status where none is named."""

    status: Annotated[OrderStatus, Meta(description=f"one of {', '.join(OrderStatus)}")] | None = None
    payment: Annotated[PaymentStatus, Meta(description=f"one of {', '.join(PaymentStatus)}")] | None = None


class Move(msgspec.Struct, frozen=True):
    """Where an order's status shall go."""

    status: Annotated[OrderStatus, Meta(description=f"one of {', '.join(OrderStatus)}", examples=["processing"])]


@orders.get("/api/admin/orders", "Orders, newest first", home=HOME)
async def listed(call: Call, query: OrderQuery) -> Page[OrderShown]:
    statuses = [query.status] if query.status else []
    payments = [query.payment] if query.payment else []
    return await page_of(
        query,
        lambda limit, offset: call.store.orders_like(call.shop.name, limit, offset, statuses, payments),
        lambda order: order_shown(order, call.shop),
    )


@orders.get("/api/admin/orders/<number>", "One order with its history", home=HOME)
async def one(call: Call, number: OrderNumber) -> OrderTold:
    return await told_order(call, await order_numbered(call, number))


@orders.post(
    "/api/admin/orders/<number>/status",
    "Move an order's status",
    home=HOME,
    refuses={409: "From where the order stands it can't go there."},
)
async def move(call: Call, number: OrderNumber, body: Move) -> Done[OrderTold] | Later:
    """The customer is told. ``moves`` of an order says where it may go."""
    order = await order_numbered(call, number)
    _refuse_move(order, body.status)
    history = await call.store.order_history(call.shop.name, number)
    wish = OrderMoveWanted(number, body.status.value, call.by)
    name = f"move:{number}:{len(history)}:{body.status.value}"  # so that a double click is one move
    if not await told(call, letter(call, Address(call.shop.name, order.customer), wish, name)):
        return Later()
    after = await order_numbered(call, number)
    if after.status is not body.status:
        _refuse_move(after, body.status)
        raise Refusal(409, f"Order {number} could not be moved; please try again.")
    return Done(f"Order {number} is {after.status.value} now.", await told_order(call, after))


def _refuse_move(order: Order, to: OrderStatus) -> None:
    """Raise Refusal when an order can't go there."""
    possible = order_moves(order.flow)[order.status]
    if to not in possible:
        where = ", ".join(sorted(possible)) or "nothing else"
        raise Refusal(409, f"Order {order.number} is {order.status.value}; from there it can become: {where}.")
