"""Who is who in the memory store: outside names, and two customers made one (engine.identity).

What one customer has is found by looking through everything: this is the model to read, and no shop's database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from engine.address import Address, Link, Millis
from engine.commit import Parked, Snapshot, Timer
from engine.facts import Conflict, ConflictKind
from engine.identity import Identity, Merge, card_of_both, entries_left
from engine.ports import Clock
from engine.reminders import Reminder
from engine.tickets import EntryStatus
from storage.memory_desk import MemoryDesk, Pause
from storage.sending import Sending


class MemoryPeople(MemoryDesk):
    """See engine.identity.People."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._links: dict[tuple[str, Link], str] = {}
        self._forwards: dict[Address, Address] = {}
        self._heard: dict[Address, Millis] = {}
        self._outbox: dict[str, Sending] = {}
        self._timers: dict[tuple[Address, str], Timer] = {}
        self._parked: dict[int, Parked] = {}
        self._quarantined: dict[Address, str] = {}
        self._reminders: dict[tuple[str, str], Reminder] = {}

    async def customers_for(self, shop: str, links: Sequence[Link]) -> list[str]:
        await self._turn()
        return list(dict.fromkeys([self._links[shop, link] for link in links if (shop, link) in self._links]))

    async def identities(self, shop: str, customers: Sequence[str]) -> list[Identity]:
        await self._turn()
        came = {address: place for place, address in enumerate(self._snapshots)}
        found = [self._identity(Address(shop, name)) for name in dict.fromkeys(customers)]
        return sorted(found, key=lambda one: came.get(Address(shop, one.customer), len(came)))

    def _identity(self, address: Address) -> Identity:
        own = sorted(link for (shop, link), whose in self._links.items() if (shop, whose) == address)
        return Identity(address.customer, tuple(own), self._snapshots.get(address))

    async def forwards(self) -> Mapping[Address, Address]:
        await self._turn()
        return dict(self._forwards)

    async def merge(self, merge: Merge) -> Conflict | None:
        await self._turn()
        gone, survivor = Address(merge.shop, merge.gone), Address(merge.shop, merge.survivor)
        if self._forwards.get(gone) == survivor:
            return None
        stand = (self._version(survivor) + 1, self._version(gone))
        if stand != (merge.version, merge.gone_version) or gone == survivor or {gone, survivor} & {*self._forwards}:
            return Conflict(ConflictKind.STALE)
        self._make_one(merge, gone, survivor)
        return None

    def _version(self, address: Address) -> int:
        snapshot = self._snapshots.get(address)
        return snapshot.version if snapshot is not None else 0

    def _make_one(self, merge: Merge, gone: Address, survivor: Address) -> None:
        self._forwards = {one: survivor if whose == gone else whose for one, whose in self._forwards.items()}
        self._forwards[gone] = survivor
        self._snapshots.pop(gone, None)
        self._snapshots[survivor] = Snapshot(merge.version, merge.snapshot)
        self._heard.pop(gone, None)
        self._heard[survivor] = merge.heard
        for name, whose in self._links.items():
            if (name[0], whose) == gone:
                self._links[name] = survivor.customer
        self._move_card(gone, survivor)
        self._move_seats(gone, survivor)
        self._move_money(gone, survivor)
        self._move_letters(gone, survivor, merge.version)
        self._quarantined.pop(gone, None)
        self._make_tags_one(gone, survivor)

    def _make_tags_one(self, gone: Address, survivor: Address) -> None:
        """Tags are kept elsewhere (memory_audience)."""

    def _move_card(self, gone: Address, survivor: Address) -> None:
        cards = self._ledger.cards
        both = card_of_both(cards.get(survivor), cards.get(gone), survivor.customer)
        if both is None:
            return
        stays = survivor if survivor in cards else gone  # the place among the cards that it keeps
        moved = {survivor if at == stays else at: both if at == stays else one for at, one in cards.items()}
        moved.pop(gone, None)
        self._ledger.cards = moved

    def _move_seats(self, gone: Address, survivor: Address) -> None:
        seats, who = self._seats, survivor.customer
        for entry in entries_left([*seats.waiting(survivor), *seats.waiting(gone)]):
            seats.entries[entry.shop, entry.id] = replace(entry, status=EntryStatus.LEFT)
        for key, entry in seats.entries.items():
            if (entry.shop, entry.customer) == gone:
                seats.entries[key] = replace(entry, customer=who)
        for key, booking in seats.bookings.items():
            if (booking.shop, booking.customer) == gone:
                seats.bookings[key] = replace(booking, customer=who)

    def _move_money(self, gone: Address, survivor: Address) -> None:
        who = survivor.customer
        for key, order in self._ledger.orders.items():
            if (order.shop, order.customer) == gone:
                self._ledger.orders[key] = replace(order, customer=who)
        self._ledger.move_invoices(gone, who)
        for name, intent in self._till.intents.items():
            if (intent.shop, intent.customer) == gone:
                self._till.intents[name] = replace(intent, customer=who)
        for key, payment in self._till.payments.items():
            if (payment.shop, payment.customer) == gone:
                self._till.payments[key] = replace(payment, customer=who)
        self._stock.move_holds(gone.shop, gone.customer, who)

    def _move_letters(self, gone: Address, survivor: Address, version: int) -> None:
        for row in self._outbox.values():
            if row.outgoing.address == gone:
                row.outgoing = replace(row.outgoing, address=survivor)
        for number, parked in self._parked.items():
            if parked.address == gone:
                self._parked[number] = replace(parked, address=survivor)
        for key, one in self._reminders.items():
            if (key[0], one.customer) == gone:
                self._reminders[key] = replace(one, customer=survivor.customer)
        for address, kind in [name for name in self._timers if name[0] == gone]:
            timer = self._timers.pop((address, kind))
            moved = replace(timer, address=survivor, turn=version)
            self._timers.setdefault((survivor, kind), moved)
