"""The memory store's other half: money, seats and what the owner looks up (engine.books), each call in one step.

What the words mean stands in storage/till.py, storage/seats.py and storage/ledger.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from engine.address import Address, Millis
from engine.books import Charged, Session, Stats
from engine.commit import Posted, Snapshot
from engine.errors import StoreFailed
from engine.events import Letter
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.payments import Intent, Payment, PaymentNews, PaymentState, RefundNews
from engine.ports import Clock
from engine.remembered import session_of
from engine.tickets import Booking, BookingStatus, DoorAnswer, TicketEvent
from storage.ledger import Ledger
from storage.seats import Seats
from storage.stock import Stock
from storage.till import Till, pays

T = TypeVar("T")
Pause = Callable[[], Awaitable[None]]


KEY_BYTES = 32


class MemoryDesk:
    """Till, Post, BoxOffice and Books of ``engine.ports.Store`` in dicts. ``pause`` is where others may run."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        self._clock = clock
        self._pause = pause
        self._closed = False
        self._inbound: dict[tuple[str, str], Millis] = {}
        self._posted: dict[tuple[str, str], Posted] = {}
        self._snapshots: dict[Address, Snapshot] = {}
        self._event_digests: dict[str, str] = {}
        self._stock = Stock()
        self._ledger = Ledger(self._stock)
        self._till = Till()
        self._seats = Seats()
        self._keys: dict[str, bytes] = {}
        self._fetched: dict[str, Millis] = {}

    async def _turn(self) -> None:
        """Others may run first; then the call is done without a pause."""
        if self._closed:
            raise StoreFailed("The store is closed.")
        await self._pause()

    # -- money -----------------------------------------------------------------------------------------------------
    async def record(self, shop: str, news: PaymentNews, at: Millis) -> bool:
        await self._turn()
        fresh, letters = self._till.record(shop, news, at)
        self._keep(letters)
        return fresh

    async def charges(self, limit: int) -> list[Intent]:
        await self._turn()
        return page(self._till.created(), limit)

    async def claim_charges(self, ids: Sequence[str], at: Millis) -> set[str]:
        await self._turn()
        return self._till.claim(ids, at)

    async def settle_charges(self, results: Sequence[Charged], at: Millis) -> None:
        await self._turn()
        self._keep(self._till.settle(results, at))

    async def silent_charges(self, before: Millis, limit: int) -> list[Intent]:
        await self._turn()
        return page(self._till.silent(before), limit)

    async def asked_about(self, ids: Sequence[str], at: Millis) -> None:
        await self._turn()
        self._till.asked_about(ids, at)

    async def asked_enough(self, ids: Sequence[str]) -> None:
        await self._turn()
        self._till.asked_enough(ids)

    async def overheard(self, shop: str, news: PaymentNews, at: Millis) -> bool | None:
        await self._turn()
        return self._till.overheard(shop, news, at)

    async def meant(self, shop: str, news: PaymentNews) -> Intent | None:
        await self._turn()
        return self._till.meant(shop, news)

    async def record_refund(self, shop: str, news: RefundNews, at: Millis) -> bool:
        await self._turn()
        fresh, letters = self._till.refunds.record(shop, news, at)
        self._keep(letters)
        return fresh

    async def refunds_due(self, now: Millis, limit: int) -> list[Payment]:
        await self._turn()
        return page(self._till.refunds.waiting(now), limit)

    async def claim_refunds(self, names: Sequence[tuple[str, str]], now: Millis, until: Millis) -> set[tuple[str, str]]:
        await self._turn()
        return self._till.refunds.claim(names, now, until)

    async def payment(self, shop: str, payment_id: str) -> Payment | None:
        await self._turn()
        return self._till.payments.get((shop, payment_id))

    async def payment_of(self, shop: str, order: str) -> Payment | None:
        await self._turn()
        return next((one for one in self._till.payments_in(shop, ()) if one.order == order and pays(one)), None)

    async def payments(self, shop: str, states: Sequence[PaymentState], limit: int, offset: int = 0) -> list[Payment]:
        await self._turn()
        return page(self._till.payments_in(shop, states), limit, offset)

    # -- letters of our own ----------------------------------------------------------------------------------------
    async def post(self, letters: Sequence[Posted]) -> None:
        await self._turn()
        self._keep(letters)

    async def posted(self, now: Millis, limit: int) -> list[Letter]:
        await self._turn()
        due = [one for one in self._posted.values() if one.due <= now]
        return [one.letter for one in page(sorted(due, key=lambda one: one.due), limit)]

    async def next_posted(self) -> Millis | None:
        await self._turn()
        return min((one.due for one in self._posted.values()), default=None)

    def _keep(self, letters: Sequence[Posted]) -> None:
        for one in letters:
            name = (one.letter.address.shop, one.letter.inbound.id)
            if name not in self._inbound:
                self._posted.setdefault(name, one)

    # -- seats -----------------------------------------------------------------------------------------------------
    async def import_events(self, shop: str, digest: str, events: Sequence[TicketEvent], always: bool = False) -> bool:
        await self._turn()
        if self._event_digests.get(shop) == digest and not always:
            return False
        self._event_digests[shop] = digest
        self._seats.import_events(shop, events, self._clock.now())
        return True

    async def events(self, shop: str) -> list[TicketEvent]:
        await self._turn()
        return self._seats.events(shop)

    async def save_event(self, shop: str, event: TicketEvent) -> bool:
        await self._turn()
        return self._seats.save_event(shop, event, self._clock.now())

    async def remove_event(self, shop: str, event_id: str) -> bool:
        await self._turn()
        return self._seats.remove_event(shop, event_id)

    async def booking(self, shop: str, booking_id: str) -> Booking | None:
        await self._turn()
        return self._seats.bookings.get((shop, booking_id))

    async def bookings(
        self, shop: str, statuses: Sequence[BookingStatus], limit: int, offset: int = 0, event: str = ""
    ) -> list[Booking]:
        await self._turn()
        return page(self._seats.like(shop, statuses, event), limit, offset)

    async def sweep_bookings(self, now: Millis) -> int:
        await self._turn()
        letters = self._seats.sweep(now)
        self._keep(letters)
        return len(letters)

    async def offer_seats(self, now: Millis) -> int:
        await self._turn()
        letters = self._seats.offer(now)
        self._keep(letters)
        return len(letters)

    async def check_in(self, shop: str, booking_id: str, scan: str, event: str, at: Millis) -> DoorAnswer:
        await self._turn()
        return self._seats.check_in(shop, booking_id, scan, event, at)

    async def metrics(self, shop: str) -> Mapping[str, int]:
        await self._turn()
        return self._seats.metrics(shop, self._clock.now())

    # -- what the owner looks up -----------------------------------------------------------------------------------
    async def orders(self, shop: str, limit: int) -> list[Order]:
        await self._turn()
        return page(self._ledger.newest(shop), limit)

    async def order(self, shop: str, number: str) -> Order | None:
        await self._turn()
        return self._ledger.orders.get((shop, number))

    async def order_of_cart(self, shop: str, cart: str) -> Order | None:
        await self._turn()
        return self._ledger.orders.get((shop, self._ledger.carts.get((shop, cart), "")))

    async def order_history(self, shop: str, number: str) -> list[tuple[str, str, str, Millis]]:
        await self._turn()
        return self._ledger.history(shop, number)

    async def orders_like(
        self,
        shop: str,
        limit: int,
        offset: int = 0,
        statuses: Sequence[OrderStatus] = (),
        payments: Sequence[PaymentStatus] = (),
    ) -> list[Order]:
        await self._turn()
        return page(self._ledger.like(shop, statuses, payments), limit, offset)

    async def customers(self, shop: str, limit: int, offset: int = 0) -> list[Customer]:
        await self._turn()
        return page(self._ledger.cards_of(shop), limit, offset)

    async def customer(self, address: Address) -> Customer | None:
        await self._turn()
        return self._ledger.cards.get(address)

    async def save_customers(self, shop: str, cards: Sequence[Customer]) -> None:
        await self._turn()
        for card in cards:
            self._ledger.save(card)

    async def stats(self, shop: str) -> Stats:
        await self._turn()
        return self._ledger.stats(shop)

    async def sessions(self, shop: str, limit: int) -> list[Session]:
        await self._turn()
        own = [session_of(*one, self._clock.now()) for one in self._snapshots.items() if one[0].shop == shop]
        stand = [session for session in own if session is not None]
        return page(sorted(stand, key=lambda session: (-session.since, session.customer)), limit)

    async def key(self, name: str) -> bytes:
        await self._turn()
        return self._keys.setdefault(name, secrets.token_bytes(KEY_BYTES))

    async def fetched(self, shop: str) -> Millis:
        await self._turn()
        return self._fetched.get(shop, 0)

    async def note_fetched(self, shop: str, until: Millis) -> None:
        await self._turn()
        self._fetched[shop] = until


def page(rows: list[T], limit: int, offset: int = 0) -> list[T]:
    """So many rows from behind the first ``offset``."""
    return rows[max(0, offset) :][: max(0, limit)]
