"""What a store keeps beside conversations: money, seats, letters of our own, and what the owner looks up.

Parts of ``engine.ports.Store``, a noun each; its rules hold here too (durable when a write returns, StoreBusy,
StoreFailed). Each list is newest first unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from engine.address import Address, Millis
from engine.commit import Posted
from engine.events import Letter
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.payments import Intent, Payment, PaymentNews, PaymentState, RefundNews
from engine.tickets import Booking, BookingStatus, DoorAnswer, TicketEvent


class Charged(msgspec.Struct, frozen=True):
    """What a provider answered to one request to pay.

    ``asked`` False with ``again``: it was not reached, ask again later; without: it refused, ``failure`` (a
    payments.Failure value) and ``reason`` say why. ``asked`` True with neither ref nor link: nobody knows whether it
    has the request; its news or a later question will tell. A provider that knows our key may say ``again`` with that,
    since asking again is harmless; the cashier asks again, or leaves it at ``asked``, and the store sees one of both.
    ``provider`` is named by whoever has the request, or may have it: never where it surely was not carried out but may
    be made again.
    """

    intent: str
    asked: bool
    again: bool = False
    provider: str = ""
    provider_ref: str = ""
    link: str = ""
    failure: str = ""
    reason: str = ""


class Refunded(msgspec.Struct, frozen=True):
    """What a provider answered to one request to send money back. Without ``news`` nobody knows, or it can't now: it is
    asked again, under the same key; ``reason`` says why."""

    news: RefundNews | None = None
    reason: str = ""


class Till(Protocol):
    """Intents and payments."""

    async def record(self, shop: str, news: PaymentNews, at: Millis) -> bool:
        """Money first: keep what a provider told, in a commit of its own; False when it was told before.

        Success and failure under one id are two things to tell: money is never taken for old news of a failure. What
        tells of an intent's money again, only with or without the transaction's number, is told before too, under
        whatever id (``payments.same_money``): of the payments of that intent for its order.
        Its intent is found by id, else by provider_ref (of this provider), else by reference (an intent's reference or
        order), always within ``shop``; of several the latest. ``ok``: a Payment ``<provider>:<id>`` is recorded,
        RECORDED with the letter PaymentSettled to the intent's customer, or on the DESK (why ``unknown``) with no
        letter when no intent is found; the intent becomes PAID (one that is PAID already stays; the money is recorded
        all the same). Not ``ok``: the intent becomes FAILED where INTENT_MOVES allows it, with the letter
        PaymentFailed; one that is PAID, FAILED or CANCELLED already stays and no letter is posted. Letters have the
        inbound ids ``paid:<payment id>`` and ``unpaid:<provider>:<news id>``.
        A reference that finds nothing as it is, is compared as a person may have typed it (payments.folded). Money that
        has a receipt (payments.has_receipt) is told before where a payment of this shop has it already; where a payment
        was recorded without its number, that is written into it. News that settle what was overheard
        (hearsay.settles) end ``Intent.told``."""

    async def overheard(self, shop: str, news: PaymentNews, at: Millis) -> bool | None:
        """Keep what an unsigned call tells, on its intent (found by ``news.intent`` within ``shop``), until a question
        has settled it: it is to be asked about at once (``silent_charges``). None: there is no such intent. False,
        and nothing is changed: it does not outweigh what was told before (hearsay.outweighs), or it is recorded
        already: a payment of the shop has this receipt, or it is no success and the intent is not open."""

    async def meant(self, shop: str, news: PaymentNews) -> Intent | None:
        """The intent of a shop that news mean, as for ``record``; of several that a reference means the latest."""

    async def charges(self, limit: int) -> list[Intent]:
        """Intents that are CREATED, oldest first. At ``open`` every intent found in ASKING has become PENDING: whether
        the provider has it is unknown, so it is asked about and never charged again."""

    async def claim_charges(self, ids: Sequence[str], at: Millis) -> set[str]:
        """Move CREATED intents to ASKING; the ids that were in fact moved."""

    async def settle_charges(self, results: Sequence[Charged], at: Millis) -> None:
        """Write what providers answered: PENDING (with provider, ref, link and the letter ChargeAnswered), FAILED (with
        the letter PaymentFailed), or back to CREATED (``again``). An intent that its news or a turn has moved on from
        ASKING meanwhile keeps its status, and no letter is posted; provider, ref and link are written all the same,
        where the answer has them. Nor is ChargeAnswered posted when nobody knows whether the provider has it. Inbound
        ids: ``charged:<intent>`` and ``uncharged:<intent>``."""

    async def silent_charges(self, before: Millis, limit: int) -> list[Intent]:
        """Intents by a provider (so not by bank or cash) that may still be paid and whose last change or question is
        older than ``before``, oldest first: PENDING ones, and CANCELLED ones that a provider has (``provider`` is not
        ""). Who cancels on our side may approve on the phone all the same, and the callback may be lost. And whichever
        has ``told``: what was overheard of it is asked about, however it stands."""

    async def asked_about(self, ids: Sequence[str], at: Millis) -> None:
        """Count these intents as asked about at ``at``, a moment to come too: so a question can be put off, and the
        gaps between questions can grow."""

    async def asked_enough(self, ids: Sequence[str]) -> None:
        """No question about these comes again, except where something was overheard that is not recorded yet."""

    async def record_refund(self, shop: str, news: RefundNews, at: Millis) -> bool:
        """Keep what a provider told of a refund, in a commit of its own; False when it was told before, or is of no
        payment of this shop.

        ``ok``: the payment's ``refunded`` grows by the amount, ``refund_ref`` is its id; where it
        is the one that is under way (its ``refund_key``), ``refunding`` becomes 0. The letter ``refunded:<provider>:
        <id>`` (DeskDecided ``refunded``) goes to the payment's customer. Not ``ok``: a request that is under way ends
        with ``refund_problem``, one that counted is taken off again; either posts ``unrefunded:<provider>:<id>``
        (DeskDecided ``unrefunded``). News of success that come after those of its failure are old, and so are news of
        another payment under the id of a refund that is known. The state is the
        turn's to move."""

    async def refunds_due(self, now: Millis, limit: int) -> list[Payment]:
        """Payments whose provider shall send something back (REFUNDING, ``refunding`` above 0) and whose turn it is,
        the longest due first. The turn that wishes for it makes it due at once."""

    async def claim_refunds(self, names: Sequence[tuple[str, str]], now: Millis, until: Millis) -> set[tuple[str, str]]:
        """Put these payments (shop, id) that are due by ``now`` off to ``until``; those that were in fact put off. Who
        has claimed one asks its provider; when nothing comes of it, it is due again, under the same key."""

    async def payment(self, shop: str, payment_id: str) -> Payment | None:
        """One payment."""

    async def payment_of(self, shop: str, order: str) -> Payment | None:
        """The payment that paid this order or booking: it is APPLIED, or on the desk because it was more than that."""

    async def payments(self, shop: str, states: Sequence[PaymentState], limit: int, offset: int = 0) -> list[Payment]:
        """Payments in these states; none named: in any."""


class Post(Protocol):
    """Letters of our own on their way (commit.Posted)."""

    async def post(self, letters: Sequence[Posted]) -> None:
        """Keep letters until each one's turn is committed under its inbound id. One whose id is done or waits already
        changes nothing."""

    async def posted(self, now: Millis, limit: int) -> list[Letter]:
        """Letters with ``due <= now``, earliest first. They stay until their turn's commit, or ``park``, ends them."""

    async def next_posted(self) -> Millis | None:
        """When the earliest is due, None without letters."""


class BoxOffice(Protocol):
    """Events, bookings and the waiting list."""

    async def import_events(self, shop: str, digest: str, events: Sequence[TicketEvent], always: bool = False) -> bool:
        """Insert or update a shop's events, unless the last import had this digest (``always``: see
        Store.import_catalogue). Events that are not in the file stay as they are: they may be sold. One that is
        cancelled stays cancelled, and one keeps its capacity where the file's is below what is confirmed and held."""

    async def events(self, shop: str) -> list[TicketEvent]:
        """All events, by start, then by id."""

    async def save_event(self, shop: str, event: TicketEvent) -> bool:
        """Insert or replace one; False (nothing written) when its capacity is below what is confirmed and held."""

    async def remove_event(self, shop: str, event_id: str) -> bool:
        """Delete an event; False when anybody ever booked a seat (it can only be cancelled then) or there is none."""

    async def booking(self, shop: str, booking_id: str) -> Booking | None:
        """One booking, whoever's."""

    async def bookings(
        self, shop: str, statuses: Sequence[BookingStatus], limit: int, offset: int = 0, event: str = ""
    ) -> list[Booking]:
        """Bookings in these statuses (none named: any), of one event or all."""

    async def sweep_bookings(self, now: Millis) -> int:
        """Rows of holds that are over become EXPIRED, their customers get HoldEnded (``hold-ended:<booking>``), entries
        whose offer was not taken become LAPSED. Returns how many holds became so."""

    async def offer_seats(self, now: Millis) -> int:
        """Offer free seats of active events that have not begun to whoever waits longest and whom they suffice for:
        each gets a HELD booking for tickets.OFFER and the letter SeatsOffered (``offer:<booking>``); the entry becomes
        OFFERED. The booking's id is derived from the entry's (``tickets.booking_id(entry id)``, and at a clash with
        ``:1``, ``:2``, … behind the seed). Somebody whom they do not suffice for is passed over, and keeps the place.
        Returns how many offers were made."""

    async def check_in(self, shop: str, booking_id: str, scan: str, event: str, at: Millis) -> DoorAnswer:
        """The door scans a booking. The first scan goes IN; another one is ALREADY in since then; the same ``scan``
        again for the same booking gets its first answer, whatever it was. ``event`` "" takes any event's ticket, else
        only its own. Going in is a move to CHECKED_IN."""

    async def metrics(self, shop: str) -> Mapping[str, int]:
        """``events`` (active), ``seats`` (their capacity), ``held`` (unexpired), ``confirmed``, ``checked_in`` (seats),
        ``bookings`` (confirmed or checked in), ``revenue`` (minor units of PAID bookings)."""


class Stats(msgspec.Struct, frozen=True):
    """Figures of a shop's orders. ``revenue`` counts paid orders only, minor units; ``pending`` are orders that are
    neither completed nor cancelled."""

    orders: int
    completed: int
    revenue: int
    customers: int
    pending: int


class Session(msgspec.Struct, frozen=True):
    """One customer's conversation as the owner sees it. ``state`` is as diagrams call it (diagram.state_name),
    ``since`` when the customer last wrote, ``human_until`` until when a human answers (0: the bot
    does). Made of snapshots by remembered.session_of."""

    customer: str
    phone: str
    state: str
    since: Millis
    human_until: Millis = 0


class Books(Protocol):
    """What the owner looks up."""

    async def order(self, shop: str, number: str) -> Order | None:
        """One order, whoever's."""

    async def order_of_cart(self, shop: str, cart: str) -> Order | None:
        """The order that a cart became."""

    async def order_history(self, shop: str, number: str) -> list[tuple[str, str, str, Millis]]:
        """What happened to an order, oldest first: (from, to, by, at), of its status and its payment's. The first two
        are its status and its payment as placed: ``from`` is "", ``by`` the order's source, ``at`` its placing. Of one
        commit, moves of the status come first."""

    async def orders_like(
        self,
        shop: str,
        limit: int,
        offset: int = 0,
        statuses: Sequence[OrderStatus] = (),
        payments: Sequence[PaymentStatus] = (),
    ) -> list[Order]:
        """Orders in these statuses; none named: in any."""

    async def customers(self, shop: str, limit: int, offset: int = 0) -> list[Customer]:
        """Customer cards, the latest made first."""

    async def customer(self, address: Address) -> Customer | None:
        """One card."""

    async def save_customers(self, shop: str, cards: Sequence[Customer]) -> None:
        """Insert or replace cards that the owner brings (price list, credit days), whole."""

    async def stats(self, shop: str) -> Stats:
        """See Stats."""

    async def sessions(self, shop: str, limit: int) -> list[Session]:
        """Conversations that stand elsewhere than at the flow's beginning or are in human hands, the latest first."""

    async def key(self, name: str) -> bytes:
        """32 random bytes of the store's own, made at first use under this name and kept for ever: what signs tickets
        and the names of papers must survive restarts and travel with a backup."""

    async def fetched(self, shop: str) -> Millis:
        """Until when this shop's missed messages were fetched; 0: never."""

    async def note_fetched(self, shop: str, until: Millis) -> None:
        """All that came before ``until`` is here."""
