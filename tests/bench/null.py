"""A channel and a connection that cost nothing, to measure the engine without HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from engine.catalogue import Catalogue, Product
from engine.messages import Limits, Outcome, OutcomeClass, Outgoing
from engine.ports import Answer, Call, Channel, Delivery, Http, Reply
from engine.shop import Shop


class NullChannel(Channel):
    """Accepts every message at once."""

    def __init__(self, shop: str = "bakery") -> None:
        self.shop = shop
        self.path = "/null"
        self.limits = Limits()
        self.thanks = Reply()
        self.sent = 0

    def challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def genuine(self, call: Call) -> bool:
        return True

    def numbers(self) -> frozenset[str]:
        return frozenset({"1"})

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        return Delivery()

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        self.sent += 1
        return Outcome(OutcomeClass.SENT, provider_id=outgoing.key)

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        return Outcome(OutcomeClass.SENT)


class NullHttp:
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return Answer(200, {}, b"{}")

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        return Answer(200, {}, b"{}")


@asynccontextmanager
async def null_connection() -> AsyncIterator[Http]:
    yield NullHttp()


def bakery(products: int = 5) -> Shop:
    """A bakery with the sample's five products first, and as many more as asked for."""
    sample = [
        Product("cookie", "Chocolate Chip Cookie", 5_000, stock=1_000_000),
        Product("oat", "Oatmeal Raisin", 4_500, stock=1_000_000),
        Product("brownie", "Brownie", 8_000, stock=1_000_000),
        Product("velvet", "Red Velvet Cake", 65_000, stock=1_000_000),
        Product("custom", "Custom Cake", 120_000, track_stock=False),
    ]
    more = [Product(f"p{n}", f"Product {n}", 1_000 + n, stock=1_000_000) for n in range(products - len(sample))]
    return Shop(
        name="bakery",
        title="Test Bakery",
        flow="counter",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(tuple(sample + more)),
    )
