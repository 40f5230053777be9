"""What a shop sells, as files: tables of products or events, CSV or XLSX, read and written.

A file is what it is, whatever it is called: a spreadsheet whose name ends with .csv is read as one. Faults are
sentences, one a row; with any of them, nothing of the file should be taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from adapters.pictures import Pictures
from adapters.xlsx import reading, writing
from adapters.xlsx.package import is_package
from engine import catalogue, programme, table
from engine.address import Millis
from engine.catalogue import Product
from engine.errors import BadInput
from engine.table import Picture, Sheet
from engine.tickets import TicketEvent

SPREADSHEETS = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".ods"})
"""What is never a CSV. Only the first can be read; the others are told what to do."""

NUMBERS = frozenset({"price", "stock", "min_quantity", "capacity", "cancel_hours"})
"""The columns that are numbers in a spreadsheet. A tax rate is not: it is kept as it was written, ``7.50`` too."""

WRITTEN_AS = (".csv", ".xlsx")


def read_file(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large. Raises BadInput."""
    try:
        if not path.is_file():
            raise BadInput(f"there is no file {path}")
        with path.open("rb") as file:
            return file.read(table.BYTES_AT_MOST + 1)
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from None


def products(data: bytes, path: Path, currency: str, picture: Picture | None = None) -> tuple[list[Product], list[str]]:
    """The products of a file with this content, and a sentence per fault. ``picture``: what its pictures may be (those
    beside it). Raises ConfigError where the currency is none."""
    picture = picture or Pictures(path.parent)
    if not _is_spreadsheet(data, path):
        return catalogue.read_csv(data, currency, picture)
    rows, faults = _rows(data)
    return catalogue.read_rows(rows, currency, picture) if not faults else ([], faults)


def events(
    data: bytes, path: Path, currency: str, now: Millis, picture: Picture | None = None
) -> tuple[list[TicketEvent], list[str]]:
    """The same of events; ``now`` is the moment from which ``+3d`` counts."""
    picture = picture or Pictures(path.parent)
    if not _is_spreadsheet(data, path):
        return programme.read_csv(data, currency, now, picture)
    rows, faults = _rows(data)
    return programme.read_rows(rows, currency, now, picture) if not faults else ([], faults)


def products_file(products: Iterable[Product], path: Path, currency: str) -> bytes:
    """The content of a file, by the ending of its name, that reads back as these products. Raises BadInput."""
    rows = [catalogue.row_of(replace(one, image=_named(one.image, path)), currency) for one in products]
    return _written(catalogue.SHEET, rows, path)


def events_file(events: Iterable[TicketEvent], path: Path, currency: str) -> bytes:
    """The same of events."""
    rows = [programme.row_of(replace(one, image=_named(one.image, path)), currency) for one in events]
    return _written(programme.SHEET, rows, path)


def digest_of(events: Sequence[TicketEvent]) -> str:
    """What names a file of events: what was read of it, for a start of ``+3d`` is another moment every day, and a
    sample must not grow old."""
    return catalogue.digest(msgspec.json.encode(events))


def pictures_of(things: Iterable[Product | TicketEvent]) -> Collection[str]:
    """The pictures of what a shop has, which a table may name wherever it lies."""
    return {thing.image for thing in things if thing.image}


def _is_spreadsheet(data: bytes, path: Path) -> bool:
    return is_package(data) or path.suffix.lower() in SPREADSHEETS


def _rows(data: bytes) -> tuple[list[reading.Row], list[str]]:
    try:
        return reading.read(data), []
    except BadInput as error:
        return [], [str(error)]


def _named(image: str, path: Path) -> str:
    return Pictures(path.parent).named(image)


def _written(sheet: Sheet, rows: Iterable[Mapping[str, str]], path: Path) -> bytes:
    if path.suffix.lower() not in WRITTEN_AS:
        raise BadInput(f"the file's name must end with {' or '.join(WRITTEN_AS)}, not {path.suffix or 'nothing'}")
    if path.suffix.lower() == ".csv":
        return table.write_csv(sheet, rows)
    return writing.write(sheet.columns, rows, NUMBERS)
