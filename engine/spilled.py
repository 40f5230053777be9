"""Rows that did not fit into memory: they wait in the store and are read back in order of commit, while there is room.

Meanwhile new rows go to the store only. What is queued anew there, after it was sent or held, lies before all that was
read: then reading begins with the first row again, and rows known already are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio

from engine.held import Held
from engine.lines import Lines
from engine.messages import Outgoing
from engine.ports import Store

PAGE = 1_000
FULL_SECONDS = 0.05
"""How long a full memory is left before it is looked at again."""


class Spilled:
    """``work`` is called when rows have come in; ``now`` tells ms of the lines' clock."""

    def __init__(
        self, store: Store, lines: Lines, in_memory: int, work: Callable[[], None], now: Callable[[], float]
    ) -> None:
        self._store = store
        self._lines = lines
        self._in_memory = in_memory
        self._work = work
        self._now = now
        self._some = True  # until the rows that the store holds at the start are read
        self._anew = False
        self._offers = 0
        self._cursor = 0
        self._news = trio.Event()

    def offer(self, rows: Sequence[Outgoing], *, stored: bool) -> None:
        """Take rows that were just committed; ``stored``: they must be read back from there."""
        if stored or self._some or len(self._lines.rows) >= self._in_memory:
            self._some = True
            self._offers += 1
            self._news.set()
        else:
            self._lines.add(rows, self._now())
            self._work()

    def read_anew(self) -> None:
        """Rows that were read before are queued again."""
        self._anew = self._some = True
        self._offers += 1
        self._news.set()

    def look(self) -> None:
        """There may be room."""
        self._news.set()

    async def run(self, held: Held) -> None:
        """Read back for ever; what ``held`` lets go is queued before it is looked for."""
        while True:
            self._news = trio.Event()
            if self._lines.hungry and not self._some:
                self._lines.reopen()
                self._some = True
            if self._some and len(self._lines.rows) <= self._in_memory // 2:
                await self._read_back(held)
            elif self._some:
                with trio.move_on_after(FULL_SECONDS):
                    await self._news.wait()
            else:
                self._cursor = 0
                await self._news.wait()

    async def _read_back(self, held: Held) -> None:
        offers = self._offers
        await held.let_go()
        if self._anew:
            self._anew, self._cursor = False, 0
        cursor, rows = await self._store.waiting(self._cursor, PAGE)
        if self._anew:
            return  # what is let go meanwhile goes before these
        self._cursor = cursor
        self._lines.add(rows, self._now())
        if not rows and offers == self._offers:
            self._some = False
        self._work()
