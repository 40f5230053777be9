"""No statement reads a whole table: what is quick with ten orders stays quick with a million.

``(a, b) IN (VALUES …)`` looked innocent and scanned the table for every batch, since SQLite only uses an index there
for a SELECT; commits were half as fast after seconds, and would have been a hundred times slower after a month.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.address import DAY, Link
from engine.commit import Timer
from engine.facts import Availability, OrderNumbered, OwnCard, OwnOrders
from engine.messages import Outcome, OutcomeClass, StatusRank
from engine.orders import Customer, OrderStatus
from storage.sqlite import SqliteStore, open_sqlite
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    NOW,
    SHOP,
    FixedClock,
    Talk,
    hold,
    key,
    letter,
    line,
    move,
    order,
    out,
    sent,
    status,
)

WHOLE = {"quarantined", "allowed_moves", "heartbeat"}
"""Tables that are asked for whole, or have a handful of rows."""


async def test_no_statement_reads_a_whole_table(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "shop.db"
    async with open_sqlite(path, FixedClock()) as store:
        for connection in store._connections.opened[:3]:
            await store._bridge.call(connection.set_trace_callback(said.append))
        await use_everything(store)
    statements = {one for one in said if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", one)}
    assert len(statements) > 50
    with closing(sqlite3.connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        scanned = {statement: found for statement in statements if (found := scans(db, statement, tables - WHOLE))}
    assert scanned == {}


def scans(db: sqlite3.Connection, statement: str, tables: set[str]) -> list[str]:
    """The steps of a plan that read a whole table, whatever alias it has there."""
    aliases = dict(re.findall(rf"\b({'|'.join(tables)})(?: AS)? ([a-z])\b", statement))
    names = tables | set(aliases.values())
    plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return [step for step in plan if (word := re.match(r"SCAN (\w+)", step)) and word[1] in names and not ordered(step)]


def ordered(step: str) -> bool:
    """An index walked in its order until a LIMIT (or min) is reached is no scan of the table."""
    return "USING" in step and any(name in step for name in ("outbox_queued", "outbox_unknown", "timers_by_due"))


async def use_everything(store: SqliteStore) -> None:
    """Every call of the port, with every part of a commit."""
    await store.import_catalogue(SHOP, "first", CATALOGUE)
    talk, name = Talk(store), key("1:0")
    timer, link = Timer(ANN, "session", NOW, 1), Link("phone", "2547")
    card = Customer("ann", SHOP, "Ann")
    await talk.commit(links=(link,), customer=card, holds=(hold("h1", 1),), outbox=(out("1:0"),), timers=(timer,))
    await talk.commit(orders=(order("WA1", line("cake"), line("tea")),), releases=("h1",), timers_off=("session",))
    await talk.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),))
    await store.park(letter("w1"), True, "", NOW)
    (row,) = await store.parked(ANN, True, 1)
    await store.parked(None, True, 1)
    await store.park(letter("w1", parked_id=row.id), True, "", NOW)
    await talk.commit(parked_id=row.id)
    await store.quarantine(BEN, "", NOW)
    await store.release(BEN)
    await store.quarantined()
    await store.customer_for(SHOP, [link])
    await store.wake(ANN)
    await store.know(ANN, (OwnCard(), OwnOrders(), OrderNumbered("WA1"), Availability()), NOW)
    await store.waiting(0, 10)
    await store.claim([name], NOW)
    await store.settle([(name, Outcome(OutcomeClass.UNKNOWN))], NOW)
    await store.unknown(10)
    await store.requeue([name], NOW)
    await store.claim([name], NOW)
    await store.statuses([status(StatusRank.READ, "w"), status(StatusRank.SENT, "v", key=name)])
    await store.settle([(name, sent("w"))], NOW)
    await store.outbox_row(name)
    await store.due(NOW, 1)
    await store.next_due()
    await store.products(SHOP)
    await store.orders(SHOP, 1)
    await store.sweep(NOW + 9 * DAY)
    await store.check()
