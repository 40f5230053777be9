"""An outbox at work over a scripted channel: answers per message, and when each send began."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import groupby

import pytest
import trio

from engine import ports
from engine.address import Address
from engine.commit import Commit
from engine.messages import AnyMessage, Image, Limits, Outcome, OutcomeClass, Outgoing, Purpose, Status, StatusRank
from engine.outbox import Outbox, OutboxSettings
from engine.ports import Answer, Call, Channel, Delivery, OutboxRow
from tests.engine.scripted import SHOP, START, TrioClock, TroubledStore, outgoing

FAST = 1_000_000.0
"""A number's pace that never matters."""
KIOSK = "kiosk"
PICTURE = Image(link="https://shop.example.test/cake.png")
SENT, RETRY, UNKNOWN, NEVER = (
    *(OutcomeClass.SENT, OutcomeClass.RETRY),
    *(OutcomeClass.UNKNOWN, OutcomeClass.NEVER),
)


class NoHttp:
    """A lane's connection; the scripted channel does not use it."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise AssertionError("nothing is posted here")

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        raise AssertionError("nothing is asked here")


@asynccontextmanager
async def no_http() -> AsyncIterator[NoHttp]:
    yield NoHttp()


Reply = Outcome | OutcomeClass | Exception | trio.Event


class ScriptedChannel(Channel):
    """See ``engine.ports.Channel``. Accepts every message after ``latency`` s, unless ``answers`` says otherwise: an
    outcome, a crash, or an event to wait for before the message is accepted."""

    path = "/hook"
    limits = Limits()
    thanks = ports.Reply()

    def __init__(self, shop: str = SHOP) -> None:
        self.shop = shop
        self.latency = 0.0
        self.answers: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self.always: Reply | None = None
        self.begun: list[tuple[int, str]] = []
        self.attempts: list[int] = []
        self.accepted: list[str] = []
        self.read: list[str] = []
        self.reading: Exception | trio.Event | None = None
        self.at_once = Counter[str]()
        self.most_at_once = 0

    async def send(self, http: object, row: Outgoing) -> Outcome:
        self.begun.append((moment(), short(row.key)))
        self.attempts.append(row.attempts)
        self.at_once[str(row.address)] += 1
        self.most_at_once = max(self.most_at_once, self.at_once.total())
        assert self.at_once[str(row.address)] == 1, "one customer's messages leave one after the other"
        try:
            return await self._answer(row)
        finally:
            self.at_once[str(row.address)] -= 1

    async def _answer(self, row: Outgoing) -> Outcome:
        answers = self.answers[short(row.key)]
        reply = answers.popleft() if answers else SENT if self.always is None else self.always
        await trio.sleep(self.latency)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, trio.Event):
            await reply.wait()
            reply = SENT
        if isinstance(reply, OutcomeClass):
            reply = Outcome(reply, provider_id=f"p.{short(row.key)}" if reply is SENT else "")
        if reply.kind is SENT:
            self.accepted.append(short(row.key))
        return reply

    async def mark_read(self, http: object, inbound_id: str) -> Outcome:
        self.read.append(inbound_id)
        if isinstance(self.reading, trio.Event):
            await self.reading.wait()
        elif self.reading is not None:
            raise self.reading
        return Outcome(SENT)

    @property
    def order(self) -> list[str]:
        """What was begun to be sent, in order."""
        return [name for _, name in self.begun]

    def moments(self, name: str) -> list[int]:
        """When this message was begun to be sent, in ms after the start."""
        return [at for at, begun in self.begun if begun == name]

    def challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def genuine(self, call: Call) -> bool:
        return False

    def numbers(self) -> frozenset[str]:
        return frozenset({self.shop})

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        return Delivery()


def moment() -> int:
    """ms since the virtual clock began."""
    return round(trio.current_time() * 1000)


def short(key: str) -> str:
    """bakery/ann:1:0 → ann1; kiosk/ann:1:0 → kiosk/ann1; bakery/ann:campaign:eid:1 → anncampaign"""
    name, turn, *_ = key.removeprefix(f"{SHOP}/").split(":")
    return f"{name}{turn}"


def row(
    customer: str, turn: int, *, bulk: bool = False, message: AnyMessage | None = None, shop: str = SHOP
) -> Outgoing:
    made = outgoing(Address(shop, customer), turn)
    purpose = Purpose.BULK if bulk else Purpose.REPLY
    return Outgoing(
        made.key, made.address, made.phone, "", message or made.message, purpose=purpose, created_at=START + turn
    )


def status(name: str, rank: StatusRank, *, keyed: bool = True) -> Status:
    """A status of the message ``ann1``, by our key and by the provider's id."""
    customer, turn = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
    key = f"{SHOP}/{customer}:{turn}:0" if keyed else ""
    return Status(SHOP, f"p.{name}", rank, START, key)


class PostOffice:
    """An outbox with its store and channels."""

    def __init__(self, store: TroubledStore, channel: ScriptedChannel, settings: OutboxSettings, pace: float) -> None:
        self.store = store
        self.channel = channel
        self.kiosk = ScriptedChannel(KIOSK)
        self.outbox = Outbox(
            store, {SHOP: channel, KIOSK: self.kiosk}, {SHOP: pace, KIOSK: FAST}, no_http, TrioClock(), settings
        )

    async def wish(self, *rows: Outgoing) -> None:
        """Commit rows, each run of one customer's in one turn, and offer them as the engine does."""
        for turn in await keep(self.store, rows):
            self.outbox.offer(turn)

    async def at(self, name: str) -> OutboxRow:
        """One message as it stands in the store."""
        key = status(name, StatusRank.NONE).key
        found = await self.store.outbox_row(key)
        assert found is not None
        return found

    async def state(self, name: str) -> str:
        return (await self.at(name)).state


async def keep(store: TroubledStore, rows: Iterable[Outgoing]) -> list[list[Outgoing]]:
    """Commit rows, each run of one customer's in one turn; the turns."""
    turns = [list(turn) for _, turn in groupby(rows, lambda one: one.address)]
    for turn in turns:
        address = turn[0].address
        before = await store.wake(address)
        version = 1 + (before.version if before is not None else 0)
        name = f"wamid.{address}.{version}"
        assert await store.commit(Commit(address, version, b"{}", START, name, outbox=tuple(turn))) is None
    return turns


@asynccontextmanager
async def sending(
    store: TroubledStore,
    channel: ScriptedChannel | None = None,
    settings: OutboxSettings | None = None,
    *,
    pace: float = FAST,
) -> AsyncIterator[PostOffice]:
    office = PostOffice(store, channel or ScriptedChannel(), settings or OutboxSettings(), pace)
    async with trio.open_nursery() as nursery:
        await nursery.start(office.outbox.run)
        try:
            yield office
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel()
