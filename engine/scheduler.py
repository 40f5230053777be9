"""The scheduler actor: loads what is due, timers and letters of our own, and posts it to its actors, nothing else.

A timer's row stays until the turn that it caused turns it off or sets it anew, a posted letter's until its turn is
committed, each in that turn's own commit; so a crash between "due" and "done" only brings it again, under the same
inbound id. Both go out in small batches with a bound of its own on how many are under way, so that a flood of either
starves neither the other nor conversations. The wall clock may jump: the sleep is re-examined at least every
LOOK_SECONDS, and a jump is noticed then, counted, and told to the owner when it is a large one (engine.timers).
Upkeep of the store (old inbound ids, expired holds) runs here too.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

import trio

from engine.address import Millis, Sender
from engine.commit import Timer
from engine.errors import StoreBusy
from engine.events import Inbound, Letter, TimerFired
from engine.mailbox import Receipt
from engine.ports import Clock, Store
from engine.rounds import Rounds
from engine.supervisor import Supervisor
from engine.timers import JUMP_TOLD, ClockWatch, told

log = logging.getLogger("sokoni.scheduler")

BATCH = 100
UNDER_WAY = 200
LOOK_SECONDS = 30.0
SWEEP_SECONDS = 60.0
OFFER_SECONDS = 1.0
"""Seats that a turn has freed are offered on at once, but no more often than this, whoever cancels how much."""
RETRY_SECONDS = 1.0

Name: TypeAlias = tuple[str, str]
"""A letter's shop and inbound id."""


class _Due:
    """One kind of letters that come due: how they are read, and which are under way to their actors."""

    def __init__(
        self,
        load: Callable[[Millis, int], Awaitable[Sequence[Letter]]],
        first: Callable[[], Awaitable[Millis | None]],
        due_of: Callable[[Letter], Millis | None],
    ) -> None:
        """``due_of``: when a letter was due that ``load`` gave, None where it does not say."""
        self.load = load
        self.first = first
        self.due_of = due_of
        self.under_way: set[Name] = set()

    async def fresh(self, now: Millis) -> list[Letter]:
        """What is due and not under way, as many as there is room for."""
        room = UNDER_WAY - len(self.under_way)
        if room <= 0:
            return []
        before = set(self.under_way)  # one that ends while the store reads may be in its answer all the same
        due = await self.load(now, min(UNDER_WAY, BATCH + len(before)))
        return [letter for letter in due if _name(letter) not in before][:room]

    async def first_to_come(self, now: Millis) -> Millis | None:
        """When the first is due that is not under way; None when that is not soon, or with no room for it."""
        if not self.under_way:
            return await self.first()
        if len(self.under_way) >= UNDER_WAY:
            return None
        soon = await self.load(now + round(LOOK_SECONDS * 1000), len(self.under_way) + 1)
        coming = next((letter for letter in soon if _name(letter) not in self.under_way), None)
        if coming is None:
            return None
        due = self.due_of(coming)
        return due if due is not None else now + round(RETRY_SECONDS * 1000)


class Scheduler:
    """Posts what is due. ``note`` tells it of a timer that was just set, or a letter just kept."""

    def __init__(
        self,
        store: Store,
        supervisor: Supervisor,
        clock: Clock,
        shops: Collection[str] = (),
        rounds: Rounds | None = None,
    ) -> None:
        """``shops``: whose owners hear of a clock that was set."""
        self._rounds = rounds or Rounds()
        self.watch = ClockWatch()
        self._shops = shops
        self._store = store
        self._supervisor = supervisor
        self._clock = clock
        self._kinds = (
            _Due(self._timers, store.next_due, lambda letter: letter.inbound.sent_at),
            _Due(store.posted, store.next_posted, lambda letter: None),
        )
        self._next: Millis | None = None
        self._news = trio.Event()
        self._freed = trio.Event()

    def note(self, due: Millis) -> None:
        """A timer or letter that is due at this moment was committed."""
        if self._next is None or due < self._next:
            self._next = due
            self._news.set()

    def note_now(self) -> None:
        """Letters that are due now were kept."""
        self.note(self._clock.now())

    def seats_freed(self) -> None:
        """A commit gave seats back; somebody may wait for them."""
        self._freed.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._sweep)
            nursery.start_soon(self._offer_freed)
            task_status.started()
            while True:
                self._news = trio.Event()
                self._next = None  # what is noted from here on is news, whatever was read before
                await self._look_at_clock()
                if not await self._post_due(nursery):
                    await self._sleep()

    async def _look_at_clock(self) -> None:
        jump = self.watch.look(self._clock.now(), trio.current_time())
        if jump is None:
            return
        log.warning("clock_jumped", extra={"milliseconds": jump.by})
        if abs(jump.by) < JUMP_TOLD:
            return
        for shop in sorted(self._shops):
            try:
                await self._store.tell_owner(shop, "clock_jumped", told(jump), jump.at)
            except StoreBusy:
                continue  # the log has it

    async def _post_due(self, nursery: trio.Nursery) -> bool:
        """Post one batch of each kind; whether there may be more at once."""
        posted = False
        for kind in self._kinds:
            for letter in await kind.fresh(self._clock.now()):
                posted = True
                kind.under_way.add(_name(letter))
                receipt = Receipt(1)
                self._supervisor.post(letter, receipt)  # here, since tasks begin in any order
                nursery.start_soon(self._see_off, kind, letter, receipt)
        return posted

    async def _see_off(self, kind: _Due, letter: Letter, receipt: Receipt) -> None:
        """Wait for a letter's end; one that could not be kept comes again."""
        if not await receipt.wait():
            await trio.sleep(RETRY_SECONDS)
        kind.under_way.discard(_name(letter))
        self._news.set()

    async def _timers(self, now: Millis, limit: int) -> list[Letter]:
        return [letter_of(timer) for timer in await self._store.due(now, limit)]

    async def _sleep(self) -> None:
        now = self._clock.now()
        first = [at for kind in self._kinds if (at := await kind.first_to_come(now)) is not None]
        if first and (self._next is None or min(first) < self._next):
            self._next = min(first)
        seconds = LOOK_SECONDS
        if self._next is not None:
            seconds = min(seconds, max(0.0, (self._next - self._clock.now()) / 1000.0))
        with trio.move_on_after(seconds):
            await self._news.wait()

    async def _sweep(self) -> None:
        while True:
            self._rounds.begun("sweep", round(SWEEP_SECONDS * 1000), self._clock.now())
            await trio.sleep(SWEEP_SECONDS)
            try:
                rows = await self._keep_house()
            except StoreBusy:
                continue  # the next minute will do
            if rows:
                log.info("swept", extra={"count": rows})

    async def _offer_freed(self) -> None:
        """Offer on what turns give back. A store that is busy then is asked again."""
        while True:
            await self._freed.wait()
            self._freed = trio.Event()
            try:
                if await self._store.offer_seats(self._clock.now()):
                    self.note_now()
            except StoreBusy:
                self._freed.set()
            await trio.sleep(OFFER_SECONDS)

    async def _keep_house(self) -> int:
        """What is over goes or ends, and seats that this frees are offered on; how many rows that were."""
        now = self._clock.now()
        rows = await self._store.sweep(now)
        letters = await self._store.sweep_bookings(now) + await self._store.offer_seats(now)
        if letters:
            self.note_now()
        return rows + letters


def letter_of(timer: Timer) -> Letter:
    """The letter that a due timer becomes; its id names the timer and its turn, so that it is done once."""
    inbound = Inbound(
        id=f"timer:{timer.address.customer}:{timer.kind}:{timer.turn}",
        shop=timer.address.shop,
        sender=Sender(),
        sent_at=timer.due,
        event=TimerFired(timer.kind, timer.turn),
    )
    return Letter(timer.address, inbound)


def _name(letter: Letter) -> Name:
    return letter.inbound.shop, letter.inbound.id
