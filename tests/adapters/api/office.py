"""The API without sockets: real shops of several flows over the memory store, and a way to ask as their owner."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio

from adapters.web.access import OwnerConfig, new_secret
from adapters.web.app import Web
from adapters.web.body import Bodies
from adapters.web.webhooks import Engine, WebLimits
from engine.address import Address, Link, customer_id
from engine.crm_desk import Served
from engine.messages import AnyMessage
from engine.pace import Pace
from engine.running import Running
from engine.shop import Shop
from tests.adapters.edge import WireChannel, deliver, message
from tests.engine.scripted import START, TrioClock, TroubledStore
from tests.engine.sending import FAST, no_http
from tests.engine.shops import OPENED, bakery, box_office, coffee, dealer
from tests.engine.world import read

ANN, BEN = "254700000001", "254700000002"
Json = dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """An answer; ``body`` is its JSON, {} where there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def errors(self) -> Json:
        found: Json = self.body["errors"]
        return found

    @property
    def data(self) -> Any:
        return self.body["data"]


class Office:
    """Some shops, each with its own secret, behind one edge."""

    def __init__(self, store: TroubledStore, *shops: Shop, crms: Sequence[Served] = ()) -> None:
        self.store = store
        assert isinstance(store._clock, TrioClock)
        self.clock = store._clock
        self.shops: MutableMapping[str, Shop] = {shop.name: shop for shop in shops}
        made = {name: new_secret() for name in self.shops}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        self.channels = {name: WireChannel(name, path=f"/hook/{name}") for name in self.shops}
        self.engine = Engine()
        paces = dict.fromkeys(self.shops, FAST)
        self.running = Running(store, self.shops, self.channels, paces, no_http, self.clock, crms=crms)
        self.running.around.pace = lambda: Pace(0, 1)  # tests write faster than people do
        self.web: Any = Web(
            list(self.channels.values()),
            self.engine,
            bodies=Bodies(1_000_000, 10),
            limits=WebLimits(),
            owners={name: OwnerConfig(user="asha", secrets=(kept,)) for name, (_, kept) in made.items()},
        )

    # -- asking ------------------------------------------------------------------------------------------------------
    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_owner: str = "",
        basic: bool = False,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Reply:
        """One request. ``as_owner``: with the secret of this shop, as bearer or Basic; "" without any. A body that is
        no bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json"} if raw else {}
        if as_owner:
            sent["authorization"] = self.authorization(as_owner, basic=basic)
        path, _, asked = path.partition("?")
        return await call(self.web, method, path, raw, sent | dict(headers or {}), query or asked)

    def authorization(self, shop: str, *, basic: bool = False) -> str:
        secret = self.secrets[shop]
        return "Basic " + b64encode(f"asha:{secret}".encode()).decode() if basic else f"Bearer {secret}"

    # -- what customers do and read ----------------------------------------------------------------------------------
    async def say(self, shop: str, *texts: str, phone: str = ANN) -> None:
        """A customer writes."""
        for text in texts:
            name = f"w{len(self.store.commits)}.{text}"
            status = await deliver(self.web, message(name, text, sender=phone, number=shop), path=f"/hook/{shop}")
            assert status == 200

    def said(self, shop: str, phone: str = ANN) -> list[AnyMessage]:
        """All that a customer was told so far."""
        address = self.address(shop, phone)
        rows = [row for commit in self.store.commits if commit.address == address for row in commit.outbox]
        return [row.message for row in rows]

    def text(self, shop: str, phone: str = ANN) -> str:
        return "\n".join(map(read, self.said(shop, phone)))

    def address(self, shop: str, phone: str = ANN) -> Address:
        return Address(shop, customer_id(shop, Link("phone", phone)))


@asynccontextmanager
async def office(store: TroubledStore, *shops: Shop, crms: Sequence[Served] = ()) -> AsyncIterator[Office]:
    """The API at work. The shops are a bakery, one that sells coffee by buttons, a dealer and a box office, unless
    others are given; the clock stands at the day on which the box office opened."""
    made = Office(store, *(shops or (bakery(), coffee(), dealer(), box_office())), crms=crms)
    made.clock.jump = OPENED - START
    for shop in made.shops.values():
        await store.import_catalogue(shop.name, "1", shop.catalogue.products)
        await store.import_events(shop.name, "1", shop.programme.events)
    async with trio.open_nursery() as nursery:
        await nursery.start(made.running.run)
        made.engine.running = made.running
        try:
            yield made
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


async def call(
    web: Any, method: str, path: str, body: bytes, headers: Mapping[str, str], query: str = "", *pieces: bytes
) -> Reply:
    """One HTTP request by ASGI, as hypercorn makes it; its body in one piece, or in ``pieces``."""
    status, got, parts = 0, dict[str, str](), list[bytes]()
    waiting = [body, *pieces]

    async def receive() -> Json:
        if not waiting:
            await trio.sleep_forever()
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(event: Json) -> None:
        nonlocal status
        if event["type"] == "http.response.start":
            status = event["status"]
            got.update({name.decode(): value.decode() for name, value in event["headers"]})
        else:
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
        "headers": [(name.lower().encode(), value.encode("latin1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    await web(scope, receive, send)
    whole = b"".join(parts)
    return Reply(status, got, json.loads(whole) if whole else {})
