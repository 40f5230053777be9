"""The default store: one SQLite file, one process, group commit.

Everything that touches the file runs in storage's own thread (storage/bridge.py); everything here runs in trio's. The
pieces: ``Writer`` gathers writes into batches, ``Reader`` gathers reads, ``Stock`` and ``Seating`` are caches of what
is left, kept right by this store's own writes since no other process can be on the file (``Lock``). Money, seats and
what the owner looks up stand in parts of their own: sqlite_till, sqlite_office, sqlite_books, sqlite_invoices,
sqlite_backoffice, sqlite_notices, sqlite_people, sqlite_templates, sqlite_reminders, sqlite_crew,
sqlite_campaigns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Hashable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from engine.address import Address, Millis
from engine.catalogue import Product
from engine.commit import Commit, Parked, Snapshot, Timer
from engine.errors import StoreFailed
from engine.events import Letter
from engine.facts import AnyNeed, Availability, Conflict, Known, Seats
from engine.messages import Outcome, Outgoing, Refused, Reviewed, Status
from engine.ports import Clock, OutboxRow
from storage import errands, lookups, sends
from storage import held as waiting
from storage.answers import LOOKUPS, together
from storage.bridge import Bridge
from storage.connections import connect
from storage.file import Lock, Synchronous, quick_check
from storage.judge import billed
from storage.sqlite_audience import SqliteAudience
from storage.sqlite_backoffice import SqliteBackOffice
from storage.sqlite_books import SqliteBooks
from storage.sqlite_campaigns import SqliteCampaigns
from storage.sqlite_crew import SqliteCrew
from storage.sqlite_invoices import SqliteInvoices
from storage.sqlite_links import SqliteLinks
from storage.sqlite_notices import SqliteNotices
from storage.sqlite_office import SqliteOffice
from storage.sqlite_people import SqlitePeople
from storage.sqlite_processing import SqliteProcessing
from storage.sqlite_reminders import SqliteReminders
from storage.sqlite_results import SqliteResults
from storage.sqlite_templates import SqliteTemplates
from storage.sqlite_till import SqliteTill
from storage.stock import NOTHING, Held, demand
from storage.turns import Turn, Written, blame, write_turns
from storage.writer import BATCH, QUEUE, Unit, refused


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
            connections = await bridge.call(connect(path, clock.now(), synchronous))
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


class SqliteStore(
    SqliteResults,
    SqliteLinks,
    SqliteAudience,
    SqliteTill,
    SqliteOffice,
    SqliteBooks,
    SqliteInvoices,
    SqliteBackOffice,
    SqliteNotices,
    SqliteProcessing,
    SqlitePeople,
    SqliteTemplates,
    SqliteReminders,
    SqliteCrew,
    SqliteCampaigns,
):
    """``engine.ports.Store`` on SQLite; made by ``open_sqlite``."""

    async def start(self) -> None:
        """Fill the caches and begin the integrity check."""
        db = self._connections.asker
        for shop, sku, on_hand, tracked in await self._bridge.call(lookups.all_stock(db)):
            self._stock.set(shop, sku, on_hand, bool(tracked))
        for shop, hold, *held in await self._bridge.call(lookups.all_holds(db)):
            self._stock.hold(shop, hold, Held(*held))
        for shop, event, capacity, active, sold in await self._bridge.call(lookups.all_events(db)):
            self._seating.set(shop, event, capacity, bool(active))
            self._seating.count(shop, event, sold)
        for booking in await self._bridge.call(lookups.all_held_bookings(db)):
            self._seating.book(booking)
        self._bridge.submit(quick_check(self._connections.checker), self._has_checked)

    # -- turns -----------------------------------------------------------------------------------------------------
    async def wake(self, address: Address) -> Snapshot | None:
        self._alive()
        return await self._asker.put(lookups.snapshots, address).wait()

    async def know(self, address: Address, needs: Sequence[AnyNeed], now: Millis) -> Known:
        self._alive()
        left = seats = NOTHING
        asked = []
        for need in needs:
            if isinstance(need, Availability):
                left = self._stock.left(address.shop, address.customer, now)
            elif isinstance(need, Seats):
                seats = self._seating.free(address.shop, now)
            else:
                asked.append(self._asker.put(LOOKUPS[type(need)], (address, need)))
        return together([await one.wait() for one in asked], left, seats) if asked else Known(left=left, seats=seats)

    async def commit(self, commit: Commit) -> Conflict | None:
        self._alive()
        turn = Turn(commit)
        unit = Unit(write_turns, turn, marks=_marks(turn), blame=blame)
        if turn.rich:
            unit.then = partial(self._book, commit)
            if commit.orders or commit.holds or commit.bookings or commit.booking_moves:
                unit.wants = partial(self._suffices, turn)
        written: Written = await self._writer.put(unit)
        return written.conflict

    def _suffices(self, turn: Turn, besides: Counter[tuple[str, str]]) -> bool:
        """Whether the turn may travel in this batch: not when only what an earlier one takes would refuse it.

        What a cancellation in the same turn gives back, and what a held order that is taken asks for, is not known
        here; then the triggers alone decide.
        """
        commit = turn.commit
        if commit.moves or commit.takes or self._seating.frees(commit):
            return True
        turn.lacking = self._stock.lacking(commit) or self._seating.lacking(commit)
        if not turn.lacking:
            if self._stock.lacking(commit, besides) or self._seating.lacking(commit, besides):
                return False
            besides.update(demand(commit))
            besides.update(self._seating.demand(commit))
        return True

    def _book(self, commit: Commit, written: Written) -> None:
        if written.conflict is None:
            self._stock.book_holds(commit)
        moved = written.moved
        for shop, sku, on_hand in moved.on_hand:
            self._stock.count(shop, sku, on_hand)
        for shop, hold in moved.ended:
            self._stock.end(shop, hold)
        for booking in moved.booked:
            self._seating.book(booking)
        for shop, event, sold in moved.sold:
            self._seating.count(shop, event, sold)

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

    async def heard_at(self, address: Address) -> Millis:
        return await self._look(waiting.heard_at, address)

    async def refused(self, statuses: Sequence[Status], at: Millis) -> Refused:
        return await self._errand(waiting.refused(statuses, at))

    async def let_go(self, addresses: Sequence[Address], at: Millis) -> int:
        return await self._errand(waiting.let_go(addresses, at))

    async def review_held(self, now: Millis) -> Reviewed:
        return await self._errand(waiting.review_held(now))

    async def keys_of(self, shop: str, provider_ids: Sequence[str]) -> dict[str, str]:
        return await self._list(lookups.keys_of, shop, tuple(provider_ids))

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
    async def import_catalogue(self, shop: str, digest: str, products: Sequence[Product], always: bool = False) -> bool:
        def book(imported: bool) -> None:
            for product in products if imported else ():
                known = self._stock.knows(shop, product.sku)
                on_hand = self._stock.on_hand(shop, product.sku) if known else product.stock
                self._stock.set(shop, product.sku, on_hand, product.track_stock)

        return await self._errand(errands.import_catalogue(shop, digest, products, always), book)

    async def products(self, shop: str) -> list[Product]:
        return await self._list(lookups.products, shop)

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
        for reader in (self._asker, self._lister, self._owner):
            await reader.drain()
        if not self.checked.is_set():
            await self._bridge.call(self._connections.stop_checking())
            await self.checked.wait()
        await self._bridge.call(self._connections.close())

    def _has_checked(self, future: Future[str]) -> None:
        error = future.exception()
        if error is not None and not self._closed:
            self._writer.fail(refused(error))
        elif error is None and future.result() != "ok":
            self._writer.fail(StoreFailed(f"The database is damaged ({future.result()}). Restore a backup."))
        self.checked.set()


def _marks(turn: Turn) -> list[Hashable]:
    """What two commits can't both have."""
    commit = turn.commit
    shop = commit.address.shop
    marks: list[Hashable] = [commit.address]
    if commit.inbound_id:
        marks.append(("inbound", shop, commit.inbound_id))
    if commit.parked_id:
        marks.append(("parked", commit.parked_id))
    return marks + _rich_marks(commit) if turn.rich else marks


def _rich_marks(commit: Commit) -> list[Hashable]:
    shop = commit.address.shop
    marks: list[Hashable] = []
    for order in commit.orders:
        marks += [("number", order.shop, order.number), ("cart", order.shop, order.cart or order.number)]
    orders = [move.number for move in commit.moves] + [move.number for move in commit.payment_moves]
    orders += [*commit.takes, *billed(commit)]
    marks += [("number", shop, number) for number in orders]
    marks += [("payment", shop, one.id) for one in commit.settlements]
    marks += [("booking", shop, booking.id) for booking in commit.bookings]
    marks += [("booking", shop, change.id) for change in commit.booking_moves]
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
