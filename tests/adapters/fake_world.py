"""A fake Meta on loopback with a webhook that keeps what it gets: the stage for the fake's own tests."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import trio

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta import server as meta_server
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.sim import open_phone

NUMBER = "200000000000002"
TOKEN = "a-token"
SECRET = "test_app_secret"
ASHA = "254700000001"
BEN = "254700000002"
START = 1_790_000_000_000

Json = dict[str, Any]


class Clock:
    """A wall clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at


class Hook:
    """The shop's webhook: an ASGI callable that keeps bodies and answers what ``answers`` says, then 200."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.signatures: list[str] = []
        self.answers: list[int] = []
        self.gate: trio.Event | None = None
        self._news = trio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        headers = dict(scope["headers"])
        self.raw.append(raw)
        self.signatures.append(headers[b"x-hub-signature-256"].decode())
        status = self.answers.pop(0) if self.answers else 200
        self._news.set()
        if self.gate is not None:
            await self.gate.wait()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    @property
    def values(self) -> list[Json]:
        """Every change's value, in order of arrival."""
        bodies = [msgspec.json.decode(raw) for raw in self.raw]
        return [change["value"] for body in bodies for entry in body["entry"] for change in entry["changes"]]

    @property
    def messages(self) -> list[Json]:
        return [message for value in self.values for message in value.get("messages", ())]

    @property
    def statuses(self) -> list[Json]:
        return [status for value in self.values for status in value.get("statuses", ())]

    def texts(self) -> list[str]:
        return [message["text"]["body"] for message in self.messages]

    def genuine(self, at: int) -> bool:
        expected = "sha256=" + hmac.new(SECRET.encode(), self.raw[at], hashlib.sha256).hexdigest()
        return self.signatures[at] == expected

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until ``enough()`` holds; asked after each webhook."""
        while not enough():
            self._news = trio.Event()
            await self._news.wait()


class World:
    """The fake, its webhook, and a client that sends as a shop does."""

    def __init__(self, fake: FakeMeta, hook: Hook, clock: Clock, url: str, client: httpx.AsyncClient) -> None:
        self.fake = fake
        self.hook = hook
        self.clock = clock
        self.url = url
        self.client = client

    async def post(self, body: Any, *, token: str = TOKEN, path: str = f"/v26.0/{NUMBER}/messages") -> httpx.Response:
        """Send as it stands."""
        headers = {"Authorization": f"Bearer {token}"}
        if isinstance(body, bytes):
            return await self.client.post(path, content=body, headers=headers)
        return await self.client.post(path, json=body, headers=headers)

    async def send(self, to: str = ASHA, **message: Any) -> httpx.Response:
        """Send a message to a phone; a text unless told otherwise."""
        message = message or {"type": "text", "text": {"body": "Karibu"}}
        return await self.post({"messaging_product": "whatsapp", "to": f"+{to}"} | message)

    def phone(self, digits: str = ASHA, **query: str) -> Any:
        name = query.pop("name", "Asha Test")
        return open_phone(self.url, NUMBER, digits, name=name, query=query)

    async def greet(self, digits: str = ASHA) -> None:
        """Open this customer's 24-hour window, and go again."""
        async with self.phone(digits) as phone:
            await phone.say("hi")


def number(webhook_url: str) -> FakeNumber:
    return FakeNumber(
        phone_number_id=NUMBER,
        display_phone_number="+254 700 000 900",
        title="Mkate Bakery",
        waba_id="100000000000001",
        access_token=TOKEN,
        app_secret=SECRET,
        webhook_url=webhook_url,
        name="bakery",
        flow="counter",
    )


@asynccontextmanager
async def world(hook: Any = None, **options: Any) -> AsyncIterator[World]:
    """``options`` go to FakeMeta; ``hook`` is another ASGI callable in the place of the Hook."""
    hook, clock = hook or Hook(), Clock()
    async with trio.open_nursery() as nursery:
        hook_port = await nursery.start(serve_hook, hook)
        fake = FakeMeta([number(f"http://127.0.0.1:{hook_port}/hook")], clock=clock, **options)
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            yield World(fake, hook, clock, url, client)
        nursery.cancel_scope.cancel()


async def serve_hook(app: Any, task_status: trio.TaskStatus[int]) -> None:
    await meta_server.serve(app, await meta_server.listen("127.0.0.1", 0), task_status=task_status)
