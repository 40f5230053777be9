"""The text that a cell of a spreadsheet stands for: what a careful person would type into a CSV instead.

A number is written without exponent or trailing zeros (50.0 is ``50``), a day as ``2026-03-12``, a moment as
``2026-03-12 19:30``. What a cell *shows* counts only where the value alone would mislead: ``7.5%`` is kept as 0.075,
and a code like ``0042`` may be the number 42 shown with four digits.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

Value = str | bool | int | float | datetime | date | time | timedelta | None

DIGITS = ".15g"
"""What a spreadsheet shows of a binary fraction at most: 19.989999999999998 is 19.99."""

HALF_SECOND = timedelta(milliseconds=500)
_ASIDE = re.compile(r'\[[^\]]*\]|"[^"]*"|\\.')
"""Parts of a number format that are no pattern: colours and languages, quoted text."""

_ZEROS = re.compile(r"0{2,}")
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""What XML can't hold, and the carriage return, which it turns into a line feed."""


def text_of(value: Value, number_format: str = "General") -> str:
    """See the module. ``number_format`` is the cell's, as spreadsheets write them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(unescape(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, _ASIDE.sub("", number_format))
    return _moment(value, _ASIDE.sub("", number_format))


def _number(value: int | float, number_format: str) -> str:
    if "%" in number_format:
        return f"{_plain(value * 100)}%"
    plain = _plain(value)
    return plain.zfill(len(number_format)) if _ZEROS.fullmatch(number_format) else plain


def _plain(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{Decimal(format(value, DIGITS)):f}"


def _moment(value: datetime | date | time | timedelta, number_format: str) -> str:
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    if isinstance(value, time):
        return f"{value:%H:%M:%S}".removesuffix(":00")
    if not isinstance(value, datetime):
        return value.isoformat()
    moment = value + HALF_SECOND if value.microsecond else value
    if f"{moment:%H%M%S}" == "000000" and "h" not in number_format.lower():
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def escaped(text: str) -> str:
    """Text as it may stand in a cell: what XML can't hold, and what looks like its escape, is escaped as ``_x000D_``
    (ECMA-376, ST_Xstring)."""
    guarded = _ESCAPED.sub(lambda found: f"_x005F{found[0]}", text)
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", guarded)
