"""Orders and customers as the shop keeps them, and the one table of allowed status moves.

An order keeps what was sold: name, unit price and note stand on its lines whatever happens to the catalogue.
All amounts are integer minor units of the order's currency.
"""

from __future__ import annotations

from enum import Enum

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


MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
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


class Customer(msgspec.Struct, frozen=True):
    """A customer's card. ``email`` stays empty unless given; ``marketing`` is False after an opt-out."""

    id: str
    shop: str
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    language: str = ""
    marketing: bool = True
    active: bool = True


class OrderLine(msgspec.Struct, frozen=True):
    """One product on an order. ``tracked`` says that its stock is taken in the commit that places the order."""

    sku: str
    name: str
    quantity: int
    unit_price: int
    tracked: bool
    note: str = ""

    @property
    def total(self) -> int:
        return self.quantity * self.unit_price


class Order(msgspec.Struct, frozen=True):
    """An order as placed. ``cart`` is unique per shop: one cart becomes one order only, whatever arrives twice.

    ``cashier`` is empty for orders from a conversation; ``store`` is the branch, empty where the shop has none.
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


class OrderMove(msgspec.Struct, frozen=True):
    """Move one order's status. Refused (Conflict ORDER_MOVED) unless it now stands in one of ``frm``.

    A move to CANCELLED gives the tracked stock of its lines back in the same transaction.
    ``customer`` not empty: only that customer's own order.
    """

    number: str
    frm: tuple[OrderStatus, ...]
    to: OrderStatus
    by: str
    customer: str = ""


class Hold(msgspec.Struct, frozen=True):
    """Stock or seats kept for somebody until ``expires_at``: a row, so availability is right with no clean-up run."""

    id: str
    sku: str
    quantity: int
    expires_at: Millis
