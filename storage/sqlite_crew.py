"""DeedBook of ``engine.ports.Store`` on SQLite."""

from __future__ import annotations

from engine.deeds import Deed
from storage import crew_writes
from storage.sqlite_desk import SqliteDesk


class SqliteCrew(SqliteDesk):
    """See engine.deeds.DeedBook."""

    async def deeds(self, shop: str, limit: int, offset: int = 0) -> list[Deed]:
        return await self._look(crew_writes.deeds, shop, limit, offset)
