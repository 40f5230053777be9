"""BackOffice of ``engine.ports.Store`` on SQLite: what the CRM shall hear of, and stock taken over from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.address import Millis
from engine.backoffice import Counted, LastStocktake
from storage.errands import Errand, write_errands
from storage.sql import Db, read, run, write
from storage.sqlite_desk import SqliteDesk
from storage.stocktaking import counted
from storage.writer import Unit


class SqliteBackOffice(SqliteDesk):
    """See engine.backoffice.BackOffice."""

    async def unsynced(self, shop: str, limit: int) -> list[str]:
        return await self._look(_unsynced, shop, limit)

    async def begin_sync(self, shop: str, number: str) -> bool:
        return await self._errand(_begin(shop, number))

    async def note_synced(self, shop: str, numbers: Sequence[str], cancelled: bool = False) -> None:
        await self._errand(_note_synced(shop, numbers, cancelled))

    async def set_stock(self, shop: str, quantities: Mapping[str, int], at: Millis, mark: str = "") -> Counted:
        """First in its batch: turns that are written after it are also told after it to the cache of what is left."""

        def book(told: tuple[Counted, dict[str, int]]) -> None:
            for sku, on_hand in told[1].items():
                self._stock.count(shop, sku, on_hand)

        self._alive()
        stocktake = _stocktake(shop, dict(quantities), at, mark)
        told: Any = await self._writer.put(Unit(write_errands, stocktake, then=book, wants=lambda _: False))
        result: Counted = told[0]
        return result

    async def last_stocktake(self, shop: str) -> LastStocktake | None:
        return await self._look(_last, shop)


async def _unsynced(db: Db, shop: str, limit: int) -> list[str]:
    sql = """SELECT json_group_array(json_array(seq, number)) FROM (
        SELECT q.seq, q.number FROM crm_queue q JOIN orders o ON o.shop = q.shop AND o.number = q.number
        WHERE q.shop = ? AND q.heard = 0 AND CASE o.status WHEN 'cancelled' THEN q.tried ELSE NOT o.held END
        ORDER BY q.seq LIMIT ?)"""
    return [number for _, number in sorted(await read(db, sql, (shop, max(0, limit))))]


def _begin(shop: str, number: str) -> Errand:
    async def errand(db: Db) -> bool:
        found = await run(db, "SELECT tried FROM crm_queue WHERE shop = ? AND number = ?", (shop, number))
        await run(db, "UPDATE crm_queue SET tried = 1 WHERE shop = ? AND number = ?", (shop, number))
        return any(tried for (tried,) in found)

    return errand


def _note_synced(shop: str, numbers: Sequence[str], cancelled: bool) -> Errand:
    async def errand(db: Db) -> None:
        named = [(shop, number) for number in dict.fromkeys(numbers)]
        await write(db, HEARD_CANCELLED if cancelled else HEARD_PLACED, named)

    return errand


def _stocktake(shop: str, quantities: Mapping[str, int], at: Millis, mark: str) -> Errand:
    async def errand(db: Db) -> tuple[Counted, dict[str, int]]:
        promised = dict(await read(db, PROMISED, (shop,)))
        told, changes = counted(await read(db, STOCKED, (shop,)), quantities, promised)
        await write(db, COUNT, [(shop, sku, on_hand) for sku, on_hand in changes.items()])
        sql = """INSERT INTO stocktakes (shop, at, mark) VALUES (?, ?, ?)
            ON CONFLICT (shop) DO UPDATE SET at = excluded.at, mark = excluded.mark"""
        await run(db, sql, (shop, at, mark))
        return told, changes

    return errand


async def _last(db: Db, shop: str) -> LastStocktake | None:
    found = await run(db, "SELECT at, mark FROM stocktakes WHERE shop = ?", (shop,))
    return next((LastStocktake(at, mark) for at, mark in found), None)


_HEARD = """UPDATE crm_queue SET heard = 1 WHERE (shop, number) IN (SELECT * FROM ({values}))
    AND (SELECT status FROM orders o WHERE o.shop = crm_queue.shop AND o.number = crm_queue.number)"""
HEARD_PLACED = f"{_HEARD} <> 'cancelled'"
HEARD_CANCELLED = f"{_HEARD} = 'cancelled'"
STOCKED = """SELECT json_group_array(json_array(sku, on_hand, active, track_stock)) FROM (
    SELECT * FROM products WHERE shop = ? ORDER BY sku)"""
PROMISED = """SELECT json_group_array(json_array(sku, quantity)) FROM (
    SELECT l.sku, sum(l.quantity) AS quantity FROM crm_queue q
    JOIN orders o ON o.shop = q.shop AND o.number = q.number
    JOIN order_lines l ON l.shop = q.shop AND l.number = q.number
    WHERE q.shop = ? AND q.heard = 0 AND l.tracked AND NOT o.held AND o.status <> 'cancelled' GROUP BY l.sku)"""
"""What was taken here and the CRM does not know of."""
COUNT = """UPDATE products SET on_hand = v.column3 FROM ({values}) v
    WHERE products.shop = v.column1 AND products.sku = v.column2"""
