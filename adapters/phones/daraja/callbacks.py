"""Daraja's calls: unsigned, and made once; whoever misses one has to ask."""

from __future__ import annotations

import ssl
from collections import Counter
from dataclasses import dataclass, field
from math import inf

import msgspec
import trio

from adapters.http import LaneHttp
from adapters.phones.daraja.book import Json
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.meta.faults import Mischief
from adapters.phones.meta.later import Later
from engine.ports import Answer, AnswerLost, NotSent

LANES = 8
HEADERS = {"content-type": "application/json"}


@dataclass(slots=True)
class Calling:
    """One call to make. ``done`` is set when it was answered, or will not be made."""

    url: str
    body: bytes
    done: trio.Event = field(default_factory=trio.Event)


class Callbacks:
    """All calls of one fake. ``run`` makes them; ``tell`` never waits."""

    def __init__(self, mischief: Mischief[DarajaFaults], counts: Counter[str]) -> None:
        self._mischief = mischief
        self._counts = counts
        self._later = Later()
        self._ready, self._take = trio.open_memory_channel[Calling](inf)

    async def run(self, tls: ssl.SSLContext) -> None:
        """Call until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._later.run)
            for _ in range(LANES):
                nursery.start_soon(self._lane, tls)

    def tell(self, url: str, told: Json) -> Calling:
        """Tell a shop, as far as the faults let it."""
        calling = Calling(url, msgspec.json.encode(told))
        if self._mischief.strikes("never_call_back"):
            calling.done.set()
            return calling
        wait = self._mischief.plan.delay.ms / 1000 if self._mischief.strikes("delay") else 0.0
        for _ in range(2 if self._mischief.strikes("call_back_twice") else 1):
            self._later.call(wait, lambda: self._ready.send_nowait(calling))
        return calling

    def post(self, url: str, told: Json) -> None:
        """Post something that no fault touches: C2B's confirmations, and what strangers forge."""
        self._ready.send_nowait(Calling(url, msgspec.json.encode(told)))

    async def _lane(self, tls: ssl.SSLContext) -> None:
        async with LaneHttp(tls) as http:
            while True:
                calling = await self._take.receive()
                self._counts["callbacks_posted"] += 1
                answer = await call(http, calling.url, calling.body)
                status = answer.status if answer is not None else 0
                self._counts["callbacks_ok" if status == 200 else "callbacks_failed"] += 1
                self._counts["callbacks_not_believed"] += status in (401, 429)
                calling.done.set()


async def call(http: LaneHttp, url: str, body: bytes) -> Answer | None:
    """The shop's answer, None where there is none."""
    try:
        return await http.post(url, HEADERS, body)
    except (NotSent, AnswerLost):
        return None
