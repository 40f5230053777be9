"""Noticeboard of ``engine.ports.Store`` on SQLite: notices for the owner."""

from __future__ import annotations

from operator import itemgetter

from engine.address import Millis
from engine.notices import ONCE_IN, OwnerNotice
from storage.errands import Errand
from storage.sql import Db, read, run
from storage.sqlite_desk import SqliteDesk


class SqliteNotices(SqliteDesk):
    """See engine.notices.Noticeboard."""

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        return await self._errand(_tell(shop, kind, detail, at))

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        return await self._look(_notices, shop, limit, offset)


def _tell(shop: str, kind: str, detail: str, at: Millis) -> Errand:
    async def errand(db: Db) -> bool:
        sql = """UPDATE owner_notices SET count = count + 1, last_at = max(last_at, ?)
            WHERE shop = ? AND kind = ? AND detail = ? AND at > ? RETURNING 1"""
        if await run(db, sql, (at, shop, kind, detail, at - ONCE_IN)):
            return False
        sql = "INSERT INTO owner_notices (shop, kind, detail, at, last_at) VALUES (?, ?, ?, ?, ?)"
        await run(db, sql, (shop, kind, detail, at, at))
        return True

    return errand


async def _notices(db: Db, shop: str, limit: int, offset: int) -> list[OwnerNotice]:
    sql = """SELECT json_group_array(json_array(seq, shop, kind, detail, at, last_at, count)) FROM (
        SELECT * FROM owner_notices WHERE shop = ? ORDER BY seq DESC LIMIT ? OFFSET ?)"""
    found = await read(db, sql, (shop, max(0, limit), max(0, offset)))
    return [OwnerNotice(*row) for _, *row in sorted(found, key=itemgetter(0), reverse=True)]
