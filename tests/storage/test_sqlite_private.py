"""The file is its shop's own: nobody else reads it, and no other name leads a second process to it."""

# ruff: noqa: ASYNC240 - nothing else runs meanwhile

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import StoreLocked
from storage.sqlite import open_sqlite
from tests.storage.values import FixedClock


async def test_no_other_user_of_the_machine_can_read_a_store(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_sqlite(tmp_path / "shop.db", FixedClock()) as store:
            await store.check()
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"shop.db", "shop.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


async def test_a_second_instance_is_refused_under_another_name_of_the_file_too(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "link.db").symlink_to(tmp_path / "shop.db")
    async with open_sqlite(tmp_path / "shop.db", FixedClock()):
        with pytest.raises(StoreLocked):
            async with open_sqlite(other / "link.db", FixedClock()):
                pass
