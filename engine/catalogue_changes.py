"""What a file of products changes in a shop: just what Store.import_catalogue does with it.

A known product keeps its stock, one that is not in the file is not sold any more, and the file's order is the menu's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from engine import changes, money
from engine.catalogue import Product, row_of
from engine.changes import Changes, Named, some


def compared(before: Sequence[Product], after: Sequence[Product], currency: str, locale: str) -> Changes:
    """``before``: what the shop has, with what is on hand; ``after``: what the file says."""
    known = {one.sku: one for one in before}
    named = {one.sku for one in after}
    both = [(known[one.sku], one) for one in after if one.sku in known]
    removed = [one for one in before if one.active and one.sku not in named]
    changed = [
        change
        for old, new in both
        if (change := changes.changed(_named(new), _cells(old, currency, locale), _cells(new, currency, locale)))
    ]
    return Changes(
        added=tuple([_named(one) for one in after if one.sku not in known]),
        removed=tuple([_named(one) for one in removed]),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        warnings=(
            *_vanishing(before, removed),
            *_reordered(before, after),
            *changes.leaps([(old.sku, old.price, new.price) for old, new in both], currency, locale),
            *_stock(both),
            *_alike(after),
        ),
    )


def _named(product: Product) -> Named:
    return Named(product.sku, product.name)


def _cells(product: Product, currency: str, locale: str) -> Mapping[str, str]:
    """A row, its price as money; what an import never changes left out."""
    row = {column: cell for column, cell in row_of(product, currency).items() if column not in ("sku", "stock")}
    return row | {"price": money.show(product.price, currency, locale)}


# -- warnings --------------------------------------------------------------------------------------------------------
def _vanishing(before: Sequence[Product], removed: Sequence[Product]) -> Iterator[str]:
    """More than half: rather another shop's file, or a part of the right one."""
    sold = sum(one.active for one in before)
    if len(removed) * 2 > sold:
        yield f"{len(removed)} of the {sold} products that are sold now are not in the file. Is it the right one?"


def _reordered(before: Sequence[Product], after: Sequence[Product]) -> Iterator[str]:
    """Customers know the numbers of a menu by heart."""
    sold = {one.sku for one in before if one.active} & {one.sku for one in after if one.active}
    if [one.sku for one in before if one.sku in sold] != [one.sku for one in after if one.sku in sold]:
        yield "The products stand in another order, so they have other numbers in the menu."


def _stock(both: Sequence[tuple[Product, Product]]) -> Iterator[str]:
    other = [
        f"{old.sku} {old.stock}" for old, new in both if old.track_stock and new.track_stock and new.stock != old.stock
    ]
    if other:
        yield f"The file's stock is for new products; these keep what is on hand: {some(other)}."
    empty = [old.sku for old, new in both if new.track_stock and not old.track_stock and not old.stock]
    if empty:
        yield f"From now on these are counted, and none is on hand, so they are sold out: {some(empty)}."


def _alike(after: Sequence[Product]) -> Iterator[str]:
    names: dict[str, list[str]] = defaultdict(list)
    for one in after:
        if one.active:
            names[one.name.casefold()].append(one.sku)
    alike = [" = ".join(skus) for skus in names.values() if len(skus) > 1]
    if alike:
        yield f"These have one name, so customers can't tell them apart: {some(alike)}."
