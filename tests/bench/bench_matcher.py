"""What reading a free-text order costs: 20 lines with slips of typing, matched against 2,000 goods that are much alike.

    python -m tests.bench.bench_matcher

The figure to reach is 20 ms for an order. A catalogue's first order pays for its index as well.
"""

from __future__ import annotations

import gc
import random
import statistics
import time

from engine.catalogue import Catalogue, Product
from engine.matcher import match

PRODUCTS = 2_000
LINES = 20
ORDERS = 100

GOODS = """
    adhesive angle basin beading blade block bolt brick bucket bulb cable cement channel drill elbow fan gasket glass
    gravel grout hammer handle hinge hose lamp laminate lock mesh mirror nail nut paint pipe plywood primer putty rod
    sand screw sheet socket switch tap tee tile trowel valve washer wire
"""
KINDS = "black blue brass classic copper gloss green heavy indoor light matt outdoor plastic premium red royal"
BRANDS = "Acme Bharti Everest Falcon Ganga Himal Kiran Orion Tulip Zenit"
SIZES = (4, 6, 8, 10, 12, 16, 20, 25, 32, 40)
WAYS = ("{count} {name}", "{name} x {count}", "{name} {count} pcs", "{count} pcs {name}", "- {name}: {count}")


def goods(count: int, chance: random.Random) -> list[Product]:
    """Products that share their words with hundreds of others; each has an alias without its brand."""
    names: set[tuple[str, str, str, int]] = set()
    while len(names) < count:
        brand, kind, good = (chance.choice(words.split()) for words in (BRANDS, KINDS, GOODS))
        names.add((brand, kind, good, chance.choice(SIZES)))
    return [
        Product(f"sku-{at}", f"{brand} {kind} {good} {size} mm", 1_000, unit="pc", aliases=(f"{kind} {good} {size}",))
        for at, (brand, kind, good, size) in enumerate(sorted(names))
    ]


def order(products: list[Product], chance: random.Random) -> str:
    """Twenty products in the words of a hurried customer."""
    return "\n".join(
        chance.choice(WAYS).format(
            name=" ".join(_typed(word, chance) for word in product.name.lower().split()), count=chance.randint(1, 500)
        )
        for product in chance.sample(products, LINES)
    )


def _typed(word: str, chance: random.Random) -> str:
    """One word in four loses a letter."""
    if len(word) < 5 or chance.random() > 0.25:
        return word
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def matcher_figures(orders: int = ORDERS) -> list[tuple[str, float, str]]:
    """(name, value, unit): a catalogue's first order, and the median of orders that are all different."""
    chance = random.Random(5)
    products = goods(PRODUCTS, chance)
    catalogue = Catalogue(tuple(products))
    texts = [order(products, chance) for _ in range(orders + 1)]
    times = []
    gc.collect()
    gc.disable()
    try:
        for text in texts:
            began = time.perf_counter_ns()
            match(text, catalogue)
            times.append((time.perf_counter_ns() - began) / 1_000_000)
    finally:
        gc.enable()
    first, *others = times
    title = f"free-text order, {LINES} lines, {PRODUCTS:,} products"
    return [(f"{title}, the first", round(first, 1), "ms"), (title, round(statistics.median(others), 1), "ms")]


if __name__ == "__main__":
    for name, value, unit in matcher_figures():
        print(f"{value:8.1f} {unit}  {name}")
