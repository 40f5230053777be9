"""The SQLite store keeps the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.ports import Store
from storage.sqlite import SqliteStore, open_sqlite
from tests.storage.contract import ShopContract
from tests.storage.values import Everything, FixedClock


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}


def sql(path: Path, *statements: str) -> None:
    """Change a closed store's file behind its back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


class TestSqlite(ShopContract):
    @pytest.fixture
    async def store(self, clock: FixedClock, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        async with open_sqlite(tmp_path / "shop.db", clock) as store:
            yield store

    @pytest.fixture
    def everything(self, store: Store, tmp_path: Path) -> Everything:
        async def everything() -> object:
            return dump(tmp_path / "shop.db")

        return everything
