"""How statements are put to SQLite here: each in one step.

While SQLite works on a step Python's global lock is free; between two steps it must be had again, which takes up to
``sys.getswitchinterval()`` (5 ms) when the trio thread is busy. ``executemany`` takes a step per row: beside a busy
thread it fell from 220,000 rows a second to 390, where one INSERT with many VALUES still did 13,000 (57,000 with a
switch interval of 0.5 ms), and it is the quicker one on an idle machine too. So whatever may have many rows is written
with VALUES, and read as one row that holds a JSON list.

A list of pairs is looked for as ``(a, b) IN (SELECT * FROM (VALUES …))``: without the SELECT, SQLite reads the whole
table instead of the index.

Functions that take a Connection run in storage's own thread (storage/bridge.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain
from typing import Any

import aiosqlite
import msgspec

PARAMETERS = 32_000
"""At most this many values in one statement; SQLite's own limit is 32,766 since 3.32."""

Row = tuple[Any, ...]
Db = aiosqlite.Connection


def values(rows: Sequence[Row]) -> str:
    """``VALUES (?,?),(?,?)`` for these rows, all of one width."""
    group = "(" + ",".join("?" * len(rows[0])) + ")"
    return "VALUES " + ",".join([group] * len(rows))


def flat(rows: Sequence[Row]) -> list[Any]:
    """The parameters of ``values(rows)``."""
    return list(chain.from_iterable(rows))


def blanks(named: Sequence[object]) -> str:
    """``?,?,?``, for a list of a handful."""
    return ",".join("?" * len(named))


def parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """``rows`` in pieces that one statement can take; none for no rows."""
    size = PARAMETERS // max(1, len(rows[0])) if rows else 1
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def rounds(rows: Iterable[tuple[Hashable, Row]]) -> list[list[Row]]:
    """Rows by what they change, in as many statements as the most frequent of these needs; one, as a rule.

    A statement that changes one thing twice would not see its own first change.
    """
    found: list[dict[Hashable, Row]] = []
    places: Counter[Hashable] = Counter()
    for key, row in rows:
        if places[key] == len(found):
            found.append({})
        found[places[key]][key] = row
        places[key] += 1
    return [list(one.values()) for one in found]


async def run(db: Db, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """One statement, one hop."""
    return [tuple(row) for row in await db.execute_fetchall(sql, parameters)]


async def write(db: Db, sql: str, rows: Sequence[Row]) -> None:
    """``sql`` with its ``{values}`` replaced; no statement at all for no rows."""
    for part in parts(rows):
        await db.execute_fetchall(sql.replace("{values}", values(part)), flat(part))


async def write_rounds(db: Db, sql: str, rows: Iterable[tuple[Hashable, Row]]) -> None:
    """``write``, a statement for each round (see ``rounds``)."""
    for one in rounds(rows):
        await write(db, sql, one)


async def read(db: Db, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """A query whose one row and column is a JSON list."""
    rows = await run(db, sql, parameters)
    found: list[Any] = msgspec.json.decode(rows[0][0])
    return found


async def read_all(db: Db, sql: str, rows: Sequence[Row]) -> list[Any]:
    """``read`` with ``{values}`` replaced, over as many pieces as it takes."""
    found: list[Any] = []
    for part in parts(rows):
        found += await read(db, sql.replace("{values}", values(part)), flat(part))
    return found
