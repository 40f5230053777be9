"""Money from the wish to the customer's phone and back: the whole process over HTTP, with the fake provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
import trio.lowlevel

from adapters.app.process import Opened, Process, Settings
from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.payments.ghala import GhalaSettings, build
from adapters.phones.fake_pay import FakePay
from adapters.phones.meta.faults import Fault
from adapters.phones.pay.faults import PayFaults
from adapters.phones.pay.requests import PayAccount
from adapters.settings import Secret
from engine import cashier as cashier_module
from engine.address import MINUTE
from engine.payments import IntentStatus
from tests.adapters.edge import WireChannel
from tests.adapters.ghala import KEY, SECRET
from tests.adapters.test_http import TLS
from tests.adapters.test_process import COOKIE, Disk, until
from tests.engine.cash import intent
from tests.engine.cash import keep as wish
from tests.engine.scripted import BAKERY, SHOP, Core, TrioClock, TroubledStore, core, store

__all__ = ["core", "store"]

ONCE = Fault(next=1)


class Street:
    """A shop's process and a payment provider, each behind its own port."""

    def __init__(self, store: TroubledStore, fake: FakePay, channel: WireChannel, process: Process) -> None:
        self.store = store
        self.fake = fake
        self.channel = channel
        self.process = process

    async def wish(self, name: str) -> None:
        """A turn wished for money."""
        now = TrioClock().now()
        made = msgspec.structs.replace(intent(name), created_at=now, expires_at=now + 30 * MINUTE)
        commit = await wish(self.store, (made,))
        running = self.process.engine.running
        assert running is not None
        running.cashier.offer(commit)

    async def until(self, name: str, status: IntentStatus) -> None:
        """Wait until the intent stands so."""
        await until(lambda: self.store._till.intents[name].status is status)

    async def told(self, count: int) -> list[str]:
        """The messages to the customer, once there are so many."""
        await until(lambda: len(self.channel.order) >= count)
        return self.channel.order


@asynccontextmanager
async def street(store: TroubledStore, faults: PayFaults | None = None) -> AsyncIterator[Street]:
    clock, channel = TrioClock(), WireChannel()
    account = PayAccount(SHOP, "Bakery", KEY, SECRET)
    fake = FakePay([account], clock=clock, faults=faults)
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.serve, "127.0.0.1", 0)
        settings = GhalaSettings(api_key=Secret(KEY), webhook_secret=Secret(SECRET), base_url=fake.url)
        opened = Opened(BAKERY, channel, 1_000_000.0, False, "digest", [COOKIE], (build(Site(SHOP), settings),))
        process = Process(Settings("127.0.0.1", 0), [opened], Disk(store).open, lambda: LaneHttp(TLS), clock)
        port = await nursery.start(process.run)
        fake.set_webhook(SHOP, f"http://127.0.0.1:{port}/s/{SHOP}/api/webhooks/ghala")
        yield Street(store, fake, channel, process)
        nursery.cancel_scope.cancel()


async def test_a_prompt_that_is_approved_is_money_and_its_customer_hears(core: Core, store: TroubledStore) -> None:
    async with street(store) as made:
        await made.wish("a")
        await made.until("a", IntentStatus.PENDING)
        (prompt,) = made.fake.prompts("254700000001")
        made.fake.approve(prompt.id)
        assert await made.told(2) == ["ann2", "ann3"], "that it was asked, and that it came"
        (payment,) = await store.payments(SHOP, [], 10)
        assert (payment.amount, payment.transaction) == (300_000, prompt.transaction)


async def test_a_callback_that_overtakes_the_answer_counts_once(core: Core, store: TroubledStore) -> None:
    async with street(store, PayFaults(call_back_first=ONCE, call_back_twice=ONCE)) as made:
        await made.wish("a")
        await made.until("a", IntentStatus.PAID)
        assert await made.told(1) == ["ann2"]
        assert len(await store.payments(SHOP, [], 10)) == 1


async def test_a_lost_answer_prompts_once(core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cashier_module, "RETRIES", (0.01, 0.01, 0.01, 0.01))
    async with street(store, PayFaults(lost_answer=Fault(next=2))) as made:
        await made.wish("a")
        await made.until("a", IntentStatus.PENDING)
        assert len(made.fake.requests()) == 1
        made.fake.approve(made.fake.prompts()[0].id)
        await made.until("a", IntentStatus.PAID)


async def test_a_lost_callback_is_found_out(core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cashier_module, "SILENT", 50)
    monkeypatch.setattr(cashier_module, "LOOK_SECONDS", 0.05)
    async with street(store, PayFaults(never_call_back=ONCE)) as made:
        await made.wish("a")
        await made.until("a", IntentStatus.PENDING)
        made.fake.approve(made.fake.prompts()[0].id)
        await made.until("a", IntentStatus.PAID)
        assert await made.told(2) == ["ann2", "ann3"]
