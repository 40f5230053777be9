"""Delivering webhooks as providers do: signed, at least once, in no promised order, again and again until 200. How a
provider writes them is its ``Wire``.

Per number there are LANES connections. One phone's messages stand in a line of their own and are posted one after
another; but a message that was refused waits for its new attempt apart, and the next one goes ahead of it. So without
faults and refusals one customer's order is kept, and nothing else is promised. Statuses are gathered and posted
together, for one POST each would cost more than the messages.
"""

from __future__ import annotations

import random
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import trio

from adapters.http import LaneHttp
from adapters.phones.meta.faults import REORDER_MS
from adapters.phones.meta.later import Later
from adapters.phones.meta.payloads import Json, envelope, to_bytes
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.meta.wire import MESSAGE, STATUS, Wire
from adapters.phones.meta.world import World
from engine.ports import AnswerLost, NotSent

LANES = 16
DEADLINE = 10.0
"""Seconds that a receiver may take for its answer before the webhook counts as failed."""
WEEK = 7 * 86_400.0
"""Seconds after which Meta gives a webhook up."""
BATCH_WAIT = 0.05
WAITING = 200_000
"""Webhooks that may wait at once; beyond that the newest are dropped and counted."""
BATCHED = "(batch)"


@dataclass(slots=True)
class Parcel:
    """One webhook to post. ``line`` is the phone it must not overtake, None when it belongs to no line.

    ``delivered`` are called once, after the first 200. ``doubles``: it may still be posted twice by the fault. ``name``
    is its own and stays with every attempt.
    """

    body: bytes
    born: float
    line: str | None = None
    delivered: list[Callable[[], None]] = field(default_factory=list)
    attempts: int = 0
    doubles: bool = True
    tells: str = MESSAGE
    name: int = 0
    query: str = ""


class Deliverer:
    """All webhooks of one business number. ``run`` posts them; ``message`` and ``status`` never wait."""

    def __init__(self, number: FakeNumber, world: World, wire: Wire) -> None:
        self.number = number
        self._wire = wire
        self._world = world
        self._mischief = world.mischief
        self._counts = world.counts
        self._draw = random.Random(f"{world.seed}/{number.phone_number_id}")
        self._later = Later()
        self._ready, self._take = trio.open_memory_channel[Parcel](inf)
        self._lines: dict[str, deque[Parcel]] = {}
        self._parked: deque[Parcel] = deque()  # while the number has no address to post to
        self._statuses: list[Json] = []
        self._held: dict[str, Parcel] = {}  # by line: waits to be overtaken
        self._batch: list[tuple[Json, Callable[[], None]]] = []
        self.waiting = 0
        self._named = 0

    async def run(self, tls: ssl.SSLContext) -> None:
        """Post until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._later.run)
            for _ in range(LANES):
                nursery.start_soon(self._lane, tls)

    # -- what the fake gives ---------------------------------------------------------------------------------------
    def message(self, line: str, value: Json, delivered: Callable[[], None]) -> None:
        """Deliver one customer's message; ``delivered`` is called when the shop has answered 200."""
        if self._mischief.strikes("delay"):
            self._later.call(self._mischief.plan.delay.ms / 1000, lambda: self._message(line, value, delivered))
        else:
            self._message(line, value, delivered)

    def status(self, status: Json) -> None:
        """Deliver one status, together with others."""
        if self._mischief.strikes("drop_status"):
            return
        self._statuses.append(status)
        if len(self._statuses) >= self._world.rules.status_batch:
            self._flush_statuses()
        elif len(self._statuses) == 1:
            self._later.call(self._world.rules.status_wait, self._flush_statuses)

    def change(self, field: str, value: Json) -> None:
        """Deliver a change of the account, as Meta does."""
        body = to_bytes(envelope(self.number, [value], field))
        self._enqueue(Parcel(body, trio.current_time(), tells=STATUS))

    def resume(self) -> None:
        """Post what waited for an address, after ``number.webhook_url`` was set."""
        while self._parked:
            self._ready.send_nowait(self._parked.popleft())

    # -- from updates to parcels -----------------------------------------------------------------------------------
    def _message(self, line: str, value: Json, delivered: Callable[[], None]) -> None:
        if self._wire.batches and self._mischief.strikes("batch"):
            self._batch.append((value, delivered))
            if len(self._batch) >= self._mischief.plan.batch.count:
                self._flush_batch()
            elif len(self._batch) == 1:
                self._later.call(BATCH_WAIT, self._flush_batch)
            return
        body = self._wire.messages(self.number, [value], self._draw)
        parcel = Parcel(body, trio.current_time(), line, [delivered])
        if line in self._held:
            self._enqueue(parcel)
            self._enqueue(self._held.pop(line))
        elif self._mischief.strikes("reorder"):
            self._held[line] = parcel
            self._later.call(REORDER_MS / 1000, lambda: self._let_go(line, parcel))
        else:
            self._enqueue(parcel)

    def _let_go(self, line: str, parcel: Parcel) -> None:
        """Nobody came to overtake this one."""
        if self._held.get(line) is parcel:
            self._enqueue(self._held.pop(line))

    def _flush_batch(self) -> None:
        if not self._batch:  # its timer comes after a batch that filled up
            return
        values = [value for value, _ in self._batch]
        delivered = [call for _, call in self._batch]
        self._batch = []
        body = self._wire.messages(self.number, values, self._draw)
        self._enqueue(Parcel(body, trio.current_time(), BATCHED, delivered))

    def _flush_statuses(self) -> None:
        if not self._statuses:
            return
        statuses, self._statuses = self._statuses, []
        for body, query in self._wire.statuses(self.number, statuses):
            self._enqueue(Parcel(body, trio.current_time(), tells=STATUS, query=query))

    def _enqueue(self, parcel: Parcel) -> None:
        if self.waiting >= WAITING:
            self._counts["webhooks_dropped"] += 1
            return
        self.waiting += 1
        self._named += 1
        parcel.name = self._named
        if parcel.line is None:
            self._ready.send_nowait(parcel)
        elif parcel.line in self._lines:
            self._lines[parcel.line].append(parcel)
        else:
            self._lines[parcel.line] = deque()
            self._ready.send_nowait(parcel)

    def _let_next_go(self, parcel: Parcel) -> None:
        if parcel.line is None:
            return
        line = self._lines[parcel.line]
        if line:
            self._ready.send_nowait(line.popleft())
        else:
            del self._lines[parcel.line]
        parcel.line = None

    # -- posting -----------------------------------------------------------------------------------------------------
    async def _lane(self, tls: ssl.SSLContext) -> None:
        async with LaneHttp(tls, deadline=DEADLINE) as http:
            while True:
                parcel = await self._take.receive()
                if not self.number.webhook_url:
                    self._parked.append(parcel)
                    continue
                if parcel.doubles and self._mischief.strikes("duplicate"):
                    self._again(parcel)
                await self._attempt(http, parcel)

    def _again(self, parcel: Parcel) -> None:
        """Post the same bytes beside it; a double is not doubled again, or an outage would breed them."""
        parcel.doubles = False
        self.waiting += 1
        double = Parcel(parcel.body, parcel.born, doubles=False, tells=parcel.tells, name=parcel.name)
        double.query = parcel.query
        self._ready.send_nowait(double)

    async def _attempt(self, http: LaneHttp, parcel: Parcel) -> None:
        status = await self._post(http, parcel)
        parcel.attempts += 1
        if status == 200:
            self._counts["webhooks_ok"] += 1
            self.waiting -= 1
            for call in parcel.delivered:
                call()
        else:
            self._counts["webhooks_failed"] += 1
            self._retry(parcel, status)
        self._let_next_go(parcel)

    async def _post(self, http: LaneHttp, parcel: Parcel) -> int:
        """The HTTP status, 0 when there was no answer."""
        secret = self.number.app_secret
        if self._mischief.strikes("wrong_signature"):
            secret += "-wrong"
        url = self.number.webhook_url.partition("#")[0] + parcel.query
        headers = self._wire.headers(secret, parcel.body, parcel.tells, parcel.name, self._world.now(), url)
        self._counts["webhooks_posted"] += 1
        try:
            return (await http.post(url, headers, parcel.body)).status
        except (NotSent, AnswerLost):
            return 0

    def _retry(self, parcel: Parcel, status: int) -> None:
        wait = min(self._world.rules.retry_first * 2.0 ** min(parcel.attempts - 1, 40), self._world.rules.retry_most)
        fragment = self.number.webhook_url.partition("#")[2]
        late = trio.current_time() + wait - parcel.born > WEEK
        if late or not self._wire.retries(fragment, status, parcel.attempts):
            self._counts["webhooks_given_up"] += 1
            self.waiting -= 1
            return
        self._counts["webhooks_retried"] += 1
        retried = Parcel(
            *(parcel.body, parcel.born, None, parcel.delivered, parcel.attempts),
            doubles=False,
            tells=parcel.tells,
            name=parcel.name,
            query=parcel.query,
        )
        self._later.call(wait, lambda: self._ready.send_nowait(retried))
