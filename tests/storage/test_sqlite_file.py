"""What only a file can do: be closed and opened again, be somebody else's, be full, be damaged, be fought over."""

# ruff: noqa: ASYNC220, ASYNC240 - the files are tiny, and nothing else runs meanwhile

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import trio

from engine.address import Address
from engine.errors import ConfigError, StoreFailed, StoreLocked
from engine.orders import USUAL_MOVES
from storage import open_store, sqlite_path
from storage.file import MIGRATIONS
from storage.sqlite import open_sqlite
from tests.storage.test_sqlite import dump, sql
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    DUPLICATE,
    NOW,
    SHOP,
    FixedClock,
    Talk,
    hold,
    key,
    letter,
    line,
    order,
    out,
    together,
)

GIVE_UP = 20
"""Seconds after which a test that waits for another process or thread has failed."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


# -- closing and opening again ---------------------------------------------------------------------------------------


async def test_everything_is_there_after_closing_and_opening_again(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        talk = Talk(store)
        await talk.commit(orders=(order("WA1", line("cake", 2)),), holds=(hold("h1", 1),), outbox=(out("1:0"),))
        await store.park(letter("w1"), True, "crashed", NOW)
        before = dump(path)
    assert not path.with_name("shop.db-wal").exists(), "the writer moves the log into the file when it closes"
    async with open_sqlite(path, clock) as store:
        assert dump(path) == before
        assert await Talk(store, BEN).left() == {"cake": 3, "tea": 3}
        assert await Talk(store, ANN, 1).commit(inbound_id=f"{ANN}.1") == DUPLICATE


async def test_rows_found_in_sending_have_become_unknown(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await Talk(store).commit(outbox=(out("1:0"), out("1:1")))
        await store.claim([key("1:0")], NOW)
    clock.at = NOW + 60_000
    async with open_sqlite(path, clock) as store:
        ((unknown, since),) = await store.unknown(10)
        assert (unknown.key, unknown.attempts, since) == (key("1:0"), 1, NOW + 60_000)
        assert [one.key for one in (await store.waiting(0, 10))[1]] == [key("1:1")]


async def test_a_copy_taken_as_by_kill_9_has_every_acknowledged_turn(path: Path, clock: FixedClock) -> None:
    """What lies on disk while the store is open is what a killed process leaves."""
    async with open_sqlite(path, clock) as store:
        talk = Talk(store)
        for _ in range(20):
            await talk.commit(outbox=(out(f"{talk.version}:0"),))
        copy = path.with_name("copy.db")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    async with open_sqlite(copy, clock) as store:
        snapshot = await store.wake(ANN)
        assert snapshot is not None
        assert snapshot.version == 20
        assert len((await store.waiting(0, 100))[1]) == 20


async def test_no_thread_outlives_its_store(path: Path, clock: FixedClock) -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        async with open_sqlite(path, clock) as store:
            await Talk(store, Address(SHOP, os.urandom(4).hex())).commit()
    sql(path, "PRAGMA user_version = 999")
    with pytest.raises(ConfigError):
        await opens(path, clock)
    later = set(threading.enumerate()) - before
    for thread in later:
        thread.join(GIVE_UP)  # aiosqlite's answer to close() leaves a moment before its thread does
    assert not [thread for thread in later if thread.is_alive()]


async def test_a_store_closes_though_its_user_was_cancelled(path: Path, clock: FixedClock) -> None:
    with trio.CancelScope() as scope:
        async with open_sqlite(path, clock) as store:
            await Talk(store).commit()
            scope.cancel()
            await trio.lowlevel.checkpoint()
    async with open_sqlite(path, clock) as store:
        assert await store.wake(ANN) is not None


async def test_an_error_in_the_body_comes_out_as_it_was(path: Path, clock: FixedClock) -> None:
    with pytest.raises(KeyError):
        async with open_sqlite(path, clock):
            raise KeyError("mine")


async def test_closing_finishes_what_is_queued(path: Path, clock: FixedClock) -> None:
    ends: list[object] = []

    async def commit(talk: Talk) -> None:
        ends.append(await talk.commit())

    async with open_sqlite(path, clock) as store, trio.open_nursery() as nursery:
        for n in range(100):
            nursery.start_soon(commit, Talk(store, Address(SHOP, f"c{n}")))
        await trio.testing.wait_all_tasks_blocked()
        await store.aclose()
    assert ends == [None] * 100


# -- whose file ------------------------------------------------------------------------------------------------------


async def opens(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock):
        pass


async def test_a_second_instance_is_refused_by_name(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        with pytest.raises(StoreLocked, match=r"Another process has .*shop\.db open"):
            await opens(path, clock)
        assert await Talk(store).commit() is None
    await opens(path, clock)


async def test_the_lock_of_a_killed_process_is_gone_with_it(path: Path, clock: FixedClock) -> None:
    holds_it = "import sys,pathlib,storage.file as f; f.Lock(pathlib.Path(sys.argv[1])); print(1,flush=True); input()"
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", holds_it, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StoreLocked):
            await opens(path, clock)
        process.send_signal(signal.SIGKILL)
        process.wait(GIVE_UP)
    await opens(path, clock)


async def test_a_newer_file_is_refused(path: Path, clock: FixedClock) -> None:
    await opens(path, clock)
    sql(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="made by a newer Sokoni"):
        await opens(path, clock)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statements",
    [("CREATE TABLE mine (a)",), ("PRAGMA application_id = 77",), ("PRAGMA user_version = 1",)],
    ids=["tables", "mark", "version"],
)
async def test_another_programs_database_is_refused_untouched(
    path: Path, clock: FixedClock, statements: tuple[str, ...]
) -> None:
    sql(path, *statements)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="another program's database"):
        await opens(path, clock)
    assert path.read_bytes() == before


async def test_what_is_no_database_is_refused_untouched(path: Path, clock: FixedClock) -> None:
    path.write_text("my notes, which nobody should overwrite\n" * 100)
    with pytest.raises(ConfigError, match="is not a database"):
        await opens(path, clock)
    assert path.read_text().startswith("my notes")


async def test_a_folder_that_is_not_there_is_named(path: Path, clock: FixedClock) -> None:
    with pytest.raises(ConfigError, match=r"missing/shop\.db can't be opened"):
        await opens(path.parent / "missing" / "shop.db", clock)


async def test_an_empty_file_becomes_a_store(path: Path, clock: FixedClock) -> None:
    path.touch()
    await opens(path, clock)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert set(db.execute("SELECT frm, dest FROM allowed_moves WHERE what = 'order' AND flow = ''")) == {
            (frm.value, to.value) for frm, all_to in USUAL_MOVES.items() for to in all_to
        }


async def test_a_damaged_file_is_found_out_beside_the_work(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await together(*(partial(Talk(store, Address(SHOP, f"c{n}")).commit, snapshot=b"x" * 900) for n in range(200)))
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'snapshots'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x99" * size)
    async with open_sqlite(path, clock) as store:
        await store.checked.wait()
        with pytest.raises(StoreFailed, match=r"[Rr]estore|restart"):
            await store.check()


async def test_a_sound_file_passes_the_check_that_runs_beside(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await store.checked.wait()
        await store.check()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/shop.db", Path("data/shop.db")),
        ("sqlite:////var/lib/sokoni/shop.db", Path("/var/lib/sokoni/shop.db")),
        ("memory://", None),
    ],
)
def test_a_url_names_a_store(url: str, expected: Path | None) -> None:
    assert sqlite_path(url) == expected


@pytest.mark.parametrize("url", ["", "shop.db", "sqlite://shop.db", "sqlite:///", "sqlite:///data/", "postgres://x/y"])
def test_a_url_that_names_no_store_is_refused_with_the_forms(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:////absolute"):
        sqlite_path(url)


async def test_open_store_makes_the_folder(tmp_path: Path, clock: FixedClock) -> None:
    for url in (f"sqlite:///{tmp_path}/a/b/shop.db", "memory://"):
        async with open_store(url, clock) as store:
            assert await Talk(store).commit() is None
    assert (tmp_path / "a/b/shop.db").exists()
