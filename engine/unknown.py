"""Unknown sends: the request may have arrived, but its answer was lost, or the process died in between.

They are reconciled by a provider status that carries our key. When nothing is known after a while, replies, orders and
payments go once more (the risk of a double is kept on the row and counted), bulk messages never. The customer's later
messages wait meanwhile, so that a reply which went out after all is never overtaken. A bulk message is given up
instead; should its status come in one day, it moves to sent all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import trio

from engine.address import Millis
from engine.lines import Lines
from engine.messages import NOBODY_KNOWS, Outcome, OutcomeClass, Outgoing, Purpose
from engine.patience import patiently
from engine.ports import Clock, Store

log = logging.getLogger("sokoni.outbox")

GIVEN_UP = Outcome(OutcomeClass.NEVER, reason=NOBODY_KNOWS)


class UnknownSends:
    """What is not known, since when (ms of trio's clock), and the task that decides about it."""

    def __init__(self, store: Store, lines: Lines, clock: Clock, after: Millis, work: Callable[[], None]) -> None:
        self._store = store
        self._lines = lines
        self._clock = clock
        self._after = after
        self._work = work
        self._rows: dict[str, tuple[Outgoing, float]] = {}
        self._news = trio.Event()
        self.seen = 0
        self.sent_again = 0

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    async def load(self, most: int, now: float) -> None:
        """Take over what a process before this one left behind.

        Its time runs anew from here: while nobody was there to take a status, none could tell.
        """
        for row, _ in await self._store.unknown(most):
            self.add(row, now)

    def add(self, row: Outgoing, since: float) -> None:
        """Nobody knows what became of this row; its customer's line waits."""
        self.seen += 1
        self._lines.add_unknown(row)
        self._rows[row.key] = (row, since)
        self._news.set()

    def resolve(self, keys: Iterable[str], now: float) -> None:
        """The provider says that these went out: their customers' lines go on."""
        for key in keys:
            if self._rows.pop(key, None) is not None:
                self._lines.done(key, now)
                self._work()

    async def run(self) -> None:
        """Decide about each row ``after`` ms since it became unknown, until cancelled."""
        while True:
            self._news = trio.Event()
            oldest = next((since for _, since in self._rows.values()), None)  # they are added in order of time
            with trio.CancelScope() as scope:
                if oldest is not None:
                    scope.deadline = self._ripe(oldest)
                await self._news.wait()
            if scope.cancelled_caught:
                await self._decide(trio.current_time())

    def _ripe(self, since: float) -> float:
        """When it is time to decide, in seconds of trio's clock."""
        return (since + self._after) / 1000.0

    async def _decide(self, seconds: float) -> None:
        rows = [row for row, since in self._rows.values() if self._ripe(since) <= seconds]
        bulk = [(row.key, GIVEN_UP) for row in rows if row.purpose is Purpose.BULK]
        service = [row.key for row in rows if row.purpose is not Purpose.BULK]
        queued: set[str] = set()
        if bulk:
            await patiently(lambda: self._store.settle(bulk, self._clock.now()))
        if service:
            queued = await patiently(lambda: self._store.requeue(service, self._clock.now()))
        now = trio.current_time() * 1000.0
        for row in rows:
            if self._rows.pop(row.key, None) is None:
                continue  # a status came in while the store wrote
            if row.key in queued:
                self.sent_again += 1
                log.warning("sent_once_more", extra={"shop": row.address.shop})
                self._lines.again(row.key, now, 0)
            else:
                self._lines.done(row.key, now)
        self._work()
