"""The HTTP edge without sockets: ASGI called directly, a channel with a tiny wire format, and an engine behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from adapters.web.app import Web
from adapters.web.body import Bodies
from adapters.web.webhooks import Engine, WebLimits
from engine.address import Sender
from engine.errors import BadInput
from engine.events import Inbound, Reacted, TextSaid
from engine.messages import Notice, Refusal, Status, StatusRank
from engine.ports import Call, Delivery
from engine.running import Running
from tests.engine.scripted import BAKERY, START, TrioClock, TroubledStore
from tests.engine.sending import FAST, ScriptedChannel, no_http

PATH = "/hook"
SECRET = "s3cret"
Json = dict[str, Any]


class WireChannel(ScriptedChannel):
    """A channel whose bodies are lists of small objects, and whose signature is its secret in a header."""

    def __init__(self, shop: str = "bakery", *, path: str = PATH, secret: str = SECRET) -> None:
        super().__init__(shop)
        self.path = path
        self.secret = secret
        self.parsed = 0

    def challenge(self, query: Mapping[str, str]) -> str | None:
        return query.get("challenge") if query.get("token") == self.secret else None

    def genuine(self, call: Call) -> bool:
        return call.headers.get("x-signature") == self.secret

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        self.parsed += 1
        try:
            everything = json.loads(call.raw)
        except ValueError:
            raise BadInput("not JSON") from None
        items = [item for item in everything if item.get("number", self.shop) in shops]
        return Delivery(
            inbounds=tuple(_inbound(item, shops[item["number"]]) for item in items if "id" in item),
            statuses=tuple(
                Status(shops[item["number"]], item["status"], StatusRank.DELIVERED, START, item.get("key", ""))
                for item in items
                if "status" in item
            ),
            notices=tuple(Notice("bakery", item["notice"], item["detail"]) for item in items if "notice" in item),
            refusals=tuple(Refusal(item["refusal"], item["why"]) for item in items if "refusal" in item)
            + (Refusal("number", "not ours"),) * (len(everything) - len(items)),
        )


def _inbound(item: Json, shop: str) -> Inbound:
    event = Reacted("wamid.ours", item["emoji"]) if "emoji" in item else TextSaid(item["text"])
    return Inbound(item["id"], shop, Sender(phone=item.get("from", "254700000001")), START, event)


def message(id: str, text: str = "hi", *, sender: str = "254700000001", number: str = "bakery", **more: str) -> Json:
    return {"id": id, "text": text, "from": sender, "number": number, **more}


def delivered(provider_id: str, key: str = "") -> Json:
    return {"status": provider_id, "key": key, "number": "bakery"}


async def call(
    web: Any, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, query: str = ""
) -> tuple[int, bytes]:
    """One HTTP request by ASGI; the status and the whole body of the answer."""
    status, parts = 0, list[bytes]()
    pieces = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Json:
        if not pieces:
            await trio.sleep_forever()
        return pieces.pop()

    async def send(event: Json) -> None:
        nonlocal status
        if event["type"] == "http.response.start":
            status = event["status"]
        elif event["type"] == "http.response.body":
            parts.append(event.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    await web(scope, receive, send)
    return status, b"".join(parts)


async def deliver(web: Any, *items: Json, path: str = PATH, secret: str = SECRET) -> int:
    """What a provider does with these items; the status that it is answered."""
    status, body = await call(web, "POST", path, json.dumps(items).encode(), {"x-signature": secret})
    assert body == b""
    return status


class Edge:
    """The edge with its engine."""

    def __init__(self, store: TroubledStore, channels: Sequence[WireChannel], hold: float, mark_read: bool) -> None:
        self.store = store
        self.channels = channels
        self.engine = Engine()
        shops = {channel.shop: BAKERY for channel in channels}
        self.running = Running(
            store, shops, {one.shop: one for one in channels}, dict.fromkeys(shops, FAST), no_http, TrioClock()
        )
        self.web = Web(
            channels,
            self.engine,
            bodies=Bodies(1_000_000, 10),
            limits=WebLimits(hold=hold),
            mark_read=frozenset(shops if mark_read else ()),
        )

    async def deliver(self, *items: Json, path: str = PATH, secret: str = SECRET) -> int:
        return await deliver(self.web, *items, path=path, secret=secret)


@asynccontextmanager
async def edge(
    store: TroubledStore, *channels: WireChannel, hold: float = 10.0, mark_read: bool = False
) -> AsyncIterator[Edge]:
    made = Edge(store, channels or (WireChannel(),), hold, mark_read)
    async with trio.open_nursery() as nursery:
        await nursery.start(made.running.run)
        made.engine.running = made.running
        try:
            yield made
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()
