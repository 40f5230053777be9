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
from engine.campaign_moves import CampaignSeen
from engine.invoices import Invoice
from engine.orders import Customer, Order
from engine.payments import Intent, Payment
from engine.reminders import Reminder
from engine.tickets import Booking, Entry


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


class Seats(Need, frozen=True):
    """``Facts.seats`` for every active event: capacity minus confirmed minus unexpired holds, of *all* customers."""


class OwnBookings(Need, frozen=True):
    """``Facts.bookings``: this customer's latest bookings, live holds among them, newest first, at most ``limit``."""

    limit: int = 10


class BookingNumbered(Need, frozen=True):
    """``Facts.bookings``: the one booking with this id if it is this customer's own, else nothing."""

    id: str


class OwnEntries(Need, frozen=True):
    """``Facts.entries``: where this customer is on waiting lists, live ones only (WAITING, OFFERED), oldest first."""


class PaymentOf(Need, frozen=True):
    """``Facts.payment``: this recorded payment, whoever's; with its intent, order, its invoice, and booking, each if it
    is this customer's own."""

    id: str


class PaymentFor(Need, frozen=True):
    """``Facts.payment``: the payment that is APPLIED to this order or booking of this customer's own, else nothing."""

    order: str


class IntentOf(Need, frozen=True):
    """``Facts.intents``: this intent if it is this customer's own, with its order or booking."""

    id: str


class IntentsFor(Need, frozen=True):
    """``Facts.intents``: all intents for this order or booking of this customer's own, newest first."""

    order: str


class InvoiceOf(Need, frozen=True):
    """``Facts.invoices``: the invoice of this order of this customer's own, else nothing."""

    order: str


class AnyOrder(Need, frozen=True):
    """``Facts.orders`` or ``Facts.bookings``: the one of this number, whoever's, with ``Facts.intents`` for it, newest
    first. For the shop's own people only, as are the needs below."""

    number: str


class OpenOrders(Need, frozen=True):
    """``Facts.orders``: the shop's latest orders that are neither completed nor cancelled; ``Facts.bookings``: its
    latest confirmed ones. Newest first, at most ``limit`` of each."""

    limit: int = 30


class DayOf(Need, frozen=True):
    """``Facts.day``: the shop's figures since this moment; of money, what is in this currency."""

    since: Millis
    currency: str


class Reached(Need, frozen=True):
    """``Facts.reached``: the customer who is reached at this phone (digits), "" for nobody that is known."""

    phone: str


class ReminderNamed(Need, frozen=True):
    """``Facts.reminders``: the row of this reminder of this customer's own, else nothing."""

    id: str


class CampaignsAt(Need, frozen=True):
    """``Facts.campaigns``: the shop's campaigns that stand so (campaigns.CampaignStatus), the latest made first, at
    most ``limit``."""

    status: str
    limit: int = 20


AnyNeed = (
    Availability
    | OwnOrders
    | OrderNumbered
    | OwnCard
    | Seats
    | OwnBookings
    | BookingNumbered
    | OwnEntries
    | PaymentOf
    | PaymentFor
    | IntentOf
    | IntentsFor
    | InvoiceOf
    | ReminderNamed
    | AnyOrder
    | OpenOrders
    | DayOf
    | Reached
    | CampaignsAt
)


class Day(msgspec.Struct, frozen=True):
    """Figures since a moment, and how things stand. ``orders`` and ``sold`` (minor units) are of orders placed since
    that are not cancelled, ``cancelled`` counts the others; ``seats`` and ``booked`` (minor units) of bookings made
    since that stand. ``received`` is money that came in since and was not sent back (minor units). ``open`` orders wait
    for the shop, ``desk`` payments for its owner; both are counted to COUNTED_TO."""

    orders: int = 0
    sold: int = 0
    cancelled: int = 0
    seats: int = 0
    booked: int = 0
    received: int = 0
    open: int = 0
    desk: int = 0


COUNTED_TO = 1_000
"""Nobody needs to know how many more there are, and counting takes time."""


class ConflictKind(str, Enum):
    """Why a commit was refused. Nothing of it was written."""

    DUPLICATE = "duplicate"
    STALE = "stale"
    FORWARDED = "forwarded"
    SOLD_OUT = "sold_out"
    NUMBER_TAKEN = "number_taken"
    CART_ORDERED = "cart_ordered"
    ORDER_MOVED = "order_moved"
    BOOKING_MOVED = "booking_moved"
    PAYMENT_MOVED = "payment_moved"


class Conflict(msgspec.Struct, frozen=True):
    """A refused commit.

    DUPLICATE: the inbound id is already committed; the letter is done. STALE: the snapshot's version moved; reload it.
    SOLD_OUT: ``what`` is the sku or the event's id. NUMBER_TAKEN: ``what`` is the order number or booking id that was
    proposed. CART_ORDERED: the cart already became an order, ``what`` is its number. ORDER_MOVED: ``what`` is the
    order's number, of its status or its payment's. BOOKING_MOVED, PAYMENT_MOVED: ``what`` is the id. FORWARDED: the
    address is no more, ``what`` is the customer whose it is (engine.identity).
    """

    kind: ConflictKind
    what: str = ""


class Known(msgspec.Struct, frozen=True):
    """The store's answer to a tuple of Needs; what was not asked for stays empty."""

    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    left: Mapping[str, int] = MappingProxyType({})
    seats: Mapping[str, int] = MappingProxyType({})
    bookings: tuple[Booking, ...] = ()
    entries: tuple[Entry, ...] = ()
    payment: Payment | None = None
    intents: tuple[Intent, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    day: Day | None = None
    reached: str = ""
    campaigns: tuple[CampaignSeen, ...] = ()


class Facts(msgspec.Struct, frozen=True):
    """All that a turn may know beside its conversation, event and shop.

    ``now`` is the only clock. ``key`` is "<shop>/<customer>:<turn>", from which every id is derived: never random.
    ``attempt`` is 0 for the first try and one more after each Conflict, the last of which is ``conflict``.
    ``left`` maps sku to what this customer could buy now; a sku that is not in it is not tracked. ``seats`` maps an
    active event's id to what is free. ``written_at`` is when the customer last wrote by
    the provider's clock, before this letter (0: never).
    ``profile`` is what the provider calls the sender, unchecked; "" when it does not say. ``payer`` is the number that
    was typed in this turn to pay from.
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
    seats: Mapping[str, int] = MappingProxyType({})
    bookings: tuple[Booking, ...] = ()
    entries: tuple[Entry, ...] = ()
    payment: Payment | None = None
    intents: tuple[Intent, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    written_at: Millis = 0
    profile: str = ""
    payer: str = ""
    day: Day | None = None
    reached: str = ""
    campaigns: tuple[CampaignSeen, ...] = ()

    def order(self, number: str) -> Order | None:
        """The order with this number among those that were read."""
        return next((order for order in self.orders if order.number == number), None)

    def booking(self, booking_id: str) -> Booking | None:
        """The booking with this id among those that were read."""
        return next((booking for booking in self.bookings if booking.id == booking_id), None)
