"""Why a commit would be refused, from what stands in the store: the same rules for every backend.

A backend looks up what the commit contends for (``Standing``) and asks ``judge``. The database's own UNIQUE keys and
triggers refuse the same things independently; this module only says which Conflict it was, in a fixed order of
importance, so that a redelivered "confirm" of the last cake is a DUPLICATE and not SOLD_OUT. What must suffice is
judged apart: stock (storage/stock.py) and seats (storage/seats.py).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from engine.address import Address
from engine.commit import Commit
from engine.facts import Conflict, ConflictKind
from engine.orders import PAYMENT_MOVES, Order, OrderStatus, PaymentStatus, order_moves
from engine.payments import STATE_MOVES, PaymentState
from engine.tickets import BOOKING_MOVES, BookingStatus

Key: TypeAlias = tuple[str, str]
"""A shop, and a number or id in it."""


class Ordered(NamedTuple):
    """Where an order stands, whose it is, and the flow whose table of moves holds for it."""

    status: OrderStatus
    customer: str
    payment: PaymentStatus = PaymentStatus.UNPAID
    flow: str = ""


class Booked(NamedTuple):
    """Where a booking stands, and whose it is."""

    status: BookingStatus
    customer: str


def ordered(order: Order) -> Ordered:
    """Of a whole order, what is judged by."""
    return Ordered(order.status, order.customer, order.payment, order.flow)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is already in the store, of all that some commits contend for. Keys begin with the shop."""

    inbound: Container[Key]
    parked: Container[int]
    versions: Mapping[Address, int]
    numbers: Container[Key]
    carts: Mapping[Key, str]
    """Shop and cart → the number of the order that the cart became."""
    orders: Mapping[Key, Ordered]
    """Every order that a commit moves, takes the stock of, invoices or syncs."""
    payments: Mapping[Key, PaymentState] = field(default_factory=dict)
    """Every payment that a commit settles."""
    bookings: Mapping[Key, Booked] = field(default_factory=dict)
    """Every booking that a commit moves, or whose id it proposes."""
    forwards: Mapping[Address, Address] = field(default_factory=dict)
    """Addresses that are no more, of those that a first turn is for."""


def judge(commit: Commit, standing: Standing) -> Conflict | None:
    """The first reason to refuse ``commit``, stock and seats apart; None when there is none."""
    shop = commit.address.shop
    if commit.inbound_id and (shop, commit.inbound_id) in standing.inbound:
        return Conflict(ConflictKind.DUPLICATE)
    if commit.parked_id and commit.parked_id not in standing.parked:
        return Conflict(ConflictKind.DUPLICATE)
    if standing.versions.get(commit.address, 0) != commit.version - 1:
        return Conflict(ConflictKind.STALE)
    if commit.version == 1 and commit.address in standing.forwards:
        return Conflict(ConflictKind.FORWARDED, standing.forwards[commit.address].customer)
    rules = (_judge_new_orders, _judge_new_bookings, _judge_orders, _judge_payments, _judge_bookings)
    return next((conflict for rule in rules if (conflict := rule(commit, standing)) is not None), None)


def _judge_new_orders(commit: Commit, standing: Standing) -> Conflict | None:
    """The cart first: when the same cart became an order under the same number, that it is ordered is the news."""
    carts: dict[Key, str] = {}
    numbers: set[Key] = set()
    for order in commit.orders:
        number, cart = (order.shop, order.number), (order.shop, order.cart)
        known = standing.carts.get(cart) or carts.get(cart) if order.cart else None
        if known is not None:
            return Conflict(ConflictKind.CART_ORDERED, known)
        if number in standing.numbers or number in numbers:
            return Conflict(ConflictKind.NUMBER_TAKEN, order.number)
        carts[cart] = order.number
        numbers.add(number)
    return None


def _judge_new_bookings(commit: Commit, standing: Standing) -> Conflict | None:
    proposed: set[Key] = set()
    for booking in commit.bookings:
        key = (booking.shop, booking.id)
        if key in standing.bookings or key in proposed:
            return Conflict(ConflictKind.NUMBER_TAKEN, booking.id)
        proposed.add(key)
    return None


def _judge_orders(commit: Commit, standing: Standing) -> Conflict | None:
    """Moves of orders and of their payment; then what needs an order that is there, placed in this turn or before."""
    shop, now = commit.address.shop, _Orders(standing)
    for move in commit.moves:
        stands = now.get(shop, move.number)
        if stands is None or move.customer not in ("", stands.customer):
            return Conflict(ConflictKind.ORDER_MOVED, move.number)
        if stands.status not in move.frm or move.to not in order_moves(stands.flow)[stands.status]:
            return Conflict(ConflictKind.ORDER_MOVED, move.number)
        now.put(shop, move.number, stands._replace(status=move.to))
    for payment in commit.payment_moves:
        stands = now.get(shop, payment.number)
        if stands is None or stands.payment not in payment.frm or payment.to not in PAYMENT_MOVES[stands.payment]:
            return Conflict(ConflictKind.ORDER_MOVED, payment.number)
        now.put(shop, payment.number, stands._replace(payment=payment.to))
    for order in commit.orders:
        now.put(order.shop, order.number, ordered(order))
    for number in commit.takes:
        stands = now.get(shop, number)
        if stands is None or stands.status is OrderStatus.CANCELLED:
            return Conflict(ConflictKind.ORDER_MOVED, number)
    for number in (*billed(commit), *commit.synced):
        if now.get(shop, number) is None:
            return Conflict(ConflictKind.ORDER_MOVED, number)
    return None


class _Orders:
    """Orders as a commit sees them: what stands, and on top of it what the commit has done so far."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing.orders
        self._done: dict[Key, Ordered] = {}

    def get(self, shop: str, number: str) -> Ordered | None:
        return self._done.get((shop, number)) or self._standing.get((shop, number))

    def put(self, shop: str, number: str, stands: Ordered) -> None:
        self._done[shop, number] = stands


def _judge_payments(commit: Commit, standing: Standing) -> Conflict | None:
    settled: dict[str, PaymentState] = {}
    for one in commit.settlements:
        state = settled.get(one.id) or standing.payments.get((commit.address.shop, one.id))
        if state is None or state not in one.frm or one.to not in STATE_MOVES[state]:
            return Conflict(ConflictKind.PAYMENT_MOVED, one.id)
        settled[one.id] = one.to
    return None


def _judge_bookings(commit: Commit, standing: Standing) -> Conflict | None:
    """A move to where a booking stands already keeps it there: it prolongs a hold or writes a name."""
    moved: dict[str, Booked] = {}
    for move in commit.booking_moves:
        stands = moved.get(move.id) or standing.bookings.get((commit.address.shop, move.id))
        if stands is None or stands.status not in move.frm or move.customer not in ("", stands.customer):
            return Conflict(ConflictKind.BOOKING_MOVED, move.id)
        if move.to is not stands.status and move.to not in BOOKING_MOVES[stands.status]:
            return Conflict(ConflictKind.BOOKING_MOVED, move.id)
        moved[move.id] = stands._replace(status=move.to)
    return None


def billed(commit: Commit) -> list[str]:
    """The orders for which a commit issues an invoice or a credit note."""
    return [issue.order for issue in commit.invoices] + [credit.order for credit in commit.credits]
