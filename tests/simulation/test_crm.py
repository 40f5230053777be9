"""A dealer whose CRM has every trouble at once: each order is there once, and the stock is right in the end.

The real process, the fake Zoho and the load test's buyers, on a wire in memory and a virtual clock.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from adapters.app import compose as composing
from adapters.app.fake_crm import crm_config, zoho_accounts
from adapters.app.laboratory import Laboratory
from adapters.app.samples import DEALER
from adapters.crm.zoho import build
from adapters.kinds import Site
from adapters.phones.fake_zoho import FakeZoho
from adapters.phones.meta.faults import Fault, ServerError
from adapters.phones.zoho.books import ZohoAccount
from adapters.phones.zoho.faults import Refusal, ZohoFaults
from engine.address import MINUTE, Address
from engine.catalogue import Product
from engine.commit import Commit
from engine.crm import CrmSync
from engine.crm_desk import Served
from engine.orders import Order, OrderMove, OrderStatus
from engine.ports import Store
from storage.memory import MemoryStore
from tests.engine.scripted import TrioClock
from tests.simulation.wire import rewire
from tests.storage.values import line, order

EVERY = 0.08
TROUBLE = ZohoFaults(
    throttle=Fault(rate=EVERY),
    server_error=ServerError(rate=EVERY),
    hang=Fault(rate=EVERY / 2),
    reset=Fault(rate=EVERY),
    lost_answer=Fault(rate=3 * EVERY),
    expired_token=Fault(rate=EVERY / 4),
    refuse_token=Refusal(rate=EVERY),
    repeat=Fault(rate=0.5),
    odd_stock=Fault(rate=0.5),
    renamed=Fault(rate=0.5),
    no_filter=Fault(rate=0.2),
)
ORDERS = 60
SEEDS = [*range(5), *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(5, 60))]
"""A few always, the rest with --torture."""
GOODS = ("cement-opc-43", "tmt-8", "river-sand", "binding-wire")
A_DAY = 86_400.0


@asynccontextmanager
async def _same(store: MemoryStore) -> AsyncIterator[MemoryStore]:
    """A store that a test looks into when the shop is closed."""
    yield store


class Market:
    """Sells and cancels at random, over the running part itself: as turns do, only without a talk."""

    def __init__(self, store: Store, there: dict[str, int], seed: int) -> None:
        self.store = store
        self.crm: CrmSync | None = None
        self._there = there
        self._random = random.Random(seed)
        self.placed: dict[str, Order] = {}
        self.cancelled: set[str] = set()
        self._turns = 0

    async def day(self) -> None:
        for n in range(ORDERS):
            await trio.sleep(self._random.expovariate(1 / 30))
            await self.check()
            await self._sell(f"ORD{n}")
            if self._random.random() < 0.25:
                await self._cancel(self._random.choice(sorted(self.placed)))
            if self._random.random() < 0.1 and self.crm is not None:
                self.crm.ask(DEALER.name)

    def sold(self) -> Counter[str]:
        """By sku, without what was cancelled."""
        found: Counter[str] = Counter()
        for number in self.placed.keys() - self.cancelled:
            for one in self.placed[number].lines:
                found[one.sku] += one.quantity
        return found

    async def check(self) -> None:
        """At no moment is more offered than there is."""
        sold = self.sold()
        for one in await self.store.products(DEALER.name):
            assert one.stock <= self._there[one.sku] - sold[one.sku], one.sku

    async def _sell(self, number: str) -> None:
        lines = [line(self._random.choice(GOODS), self._random.randint(1, 3)) for _ in range(2)]
        sold = replace(order(number, *lines), shop=DEALER.name, phone="919800000001")
        if await self._commit(Commit(self._who(), 1, b"{}", sold.placed_at, orders=(sold,), synced=(number,))):
            self.placed[number] = sold

    async def _cancel(self, number: str) -> None:
        move = OrderMove(number, (OrderStatus.PENDING,), OrderStatus.CANCELLED, "owner")
        if await self._commit(Commit(self._who(), 1, b"{}", 1, moves=(move,))):
            self.cancelled.add(number)

    def _who(self) -> Address:
        self._turns += 1
        return Address(DEALER.name, f"buyer-{self._turns}")

    async def _commit(self, commit: Commit) -> bool:
        commit = replace(commit, inbound_id=commit.address.customer)
        written = await self.store.commit(commit) is None
        if self.crm is not None:
            self.crm.offer(commit)
        return written

    async def lives(self, dealing: Callable[[], CrmSync]) -> None:
        """Deal with the CRM, and die in the middle of it, again and again."""
        while True:
            with trio.move_on_after(self._random.expovariate(1 / 20)):
                async with trio.open_nursery() as nursery:
                    self.crm = dealing()
                    await nursery.start(self.crm.run)
                    await trio.sleep_forever()


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_order_is_told_once_and_the_stock_is_right_in_the_end(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    rewire(monkeypatch)
    kept = MemoryStore(TrioClock())
    monkeypatch.setattr(composing, "open_store", lambda _, clock: _same(kept))
    laboratory = Laboratory(tmp_path, shops=(DEALER,), clock=TrioClock())
    (books,) = laboratory.zoho.accounts
    async with trio.open_nursery() as nursery:
        laboratory.zoho.faults = TROUBLE
        await nursery.start(laboratory.run)
        assert laboratory.process is not None
        running = laboratory.process.engine.running
        assert running is not None
        there = {item.sku: item.on_hand for item in books.items if isinstance(item.on_hand, int)}
        market = Market(kept, there, seed)
        market.crm = running.crm
        await market.day()
        laboratory.zoho.faults = ZohoFaults()
        await trio.sleep(A_DAY)
        state = running.crm.state(DEALER.name)
        stock = {one.sku: one.stock for one in await kept.products(DEALER.name)}
        nursery.cancel_scope.cancel()
    assert state is not None
    assert (state.waiting, state.works, state.refused) == (0, True, {})
    right_in_the_end(market, books, stock, there)
    struck = laboratory.zoho.stats()["faults"]
    assert {"throttle", "server_error", "reset", "lost_answer"} <= struck.keys(), struck


@pytest.mark.parametrize("seed", SEEDS)
async def test_also_when_the_process_dies_again_and_again(
    seed: int, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    """A cancellation in the middle of a call is what a death is to the other side: it may have been carried out."""
    wire, clock = rewire(monkeypatch), TrioClock()
    (books,) = zoho_accounts([DEALER]).values()
    zoho, kept = FakeZoho([books], clock=clock, seed=seed, faults=TROUBLE), MemoryStore(clock)
    there = {item.sku: item.on_hand for item in books.items if isinstance(item.on_hand, int)}
    goods = [Product(sku, sku, 1, stock=count) for sku, count in there.items()]
    await kept.import_catalogue(DEALER.name, "1", goods)

    def dealing() -> CrmSync:
        crm = build(Site(DEALER.name), crm_config(books, zoho.url).settings)
        return CrmSync(kept, [Served(crm, 5 * MINUTE)], wire.lane, clock)

    market = Market(kept, there, seed)
    async with trio.open_nursery() as nursery:
        await nursery.start(zoho.serve, "127.0.0.1", 0)
        async with trio.open_nursery() as dying:
            dying.start_soon(market.lives, dealing)
            await market.day()
            dying.cancel_scope.cancel()
        zoho.faults = ZohoFaults()
        await nursery.start(dealing().run)
        await trio.sleep(A_DAY)
        stock = {one.sku: one.stock for one in await kept.products(DEALER.name)}
        nursery.cancel_scope.cancel()
    right_in_the_end(market, books, stock, there)


def right_in_the_end(market: Market, books: ZohoAccount, stock: dict[str, int], there: dict[str, int]) -> None:
    """Every order stands in Zoho once and as it stands here, and the stock is what nobody bought."""
    expected = {number: "void" if number in market.cancelled else "confirmed" for number in market.placed}
    told = {one.reference_number: one.status for one in books.orders}
    untold = expected.keys() - told.keys()
    assert untold <= market.cancelled, "only what was cancelled before Zoho could know of it"
    assert told == {number: status for number, status in expected.items() if number not in untold}
    assert len(books.orders) == len(told), "and nothing twice"
    assert stock == {sku: count - market.sold()[sku] for sku, count in there.items()}
