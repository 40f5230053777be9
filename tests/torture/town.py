"""A bakery, its provider and its customers in one process, over real HTTP and a real file."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trio

from adapters.app.compose import WallClock
from adapters.app.process import Process
from adapters.http import LaneHttp, shared_tls
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.faults import Faults
from adapters.phones.meta.payloads import Json, batch, envelope, signature, to_bytes, value_of
from adapters.phones.meta.rules import Rules
from engine.ports import OutboxRow, Store
from engine.running import Running
from storage.sqlite import open_sqlite
from tests.torture.bakery import APP_SECRET, NUMBER, PATH, RULES, compose
from tests.torture.checker import Evidence, faults
from tests.torture.phones import Phone

PATIENCE = 120.0
"""Seconds after which something is called stuck; no test waits for it to pass."""


@asynccontextmanager
async def provider(
    struck: Faults | None = None, seed: int = 0, rules: Rules = RULES
) -> AsyncIterator[tuple[FakeMeta, str]]:
    """The fake Meta in this process, with its address."""
    fake = FakeMeta([NUMBER], clock=WallClock(), seed=seed, faults=struck, rules=rules, keep_all=True)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        yield fake, f"http://127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


def webhook(port: int) -> str:
    return f"http://127.0.0.1:{port}{PATH}"


@dataclass
class Town:
    """All of it. ``phones`` are the customers whom the checker knows."""

    fake: FakeMeta
    process: Process
    database: Path
    url: str
    phones: list[Phone] = field(default_factory=list)

    def newcomer(self, name: str = "Asha") -> Phone:
        phone = Phone(self.fake, str(254_722_000_000 + len(self.phones)), name)
        self.phones.append(phone)
        return phone

    @property
    def running(self) -> Running:
        assert self.process.engine.running is not None
        return self.process.engine.running

    @property
    def store(self) -> Store:
        return self.running.store

    async def rows(self) -> list[OutboxRow]:
        """The outbox as the store holds it, in order of commit."""
        found = [await self.store.outbox_row(key) for (key,) in self.read("SELECT key FROM outbox ORDER BY seq")]
        return [row for row in found if row is not None]

    def read(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the file says, through a connection that can only read."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return db.execute(sql, parameters).fetchall()

    async def stop(self) -> None:
        """Gracefully; what is under way is finished."""
        self.process.stop()
        await self.process.stopped.wait()

    async def verdict(self, *, may_double: bool = False) -> list[str]:
        """Stop, and say all that is not as it must be."""
        await self.stop()
        return faults(Evidence(self.phones, self.fake.sent(), self.database, may_double))


@asynccontextmanager
async def town(
    folder: Path, *, struck: Faults | None = None, seed: int = 0, rules: Rules = RULES, **settings: Any
) -> AsyncIterator[Town]:
    """Open everything in ``folder``; ``settings`` go to ``bakery.compose``. Read marks are off: a tick is a 200."""
    database = folder / "shop.db"
    async with provider(struck, seed, rules) as (fake, address):
        process = compose(partial(open_sqlite, database, WallClock()), address, mark_read=False, **settings)
        async with trio.open_nursery() as nursery:
            port = await nursery.start(process.run)
            fake.set_webhook(NUMBER.phone_number_id, webhook(port))
            with trio.fail_after(PATIENCE):
                yield Town(fake, process, database, webhook(port))
                await _end(process)
            nursery.cancel_scope.cancel()


async def _end(process: Process) -> None:
    process.stop()
    await process.stopped.wait()


# -- webhooks by hand ------------------------------------------------------------------------------------------------
class Courier:
    """Posts webhooks as Meta does, but when the test says so."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tls = shared_tls()

    async def post(self, raw: bytes, secret: str = APP_SECRET) -> int:
        """The HTTP status of one delivery on a connection of its own."""
        headers = {"content-type": "application/json", "x-hub-signature-256": signature(secret, raw)}
        async with LaneHttp(self._tls, deadline=60.0) as http:
            return (await http.post(self._url, headers, raw)).status

    async def post_all(self, raws: Sequence[bytes]) -> list[int]:
        """All of them at once; their statuses in the same order."""
        statuses = [0] * len(raws)

        async def one(place: int) -> None:
            statuses[place] = await self.post(raws[place])

        async with trio.open_nursery() as nursery:
            for place in range(len(raws)):
                nursery.start_soon(one, place)
        return statuses


def text_from(digits: str, wamid: str, text: str, *, at: int = 0, name: str = "Asha") -> Json:
    """The value of a webhook that carries one text; ``at`` is Meta's timestamp in seconds, 0: now."""
    at = at or int(time.time())
    message = {"from": digits, "id": wamid, "timestamp": str(at), "type": "text", "text": {"body": text}}
    contact = {"profile": {"name": name}, "wa_id": digits}
    return value_of(NUMBER) | {"contacts": [contact], "messages": [message]}


def body_of(*values: Json, way: int | None = None) -> bytes:
    """One webhook's bytes. ``way`` 0 to 2: several entries, several changes, or several messages in one value."""
    return to_bytes(envelope(NUMBER, values) if way is None else batch(NUMBER, values, _Fixed(way)))


class _Fixed(random.Random):
    """Draws what it was told to."""

    def __init__(self, drawn: int) -> None:
        super().__init__(0)
        self._drawn = drawn

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return self._drawn
