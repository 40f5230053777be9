"""What a turn costs in its pure part: needs, advance, the commit and its snapshot. No store, no clock, no HTTP.

    python -m tests.bench.bench_pure

The figure to reach is 30 µs for typical turns of the bakery, with 5 products and with 2,000.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping

from engine import conversation
from engine.catalogue import Product
from engine.commit import Commit
from engine.conversation import Conversation
from engine.events import AnyEvent, Inbound, Letter, OptionTapped, TextSaid
from engine.facts import Facts
from engine.shop import Shop
from engine.turn import commit_of
from tests.engine.world import ANN, NOON, World, bakery, shop_with

ROUNDS = 2_000
SCRIPT = ("hi", "1, 2", "cart", "blorp", "help", "done", "Asha Rao", "12 MG Road, Bengaluru", "skip", "tap:0", "thanks")
"""One order from hello to thanks; each line is measured as a kind of turn."""


def pure_figures(rounds: int = ROUNDS) -> list[tuple[str, float, str]]:
    """(name, value, unit): the median of each kind of turn, and the median over all kinds."""
    figures: list[tuple[str, float, str]] = []
    for title, shop in (("5 products", bakery()), ("2,000 products", shop_with(_products(2_000)))):
        medians = [(line, _median(shop, at, rounds)) for at, line in enumerate(SCRIPT)]
        figures += [(f"pure turn {line!r}, {title}", median, "µs") for line, median in medians]
        figures.append((f"pure turn, all kinds, {title}", statistics.median(value for _, value in medians), "µs"))
    return figures


def _products(count: int) -> list[Product]:
    return [Product(f"sku-{n}", f"Product number {n}", 1_000 + n, stock=100 if n % 4 else 5) for n in range(count)]


def _median(shop: Shop, at: int, rounds: int) -> float:
    """The median time of the script's line ``at``, in µs, always from the same conversation."""
    world = World(shop)
    for line in SCRIPT[:at]:
        world.send(_event(line, world.conversation))
    before = world.conversation
    inbound = Inbound("wamid.now", shop.name, world.sender, NOON, _event(SCRIPT[at], before))
    letter, left = Letter(ANN, inbound), dict(world.left)
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            began = time.perf_counter_ns()
            _turn(before, letter, shop, left)
            times.append(time.perf_counter_ns() - began)
    finally:
        gc.enable()
    return round(statistics.median(times) / 1_000, 1)


def _turn(before: Conversation, letter: Letter, shop: Shop, left: Mapping[str, int]) -> Commit:
    conversation.needs(before, letter.inbound, shop, NOON)
    facts = Facts(now=NOON, key=f"{ANN}:{before.turn + 1}", phone=before.phone, left=left)
    turn = conversation.advance(before, letter.inbound, shop, facts)
    return commit_of(turn, letter, shop, facts)


def _event(line: str, before: Conversation) -> AnyEvent:
    if not line.startswith("tap:"):
        return TextSaid(line)
    assert before.offer is not None
    return OptionTapped(f"{before.offer.question}:{line.removeprefix('tap:')}")


if __name__ == "__main__":
    for name, value, unit in pure_figures():
        print(f"{value:8.1f} {unit}  {name}")
