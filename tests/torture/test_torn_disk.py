"""synchronous=FULL, proved apart: the power goes at a random moment, the disk tears what it had not been told to keep.

A real writer runs under strace. Its log is cut at seeded places; tests/torture/disk.py says what a disk may hold then;
the real store opens that, and whatever was acknowledged before the cut must be in it. The same check finds loss with
synchronous=NORMAL, so it can tell.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage.sqlite import open_sqlite
from tests.torture.disk import Disk
from tests.torture.strace import OPTIONS, Call, parse
from tests.torture.writer import ORDER_EVERY, STOCK, Noon

ROOT = Path(__file__).parents[2]
SEED = 20_261_121
ROUNDS = 20
DATABASE = "shop.db"

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="strace is not installed: torn writes can't be shown (apt-get install strace)",
)


@dataclass
class Verdict:
    """What was found over all cuts: acknowledged messages that were missing, and damage, each with its cut."""

    cuts: int = 0
    acknowledged: int = 0
    missing: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def log_of(folder: Path, synchronous: str, turns: int) -> tuple[list[Call], Path]:
    """Run the writer under strace in ``folder``; its calls in order, and the folder of its database."""
    base = folder / "disk"
    base.mkdir()
    log, said = folder / "strace.log", folder / "said"
    writer = [sys.executable, "-m", "tests.torture.writer", str(base / DATABASE), str(said), synchronous, str(turns)]
    run = subprocess.run(["strace", *OPTIONS, "-o", str(log), *writer], cwd=ROOT, capture_output=True, text=True)
    if "PTRACE" in run.stderr or "ptrace" in run.stderr:
        pytest.skip("this machine lets nobody trace a process: torn writes can't be shown")
    assert run.returncode == 0, run.stderr
    return parse(log, base, said), base


async def judge(calls: list[Call], base: Path, cuts: int, work: Path, seed: int) -> Verdict:
    """Cut the log at ``cuts`` places and open what is left each time."""
    draw = random.Random(seed)
    places = sorted(draw.randrange(len(calls) + 1) for _ in range(cuts))
    disk, verdict = Disk(calls, str(base)), Verdict()
    for number, place in enumerate(places):
        disk.advance(place)
        found = work / f"cut-{number}"
        found.mkdir()
        disk.cut(found, draw)
        verdict.cuts += 1
        verdict.acknowledged += len(disk.said)
        await _judge_one(found / DATABASE, set(disk.said), f"cut {number} at {place} of {len(calls)}", verdict)
        shutil.rmtree(found)
    return verdict


async def _judge_one(path: Path, said: set[str], where: str, verdict: Verdict) -> None:
    try:
        async with open_sqlite(path, Noon()) as store:
            await store.checked.wait()
            await store.check()
    except Exception as error:
        verdict.damage.append(f"{where}: {error!r}")
        return
    with sqlite3.connect(path) as db:
        kept = {name for (name,) in db.execute("SELECT id FROM inbound")}
        verdict.damage += [f"{where}: {what}" for what in damage(db)]
    db.close()
    verdict.missing += [f"{where}: {name}" for name in sorted(said - kept)]


def damage(db: sqlite3.Connection) -> Iterator[str]:
    """Whatever may not be, whichever turns survived: broken pages, and turns of which only a part is there."""
    if (integrity := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
        yield f"integrity_check says {integrity}"
    yield from (f"a broken reference: {row}" for row in db.execute("PRAGMA foreign_key_check"))
    kept = {name for (name,) in db.execute("SELECT id FROM inbound")}
    versions = dict(db.execute("SELECT customer, version FROM snapshots").fetchall())
    whole = {f"{customer[1:]}.{number}" for customer, last in versions.items() for number in range(1, last + 1)}
    if kept != whole:
        yield f"snapshots and inbound ids differ by {sorted(kept ^ whole)}"
    replies = {f"bakery/c{name.replace('.', ':')}:0" for name in kept}
    if replies != {key for (key,) in db.execute("SELECT key FROM outbox")}:
        yield "a turn without its reply, or a reply without its turn"
    ordered = {name for name in kept if int(name.partition(".")[2]) % ORDER_EVERY == 0}
    if ordered != {cart for (cart,) in db.execute("SELECT cart FROM orders")}:
        yield "a turn without its order, or an order without its turn"
    stock = db.execute("SELECT on_hand FROM products").fetchall()
    if stock not in ([(STOCK - len(ordered),)], []):
        yield f"stock is {stock}, {len(ordered)} are sold"


async def _full(tmp_path: Path, turns: int, cuts: int) -> None:
    calls, base = log_of(tmp_path, "FULL", turns)
    verdict = await judge(calls, base, cuts, tmp_path, SEED)
    syncs = sum(call.kind == "synced" for call in calls)
    print(f"\n{verdict.cuts} cuts through {len(calls)} calls ({syncs} syncs), {verdict.acknowledged} acknowledgements")
    assert verdict.acknowledged > cuts, "the cuts saw hardly any acknowledgement; the log can't be right"
    assert verdict.damage == []
    assert verdict.missing == []


async def test_the_log_is_the_whole_truth(tmp_path: Path) -> None:
    """Carried out to its end, with everything synced, it is byte for byte the file that the writer left behind."""
    calls, base = log_of(tmp_path, "FULL", 60)
    disk, rebuilt = Disk(calls, str(base)), tmp_path / "rebuilt"
    disk.advance(len(calls))
    rebuilt.mkdir()
    disk.cut(rebuilt, random.Random(SEED))
    assert (rebuilt / DATABASE).read_bytes() == (base / DATABASE).read_bytes()
    assert disk.said == (tmp_path / "said").read_text().split()


async def test_a_power_cut_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    await _full(tmp_path, turns=90, cuts=40)


@pytest.mark.torture
async def test_five_hundred_power_cuts_take_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    await _full(tmp_path, turns=600, cuts=500)


async def _until(found: Callable[[Verdict], bool], calls: list[Call], base: Path, work: Path) -> Verdict:
    """Cut again and again until the check has found what it must be able to find; each log and each cut is another."""
    verdict = Verdict()
    for again in range(ROUNDS):
        folder = work / f"round {again}"
        folder.mkdir()
        verdict = await judge(calls, base, 15, folder, SEED + again)
        if found(verdict):
            break
    return verdict


async def test_the_same_check_finds_what_normal_loses(tmp_path: Path) -> None:
    calls, base = log_of(tmp_path, "NORMAL", 90)
    verdict = await _until(lambda verdict: bool(verdict.missing), calls, base, tmp_path)
    assert verdict.damage == [], "NORMAL loses turns, but whole ones"
    assert verdict.missing, "NORMAL lost nothing: the check can't tell"


async def test_the_same_check_finds_a_disk_that_lies_about_syncs(tmp_path: Path) -> None:
    """With every sync struck from the log the database is damaged and turns are missing: the model does tear."""
    calls, base = log_of(tmp_path, "FULL", 90)
    lying = [call for call in calls if call.kind != "synced"]
    verdict = await _until(lambda verdict: bool(verdict.damage and verdict.missing), lying, base, tmp_path)
    assert verdict.damage
    assert verdict.missing
