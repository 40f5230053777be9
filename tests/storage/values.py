"""Short ways to write what goes into a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import trio

from engine.address import Address, Sender
from engine.catalogue import Product
from engine.commit import Commit
from engine.events import Inbound, Letter, TextSaid
from engine.facts import Availability, Conflict, ConflictKind
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Status, StatusRank, Text
from engine.orders import Hold, Order, OrderLine, OrderMove, OrderStatus, PaymentStatus
from engine.ports import Store

T = TypeVar("T")
Everything: TypeAlias = Callable[[], Awaitable[object]]
"""A fixture of each backend: all that it holds, comparable, to see that a refused write left no trace."""

NOW = 1_790_000_000_000
ANN = Address("bakery", "ann")
BEN = Address("bakery", "ben")
SHOP = "bakery"

CAKE = Product("cake", "Red Velvet Cake", 65_000, stock=6, aliases=("velvet", "red"))
TEA = Product("tea", "Tea", 900, stock=3, variant_of="Hot drink", variant="Tea")
CUSTOM = Product("custom", "Custom Cake", 120_000, track_stock=False)
CATALOGUE = (CAKE, TEA, CUSTOM)

DUPLICATE = Conflict(ConflictKind.DUPLICATE)
STALE = Conflict(ConflictKind.STALE)
SOLD_OUT = Conflict(ConflictKind.SOLD_OUT, "cake")


@dataclass
class FixedClock:
    """A clock that stands still until a test moves it."""

    at: int = NOW

    def now(self) -> int:
        return self.at


@dataclass
class Talk:
    """One customer's turns: counts versions and inbound ids, so that a test names only what matters to it."""

    store: Store
    address: Address = ANN
    version: int = 0
    at: int = NOW
    letters: int = field(default=0)

    async def commit(self, **parts: Any) -> Conflict | None:
        """One turn with these parts; the version only counts when it was written."""
        self.letters += 1
        parts.setdefault("inbound_id", "" if "parked_id" in parts else f"{self.address}.{self.letters}")
        parts.setdefault("snapshot", b'{"state":"greeting"}')
        parts.setdefault("at", self.at)
        conflict = await self.store.commit(Commit(self.address, parts.pop("version", self.version + 1), **parts))
        if conflict is None:
            self.version += 1
        return conflict

    async def left(self, now: int | None = None) -> dict[str, int]:
        """What this customer could buy."""
        known = await self.store.know(self.address, (Availability(),), self.at if now is None else now)
        return dict(known.left)


def line(sku: str = "cake", quantity: int = 1, *, tracked: bool = True, note: str = "") -> OrderLine:
    return OrderLine(sku, sku.title(), quantity, 65_000, tracked, note)


def order(number: str, *lines: OrderLine, customer: str = "ann", cart: str | None = None, **more: Any) -> Order:
    lines = lines or (line(),)
    return Order(
        number=number,
        shop=SHOP,
        customer=customer,
        cart=f"cart of {number}" if cart is None else cart,
        lines=lines,
        total=sum(one.total for one in lines),
        currency="INR",
        status=more.pop("status", OrderStatus.PENDING),
        payment=PaymentStatus.UNPAID,
        kind="delivery",
        source="WhatsApp",
        placed_at=more.pop("placed_at", NOW),
        **more,
    )


def plain(number: str, **more: Any) -> Order:
    """An order of something that is not counted."""
    return order(number, line("custom", tracked=False), **more)


def move(number: str, frm: OrderStatus, to: OrderStatus, customer: str = "") -> OrderMove:
    return OrderMove(number, (frm,), to, "owner", customer)


def hold(name: str, quantity: int, sku: str = "cake", lasts: int = 60_000) -> Hold:
    return Hold(name, sku, quantity, NOW + lasts)


def out(key: str, address: Address = ANN, text: str = "Karibu") -> Outgoing:
    return Outgoing(f"{address}:{key}", address, "254700000001", "", Text(text), Purpose.REPLY, NOW)


def key(name: str, address: Address = ANN) -> str:
    return f"{address}:{name}"


def sent(provider_id: str) -> Outcome:
    return Outcome(OutcomeClass.SENT, provider_id)


def status(rank: StatusRank, provider_id: str = "", at: int = NOW, key: str = "", code: int = 0) -> Status:
    return Status(SHOP, provider_id, rank, at, key, code, "refused" if code else "")


def letter(name: str, address: Address = ANN, parked_id: int = 0) -> Letter:
    inbound = Inbound(name, address.shop, Sender(phone="254700000001"), NOW, TextSaid("1, 2"))
    return Letter(address, inbound, parked_id)


async def together(*calls: Callable[[], Awaitable[T]]) -> list[T]:
    """All at once, begun in any order; their answers in this order."""
    answers: dict[int, T] = {}

    async def one(place: int, call: Callable[[], Awaitable[T]]) -> None:
        answers[place] = await call()

    async with trio.open_nursery() as nursery:
        for place, call in enumerate(calls):
            nursery.start_soon(one, place, call)
    return [answers[place] for place in range(len(calls))]
