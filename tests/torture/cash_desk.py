"""A whole shop that takes M-Pesa, over one SQLite file and real HTTP: what test_mpesa_kill.py kills.

    python -m tests.torture.cash_desk FILE FAKE_URL PORT PAYMENTS

It wishes for the payments that it has not wished for yet, says "ready", and "done" when none of them is open any more.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import trio

from adapters.app.compose import WallClock, connections
from adapters.app.process import Opened, Process, Settings
from adapters.kinds import Site
from adapters.payments.mpesa import build
from adapters.settings import Secret
from engine import cashier
from engine.address import MINUTE, Address
from engine.commit import Commit
from engine.facts import IntentOf
from engine.payments import OPEN, Intent, Way
from engine.ports import Store
from engine.running import Running
from storage import open_store
from tests.adapters.edge import WireChannel
from tests.adapters.mpesa import settings
from tests.adapters.test_process import COOKIE
from tests.engine.scripted import BAKERY, SHOP


def name_of(n: int) -> str:
    return f"{SHOP}/c{n}:1:pay"


async def wish(running: Running, n: int) -> None:
    """One turn of a customer's; that was made before a death is refused as a duplicate."""
    now = WallClock().now()
    what = (name_of(n), SHOP, f"c{n}", f"ORD-{n}", Way.MPESA, 100 * (n + 1), "KES", now, now + 30 * MINUTE)
    asked = Intent(*what, f"2547000000{n:02}", f"ORD-{n}")
    commit = Commit(Address(SHOP, f"c{n}"), 1, b"{}", now, inbound_id=f"in{n}", intents=(asked,))
    if await running.store.commit(commit) is None:
        running.cashier.offer(commit)


async def is_open(store: Store, n: int) -> bool:
    known = await store.know(Address(SHOP, f"c{n}"), (IntentOf(name_of(n)),), 0)
    return known.intents[0].status in OPEN


async def main(file: str, url: str, port: int, payments: int) -> None:
    cashier.SILENT, cashier.LOOK_SECONDS = 200, 0.05
    clock, here = WallClock(), f"http://127.0.0.1:{port}"
    mpesa = build(Site(SHOP, here), settings(base_url=url, callback_secret=Secret("own")))
    opened = Opened(BAKERY, WireChannel(), 1_000_000.0, False, "digest", [COOKIE], (mpesa,))
    disk = partial(open_store, f"sqlite:///{Path(file)}", clock)
    process = Process(Settings("127.0.0.1", port, public_url=here), [opened], disk, connections(), clock)
    async with trio.open_nursery() as nursery:
        await nursery.start(process.run)
        running = process.engine.running
        assert running is not None
        print("ready", flush=True)
        for n in range(payments):
            await wish(running, n)
        while any([await is_open(running.store, n) for n in range(payments)]):
            await trio.lowlevel.checkpoint()
        print("done", flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
