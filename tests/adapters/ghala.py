"""What the tests of the payment provider ``ghala`` share: the adapter, the fake, a webhook that keeps what it gets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.payments.ghala import Ghala, GhalaSettings, build
from adapters.phones.fake_pay import FakePay
from adapters.phones.pay.faults import PayFaults
from adapters.phones.pay.requests import PATHS, PayAccount
from adapters.settings import Secret
from engine.payments import Intent, PaymentNews, Way
from engine.ports import Call
from tests.adapters.calls import call
from tests.adapters.fake_world import START, Clock, serve_hook
from tests.adapters.test_http import TLS

CASES = Path(__file__).parents[1] / "cases" / "ghala"
KEY, SECRET = "gh-api-key", "gh-webhook-secret"
PHONE = "254700000001"


def cases(name: str) -> list[Any]:
    """The cases of one file, each named by its title."""
    found = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["title"]) for case in found]


def provider(**changes: Any) -> Ghala:
    given: dict[str, Any] = {"api_key": Secret(KEY), "webhook_secret": Secret(SECRET)}
    return build(Site("kiosk"), GhalaSettings(**(given | changes)))


def intent(name: str = "kiosk/c1:6:pay", *, way: Way = Way.MPESA, amount: int = 300_000, **changes: Any) -> Intent:
    given: dict[str, Any] = {"phone": PHONE, "reference": "ORD-1"}
    return Intent(name, "kiosk", "c1", "ORD-1", way, amount, "KES", START, START + 60_000, **(given | changes))


class Hook:
    """The shop's webhook as the adapter reads it: news of genuine bodies; ``answers`` first, then 200."""

    def __init__(self, dialect: str) -> None:
        self.ghala = provider(dialect=dialect)
        self.calls: list[Call] = []
        self.refused = 0
        self.answers: list[int] = []
        self._more = trio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = call(raw, headers, at=START)
        genuine = self.ghala.genuine(told)
        self.refused += not genuine
        status = 401 if not genuine else self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.calls.append(told)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        self._more.set()

    @property
    def news(self) -> list[PaymentNews]:
        """What was told, in order of arrival."""
        return [news for told in self.calls for news in self.ghala.parse(told).news]

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until ``enough()`` holds; asked after each webhook."""
        while not enough():
            self._more = trio.Event()
            await self._more.wait()


class Till:
    """The fake with its webhook, the adapter that speaks to it, a lane, and a client for prompts and controls."""

    def __init__(
        self, fake: FakePay, hook: Hook, http: LaneHttp, client: httpx.AsyncClient, clock: Clock, dialect: str
    ) -> None:
        self.fake = fake
        self.hook = hook
        self.http = http
        self.client = client
        self.clock = clock
        self.ghala = provider(base_url=fake.url + PATHS[dialect], dialect=dialect)

    def prompt(self) -> str:
        """The only prompt on all phones."""
        (only,) = self.fake.prompts()
        return only.id


@asynccontextmanager
async def till(faults: PayFaults | None = None, *, seed: int = 0, dialect: str = "classic") -> AsyncIterator[Till]:
    hook, clock = Hook(dialect), Clock()
    async with trio.open_nursery() as nursery:
        hook_port = await nursery.start(serve_hook, hook)
        account = PayAccount("kiosk", "Duka <3", KEY, SECRET, f"http://127.0.0.1:{hook_port}/hook", dialect=dialect)
        fake = FakePay([account], clock=clock, seed=seed, faults=faults)
        await nursery.start(fake.serve, "127.0.0.1", 0)
        async with LaneHttp(TLS) as http, httpx.AsyncClient(base_url=fake.url, timeout=10) as client:
            yield Till(fake, hook, http, client, clock, dialect)
        nursery.cancel_scope.cancel()
