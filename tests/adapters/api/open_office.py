"""The API on a real port, in a thread of its own, with something of everything in it to be asked for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import trio
from msgspec.structs import replace

from adapters.web.server import Server
from engine.campaigns import Plan, Variant
from engine.payments import PaymentNews
from engine.quiet import NEVER
from tests.adapters.api.office import ANN, Office, office
from tests.adapters.api.test_books import deal
from tests.adapters.api.test_events import book, plan
from tests.engine.scripted import TrioClock, TroubledStore

START_SECONDS = 10.0


class Open(msgspec.Struct, frozen=True):
    """Where it is, its shops' secrets, and for each name in a path something that is there."""

    url: str
    secrets: Mapping[str, str]
    there: Mapping[str, str]


@contextmanager
def open_office() -> Iterator[Open]:
    """The API on a port of this machine, until the block ends."""
    said: queue.Queue[Open] = queue.Queue()
    closing: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def serve() -> None:
        async with office(TroubledStore(TrioClock())) as made, trio.open_nursery() as nursery:
            server = Server(made.web, "127.0.0.1", 0, connections=64, grace=1)
            there = await _furnished(made)
            port = await nursery.start(server.run)
            closed = trio.Event()
            closing.append((trio.lowlevel.current_trio_token(), closed))
            said.put(Open(f"http://127.0.0.1:{port}", made.secrets, there))
            await closed.wait()
            nursery.cancel_scope.cancel()

    thread = threading.Thread(target=trio.run, args=(serve,), name="open office", daemon=True)
    thread.start()
    try:
        yield said.get(timeout=START_SECONDS)
    finally:
        for token, closed in closing:
            token.run_sync_soon(closed.set)
        thread.join(START_SECONDS)


async def _furnished(made: Office) -> Mapping[str, str]:
    """Let there be an order, an event with a booking, and money that nobody knows the meaning of."""
    await plan(made)
    shop = made.shops["dealer"]
    made.shops["dealer"] = replace(shop, terms=replace(shop.terms, quiet=NEVER))
    number, booking = await deal(made), await book(made)
    for news in range(50):
        await made.running.record(
            "dealer", PaymentNews(f"e{news}", "ghala", True, 100, "INR", reference="?", payer=ANN)
        )
    plan_of_one = Plan("Eid", (Variant(template="eid"),), '{"phones":["254799999998"]}')
    await made.store.create_campaign("dealer", "eid", plan_of_one, made.clock.now())
    return {
        "campaign": "eid",
        "number": number,
        "event": "jazz-night",
        "booking": booking,
        "payment": "ghala:e1",
        "customer": made.address("dealer").customer,
        "invoice": "INV-2025-0001",
        "step": "send",
    }
