"""From trio to aiosqlite: one thread with an asyncio loop, and nothing else in the project that knows asyncio.

trio-asyncio was rejected: importing it patches asyncio for the whole process. Coroutines that take an
``aiosqlite.Connection`` run over there; a caller hands one over whole (a batch, not a statement) and hears of its end
through trio's ``run_sync_soon``. Every hop between threads may wait for Python's global lock, so hops are what costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

import trio

T = TypeVar("T")


class Bridge:
    """Born in a trio task; must be closed there, since its thread outlives whoever forgets it."""

    def __init__(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = Thread(target=self._live, name="storage")
        self._thread.start()
        self._loop, self._end = self._ready.result()

    def submit(self, work: Coroutine[Any, Any, T], done: Callable[[Future[T]], None]) -> None:
        """Run ``work`` over there; ``done`` is called here, in trio's thread, between two tasks."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.add_done_callback(lambda ended: self._tell(done, ended))

    def soon(self, work: Callable[[], None]) -> None:
        """Do ``work`` here, in trio's thread, when every task that can run now has run."""
        self._token.run_sync_soon(work)

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` over there and wait for it, shielded: what has begun is always seen to its end."""
        ended = trio.Event()
        results: list[Future[T]] = []

        def done(future: Future[T]) -> None:
            results.append(future)
            ended.set()

        self.submit(work, done)
        with trio.CancelScope(shield=True):
            await ended.wait()
        return results[0].result()

    def close(self) -> None:
        """End the thread. Everything submitted must have ended; blocks for less than a millisecond."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _live(self) -> None:
        asyncio.run(self._wait_for_the_end())

    async def _wait_for_the_end(self) -> None:
        end = asyncio.Event()
        self._ready.set_result((asyncio.get_running_loop(), end))
        await end.wait()

    def _tell(self, done: Callable[[Future[T]], None], ended: Future[T]) -> None:
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(done, ended)
