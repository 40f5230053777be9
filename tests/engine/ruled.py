"""An outbox whose channel keeps to the rules, and customers who write: the stage for the tests of engine.ruling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio
import trio.testing

from engine.address import DAY, Address, Millis
from engine.commit import Commit
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Status, StatusRank, Template, Text
from engine.outbox import Outbox, OutboxSettings
from engine.ports import NotSent
from engine.ruling import Ruling
from engine.template_sync import TemplateSync
from engine.terms import Terms
from tests.engine.scripted import BAKERY, SHOP, START, TrioClock, TroubledStore
from tests.engine.sending import FAST, ScriptedChannel, no_http

READY = Template("news", "en")
REFUSED = Outcome(OutcomeClass.NEEDS_TEMPLATE, code=131047, reason="Too late.")


class Listening(ScriptedChannel):
    """Keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, object]] = []
        self.went: list[str] | NotSent = []

    async def found(self, http: object, outgoing: Outgoing) -> Sequence[str]:
        if isinstance(self.went, NotSent):
            raise self.went
        return self.went

    async def send(self, http: object, row: Outgoing) -> Outcome:
        outcome = await super().send(http, row)
        if outcome.kind is OutcomeClass.SENT:
            self.sent.append((row.address.customer, getattr(row.message, "body", row.message)))
        return outcome


class Office:
    """An outbox whose channel keeps to the rules, and customers who write."""

    def __init__(self, store: TroubledStore, channel: Listening) -> None:
        self.store = store
        self.clock = TrioClock()
        self.posted = 0
        shops = {SHOP: msgspec.structs.replace(BAKERY, terms=Terms(templates={"order": READY.name}))}
        self.templates = TemplateSync(store, shops, [channel], no_http, self.clock)
        self.outbox = Outbox(
            store,
            {SHOP: Ruling(channel, store, self.clock, self.templates)},
            {SHOP: FAST},
            no_http,
            self.clock,
            OutboxSettings(),
            posted=self._note,
        )
        self.turns: dict[str, int] = {}

    def _note(self) -> None:
        self.posted += 1

    async def turn(self, who: str, said: str | Template = "", *, heard: Millis, **more: Any) -> str:
        """One committed turn that says something; the row's key."""
        address, number = Address(SHOP, who), self.turns.get(who, 0) + 1
        self.turns[who] = number
        free = more.pop("free_until", heard + DAY - 5 * 60_000)
        key, purpose = f"{address}:{number}:0", more.pop("purpose", Purpose.REPLY)
        message = said if isinstance(said, Template) else Text(said)
        row = Outgoing(key, address, "254700000001", "", message, purpose, START, 0, free, more.pop("fallback", None))
        rows = (row,) if said else ()
        commit = Commit(address, number, b"{}", self.clock.now(), f"{who}{number}", outbox=rows, heard=heard, **more)
        assert await self.store.commit(commit) is None
        self.outbox.committed(commit)
        return key

    async def state(self, key: str) -> str:
        found = await self.store.outbox_row(key)
        assert found is not None
        return found.state


@asynccontextmanager
async def office(store: TroubledStore, channel: Listening) -> AsyncIterator[Office]:
    here = Office(store, channel)
    async with trio.open_nursery() as nursery:
        await nursery.start(here.outbox.run)
        yield here
        nursery.cancel_scope.cancel()


LONG_AGO = START - 3 * DAY


def late(key: str, kind: OutcomeClass = OutcomeClass.NEEDS_TEMPLATE) -> Status:
    return Status(SHOP, "p.ann1", StatusRank.FAILED, START, key, 131047, "Too late.", kind)
