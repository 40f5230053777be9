"""The connections of one open store: one that writes, and those that only read, each for its own kind of question."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from engine.address import Millis
from storage.file import Synchronous, open_reader, open_writer
from storage.sql import Db

READERS = 4


class Connections:
    """Closed in order: those that read first, so that the writer moves the log at the end."""

    def __init__(self) -> None:
        self.opened: list[Db] = []

    @property
    def writer(self) -> Db:
        return self.opened[0]

    @property
    def asker(self) -> Db:
        """For what actors ask, gathered."""
        return self.opened[1]

    @property
    def lister(self) -> Db:
        """For lists of the outbox and the scheduler, which may be long and must not keep actors waiting."""
        return self.opened[2]

    @property
    def owner(self) -> Db:
        """For what the owner looks up: sums and pages over everything, which must not keep messages waiting."""
        return self.opened[3]

    @property
    def checker(self) -> Db:
        """For the integrity check, which may read for minutes beside the work."""
        return self.opened[4]

    async def open(self, path: Path, now: Millis, synchronous: Synchronous) -> None:
        """All of them, or none."""
        try:
            self.opened.append(await open_writer(path, now, synchronous))
            for _ in range(READERS):
                self.opened.append(await open_reader(path))
        except BaseException:
            await self.close()
            raise

    async def stop_checking(self) -> None:
        await self.checker.interrupt()

    async def close(self) -> None:
        while self.opened:
            with suppress(sqlite3.Error):
                await self.opened.pop().close()


async def connect(path: Path, now: Millis, synchronous: Synchronous) -> Connections:
    """Open all that a store needs on this file."""
    connections = Connections()
    await connections.open(path, now, synchronous)
    return connections
