"""An actor: one address's letters, one at a time, each a durable turn.

It remembers the conversation only as a cache of its snapshot: what it holds changes after a commit and never before,
so that it can be thrown away and woken again at any moment. What goes wrong inside a turn propagates: the supervisor
decides what becomes of the actor and of the letter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import trio

from engine import conversation as conversations
from engine import slowing
from engine.address import Address, Millis
from engine.commit import Commit
from engine.conversation import Conversation
from engine.errors import FlowError, StoreBusy
from engine.events import Letter
from engine.facts import Conflict, ConflictKind, Facts, Known
from engine.mailbox import Backlog, Envelope, Mailbox
from engine.pace import Pace
from engine.patience import BUSY_SECONDS
from engine.ports import Clock, Store
from engine.shop import Shop
from engine.turn import commit_of, facts_of

CONFLICTS_PER_LETTER = 8
"""Turns that one letter may take, fresh ones after refused commits; one more is a bug of the flow."""
NO_SHOP = "its shop is not configured any more"
"""Why a letter, as a rule a timer from before, can't be handled. No crash: a shop may leave thousands of them."""


class Forwarded(Exception):
    """Another process has made this customer one with another. Nobody's fault: the letters go on to the survivor."""


@dataclass(slots=True)
class Counters:
    """What the running part has done since it started, for logs, metrics and benchmarks."""

    turns: int = 0
    duplicates: int = 0
    conflicts: int = 0
    crashes: int = 0
    parked: int = 0
    slowed: int = 0
    refused: int = 0
    woken: int = 0
    merged: int = 0
    retired: int = 0


@dataclass(slots=True)
class Surroundings:
    """What every actor works with. ``committed`` is called with each commit that was written, ``noted`` with
    the moment when a letter of our own that was kept is due, ``merged`` with an address that is no more and whose it
    is. ``pace`` makes that of a customer's turns."""

    store: Store
    shops: Mapping[str, Shop]
    clock: Clock
    committed: Callable[[Commit], None]
    noted: Callable[[Millis], None] = lambda due: None
    merged: Callable[[Address, Address], None] = lambda gone, survivor: None
    pace: Callable[[], Pace] = slowing.turn_pace
    counters: Counters = field(default_factory=Counters)
    backlog: Backlog = field(default_factory=Backlog)


def _milliseconds() -> float:
    """Of trio's clock: a pace must not jump with the wall clock."""
    return trio.current_time() * 1000.0


class Actor:
    """The reader of one mailbox. ``quarantine`` is the reason for parking letters instead of handling them, or ""."""

    __slots__ = (
        *("_around", "_conversation", "_pace", "_resting", "_told_until", "address", "held"),
        *("last_used", "mailbox", "quarantine", "retired"),
    )

    def __init__(self, address: Address, around: Surroundings, late: int = 0) -> None:
        """``late``: so many of its letters wait in the store until they are due."""
        self.address = address
        self.mailbox = Mailbox(around.backlog)
        self.quarantine = ""
        self.held = False
        self.retired = False
        self.last_used = 0.0
        self._around = around
        self._conversation: Conversation | None = None
        self._resting: trio.Event | None = None
        self._told_until = 0
        self._pace = around.pace()
        if late:
            self._pace.owe(slowing.AT_ONCE + late, _milliseconds())

    @property
    def idle(self) -> bool:
        """Whether nothing waits, in the store neither: it may be put to sleep."""
        waits = self.mailbox.letters or self.mailbox.current is not None or self.held
        return not waits and self._pace.wait(_milliseconds()) <= 0

    async def run(self) -> None:
        """Handle letters until retired. A letter stays the mailbox's current one until its end is known."""
        mailbox = self.mailbox
        while True:
            while (envelope := self._take()) is not None:
                mailbox.settle(await self._end(envelope))
            if self._resting is not None:
                self._resting.set()
                self._resting = None
            if self.retired and not mailbox.letters:
                return
            self.last_used = trio.current_time()
            await mailbox.park()

    def _take(self) -> Envelope | None:
        """The letter that a crash interrupted, else the next one unless held."""
        mailbox = self.mailbox
        if mailbox.current is None and mailbox.letters and not self.held:
            mailbox.current = mailbox.letters.popleft()
        return mailbox.current

    async def hold(self) -> None:
        """Take no more letters until ``free``; returns once the current one has met its end."""
        self.held = True
        if self.mailbox.current is not None:
            self._resting = self._resting or trio.Event()
            await self._resting.wait()

    def free(self) -> None:
        """Go on after ``hold``."""
        self.held = False
        self.mailbox.nudge()

    async def _end(self, envelope: Envelope) -> bool:
        """Bring one letter to its end; whether it was kept. Raises only what the supervisor must decide."""
        while True:
            try:
                if self.quarantine:
                    await self.park(envelope.letter, dead=False, why=self.quarantine)
                elif self.address.shop not in self._around.shops:
                    await self.park(envelope.letter, dead=True, why=NO_SHOP)
                elif self._in_turn(envelope.letter):
                    await self._turn(envelope.letter)
                else:
                    await self._slow(envelope.letter)
            except StoreBusy:
                self._around.counters.refused += 1
                if not envelope.insists:
                    return False
                await trio.sleep(BUSY_SECONDS)
            else:
                return True

    def _in_turn(self, letter: Letter) -> bool:
        """Whether the letter may be answered now, for its customer does not write faster than we read."""
        return not slowing.counts(letter) or self._pace.taken(_milliseconds())

    async def _slow(self, letter: Letter) -> None:
        """Keep the letter until its turn comes."""
        now = _milliseconds()
        await self._keep_until(letter, self._around.clock.now(), math.ceil(self._pace.wait(now)))
        self._pace.take(now)

    async def _keep_until(self, letter: Letter, now: Millis, wait: Millis) -> None:
        letters = [slowing.kept(letter, now + wait)]
        if now >= self._told_until:
            letters.append(slowing.told(letter, now))
        with trio.CancelScope(shield=True):
            await self._around.store.post(letters)
        if now >= self._told_until:
            self._told_until = now + slowing.TOLD_EVERY
        self._around.counters.slowed += 1
        for one in letters:
            self._around.noted(one.due)

    async def park(self, letter: Letter, *, dead: bool, why: str) -> None:
        """Keep a letter durably outside the mailbox, in a commit of its own."""
        with trio.CancelScope(shield=True):
            await self._around.store.park(letter, dead, why, self._around.clock.now())
        self._around.counters.parked += 1

    def forget(self) -> None:
        """Drop what is remembered; the next letter wakes it from the snapshot."""
        self._conversation = None

    async def _wake(self, shop: Shop) -> Conversation:
        snapshot = await self._around.store.wake(self.address)
        self._around.counters.woken += 1
        return conversations.load(snapshot, shop)

    async def _turn(self, letter: Letter) -> None:
        """One durable turn; a refused commit leads to a fresh one with fresh facts."""
        around = self._around
        shop = around.shops[self.address.shop]
        conflict: Conflict | None = None
        for attempt in range(CONFLICTS_PER_LETTER):
            before = self._conversation or await self._wake(shop)
            facts = await self._facts(before, letter, shop, attempt, conflict)
            turn = conversations.advance(before, letter.inbound, shop, facts)
            commit = commit_of(turn, letter, shop, facts)
            with trio.CancelScope(shield=True):
                conflict = await around.store.commit(commit)
            if conflict is None:
                self._conversation = turn.conversation
                around.counters.turns += 1
                around.committed(commit)
                return
            if conflict.kind is ConflictKind.DUPLICATE:
                self._conversation = before
                around.counters.duplicates += 1
                return
            around.counters.conflicts += 1
            if conflict.kind is ConflictKind.FORWARDED:
                raise Forwarded
            if conflict.kind is ConflictKind.STALE:
                self.forget()
        raise FlowError(f"a letter of flow {shop.flow!r} was refused {CONFLICTS_PER_LETTER} times, last: {conflict}")

    async def _facts(
        self, before: Conversation, letter: Letter, shop: Shop, attempt: int, conflict: Conflict | None
    ) -> Facts:
        now: Millis = self._around.clock.now()
        needs = conversations.needs(before, letter.inbound, shop, now)
        known = await self._around.store.know(self.address, needs, now) if needs else Known()
        return facts_of(before, letter, known, now, attempt, conflict)
