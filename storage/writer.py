"""Group commit: whatever queued while the last batch was syncing goes into the next one, in one transaction.

No timer decides when a batch leaves: a lone unit leaves after one look around, and under load batches grow until they
carry the load. Units of all kinds travel together. When a batch breaks a constraint it is rolled back and taken again
unit by unit, each in its own savepoint of one transaction, so only the guilty unit fails. Any other database error
leaves the outcome unknown: everything waiting and everything later gets StoreFailed.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar

import trio

from engine.errors import StoreBusy, StoreError, StoreFailed
from storage.bridge import Bridge
from storage.sql import Db, run

BATCH = 512
"""Units in one transaction, at most."""

QUEUE = 20_000
"""Units waiting, at most; one more is refused with StoreBusy."""

PASSES = 4
"""Scheduler passes that a batch waits for at most, as long as each of them brings more."""

GUILT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeError,
)
"""What a unit can do wrong by itself: a broken constraint, or a value that no column can take."""

P = TypeVar("P")
R = TypeVar("R")


class Unit(Generic[P, R]):
    """One write on its way to the disk.

    ``write`` does many of its kind at once and answers in their order. ``marks`` name what it contends for: of two
    units that share a mark the later waits for the next batch, because its answer depends on what becomes of the
    first. ``blame`` names the fault of a unit that a constraint refused. ``then`` sees the answer before the caller.
    """

    __slots__ = ("answer", "blame", "done", "error", "marks", "payload", "then", "wants", "write")

    def __init__(
        self,
        write: Callable[[Db, Sequence[P]], Awaitable[Sequence[R]]],
        payload: P,
        *,
        marks: Sequence[Hashable] = (),
        blame: Callable[[Db, P, Exception], Awaitable[R | StoreError]] | None = None,
        then: Callable[[R], None] | None = None,
        wants: Callable[[Counter[tuple[str, str]]], bool] | None = None,
    ) -> None:
        self.write, self.payload, self.marks = write, payload, marks
        self.blame, self.then, self.wants = blame, then, wants
        self.done = trio.Event()
        self.answer: R | None = None
        self.error: StoreError | None = None

    async def wait(self) -> R:
        """The answer, or the error. Cancelling leaves the unit on its way."""
        await self.done.wait()
        if self.error is not None:
            raise self.error
        answer: Any = self.answer
        return answer  # type: ignore[no-any-return]

    def end(self, answer: R | StoreError) -> None:
        """Tell whoever waits."""
        if isinstance(answer, StoreError):
            self.error = answer
        else:
            self.answer = answer
            if self.then is not None:
                self.then(answer)
        self.done.set()


AnyUnit = Unit[Any, Any]


class Writer:
    """The queue before the one connection that writes. All of it lives in trio's thread, except ``write_batch``."""

    def __init__(self, bridge: Bridge, db: Db, *, batch: int = BATCH, queue: int = QUEUE) -> None:
        self._bridge, self._db = bridge, db
        self._batch, self._limit = batch, queue
        self._queue: deque[AnyUnit] = deque()
        self._writing: list[AnyUnit] = []
        self._starting = False
        self._idle = trio.Event()
        self._idle.set()
        self.failure: StoreFailed | None = None
        """Why nothing is written any more; None while all is well."""

    async def put(self, unit: Unit[P, R]) -> R:
        """Queue ``unit`` and wait for its answer."""
        if self.failure is not None:
            raise self.failure
        if len(self._queue) >= self._limit:
            raise StoreBusy(f"{self._limit} writes wait for the disk already; try again in a moment.")
        self._queue.append(unit)
        if not self._writing:
            self._start_soon()
        return await unit.wait()

    def fail(self, why: StoreFailed) -> None:
        """Refuse everything from now on, and everything that waits. The first reason stands."""
        self.failure = self.failure or why
        waiting, self._queue = self._queue, deque()
        for unit in waiting:
            unit.end(self.failure)

    async def drain(self) -> None:
        """Wait until everything queued is written."""
        await self._idle.wait()

    # -- one batch after the other ---------------------------------------------------------------------------------
    def _start_soon(self) -> None:
        """Begin the next batch once every task that can run now has run.

        Whoever was told of the last batch's end has often something to write again. Without this, their writes would
        just miss the batch that begins, and two half-sized batches would take turns.
        """
        if not self._starting:
            self._starting = True
            if self._idle.is_set():
                self._idle = trio.Event()
            self._bridge.soon(partial(self._look, 1, 0))

    def _look(self, passes: int, seen: int) -> None:
        """Begin the batch, or look again after another pass while each pass brings more."""
        if passes < PASSES and seen < len(self._queue) < self._batch:
            self._bridge.soon(partial(self._look, passes + 1, len(self._queue)))
        else:
            self._start()

    def _start(self) -> None:
        self._starting = False
        self._writing = self._take()
        if self._writing:
            self._bridge.submit(write_batch(self._db, self._writing), self._ended)
        else:
            self._idle.set()

    def _take(self) -> list[AnyUnit]:
        batch: list[AnyUnit] = []
        later: list[AnyUnit] = []
        seen: set[Hashable] = set()
        besides: Counter[tuple[str, str]] = Counter()
        while self._queue and len(batch) + len(later) < self._batch:
            unit = self._queue.popleft()
            waits = not seen.isdisjoint(unit.marks) or (unit.wants is not None and not unit.wants(besides))
            waits = waits and bool(batch)  # whatever a unit says, the first one goes, or none ever would
            (later if waits else batch).append(unit)
            seen.update(unit.marks)
        self._queue.extendleft(reversed(later))
        return batch

    def _ended(self, future: Future[list[Any]]) -> None:
        batch, self._writing = self._writing, []
        error = future.exception()
        if error is not None:
            self.fail(refused(error))
            assert self.failure is not None
            for unit in batch:
                unit.end(self.failure)
        else:
            for unit, answer in zip(batch, future.result(), strict=True):
                unit.end(answer)
        self._start_soon()


def refused(error: BaseException) -> StoreFailed:
    """What to tell of an error that leaves the outcome unknown."""
    failed = StoreFailed(f"The database refused ({error}). Nothing more is written; see to the disk and restart.")
    failed.__cause__ = error
    return failed


# -- in storage's own thread -----------------------------------------------------------------------------------------


async def write_batch(db: Db, units: Sequence[AnyUnit]) -> list[Any]:
    """One transaction; answers in the order of ``units``. Raises what makes the outcome unknown."""
    await run(db, "BEGIN IMMEDIATE")
    try:
        answers = await _together(db, units)
    except GUILT:
        await run(db, "ROLLBACK")
        await run(db, "BEGIN IMMEDIATE")
        answers = [await _alone(db, unit) for unit in units]
    await run(db, "COMMIT")
    return answers


async def _together(db: Db, units: Sequence[AnyUnit]) -> list[Any]:
    kinds: dict[Any, list[int]] = {}
    for place, unit in enumerate(units):
        kinds.setdefault(unit.write, []).append(place)
    answers: list[Any] = [None] * len(units)
    for write, places in kinds.items():
        for place, answer in zip(places, await write(db, [units[place].payload for place in places]), strict=True):
            answers[place] = answer
    return answers


async def _alone(db: Db, unit: AnyUnit) -> Any:
    await run(db, "SAVEPOINT alone")
    try:
        (answer,) = await unit.write(db, [unit.payload])
    except GUILT as error:
        await run(db, "ROLLBACK TO alone")
        answer = await _blame(db, unit, error)
    await run(db, "RELEASE alone")
    return answer


async def _blame(db: Db, unit: AnyUnit, error: Exception) -> Any:
    named = await unit.blame(db, unit.payload, error) if unit.blame is not None else None
    return named if named is not None else StoreError(f"A rule of the store is broken ({error}); nothing was written.")
