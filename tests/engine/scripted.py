"""What the tests of the running part stand on: a core that does as it is told, a clock that follows trio's, a store
with trouble on demand, and the engine over them. Everything is virtual, so an hour costs nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from engine import actor as actor_module
from engine import uniting as uniting_module
from engine.actor import Surroundings
from engine.address import Address, Link, Millis, Sender, customer_id
from engine.books import Charged
from engine.catalogue import Catalogue
from engine.commit import Commit, Posted, Snapshot, Timer
from engine.errors import StoreError
from engine.events import Inbound, Letter, TextSaid, TimerFired
from engine.facts import AnyNeed, Availability, Conflict, Facts
from engine.identity import Merge
from engine.mailbox import Receipt
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Status, Text
from engine.payments import Intent, PaymentNews
from engine.shop import Shop
from engine.supervisor import Supervisor
from storage.memory import MemoryStore
from tests.engine.said import Said, load, merge_of

START = 1_790_000_000_000
SHOP = "bakery"
BAKERY = Shop(SHOP, "Bakery", "counter", "INR", "en_IN", "Asia/Kolkata", Catalogue(()))
ANN, BEN = Address(SHOP, "ann"), Address(SHOP, "ben")


class TrioClock:
    """Wall time that runs with trio's clock from START (a real one from its first look); ``jump`` moves it alone."""

    def __init__(self) -> None:
        self.jump: Millis = 0
        self._zero: float | None = None

    def now(self) -> Millis:
        if self._zero is None:
            mock = isinstance(trio.lowlevel.current_clock(), trio.testing.MockClock)
            self._zero = 0.0 if mock else trio.current_time()
        return START + self.jump + round((trio.current_time() - self._zero) * 1000)


class SaidTurn(msgspec.Struct, frozen=True):
    conversation: Said


class Core:
    """Stands where the pure core stands. It repeats what it hears, and crashes on words it was told to crash on.

    "in 5000" sets the timer "tick", "off" turns it off; its letter is heard as "tick" and turns it off too.
    """

    def __init__(self) -> None:
        self.crash: Counter[str] = Counter()
        self.heard: list[str] = []
        self.facts: list[Facts] = []
        self.loaded: list[Snapshot | None] = []
        self.keeps_timers = False

    def load(self, snapshot: Snapshot | None, shop: Shop) -> Said:
        self.loaded.append(snapshot)
        return load(snapshot)

    def needs(self, before: Said, inbound: Inbound, shop: Shop, now: Millis) -> tuple[AnyNeed, ...]:
        return (Availability(),)

    def advance(self, before: Said, inbound: Inbound, shop: Shop, facts: Facts) -> SaidTurn:
        word = heard(inbound)
        self.heard.append(word)
        self.facts.append(facts)
        if self.crash[word] > 0:
            self.crash[word] -= 1
            raise RuntimeError("a bug in a flow")
        phone = inbound.sender.phone or before.phone
        return SaidTurn(Said(before.turn + 1, phone, said=(*before.said, word)))

    def commit_of(self, turn: SaidTurn, letter: Letter, shop: Shop, facts: Facts) -> Commit:
        address, said = letter.address, turn.conversation
        word = said.said[-1]
        timers: tuple[Timer, ...] = ()
        if word.startswith("in "):
            timers = (Timer(address, "tick", facts.now + int(word.removeprefix("in ")), said.turn),)
        fired = isinstance(letter.inbound.event, TimerFired) and not self.keeps_timers
        return Commit(
            address=address,
            version=said.turn,
            snapshot=msgspec.json.encode(said),
            at=facts.now,
            inbound_id="" if letter.parked_id else letter.inbound.id,
            parked_id=letter.parked_id,
            links=letter.inbound.sender.links(),
            outbox=(outgoing(address, said.turn, said.phone, at=facts.now, text=word),),
            timers=timers,
            timers_off=("tick",) if fired or word == "off" else (),
        )


ALWAYS = 1_000


def heard(inbound: Inbound) -> str:
    return inbound.event.text if isinstance(inbound.event, TextSaid) else "tick"


def outgoing(
    address: Address, turn: int, phone: str = "254700000001", *, at: Millis = START, text: str = "", n: int = 0
) -> Outgoing:
    return Outgoing(f"{address}:{turn}:{n}", address, phone, "", Text(text or str(turn)), Purpose.REPLY, at)


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    core = Core()
    monkeypatch.setattr(actor_module, "conversations", core)
    monkeypatch.setattr(actor_module, "commit_of", core.commit_of)
    monkeypatch.setattr(uniting_module, "merge_of", merge_of)
    return core


Trouble = StoreError | Conflict | trio.Event | None


class TroubledStore(MemoryStore):
    """The memory store, and per method a queue of what happens to the next calls: an error, a Conflict (commit only),
    a gate to wait at before anything is done, or None for nothing. ``calls`` counts them."""

    def __init__(self, clock: TrioClock) -> None:
        super().__init__(clock)
        self.trouble: dict[str, deque[Trouble]] = defaultdict(deque)
        self.always: dict[str, StoreError] = {}
        self.after: dict[str, trio.Event] = {}
        self.calls: Counter[str] = Counter()
        self.commits: list[Commit] = []
        self._gates: list[trio.Event] = []

    def gate(self, name: str) -> trio.Event:
        """The next such call waits until this is set; at the end of the test at the latest."""
        gate = trio.Event()
        self.trouble[name].append(gate)
        self._gates.append(gate)
        return gate

    def linger(self, name: str) -> trio.Event:
        """Answers of such calls, which are done, wait until this is set."""
        self.after[name] = gate = trio.Event()
        self._gates.append(gate)
        return gate

    def open_gates(self) -> None:
        for gate in self._gates:
            gate.set()

    async def _meet(self, name: str) -> Conflict | None:
        self.calls[name] += 1
        if name in self.always:
            raise self.always[name]
        trouble = self.trouble[name].popleft() if self.trouble[name] else None
        if isinstance(trouble, trio.Event):
            await trouble.wait()
        elif isinstance(trouble, StoreError):
            raise trouble
        else:
            return trouble
        return None

    async def _linger(self, name: str) -> None:
        """Wait before the answer of a call that is done comes back."""
        if name in self.after:
            await self.after[name].wait()

    async def customers_for(self, shop: str, links: Sequence[Link]) -> list[str]:
        await self._meet("customers_for")
        return await super().customers_for(shop, links)

    async def merge(self, merge: Merge) -> Conflict | None:
        conflict = await self._meet("merge") or await super().merge(merge)
        await self._linger("merge")
        return conflict

    async def commit(self, commit: Commit) -> Conflict | None:
        conflict = await self._meet("commit")
        if conflict is None:
            conflict = await super().commit(commit)
            if conflict is None:
                self.commits.append(commit)
        await self._linger("commit")
        return conflict

    async def waiting(self, after: int, limit: int) -> tuple[int, list[Outgoing]]:
        await self._meet("waiting")
        answer = await super().waiting(after, limit)
        await self._linger("waiting")
        return answer

    async def claim(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._meet("claim")
        return await super().claim(keys, at)

    async def settle(self, results: Sequence[tuple[str, Outcome]], at: Millis) -> None:
        await self._meet("settle")
        await super().settle(results, at)
        await self._linger("settle")

    async def requeue(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._meet("requeue")
        moved = await super().requeue(keys, at)
        await self._linger("requeue")
        return moved

    async def statuses(self, statuses: Sequence[Status]) -> set[str]:
        await self._meet("statuses")
        return await super().statuses(statuses)

    async def park(self, letter: Letter, dead: bool, why: str, at: Millis) -> bool:
        await self._meet("park")
        kept = await super().park(letter, dead, why, at)
        await self._linger("park")
        return kept

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        await self._meet("tell_owner")
        return await super().tell_owner(shop, kind, detail, at)

    async def unsynced(self, shop: str, limit: int) -> list[str]:
        await self._meet("unsynced")
        return await super().unsynced(shop, limit)

    async def begin_sync(self, shop: str, number: str) -> bool:
        await self._meet("begin_sync")
        return await super().begin_sync(shop, number)

    async def note_synced(self, shop: str, numbers: Sequence[str], cancelled: bool = False) -> None:
        await self._meet("note_synced")
        await super().note_synced(shop, numbers, cancelled)

    async def quarantine(self, address: Address, why: str, at: Millis) -> None:
        await self._meet("quarantine")
        await super().quarantine(address, why, at)

    async def due(self, now: Millis, limit: int) -> list[Timer]:
        await self._meet("due")
        answer = await super().due(now, limit)
        await self._linger("due")
        return answer

    async def next_due(self) -> Millis | None:
        await self._meet("next_due")
        answer = await super().next_due()
        await self._linger("next_due")
        return answer

    async def record(self, shop: str, news: PaymentNews, at: Millis) -> bool:
        await self._meet("record")
        return await super().record(shop, news, at)

    async def charges(self, limit: int) -> list[Intent]:
        await self._meet("charges")
        return await super().charges(limit)

    async def claim_charges(self, ids: Sequence[str], at: Millis) -> set[str]:
        await self._meet("claim_charges")
        return await super().claim_charges(ids, at)

    async def settle_charges(self, results: Sequence[Charged], at: Millis) -> None:
        await self._meet("settle_charges")
        await super().settle_charges(results, at)

    async def silent_charges(self, before: Millis, limit: int) -> list[Intent]:
        await self._meet("silent_charges")
        return await super().silent_charges(before, limit)

    async def asked_about(self, ids: Sequence[str], at: Millis) -> None:
        await self._meet("asked_about")
        await super().asked_about(ids, at)

    async def posted(self, now: Millis, limit: int) -> list[Letter]:
        await self._meet("posted")
        answer = await super().posted(now, limit)
        await self._linger("posted")
        return answer

    async def post(self, letters: Sequence[Posted]) -> None:
        await self._meet("post")
        await super().post(letters)

    async def next_posted(self) -> Millis | None:
        await self._meet("next_posted")
        return await super().next_posted()

    async def sweep(self, now: Millis) -> int:
        await self._meet("sweep")
        return await super().sweep(now)

    async def offer_seats(self, now: Millis) -> int:
        await self._meet("offer_seats")
        return await super().offer_seats(now)

    async def check(self) -> None:
        await self._meet("check")
        await super().check()

    async def reopened(self, at: Millis) -> None:
        """As ``open`` does after a crash: who was being sent is unknown now."""
        sending = [key for key, row in self._outbox.items() if row.state.value == "sending"]
        await MemoryStore.settle(self, [(key, Outcome(OutcomeClass.UNKNOWN)) for key in sending], at)

    async def said_to(self, address: Address) -> tuple[str, ...]:
        """What the committed snapshot of this customer remembers."""
        snapshot = await self.wake(address)
        return load(snapshot).said


_numbers = iter(range(10**9))


def inbound(text: str, *, phone: str = "254700000001", user: str = "", id: str = "") -> Inbound:
    sender = Sender(phone=phone, user_id=user)
    return Inbound(id or f"wamid.{next(_numbers)}", SHOP, sender, START, TextSaid(text))


def letter(text: str, address: Address = ANN, *, id: str = "") -> Letter:
    return Letter(address, inbound(text, id=id))


def customer_of(link: Link) -> Address:
    return Address(SHOP, customer_id(SHOP, link))


class Desk:
    """A supervisor at work, and short ways to hand it letters."""

    def __init__(self, supervisor: Supervisor, store: TroubledStore) -> None:
        self.supervisor = supervisor
        self.store = store
        self.counters = supervisor.around.counters

    def post(self, *letters: Letter) -> Receipt:
        receipt = Receipt(len(letters))
        for one in letters:
            self.supervisor.post(one, receipt)
        return receipt

    async def say(self, *texts: str, to: Address = ANN) -> bool:
        """Post texts and wait for the end of all; whether all were kept."""
        return await self.post(*(letter(text, to) for text in texts)).wait()


@asynccontextmanager
async def supervised(store: TroubledStore, committed: Callable[[Commit], None] | None = None) -> AsyncIterator[Desk]:
    around = Surroundings(store, {SHOP: BAKERY}, TrioClock(), committed or (lambda commit: None))
    supervisor = Supervisor(around)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        try:
            yield Desk(supervisor, store)
        finally:
            store.open_gates()  # commits are shielded
            nursery.cancel_scope.cancel()


@pytest.fixture
def store() -> TroubledStore:
    return TroubledStore(TrioClock())


async def settled() -> None:
    """Everybody has done what they can at this moment."""
    await trio.testing.wait_all_tasks_blocked()


def leaves(error: BaseException) -> list[BaseException]:
    """The errors inside groups of groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves(one)]
    return [error]


def texts(rows: Iterable[Outgoing]) -> list[str]:
    shown: list[str] = []
    for row in rows:
        message: Any = row.message
        shown.append(message.body if isinstance(message, Text) else type(message).__name__)
    return shown
