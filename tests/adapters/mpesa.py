"""What the tests of the payment provider ``mpesa`` share: the adapter, its cases, the fake, a place for callbacks."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import trio

from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.payments.mpesa import Mpesa, MpesaSettings, build
from adapters.phones.daraja.book import DarajaAccount, Push
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.fake_daraja import FakeDaraja
from adapters.settings import Secret
from engine.address import MINUTE, Millis
from engine.payment_calls import Heard
from engine.payments import Intent, PaymentNews, Told, Way
from engine.ports import Answer, Call
from tests.adapters.calls import call
from tests.adapters.fake_world import START, Clock, serve_hook
from tests.adapters.test_http import TLS

CASES = Path(__file__).parents[1] / "cases" / "mpesa"
KEY, SECRET, OWN = "c-key", "c-secret", "own-callback-secret"
PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
SHORTCODE = "174379"
INTENT = "kiosk/c1:6:pay"
PHONE = "254700000001"


def cases(name: str) -> list[Any]:
    """The cases of one file, each named by its title."""
    found = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["title"]) for case in found]


def settings(**changes: Any) -> MpesaSettings:
    given: dict[str, Any] = {"consumer_key": Secret(KEY), "consumer_secret": Secret(SECRET), "passkey": Secret(PASSKEY)}
    given |= {"shortcode": SHORTCODE, "callback_secret": Secret(OWN), "by_hand": True}
    return MpesaSettings(**(given | changes))


def provider(
    shop: str = "kiosk", public_url: str = "https://shop.example.test", now: Millis = START, **changes: Any
) -> Mpesa:
    return build(Site(shop, public_url, now=lambda: now), settings(**changes))


def intent(name: str = INTENT, *, amount: int = 300_000, currency: str = "KES", **changes: Any) -> Intent:
    given: dict[str, Any] = {"reference": "ORD-7K2M9Q", "phone": PHONE, "expires_at": START + 30 * MINUTE}
    what = (name, "kiosk", "c1", "ORD-7K2M9Q", Way.MPESA, amount, currency, START)
    return Intent(*what, **(given | changes))


def address(intent_id: str = INTENT) -> str:
    """Where the callback of this intent comes in."""
    return f"/pay/m/{provider()._segments.prompt(intent_id)}"


def told(made: Mpesa, push: Push) -> Told:
    """What a callback of this prompt tells, as it lies on its intent."""
    (news,) = made.parse(call_of(made, push)).hearsay
    return Told(news, START)


def call_of(made: Mpesa, push: Push) -> Call:
    return call(msgspec.json.encode(push.told(push.amount, START)), target=path_of(push.callback_url))


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


class Scripted:
    """Daraja's answers in a row; access tokens are always to be had. ``said`` are the bodies of requests."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = deque(answers)
        self.token: Answer | Exception = answer({"access_token": "t", "expires_in": "3599"})
        self.calls: list[tuple[str, Mapping[str, str]]] = []
        self.said: list[Any] = []

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.calls.append((url, headers))
        return _given(self.token)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.calls.append((url, headers))
        self.said.append(json.loads(body))
        return _given(self.answers.popleft())

    @property
    def tokens(self) -> int:
        """How often one was asked for."""
        return sum("/oauth/" in url for url, _ in self.calls)


def _given(answer: Answer | Exception) -> Answer:
    if isinstance(answer, Exception):
        raise answer
    return answer


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, body.encode() if isinstance(body, str) else msgspec.json.encode(body))


class Hook:
    """The shop's addresses as the adapter reads them: what genuine calls tell; ``answers`` first, then 200."""

    def __init__(self) -> None:
        self.mpesa: Mpesa | None = None
        self.heard: list[Heard] = []
        self.refused = 0
        self.replies: list[bytes] = []
        self._more = trio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        assert self.mpesa is not None
        made, body = call(raw, target=scope["path"]), self.replies.pop(0) if self.replies else b"{}"
        genuine = self.mpesa.genuine(made)
        self.refused += not genuine
        if genuine:
            self.heard.append(self.mpesa.parse(made))
        head = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if genuine else 401, "headers": head})
        await send({"type": "http.response.body", "body": body})
        self._more.set()

    @property
    def hearsay(self) -> list[PaymentNews]:
        return [news for heard in self.heard for news in heard.hearsay]

    @property
    def news(self) -> list[PaymentNews]:
        return [news for heard in self.heard for news in heard.news]

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until ``enough()`` holds; asked after each call."""
        while not enough():
            self._more = trio.Event()
            await self._more.wait()


class Till:
    """The fake with its hook, the adapter that speaks to it, a lane, and a client for prompts and controls."""

    def __init__(
        self, fake: FakeDaraja, account: DarajaAccount, hook: Hook, http: LaneHttp, client: httpx.AsyncClient, url: str
    ) -> None:
        self.fake = fake
        self.account = account
        self.hook = hook
        self.http = http
        self.client = client
        self.mpesa = hook.mpesa = provider(public_url=url, base_url=fake.url)

    def push(self) -> Push:
        """The only prompt."""
        (only,) = self.fake.book.pushes.values()
        return only

    async def say(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request as anybody's client makes it."""
        if body is None:
            return await self.client.get(path, headers=headers)
        return await self.client.post(path, json=body, headers=headers)

    async def token(self) -> str:
        """A new access token."""
        basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        path = "/oauth/v1/generate?grant_type=client_credentials"
        text: str = (await self.say(path, Authorization=f"Basic {basic}")).json()["access_token"]
        return text


@asynccontextmanager
async def till(faults: DarajaFaults | None = None, *, seed: int = 0) -> AsyncIterator[Till]:
    hook = Hook()
    async with trio.open_nursery() as nursery:
        hook_port = await nursery.start(serve_hook, hook)
        account = DarajaAccount("kiosk", "Duka", KEY, SECRET, PASSKEY)
        fake = FakeDaraja([account], clock=Clock(), seed=seed, faults=faults)
        await nursery.start(fake.serve, "127.0.0.1", 0)
        async with LaneHttp(TLS) as http, httpx.AsyncClient(base_url=fake.url, timeout=10) as client:
            yield Till(fake, account, hook, http, client, f"http://127.0.0.1:{hook_port}")
        nursery.cancel_scope.cancel()
