"""Messages that wait until their customers write: which addresses hold some, and when they are let go.

    HELD ──────────────▶ kept here by address
    customer writes ───▶ let go (commit) before the answer to them is sent: what was held goes first
    every minute ──────▶ let go what another process heard of, give up what is too old

What is here is only a cache of the store: at the start, and every minute, the store is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

import trio

from engine.address import Address
from engine.commit import Commit
from engine.messages import Status
from engine.patience import patiently
from engine.ports import Clock, Store
from engine.window import FREE

log = logging.getLogger("sokoni.outbox")

REVIEW_SECONDS = 60.0


class Held:
    """``again`` is called when rows in the store are queued anew, and must be read from there."""

    def __init__(self, store: Store, clock: Clock, again: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._again = again
        self._holding: set[Address] = set()
        self._free: list[Address] = []
        self._early: dict[str, Status] = {}
        self.refused = 0

    def add(self, address: Address) -> None:
        """A message to this customer is held."""
        self._holding.add(address)

    def merged(self, gone: Address, survivor: Address) -> None:
        """What the one holds is the other's."""
        if gone in self._holding:
            self._holding.discard(gone)
            self._holding.add(survivor)

    def __len__(self) -> int:
        return len(self._holding)

    # -- when customers write ------------------------------------------------------------------------------------------
    def committed(self, commit: Commit) -> bool:
        """Whether this turn lets held messages go: what it says itself must then wait its turn behind them."""
        if commit.address not in self._holding or commit.heard + FREE <= self._clock.now():
            return False
        self._holding.discard(commit.address)
        self._free.append(commit.address)
        return True

    async def let_go(self) -> bool:
        """Queue what customers wait for who have written; whether there was any."""
        free, self._free = self._free, []
        if free:
            await patiently(lambda: self._store.let_go(free, self._clock.now()))
        return bool(free)

    async def review(self) -> None:
        """Ask the store what is held, once; it queues and gives up what is due."""
        before = set(self._holding)
        found = await patiently(lambda: self._store.review_held(self._clock.now()))
        self._holding = found.holding
        if found.queued or before - self._holding:
            self._again()

    async def run(self) -> None:
        """Review for ever."""
        while True:
            await trio.sleep(REVIEW_SECONDS)
            await self.review()

    # -- refusals that come late ---------------------------------------------------------------------------------------
    async def late(self, statuses: Sequence[Status], on_way: Callable[[str], bool]) -> Sequence[Status]:
        """Take refusals (Status.refused) out of these statuses; those of messages that are just being sent wait for the
        send's end. The rest comes back: refusals of messages that nobody knows among it."""
        refusals = [one for one in statuses if one.refused]
        if not refusals:
            return statuses
        self._early.update({one.key: one for one in refusals if on_way(one.key)})
        strangers = await self._refused([one for one in refusals if one.key not in self._early])
        return [one for one in statuses if not one.refused] + strangers

    async def landed(self, keys: Iterable[str]) -> None:
        """These were sent and settled: a refusal that overtook that counts now."""
        if not self._early:
            return
        strangers = await self._refused([self._early.pop(key) for key in keys if key in self._early])
        if strangers:
            await patiently(lambda: self._store.statuses(strangers))

    async def _refused(self, refusals: Sequence[Status]) -> list[Status]:
        if not refusals:
            return []
        self.refused += len(refusals)
        done = await patiently(lambda: self._store.refused(refusals, self._clock.now()))
        self._holding |= done.held
        if done.queued:
            self._again()
        log.warning("refused_late", extra={"count": len(refusals)})
        return done.strangers
