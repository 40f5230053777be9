"""The default store: one SQLite file, one process, group commit.

Everything that touches the file runs in storage's own thread (storage/bridge.py); everything here runs in trio's. The
pieces: ``Writer`` gathers writes into batches, ``Reader`` gathers reads, ``Stock`` is the cache of what is on hand,
kept right by this store's own commits since no other process can be on the file (``Lock``).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import trio

from engine.address import Address, Link, Millis
from engine.catalogue import Product
from engine.commit import Commit, Parked, Snapshot, Timer
from engine.errors import StoreFailed
from engine.events import Letter
from engine.facts import AnyNeed, Availability, Conflict, Known, OwnCard, OwnOrders
from engine.messages import Outcome, Outgoing, Status
from engine.orders import Order
from engine.ports import Clock, OutboxRow
from storage import errands, lookups, sends
from storage.bridge import Bridge
from storage.file import Lock, Synchronous, open_reader, open_writer, quick_check
from storage.reader import Reader
from storage.sql import Db
from storage.stock import Held, Stock, demand
from storage.turns import Turn, Written, blame, write_turns
from storage.writer import BATCH, QUEUE, Unit, Writer, refused

T = TypeVar("T")


@asynccontextmanager
async def open_sqlite(
    path: Path, clock: Clock, *, synchronous: Synchronous = "FULL", batch: int = BATCH, queue: int = QUEUE
) -> AsyncIterator[SqliteStore]:
    """Open, or make, the store at ``path`` (its folder must exist).

    Raises StoreLocked, ConfigError (not our file, or a newer one) or StoreFailed (damaged). ``synchronous``, ``batch``
    and ``queue`` are for tests: NORMAL loses acknowledged turns in a power cut.
    """
    lock = Lock(path)
    try:
        bridge = Bridge()
        try:
            connections = await bridge.call(_connect(path, clock.now(), synchronous))
            store = SqliteStore(bridge, connections, clock, batch=batch, queue=queue)
            try:
                await store.start()
                yield store
            finally:
                with trio.CancelScope(shield=True):
                    await store.aclose()
        finally:
            bridge.close()
    finally:
        lock.close()


class _Connections:
    """The four of one store. Closed in order: those that read first, so that the writer moves the log at the end."""

    def __init__(self) -> None:
        self.opened: list[Db] = []

    @property
    def writer(self) -> Db:
        return self.opened[0]

    @property
    def asker(self) -> Db:
        """For what actors ask, gathered."""
        return self.opened[1]

    @property
    def lister(self) -> Db:
        """For lists, which may be long and must not keep actors waiting."""
        return self.opened[2]

    @property
    def checker(self) -> Db:
        """For the integrity check, which may read for minutes beside the work."""
        return self.opened[3]

    async def open(self, path: Path, now: Millis, synchronous: Synchronous) -> None:
        try:
            self.opened.append(await open_writer(path, now, synchronous))
            for _ in range(3):
                self.opened.append(await open_reader(path))
        except BaseException:
            await self.close()
            raise

    async def stop_checking(self) -> None:
        await self.checker.interrupt()

    async def close(self) -> None:
        while self.opened:
            with suppress(sqlite3.Error):
                await self.opened.pop().close()


class SqliteStore:
    """``engine.ports.Store`` on SQLite; made by ``open_sqlite``."""

    def __init__(self, bridge: Bridge, connections: _Connections, clock: Clock, *, batch: int, queue: int) -> None:
        self._bridge, self._connections, self._clock = bridge, connections, clock
        self._writer = Writer(bridge, connections.writer, batch=batch, queue=queue)
        self._asker = Reader(bridge, connections.asker, self._writer.fail)
        self._lister = Reader(bridge, connections.lister, self._writer.fail)
        self._stock = Stock()
        self._closed = False
        self.checked = trio.Event()
        """Set when the integrity check, which runs beside the work, has ended."""

    async def start(self) -> None:
        """Fill the stock cache and begin the integrity check."""
        db = self._connections.asker
        for shop, sku, on_hand, tracked in await self._bridge.call(lookups.all_stock(db)):
            self._stock.set(shop, sku, on_hand, bool(tracked))
        for shop, hold, *held in await self._bridge.call(lookups.all_holds(db)):
            self._stock.hold(shop, hold, Held(*held))
        self._bridge.submit(quick_check(self._connections.checker), self._has_checked)

    # -- turns -----------------------------------------------------------------------------------------------------
    async def customer_for(self, shop: str, links: Sequence[Link]) -> str | None:
        self._alive()
        asked = [self._asker.put(lookups.linked, (shop, *link)) for link in links]
        found = [await question.wait() for question in asked]
        return next((customer for customer in found if customer is not None), None)

    async def wake(self, address: Address) -> Snapshot | None:
        self._alive()
        return await self._asker.put(lookups.snapshots, address).wait()

    async def know(self, address: Address, needs: Sequence[AnyNeed], now: Millis) -> Known:
        self._alive()
        asker, card, own, left = self._asker, None, [], Known().left
        for need in needs:
            if isinstance(need, Availability):
                left = self._stock.left(address.shop, address.customer, now)
            elif isinstance(need, OwnCard):
                card = asker.put(lookups.cards, address)
            elif isinstance(need, OwnOrders):
                own.append(asker.put(lookups.own_orders, (address, need.limit)))
            else:
                own.append(asker.put(lookups.numbered, (address, need.number)))
        customer = await card.wait() if card is not None else None
        orders = {order.number: order for asked in own for order in await asked.wait() or ()}
        return Known(customer, tuple(orders.values()), left)

    async def commit(self, commit: Commit) -> Conflict | None:
        self._alive()
        turn = Turn(commit)
        wants = None
        if commit.orders or commit.holds:
            wants = partial(self._suffices, turn)
        unit = Unit(write_turns, turn, marks=_marks(commit), blame=blame, wants=wants, then=partial(self._book, commit))
        written: Written = await self._writer.put(unit)
        return written.conflict

    def _suffices(self, turn: Turn, besides: Counter[tuple[str, str]]) -> bool:
        """Whether the turn may travel in this batch: not when only what an earlier one takes would refuse it.

        What a cancellation in the same turn gives back is not known here; then the triggers alone decide.
        """
        if turn.commit.moves:
            return True
        turn.lacking = self._stock.lacking(turn.commit)
        if not turn.lacking:
            if self._stock.lacking(turn.commit, besides):
                return False
            besides.update(demand(turn.commit))
        return True

    def _book(self, commit: Commit, written: Written) -> None:
        if written.conflict is None:
            self._stock.book_holds(commit)
        for shop, sku, on_hand in written.on_hand:
            self._stock.count(shop, sku, on_hand)

    # -- outbox ----------------------------------------------------------------------------------------------------
    async def waiting(self, after: int, limit: int) -> tuple[int, list[Outgoing]]:
        return await self._list(lookups.waiting, after, limit)

    async def claim(self, keys: Sequence[str], at: Millis) -> set[str]:
        self._alive()
        return await self._writer.put(Unit(sends.write_claims, (keys, at)))

    async def settle(self, results: Sequence[tuple[str, Outcome]], at: Millis) -> None:
        self._alive()
        for distinct in _distinct(results):
            await self._writer.put(
                Unit(sends.write_settled, (distinct, at), marks=[("send", key) for key, _ in distinct])
            )

    async def requeue(self, keys: Sequence[str], at: Millis) -> set[str]:
        self._alive()
        return await self._writer.put(Unit(sends.write_requeues, (keys, at)))

    async def unknown(self, limit: int) -> list[tuple[Outgoing, Millis]]:
        return await self._list(lookups.unknown, limit)

    async def statuses(self, statuses: Sequence[Status]) -> set[str]:
        self._alive()
        return await self._writer.put(Unit(sends.write_statuses, (statuses, self._clock.now())))

    async def outbox_row(self, key: str) -> OutboxRow | None:
        return await self._list(lookups.outbox_row, key)

    # -- timers ----------------------------------------------------------------------------------------------------
    async def due(self, now: Millis, limit: int) -> list[Timer]:
        return await self._list(lookups.due, now, limit)

    async def next_due(self) -> Millis | None:
        return await self._list(lookups.next_due)

    # -- letters that wait -----------------------------------------------------------------------------------------
    async def park(self, letter: Letter, dead: bool, why: str, at: Millis) -> bool:
        return await self._errand(errands.park(letter, dead, why, at))

    async def parked(self, address: Address | None, dead: bool, limit: int) -> list[Parked]:
        return await self._list(lookups.parked, address, dead, limit)

    async def quarantine(self, address: Address, why: str, at: Millis) -> None:
        await self._errand(errands.quarantine(address, why, at))

    async def release(self, address: Address) -> None:
        await self._errand(errands.release(address))

    async def quarantined(self) -> dict[Address, str]:
        return await self._list(lookups.quarantined)

    # -- catalogue and upkeep --------------------------------------------------------------------------------------
    async def import_catalogue(self, shop: str, digest: str, products: Sequence[Product]) -> bool:
        def book(imported: bool) -> None:
            for product in products if imported else ():
                known = self._stock.knows(shop, product.sku)
                on_hand = self._stock.on_hand(shop, product.sku) if known else product.stock
                self._stock.set(shop, product.sku, on_hand, product.track_stock)

        return await self._errand(errands.import_catalogue(shop, digest, products), book)

    async def products(self, shop: str) -> list[Product]:
        return await self._list(lookups.products, shop)

    async def orders(self, shop: str, limit: int) -> list[Order]:
        return await self._list(lookups.orders, shop, limit)

    async def sweep(self, now: Millis) -> int:
        swept = 0
        while gone := await self._errand(errands.sweep(now)):
            swept += gone
        self._stock.sweep(now)
        return swept

    async def check(self) -> None:
        await self._errand(errands.beat)
        await self._list(lookups.next_due)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.drain()
        await self._asker.drain()
        await self._lister.drain()
        if not self.checked.is_set():
            await self._bridge.call(self._connections.stop_checking())
            await self.checked.wait()
        await self._bridge.call(self._connections.close())

    # -- shared ----------------------------------------------------------------------------------------------------
    def _alive(self) -> None:
        if self._writer.failure is not None:
            raise self._writer.failure
        if self._closed:
            raise StoreFailed("The store is closed.")

    async def _list(self, query: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """A query that is not gathered with others of its kind."""
        self._alive()
        answer: Any = await self._lister.put(_apart, (query, arguments)).wait()
        return answer  # type: ignore[no-any-return]

    async def _errand(self, errand: Callable[[Db], Awaitable[T]], then: Callable[[T], None] | None = None) -> T:
        self._alive()
        answer: Any = await self._writer.put(Unit(errands.write_errands, errand, then=then))
        return answer  # type: ignore[no-any-return]

    def _has_checked(self, future: Future[str]) -> None:
        error = future.exception()
        if error is not None and not self._closed:
            self._writer.fail(refused(error))
        elif error is None and future.result() != "ok":
            self._writer.fail(StoreFailed(f"The database is damaged ({future.result()}). Restore a backup."))
        self.checked.set()


async def _connect(path: Path, now: Millis, synchronous: Synchronous) -> _Connections:
    connections = _Connections()
    await connections.open(path, now, synchronous)
    return connections


async def _apart(db: Db, asked: Sequence[Any]) -> dict[Any, Any]:
    return {(query, arguments): await query(db, *arguments) for query, arguments in asked}


def _marks(commit: Commit) -> list[Hashable]:
    """What two commits can't both have."""
    shop = commit.address.shop
    marks: list[Hashable] = [commit.address]
    if commit.inbound_id:
        marks.append(("inbound", shop, commit.inbound_id))
    if commit.parked_id:
        marks.append(("parked", commit.parked_id))
    for order in commit.orders:
        marks += [("number", order.shop, order.number), ("cart", order.shop, order.cart or order.number)]
    marks += [("number", shop, move.number) for move in commit.moves]
    return marks


def _distinct(results: Sequence[tuple[str, Outcome]]) -> list[list[tuple[str, Outcome]]]:
    """In as many rounds as the most frequent key needs; one, as a rule."""
    rounds: list[dict[str, Outcome]] = []
    for key, outcome in results:
        free = next((names for names in rounds if key not in names), None)
        if free is None:
            free = {}
            rounds.append(free)
        free[key] = outcome
    return [list(names.items()) for names in rounds]
