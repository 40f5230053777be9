"""Books of ``engine.ports.Store`` on SQLite: what the owner looks up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from heapq import nsmallest
from operator import itemgetter
from typing import Any

from engine.address import Address, Millis
from engine.books import Session, Stats
from engine.commit import Snapshot
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.remembered import session_of
from storage.errands import Errand
from storage.order_rows import CARD, CARD_OF, ORDER_OF, card, card_row, order
from storage.sql import Db, blanks, read, run, write
from storage.sqlite_desk import SqliteDesk

KEY_BYTES = 32
SNAPSHOTS_AT_ONCE = 250
"""How many conversations are read at a time: reading them holds up the thread that commits."""

History = list[tuple[str, str, str, Millis]]


class SqliteBooks(SqliteDesk):
    """See engine.books.Books."""

    # -- orders ----------------------------------------------------------------------------------------------------
    async def orders(self, shop: str, limit: int) -> list[Order]:
        return await self._look(_orders, shop, limit, 0, (), ())

    async def orders_like(
        self,
        shop: str,
        limit: int,
        offset: int = 0,
        statuses: Sequence[OrderStatus] = (),
        payments: Sequence[PaymentStatus] = (),
    ) -> list[Order]:
        return await self._look(_orders, shop, limit, offset, tuple(statuses), tuple(payments))

    async def order(self, shop: str, number: str) -> Order | None:
        return await self._look(_order, "number", shop, number)

    async def order_of_cart(self, shop: str, cart: str) -> Order | None:
        return await self._look(_order, "cart", shop, cart) if cart else None

    async def order_history(self, shop: str, number: str) -> History:
        return await self._look(_history, shop, number)

    async def stats(self, shop: str) -> Stats:
        return await self._look(_stats, shop)

    # -- customers -------------------------------------------------------------------------------------------------
    async def customers(self, shop: str, limit: int, offset: int = 0) -> list[Customer]:
        return await self._look(_customers, shop, limit, offset)

    async def customer(self, address: Address) -> Customer | None:
        return await self._look(_customer, address)

    async def save_customers(self, shop: str, cards: Sequence[Customer]) -> None:
        await self._errand(_save_customers(cards))

    async def sessions(self, shop: str, limit: int) -> list[Session]:
        found: list[Session] = []
        after: str | None = ""
        while after is not None:
            some, after = await self._look(_sessions, shop, after, self._clock.now())
            found = nsmallest(max(0, limit), [*found, *some], key=lambda one: (-one.since, one.customer))
        return found

    # -- papers ----------------------------------------------------------------------------------------------------
    async def fetched(self, shop: str) -> Millis:
        return await self._look(_fetched, shop)

    async def note_fetched(self, shop: str, until: Millis) -> None:
        await self._errand(_note_fetched(shop, until))

    async def key(self, name: str) -> bytes:
        return await self._errand(_key(name, secrets.token_bytes(KEY_BYTES)))


# -- orders ----------------------------------------------------------------------------------------------------------


async def _orders(
    db: Db,
    shop: str,
    limit: int,
    offset: int,
    statuses: tuple[OrderStatus, ...],
    payments: tuple[PaymentStatus, ...],
) -> list[Order]:
    which = f"AND status IN ({blanks(statuses)})" if statuses else ""
    which += f" AND payment IN ({blanks(payments)})" if payments else ""
    sql = f"""SELECT json_group_array(json_array(o.placed_at, o.age, {ORDER_OF})) FROM (
        SELECT *, rowid AS age FROM orders WHERE shop = ? {which}
        ORDER BY placed_at DESC, rowid DESC LIMIT ? OFFSET ?) o"""  # noqa: S608
    named = [status.value for status in statuses] + [payment.value for payment in payments]
    found = await read(db, sql, (shop, *named, max(0, limit), max(0, offset)))
    return [order(row) for *_, row in sorted(found, key=itemgetter(0, 1), reverse=True)]


async def _order(db: Db, by: str, shop: str, value: str) -> Order | None:
    sql = f"SELECT json_group_array({ORDER_OF}) FROM orders o WHERE o.shop = ? AND o.{by} = ?"  # noqa: S608
    sql += " AND o.cart <> ''" if by == "cart" else ""
    return next((order(row) for row in await read(db, sql, (shop, value))), None)


async def _history(db: Db, shop: str, number: str) -> History:
    """How it was placed is where its first moves began, or where it stands when there were none."""
    moves = """SELECT json_group_array(json_array(id, what, frm, dest, who, at))
        FROM order_moves WHERE shop = ? AND number = ?"""
    moved = [row for _, *row in sorted(await read(db, moves, (shop, number)), key=itemgetter(0))]
    placed = """SELECT json_group_array(json_array(status, payment, source, placed_at))
        FROM orders WHERE shop = ? AND number = ?"""
    for status, payment, source, at in await read(db, placed, (shop, number)):
        began = {"payment": payment, "order": status} | {what: frm for what, frm, *_ in reversed(moved)}
        first = [("", began[what], source, at) for what in ("order", "payment")]
        return first + [(frm, dest, who, when) for _, frm, dest, who, when in moved]
    return []


async def _stats(db: Db, shop: str) -> Stats:
    sql = """SELECT json_group_array(json_array(status, payment, count, total)) FROM (
        SELECT status, payment, count(*) AS count, sum(total) AS total FROM orders WHERE shop = ?
        GROUP BY status, payment)"""
    groups = await read(db, sql, (shop,))
    (customers,) = await read(db, "SELECT json_array(count(*)) FROM customers WHERE shop = ?", (shop,))
    over = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
    return Stats(
        orders=sum(count for _, _, count, _ in groups),
        completed=sum(count for status, _, count, _ in groups if status == OrderStatus.COMPLETED),
        revenue=sum(total for _, payment, _, total in groups if payment == PaymentStatus.PAID),
        customers=customers,
        pending=sum(count for status, _, count, _ in groups if status not in over),
    )


# -- customers -------------------------------------------------------------------------------------------------------


async def _customers(db: Db, shop: str, limit: int, offset: int) -> list[Customer]:
    sql = f"""SELECT json_group_array(json_array(age, {CARD_OF})) FROM (
        SELECT *, rowid AS age FROM customers WHERE shop = ? ORDER BY rowid DESC LIMIT ? OFFSET ?)"""  # noqa: S608
    found = await read(db, sql, (shop, max(0, limit), max(0, offset)))
    return [card(row) for _, row in sorted(found, key=itemgetter(0), reverse=True)]


async def _customer(db: Db, address: Address) -> Customer | None:
    sql = f"SELECT json_group_array({CARD_OF}) FROM customers WHERE shop = ? AND id = ?"  # noqa: S608
    return next((card(row) for row in await read(db, sql, address)), None)


def _save_customers(cards: Sequence[Customer]) -> Errand:
    """Of two cards of one customer the later holds."""
    rows = list({(card.shop, card.id): card_row(card) for card in cards}.values())

    async def errand(db: Db) -> None:
        await write(db, CARD, rows)

    return errand


async def _sessions(db: Db, shop: str, after: str, now: Millis) -> tuple[list[Session], str | None]:
    """The sessions among so many conversations, and the customer behind whom to go on; None at the end."""
    sql = """SELECT json_group_array(json_array(customer, version, hex(data))) FROM (
        SELECT * FROM snapshots WHERE shop = ? AND customer > ? ORDER BY customer LIMIT ?)"""
    rows: list[Any] = await read(db, sql, (shop, after, SNAPSHOTS_AT_ONCE))
    read_ones = [
        session_of(Address(shop, customer), Snapshot(version, bytes.fromhex(data)), now)
        for customer, version, data in rows
    ]
    more = rows[-1][0] if len(rows) == SNAPSHOTS_AT_ONCE else None
    return [one for one in read_ones if one is not None], more


# -- papers ----------------------------------------------------------------------------------------------------------


async def _fetched(db: Db, shop: str) -> Millis:
    found = await run(db, "SELECT until FROM fetched WHERE shop = ?", (shop,))
    return int(found[0][0]) if found else 0


def _note_fetched(shop: str, until: Millis) -> Errand:
    async def errand(db: Db) -> None:
        sql = "INSERT INTO fetched (shop, until) VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until"
        await run(db, sql, (shop, until))

    return errand


def _key(name: str, fresh: bytes) -> Errand:
    """The key of this name; ``fresh`` becomes it where there is none."""

    async def errand(db: Db) -> bytes:
        await run(db, "INSERT INTO keys (name, key) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, fresh))
        ((key,),) = await run(db, "SELECT key FROM keys WHERE name = ?", (name,))
        return bytes(key)

    return errand
