"""The scheduler actor: loads durable timers that are due and posts them as letters, nothing else.

A timer's row stays until the turn that it caused turns it off or sets it anew, in that turn's own commit; so a crash
between "due" and "done" only fires it again, under the same inbound id. Timers go out in small batches with a bound on
how many are under way, so that a flood of due timers never starves conversations. The wall clock may jump: the
sleep is re-examined at least every LOOK_SECONDS. Upkeep of the store (old inbound ids, expired holds) runs here too.
"""

from __future__ import annotations

import logging

import trio

from engine.address import Address, Millis, Sender
from engine.commit import Timer
from engine.errors import StoreBusy
from engine.events import Inbound, Letter, TimerFired
from engine.mailbox import Receipt
from engine.ports import Clock, Store
from engine.supervisor import Supervisor

log = logging.getLogger("sokoni.scheduler")

BATCH = 100
UNDER_WAY = 200
LOOK_SECONDS = 30.0
SWEEP_SECONDS = 60.0
RETRY_SECONDS = 1.0


class Scheduler:
    """Posts due timers. ``note`` tells it of a timer that was just set."""

    def __init__(self, store: Store, supervisor: Supervisor, clock: Clock) -> None:
        self._store = store
        self._supervisor = supervisor
        self._clock = clock
        self._under_way: set[tuple[Address, str, int]] = set()
        self._next: Millis | None = None
        self._news = trio.Event()

    def note(self, due: Millis) -> None:
        """A timer with this moment was committed."""
        if self._next is None or due < self._next:
            self._next = due
            self._news.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._sweep)
            task_status.started()
            while True:
                self._news = trio.Event()
                self._next = None  # what is noted from here on is news, whatever was read before
                if not await self._fire_due(nursery):
                    await self._sleep()

    async def _fire_due(self, nursery: trio.Nursery) -> bool:
        """Post one batch; whether there may be more at once."""
        room = UNDER_WAY - len(self._under_way)
        if room <= 0:
            return False
        before = set(self._under_way)  # one that ends while the store reads may be in its answer all the same
        timers = await self._store.due(self._clock.now(), min(UNDER_WAY, BATCH + len(before)))
        fresh = [timer for timer in timers if _name(timer) not in before][:room]
        for timer in fresh:
            self._under_way.add(_name(timer))
            nursery.start_soon(self._fire, timer)
        return bool(fresh)

    async def _fire(self, timer: Timer) -> None:
        """Post one timer and wait for its end; one that could not be kept comes again."""
        receipt = Receipt(1)
        self._supervisor.post(letter_of(timer), receipt)
        kept = await receipt.wait()
        if not kept:
            await trio.sleep(RETRY_SECONDS)
        self._under_way.discard(_name(timer))
        self._news.set()

    async def _sleep(self) -> None:
        self._next = await self._first_to_come()
        seconds = LOOK_SECONDS
        if self._next is not None:
            seconds = min(seconds, max(0.0, (self._next - self._clock.now()) / 1000.0))
        with trio.move_on_after(seconds):
            await self._news.wait()

    async def _first_to_come(self) -> Millis | None:
        """When the first timer is due that is not under way; None when that is not soon, or with no room for it."""
        if not self._under_way:
            return await self._store.next_due()
        if len(self._under_way) >= UNDER_WAY:
            return None
        soon = self._clock.now() + round(LOOK_SECONDS * 1000)
        timers = await self._store.due(soon, len(self._under_way) + 1)
        return next((timer.due for timer in timers if _name(timer) not in self._under_way), None)

    async def _sweep(self) -> None:
        while True:
            await trio.sleep(SWEEP_SECONDS)
            try:
                rows = await self._store.sweep(self._clock.now())
            except StoreBusy:
                continue  # the next minute will do
            if rows:
                log.info("swept", extra={"count": rows})


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


def _name(timer: Timer) -> tuple[Address, str, int]:
    return timer.address, timer.kind, timer.turn
