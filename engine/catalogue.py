"""Products of one shop and how a catalogue file is read.

Prices are integer minor units. ``stock`` counts only where ``track_stock`` is set.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from itertools import chain

import msgspec

from engine import money
from engine.errors import BadInput

ROWS_AT_MOST = 20_000
BYTES_AT_MOST = 8 * 1024 * 1024
ERRORS_AT_MOST = 50
"""Nobody mends more than this in one go, and a file that is no catalogue would have one for each line."""

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

YES = frozenset({"yes", "true", "1", "y"})
NO = frozenset({"no", "false", "0", "n"})

_SKU = re.compile(r"[^\s:]+")
_WHOLE = re.compile(r"[0-9]{1,10}")
_RATE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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

    def product(self, sku: str) -> Product | None:
        """The product with this sku, active or not."""
        return self.by_sku.get(sku)

    def sold(self, sku: str) -> Product | None:
        """The product with this sku if it is sold at present."""
        product = self.by_sku.get(sku)
        return product if product is not None and product.active else None


def digest(data: bytes) -> str:
    """What names a catalogue file's content: a file is imported once per digest."""
    return sha256(data).hexdigest()


def read_csv(data: bytes, currency: str) -> tuple[list[Product], list[str]]:
    """Read a catalogue file: its good products, and one sentence per fault, with the line where it is.

    UTF-8 (with or without a byte order mark), commas or semicolons, quotes and line ends of any kind, as spreadsheets
    write them. Whoever imports decides about faults: a file with any is best refused whole. Cells that look like
    formulas are plain text. ConfigError when ``currency`` is not one.
    """
    try:
        return _read(_decoded(data), currency)
    except BadInput as error:
        return [], [str(error)]
    except csv.Error as error:
        return [], [f"The file is not a table of comma-separated values ({error})."]


def _decoded(data: bytes) -> str:
    if len(data) > BYTES_AT_MOST:
        raise BadInput(f"The file is larger than {BYTES_AT_MOST // 1024 // 1024} MB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"Line {line}: the file is not UTF-8 text. Save it as 'CSV UTF-8'.") from None


def _read(text: str, currency: str) -> tuple[list[Product], list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    numbered = ((rows.line_num, row) for row in rows if any(cell.strip() for cell in row))
    columns = _columns(next(numbered, (1, []))[1])
    products: dict[str, Product] = {}
    variants: set[tuple[str, str]] = set()
    faults: list[str] = []
    for line, row in _bounded(numbered, faults):
        try:
            product = _product(_cells(columns, row), currency)
            if product.sku in products:
                raise BadInput(f"the sku {product.sku!r} stands above already")
            _check_variant(product, variants)
            products[product.sku] = product
        except BadInput as error:
            faults.append(f"Line {line}: {error}.")
    if not products and not faults:
        faults.append("The file has no products.")
    return list(products.values()), faults


def _check_variant(product: Product, seen: set[tuple[str, str]]) -> None:
    """Customers choose a variant by its name, so an item can't have two of one name, nor one without."""
    if bool(product.variant) is not bool(product.variant_of):
        raise BadInput("variant_of and variant go together: the item's name, and which one of it this is")
    named = (product.variant_of.casefold(), product.variant.casefold())
    if product.variant and named in seen:
        raise BadInput(f"the variant {product.variant!r} of {product.variant_of!r} stands above already")
    seen.add(named)


def _bounded(rows: Iterator[tuple[int, list[str]]], faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows, until there are too many of them or too many faults; either is a fault itself."""
    for count, (line, row) in enumerate(rows, 1):
        if count > ROWS_AT_MOST:
            faults.append(f"Line {line}: more than {ROWS_AT_MOST} products; the rest was not read.")
            return
        if len(faults) >= ERRORS_AT_MOST:
            faults.append(f"Line {line}: {ERRORS_AT_MOST} faults so far; the rest was not read.")
            return
        yield line, row


def _columns(header: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in header]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise BadInput(f"Line 1: the header needs the columns {', '.join(NEEDED)}; missing: {', '.join(missing)}.")
    unknown = [name for name in columns if name and name not in COLUMNS]
    if unknown:
        raise BadInput(f"Line 1: unknown column {unknown[0]!r}. Known: {', '.join(COLUMNS)}.")
    twice = [name for name in COLUMNS if columns.count(name) > 1]
    if twice:
        raise BadInput(f"Line 1: the column {twice[0]!r} stands there twice.")
    return columns


def _cells(columns: list[str], row: list[str]) -> Mapping[str, str]:
    if any(cell.strip() for cell in row[len(columns) :]):
        raise BadInput(f"{len(row)} cells, but the header has {len(columns)} columns")
    cells = dict(zip(columns, chain((cell.strip() for cell in row), [""] * len(columns)), strict=False))
    for name, cell in cells.items():
        if _UNPRINTABLE.search(cell):
            raise BadInput(f"{name} holds a control character")
        if len(cell) > LENGTHS.get(name, LENGTHS["description"]):
            raise BadInput(f"{name} has {len(cell)} characters; at most {LENGTHS.get(name, LENGTHS['description'])}")
    return cells


def _product(cells: Mapping[str, str], currency: str) -> Product:
    sku, name, price = (cells[column] for column in NEEDED)
    if not _SKU.fullmatch(sku):
        raise BadInput("sku is empty" if not sku else f"the sku {sku!r} has a space or colon in it")
    if not name:
        raise BadInput("name is empty")
    if not price:
        raise BadInput("price is empty")
    stock = cells.get("stock", "")
    return Product(
        sku=sku,
        name=" ".join(name.split()),
        price=money.read(price, currency),
        description=cells.get("description", ""),
        stock=_whole("stock", stock or "0", 0, STOCK_AT_MOST),
        category=cells.get("category", ""),
        aliases=_aliases(cells.get("aliases", "")),
        unit=cells.get("unit", ""),
        pack=cells.get("pack", ""),
        min_quantity=_whole("min_quantity", cells.get("min_quantity") or "1", 1, STOCK_AT_MOST),
        tax_rate=_rate(cells.get("tax_rate", "")),
        image=_link(cells.get("image", "")),
        active=_truth("active", cells.get("active", ""), True),
        # A shop that gives no number does not count that product: better than selling none of it.
        track_stock=_truth("track_stock", cells.get("track_stock", ""), bool(stock)),
        variant_of=" ".join(cells.get("variant_of", "").split()),
        variant=" ".join(cells.get("variant", "").split()),
    )


def _whole(column: str, text: str, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise BadInput(f"{column} must be a whole number from {least} to {most}, not {text[:24]!r}")
    return int(text)


def _rate(text: str) -> str:
    if text and not _RATE.fullmatch(text):
        raise BadInput(f"tax_rate must be per cent like 7.5, not {text[:24]!r}")
    return text


def _link(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise BadInput(f"image must be a link that starts with https://, not {text[:40]!r}")
    return text


def _truth(column: str, text: str, default: bool) -> bool:
    word = text.lower()
    if not word:
        return default
    if word not in YES | NO:
        raise BadInput(f"{column} must be yes or no, not {text[:24]!r}")
    return word in YES


def _aliases(text: str) -> tuple[str, ...]:
    """Further names, separated by ``|`` (a comma or semicolon may be the file's own)."""
    aliases = tuple(dict.fromkeys(alias.strip() for alias in text.split("|") if alias.strip()))
    if len(aliases) > ALIASES_AT_MOST:
        raise BadInput(f"{len(aliases)} aliases; at most {ALIASES_AT_MOST}")
    return aliases
