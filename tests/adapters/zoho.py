"""What the tests of the CRM ``zoho`` share: the adapter, the fake, orders, and time that passes as fast as it can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio
from msgspec.structs import replace

from adapters.crm.zoho import Zoho, ZohoSettings, build
from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.phones.fake_zoho import FakeZoho
from adapters.phones.zoho.books import ZohoAccount, ZohoContact, ZohoItem
from adapters.phones.zoho.faults import ZohoFaults
from adapters.settings import Secret
from engine.backoffice import Stocktake
from engine.orders import Order, OrderLine, OrderStatus
from tests.adapters.fake_world import START
from tests.adapters.test_http import TLS
from tests.storage.values import order as shop_order

PHONE = "919800000001"
CLIENT = ("1000.CLIENT", "a-secret", "1000.refresh.token")
"""Its id, its secret, and the refresh token."""


class Clock:
    """Wall time that goes with trio's, which a test may let pass at once."""

    def now(self) -> int:
        return START + round(trio.current_time() * 1000)


def account(items: list[ZohoItem] | None = None) -> ZohoAccount:
    goods = [
        ZohoItem("cement", "Cement OPC 43", 380.0, 1200),
        ZohoItem("sand", "River Sand", 2400.0, "12.75"),
        ZohoItem("wire", "Binding Wire", 85.0, ""),
        ZohoItem("tmt", "TMT Bar", 520.0, "-3"),
        ZohoItem("mixing", "Mixing on site", 900.0, None),
        ZohoItem("old", "Old bricks", 1.0, 99, active=False),
    ]
    people = [ZohoContact("Walk-in"), ZohoContact("Asha Traders", "+91 9800000001")]
    books = goods if items is None else items
    return ZohoAccount("dealer", *CLIENT, "10", books, people)


def line(sku: str = "cement", quantity: int = 2, price: int = 38_000, **more: Any) -> OrderLine:
    return OrderLine(sku, sku.title(), quantity, price, tracked=True, **more)


def order(number: str = "ORD42", *lines: OrderLine, **more: Any) -> Order:
    made = replace(shop_order(number, *(lines or (line(),))), shop="dealer", placed_at=START)
    return replace(made, **more)


def cancelled(number: str = "ORD42") -> Order:
    return order(number, status=OrderStatus.CANCELLED)


class Dealer:
    """An organisation at the fake, the adapter that speaks to it, a lane, and a client for the controls."""

    def __init__(self, fake: FakeZoho, http: LaneHttp, client: httpx.AsyncClient) -> None:
        self.fake = fake
        self.http = http
        self.client = client
        (self.books,) = fake.accounts
        self.zoho = self.adapter()

    def adapter(self, **changes: Any) -> Zoho:
        return build(Site("dealer", timezone="Asia/Kolkata"), self.settings(**changes))

    def settings(self, **changes: Any) -> ZohoSettings:
        given: dict[str, Any] = {
            "client_id": CLIENT[0],
            "client_secret": Secret(CLIENT[1]),
            "refresh_token": Secret(CLIENT[2]),
            "organization_id": "10",
            "customer_id": self.books.contacts[0].contact_id,
            "accounts_url": self.fake.url,
        }
        return ZohoSettings(**(given | changes))

    def calls(self, what: str) -> int:
        return self.fake.counts[what]

    async def stock(self) -> dict[str, int]:
        found = await self.zoho.inventory(self.http, "")
        assert isinstance(found, Stocktake), found
        return dict(found.quantities)


@asynccontextmanager
async def dealer(
    faults: ZohoFaults | None = None, *, seed: int = 0, books: ZohoAccount | None = None, per_minute: int = 100
) -> AsyncIterator[Dealer]:
    fake = FakeZoho([books or account()], clock=Clock(), seed=seed, faults=faults, per_minute=per_minute)
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.serve, "127.0.0.1", 0)
        async with LaneHttp(TLS) as http, httpx.AsyncClient(base_url=fake.url, timeout=10) as client:
            yield Dealer(fake, http, client)
        nursery.cancel_scope.cancel()
