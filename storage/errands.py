"""The rare writes, one at a time in the batch they travel in: parked letters, quarantine, catalogue, upkeep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from engine.address import DAY, Address, Millis
from engine.catalogue import Product
from engine.deeds import DEEDS_KEPT
from engine.events import Letter, TimerFired
from engine.notices import NOTICES_KEPT
from engine.reminders import REMINDERS_KEPT
from engine.repeats import ANSWERS_KEPT
from storage.sql import Db, Row, run, write

INBOUND_KEPT: Millis = 8 * DAY
"""Meta redelivers for up to 7 days (protocols.md 1.1); a day more for clocks and queues."""

EARLY_KEPT: Millis = DAY
SWEPT_AT_ONCE = 1_000
"""Rows that one step of a sweep deletes, so that turns are never held up for long."""

Errand = Callable[[Db], Awaitable[Any]]


async def write_errands(db: Db, errands: Sequence[Errand]) -> list[Any]:
    """Each in turn, within the transaction that is open."""
    return [await errand(db) for errand in errands]


# -- letters that wait -----------------------------------------------------------------------------------------------


def park(letter: Letter, dead: bool, why: str, at: Millis) -> Errand:
    """See Store.park."""
    address, inbound = letter.address, letter.inbound
    told: Row = (int(dead), why, at, msgspec.json.encode(letter), *address)

    async def again(db: Db) -> bool:
        sql = (
            "UPDATE parked SET dead = ?, why = ?, at = ?, letter = ?, shop = ?, customer = ? WHERE id = ? RETURNING id"
        )
        return bool(await run(db, sql, (*told, letter.parked_id)))

    async def first(db: Db) -> bool:
        sql = "INSERT INTO inbound (shop, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        if not await run(db, sql, (address.shop, inbound.id, at)):
            return False
        sql = "INSERT INTO parked (dead, why, at, letter, shop, customer) VALUES (?, ?, ?, ?, ?, ?)"
        await run(db, sql, told)
        if isinstance(inbound.event, TimerFired):
            sql = "DELETE FROM timers WHERE shop = ? AND customer = ? AND kind = ? AND turn = ?"
            await run(db, sql, (*address, inbound.event.kind, inbound.event.turn))
        return True

    return again if letter.parked_id else first


def quarantine(address: Address, why: str, at: Millis) -> Errand:
    """See Store.quarantine."""

    async def errand(db: Db) -> None:
        sql = "INSERT OR REPLACE INTO quarantined (shop, customer, why, at) VALUES (?, ?, ?, ?)"
        await run(db, sql, (*address, why, at))

    return errand


def release(address: Address) -> Errand:
    """See Store.release."""

    async def errand(db: Db) -> None:
        await run(db, "DELETE FROM quarantined WHERE shop = ? AND customer = ?", address)

    return errand


# -- catalogue -------------------------------------------------------------------------------------------------------


def import_catalogue(shop: str, digest: str, products: Sequence[Product], always: bool) -> Errand:
    """See Store.import_catalogue."""
    rows = [_product_row(shop, place, product) for place, product in enumerate(products)]

    async def errand(db: Db) -> bool:
        sql = """INSERT INTO catalogues (shop, digest) VALUES (?, ?)
            ON CONFLICT (shop) DO UPDATE SET digest = excluded.digest
            WHERE ? OR digest <> excluded.digest RETURNING 1"""
        if not await run(db, sql, (shop, digest, always)):
            return False
        vanish = "UPDATE products SET active = 0, position = position + ? WHERE shop = ?"
        await run(db, vanish, (len(rows), shop))
        await write(db, PRODUCT, rows)
        return True

    return errand


def _product_row(shop: str, place: int, product: Product) -> Row:
    p = product
    aliases = msgspec.json.encode(p.aliases).decode()
    told = (p.name, p.price, p.description, p.stock, p.category, aliases, p.unit, p.pack, p.min_quantity, p.tax_rate)
    return (shop, p.sku, place, *told, p.image, int(p.active), int(p.track_stock), p.variant_of, p.variant)


PRODUCT = """INSERT INTO products
    (shop, sku, position, name, price, description, on_hand, category, aliases, unit, pack,
    min_quantity, tax_rate, image, active, track_stock, variant_of, variant) {values}
    ON CONFLICT (shop, sku) DO UPDATE SET position = excluded.position, name = excluded.name, price = excluded.price,
    description = excluded.description, category = excluded.category, aliases = excluded.aliases, unit = excluded.unit,
    pack = excluded.pack, min_quantity = excluded.min_quantity, tax_rate = excluded.tax_rate, image = excluded.image,
    active = excluded.active, track_stock = excluded.track_stock, variant_of = excluded.variant_of,
    variant = excluded.variant"""
"""All but on_hand: the file's stock is an opening value."""


# -- upkeep ----------------------------------------------------------------------------------------------------------


def sweep(now: Millis) -> Errand:
    """One step of Store.sweep: how many rows went; 0 when all is swept."""

    async def errand(db: Db) -> int:
        gone = 0
        for table, column, until in (
            ("inbound", "at", now - INBOUND_KEPT),
            ("holds", "expires_at", now + 1),
            ("early_statuses", "parked_at", now - EARLY_KEPT),
            ("owner_notices", "last_at", now - NOTICES_KEPT),
            ("api_requests", "at", now - ANSWERS_KEPT),
            ("reminders", "ended_at", now - REMINDERS_KEPT),
            ("deeds", "at", now - DEEDS_KEPT),
        ):
            gone += await _delete(db, table, column, until)
        return gone

    return errand


async def _delete(db: Db, table: str, column: str, until: Millis) -> int:
    """The oldest rows before ``until``; a few more than asked for where several are of one moment."""
    oldest = f"SELECT {column} AS at FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT ?"  # noqa: S608
    ((last,),) = await run(db, f"SELECT max(at) FROM ({oldest})", (until, SWEPT_AT_ONCE))  # noqa: S608
    if last is None:
        return 0
    await run(db, f"DELETE FROM {table} WHERE {column} <= ?", (last,))  # noqa: S608
    ((gone,),) = await run(db, "SELECT changes()")
    return int(gone)


async def beat(db: Db) -> None:
    """A write that changes nothing else, to see that the disk takes one."""
    await run(db, "INSERT OR REPLACE INTO heartbeat (id, at) VALUES (1, coalesce((SELECT at FROM heartbeat), 0) + 1)")
