"""What the tests of the payment provider ``stripe`` share: the adapter, its cases, the fake, a webhook that keeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import trio

from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.payments._stripe import signing
from adapters.payments.stripe import Stripe, StripeSettings, build
from adapters.phones.fake_stripe import FakeStripe
from adapters.phones.stripe.book import Session, StripeAccount
from adapters.phones.stripe.faults import StripeFaults
from adapters.settings import Secret
from engine.address import MINUTE
from engine.payments import Intent, Payment, PaymentNews, PaymentState, RefundNews, Way
from engine.ports import Call
from tests.adapters.calls import call
from tests.adapters.fake_world import START, Clock, serve_hook
from tests.adapters.test_http import TLS

CASES = Path(__file__).parents[1] / "cases" / "stripe"
KEY, SECRET, NEXT = "sk_test_1", "whsec_test_secret_1", "whsec_test_secret_2"
INTENT = "kiosk/c1:6:pay"


def cases(name: str) -> list[Any]:
    """The cases of one file, each named by its title."""
    found = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["title"]) for case in found]


def stripe_settings(**changes: Any) -> StripeSettings:
    given: dict[str, Any] = {"secret_key": Secret(KEY), "webhook_secret": Secret(SECRET)}
    return StripeSettings(**(given | changes))


def provider(shop: str = "kiosk", **changes: Any) -> Stripe:
    return build(Site(shop, "https://shop.example.test"), stripe_settings(**changes))


def intent(name: str = INTENT, *, amount: int = 300_000, currency: str = "KES", **changes: Any) -> Intent:
    given: dict[str, Any] = {"reference": "ORD-1", "expires_at": START + 30 * MINUTE}
    what = (name, "kiosk", "c1", "ORD-1", Way.CARD, amount, currency, START)
    return Intent(*what, **(given | changes))


def payment(transaction: str = "pi_1", *, amount: int = 300_000, **changes: Any) -> Payment:
    """Money that came through Stripe and of which something shall go back."""
    given: dict[str, Any] = {"state": PaymentState.REFUNDING, "refunding": amount, "refunds": 1, "order": "ORD-1"}
    made = {**given, "intent": INTENT, "customer": "c1", "transaction": transaction, **changes}
    return Payment(f"stripe:{transaction}", "kiosk", "stripe", amount, "KES", START, **made)


def signed(raw: bytes, *secrets: str, at: int = START, old: int = 0) -> Call:
    """A call as Stripe makes it, ``old`` seconds after it was signed."""
    header = signing.header(secrets or (SECRET,), at // 1000 - old, raw)
    return call(raw, {"stripe-signature": header}, at=at)


def fields(body: bytes) -> dict[str, str]:
    """A form as it was sent."""
    return dict(parse_qsl(body.decode(), strict_parsing=True))


class Hook:
    """The shop's webhook as the adapter reads it: what genuine events tell; ``answers`` first, then 200."""

    def __init__(self, clock: Clock) -> None:
        self.stripe = provider()
        self.raw: list[bytes] = []
        self.refused = 0
        self.answers: list[int] = []
        self._clock = clock
        self._more = trio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        genuine = self.stripe.genuine(call(raw, headers, at=self._clock.now()))
        self.refused += not genuine
        status = 401 if not genuine else self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.raw.append(raw)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        self._more.set()

    @property
    def kinds(self) -> list[str]:
        """The types of the events that came, in their order."""
        return [json.loads(raw)["type"] for raw in self.raw]

    @property
    def news(self) -> list[PaymentNews]:
        """What was told of payments, in order of arrival."""
        return [news for raw in self.raw for news in self.stripe.parse(call(raw)).news]

    @property
    def refunds(self) -> list[RefundNews]:
        """What was told of refunds, in order of arrival."""
        return [news for raw in self.raw for news in self.stripe.parse(call(raw)).refunds]

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until ``enough()`` holds; asked after each webhook."""
        while not enough():
            self._more = trio.Event()
            await self._more.wait()


class Till:
    """The fake with its webhook, the adapter that speaks to it, a lane, and a client for the page and controls."""

    def __init__(self, fake: FakeStripe, hook: Hook, http: LaneHttp, client: httpx.AsyncClient, clock: Clock) -> None:
        self.fake = fake
        self.hook = hook
        self.http = http
        self.client = client
        self.clock = clock
        self.stripe = provider(base_url=fake.url)

    def session(self) -> Session:
        """The only one."""
        (only,) = self.fake.book
        return only

    async def paid(self) -> PaymentNews:
        """Ask for money, pay, and give what the webhook told."""
        charged = await self.stripe.charge(self.http, intent())
        assert (charged.asked, charged.again) == (True, False), charged
        self.fake.answer(charged.provider_ref, "approve")
        await self.hook.until(lambda: bool(self.hook.news))
        return self.hook.news[0]

    async def ask(self, path: str, body: Any = None, *, key: str = "", token: str = KEY) -> httpx.Response:
        """A request as anybody's client makes it; a form where there is a body."""
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        if body is None:
            return await self.client.get(path, headers=headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await self.client.post(path, content=body, headers=headers)


@asynccontextmanager
async def till(faults: StripeFaults | None = None, *, seed: int = 0) -> AsyncIterator[Till]:
    clock = Clock()
    hook = Hook(clock)
    async with trio.open_nursery() as nursery:
        hook_port = await nursery.start(serve_hook, hook)
        account = StripeAccount("kiosk", "Duka <3", KEY, (SECRET,), f"http://127.0.0.1:{hook_port}/hook")
        fake = FakeStripe([account], clock=clock, seed=seed, faults=faults)
        await nursery.start(fake.serve, "127.0.0.1", 0)
        async with LaneHttp(TLS) as http, httpx.AsyncClient(base_url=fake.url, timeout=10) as client:
            yield Till(fake, hook, http, client, clock)
        nursery.cancel_scope.cancel()
