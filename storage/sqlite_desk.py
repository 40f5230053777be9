"""What every part of the SQLite store stands on: its writer, its readers, its caches, and how they are asked.

The parts (sqlite_till, sqlite_office, sqlite_books) are a noun of the port each; sqlite.py makes one store of them.
Everything here runs in trio's thread; functions that take a Db run in storage's own (storage/bridge.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from typing import Any, TypeVar

import trio

from engine.errors import StoreFailed
from engine.ports import Clock
from storage import errands
from storage.bridge import Bridge
from storage.connections import Connections
from storage.reader import Reader
from storage.seating import Seating
from storage.sql import Db
from storage.stock import Stock
from storage.writer import Unit, Writer

T = TypeVar("T")
P = TypeVar("P")


class SqliteDesk:
    """One open file, and who writes and reads it."""

    def __init__(self, bridge: Bridge, connections: Connections, clock: Clock, *, batch: int, queue: int) -> None:
        self._bridge, self._connections, self._clock = bridge, connections, clock
        self._writer = Writer(bridge, connections.writer, batch=batch, queue=queue)
        self._asker = Reader(bridge, connections.asker, self._writer.fail)
        self._lister = Reader(bridge, connections.lister, self._writer.fail)
        self._owner = Reader(bridge, connections.owner, self._writer.fail)
        self._stock = Stock()
        self._seating = Seating()
        self._closed = False
        self.checked = trio.Event()
        """Set when the integrity check, which runs beside the work, has ended."""

    def _alive(self) -> None:
        if self._writer.failure is not None:
            raise self._writer.failure
        if self._closed:
            raise StoreFailed("The store is closed.")

    async def _list(self, query: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """A query that is not gathered with others of its kind."""
        return await self._ask(self._lister, query, arguments)

    async def _look(self, query: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """The same for what the owner looks up."""
        return await self._ask(self._owner, query, arguments)

    async def _ask(self, reader: Reader, query: Callable[..., Coroutine[Any, Any, T]], arguments: tuple[Any, ...]) -> T:
        self._alive()
        answer: Any = await reader.put(_apart, (query, arguments)).wait()
        return answer  # type: ignore[no-any-return]

    async def _put(
        self,
        write: Callable[[Db, Sequence[P]], Awaitable[Sequence[T]]],
        payload: P,
        marks: Sequence[Hashable] = (),
        then: Callable[[T], None] | None = None,
    ) -> T:
        """A write that goes with others of its kind."""
        self._alive()
        return await self._writer.put(Unit(write, payload, marks=marks, then=then))

    async def _errand(self, errand: Callable[[Db], Awaitable[T]], then: Callable[[T], None] | None = None) -> T:
        """A rare write, done by itself in the batch it travels in."""
        answer: Any = await self._put(errands.write_errands, errand, then=then)
        return answer  # type: ignore[no-any-return]


async def _apart(db: Db, asked: Sequence[Any]) -> dict[Any, Any]:
    return {(query, arguments): await query(db, *arguments) for query, arguments in asked}
