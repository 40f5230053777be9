"""Products of one shop and how a catalogue file is read.

Prices are integer minor units. ``stock`` counts only where ``track_stock`` is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

import msgspec

from engine import money, table
from engine.errors import BadInput

STOCK_AT_MOST = 1_000_000_000
_NAMES = {"sku": 64, "name": 120, "category": 60, "unit": 20, "pack": 40, "variant_of": 120, "variant": 60}
LENGTHS = {**_NAMES, "description": 1_000, "image": 2_000}
"""Characters at most, by column. Longer cells are an error, never cut in silence."""

ALIASES_AT_MOST = 20
NEEDED = ("sku", "name", "price")
COLUMNS = (
    *NEEDED,
    *("description", "stock", "category", "aliases", "unit", "pack"),
    *("min_quantity", "tax_rate", "image", "active", "track_stock"),
    *("variant_of", "variant"),
)
"""flows.md, "Catalogue columns", and variants; all but the needed three are optional."""

SHEET = table.Sheet(COLUMNS, NEEDED, LENGTHS, "products")

_SKU = re.compile(r"[^\s:]+")


class Product(msgspec.Struct, frozen=True):
    """One row of the catalogue (columns: flows.md, "What holds in every flow").

    Products that share ``variant_of`` (an item's name, "T-Shirt") are shown as that one item, and the customer is asked
    which ``variant`` ("Blue, L"). Each is still a product of its own, with its sku, name, price and stock.
    """

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
    variant_of: str = ""
    variant: str = ""


class Item(msgspec.Struct, frozen=True):
    """What customers see as one thing to buy: a product, or several that are variants of one. ``shelf`` is the category
    where it stands."""

    name: str
    skus: tuple[str, ...]
    shelf: str


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """A shop's products in their order. Looked up by sku through ``product``.

    What is derived is computed once per catalogue and kept beside it: a turn must not walk 2,000 products.
    """

    products: tuple[Product, ...]

    @cached_property
    def by_sku(self) -> Mapping[str, Product]:
        return {product.sku: product for product in self.products}

    @cached_property
    def menu(self) -> tuple[str, ...]:
        """The skus of active products, in catalogue order."""
        return tuple(product.sku for product in self.products if product.active)

    @cached_property
    def shelves(self) -> Mapping[str, tuple[Item, ...]]:
        """Category → its items that are sold, both in catalogue order. Spellings that differ only in case are one
        category; an item stands where its first variant does."""
        spelled: dict[str, str] = {}
        skus: dict[tuple[str, str], list[str]] = {}
        of_item: dict[str, tuple[str, str]] = {}
        for product in self.products:
            if product.active:
                shelf = spelled.setdefault(product.category.casefold(), product.category)
                item = product.variant_of.casefold()
                place = of_item.setdefault(item, (shelf, item)) if item else (shelf, f"sku {product.sku}")
                skus.setdefault(place, []).append(product.sku)
        shelves: dict[str, list[Item]] = {}
        for (shelf, _), together in skus.items():
            first = self.by_sku[together[0]]
            name = first.variant_of if len(together) > 1 else first.name
            shelves.setdefault(shelf, []).append(Item(name, tuple(together), shelf))
        return {shelf: tuple(items) for shelf, items in shelves.items()}

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Sku → the item that it is, or is a variant of, for all that is sold."""
        return {sku: item for shelf in self.shelves.values() for item in shelf for sku in item.skus}

    @cached_property
    def several(self) -> Mapping[str, Item]:
        """Folded name → item, for those that come in variants: the name of none of their products."""
        return {item.name.casefold(): item for item in self.items.values() if len(item.skus) > 1}

    def product(self, sku: str) -> Product | None:
        """The product with this sku, active or not."""
        return self.by_sku.get(sku)

    def sold(self, sku: str) -> Product | None:
        """The product with this sku if it is sold at present."""
        product = self.by_sku.get(sku)
        return product if product is not None and product.active else None


def repriced(catalogue: Catalogue, prices: Mapping[str, int]) -> Catalogue:
    """The same goods, some of which cost something else (sku → minor units)."""
    return Catalogue(
        tuple(
            [
                msgspec.structs.replace(one, price=prices[one.sku]) if one.sku in prices else one
                for one in catalogue.products
            ]
        )
    )


def digest(data: bytes) -> str:
    """What names a catalogue file's content: a file is imported once per digest."""
    return sha256(data).hexdigest()


def read_csv(data: bytes, currency: str, picture: table.Picture = table.links) -> tuple[list[Product], list[str]]:
    """Read a catalogue file: its good products, and one sentence per fault (engine.table). ConfigError when
    ``currency`` is not one."""
    return table.read_csv(data, SHEET, _Reading(currency, picture).product)


def read_rows(
    rows: Iterable[tuple[int, list[str]]], currency: str, picture: table.Picture = table.links
) -> tuple[list[Product], list[str]]:
    """The same of a spreadsheet's rows, each with its line's number."""
    return table.read_rows(rows, SHEET, _Reading(currency, picture).product)


def row_of(product: Product, currency: str) -> Mapping[str, str]:
    """The row that reads back as this product."""
    places = money.digits(currency)
    cells = {name: str(getattr(product, name) or "") for name in COLUMNS}
    return cells | {
        "price": f"{Decimal(product.price).scaleb(-places):f}",
        "stock": str(product.stock),
        "aliases": "|".join(product.aliases),
        "active": "yes" if product.active else "no",
        "track_stock": "yes" if product.track_stock else "no",
    }


class _Reading:
    """One file as it is read: what stands above in it."""

    def __init__(self, currency: str, picture: table.Picture) -> None:
        money.digits(currency)
        self._currency = currency
        self._picture = picture
        self._skus: set[str] = set()
        self._variants: set[tuple[str, str]] = set()

    def product(self, cells: Mapping[str, str]) -> Product:
        product = _product(cells, self._currency, self._picture)
        if product.sku in self._skus:
            raise BadInput(f"the sku {product.sku!r} stands above already")
        _check_variant(product, self._variants)
        self._skus.add(product.sku)
        return product


def _check_variant(product: Product, seen: set[tuple[str, str]]) -> None:
    """Customers choose a variant by its name, so an item can't have two of one name, nor one without."""
    if bool(product.variant) is not bool(product.variant_of):
        raise BadInput("variant_of and variant go together: the item's name, and which one of it this is")
    named = (product.variant_of.casefold(), product.variant.casefold())
    if product.variant and named in seen:
        raise BadInput(f"the variant {product.variant!r} of {product.variant_of!r} stands above already")
    seen.add(named)


def _product(cells: Mapping[str, str], currency: str, picture: table.Picture) -> Product:
    sku, name, price = (cells[column] for column in NEEDED)
    if not _SKU.fullmatch(sku):
        raise BadInput(f"the sku {sku!r} has a space or colon in it")
    stock = cells.get("stock", "")
    return Product(
        sku=sku,
        name=" ".join(name.split()),
        price=money.read(price, currency),
        description=cells.get("description", ""),
        stock=table.whole("stock", stock or "0", 0, STOCK_AT_MOST),
        category=cells.get("category", ""),
        aliases=_aliases(cells.get("aliases", "")),
        unit=cells.get("unit", ""),
        pack=cells.get("pack", ""),
        min_quantity=table.whole("min_quantity", cells.get("min_quantity") or "1", 1, STOCK_AT_MOST),
        tax_rate=table.per_cent("tax_rate", cells.get("tax_rate", "")),
        image=picture(cells.get("image", "")),
        active=table.truth("active", cells.get("active", ""), True),
        # A shop that gives no number does not count that product: better than selling none of it.
        track_stock=table.truth("track_stock", cells.get("track_stock", ""), bool(stock)),
        variant_of=" ".join(cells.get("variant_of", "").split()),
        variant=" ".join(cells.get("variant", "").split()),
    )


def _aliases(text: str) -> tuple[str, ...]:
    """Further names, separated by ``|`` (a comma or semicolon may be the file's own)."""
    aliases = tuple(dict.fromkeys(alias.strip() for alias in text.split("|") if alias.strip()))
    if len(aliases) > ALIASES_AT_MOST:
        raise BadInput(f"{len(aliases)} aliases; at most {ALIASES_AT_MOST}")
    return aliases
