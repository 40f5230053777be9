"""Audiences of ``engine.ports.Store`` on SQLite: whom a campaign is for, and the owner's tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.address import Address
from engine.audience import Audience, AudiencePart, Cap
from storage import audience as rows
from storage.sqlite_desk import SqliteDesk


class SqliteAudience(SqliteDesk):
    """See engine.audience.Audiences."""

    async def people(self, shop: str, audience: Audience, cap: Cap, after: str, limit: int) -> AudiencePart:
        return await self._look(rows.people, shop, audience, cap, after, limit)

    async def tag(self, shop: str, customers: Sequence[str], add: Sequence[str], drop: Sequence[str]) -> None:
        await self._errand(rows.tag(shop, tuple(customers), tuple(add), tuple(drop)))

    async def tags_of(self, address: Address) -> tuple[str, ...]:
        return await self._look(rows.tags_of, *address)

    async def tags(self, shop: str) -> Mapping[str, int]:
        return await self._look(rows.tags, shop)
