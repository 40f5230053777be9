"""A CRM that does as it is told, and the running part that deals with it, over the memory store."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from msgspec.structs import replace

from engine.address import MINUTE, Address, Millis
from engine.backoffice import Stocktake
from engine.catalogue import Product
from engine.commit import Commit
from engine.crm import CrmSync
from engine.crm_desk import CrmState, Served
from engine.messages import Outcome, OutcomeClass
from engine.orders import Order, OrderMove, OrderStatus
from engine.ports import Http
from tests.engine.scripted import SHOP, START, TrioClock, TroubledStore
from tests.engine.sending import moment, no_http
from tests.storage.values import line, order

DOWN = Outcome(OutcomeClass.RETRY, reason="It can't be reached.")
FAILS = Outcome(OutcomeClass.RETRY, code=1000, reason="It has trouble with this.")
LOST = Outcome(OutcomeClass.UNKNOWN, reason="Its answer was lost.")
REFUSED = Outcome(OutcomeClass.NEVER, code=2, reason="It is malformed.")
LOCKED = Outcome(OutcomeClass.OPERATOR, code=57, reason="The token is refused.")
BUSY = Outcome(OutcomeClass.THROTTLE_NUMBER, code=45, reason="Too many calls.", wait=60 * MINUTE)
SENT = Outcome(OutcomeClass.SENT)

Reply = Outcome | Exception | trio.Event


class ScriptedCrm:
    """See ``engine.ports.Crm``. ``book``: what it has, by number, a list because there might be two. It carries out
    what it is told, unless ``answers`` says otherwise; after LOST it has carried it out all the same."""

    title = "The ledger"

    def __init__(self, shop: str = SHOP) -> None:
        self.shop = shop
        self.stock: dict[str, int] = {"cake": 50, "tea": 50}
        self.mark = ""
        self.book: dict[str, list[str]] = {}
        self.answers: deque[Reply] = deque()
        self.always: Outcome | None = None
        self.refuses: dict[str, Outcome] = {}
        self.pushed: list[tuple[Millis, str, bool]] = []
        self.counted: list[Millis] = []
        self.counts: deque[Reply] = deque()

    async def inventory(self, http: Http, mark: str) -> Stocktake | Outcome:
        self.counted.append(moment())
        reply = self.counts.popleft() if self.counts else self.always
        if isinstance(reply, trio.Event):
            figures = dict(self.stock)
            await reply.wait()
            return Stocktake(figures)
        if isinstance(reply, Exception):
            raise reply
        if reply is not None:
            return reply
        return SENT if mark and mark == self.mark else Stocktake(dict(self.stock), mark=self.mark)

    async def push(self, http: Http, order: Order, tried: bool) -> Outcome:
        self.pushed.append((moment(), order.number, tried))
        reply = self.answers.popleft() if self.answers else self.refuses.get(order.number, self.always)
        if isinstance(reply, trio.Event):
            await reply.wait()
        elif isinstance(reply, Exception):
            raise reply
        elif reply not in (None, LOST):
            return reply
        self._carry_out(order, tried)
        return LOST if reply == LOST else SENT

    def _carry_out(self, order: Order, tried: bool) -> None:
        there = self.book.setdefault(order.number, [])
        if order.status is OrderStatus.CANCELLED:
            self.book[order.number] = ["void" for _ in there]
        elif not (tried and there):
            there.append("confirmed")
            for one in order.lines:
                self.stock[one.sku] -= one.quantity


class Office:
    """What a test does: sell, cancel, look."""

    def __init__(self, store: TroubledStore, crm: ScriptedCrm, sync: CrmSync) -> None:
        self.store = store
        self.crm = crm
        self.sync = sync
        self._turns = 0

    async def sell(self, number: str, cakes: int = 1, *, held: bool = False) -> None:
        await self._commit(orders=(order(number, line("cake", cakes), held=held),), synced=(number,))

    async def cancel(self, number: str) -> None:
        move = OrderMove(number, (OrderStatus.PENDING,), OrderStatus.CANCELLED, "owner")
        await self._commit(moves=(move,))

    async def take(self, number: str) -> None:
        await self._commit(takes=(number,))

    async def _commit(self, **parts: object) -> None:
        self._turns += 1
        name = f"c{id(self)}-{self._turns}"
        commit = replace(Commit(Address(SHOP, name), 1, b"{}", START, inbound_id=name), **parts)
        assert await self.store.commit(commit) is None
        self.sync.offer(commit)

    async def on_hand(self, sku: str = "cake") -> int:
        return next(one.stock for one in await self.store.products(SHOP) if one.sku == sku)

    async def notices(self) -> list[str]:
        """Kinds, oldest first."""
        return [one.kind for one in await self.store.owner_notices(SHOP, 99)][::-1]

    @property
    def state(self) -> CrmState:
        found = self.sync.state(SHOP)
        assert found is not None
        return found


@asynccontextmanager
async def dealing(
    store: TroubledStore, crm: ScriptedCrm | None = None, every: Millis = 15 * MINUTE
) -> AsyncIterator[Office]:
    """The running part at work until the block ends, as if killed then."""
    crm = crm or ScriptedCrm()
    goods = (Product("cake", "Cake", 65_000, stock=50), Product("tea", "Tea", 900, stock=50))
    await store.import_catalogue(SHOP, "first", goods)
    sync = CrmSync(store, [Served(crm, every)], no_http, TrioClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(sync.run)
        yield Office(store, crm, sync)
        nursery.cancel_scope.cancel()
