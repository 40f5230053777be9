"""Orders and customers as the shop keeps them, and the one table of allowed status moves.

An order keeps what was sold: name, unit price and note stand on its lines whatever happens to the catalogue.
All amounts are integer minor units of the order's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

import msgspec

from engine.address import Millis


class OrderStatus(str, Enum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    PAYMENT_FAILED = "payment_failed"


class PaymentStatus(str, Enum):
    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


OrderMoves: TypeAlias = Mapping[OrderStatus, frozenset[OrderStatus]]

USUAL_MOVES: OrderMoves = {
    OrderStatus.PENDING: frozenset(
        {OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.CANCELLED, OrderStatus.PAYMENT_FAILED}
    ),
    OrderStatus.CONFIRMED: frozenset({OrderStatus.PROCESSING, OrderStatus.CANCELLED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
    OrderStatus.PAYMENT_FAILED: frozenset({OrderStatus.PENDING}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}
"""flows.md, "Order status": from each status, where it may go. What is not here is refused by the store too."""

ORDER_MOVES: Mapping[str, OrderMoves] = {
    "micro_sales": {
        **USUAL_MOVES,
        OrderStatus.PENDING: USUAL_MOVES[OrderStatus.PENDING] | {OrderStatus.COMPLETED},
    },
}
"""Flow → its own table, where it differs from the usual one (flows.md: in micro_sales money completes the order)."""


def order_moves(flow: str) -> OrderMoves:
    """The table of allowed status moves of orders that came from this flow."""
    return ORDER_MOVES.get(flow, USUAL_MOVES)


PAYMENT_MOVES: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.UNPAID: frozenset({PaymentStatus.PENDING}),
    PaymentStatus.PENDING: frozenset({PaymentStatus.PAID, PaymentStatus.FAILED}),
    PaymentStatus.FAILED: frozenset({PaymentStatus.PENDING}),
    PaymentStatus.PAID: frozenset({PaymentStatus.REFUNDED, PaymentStatus.PARTLY_REFUNDED}),
    PaymentStatus.PARTLY_REFUNDED: frozenset({PaymentStatus.REFUNDED}),
    PaymentStatus.REFUNDED: frozenset(),
}
"""flows.md, "Order status": the same for what an order's payment may become. One table for all flows."""


class Customer(msgspec.Struct, frozen=True):
    """A customer's card. ``email`` stays empty unless given; ``marketing`` is False after an opt-out.

    ``price_list``, ``credit_days`` and ``region`` are the shop's to set (wholesale); "" and 0 where it has not.
    """

    id: str
    shop: str
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    language: str = ""
    marketing: bool = True
    active: bool = True
    price_list: str = ""
    credit_days: int = 0
    region: str = ""


class OrderLine(msgspec.Struct, frozen=True):
    """One product on an order, as sold.

    ``tracked``: its stock is taken with the order (or held for it, see ``Order.held``). ``tax`` is minor units of
    tax for the whole line at ``tax_rate`` per cent, contained in the price or on top of it as the order says.
    ``unit`` is what one of it is ("bag"); "" for a piece.
    """

    sku: str
    name: str
    quantity: int
    unit_price: int
    tracked: bool
    note: str = ""
    unit: str = ""
    tax: int = 0
    tax_rate: str = ""

    @property
    def total(self) -> int:
        return self.quantity * self.unit_price


class Order(msgspec.Struct, frozen=True):
    """An order as placed. ``cart`` is unique per shop: one cart becomes one order only, whatever arrives twice.

    ``cashier`` is empty for orders from a conversation; ``store`` is the branch, empty where the shop has none.
    ``flow`` names the table of moves that holds for it. ``total`` is what is to be paid: the lines, minus ``discount``,
    plus ``delivery``, plus ``tax`` unless ``tax_included``, plus ``rounding`` (M-Pesa takes whole shillings).
    ``held``: its tracked lines are not taken from stock in the commit that places it but held by ``holds_of`` until the
    money is there; Effect TakeStock takes them, and the order is ``held`` no more. ``due_at`` is when it must be paid;
    0 where nothing says so.
    """

    number: str
    shop: str
    customer: str
    cart: str
    lines: tuple[OrderLine, ...]
    total: int
    currency: str
    status: OrderStatus
    payment: PaymentStatus
    kind: str
    source: str
    placed_at: Millis
    name: str = ""
    phone: str = ""
    address: str = ""
    instructions: str = ""
    cashier: str = ""
    store: str = ""
    flow: str = ""
    tax: int = 0
    tax_included: bool = True
    delivery: int = 0
    discount: int = 0
    discount_code: str = ""
    rounding: int = 0
    held: bool = False
    due_at: Millis = 0

    @property
    def subtotal(self) -> int:
        """The lines alone, minor units."""
        return sum(line.total for line in self.lines)


class OrderMove(msgspec.Struct, frozen=True):
    """Move one order's status. Refused (Conflict ORDER_MOVED) unless it now stands in one of ``frm``.

    A move to CANCELLED gives the tracked stock that was taken for its lines back in the same transaction; holds are
    released by the flow, or end by themselves.
    ``customer`` not empty: only that customer's own order.
    """

    number: str
    frm: tuple[OrderStatus, ...]
    to: OrderStatus
    by: str
    customer: str = ""


class PaymentMove(msgspec.Struct, frozen=True):
    """Move one order's payment status. Refused (Conflict ORDER_MOVED) unless it now stands in one of ``frm`` and
    PAYMENT_MOVES allows it. ``by`` is who or what did it ("mpesa", "customer", an owner's name)."""

    number: str
    frm: tuple[PaymentStatus, ...]
    to: PaymentStatus
    by: str


class Hold(msgspec.Struct, frozen=True):
    """Stock or seats kept for somebody until ``expires_at``: a row, so availability is right with no clean-up run."""

    id: str
    sku: str
    quantity: int
    expires_at: Millis


def holds_of(order: Order, expires_at: Millis) -> tuple[Hold, ...]:
    """The holds that keep an order's tracked lines; lines of one sku are one hold. Their ids follow from the order, so
    that holding again prolongs them."""
    wanted: dict[str, int] = {}
    for line in order.lines:
        if line.tracked:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return tuple([Hold(f"{order.number}:{sku}", sku, quantity, expires_at) for sku, quantity in wanted.items()])
