"""One sheet as rows of text, each with the number that the spreadsheet shows beside it: for engine.table.read_rows.

It is the first sheet that is not hidden. Two things that would be lost in silence are refused with the place where they
are: merged cells, of which only the first has a value, and formulas that were never computed, which have none.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from adapters.xlsx.cells import text_of
from adapters.xlsx.package import ANEW, DAMAGED, check
from engine.errors import BadInput
from engine.table import BYTES_AT_MOST, ROWS_AT_MOST

LAST_ROW = 1_048_576
"""Of any sheet. A file may claim more, and openpyxl makes an empty row for each that is left out."""

COLUMNS_AT_MOST = 100
SHEETS_AT_MOST = 100
CELLS_AT_MOST = 20_000_000
"""Empty ones too: a coloured cell in the last column makes a row of 16,384, and a million such rows take minutes."""

Row = tuple[int, list[str]]

# No attribute holds < or >, and these patterns stop there: a tag without end must not be walked from each place in it.
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=[\"']([A-Z0-9:]{2,20})[\"']")
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c\s([^<>]*)>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*(?:/>|></(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3}[0-9]{1,7})[\"']")
_TEXT = re.compile(rb"\bt=[\"']str[\"']")
"""A formula whose result is text: an empty one may stand there without a value."""


def read(data: bytes) -> list[Row]:
    """The rows that hold anything. Raises BadInput with a sentence for whoever sent the file.

    Blocks, for seconds where the file is large. Not for two threads at once: Python's list of warnings is one for all.
    """
    check(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of each style and extension that it leaves out
        try:
            return list(_bounded(_rows(data)))
        except BadInput:
            raise
        except Exception as error:  # a library that reads anything raises anything
            raise BadInput(DAMAGED) from error


def _sheet(data: bytes) -> Any:
    """The first sheet that is not hidden."""
    _count_sheets(data)
    book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
    if sheet is None:
        raise BadInput("The file has no sheet that can be seen; a table in a hidden one is not read.")
    sheet.reset_dimensions()  # what a file says of its own size is not believed
    return sheet


def _rows(data: bytes) -> Iterator[Row]:
    """The rows that hold anything, their cells up to the last that does."""
    sheet, looked_at = _sheet(data), 0
    _refuse_what_has_no_value(sheet)
    for number, cells in enumerate(sheet.iter_rows(max_row=LAST_ROW), 1):
        if not cells:  # one of those that were left out
            continue
        looked_at += len(cells)
        if looked_at > CELLS_AT_MOST:
            raise BadInput(f"Line {number}: too many empty cells. Copy only the table into a new sheet, and save that.")
        used = max((place for place, cell in enumerate(cells, 1) if cell.value is not None), default=0)
        texts = [_text(cell) for cell in cells[:used]]
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            yield number, texts


def _text(cell: Any) -> str:
    """A cell's text; its number format is looked up only where there is a value that it can change."""
    value = cell.value
    return text_of(value) if value is None or isinstance(value, str) else text_of(value, cell.number_format)


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """As much text as a CSV may hold, and one row more than a table may have, so that the table says so."""
    length = 0
    for count, (number, texts) in enumerate(rows):
        if len(texts) > COLUMNS_AT_MOST:
            last = get_column_letter(len(texts))
            raise BadInput(f"Line {number}: the row reaches to column {last}; at most {COLUMNS_AT_MOST} columns.")
        length += sum(map(len, texts))
        if length > BYTES_AT_MOST:
            raise BadInput(f"Line {number}: the sheet holds more text than {BYTES_AT_MOST // 1024 // 1024} MB.")
        yield number, texts
        if count > ROWS_AT_MOST:
            return


def _count_sheets(data: bytes) -> None:
    """Each is looked into when the file is opened, so a few bytes for each more would cost a lot."""
    with ZipFile(BytesIO(data)) as package:
        count = sum(len(_SHEET.findall(package.read(part))) for part in package.namelist())
    if count > SHEETS_AT_MOST:
        raise BadInput(f"The file has {count} sheets; at most {SHEETS_AT_MOST}.")


def _refuse_what_has_no_value(sheet: Any) -> None:
    """Looked for in the sheet's own XML: openpyxl hands out values, and here it is about those that are missing."""
    with sheet._get_source() as part:
        xml = part.read()
    merged = _MERGED.search(xml)
    if merged is not None:
        raise BadInput(f"The cells {merged[1].decode()} are merged. Split them, so that each row has its own values.")
    for cell in _UNCOMPUTED.finditer(xml):
        if not _TEXT.search(cell[1]):
            place = _PLACE.search(cell[1])
            named = f" in {place[1].decode()}" if place else ""
            raise BadInput(f"The formula{named} has no result. {ANEW}")
