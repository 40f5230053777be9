"""The API of one serving process on its real file: what the configuration lets in, and what a restart must not undo."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from adapters.app.compose import WallClock
from adapters.app.process import Opened, Process, Settings
from adapters.papers import tokens
from adapters.web.access import OwnerConfig, new_secret
from engine.shop import Shop
from storage import open_store
from tests.adapters.api.office import ANN, Json, Reply, call
from tests.adapters.api.test_events import NIGHT
from tests.adapters.edge import WireChannel, deliver, message
from tests.engine.sending import no_http
from tests.engine.shops import bakery, box_office, coffee

SECRET, KEPT = new_secret()
LATER = NIGHT | {"startsAt": "2190-12-05T19:30:00+05:30"}


@asynccontextmanager
async def serving(folder: Path, *shops: Shop) -> AsyncIterator[Process]:
    clock = WallClock()
    opened = [
        Opened(
            shop,
            WireChannel(shop.name, path=f"/hook/{shop.name}"),
            1_000_000.0,
            mark_read=False,
            digest="1",
            products=shop.catalogue.products,
            events_digest="1",
            events=shop.programme.events,
            owner=OwnerConfig(secrets=(KEPT,)),
        )
        for shop in shops
    ]
    url = f"sqlite:///{folder / 'shops.db'}"
    settings = Settings("127.0.0.1", 0, public_url="https://shop.example.test")
    process = Process(settings, opened, partial(open_store, url, clock), no_http, clock)
    async with trio.open_nursery() as nursery:
        await nursery.start(process.run)
        yield process
        process.stop()
        await process.stopped.wait()
        nursery.cancel_scope.cancel()


async def ask(process: Process, method: str, path: str, body: Json | None = None, key: str = "") -> Reply:
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}
    raw = json.dumps(body).encode() if body is not None else b""
    return await call(process.web, method, path, raw, headers | ({"idempotency-key": key} if key else {}))


async def test_what_the_owner_planned_and_sold_is_there_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path, box_office()) as process:
        planned = await ask(process, "POST", "/admin/events", LATER)
        gone = await ask(process, "DELETE", "/admin/events/goa-sunset-concert")
        for text in ("search jazz", "1", "2", "Asha", "yes"):
            assert await deliver(process.web, message(text, text, number="tickets"), path="/hook/tickets") == 200
        booking = (await ask(process, "GET", "/admin/bookings")).data[0]["id"]
        key = (await ask(process, "GET", "/admin/checkins/key")).body["publicKey"]
    assert (planned.status, gone.status) == (201, 200)

    async with serving(tmp_path, box_office()) as process:
        running = process.engine.running
        assert running is not None
        programme = running.around.shops["tickets"].programme
        assert "jazz-night" in programme.by_id
        assert "goa-sunset-concert" not in programme.by_id, "the same file brings nothing back"
        found = await running.store.booking("tickets", booking)
        assert found is not None
        token = tokens.Signer(await running.store.key(tokens.STORE_KEY)).token(found)
        scan = {"token": token, "scan": "s1"}
        first, again = [await ask(process, "POST", "/admin/checkins", scan) for _ in range(2)]
    assert (first.data["result"], again.body, found.phone) == ("in", first.body, ANN)
    assert tokens.read(token, b64decode(key)) is not None, "a door keeps its key over a restart"


async def test_an_order_by_api_is_one_order_over_a_restart(tmp_path: Path) -> None:
    body: Json = {"phoneNumber": ANN, "productId": "prod_001", "quantity": 1}
    async with serving(tmp_path, bakery(), coffee()) as process:
        first = await ask(process, "POST", "/api/orders", body, "key-1")
    async with serving(tmp_path, bakery(), coffee()) as process:
        again = await ask(process, "POST", "/api/orders", body, "key-1")
        other = await ask(process, "POST", "/api/orders", body | {"quantity": 2}, "key-1")
        listed = await ask(process, "GET", "/s/coffee/api/admin/orders")
        one = await ask(process, "GET", f"/api/admin/orders/{first.data['id']}")
        both = await ask(process, "GET", "/api/admin/stats")
    assert (first.status, again.status, again.body, other.status) == (201, 201, first.body, 409)
    assert [order["number"] for order in listed.data] == [first.data["id"]]
    assert one.body["history"][0]["by"] == "API"
    assert both.body["totalOrders"] == 1, (
        "one secret for both shops: the path is that of the shop that sells by buttons"
    )
