"""A shop's process and a fake Daraja on a wire in memory and a virtual clock: what the tests of both together share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from adapters.app.process import Opened, Process, Settings
from adapters.kinds import Site
from adapters.payments.mpesa import Mpesa, build
from adapters.phones.daraja.book import DarajaAccount, Push
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.fake_daraja import FakeDaraja
from adapters.settings import Secret
from engine.address import MINUTE
from engine.payments import Intent, IntentStatus, Payment, Way
from engine.ports import Answer
from tests.adapters.edge import WireChannel
from tests.adapters.mpesa import KEY, PASSKEY, SECRET, settings
from tests.adapters.test_process import COOKIE, Disk
from tests.engine.cash import keep as wish
from tests.engine.scripted import BAKERY, SHOP, TrioClock, TroubledStore
from tests.simulation.wire import WireHttp, rewire

PORT = 45_000
URL = f"http://127.0.0.1:{PORT}"


class Street:
    """The shop ``bakery``, its M-Pesa, and its customers' phones."""

    def __init__(self, store: TroubledStore, fake: FakeDaraja, account: DarajaAccount, mpesa: Mpesa) -> None:
        self.store = store
        self.fake = fake
        self.account = account
        self.mpesa = mpesa
        self.process: Process | None = None
        self.http: Any = None

    async def wish(self, name: str, *, amount: int = 300_000, phone: str = "254700000001", reference: str = "") -> None:
        """A turn wished for money."""
        now = TrioClock().now()
        what = (f"{SHOP}/{name}", SHOP, "ann", f"ORD-{name}", Way.MPESA, amount, "KES", now, now + 30 * MINUTE, phone)
        commit = await wish(self.store, (Intent(*what, reference=reference or f"ORD-{name}"),))
        assert self.process is not None
        running = self.process.engine.running
        assert running is not None
        running.cashier.offer(commit)
        await wait_all_tasks_blocked()

    def push(self, name: str) -> Push:
        """The latest prompt for an intent."""
        return [one for one in self.fake.book.pushes.values() if one.reference == f"ORD-{name}"][-1]

    async def say(self, name: str, said: str) -> None:
        """The customer answers the prompt."""
        assert self.fake.answer(self.push(name).id, said)
        await wait_all_tasks_blocked()

    def stands(self, name: str) -> Intent:
        return self.store._till.intents[f"{SHOP}/{name}"]

    def status(self, name: str) -> IntentStatus:
        return self.stands(name).status

    async def payments(self) -> list[Payment]:
        return await self.store.payments(SHOP, [], 1_000)

    async def post(self, address: str, body: Any) -> Answer:
        """What anybody posts to the shop."""
        answer: Answer = await self.http.post(address, {"content-type": "application/json"}, msgspec.json.encode(body))
        await wait_all_tasks_blocked()
        return answer


@asynccontextmanager
async def street(
    store: TroubledStore,
    patch: pytest.MonkeyPatch,
    faults: DarajaFaults | None = None,
    *,
    seed: int = 0,
    by_hand: bool = False,
) -> AsyncIterator[Street]:
    """``by_hand``: its addresses for that are registered, so Daraja confirms the money of prompts there, too."""
    wire, clock = rewire(patch), TrioClock()
    account = DarajaAccount(SHOP, "Bakery", KEY, SECRET, PASSKEY)
    fake = FakeDaraja([account], clock=clock, seed=seed, faults=faults)
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.serve, "127.0.0.1", 0)
        given = settings(base_url=fake.url, callback_secret=Secret(f"own {seed}"), by_hand=by_hand)
        mpesa = build(Site(SHOP, URL, now=clock.now), given)
        made, http = Street(store, fake, account, mpesa), WireHttp(wire)
        opened = Opened(BAKERY, WireChannel(), 1_000_000.0, False, "digest", [COOKIE], (mpesa,))
        where = Settings("127.0.0.1", PORT, public_url=URL)
        made.process = Process(where, [opened], Disk(store).open, lambda: WireHttp(wire), clock)
        made.http = http
        await nursery.start(made.process.run)
        if by_hand:
            assert await mpesa.register_c2b(http) == ""
        yield made
        nursery.cancel_scope.cancel()
