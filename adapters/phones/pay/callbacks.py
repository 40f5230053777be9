"""Delivering payment webhooks: signed, at least once, again and again until 200."""

from __future__ import annotations

import hmac
import ssl
from collections import Counter, deque
from dataclasses import dataclass, field
from math import inf

import msgspec
import trio

from adapters.http import LaneHttp
from adapters.phones.meta.faults import Mischief
from adapters.phones.meta.later import Later
from adapters.phones.pay.faults import PayFaults
from adapters.phones.pay.requests import V2, Json, PayAccount
from engine.ports import AnswerLost, Clock, NotSent

LANES = 8
RETRY_FIRST = 1.0
RETRY_MOST = 300.0
DAY = 86_400.0
"""Seconds after which a webhook is given up."""


@dataclass(slots=True)
class Callback:
    """One webhook to post, with its event and a name of its own. ``done`` is set by its first 200, or when it is
    given up."""

    account: PayAccount
    body: bytes
    born: float
    event: str
    name: str
    attempts: int = 0
    done: trio.Event = field(default_factory=trio.Event)


class Callbacks:
    """All webhooks of one fake. ``run`` posts them; ``tell`` never waits."""

    def __init__(self, mischief: Mischief[PayFaults], counts: Counter[str], clock: Clock) -> None:
        self._mischief = mischief
        self._counts = counts
        self._clock = clock
        self._named = 0
        self._later = Later()
        self._ready, self._take = trio.open_memory_channel[Callback](inf)
        self._parked: deque[Callback] = deque()  # while their account has no address

    async def run(self, tls: ssl.SSLContext) -> None:
        """Post until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._later.run)
            for _ in range(LANES):
                nursery.start_soon(self._lane, tls)

    def tell(self, account: PayAccount, event: Json) -> Callback:
        """Post an event to a shop, as far as the faults let it."""
        self._named += 1
        callback = Callback(
            *(account, msgspec.json.encode(event), trio.current_time(), event["event"], f"dlv_{self._named:08d}")
        )
        if self._mischief.strikes("never_call_back"):
            callback.done.set()
            return callback
        wait = self._mischief.plan.delay.ms / 1000 if self._mischief.strikes("delay") else 0.0
        for _ in range(2 if self._mischief.strikes("call_back_twice") else 1):
            self._later.call(wait, lambda: self._ready.send_nowait(callback))
        return callback

    def resume(self) -> None:
        """Post what waited for an address."""
        while self._parked:
            self._ready.send_nowait(self._parked.popleft())

    async def _lane(self, tls: ssl.SSLContext) -> None:
        async with LaneHttp(tls) as http:
            while True:
                callback = await self._take.receive()
                if callback.account.webhook_url:
                    await self._attempt(http, callback)
                else:
                    self._parked.append(callback)

    async def _attempt(self, http: LaneHttp, callback: Callback) -> None:
        callback.attempts += 1
        self._counts["callbacks_posted"] += 1
        if await self._post(http, callback) == 200:
            self._counts["callbacks_ok"] += 1
            callback.done.set()
            return
        self._counts["callbacks_failed"] += 1
        wait = min(RETRY_MOST, RETRY_FIRST * 2.0 ** min(callback.attempts - 1, 40))
        if trio.current_time() + wait - callback.born > DAY:
            callback.done.set()
        else:
            self._later.call(wait, lambda: self._ready.send_nowait(callback))

    async def _post(self, http: LaneHttp, callback: Callback) -> int:
        """The HTTP status, 0 when there was no answer."""
        secret = callback.account.webhook_secret
        if self._mischief.strikes("wrong_signature"):
            secret += "-wrong"
        headers = {"content-type": "application/json", **self._signed(callback, secret)}
        try:
            return (await http.post(callback.account.webhook_url, headers, callback.body)).status
        except (NotSent, AnswerLost):
            return 0

    def _signed(self, callback: Callback, secret: str) -> dict[str, str]:
        if callback.account.dialect != V2:
            return {"x-ghala-signature": signature(secret, callback.body)}
        stamp = str(self._clock.now() // 1000)
        signed = signature(secret, stamp.encode() + b"." + callback.body)
        event = {"x-ghala-event": callback.event, "x-ghala-delivery": callback.name}
        return {"x-ghala-timestamp": stamp, "x-ghala-signature": f"sha256={signed}", **event}


def signature(secret: str, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 of the raw bytes."""
    return hmac.digest(secret.encode(), body, "sha256").hex()
