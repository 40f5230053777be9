"""People of ``engine.ports.Store`` on SQLite: who is found under which name, and two who are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.address import Address, Link
from engine.facts import Conflict
from engine.identity import Identity, Merge
from storage import errands, lookups, people
from storage.people import Merged
from storage.sqlite_desk import SqliteDesk
from storage.stock import Held


class SqlitePeople(SqliteDesk):
    """See engine.identity.People."""

    async def customers_for(self, shop: str, links: Sequence[Link]) -> list[str]:
        self._alive()
        asked = [self._asker.put(lookups.linked, (shop, *link)) for link in links]
        found = [await question.wait() for question in asked]
        return list(dict.fromkeys([customer for customer in found if customer is not None]))

    async def identities(self, shop: str, customers: Sequence[str]) -> list[Identity]:
        return await self._list(people.identities, shop, tuple(customers))

    async def merge(self, merge: Merge) -> Conflict | None:
        marks = [Address(merge.shop, merge.survivor), Address(merge.shop, merge.gone)]
        merged: Merged = await self._put(errands.write_errands, people.merge(merge), marks, self._note_merged)
        return merged.conflict

    async def forwards(self) -> Mapping[Address, Address]:
        found = await self._list(people.forwards)
        return {Address(shop, customer): Address(shop, whose) for shop, customer, whose in found}

    def _note_merged(self, merged: Merged) -> None:
        for shop, name, *held in merged.holds:
            self._stock.hold(shop, name, Held(*held))
        for booking in merged.bookings:
            self._seating.book(booking)
