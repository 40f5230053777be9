"""Products of one shop and how a catalogue file is read.

Prices are integer minor units. ``stock`` counts only where ``track_stock`` is set.
"""

from __future__ import annotations

import msgspec


class Product(msgspec.Struct, frozen=True):
    """One row of the catalogue (columns: flows.md, "What holds in every flow")."""

    sku: str
    name: str
    price: int
    description: str = ""
    stock: int = 0
    category: str = ""
    aliases: tuple[str, ...] = ()
    unit: str = ""
    pack: str = ""
    min_quantity: int = 1
    tax_rate: str = ""
    image: str = ""
    active: bool = True
    track_stock: bool = True


class Catalogue(msgspec.Struct, frozen=True):
    """A shop's products in their order. Looked up by sku through ``product``."""

    products: tuple[Product, ...]

    def product(self, sku: str) -> Product | None:
        """The product with this sku, active or not."""
        return next((product for product in self.products if product.sku == sku), None)
