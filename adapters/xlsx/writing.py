"""A table as an XLSX that reads back as it was, and in which nothing turns into something else.

Every cell is text, in the format "text", so that ``0042`` keeps its zeros and ``=cmd()`` stays the six letters that
somebody typed, also when the cell is edited. The columns that are named as numbers are numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from adapters.xlsx.cells import escaped

TEXT_FORMAT = "@"
WIDTHS = (8, 48)
"""Of a column, in characters: what is shorter is hard to read, and what is longer can be read in its cell."""

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?")
"""What a spreadsheet keeps exactly: below 15 digits, and no zeros in front."""


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]], numbers: Collection[str] = ()) -> bytes:
    """One sheet with these columns. ``numbers``: the columns whose cells are numbers where they look like one."""
    table = [[row.get(column, "") for column in columns] for row in rows]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns):
        dimension = sheet.column_dimensions[get_column_letter(place + 1)]
        dimension.width = _width([column, *(row[place] for row in table)])
        if column not in numbers:
            dimension.number_format = TEXT_FORMAT
    sheet.append([_text(sheet, column, bold=True) for column in columns])
    for row in table:
        sheet.append([_cell(sheet, text, column in numbers) for column, text in zip(columns, row, strict=True)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _width(texts: Iterable[str]) -> int:
    least, most = WIDTHS
    return min(most, max(least, 2 + max((len(line) for text in texts for line in text.split("\n")), default=0)))


def _cell(sheet: Any, text: str, number: bool) -> Any:
    if not text:
        return None
    if number and (found := _NUMBER.fullmatch(text)):
        cell = WriteOnlyCell(sheet, float(text) if found[2] else int(text))
        cell.number_format = "0" + (f".{'0' * (len(found[2]) - 1)}" if found[2] else "")
        return cell
    return _text(sheet, text)


def _text(sheet: Any, text: str, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, escaped(text))
    cell.data_type = "s"  # openpyxl has taken what begins with = for a formula
    cell.number_format = TEXT_FORMAT
    if bold:
        cell.font = Font(bold=True)
    return cell
