"""A cashier at work over a scripted provider: what it answers per intent, and when it was asked."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import trio

from engine import ports
from engine.address import MINUTE, Address, Millis
from engine.books import Charged
from engine.breaker import Breakers
from engine.cashier import Cashier
from engine.commit import Commit
from engine.facts import IntentOf
from engine.payment_calls import Heard, Verdict
from engine.payments import Failure, Intent, IntentStatus, PaymentNews, Way
from engine.ports import Call, Http
from tests.engine.scripted import SHOP, START, TrioClock, TroubledStore
from tests.engine.sending import moment, no_http

replace = msgspec.structs.replace
Reply = Charged | Exception | trio.Event
Connect = Callable[[], AbstractAsyncContextManager[Http]]


class ScriptedProvider:
    """See ``engine.ports.Provider``. Takes every request, unless ``answers`` says otherwise; ``known`` is what became
    of an intent, when asked."""

    paths: tuple[str, ...] = ("/pay",)
    ways: frozenset[Way] = frozenset({Way.MPESA, Way.CARD})

    def __init__(self, shop: str = SHOP) -> None:
        self.shop = shop
        self.answers: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self.always: Reply | None = None
        self.known: dict[str, PaymentNews | Exception | trio.Event] = {}
        self.charged: list[tuple[int, str]] = []
        self.asked: list[tuple[int, str]] = []
        self.at_once = 0
        self.most_at_once = 0

    def genuine(self, call: Call) -> bool:
        return False

    def parse(self, call: Call) -> Heard:
        return Heard()

    def answer(self, call: Call, verdict: Verdict) -> ports.Reply:
        return ports.Reply()

    async def charge(self, http: Http, intent: Intent) -> Charged:
        self.charged.append((moment(), intent.id))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await trio.lowlevel.checkpoint()
            answers = self.answers[intent.id]
            reply = answers.popleft() if answers else self.always
            if isinstance(reply, Exception):
                raise reply
            if isinstance(reply, trio.Event):
                await reply.wait()
                reply = None
            return replace(reply, intent=intent.id) if reply is not None else taken(intent)
        finally:
            self.at_once -= 1

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        self.asked.append((moment(), intent.id))
        await trio.lowlevel.checkpoint()
        reply = self.known.get(intent.id)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, trio.Event):
            await reply.wait()
            return None
        return reply

    def charges_of(self, name: str) -> list[int]:
        """When this intent was asked for, in ms after the start."""
        return [at for at, charged in self.charged if charged == name]

    def questions_of(self, name: str) -> list[int]:
        """When this intent was asked about, in ms after the start."""
        return [at for at, asked in self.asked if asked == name]


NOT_REACHED = Charged("", asked=False, again=True, reason="no connection")
NOBODY_KNOWS = Charged("", asked=True, again=True, reason="the answer was lost")
LOST = Charged("", asked=True, again=True, provider="scripted", reason="the answer was lost")
"""As real providers say it: they name themselves, since they may have the request."""
DECLINED = Charged("", asked=False, provider="scripted", failure=Failure.REFUSED.value, reason="declined")


def taken(intent: Intent) -> Charged:
    return Charged(intent.id, asked=True, provider="scripted", provider_ref=f"ref-{intent.id}")


def intent(name: str, *, way: Way = Way.MPESA, shop: str = SHOP, expires: Millis = 30 * MINUTE) -> Intent:
    """The wish of the customer ``ann`` for money; ``expires`` after the start."""
    return Intent(name, shop, "ann", f"ORD-{name}", way, 300_000, "KES", START, START + expires, "254700000001")


def paid(name: str, *, ok: bool = True) -> PaymentNews:
    """What the provider tells of an intent."""
    return PaymentNews(f"tx-{name}", "scripted", ok, 300_000, "KES", intent=name, failure=Failure.NO_FUNDS)


class CashDesk:
    """A cashier with its store and provider. ``told`` counts how often it said that letters were posted."""

    def __init__(self, store: TroubledStore, *providers: ScriptedProvider, connect: Connect = no_http) -> None:
        self.store = store
        self.provider = providers[0]
        self.clock = TrioClock()
        self.told = 0
        self.breakers = Breakers(store, self.clock)
        self.cashier = Cashier(store, providers, connect, self.clock, self._posted, self.breakers)

    def _posted(self) -> None:
        self.told += 1

    async def wish(self, *intents: Intent) -> None:
        """Commit a turn that wishes for money, and tell the cashier as the engine does."""
        commit = await keep(self.store, intents)
        self.cashier.offer(commit)

    async def stands(self, name: str, shop: str = SHOP) -> Intent:
        """One intent as it stands in the store."""
        known = await self.store.know(Address(shop, "ann"), (IntentOf(name),), self.clock.now())
        return known.intents[0]

    async def status(self, name: str) -> IntentStatus:
        return (await self.stands(name)).status

    async def letters(self) -> list[str]:
        """The inbound ids of the letters that wait."""
        return [letter.inbound.id for letter in await self.store.posted(self.clock.now(), 1_000)]


async def keep(store: TroubledStore, intents: tuple[Intent, ...]) -> Commit:
    """Commit a turn that wishes for money."""
    address = Address(intents[0].shop, "ann")
    before = await store.wake(address)
    version = 1 + (before.version if before is not None else 0)
    snapshot = b'{"turn":%d}' % version
    commit = Commit(address, version, snapshot, START, f"wamid.pay.{version}", intents=intents)
    assert await store.commit(commit) is None
    return commit


@asynccontextmanager
async def counting(
    store: TroubledStore, *providers: ScriptedProvider, connect: Connect = no_http
) -> AsyncIterator[CashDesk]:
    desk = CashDesk(store, *(providers or (ScriptedProvider(),)), connect=connect)
    async with trio.open_nursery() as nursery:
        await nursery.start(desk.cashier.run)
        try:
            yield desk
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()
