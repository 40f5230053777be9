"""A serving process that tests start, kill and start again: ``python -m tests.torture.server JSON``.

It is composed as ``run.py serve`` does; what a twin test takes away is taken away here and nowhere else. It prints
``awake``, ``opening`` and ``port N``, so that a kill can hit each stage of the start; SIGTERM stops it gracefully.
"""

from __future__ import annotations

import sys

print("awake", flush=True)

from collections.abc import AsyncIterator, Sequence  # noqa: E402  (a kill may come before the imports, too)
from contextlib import asynccontextmanager  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, cast  # noqa: E402

import msgspec  # noqa: E402
import trio  # noqa: E402

from adapters import logs  # noqa: E402
from adapters.app.compose import WallClock  # noqa: E402
from adapters.app.serve import calm_gc, stop_on_signal  # noqa: E402
from engine.commit import Commit  # noqa: E402
from engine.errors import SokoniError  # noqa: E402
from engine.events import Inbound  # noqa: E402
from engine.facts import Conflict, ConflictKind  # noqa: E402
from engine.mailbox import Receipt  # noqa: E402
from engine.ports import Store  # noqa: E402
from engine.running import Running  # noqa: E402
from storage.sqlite import open_sqlite  # noqa: E402
from tests.torture.bakery import APP_SECRET, compose  # noqa: E402
from tests.torture.order import Order  # noqa: E402


class Weakened:
    """A store with a slow disk, and without its unique inbound ids when asked for."""

    def __init__(self, store: Store, order: Order) -> None:
        self._store = store
        self._order = order
        self._again = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, commit: Commit) -> Conflict | None:
        await trio.sleep(self._order.slow)
        conflict = await self._store.commit(commit)
        if self._order.without != "uniqueness" or conflict != Conflict(ConflictKind.DUPLICATE):
            return conflict
        self._again += 1
        renamed = f"{commit.inbound_id}~{commit.version}.{self._again}"
        return await self._store.commit(msgspec.structs.replace(commit, inbound_id=renamed))


def answer_before_commit() -> None:
    """Hand letters in as always, but give the edge a receipt that is settled already."""
    hand_in = Running.post

    def post(self: Running, inbounds: Sequence[Inbound]) -> Receipt:
        hand_in(self, inbounds)
        return Receipt(0)

    setattr(Running, "post", post)  # noqa: B010  (mypy has no words for a method that a test replaces)


async def serve(order: Order) -> None:
    @asynccontextmanager
    async def open_store() -> AsyncIterator[Store]:
        print("opening", flush=True)
        async with open_sqlite(Path(order.database), WallClock()) as store:
            weakened = order.slow > 0 or order.without == "uniqueness"
            yield cast(Store, Weakened(store, order)) if weakened else store

    process = compose(open_store, order.provider, unknown_after=order.unknown_after)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_on_signal, process, nursery)
        port = await nursery.start(process.run)
        calm_gc()
        print(f"port {port}", flush=True)
        await process.stopped.wait()
        nursery.cancel_scope.cancel()


def main() -> int:
    order = msgspec.json.decode(sys.argv[1], type=Order)
    logs.setup(sys.stderr, logs.key_of([APP_SECRET]))
    if order.without == "waiting":
        answer_before_commit()
    try:
        trio.run(serve, order)
    except SokoniError as error:
        print(f"sokoni: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
