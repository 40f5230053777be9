"""Things to be done at a moment: a heap of actions and one task. Counts in trio's time, so a virtual clock moves it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from math import inf

import trio


class Later:
    """``run`` must be running for anything to happen. Actions never wait."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._counted = 0
        self._sooner = trio.Event()

    def __len__(self) -> int:
        return len(self._heap)

    def call(self, seconds: float, action: Callable[[], None]) -> None:
        """Do ``action`` after ``seconds``; what was asked for earlier goes first at the same moment."""
        due = trio.current_time() + seconds
        self._counted += 1
        heapq.heappush(self._heap, (due, self._counted, action))
        if self._heap[0][0] == due:
            self._sooner.set()

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            self._sooner = trio.Event()
            while self._heap and self._heap[0][0] <= trio.current_time():
                heapq.heappop(self._heap)[2]()
            with trio.move_on_at(self._heap[0][0] if self._heap else inf):
                await self._sooner.wait()
