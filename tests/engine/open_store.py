"""The memory store with its doors open: what a test sets in it, and looks at, without a turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Coroutine, Iterator, MutableMapping
from typing import Any, TypeVar

import msgspec

from engine.address import Address, Millis
from engine.commit import Commit, Snapshot, Timer
from engine.invoices import Invoice
from engine.orders import Customer, Order
from engine.payments import Intent, Payment
from engine.ports import Clock
from engine.tickets import Booking, BookingStatus, Entry, TicketEvent
from storage.judge import Booked, Standing
from storage.memory import MemoryStore

T = TypeVar("T")
FOR_EVER: Millis = 10**15
"""When every hold is over."""


async def no_pause() -> None:
    """Nobody else runs."""


def at_once(call: Coroutine[Any, Any, T]) -> T:
    """The answer of a call that never waits."""
    try:
        call.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    raise AssertionError("the store waited")


class OpenStore(MemoryStore):
    """A store that never pauses. ``taken_numbers``: numbers and ids that somebody else has already."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, no_pause)
        self.taken_numbers: set[str] = set()

    def _standing(self, commit: Commit) -> Standing:
        standing = super()._standing(commit)
        taken = [(commit.address.shop, name) for name in self.taken_numbers]
        if not taken:
            return standing
        return dataclasses.replace(
            standing,
            numbers={*self._ledger.orders, *taken},
            bookings={**standing.bookings, **dict.fromkeys(taken, Booked(BookingStatus.HELD, ""))},
        )

    # -- what a test sets ------------------------------------------------------------------------------------------
    def set_on_hand(self, shop: str, sku: str, count: int) -> None:
        self._stock.count(shop, sku, count)

    def set_card(self, address: Address, card: Customer | None) -> None:
        self._ledger.cards.pop(address, None)
        if card is not None:
            self._ledger.cards[address] = card

    def set_snapshot(self, address: Address, snapshot: Snapshot | None) -> None:
        self._snapshots.pop(address, None)
        if snapshot is not None:
            self._snapshots[address] = snapshot

    def set_order(self, shop: str, number: str, **fields: object) -> None:
        self._ledger.orders[shop, number] = msgspec.structs.replace(self._ledger.orders[shop, number], **fields)

    def set_ordered(self, shop: str, cart: str, number: str) -> None:
        """This cart became an order elsewhere."""
        self._ledger.carts[shop, cart] = number

    def set_event(self, shop: str, event: TicketEvent) -> None:
        assert at_once(self.save_event(shop, event)), "its seats are taken already"

    # -- what a test looks at --------------------------------------------------------------------------------------
    def on_hand(self, shop: str) -> dict[str, int]:
        """Of every tracked product, whoever holds it."""
        return dict(self._stock.left(shop, "", FOR_EVER))

    def held(self, shop: str, sku: str, now: Millis) -> int:
        """What all customers hold of a product."""
        return self._stock.on_hand(shop, sku) - self._stock.left(shop, "", now).get(sku, 0)

    def card(self, address: Address) -> Customer | None:
        return self._ledger.cards.get(address)

    def whose(self, address: Address) -> Address:
        """The address itself, or the one that it forwards to."""
        return self._forwards.get(address, address)

    def snapshots(self) -> dict[Address, Snapshot]:
        return dict(self._snapshots)

    def timers(self, address: Address) -> dict[str, Timer]:
        return {kind: timer for (of, kind), timer in self._timers.items() if of == address}

    def orders_of(self, shop: str) -> dict[str, Order]:
        """In the order in which they were placed."""
        return {number: order for (of, number), order in self._ledger.orders.items() if of == shop}

    def invoices_of(self, shop: str) -> list[Invoice]:
        """In the order in which they were issued."""
        return self._ledger.invoices(shop)[::-1]

    def unsynced_of(self, shop: str) -> list[str]:
        """What the CRM shall hear of and has not, also what is held yet."""
        return [number for (of, number), sync in self._ledger._synced.items() if of == shop and not sync.heard]

    def intents_of(self, address: Address) -> list[Intent]:
        """Newest first."""
        return self._till.own(*address)

    def payments_of(self, shop: str) -> list[Payment]:
        """Newest first."""
        return self._till.payments_in(shop, ())

    def bookings_of(self, shop: str) -> list[Booking]:
        """Newest first."""
        return self._seats.newest(shop)

    def entries_of(self, address: Address) -> list[Entry]:
        """Newest first, also those that are over."""
        own = [one for one in self._seats.entries.values() if (one.shop, one.customer) == address]
        return sorted(own, key=lambda entry: entry.joined_at, reverse=True)

    def seats_taken(self, shop: str, event: str, now: Millis) -> int:
        return self._seats.taken(shop, event, now)

    def seats_free(self, shop: str, event: str, now: Millis) -> int:
        return self._seats.free(shop, event, now)


class OnHand(MutableMapping[str, int]):
    """A shop's tracked products and what is on hand of each; writing it changes the store."""

    def __init__(self, store: OpenStore, shop: str) -> None:
        self._store = store
        self._shop = shop

    def __getitem__(self, sku: str) -> int:
        return self._store.on_hand(self._shop)[sku]

    def __setitem__(self, sku: str, count: int) -> None:
        assert sku in self, f"{sku} is not tracked"
        self._store.set_on_hand(self._shop, sku, count)

    def __delitem__(self, sku: str) -> None:
        raise AssertionError("a product stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._store.on_hand(self._shop))

    def __len__(self) -> int:
        return len(self._store.on_hand(self._shop))
