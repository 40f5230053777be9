"""What a load test has seen, and how it is told to people and to programs."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

LAGGING_MS = 100.0
"""Above this the test's own delay (p99 against its plan) spoils its figures."""
EXAMPLES = 5
EXAMPLE_LENGTH = 200


class Figures(msgspec.Struct, frozen=True):
    """Milliseconds; ``count`` measurements. The pth percentile is the smallest value that p % do not exceed."""

    count: int
    p50: float
    p95: float
    p99: float
    worst: float


def figures(seconds: array[float]) -> Figures:
    """The figures of measurements in seconds; all zero when there are none."""
    if not seconds:
        return Figures(0, 0.0, 0.0, 0.0, 0.0)
    ordered = sorted(seconds)

    def at(percent: int) -> float:
        place = max(0, -(-len(ordered) * percent // 100) - 1)
        return round(ordered[place] * 1000, 1)

    return Figures(len(ordered), at(50), at(95), at(99), round(ordered[-1] * 1000, 1))


class Tally:
    """One shop's counts as they happen. Times are seconds."""

    def __init__(self) -> None:
        self.planned = 0
        self.messages = 0
        self.doubled = 0
        self.lost = 0
        self.out_of_order = 0
        self.orders_doubled = 0
        self.asked_twice = 0
        self.turned_away = 0
        self.ends: Counter[str] = Counter()
        self.people: Counter[str] = Counter()
        self.surprises: Counter[str] = Counter()
        self.examples: list[str] = []
        self.turns: dict[str, array[float]] = {}
        self.lag: array[float] = array("d")
        self._orders: set[str] = set()

    @property
    def orders(self) -> int:
        return len(self._orders)

    def sent(self, lag: float | None) -> None:
        """A message went out, ``lag`` after it was planned (None: it was not planned but followed from an answer)."""
        self.messages += 1
        if lag is not None:
            self.lag.append(lag)

    def turn(self, step: str, seconds: float) -> None:
        self.turns.setdefault(step, array("d")).append(seconds)

    def order(self, number: str, *, another: bool) -> None:
        """An order was confirmed; ``another``: in a visit that had one already."""
        if another or number in self._orders:
            self.orders_doubled += 1
        self._orders.add(number)

    def lose(self, step: str) -> None:
        """An answer did not come in time, or not all of it."""
        self.lost += 1
        self._example(f"lost at {step}")

    def unexpected(self, step: str, text: str) -> None:
        self.surprises[step] += 1
        self._example(f"unexpected at {step}: {text[:EXAMPLE_LENGTH]}")

    def _example(self, what: str) -> None:
        if len(self.examples) < EXAMPLES:
            self.examples.append(what)

    @property
    def all_turns(self) -> array[float]:
        """Every turn of every step."""
        return joined(self.turns.values())


def joined(measured: Iterable[array[float]]) -> array[float]:
    """Several measurements as one."""
    return array("d", (one for seconds in measured for one in seconds))


class ShopReport(msgspec.Struct, frozen=True):
    """What one shop did. ``checked``: whether its own books were there to be compared with what customers saw.
    ``failures``: each a sentence, in which it did not keep its word."""

    flow: str
    buyers: dict[str, int]
    people: dict[str, int]
    messages: int
    replies: int
    orders: int
    turn: Figures
    steps: dict[str, Figures]
    lost: int
    doubled: int
    out_of_order: int
    orders_doubled: int
    asked_twice: int
    unexpected: dict[str, int]
    examples: list[str]
    checked: bool
    failures: list[str]


class LoadReport(msgspec.Struct, frozen=True):
    """The outcome. ``ok`` says that the shops kept their word; ``bottleneck`` whether the figures can be believed."""

    options: dict[str, Any]
    seconds: float
    phones: int
    shops: dict[str, ShopReport]
    messages: int
    replies: int
    orders: int
    turn: Figures
    lag: Figures
    bottleneck: str
    sends_doubled: int
    provider: dict[str, Any]
    failures: list[str]

    @property
    def ok(self) -> bool:
        """Whether nothing was lost, doubled, out of order, unexpected, oversold or booked wrong, and every threshold
        was kept."""
        return not self.failures

    def to_json(self) -> bytes:
        """The report for programs, indented."""
        fields = {"ok": self.ok} | msgspec.to_builtins(self)
        return msgspec.json.format(msgspec.json.encode(fields), indent=2) + b"\n"

    def lines(self) -> list[str]:
        """The report for people."""
        rate = self.messages / self.seconds if self.seconds else 0.0
        told = [line for name, shop in self.shops.items() for line in _shop_lines(name, shop)]
        told.append(f"{self.messages} messages in {self.seconds:.1f} s ({rate:.0f}/s), {self.replies} replies")
        if len(self.shops) > 1:
            told += ["", _head(), _row("all shops", self.turn)]
        if self.bottleneck:
            told.append(f"The test itself was too slow: {self.bottleneck}. Its times are too long by that much.")
        return told + ([f"FAILED: {one}" for one in self.failures] or ["OK"])


def _shop_lines(name: str, shop: ShopReport) -> list[str]:
    ends = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in shop.buyers.items() if count)
    return [
        f"{name}: {ends}; {shop.orders} orders",
        "",
        _head(),
        *(_row(step, one) for step, one in shop.steps.items()),
        _row("all", shop.turn),
        "",
        f"lost {shop.lost} · doubled {shop.doubled} · out of order {shop.out_of_order} · "
        f"orders doubled {shop.orders_doubled} · unexpected {sum(shop.unexpected.values())} · "
        + ("stock and money agree with its books" if shop.checked and not shop.failures else _unchecked(shop)),
        *(f"  {one}" for one in shop.examples),
        "",
    ]


def _unchecked(shop: ShopReport) -> str:
    return "see FAILED below" if shop.failures else "its books can't be looked into from here"


def _head() -> str:
    return f"{'turn time, ms':<16}{'count':>8}{'p50':>10}{'p95':>10}{'p99':>10}{'worst':>10}"


def _row(name: str, one: Figures) -> str:
    return f"{name:<16}{one.count:>8}{one.p50:>10.1f}{one.p95:>10.1f}{one.p99:>10.1f}{one.worst:>10.1f}"


def unkept(tally: Tally, lines_lost: int) -> list[str]:
    """What the customers of one shop have to complain of, a sentence each."""
    found: Mapping[str, int] = {
        "answers were lost": tally.lost,
        "answers came twice": tally.doubled,
        "answers came out of order": tally.out_of_order,
        "carts became two orders": tally.orders_doubled,
        "phones were asked to pay once too often": tally.asked_twice,
        "answers were unexpected": sum(tally.surprises.values()),
        "lines were lost": lines_lost,
    }
    return [f"{count} {what}" for what, count in found.items() if count]
