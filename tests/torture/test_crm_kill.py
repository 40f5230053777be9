"""kill -9 in the middle of dealing with a CRM, again and again: every order is told once, every cancellation too."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import trio

from adapters.app.compose import WallClock
from adapters.phones.fake_zoho import FakeZoho
from adapters.phones.meta.faults import Fault
from adapters.phones.zoho.books import ZohoAccount, ZohoItem
from adapters.phones.zoho.faults import ZohoFaults
from tests.torture.back_office import CLIENT, STOCK, is_cancelled

pytestmark = pytest.mark.torture

ROOT = Path(__file__).parents[2]
LIVES = 8
ORDERS = 24
PATIENCE = 240.0
"""Seconds for all of it: the pace of the calls is what takes them."""


async def life(arguments: list[str], seconds: float | None) -> str:
    """One life of the process, killed so many seconds after it began its work; what it said last."""
    command = [sys.executable, "-m", "tests.torture.back_office", *arguments]
    process = await trio.lowlevel.open_process(command, cwd=ROOT, stdout=subprocess.PIPE)
    said = b""
    assert process.stdout is not None
    try:
        while b"ready" not in said:
            said += await process.stdout.receive_some()
        with trio.move_on_after(float("inf") if seconds is None else seconds):
            while b"done" not in said:
                said += await process.stdout.receive_some()
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
    return said.decode().split("\n")[-2]


async def test_every_order_is_told_once_over_many_deaths(tmp_path: Path) -> None:
    draw = random.Random(4_711)
    books = ZohoAccount("bakery", *CLIENT, "10", [ZohoItem("cake", "Cake", 650.0, STOCK)])
    faults = ZohoFaults(lost_answer=Fault(rate=0.1))
    fake = FakeZoho([books], clock=WallClock(), faults=faults, per_minute=10_000)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            await nursery.start(fake.serve, "127.0.0.1", 0)
            arguments = [str(tmp_path / "shop.db"), fake.url, books.contacts[0].contact_id, str(ORDERS)]
            for _ in range(LIVES):
                await life(arguments, draw.uniform(0.02, 0.8))
            assert 0 < len(books.orders) < ORDERS, "the deaths struck in the middle of it"
            last = await life(arguments, None)
            nursery.cancel_scope.cancel()
    told = Counter(one.reference_number for one in books.orders)
    assert max(told.values()) == 1, "once"
    standing = {one.reference_number: one.status for one in books.orders}
    for n in range(ORDERS):
        if is_cancelled(n) and n < ORDERS - 1:
            assert standing.get(f"WA{n}", "void") == "void"
        else:
            assert standing[f"WA{n}"] == "confirmed"
    sold = sum(status == "confirmed" for status in standing.values())
    assert last == f"done {STOCK - sold}"
