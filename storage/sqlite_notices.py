"""Noticeboard and Repeats of ``engine.ports.Store`` on SQLite: notices for the owner, and first answers of the API."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from engine.address import Millis
from engine.notices import ONCE_IN, OwnerNotice
from engine.repeats import ANSWERS_KEPT, IN_PROGRESS_MOST, FirstAnswer
from storage.errands import Errand
from storage.notice_rows import write_notices
from storage.sql import Db, read, run, write
from storage.sqlite_desk import SqliteDesk


class SqliteNotices(SqliteDesk):
    """See engine.notices.Noticeboard and engine.repeats.Repeats."""

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        return await self._errand(_tell(shop, kind, detail, at))

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        return await self._look(_notices, shop, limit, offset)

    async def untold_notices(self, limit: int) -> list[tuple[int, OwnerNotice]]:
        return await self._list(_untold, limit)

    async def note_told(self, seqs: Sequence[int]) -> None:
        await self._errand(_note_told(seqs))

    async def begin_request(self, shop: str, key: str, digest: str, at: Millis) -> FirstAnswer | None:
        return await self._errand(_begin(shop, key, digest, at))

    async def end_request(self, shop: str, key: str, answer: FirstAnswer) -> None:
        await self._errand(_end(shop, key, answer))

    async def forget_request(self, shop: str, key: str, digest: str) -> None:
        await self._errand(_forget(shop, key, digest))


def _tell(shop: str, kind: str, detail: str, at: Millis) -> Errand:
    async def errand(db: Db) -> bool:
        sql = """UPDATE owner_notices SET count = count + 1, last_at = max(last_at, ?)
            WHERE shop = ? AND kind = ? AND detail = ? AND at > ? RETURNING 1"""
        if await run(db, sql, (at, shop, kind, detail, at - ONCE_IN)):
            return False
        await write_notices(db, [OwnerNotice(shop, kind, detail, at, at)])
        return True

    return errand


async def _notices(db: Db, shop: str, limit: int, offset: int) -> list[OwnerNotice]:
    sql = """SELECT json_group_array(json_array(seq, shop, kind, detail, at, last_at, count, about)) FROM (
        SELECT * FROM owner_notices WHERE shop = ? ORDER BY seq DESC LIMIT ? OFFSET ?)"""
    found = await read(db, sql, (shop, max(0, limit), max(0, offset)))
    return [OwnerNotice(*row) for _, *row in sorted(found, key=itemgetter(0), reverse=True)]


async def _untold(db: Db, limit: int) -> list[tuple[int, OwnerNotice]]:
    sql = """SELECT json_group_array(json_array(seq, shop, kind, detail, at, last_at, count, about)) FROM (
        SELECT * FROM owner_notices WHERE told = 0 ORDER BY seq LIMIT ?)"""
    found = sorted(await read(db, sql, (max(0, limit),)), key=itemgetter(0))
    return [(seq, OwnerNotice(*row)) for seq, *row in found]


def _note_told(seqs: Sequence[int]) -> Errand:
    async def errand(db: Db) -> None:
        await write(db, TOLD, [(seq,) for seq in seqs])

    return errand


TOLD = "UPDATE owner_notices SET told = 1 WHERE seq IN ({values})"


def _begin(shop: str, key: str, digest: str, at: Millis) -> Errand:
    async def errand(db: Db) -> FirstAnswer | None:
        sql = """INSERT INTO api_requests (shop, key, digest, at, status, content_type, body)
            VALUES (?, ?, ?, ?, 0, '', x'')
            ON CONFLICT (shop, key) DO UPDATE SET digest = excluded.digest, at = excluded.at, status = 0,
            content_type = '', body = x'' WHERE at <= ? OR status = 0 AND at <= ? RETURNING 1"""
        if await run(db, sql, (shop, key, digest, at, at - ANSWERS_KEPT, at - IN_PROGRESS_MOST)):
            return None
        sql = "SELECT digest, status, content_type, body FROM api_requests WHERE shop = ? AND key = ?"
        ((known, status, content_type, body),) = await run(db, sql, (shop, key))
        return FirstAnswer(known, status, content_type, bytes(body))

    return errand


def _end(shop: str, key: str, answer: FirstAnswer) -> Errand:
    async def errand(db: Db) -> None:
        sql = """UPDATE api_requests SET status = ?, content_type = ?, body = ?
            WHERE shop = ? AND key = ? AND digest = ? AND status = 0"""
        await run(db, sql, (answer.status, answer.content_type, answer.body, shop, key, answer.digest))

    return errand


def _forget(shop: str, key: str, digest: str) -> Errand:
    async def errand(db: Db) -> None:
        sql = "DELETE FROM api_requests WHERE shop = ? AND key = ? AND digest = ? AND status = 0"
        await run(db, sql, (shop, key, digest))

    return errand
