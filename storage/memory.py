"""The readable model of the store: plain dicts, one call after the other, nothing outlives the process.

For simulations and tests (deterministic, no threads), and to read what SQLite's statements mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import trio

from engine.address import Address, Link, Millis
from engine.catalogue import Product
from engine.commit import Commit, Parked, Snapshot, Timer
from engine.errors import StoreFailed
from engine.events import Letter, TimerFired
from engine.facts import AnyNeed, Availability, Conflict, ConflictKind, Known, OwnCard, OwnOrders
from engine.messages import Outcome, OutcomeClass, Outgoing, SendState, Status, StatusRank
from engine.orders import Customer, Order, OrderMove, OrderStatus
from engine.ports import Clock, OutboxRow
from storage.errands import EARLY_KEPT, INBOUND_KEPT
from storage.judge import Standing, judge
from storage.sending import Sending
from storage.steps import UNSETTLED, Progress, progress
from storage.stock import Stock


class MemoryStore:
    """``engine.ports.Store`` in dicts. Every call takes one checkpoint, so callers interleave as with a disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed = False
        self._inbound: dict[tuple[str, str], Millis] = {}
        self._snapshots: dict[Address, Snapshot] = {}
        self._links: dict[tuple[str, Link], str] = {}
        self._customers: dict[Address, Customer] = {}
        self._orders: dict[tuple[str, str], Order] = {}
        self._carts: dict[tuple[str, str], str] = {}
        self._outbox: dict[str, Sending] = {}
        self._sequence: list[str] = []
        self._provided: dict[tuple[str, str], str] = {}
        self._early: dict[tuple[str, str], tuple[Progress, Millis]] = {}
        self._timers: dict[tuple[Address, str], Timer] = {}
        self._parked: dict[int, Parked] = {}
        self._last_parked = 0
        self._quarantined: dict[Address, str] = {}
        self._digests: dict[str, str] = {}
        self._products: dict[str, dict[str, Product]] = {}
        self._stock = Stock()

    # -- turns -----------------------------------------------------------------------------------------------------
    async def customer_for(self, shop: str, links: Sequence[Link]) -> str | None:
        await self._turn()
        return next((self._links[shop, link] for link in links if (shop, link) in self._links), None)

    async def wake(self, address: Address) -> Snapshot | None:
        await self._turn()
        return self._snapshots.get(address)

    async def know(self, address: Address, needs: Sequence[AnyNeed], now: Millis) -> Known:
        await self._turn()
        known = Known()
        for need in needs:
            if isinstance(need, Availability):
                left = self._stock.left(address.shop, address.customer, now)
                known = msgspec.structs.replace(known, left=left)
            elif isinstance(need, OwnCard):
                known = msgspec.structs.replace(known, customer=self._customers.get(address))
            else:
                own = [order for order in self._newest(address.shop) if order.customer == address.customer]
                if isinstance(need, OwnOrders):
                    own = own[: max(0, need.limit)]
                else:
                    own = [order for order in own if order.number == need.number]
                new = [order for order in own if order not in known.orders]
                known = msgspec.structs.replace(known, orders=(*known.orders, *new))
        return known

    async def commit(self, commit: Commit) -> Conflict | None:
        await self._turn()
        conflict = judge(commit, self._standing())
        if conflict is None and (sku := self._lacking(commit)):
            conflict = Conflict(ConflictKind.SOLD_OUT, sku)
        if conflict is None:
            self._write(commit)
        return conflict

    def _standing(self) -> Standing:
        return Standing(
            inbound=self._inbound,
            parked=self._parked,
            versions={address: snapshot.version for address, snapshot in self._snapshots.items()},
            numbers=self._orders,
            carts=self._carts,
            orders={key: (order.status, order.customer) for key, order in self._orders.items()},
        )

    def _write(self, commit: Commit) -> None:
        shop = commit.address.shop
        if commit.inbound_id:
            self._inbound[shop, commit.inbound_id] = commit.at
        self._parked.pop(commit.parked_id, None)
        self._snapshots[commit.address] = Snapshot(commit.version, commit.snapshot)
        for link in commit.links:
            self._links.setdefault((shop, link), commit.address.customer)
        if commit.customer is not None:
            self._customers[Address(commit.customer.shop, commit.customer.id)] = commit.customer
        for move in commit.moves:
            self._move(shop, move)
        for order in commit.orders:
            self._place(order)
        self._stock.book_holds(commit)
        for outgoing in commit.outbox:
            self._outbox[outgoing.key] = Sending(outgoing)
            self._sequence.append(outgoing.key)
        for kind in commit.timers_off:
            self._timers.pop((commit.address, kind), None)
        for timer in commit.timers:
            self._timers[timer.address, timer.kind] = timer

    def _place(self, order: Order) -> None:
        self._orders[order.shop, order.number] = order
        if order.cart:
            self._carts[order.shop, order.cart] = order.number
        for line in order.lines:
            if line.tracked:
                self._add(order.shop, line.sku, -line.quantity)

    def _move(self, shop: str, move: OrderMove) -> None:
        order = self._orders[shop, move.number]
        self._orders[shop, move.number] = msgspec.structs.replace(order, status=move.to)
        for sku, quantity in self._given_back(shop, move).items():
            self._add(shop, sku, quantity)

    def _given_back(self, shop: str, move: OrderMove) -> Counter[str]:
        back: Counter[str] = Counter()
        if move.to is OrderStatus.CANCELLED:
            for line in self._orders[shop, move.number].lines:
                if line.tracked and self._stock.knows(shop, line.sku):
                    back[line.sku] += line.quantity
        return back

    def _lacking(self, commit: Commit) -> str:
        """What the commit's own cancellations give back counts for its orders and holds."""
        shop, besides = commit.address.shop, Counter[tuple[str, str]]()
        for move in commit.moves:
            for sku, quantity in self._given_back(shop, move).items():
                besides[shop, sku] -= quantity
        return self._stock.lacking(commit, besides)

    def _add(self, shop: str, sku: str, quantity: int) -> None:
        self._stock.count(shop, sku, self._stock.on_hand(shop, sku) + quantity)

    # -- outbox ----------------------------------------------------------------------------------------------------
    async def waiting(self, after: int, limit: int) -> tuple[int, list[Outgoing]]:
        await self._turn()
        cursor = after
        found: list[Outgoing] = []
        for place in range(after, len(self._sequence)):
            if len(found) >= limit:
                break
            row = self._outbox[self._sequence[place]]
            if row.state is SendState.QUEUED:
                cursor = place + 1
                found.append(row.outgoing)
        return cursor, found

    async def claim(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._turn()
        moved = {key for key in keys if self._stands(key, SendState.QUEUED)}
        for key in moved:
            row = self._outbox[key]
            row.state = SendState.SENDING
            row.outgoing = msgspec.structs.replace(row.outgoing, attempts=row.outgoing.attempts + 1)
        return moved

    async def settle(self, results: Sequence[tuple[str, Outcome]], at: Millis) -> None:
        await self._turn()
        for key, outcome in results:
            row = self._outbox.get(key)
            if row is None or row.state is SendState.QUEUED:
                continue
            row.settle(outcome, at)
            self._name(key, row)
            if outcome.kind is OutcomeClass.SENT and outcome.provider_id:
                self._apply_early(row)

    async def requeue(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._turn()
        moved = {key for key in keys if self._stands(key, SendState.UNKNOWN)}
        for key in moved:
            self._outbox[key].state, self._outbox[key].doubled = SendState.QUEUED, True
        return moved

    async def unknown(self, limit: int) -> list[tuple[Outgoing, Millis]]:
        await self._turn()
        rows = [self._outbox[key] for key in self._sequence]
        found = [(row.outgoing, row.unknown_since) for row in rows if row.state is SendState.UNKNOWN]
        return sorted(found, key=lambda one: one[1])[:limit]

    async def statuses(self, statuses: Sequence[Status]) -> set[str]:
        await self._turn()
        before: dict[str, SendState] = {}
        for status in statuses:
            if status.rank is StatusRank.NONE:
                continue
            key = self._key_of(status)
            if key is not None:
                row = self._outbox[key]
                before.setdefault(key, row.state)
                named = row.progress.provider_id
                row.advance(progress(status))
                self._name(key, row)
                if not named and row.progress.provider_id:
                    self._apply_early(row)
            elif status.provider_id:
                self._keep_early(status)
        sent = {key for key in before if self._outbox[key].state is SendState.SENT}
        return {key for key in sent if before[key] in UNSETTLED}

    async def outbox_row(self, key: str) -> OutboxRow | None:
        await self._turn()
        return self._outbox[key].row() if key in self._outbox else None

    def _stands(self, key: str, state: SendState) -> bool:
        return key in self._outbox and self._outbox[key].state is state

    def _name(self, key: str, row: Sending) -> None:
        """Remember which row a provider id belongs to."""
        if row.progress.provider_id:
            self._provided[row.outgoing.address.shop, row.progress.provider_id] = key

    def _key_of(self, status: Status) -> str | None:
        row = self._outbox.get(status.key)
        if row is not None and row.outgoing.address.shop == status.shop:
            return status.key
        return self._provided.get((status.shop, status.provider_id))

    def _apply_early(self, row: Sending) -> None:
        """What waited for this row's provider id."""
        early = self._early.pop((row.outgoing.address.shop, row.progress.provider_id), None)
        if early is not None:
            row.advance(early[0])

    def _keep_early(self, status: Status) -> None:
        told, since = progress(status), self._clock.now()
        known = self._early.get((status.shop, status.provider_id))
        self._early[status.shop, status.provider_id] = (known[0].merge(told), known[1]) if known else (told, since)

    # -- timers ----------------------------------------------------------------------------------------------------
    async def due(self, now: Millis, limit: int) -> list[Timer]:
        await self._turn()
        due = [timer for timer in self._timers.values() if timer.due <= now]
        return sorted(due, key=lambda timer: (timer.due, timer.address, timer.kind))[:limit]

    async def next_due(self) -> Millis | None:
        await self._turn()
        return min((timer.due for timer in self._timers.values()), default=None)

    # -- letters that wait -----------------------------------------------------------------------------------------
    async def park(self, letter: Letter, dead: bool, why: str, at: Millis) -> bool:
        await self._turn()
        address, row = letter.address, letter.parked_id
        if row and row not in self._parked:
            return False
        if not row:
            if (address.shop, letter.inbound.id) in self._inbound:
                return False
            self._inbound[address.shop, letter.inbound.id] = at
            self._last_parked += 1
            row = self._last_parked
        self._parked[row] = Parked(row, address, dead, why, at, msgspec.json.encode(letter))
        event = letter.inbound.event
        if isinstance(event, TimerFired):
            timer = self._timers.get((address, event.kind))
            if timer is not None and timer.turn == event.turn:
                del self._timers[address, event.kind]
        return True

    async def parked(self, address: Address | None, dead: bool, limit: int) -> list[Parked]:
        await self._turn()
        rows = [row for row in self._parked.values() if row.dead is dead and address in (None, row.address)]
        return sorted(rows, key=lambda row: row.id)[:limit]

    async def quarantine(self, address: Address, why: str, at: Millis) -> None:
        await self._turn()
        self._quarantined[address] = why

    async def release(self, address: Address) -> None:
        await self._turn()
        self._quarantined.pop(address, None)

    async def quarantined(self) -> dict[Address, str]:
        await self._turn()
        return dict(self._quarantined)

    # -- catalogue and upkeep --------------------------------------------------------------------------------------
    async def import_catalogue(self, shop: str, digest: str, products: Sequence[Product]) -> bool:
        await self._turn()
        if self._digests.get(shop) == digest:
            return False
        self._digests[shop] = digest
        known = self._products.get(shop, {})
        new = {product.sku: product for product in products}
        vanished = {sku: msgspec.structs.replace(known[sku], active=False) for sku in known if sku not in new}
        for sku, product in new.items():
            on_hand = self._stock.on_hand(shop, sku) if sku in known else product.stock
            self._stock.set(shop, sku, on_hand, product.track_stock)
        self._products[shop] = new | vanished
        return True

    async def products(self, shop: str) -> list[Product]:
        await self._turn()
        products = self._products.get(shop, {}).values()
        return [msgspec.structs.replace(one, stock=self._stock.on_hand(shop, one.sku)) for one in products]

    async def orders(self, shop: str, limit: int) -> list[Order]:
        await self._turn()
        return self._newest(shop)[: max(0, limit)]

    async def sweep(self, now: Millis) -> int:
        await self._turn()
        inbound = [key for key, at in self._inbound.items() if at < now - INBOUND_KEPT]
        early = [key for key, (_, at) in self._early.items() if at < now - EARLY_KEPT]
        for name in inbound:
            del self._inbound[name]
        for message in early:
            del self._early[message]
        return len(inbound) + len(early) + self._stock.sweep(now)

    async def check(self) -> None:
        await self._turn()

    async def aclose(self) -> None:
        self._closed = True

    # -- shared ----------------------------------------------------------------------------------------------------
    async def _turn(self) -> None:
        """Others may run first; then the call is done without a pause."""
        if self._closed:
            raise StoreFailed("The store is closed.")
        await trio.lowlevel.checkpoint()

    def _newest(self, shop: str) -> list[Order]:
        """The shop's orders, newest first; of one moment, the one written last."""
        own = [order for order in self._orders.values() if order.shop == shop]
        own.reverse()
        own.sort(key=lambda order: order.placed_at, reverse=True)
        return own
