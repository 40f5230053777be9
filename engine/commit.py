"""One turn as the store writes it: everything in one transaction, or nothing."""

from __future__ import annotations

import msgspec

from engine.address import Address, Link, Millis
from engine.campaign_moves import CampaignMove
from engine.deeds import Deed
from engine.events import Letter
from engine.invoices import CreditOf, IssueOf
from engine.messages import Outgoing
from engine.notices import OwnerNotice
from engine.orders import Customer, Hold, Order, OrderMove, PaymentMove
from engine.payments import Intent, IntentMove, PaymentNews, PaymentSettlement
from engine.reminders import Reminder
from engine.tickets import Booking, BookingMove, Entry


class Snapshot(msgspec.Struct, frozen=True):
    """What an actor remembers, as bytes. ``version`` counts the address's committed turns."""

    version: int
    data: bytes


class Timer(msgspec.Struct, frozen=True):
    """A durable timer; one per (address, kind): setting it again moves it. ``turn`` is the turn that set it."""

    address: Address
    kind: str
    due: Millis
    turn: int


class Posted(msgspec.Struct, frozen=True):
    """A letter of our own (News) on its way to an actor, durable since the commit of its cause. The scheduler posts it
    from ``due`` on until the turn that it caused is committed under the same inbound id, which deletes it."""

    letter: Letter
    due: Millis


class Renamed(msgspec.Struct, frozen=True):
    """An outside name that is this customer's no more: ``becomes`` is what they are called instead, and ``next`` the id
    of whoever comes under the old one from now on, for a phone number is given to somebody else one day."""

    link: Link
    becomes: str
    next: str


class Commit(msgspec.Struct, frozen=True):
    """What one turn did, as rows.

    ``version`` is the snapshot's new version: the stored one must be ``version - 1`` (absent counts as 0), else
    Conflict STALE. ``inbound_id`` must be new for the shop, else Conflict DUPLICATE; it is "" only for a replay, which
    names the parked row that it settles in ``parked_id`` instead (the row is deleted; missing: DUPLICATE).
    ``links`` are put in where absent. ``customer`` is inserted or replaced whole. ``takes`` are numbers of orders that
    were placed ``held`` and whose stock is taken now (Conflict ORDER_MOVED for one that is cancelled or not there).
    ``synced`` are numbers of orders that the shop's CRM shall hear of. An invoice, a credit note or a sync of an order
    that is not there, nor placed in this commit, is refused ORDER_MOVED. ``posted`` are letters to other addresses of
    the same shop. ``heard`` is the provider's time of the customer's last message (0: never).
    ``hush``: this customer's replies of before that are still queued or held become skipped (messages.HUSHED).
    ``deeds`` are lines in the log of who did what. ``recounts`` and ``reprices`` are (sku, quantity on hand or price in
    minor units) of known products, ``taken_in`` money that was seen (Till.record).
    ``notices`` are put onto the shop's board, each anew. ``campaign_moves`` are those of CampaignBook.move_campaign.
    ``renamed`` are names that led to this customer; messages that are held for the old phone go to the new one.
    ``reminders`` are put into their ledger; one that has come to its end there stays as it is. ``hushed`` are orders
    and bookings that nobody needs to be reminded of any more: what reminders of them have said and is queued or held
    becomes skipped (reminders.SETTLED).

    Parts are written in the order: releases, moves, payment moves, orders, takes, holds; booking moves, bookings,
    entries; intents, intent moves, settlements; invoices, credits, synced; recounts, reprices, money that was seen;
    posted. So a part can use what one before it frees.
    """

    address: Address
    version: int
    snapshot: bytes
    at: Millis
    inbound_id: str = ""
    parked_id: int = 0
    links: tuple[Link, ...] = ()
    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    moves: tuple[OrderMove, ...] = ()
    holds: tuple[Hold, ...] = ()
    releases: tuple[str, ...] = ()
    outbox: tuple[Outgoing, ...] = ()
    timers: tuple[Timer, ...] = ()
    timers_off: tuple[str, ...] = ()
    payment_moves: tuple[PaymentMove, ...] = ()
    takes: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
    intent_moves: tuple[IntentMove, ...] = ()
    settlements: tuple[PaymentSettlement, ...] = ()
    bookings: tuple[Booking, ...] = ()
    booking_moves: tuple[BookingMove, ...] = ()
    entries: tuple[Entry, ...] = ()
    invoices: tuple[IssueOf, ...] = ()
    credits: tuple[CreditOf, ...] = ()
    synced: tuple[str, ...] = ()
    posted: tuple[Posted, ...] = ()
    heard: Millis = 0
    hush: bool = False
    renamed: tuple[Renamed, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    hushed: tuple[str, ...] = ()
    deeds: tuple[Deed, ...] = ()
    recounts: tuple[tuple[str, int], ...] = ()
    reprices: tuple[tuple[str, int], ...] = ()
    taken_in: tuple[PaymentNews, ...] = ()
    notices: tuple[OwnerNotice, ...] = ()
    campaign_moves: tuple[CampaignMove, ...] = ()


class Parked(msgspec.Struct, frozen=True):
    """A letter that waits outside its mailbox: ``dead`` after crashing its actor twice, else its address is
    quarantined. ``letter`` is its JSON."""

    id: int
    address: Address
    dead: bool
    why: str
    at: Millis
    letter: bytes
