"""Tables that people keep in spreadsheets: a header, a row a thing, and one sentence per fault with the line it is in.

    things, faults = read_csv(data, SHEET, build)

``build`` makes one thing of a row's cells and raises BadInput with a sentence when it can't be. Whoever imports decides
about faults: a file with any is best refused whole.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TypeVar

import msgspec

from engine.errors import BadInput

ROWS_AT_MOST = 20_000
BYTES_AT_MOST = 8 * 1024 * 1024
ERRORS_AT_MOST = 50
"""Nobody mends more than this in one go, and a file that is no such table would have one for each line."""

CELL_AT_MOST = 1_000
"""Characters, where a column says nothing else. Longer cells are an error, never cut in silence."""

ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!"})
"""What spreadsheets show where a formula went wrong; never what anybody means."""

YES = frozenset({"yes", "true", "1", "y"})
NO = frozenset({"no", "false", "0", "n"})

_WHOLE = re.compile(r"[0-9]{1,10}")
_RATE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of characters that no file can hold."""


T = TypeVar("T")
Build = Callable[[Mapping[str, str]], T]
Picture = Callable[[str], str]
"""What the cell of a picture says → what is kept of it; BadInput when it can't be shown. ``links`` takes no files."""


class Sheet(msgspec.Struct, frozen=True):
    """What a table looks like: its ``columns``, those that are ``needed``, the ``lengths`` of cells that may not be as
    long as CELL_AT_MOST or may be longer, and what its ``things`` are called in sentences ("products")."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    lengths: Mapping[str, int]
    things: str


def read_csv(data: bytes, sheet: Sheet, build: Build[T]) -> tuple[list[T], list[str]]:
    """Read a file as spreadsheets write it: UTF-8 (with or without a byte order mark), commas or semicolons, quotes and
    line ends of any kind. Cells that look like formulas are plain text."""
    try:
        return read_rows(_rows(_decoded(data)), sheet, build)
    except BadInput as error:
        return [], [str(error)]
    except csv.Error as error:
        return [], [f"The file is not a table of comma-separated values ({error})."]


def read_rows(rows: Iterable[tuple[int, list[str]]], sheet: Sheet, build: Build[T]) -> tuple[list[T], list[str]]:
    """The same of rows that were read already, each with its line's number; the first is the header."""
    numbered = ((line, row) for line, row in rows if any(cell.strip() for cell in row))
    try:
        columns = _columns(*next(numbered, (1, [])), sheet)
    except BadInput as error:
        return [], [str(error)]
    things: list[T] = []
    faults: list[str] = []
    for line, row in _bounded(numbered, sheet, faults):
        try:
            things.append(build(_cells(columns, row, sheet)))
        except BadInput as error:
            faults.append(f"Line {line}: {error}.")
    if not things and not faults:
        faults.append(f"The file has no {sheet.things}.")
    return things, faults


def write_csv(sheet: Sheet, rows: Iterable[Mapping[str, str]]) -> bytes:
    """A table that ``read_csv`` reads back as it was: UTF-8 with a byte order mark, since spreadsheets want one."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, sheet.columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _decoded(data: bytes) -> str:
    if len(data) > BYTES_AT_MOST:
        raise BadInput(f"The file is larger than {BYTES_AT_MOST // 1024 // 1024} MB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"Line {line}: the file is not UTF-8 text. Save it as 'CSV UTF-8'.") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    for row in rows:
        yield rows.line_num, row


def _bounded(rows: Iterator[tuple[int, list[str]]], sheet: Sheet, faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows, until there are too many of them or too many faults; either is a fault itself."""
    for count, (line, row) in enumerate(rows, 1):
        if count > ROWS_AT_MOST:
            faults.append(f"Line {line}: more than {ROWS_AT_MOST} {sheet.things}; the rest was not read.")
            return
        if len(faults) >= ERRORS_AT_MOST:
            faults.append(f"Line {line}: {ERRORS_AT_MOST} faults so far; the rest was not read.")
            return
        yield line, row


def _columns(line: int, header: list[str], sheet: Sheet) -> list[str]:
    columns = [cell.strip().lower() for cell in header]
    missing = [name for name in sheet.needed if name not in columns]
    if missing:
        needed = ", ".join(sheet.needed)
        raise BadInput(f"Line {line}: the header needs the columns {needed}; missing: {', '.join(missing)}.")
    unknown = [name for name in columns if name and name not in sheet.columns]
    if unknown:
        raise BadInput(f"Line {line}: unknown column {unknown[0][:40]!r}. Known: {', '.join(sheet.columns)}.")
    twice = [name for name in sheet.columns if columns.count(name) > 1]
    if twice:
        raise BadInput(f"Line {line}: the column {twice[0]!r} stands there twice.")
    return columns


def _cells(columns: list[str], row: list[str], sheet: Sheet) -> Mapping[str, str]:
    if any(cell.strip() for cell in row[len(columns) :]):
        raise BadInput(f"{len(row)} cells, but the header has {len(columns)} columns")
    cells = dict(zip(columns, chain((cell.strip() for cell in row), [""] * len(columns)), strict=False))
    for name, cell in cells.items():
        if _UNPRINTABLE.search(cell):
            raise BadInput(f"{name} holds a control character")
        if cell in ERRORS:
            raise BadInput(f"{name} holds {cell}, the error of a formula")
        most = sheet.lengths.get(name, CELL_AT_MOST)
        if len(cell) > most:
            raise BadInput(f"{name} has {len(cell)} characters; at most {most}")
    empty = next((name for name in sheet.needed if not cells[name]), None)
    if empty is not None:
        raise BadInput(f"{empty} is empty")
    return cells


# -- cells -----------------------------------------------------------------------------------------------------------
def whole(column: str, text: str, least: int, most: int) -> int:
    """A whole number in this range, or BadInput."""
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise BadInput(f"{column} must be a whole number from {least} to {most}, not {text[:24]!r}")
    return int(text)


def per_cent(column: str, text: str) -> str:
    """A rate like 7.5 (also written 7.5%), or "", or BadInput."""
    rate = text.removesuffix("%").rstrip()
    if text and not _RATE.fullmatch(rate):
        raise BadInput(f"{column} must be per cent like 7.5, not {text[:24]!r}")
    return rate


def is_link(text: str) -> bool:
    """Whether this is a public address, and not the name of a file."""
    return text.startswith(("https://", "http://"))


def link(column: str, text: str) -> str:
    """A public address, or "", or BadInput."""
    if text and not is_link(text):
        raise BadInput(f"{column} must be a link that starts with https://, not {text[:40]!r}")
    return text


links: Picture = partial(link, "image")


def truth(column: str, text: str, default: bool) -> bool:
    """yes or no, or BadInput."""
    word = text.lower()
    if not word:
        return default
    if word not in YES | NO:
        raise BadInput(f"{column} must be yes or no, not {text[:24]!r}")
    return word in YES
