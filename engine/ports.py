"""The seams: what the running engine asks of a store, a channel, HTTP and the clock.

Every implementation of ``Store`` runs the same contract suite (tests/storage/contract.py). Nothing here assumes that
there is only one process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from engine.address import Address, Millis
from engine.backoffice import Stocktake
from engine.books import Charged, Refunded
from engine.catalogue import Product
from engine.commit import Commit, Snapshot, Timer
from engine.events import Inbound
from engine.facts import AnyNeed, Conflict, Known
from engine.messages import Limits, Notice, Outcome, OutcomeClass, Outgoing, Refusal, Refused, Reviewed, Status
from engine.orders import Order
from engine.parts import Parts
from engine.payment_calls import Heard, Verdict
from engine.payments import Intent, Payment, PaymentNews, RefundNews, Way
from engine.template_states import TemplateState


class Store(Parts, Protocol):
    """The durable memory of all shops. Its other parts stand in files of their own (engine.parts).

    Writes are durable when the call returns. A write raises StoreBusy when its bounded queue is full (nothing was
    written) and StoreFailed when the outcome is unknown or the disk refuses; after StoreFailed every later call raises
    StoreFailed too, because only a restart from disk is safe. Cancelling a write leaves its outcome open: callers
    shield it. Reads see everything whose write had returned.
    """

    # -- turns ---------------------------------------------------------------------------------------------------
    async def wake(self, address: Address) -> Snapshot | None:
        """The last committed snapshot; None for an address that never had a turn."""

    async def know(self, address: Address, needs: Sequence[AnyNeed], now: Millis) -> Known:
        """Answer the Needs of one turn."""

    async def commit(self, commit: Commit) -> Conflict | None:
        """Write one turn whole, or nothing: None when written, else why not (see Commit).

        Each order takes the stock of its tracked lines (lines of one sku summed): on hand minus unexpired holds of
        other customers at ``commit.at`` must suffice, else SOLD_OUT. A hold is refused by the same rule. The customer's
        own holds named in ``releases`` are gone before orders are written. An order named in ``takes`` takes its stock
        by the same rule as one that is placed; then its own holds (orders.holds_of) end. Bookings and their moves are
        refused SOLD_OUT when the event's seats do not suffice; one that is cancelled or not there has none.

        Where several Conflicts hold, the first of this order is told: DUPLICATE, STALE, FORWARDED (of a first turn),
        CART_ORDERED, NUMBER_TAKEN, ORDER_MOVED, PAYMENT_MOVED, BOOKING_MOVED, SOLD_OUT of stock, SOLD_OUT of seats. One
        unit's Conflict never touches others that travel in the same batch."""

    # -- outbox --------------------------------------------------------------------------------------------------
    async def waiting(self, after: int, limit: int) -> tuple[int, list[Outgoing]]:
        """Queued rows in order of commit, from behind the cursor ``after`` (0: from the start), with the next cursor.

        The cursor comes back unchanged when there are no more.
        """

    async def claim(self, keys: Sequence[str], at: Millis) -> set[str]:
        """Move ``queued`` rows to ``sending`` and count an attempt; returns the keys that were in fact moved."""

    async def settle(self, results: Sequence[tuple[str, Outcome]], at: Millis) -> None:
        """Write what became of claimed rows.

        SENT: sent, with its provider id; a status parked for that id is applied. RETRY, THROTTLE_*: back to queued.
        NEVER, STOPPED: failed with code and reason. NEEDS_TEMPLATE, HELD: held. SKIPPED: skipped. OPERATOR: back to
        queued (the number is paused by the outbox). UNKNOWN: unknown. A row that a status has already moved to sent
        stays sent.
        """

    async def requeue(self, keys: Sequence[str], at: Millis) -> set[str]:
        """Move ``unknown`` rows back to ``queued`` to be sent once more (the risk of a double is kept on the row)."""

    async def unknown(self, limit: int) -> list[tuple[Outgoing, Millis]]:
        """Unknown rows, oldest first, each with the time when it became unknown. At ``open`` every row found in
        ``sending`` has become unknown."""

    async def statuses(self, statuses: Sequence[Status]) -> set[str]:
        """Apply statuses in bulk, forward only (rank, then provider time); returns keys that this made ``sent``
        while they were ``sending`` or ``unknown``.

        Found by key where given, else by provider id. A status whose message is not known yet is parked (by provider
        id) and applied by ``settle``. FAILED after DELIVERED or READ keeps the rank and is noted on the row; FAILED
        before that makes the row failed with code and reason.
        """

    async def heard_at(self, address: Address) -> Millis:
        """The provider's time of this customer's last message, as the last commit told it; 0: never."""

    async def refused(self, statuses: Sequence[Status], at: Millis) -> Refused:
        """Messages that a provider accepted and then refused for the 24-hour window, or for their template's status.
        Each that has come no further is queued again as its stand-in, which it has no more then, or else held; held as
        it is where its template can't be sent. A template can't be refused for the window: that is a stranger. Told
        again, or of another send of the same row than the last, it changes nothing."""

    async def let_go(self, addresses: Sequence[Address], at: Millis) -> int:
        """Queue what these addresses hold, in its order; how many messages that is."""

    async def review_held(self, now: Millis) -> Reviewed:
        """Queue what is held for customers who have written since (within the window), and what is held for a template
        that may be sent now; give up what was held for HELD_AT_MOST."""

    async def keys_of(self, shop: str, provider_ids: Sequence[str]) -> dict[str, str]:
        """The keys of the rows that went out under these ids of the provider, by id."""

    async def outbox_row(self, key: str) -> OutboxRow | None:
        """One row as it stands, for the owner, the API and tests."""

    # -- timers --------------------------------------------------------------------------------------------------
    async def due(self, now: Millis, limit: int) -> list[Timer]:
        """Timers with ``due <= now``, earliest first. They stay until a commit turns them off or sets them anew."""

    async def next_due(self) -> Millis | None:
        """When the earliest timer is due, None without timers."""

    # -- catalogue and upkeep --------------------------------------------------------------------------------------
    async def import_catalogue(self, shop: str, digest: str, products: Sequence[Product], always: bool = False) -> bool:
        """Insert or update a shop's products, unless the last import had this content digest (False: nothing done).
        With ``always`` it is done even so: the products are another file's, and ``digest`` that of the configured file,
        which thereby counts as imported until it changes.

        Starting again with the same file thus changes nothing, while going back to an earlier file brings it back.
        ``stock`` is the opening value of products that are new; a known product keeps what it has.
        Products that are not in the file become inactive.
        """

    async def products(self, shop: str) -> list[Product]:
        """The shop's products in catalogue order, inactive ones too; ``stock`` is what is on hand now."""

    async def orders(self, shop: str, limit: int) -> list[Order]:
        """The shop's latest orders, newest first."""

    async def sweep(self, now: Millis) -> int:
        """Delete what has served its time, in small steps: inbound ids older than 8 days (Meta redelivers for 7),
        expired holds, statuses parked over a day, old notices and answers. Returns how many rows went. Bookings: see
        ``sweep_bookings``."""

    async def check(self) -> None:
        """Raise StoreFailed when the store can't be written and read; for ``/ready``."""

    async def aclose(self) -> None:
        """Finish what is queued and close."""


class OutboxRow(msgspec.Struct, frozen=True):
    """An outbox row with what became of it. ``state`` is a SendState value, ``rank`` a StatusRank value."""

    outgoing: Outgoing
    state: str
    provider_id: str
    rank: int
    code: int
    reason: str
    doubled: bool


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """The request did not reach the provider (no connection): trying again is safe."""


class AnswerLost(Exception):
    """The request may have been carried out, but its answer was lost: nobody knows."""


class Call(msgspec.Struct, frozen=True):
    """One request that a provider made to us, before anything of it is believed.

    ``target`` is path and query exactly as they were called, which some providers sign; ``path`` is the path that our
    side gave to the provider, without the ``/s/<shop>`` in front of it. Header names are lower case; ``raw`` is the
    body, byte for byte. ``at`` is when it came in: some signatures are only good for some minutes. Where nobody looked
    at a clock it is 0, and no such signature is good. ``client`` is the address that it came from, "" where a proxy
    hides it.
    """

    target: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    at: Millis = 0
    client: str = ""


class Reply(msgspec.Struct, frozen=True):
    """What a provider's request is answered with."""

    status: int = 200
    content_type: str = ""
    body: bytes = b""


class Http(Protocol):
    """One sender lane's connection. Never follows a redirect; every call has a deadline (10 s)."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises NotSent or AnswerLost."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask for something; nothing is changed by it, so either error only means: ask again. Raises NotSent or
        AnswerLost."""


class Delivery(msgspec.Struct, frozen=True):
    """All that one webhook carried, in its order."""

    inbounds: tuple[Inbound, ...] = ()
    statuses: tuple[Status, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class Sending(Protocol):
    """How messages leave through a channel."""

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Send one message. Never raises for what the provider or the network does: that is an Outcome."""

    async def found(self, http: Http, outgoing: Outgoing) -> Sequence[str]:
        """The provider's ids of messages that a send begun before may have become, the latest first; none where a
        provider tells it by itself, or does not tell at all. Raises NotSent where it can't be asked now."""
        return ()

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        """Blue ticks and "typing…" on the customer's phone; best effort, and nothing where a channel has none."""
        return Outcome(OutcomeClass.SENT)


class Channel(Sending, Protocol):
    """One business number on one provider. One file per kind in adapters/channels, registered by its ``KIND``.

    What a provider may lack has a body here, for channels that name this class as their base."""

    shop: str
    path: str
    limits: Limits
    thanks: Reply
    """What a delivery that is kept is answered with; a status of the 200s."""

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The text that proves to the provider that this address is ours (GET), or None to refuse."""
        return None

    def genuine(self, call: Call) -> bool:
        """Whether the signature is the provider's: constant time, on the raw bytes."""

    def numbers(self) -> frozenset[str]:
        """The provider's names of this business number; a batch is routed by them among shops that share a path."""

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        """Read a genuine call. ``shops`` maps a business number's id to its shop; items for other numbers, and items
        that can't be read, become Refusals. Raises BadInput only when the body is not the provider's envelope at all.
        """

    @property
    def fetch_every(self) -> Millis:
        """How often messages that no webhook brought are asked for (ms); 0 where a provider delivers until it is
        thanked, or has nothing to ask for."""
        return 0

    async def fetch(self, http: Http, since: Millis) -> Delivery:
        """What came in since then, oldest first, under the ids that webhooks give. Raises NotSent or AnswerLost."""
        return Delivery()

    @property
    def account(self) -> str:
        """The provider's id of the account that the shop's templates belong to, as in ``Notice.account``; "": not
        known, then what is told of any account of this webhook counts."""
        return ""

    @property
    def multilingual(self) -> bool:
        """Whether a template's name stands for all its languages, each in a status of its own; else for one alone."""
        return True

    async def templates(self, http: Http) -> Sequence[TemplateState] | Outcome | None:
        """All message templates of the account; None where the provider can't be asked. An Outcome when it refuses,
        its ``reason`` a plain sentence with the next step. Raises NotSent or AnswerLost."""
        return None


class Provider(Protocol):
    """One payment provider of one shop. One file per kind in adapters/payments, registered by its ``KIND``."""

    shop: str
    paths: tuple[str, ...]
    """Where its webhooks come in. One that ends in ``/*`` takes any one further segment; none: it makes no calls."""
    ways: frozenset[Way]

    def genuine(self, call: Call) -> bool:
        """Whether a webhook is the provider's: constant time, on the raw bytes. One that its provider does not sign is
        believed by its unguessable path."""

    def parse(self, call: Call) -> Heard:
        """Read a genuine call. Raises BadInput when it is not the provider's envelope."""

    def answer(self, call: Call, verdict: Verdict) -> Reply:
        """What a genuine call that was read and kept is answered with."""

    async def charge(self, http: Http, intent: Intent) -> Charged:
        """Ask for money. Never raises for what the provider or the network does."""

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        """What became of an intent that nobody told us of, or of which only hearsay came (``intent.told``: what the
        provider confirms of it are news); None while it is open, or where nothing can be asked."""


@runtime_checkable
class Outspoken(Protocol):
    """A provider that says with HTTP 5xx what is no trouble of its own, for example that a payment is under way."""

    def works(self, answer: Answer) -> bool:
        """Whether an answer shows that the provider works; its breaker is told so."""


@runtime_checkable
class Refunder(Protocol):
    """A payment provider that sends money back, too. One without it is paid back by the owner's own hand."""

    shop: str
    kind: str
    """What its payments are called (Payment.provider)."""

    async def refund(self, http: Http, payment: Payment, amount: int, key: str) -> Refunded:
        """Send ``amount`` of a payment back, once for one key, however often it is asked. Never raises for what the
        provider or the network does."""

    async def refunds(self, http: Http, since: Millis) -> Sequence[RefundNews]:
        """All refunds of the account that were made since, whoever made them, as far as they can be had now: webhooks
        get lost. Never raises for what the provider or the network does."""


class Crm(Protocol):
    """A shop's books elsewhere: stock in, orders out (engine.backoffice). One file per kind in adapters/crm, registered
    by its ``KIND``. Neither call ever raises for what the CRM or the network does: that is an Outcome, whose ``reason``
    is a plain sentence with the next step."""

    shop: str
    title: str
    """What the owner calls it ("Zoho Inventory")."""

    async def inventory(self, http: Http, mark: str) -> Stocktake | Outcome:
        """What may be sold. ``mark`` is that of the last stocktake taken over: an Outcome SENT means that nothing has
        changed since, and nothing is to be taken over."""

    async def push(self, http: Http, order: Order, tried: bool) -> Outcome:
        """Tell it of an order as it stands, once: SENT when it has heard, and reserves its goods, or when it has heard
        that the order is cancelled. ``tried``: it may know of the order already, so it is looked for first; always so
        for one that is cancelled. NEVER: it refuses this order, others may go on."""


class Clock(Protocol):
    """Wall time in milliseconds. Tests own one that they move."""

    def now(self) -> Millis: ...
