"""One SQLite file: whose it is, how it is opened, and how it is brought to the present shape."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import aiosqlite

from engine.address import Millis
from engine.errors import ConfigError, StoreFailed, StoreLocked
from engine.orders import ORDER_MOVES, PAYMENT_MOVES, USUAL_MOVES
from engine.payments import INTENT_MOVES, STATE_MOVES
from engine.tickets import BOOKING_MOVES
from storage.sql import Db, Row, run, write

APPLICATION_ID = 0x534F4B4F
"""SQLite's mark for whose file this is; "SOKO"."""

MIGRATIONS = sorted((Path(__file__).parent / "migrations").glob("*.sql"))
"""In the order of their numbers; ``user_version`` says how many a file has had."""

OLDEST_SQLITE = (3, 38, 0)
"""STRICT tables, UPDATE FROM, RETURNING, and JSON that is always built in."""

BUSY_TIMEOUT = 10_000
"""ms to wait for a backup tool that holds the file."""

CHECKPOINT_PAGES = 4_000
"""The writer moves the log into the file when it has grown by this many pages (16 MB)."""

PREPARED = 48
"""Statements kept prepared per connection; those with many VALUES can take half a megabyte each."""

Synchronous = Literal["FULL", "NORMAL"]


PRIVATE = 0o600
"""Names, phone numbers and addresses are for the shop's own user. SQLite gives its log the same permissions."""


class Lock:
    """A lock on ``<file>.lock``, which the kernel lets go of when the process ends, however it ends.

    Beside the file itself, whatever symbolic links led to it: one file must not have two locks.
    """

    def __init__(self, path: Path) -> None:
        """Raises StoreLocked when another process has it, ConfigError when the folder can't be written."""
        try:
            self._file = os.open(f"{os.path.realpath(path)}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise ConfigError(f"storage.url: {path} can't be opened ({error.strerror}).") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreLocked(
                f"Another process has {path} open. Only one may work on a store: stop it, or choose another file."
            ) from error

    def close(self) -> None:
        """Let another process have it. The lock file stays: deleting it would let two in."""
        os.close(self._file)


async def open_writer(path: Path, now: Millis, synchronous: Synchronous) -> Db:
    """The one connection that writes, on a file of the present shape, with no row left in ``sending``."""
    _make(path)
    db = await _connect(path)
    try:
        await _check_owner(db, path)
        await run(db, "PRAGMA journal_mode = WAL")
        await run(db, f"PRAGMA synchronous = {synchronous}")
        await run(db, f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        await migrate(db)
        await _begin(db, now)
    except BaseException as error:
        await db.close()
        if isinstance(error, sqlite3.Error):
            raise StoreFailed(f"{path} can't be used ({error}). Restore a backup, or see to the disk.") from error
        raise
    return db


def _make(path: Path) -> None:
    """An empty file where there is none: SQLite itself would make one that every user of the machine can read."""
    with suppress(OSError):  # SQLite will say what is wrong
        path.touch(PRIVATE, exist_ok=True)


async def open_reader(path: Path) -> Db:
    """A connection that can't write, nor move the log."""
    db = await _connect(path)
    await run(db, "PRAGMA query_only = ON")
    await run(db, "PRAGMA wal_autocheckpoint = 0")
    return db


async def _connect(path: Path) -> Db:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old; 3.38 or newer is needed.")
    try:
        db = await aiosqlite.connect(path, isolation_level=None, cached_statements=PREPARED)
    except sqlite3.Error as error:
        raise ConfigError(f"storage.url: {path} can't be opened ({error}).") from error
    await run(db, f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    await run(db, "PRAGMA foreign_keys = ON")
    return db


async def _check_owner(db: Db, path: Path) -> None:
    """Never touch somebody else's database, nor one from a newer Sokoni."""
    try:
        ((mark,),) = await run(db, "PRAGMA application_id")
        ((version,),) = await run(db, "PRAGMA user_version")
        ((tables,),) = await run(db, "SELECT count(*) FROM sqlite_schema")
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"storage.url: {path} is not a database ({error}). Choose another file.") from error
    if mark != APPLICATION_ID and (mark or version or tables):
        raise ConfigError(f"storage.url: {path} is another program's database. Choose another file.")
    if version > len(MIGRATIONS):
        raise ConfigError(
            f"storage.url: {path} is of version {version}, made by a newer Sokoni; this one knows {len(MIGRATIONS)}. "
            "Install the newer one again, or restore a backup."
        )


async def migrate(db: Db) -> None:
    """Apply the migrations that the file has not had, each in a transaction of its own."""
    ((version,),) = await run(db, "PRAGMA user_version")
    for number, migration in enumerate(MIGRATIONS, start=1):
        if number > version:
            stamp = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
            await db.executescript(f"BEGIN IMMEDIATE; {migration.read_text()}; {stamp} COMMIT;")


async def _begin(db: Db, now: Millis) -> None:
    """The code's tables of moves are the truth; and what was being sent or asked for when the process ended, nobody
    knows."""
    await run(db, "BEGIN IMMEDIATE")
    await run(db, "DELETE FROM allowed_moves")
    await write(db, "INSERT INTO allowed_moves (what, flow, frm, dest) {values}", allowed_moves())
    await run(db, "UPDATE outbox SET state = 'unknown', unknown_since = ? WHERE state = 'sending'", (now,))
    await run(db, ASKING_NO_MORE, (now,))
    await run(db, "COMMIT")


ASKING_NO_MORE = """UPDATE intents SET status = 'pending', touched_at = CASE told WHEN '' THEN ? ELSE 0 END
WHERE status = 'asking'"""
"""What was overheard meanwhile is asked about at once."""


def allowed_moves() -> list[Row]:
    """(What, flow, from, to) of every table of moves in the engine; flow '' is whoever has no table of their own."""
    tables: list[tuple[str, str, Mapping[Any, frozenset[Any]]]] = [
        ("order", "", USUAL_MOVES),
        *[("order", flow, moves) for flow, moves in ORDER_MOVES.items()],
        ("payment", "", PAYMENT_MOVES),
        ("intent", "", INTENT_MOVES),
        ("money", "", STATE_MOVES),
        ("booking", "", BOOKING_MOVES),
    ]
    return [(what, flow, frm.value, to.value) for what, flow, table in tables for frm in table for to in table[frm]]


async def quick_check(db: Db) -> str:
    """The word "ok", or what is wrong. Reads every page: run it beside the work, on a connection of its own."""
    ((verdict,),) = await run(db, "PRAGMA quick_check(1)")
    return str(verdict)
