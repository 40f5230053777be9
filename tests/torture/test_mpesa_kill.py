"""kill -9 while M-Pesa is taken: between the callback and its question, and anywhere else, again and again."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import trio

from adapters.app.compose import WallClock
from adapters.app.laboratory import free_port
from adapters.phones.daraja.book import APPROVE, DarajaAccount, Push
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.fake_daraja import FakeDaraja
from adapters.phones.meta.faults import Fault
from tests.adapters.mpesa import KEY, PASSKEY, SECRET
from tests.adapters.test_process import until
from tests.engine.scripted import SHOP

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
LIVES = 12
PAYMENTS = 40


@asynccontextmanager
async def life(arguments: list[str]) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """One life of the process, from its start to kill -9: a way to wait until it has said a word."""
    command = [sys.executable, "-m", "tests.torture.cash_desk", *arguments]
    process = await trio.lowlevel.open_process(command, cwd=ROOT, stdout=subprocess.PIPE)
    said = b""

    async def heard(word: bytes) -> None:
        nonlocal said
        assert process.stdout is not None
        while word not in said:
            more = await process.stdout.receive_some()
            assert more, "it died by itself"
            said += more

    try:
        yield heard
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


def rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(sql).fetchall()


@asynccontextmanager
async def daraja(faults: DarajaFaults | None = None) -> AsyncIterator[FakeDaraja]:
    account = DarajaAccount(SHOP, "Bakery", KEY, SECRET, PASSKEY)
    fake = FakeDaraja([account], clock=WallClock(), faults=faults)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            await nursery.start(fake.serve, "127.0.0.1", 0)
            yield fake
            nursery.cancel_scope.cancel()


async def test_what_was_overheard_before_a_death_is_asked_about_after_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    async with daraja() as fake:
        arguments, prompted = [str(file), fake.url, str(free_port()), "1"], trio.Event()
        fake.on_prompt(lambda _: prompted.set())
        async with life(arguments):
            await prompted.wait()
            fake.faults = DarajaFaults(hang=Fault(rate=1.0))  # no question is answered any more
            (push,) = fake.book.pushes.values()
            assert fake.answer(push.id, APPROVE)
            await until(lambda: fake.counts["callbacks_ok"] > 0)
        assert rows(file, "SELECT status, told <> '' FROM intents") == [("pending", 1)]
        assert rows(file, "SELECT * FROM payments") == [], "hearsay is no money"
        fake.faults = DarajaFaults()
        async with life(arguments) as heard:
            await heard(b"done")
        assert rows(file, "SELECT transact, amount FROM payments") == [(push.receipt, 100)]
        assert rows(file, "SELECT status, told FROM intents") == [("paid", "")]


@pytest.mark.torture
async def test_over_many_deaths_nobody_is_asked_twice_and_what_can_be_known_is(tmp_path: Path) -> None:
    draw, file = random.Random(4_712), tmp_path / "shop.db"
    async with daraja(DarajaFaults(expired_token=Fault(rate=0.05))) as fake:

        def customer(push: Push) -> None:
            said = draw.choice([APPROVE, "cancelled"])
            fake._later.call(draw.uniform(0, 0.3), lambda: [fake.answer(push.id, said)].clear())

        fake.on_prompt(customer)
        arguments = [str(file), fake.url, str(free_port()), str(PAYMENTS)]
        for _ in range(LIVES):
            async with life(arguments) as heard:
                await heard(b"ready")
                await trio.sleep(draw.uniform(0.01, 0.4))
        assert 0 < len(fake.book.pushes) < PAYMENTS, "the deaths struck in the middle of it"
        async with life(arguments) as heard:
            with trio.move_on_after(30):  # one whose answer died with the process is waited for longer
                await heard(b"done")
        assert max(Counter(push.reference for push in fake.book.pushes.values()).values()) == 1
        bank = {one.number: (one.amount * 100, one.reference) for one in fake.book.receipts.values()}
        booked = rows(file, "SELECT transact, amount, pays FROM payments")
        numbered = {number: (amount, pays) for number, amount, pays in booked if number}
        assert numbered.items() <= bank.items()
        assert not Counter((amount, pays) for _, amount, pays in booked) - Counter(bank.values()), "made up"
        unknown = {pays for (pays,) in rows(file, "SELECT pays FROM intents WHERE provider_ref = ''")}
        lost = {pays for _, pays in bank.values()} - {pays for _, _, pays in booked}
        assert lost <= unknown, "only what both answer and callback of died with the process"
