"""Reads, gathered: what two hundred actors ask at once is one statement and one hop, not two hundred.

Whatever is asked while the last gathering is being read goes into the next, as with the writer. The connection is
``query_only``; in WAL mode it sees every commit that ended before it asked.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

import trio

from engine.errors import StoreFailed
from storage.bridge import Bridge
from storage.sql import Db
from storage.writer import refused

GATHERED = 2_000
"""Questions in one round, at most."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Lookup = Callable[[Db, Sequence[Any]], Coroutine[Any, Any, dict[Any, Any]]]
"""Answers many keys at once; keys that have no answer are left out."""


class Question(Generic[V]):
    """One key, asked of one Lookup."""

    __slots__ = ("answer", "done", "error", "key", "lookup")

    def __init__(self, lookup: Lookup, key: Hashable) -> None:
        self.lookup, self.key = lookup, key
        self.done = trio.Event()
        self.answer: Any = None
        self.error: StoreFailed | None = None

    async def wait(self) -> V | None:
        """The answer, None when there is none; raises what went wrong."""
        await self.done.wait()
        if self.error is not None:
            raise self.error
        answer: V | None = self.answer
        return answer


class Reader:
    """One read-only connection and the questions before it."""

    def __init__(self, bridge: Bridge, db: Db, failed: Callable[[StoreFailed], None]) -> None:
        self._bridge, self._db, self._failed = bridge, db, failed
        self._asked: list[Question[Any]] = []
        self._reading: list[Question[Any]] = []
        self._idle = trio.Event()
        self._idle.set()

    def put(self, lookup: Callable[[Db, Sequence[K]], Coroutine[Any, Any, dict[K, V]]], key: K) -> Question[V]:
        """Ask ``lookup`` for ``key``; wait on what comes back."""
        question: Question[V] = Question(lookup, key)
        self._asked.append(question)
        if not self._reading:
            self._start()
        return question

    async def drain(self) -> None:
        """Wait until every question is answered."""
        await self._idle.wait()

    def _start(self) -> None:
        self._reading, self._asked = self._asked[:GATHERED], self._asked[GATHERED:]
        if self._reading:
            if self._idle.is_set():
                self._idle = trio.Event()
            self._bridge.submit(_answer(self._db, self._reading), self._ended)
        else:
            self._idle.set()

    def _ended(self, future: Future[list[Any]]) -> None:
        read, self._reading = self._reading, []
        error = future.exception()
        if error is None:
            for question, answer in zip(read, future.result(), strict=True):
                question.answer = answer
        else:
            failure = refused(error)
            self._failed(failure)
            for question in read:
                question.error = failure
        for question in read:
            question.done.set()
        self._start()


async def _answer(db: Db, questions: Sequence[Question[Any]]) -> list[Any]:
    keys: dict[Lookup, dict[Any, None]] = {}
    for question in questions:
        keys.setdefault(question.lookup, {})[question.key] = None
    found = {lookup: await lookup(db, list(asked)) for lookup, asked in keys.items()}
    return [found[question.lookup].get(question.key) for question in questions]
