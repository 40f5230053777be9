"""A cart, and what the catalogue and the shelves have to say about it.

A line remembers the name and price that the customer was last shown, so that a change can be named before it is
charged (flows.md, "Catalogue changes under the customer").
"""

from __future__ import annotations

from enum import Enum

import msgspec

from engine.catalogue import Product
from engine.facts import ConflictKind, Facts
from engine.offering import price_of, tax_rate_of
from engine.orders import OrderLine
from engine.shop import Shop

QUANTITY_AT_MOST = 50
"""Of one item in the cart, however many messages it took (flows.md §1); a flow may have a limit of its own."""

LINES_AT_MOST = 30
"""Different items in one cart: what one summary can show and a snapshot should hold."""


class CartLine(msgspec.Struct, frozen=True, array_like=True):
    """One item as the customer saw it. ``price`` is minor units."""

    sku: str
    name: str
    quantity: int
    price: int

    @property
    def total(self) -> int:
        return self.quantity * self.price


class Cart(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer wants so far. ``id`` is "" until the first line, then the key of the turn that put it in."""

    id: str = ""
    lines: tuple[CartLine, ...] = ()

    @property
    def total(self) -> int:
        """What the lines make, minor units: with tax where the shop's prices include it."""
        return sum(line.quantity * line.price for line in self.lines)

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    def quantity(self, sku: str) -> int:
        """How many of it are in the cart."""
        return next((line.quantity for line in self.lines if line.sku == sku), 0)

    def order_lines(self, shop: Shop) -> tuple[OrderLine, ...]:
        """The lines as an order keeps them, their tax not yet reckoned (engine.totals). Call it only on a cart that
        ``revise`` left as it was."""
        return tuple(
            OrderLine(
                line.sku,
                line.name,
                line.quantity,
                line.price,
                tracked=product.track_stock,
                unit=product.unit,
                tax_rate=tax_rate_of(product, shop.terms),
            )
            for line in self.lines
            if (product := shop.catalogue.sold(line.sku)) is not None
        )


def put(cart: Cart, product: Product, quantity: int, shop: Shop, facts: Facts) -> Cart:
    """The cart with exactly ``quantity`` of this product at its price now; none takes the line out."""
    line = CartLine(product.sku, product.name, quantity, price_of(product, shop, facts))
    if not quantity:
        lines = tuple(one for one in cart.lines if one.sku != product.sku)
    elif cart.quantity(product.sku):
        lines = tuple(line if one.sku == product.sku else one for one in cart.lines)
    else:
        lines = (*cart.lines, line)
    return Cart(cart.id or facts.key, lines) if lines else Cart()


def without(cart: Cart, sku: str) -> Cart:
    """The cart without this item."""
    lines = tuple(line for line in cart.lines if line.sku != sku)
    return Cart(cart.id, lines) if lines else Cart()


def left_of(product: Product, facts: Facts) -> int | None:
    """How many of it this customer could buy now; None when nobody counts it.

    A refused commit knows better than any count read before it: the quantity it refused was too many.
    """
    return facts.left.get(product.sku) if product.track_stock else None


class ChangeKind(Enum):
    """What may happen to a line while a customer thinks."""

    GONE = "gone"
    SOLD_OUT = "sold out"
    REDUCED = "reduced"
    REPRICED = "repriced"


class Change(msgspec.Struct, frozen=True):
    """One line that is no longer as shown; ``was`` and ``now`` are quantities, or prices in minor units."""

    kind: ChangeKind
    name: str
    was: int = 0
    now: int = 0


def revise(cart: Cart, shop: Shop, facts: Facts) -> tuple[Cart, tuple[Change, ...]]:
    """The cart as it can be bought now, and what changed. A cart without changes comes back itself."""
    lines: list[CartLine] = []
    changes: list[Change] = []
    for line in cart.lines:
        kept = _revised(line, shop, facts, changes)
        if kept is not None:
            lines.append(kept)
    if not changes:
        return cart, ()
    return (Cart(cart.id, tuple(lines)) if lines else Cart()), tuple(changes)


def _revised(line: CartLine, shop: Shop, facts: Facts, changes: list[Change]) -> CartLine | None:
    product = shop.catalogue.sold(line.sku)
    if product is None:
        changes.append(Change(ChangeKind.GONE, line.name))
        return None
    possible = _possible(line, product, facts)
    if possible < product.min_quantity:
        changes.append(Change(ChangeKind.SOLD_OUT, line.name, line.quantity, possible))
        return None
    if possible < line.quantity:
        changes.append(Change(ChangeKind.REDUCED, line.name, line.quantity, possible))
    price = price_of(product, shop, facts)
    if price != line.price:
        changes.append(Change(ChangeKind.REPRICED, product.name, line.price, price))
    return CartLine(line.sku, product.name, min(line.quantity, possible), price)


def _possible(line: CartLine, product: Product, facts: Facts) -> int:
    """How many of this line can be had. After SOLD_OUT always fewer than were refused, whatever a late count says."""
    left = left_of(product, facts)
    refused = facts.conflict
    if refused is not None and refused.kind is ConflictKind.SOLD_OUT and refused.what == line.sku:
        left = line.quantity - 1 if left is None else min(left, line.quantity - 1)
    return line.quantity if left is None else max(0, min(left, line.quantity))
