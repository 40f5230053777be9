"""Delivering events: signed anew at each attempt, at least once, in no promised order, again and again until a 2xx."""

from __future__ import annotations

import ssl
from collections import Counter, deque
from dataclasses import dataclass, field
from math import inf

import msgspec
import trio

from adapters.http import LaneHttp
from adapters.payments._stripe import signing
from adapters.phones.meta.faults import REORDER_MS, Mischief
from adapters.phones.meta.later import Later
from adapters.phones.stripe.book import Book, StripeAccount
from adapters.phones.stripe.faults import StripeFaults
from adapters.phones.stripe.forms import Json
from engine.ports import AnswerLost, NotSent

LANES = 8
RETRY_FIRST = 1.0
RETRY_MOST = 300.0
DAYS = 3 * 86_400.0
"""Seconds after which an event is given up (live mode)."""
API_VERSION = "2026-06-24.dahlia"


@dataclass(slots=True)
class Event:
    """One event to post. ``done`` is set by its first 2xx, or when it is given up."""

    account: StripeAccount
    body: bytes
    born: float
    attempts: int = 0
    done: trio.Event = field(default_factory=trio.Event)


class Events:
    """All events of one fake. ``run`` posts them; ``tell`` never waits."""

    def __init__(self, mischief: Mischief[StripeFaults], counts: Counter[str], book: Book) -> None:
        self._mischief = mischief
        self._counts = counts
        self._book = book
        self._later = Later()
        self._ready, self._take = trio.open_memory_channel[Event](inf)
        self._parked: deque[Event] = deque()  # while their account has no address
        self._held: Event | None = None  # waits to be overtaken

    async def run(self, tls: ssl.SSLContext) -> None:
        """Post until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._later.run)
            for _ in range(LANES):
                nursery.start_soon(self._lane, tls)

    def tell(self, account: StripeAccount, kind: str, what: Json, key: str = "") -> Event:
        """Post an event to a shop, as far as the faults let it. ``key``: of the request that caused it."""
        event = self._made(account, kind, what, key)
        if self._mischief.strikes("never_call_back"):
            event.done.set()
            return event
        wait = self._mischief.plan.delay.ms / 1000 if self._mischief.strikes("delay") else 0.0
        if self._mischief.strikes("reorder") and self._held is None:
            self._held = event
            self._later.call(REORDER_MS / 1000, self._let_go)
            return event
        for _ in range(2 if self._mischief.strikes("call_back_twice") else 1):
            self._later.call(wait, lambda: self._ready.send_nowait(event))
        if self._mischief.strikes("duplicate"):
            again = self._made(account, kind, what, key)
            self._later.call(wait, lambda: self._ready.send_nowait(again))
        return event

    def _let_go(self) -> None:
        if self._held is not None:
            self._ready.send_nowait(self._held)
            self._held = None

    def _made(self, account: StripeAccount, kind: str, what: Json, key: str) -> Event:
        told = {
            "id": self._book.name("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self._book.clock.now() // 1000,
            "data": {"object": what},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": key or None},
            "type": kind,
        }
        return Event(account, msgspec.json.encode(told), trio.current_time())

    def resume(self) -> None:
        """Post what waited for an address."""
        while self._parked:
            self._ready.send_nowait(self._parked.popleft())

    async def _lane(self, tls: ssl.SSLContext) -> None:
        async with LaneHttp(tls) as http:
            while True:
                event = await self._take.receive()
                if event.account.webhook_url:
                    await self._attempt(http, event)
                else:
                    self._parked.append(event)

    async def _attempt(self, http: LaneHttp, event: Event) -> None:
        event.attempts += 1
        self._counts["events_posted"] += 1
        if 200 <= await self._post(http, event) < 300:
            self._counts["events_ok"] += 1
            event.done.set()
            self._let_go()  # what this one was to overtake
            return
        self._counts["events_failed"] += 1
        wait = min(RETRY_MOST, RETRY_FIRST * 2.0 ** min(event.attempts - 1, 40))
        if trio.current_time() + wait - event.born > DAYS:
            event.done.set()
        else:
            self._later.call(wait, lambda: self._ready.send_nowait(event))

    async def _post(self, http: LaneHttp, event: Event) -> int:
        """The HTTP status, 0 when there was no answer."""
        secrets = event.account.webhook_secrets
        if self._mischief.strikes("wrong_signature"):
            secrets = tuple(f"{one}-wrong" for one in secrets)
        seconds = self._book.clock.now() // 1000
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            signing.HEADER: signing.header(secrets, seconds, event.body),
        }
        try:
            return (await http.post(event.account.webhook_url, headers, event.body)).status
        except (NotSent, AnswerLost):
            return 0
