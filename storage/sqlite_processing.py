"""An order's steps in the SQLite file: rows of four tables read together (engine.processing)."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from engine.address import Millis
from engine.invoice_book import PaperSent
from engine.messages import SendState
from engine.orders import OrderStatus
from engine.processing import Progress, Sync
from storage.errands import Errand
from storage.sql import Db, read, run
from storage.sqlite_desk import SqliteDesk
from storage.steps import SCALE


class SqliteProcessing(SqliteDesk):
    """See engine.processing.ProcessBook."""

    async def progress(self, shop: str, number: str) -> Progress | None:
        return await self._look(_progress, shop, number)

    async def progresses(
        self, shop: str, since: Millis, limit: int, offset: int = 0, unfinished: bool = False
    ) -> list[Progress]:
        return await self._look(_progresses, shop, since, limit, offset, unfinished)

    async def sync_again(self, shop: str, number: str) -> bool:
        return await self._errand(_sync_again(shop, number))


async def _progress(db: Db, shop: str, number: str) -> Progress | None:
    sql = f"SELECT json_group_array({PROGRESS_OF}) FROM orders o WHERE o.shop = ? AND o.number = ?"  # noqa: S608
    return next((_read(row) for row in await read(db, sql, (shop, number))), None)


async def _progresses(db: Db, shop: str, since: Millis, limit: int, offset: int, unfinished: bool) -> list[Progress]:
    which = UNFINISHED if unfinished else ""
    sql = f"""SELECT json_group_array(json_array(o.placed_at, o.age, {PROGRESS_OF})) FROM (
        SELECT *, rowid AS age FROM orders WHERE shop = ? AND placed_at >= ? {which}
        ORDER BY placed_at DESC, rowid DESC LIMIT ? OFFSET ?) o"""  # noqa: S608
    found = await read(db, sql, (shop, since, max(0, limit), max(0, offset)))
    return [_read(row) for *_, row in sorted(found, key=itemgetter(0, 1), reverse=True)]


def _read(row: list[Any]) -> Progress:
    number, placed_at, status, held, invoice, sent, sync, told = row
    return Progress(
        order=number,
        placed_at=placed_at,
        status=OrderStatus(status),
        held=bool(held),
        invoice=invoice,
        sent=_sent(*sent) if sent is not None else None,
        sync=Sync(bool(sync[0]), bool(sync[1])) if sync is not None else None,
        told=bool(told) if told is not None else None,
    )


def _sent(key: str, at: Millis, state: str, step: int, reason: str) -> PaperSent:
    return PaperSent(key, at, SendState(state), SCALE[step], reason)


def _sync_again(shop: str, number: str) -> Errand:
    async def errand(db: Db) -> bool:
        sql = "UPDATE crm_queue SET heard = 0 WHERE shop = ? AND number = ? RETURNING 1"
        return bool(await run(db, sql, (shop, number)))

    return errand


TOLD = """(SELECT max(n.told) FROM owner_notices n
        WHERE n.shop = o.shop AND n.about = o.number AND n.about <> '' AND n.kind = 'order_placed')"""
LAST_SENT = """FROM papers_sent s JOIN outbox x ON x.key = s.key
        WHERE s.shop = o.shop AND s.paper = 'invoice:' || o.number ORDER BY x.seq DESC LIMIT 1"""
PROGRESS_OF = f"""json_array(o.number, o.placed_at, o.status, o.held,
    coalesce((SELECT v.number FROM invoices v WHERE v.shop = o.shop AND v.invoiced = o.number), ''),
    json((SELECT json_array(x.key, x.created_at, x.state, x.step, x.reason) {LAST_SENT})),
    json((SELECT json_array(q.tried, q.heard) FROM crm_queue q WHERE q.shop = o.shop AND q.number = o.number)),
    {TOLD})"""  # noqa: S608 - of constants
"""The steps of order ``o``. What comes out of a subquery is text to SQLite until ``json`` says otherwise."""
_UNFINISHED = f"""AND (coalesce((SELECT x.state {LAST_SENT}), 'sent') <> 'sent'
    OR EXISTS (SELECT 1 FROM crm_queue q WHERE q.shop = o.shop AND q.number = o.number AND q.heard = 0)
    OR {TOLD} = 0)"""  # noqa: S608 - of constants
UNFINISHED = _UNFINISHED.replace(" o.", " orders.")
"""See ProcessBook.progresses."""
