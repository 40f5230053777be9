"""What a turn costs in its pure part: needs, advance, the commit and its snapshot. No store, no clock, no HTTP.

    python -m tests.bench.bench_pure

The figure to reach is 30 µs for typical turns of the bakery, with 5 products and with 2,000, and 60 µs for those of
every other flow with 2,000. A line of free text, which is matched against the catalogue, counts by itself; what long
ones cost is measured in bench_matcher.
"""

from __future__ import annotations

import gc
import statistics
import time

import msgspec

from engine import conversation
from engine.address import MINUTE
from engine.catalogue import Catalogue, Product
from engine.commit import Commit
from engine.conversation import Conversation
from engine.events import AnyEvent, Inbound, Letter, OptionTapped, TextSaid
from engine.facts import Known
from engine.orders import Customer
from engine.shop import Shop
from engine.tickets import Programme
from engine.turn import commit_of, facts_of
from tests.bench.bench_matcher import matcher_figures
from tests.engine.open_store import at_once
from tests.engine.shops import bakery, box_office, burgers, coffee, dealer, shop_with
from tests.engine.world import NOON, World

ROUNDS = 2_000


class Script(msgspec.Struct, frozen=True):
    """One order from hello to thanks; each line is measured as a kind of turn, but those of free text not together
    with the others. ``before``: what its figures are called; ``card``: what the shop knows of the customer."""

    before: str
    shop: Shop
    lines: tuple[str, ...]
    free: frozenset[str] = frozenset()
    card: Customer | None = None


BAKERY = (
    *("hi", "1, 2", "cart", "blorp", "help", "done", "Asha Rao", "12 MG Road, Bengaluru", "skip", "tap:0", "thanks"),
)
BURGERS = (
    *("hi", "more", "1", "back", "burgers", "1", "2", "1", "help", "1, 3", "checkout", "card", "done", "other way"),
    *("cash", "thanks"),
)
NAME = "2 double"
LIST = "10 opc 43, 20 bags cement, 5 ton sand"
WHOLESALE = (
    *("hi", "products", "more", LIST, "tap:0", "help", "2", "done", "1, 20", "remove 2"),
    *("confirm", "pay", "1", "thanks"),
)
TICKETING = (
    *("hi", "more", "search mumbai food", "4", "back", "hi", "1", "2", "help", "Asha Rao", "yes"),
    *("my bookings", "thanks"),
)


MICRO_SALES = (*("hi", "products", "tap:1", "2", "help", "skip", "M-Pesa", "other way", "card", "hm"),)


def scripts() -> tuple[Script, ...]:
    """What is measured."""
    products = _products(2_000)
    goods = (*dealer().catalogue.products, *products)
    sold = tuple([msgspec.structs.replace(one, category=f"Shelf {n % 40}") for n, one in enumerate(products)])
    return (
        Script(
            "pure turn of cart {}, 2,000 products",
            msgspec.structs.replace(burgers(), catalogue=Catalogue((*burgers().catalogue.products, *sold))),
            (*BURGERS[:8], NAME, *BURGERS[7:]),
            frozenset({NAME}),
        ),
        Script("pure turn {}, 5 products", bakery(), BAKERY),
        Script("pure turn {}, 2,000 products", shop_with(products), BAKERY),
        Script(
            "pure turn of wholesale {}, 2,000 products",
            msgspec.structs.replace(dealer(), catalogue=Catalogue(goods)),
            WHOLESALE,
            frozenset({LIST}),
            Customer("c1", "dealer", "Sharma & Sons", credit_days=30, price_list="builders"),
        ),
        Script(
            "pure turn of micro_sales {}, 2,000 products",
            msgspec.structs.replace(coffee(), catalogue=Catalogue((*coffee().catalogue.products, *products))),
            MICRO_SALES,
        ),
        Script(
            "pure turn of ticketing {}, 2,000 events", _tickets(2_000), TICKETING, frozenset({"search mumbai food"})
        ),
    )


def pure_figures(rounds: int = ROUNDS) -> list[tuple[str, float, str]]:
    """(name, value, unit): the median of each kind of turn, and the median over all kinds."""
    figures: list[tuple[str, float, str]] = []
    for script in scripts():
        medians = [(line, _median(script, at, rounds)) for at, line in enumerate(script.lines)]
        figures += [(script.before.format(repr(line)), median, "µs") for line, median in medians]
        usual = [median for line, median in medians if line not in script.free]
        figures.append((script.before.replace(" {}", ", all kinds").format(), statistics.median(usual), "µs"))
    return figures + matcher_figures()


def _products(count: int) -> list[Product]:
    return [Product(f"sku-{n}", f"Product number {n}", 1_000 + n, stock=100 if n % 4 else 5) for n in range(count)]


def _tickets(count: int) -> Shop:
    """The ticket shop with so many free events, one after the other."""
    shop = box_office()
    events = [
        msgspec.structs.replace(one, id=f"{one.id}-{n}", starts_at=one.starts_at + n * MINUTE, price=0)
        for n in range(count // len(shop.programme.events))
        for one in shop.programme.events
    ]
    return msgspec.structs.replace(shop, programme=Programme(tuple(events)))


def _median(script: Script, at: int, rounds: int) -> float:
    """The median time of the script's line ``at``, in µs, always from the same conversation."""
    shop = script.shop
    world = World(shop)
    if script.card is not None:
        world.card = script.card
    for line in script.lines[:at]:
        world.send(_event(line, world.conversation))
    before = world.conversation
    inbound = Inbound("wamid.now", shop.name, world.sender, NOON, _event(script.lines[at], before))
    letter = Letter(world.who, inbound)
    needed = conversation.needs(before, inbound, shop, NOON)
    known = at_once(world.store.know(world.who, needed, NOON))
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            began = time.perf_counter_ns()
            _turn(before, letter, shop, known)
            times.append(time.perf_counter_ns() - began)
    finally:
        gc.enable()
    return round(statistics.median(times) / 1_000, 1)


def _turn(before: Conversation, letter: Letter, shop: Shop, known: Known) -> Commit:
    conversation.needs(before, letter.inbound, shop, NOON)
    facts = facts_of(before, letter, known, NOON)
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
