"""Draws calls that make sense now and then: random words alone would almost always be refused, and a model that only
ever refuses proves nothing. What is there is looked up in the readable store; about one wish in five is made blindly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from random import Random
from typing import Any, TypeVar

import msgspec

from engine.address import DAY, Address
from engine.books import Charged
from engine.identity import Merge
from engine.invoices import CreditOf, IssueOf
from engine.orders import (
    PAYMENT_MOVES,
    Customer,
    Hold,
    Order,
    OrderMove,
    OrderStatus,
    PaymentMove,
    PaymentStatus,
    holds_of,
    order_moves,
)
from engine.payments import (
    INTENT_MOVES,
    STATE_MOVES,
    Failure,
    Intent,
    IntentMove,
    IntentStatus,
    PaymentNews,
    PaymentSettlement,
    PaymentState,
    RefundNews,
    Way,
)
from engine.tickets import BOOKING_MOVES, Booking, BookingMove, BookingStatus, Entry, EntryStatus, EventStatus
from tests.engine.open_store import OpenStore
from tests.storage.things import FEST, GIG, booking, entry, intent, own_letter
from tests.storage.values import NOW, SHOP, letter, line, order

T = TypeVar("T")
S = TypeVar("S", bound=Enum)
Call = tuple[str, tuple[Any, ...]]

PEOPLE = [Address(SHOP, name) for name in ("ann", "ben", "cem")]
PROGRAMMES = {
    "first": (msgspec.structs.replace(GIG, capacity=6), msgspec.structs.replace(FEST, starts_at=NOW + 40)),
    "second": (msgspec.structs.replace(GIG, capacity=3, title="Other"),),
}
NUMBERS = ["W1", "W2", "W3", "W4", "W5", "W6"]
BOOKINGS = ["B1", "B2", "B3", "B4", "B5", "B6"]
LETTERS = ["n1", "n2", "n3"]
KINDS = (
    *("turn",) * 12,
    *("record",) * 3,
    *("claim_charges", "settle_charges", "settle_charges", "asked_about"),
    *("overheard", "overheard", "asked_enough"),
    *("record_refund", "record_refund", "claim_refunds"),
    *("sweep_bookings", "offer_seats", "offer_seats", "check_in"),
    *("import_events", "save_event", "remove_event", "save_customers"),
    *("begin_sync", "note_synced", "sync_again", "set_stock"),
    *("post", "park", "sweep", "merge"),
)
PARTS = (
    *("orders", "orders", "moves", "payment_moves", "payment_moves", "takes", "holds", "releases"),
    *("intents", "intents", "intent_moves", "settlements", "settlements"),
    *("bookings", "bookings", "booking_moves", "booking_moves", "entries", "entries"),
    *("invoices", "invoices", "credits", "synced", "posted"),
)


class Player:
    """What two customers, a provider, the owner and time do to one shop. ``now`` only moves on."""

    def __init__(self, seed: int, store: OpenStore) -> None:
        self._random = Random(seed)
        self.store = store
        self.now = NOW
        self.versions = dict.fromkeys(PEOPLE, 0)

    def one(self, of: Sequence[T]) -> T:
        return self._random.choice(of)

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def blind(self) -> bool:
        """One wish in five."""
        return self.number(1, 5) == 5

    def known(self, found: Sequence[T], else_: Sequence[T]) -> T:
        """One of those that are there; if there is none, or blindly, one of all."""
        return self.one(else_ if self.blind() or not found else found)

    # -- calls -----------------------------------------------------------------------------------------------------
    def call(self) -> Call:
        self.now += self.number(0, 3)
        kind = self.one(KINDS)
        return kind, getattr(self, kind)()

    def turn(self) -> tuple[Any, ...]:
        who = self.one(PEOPLE)
        step = 2 if self.number(1, 20) == 20 else 1
        wanted = dict.fromkeys(self.one(PARTS) for _ in range(self.number(0, 3)))
        parts = {name: getattr(self, name)(who, self.versions[who] + step) for name in wanted}
        return who, self.versions[who] + step, self.one(["w1", *LETTERS]) if self.blind() else "", self.now, parts

    def record(self) -> tuple[Any, ...]:
        about = self.known(self._intents(), [intent("none")])
        if self.one([True, False, False]):
            return SHOP, self._receipt(about, self.one(["", "QK1", "QK2"])), self.now
        name = self.one(["id", "ref", "reference", "order"])
        news = PaymentNews(
            self.one([f"t{n}" for n in range(1, 9)]),
            about.provider or "fake",
            not self.blind(),
            650,
            "INR",
            about.id if name == "id" else "",
            about.provider_ref if name == "ref" else "",
            {"reference": about.reference, "order": about.order}.get(name, ""),
            transaction=self.one(["", "", "QK1"]),
            failure=self.one(list(Failure)),
        )
        return SHOP, news, self.now

    def record_refund(self) -> tuple[Any, ...]:
        payments = self.store.payments_of(SHOP)
        under_way = [one for one in payments if one.refunding]
        about = self.known(under_way, payments) if payments else None
        name = self.one([f"re_{n}" for n in range(1, 6)])
        key = self.one(["", about.refund_key]) if about is not None else ""
        provider, of = (about.provider, about.id.partition(":")[2]) if about is not None else ("fake", "t1")
        ok = not self.blind()
        return SHOP, RefundNews(name, provider, of, self.number(1, 700), ok=ok, key=key, detail="why"), self.now

    def claim_refunds(self) -> tuple[Any, ...]:
        names = [(SHOP, one.id) for one in self.store.payments_of(SHOP)]
        return [*names, (SHOP, "none")], self.now, self.now + self.number(0, 9)

    def claim_charges(self) -> tuple[Any, ...]:
        return [one.id for one in self._intents(IntentStatus.CREATED)] + ["none"], self.now

    def settle_charges(self) -> tuple[Any, ...]:
        about = self.known(self._intents(IntentStatus.ASKING), [*self._intents(), intent("none")])
        answer = Charged(
            about.id,
            asked=not self.blind(),
            again=self.one([True, False]),
            provider="fake",
            provider_ref=self.one(["", "ref-1", f"ref {about.id}"]),
            link=self.one(["", "https://pay.test/1"]),
            failure=self.one(["refused", "unreachable"]),
            reason="why",
        )
        return [answer], self.now

    def overheard(self) -> tuple[Any, ...]:
        about = self.known(self._intents(), [intent("none")])
        return SHOP, self._receipt(about, self.one(["", "QK1", "QK2"])), self.now

    def _receipt(self, about: Intent, number: str) -> PaymentNews:
        return PaymentNews(
            number or f"paid-{about.id}",
            "mpesa",
            not self.blind(),
            650,
            "INR",
            about.id,
            f"ws {about.id}",
            transaction=number,
        )

    def asked_enough(self) -> tuple[Any, ...]:
        return ([one.id for one in self._intents()][:2],)

    def asked_about(self) -> tuple[Any, ...]:
        return [one.id for one in self._intents()][:1], self.now + self.number(0, 9)

    def sweep_bookings(self) -> tuple[Any, ...]:
        return (self.now,)

    def offer_seats(self) -> tuple[Any, ...]:
        return (self.now,)

    def check_in(self) -> tuple[Any, ...]:
        name = self.known([one.id for one in self._bookings()], BOOKINGS)
        return SHOP, name, self.one(["s1", "s2"]), self.one(["", "", "gig"]), self.now

    def import_events(self) -> tuple[Any, ...]:
        name = self.one(list(PROGRAMMES))
        return SHOP, name, PROGRAMMES[name], self.blind()

    def save_event(self) -> tuple[Any, ...]:
        status = EventStatus.CANCELLED if self.blind() else EventStatus.ACTIVE
        return SHOP, msgspec.structs.replace(self.one([GIG, FEST]), capacity=self.number(1, 8), status=status)

    def remove_event(self) -> tuple[Any, ...]:
        return SHOP, self.one(["fest", "fest", "gig"]) if self.blind() else "none"

    def save_customers(self) -> tuple[Any, ...]:
        return SHOP, [Customer(self.one(["ann", "ben", "cem"]), SHOP, self.one(["A", "B"]), price_list="gold")]

    def note_synced(self) -> tuple[Any, ...]:
        return SHOP, [self.one(NUMBERS)], self.blind()

    def begin_sync(self) -> tuple[Any, ...]:
        return SHOP, self.one(NUMBERS)

    def sync_again(self) -> tuple[Any, ...]:
        return SHOP, self.one(NUMBERS)

    def set_stock(self) -> tuple[Any, ...]:
        figures = {sku: self.number(-1, 9) for sku in ("cake", "tea", "pie") if not self.blind()}
        return SHOP, figures, self.now, self.one(["", "m1"])

    def post(self) -> tuple[Any, ...]:
        return ([own_letter(self.one(LETTERS), to=self.one(PEOPLE), due=self.number(0, 9))],)

    def park(self) -> tuple[Any, ...]:
        return letter(self.one(["w2", *LETTERS])), True, "why", self.now

    def merge(self) -> tuple[Any, ...]:
        survivor, gone = self._random.sample(PEOPLE, 2)
        version = self.versions[survivor] + (2 if self.blind() else 1)
        return (Merge(SHOP, survivor.customer, gone.customer, version, self.versions[gone], b"{}", self.now),)

    def sweep(self) -> tuple[Any, ...]:
        return (self.now + (8 * DAY if self.blind() else 0),)

    # -- what a turn wishes ----------------------------------------------------------------------------------------
    def orders(self, who: Address, version: int) -> tuple[Order, ...]:
        free = [one for one in NUMBERS if one not in self.store.orders_of(SHOP)]
        number = self.known(free, NUMBERS)
        lines = [line(self.one(["cake", "tea"]), self.number(1, 2), tracked=not self.blind()) for _ in range(2)]
        placed = order(number, *lines, cart=f"c{number}", customer=who.customer, placed_at=self.now - self.number(0, 9))
        how: Mapping[str, Any] = {
            "held": self.one([True, True, False]),
            "flow": self.one(["", "micro_sales"]),
            "payment": self.one([PaymentStatus.UNPAID, PaymentStatus.PENDING]),
        }
        return (msgspec.structs.replace(placed, **how),)

    def moves(self, who: Address, version: int) -> tuple[OrderMove, ...]:
        about = self._order()
        to = self._next(about.status, order_moves(about.flow)) if about else self.one(list(OrderStatus))
        frm = self._from(about.status if about else None, OrderStatus)
        return (OrderMove(about.number if about else "W9", frm, to, "owner", self.one(["", who.customer])),)

    def payment_moves(self, who: Address, version: int) -> tuple[PaymentMove, ...]:
        about = self._order()
        to = self._next(about.payment, PAYMENT_MOVES) if about else self.one(list(PaymentStatus))
        frm = self._from(about.payment if about else None, PaymentStatus)
        return (PaymentMove(about.number if about else "W9", frm, to, "mpesa"),)

    def takes(self, who: Address, version: int) -> tuple[str, ...]:
        held = [one.number for one in self.store.orders_of(SHOP).values() if one.held]
        return (self.known(held, NUMBERS),)

    def holds(self, who: Address, version: int) -> tuple[Hold, ...]:
        about = self._order()
        until = self.now + self.number(0, 12)
        return holds_of(about, until) if about else (Hold("h1", self.one(["cake", "tea"]), self.number(1, 3), until),)

    def releases(self, who: Address, version: int) -> tuple[str, ...]:
        return (self.one(["h1", "W1:cake", "W2:cake", "W1:tea"]),)

    def intents(self, who: Address, version: int) -> tuple[Intent, ...]:
        about = self.one([*NUMBERS, *BOOKINGS[:2]])
        name, ref = f"{who}:{version}:pay", f"REF{self.number(1, 2)}"
        way = self.one([Way.MPESA, Way.MPESA, Way.CARD, Way.BANK])
        return (intent(name, about, who.customer, way=way, created_at=self.now, reference=ref),)

    def intent_moves(self, who: Address, version: int) -> tuple[IntentMove, ...]:
        about = self.known(self._intents(), [intent("none")])
        to = self._next(about.status, INTENT_MOVES)
        return (IntentMove(about.id, self._from(about.status, IntentStatus), to, self.one(["", "why"])),)

    def settlements(self, who: Address, version: int) -> tuple[PaymentSettlement, ...]:
        payments = self.store.payments_of(SHOP)
        if not payments:
            return ()
        about = self.one(payments)
        frm = self._from(about.state, PaymentState)
        to = self._next(about.state, STATE_MOVES)
        words = (self.one(["", *NUMBERS]), self.one(["", "over", "twice"]), self.one(["", "owner"]))
        part = self.number(1, 900) if to is PaymentState.REFUNDING else self.one([0, 0, self.number(0, 900)])
        return (PaymentSettlement(about.id, frm, to, *words, refund=part),)

    def bookings(self, who: Address, version: int) -> tuple[Booking, ...]:
        taken = [one.id for one in self._bookings()]
        name = self.known([one for one in BOOKINGS if one not in taken], BOOKINGS)
        status = self.one([BookingStatus.HELD, BookingStatus.HELD, BookingStatus.CONFIRMED])
        made = booking(name, self.number(1, 3), status, customer=who.customer, held_at=self.now - self.number(0, 5))
        changes = {"event": self.one(["gig", "gig", "gig", "fest", "zoo"]), "expires_at": self.now + self.number(0, 12)}
        return (msgspec.structs.replace(made, **changes),)

    def booking_moves(self, who: Address, version: int) -> tuple[BookingMove, ...]:
        if not self._bookings():
            return ()
        about = self.one(self._bookings())
        move = BookingMove(
            about.id,
            self._from(about.status, BookingStatus),
            about.status if self.blind() else self._next(about.status, BOOKING_MOVES),
            "customer",
            self.one(["", "", who.customer]),
            self.one([0, self.now + self.number(0, 12)]),
            self.one([True, False]),
            self.one([None, "Ann"]),
            self.one([None, *PaymentStatus]),
        )
        return (move,)

    def entries(self, who: Address, version: int) -> tuple[Entry, ...]:
        status = EntryStatus.LEFT if self.blind() else EntryStatus.WAITING
        name, event = f"{who.customer}-{self.number(1, 3)}", self.one(["gig", "gig", "fest"])
        waits = entry(name, self.number(1, 3), who.customer, event=event, status=status)
        return (msgspec.structs.replace(waits, joined_at=self.now - self.number(0, 9)),)

    def invoices(self, who: Address, version: int) -> tuple[IssueOf, ...]:
        numbers = list(self.store.orders_of(SHOP))
        return (IssueOf(self.known(numbers, NUMBERS), self.one([2025, 2025, 2026]), self.now),)

    def credits(self, who: Address, version: int) -> tuple[CreditOf, ...]:
        open_ones = [one for one in self.store.invoices_of(SHOP) if one.credited < one.total]
        if not open_ones:
            return ()
        invoice = self.one(open_ones)
        return (CreditOf(invoice.order, self.one([2025, 2026]), self.number(1, invoice.total - invoice.credited)),)

    def synced(self, who: Address, version: int) -> tuple[str, ...]:
        return (self.known(list(self.store.orders_of(SHOP)), NUMBERS),)

    def posted(self, who: Address, version: int) -> tuple[Any, ...]:
        return (own_letter(self.one(LETTERS), to=self.one(PEOPLE), due=self.number(0, 9)),)

    # -- what is there ---------------------------------------------------------------------------------------------
    def _order(self) -> Order | None:
        found = list(self.store.orders_of(SHOP).values())
        return self.one(found) if found and not self.blind() else None

    def _intents(self, *statuses: IntentStatus) -> list[Intent]:
        own = [one for who in PEOPLE for one in self.store.intents_of(who)]
        return [one for one in own if not statuses or one.status in statuses]

    def _bookings(self) -> list[Booking]:
        return self.store.bookings_of(SHOP)

    def _next(self, now: S, table: Mapping[S, frozenset[S]]) -> S:
        """Where it may go from here, as a rule."""
        allowed = sorted(table[now], key=lambda one: str(one.value))
        return (
            self.one(allowed)
            if allowed and not self.blind()
            else self.one(sorted(table, key=lambda one: str(one.value)))
        )

    def _from(self, now: S | None, kind: type[S]) -> tuple[S, ...]:
        """Where a move says that it begins: anywhere, here, or somewhere."""
        here = tuple(kind) if now is None else (now,)
        return (self.one(list(kind)),) if self.blind() else self.one([tuple(kind), here])
