"""Why a commit would be refused, from what stands in the store: the same rules for every backend.

A backend looks up what the commit contends for (``Standing``) and asks ``judge``. The database's own UNIQUE keys and
triggers refuse the same things independently; this module only says which Conflict it was, in a fixed order of
importance, so that a redelivered "confirm" of the last cake is a DUPLICATE and not SOLD_OUT. Stock is judged apart
(storage/stock.py).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from engine.address import Address
from engine.commit import Commit
from engine.facts import Conflict, ConflictKind
from engine.orders import USUAL_MOVES, OrderStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """What is already in the store, of all that some commits contend for. Keys begin with the shop."""

    inbound: Container[tuple[str, str]]
    parked: Container[int]
    versions: Mapping[Address, int]
    numbers: Container[tuple[str, str]]
    carts: Mapping[tuple[str, str], str]
    """Shop and cart → the number of the order that the cart became."""
    orders: Mapping[tuple[str, str], tuple[OrderStatus, str]]
    """Shop and number → status and customer, of every order that a commit moves."""


def judge(commit: Commit, standing: Standing) -> Conflict | None:
    """The first reason to refuse ``commit``, stock apart; None when there is none."""
    shop = commit.address.shop
    if commit.inbound_id and (shop, commit.inbound_id) in standing.inbound:
        return Conflict(ConflictKind.DUPLICATE)
    if commit.parked_id and commit.parked_id not in standing.parked:
        return Conflict(ConflictKind.DUPLICATE)
    if standing.versions.get(commit.address, 0) != commit.version - 1:
        return Conflict(ConflictKind.STALE)
    return _judge_orders(commit, standing) or _judge_moves(commit, standing)


def _judge_orders(commit: Commit, standing: Standing) -> Conflict | None:
    """The cart first: when the same cart became an order under the same number, that it is ordered is the news."""
    carts: dict[tuple[str, str], str] = {}
    numbers: set[tuple[str, str]] = set()
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


def _judge_moves(commit: Commit, standing: Standing) -> Conflict | None:
    moved: dict[tuple[str, str], tuple[OrderStatus, str]] = {}
    for move in commit.moves:
        key = (commit.address.shop, move.number)
        stands = moved.get(key) or standing.orders.get(key)
        if stands is None:
            return Conflict(ConflictKind.ORDER_MOVED, move.number)
        status, customer = stands
        if move.customer not in ("", customer) or status not in move.frm or move.to not in USUAL_MOVES[status]:
            return Conflict(ConflictKind.ORDER_MOVED, move.number)
        moved[key] = (move.to, customer)
    return None
