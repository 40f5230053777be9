"""What a turn may look at: declared before, read once, never changed by the flow.

``conversation.needs`` says which Needs the coming turn has; the actor asks the store for them and hands the answer to
the pure core as ``Facts``. Facts can be stale by the time of the commit: the commit then refuses with a ``Conflict``
and the actor takes a fresh turn with fresh Facts, whose ``conflict`` says what was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import msgspec

from engine.address import Millis
from engine.orders import Customer, Order


class Need(msgspec.Struct, frozen=True, tag=True):
    """The root of what can be asked for."""


class Availability(Need, frozen=True):
    """``Facts.left`` for the shop's tracked products: on hand minus unexpired holds of *other* customers."""


class OwnOrders(Need, frozen=True):
    """``Facts.orders``: this customer's latest orders, newest first, at most ``limit``."""

    limit: int = 5


class OrderNumbered(Need, frozen=True):
    """``Facts.orders``: the one order with this number if it is this customer's own, else nothing."""

    number: str


class OwnCard(Need, frozen=True):
    """``Facts.customer``: what the shop knows of this customer."""


AnyNeed = Availability | OwnOrders | OrderNumbered | OwnCard


class ConflictKind(str, Enum):
    """Why a commit was refused. Nothing of it was written."""

    DUPLICATE = "duplicate"
    STALE = "stale"
    SOLD_OUT = "sold_out"
    NUMBER_TAKEN = "number_taken"
    CART_ORDERED = "cart_ordered"
    ORDER_MOVED = "order_moved"


class Conflict(msgspec.Struct, frozen=True):
    """A refused commit.

    DUPLICATE: the inbound id is already committed; the letter is done. STALE: the snapshot's version moved; reload it.
    SOLD_OUT: ``what`` is the sku. NUMBER_TAKEN: ``what`` is the order number that was proposed.
    CART_ORDERED: the cart already became an order, ``what`` is its number. ORDER_MOVED: ``what`` is the order's number.
    """

    kind: ConflictKind
    what: str = ""


class Known(msgspec.Struct, frozen=True):
    """The store's answer to a tuple of Needs; what was not asked for stays empty."""

    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    left: Mapping[str, int] = MappingProxyType({})


class Facts(msgspec.Struct, frozen=True):
    """All that a turn may know beside its conversation, event and shop.

    ``now`` is the only clock. ``key`` is "<shop>/<customer>:<turn>", from which every id is derived: never random.
    ``attempt`` is 0 for the first try and one more after each Conflict, the last of which is ``conflict``.
    ``left`` maps sku to what this customer could buy now; a sku that is not in it is not tracked.
    """

    now: Millis
    key: str
    phone: str = ""
    language: str = "en"
    attempt: int = 0
    conflict: Conflict | None = None
    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    left: Mapping[str, int] = MappingProxyType({})
