"""Spreadsheets for tests: made with openpyxl as other programs make them, and bent where it would not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl  # type: ignore[import-untyped]

HEADER = ("sku", "name", "price")
SHEET = "xl/worksheets/sheet1.xml"


def at(*parts: int) -> datetime:
    """A moment on no particular clock, as spreadsheets have them."""
    year, month, day, hour, minute, second, fraction = (*parts, 0, 0, 0, 0)[:7]
    return datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC).replace(tzinfo=None)


def workbook(*rows: Sequence[Any], bend: Callable[[Any], None] = lambda book: None) -> bytes:
    """A file whose only sheet has these rows. ``bend`` changes the workbook before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    bend(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name."""
    with ZipFile(BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def package(parts: Mapping[str, bytes]) -> bytes:
    """A package of these parts."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def with_sheet(xml: str) -> bytes:
    """A package whose sheet has this XML inside ``<sheetData>``, or behind it where it closes that itself."""
    made = parts(workbook(HEADER))
    start, _, rest = made[SHEET].partition(b"<sheetData>")
    _, _, end = rest.partition(b"</sheetData>")
    return package(made | {SHEET: start + b"<sheetData>" + xml.encode() + b"</sheetData>" + end})
