"""What a stocktake does to the products of one shop: the rule of engine.backoffice, for both stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.backoffice import Counted

Stocked = tuple[str, int, bool, bool]
"""A product's sku, what is on hand of it, whether it is sold, and whether it is counted."""


def counted(
    products: Iterable[Stocked], quantities: Mapping[str, int], promised: Mapping[str, int]
) -> tuple[Counted, dict[str, int]]:
    """What is to be told of the stocktake, and the new stock of those products where it is another. ``promised``: what
    the CRM does not know to be gone."""
    ours = list(products)
    told = {
        sku: (on_hand, max(0, quantities[sku] - promised.get(sku, 0)))
        for sku, on_hand, _, tracked in ours
        if tracked and sku in quantities
    }
    changes = {sku: new for sku, (on_hand, new) in told.items() if new != on_hand}
    unknown = sorted(quantities.keys() - {sku for sku, *_ in ours})
    untold = [sku for sku, _, active, tracked in ours if active and tracked and sku not in quantities]
    return Counted(len(changes), tuple(unknown), tuple(sorted(untold))), changes
