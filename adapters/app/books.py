"""The shops' books for the phones' side: what the store of a running process holds, in the words of meta/books.py.

Read only, through the store's own port, and only for a laboratory: nobody asks for a password.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from adapters.phones.meta.books import Account, Received, Shelf
from adapters.web.webhooks import Engine
from engine.address import Address, Millis
from engine.facts import Availability
from engine.orders import Order, OrderStatus
from engine.payments import ASK_NOBODY, PaymentState
from engine.ports import Clock, Store
from engine.tickets import TAKING

PAGE = 500
NOBODY = "nobody"
"""A customer who holds nothing."""

T = TypeVar("T")


class ShopBooks:
    """``adapters.phones.meta.books.Books`` of a running process. ``banks``: shop → the addresses of its payment
    providers."""

    def __init__(self, engine: Engine, clock: Clock, banks: Mapping[str, tuple[str, ...]]) -> None:
        self._engine = engine
        self._clock = clock
        self._banks = banks

    async def account(self, shop: str) -> Account | None:
        """See Books; None for no shop of this process, and while it has no store."""
        running = self._engine.running
        if running is None or shop not in running.around.shops:
            return None
        store, now = running.store, self._clock.now()
        known = await store.know(Address(shop, NOBODY), (Availability(),), now)
        shelves = [*await _stock(store, shop, known.left), *await _seats(store, shop, now)]
        return Account(tuple(shelves), tuple(await _received(store, shop)), self._banks.get(shop, ()))


async def _stock(store: Store, shop: str, left: Mapping[str, int]) -> list[Shelf]:
    sold, asked = Counter[str](), Counter[str]()
    async for order in _all(lambda at: store.orders_like(shop, PAGE, at)):
        for line in order.lines:
            if line.tracked:
                asked[line.sku] += line.quantity
                sold[line.sku] += line.quantity if _took(order) else 0
    return [
        Shelf(one.sku, min(left[one.sku], one.stock), one.stock, sold[one.sku], asked[one.sku])
        for one in await store.products(shop)
        if one.track_stock and one.sku in left
    ]


def _took(order: Order) -> bool:
    """Whether it took its stock for good: it holds none, and none went back."""
    return not order.held and order.status is not OrderStatus.CANCELLED


async def _seats(store: Store, shop: str, now: Millis) -> list[Shelf]:
    """What is left is summed up here from the bookings, and not asked of the store: it is the store that is checked."""
    taken, sold, asked = Counter[str](), Counter[str](), Counter[str]()
    async for booking in _all(lambda at: store.bookings(shop, (), PAGE, at)):
        asked[booking.event] += booking.seats
        taken[booking.event] += booking.takes(now)
        sold[booking.event] += booking.seats if booking.status in TAKING else 0
    return [
        Shelf(one.id, one.capacity - taken[one.id], one.capacity - sold[one.id], sold[one.id], asked[one.id])
        for one in await store.events(shop)
    ]


async def _received(store: Store, shop: str) -> list[Received]:
    by_hand = {way.value for way in ASK_NOBODY}
    return [
        Received(one.transaction, one.amount, one.currency, one.state is not PaymentState.RECORDED)
        async for one in _all(lambda at: store.payments(shop, (), PAGE, at))
        if one.provider not in by_hand
    ]


async def _all(page: Callable[[int], Awaitable[Sequence[T]]]) -> AsyncIterator[T]:
    """Everything, page by page."""
    at = 0
    while found := await page(at):
        for one in found:
            yield one
        at += len(found)
