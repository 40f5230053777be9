"""XLSX files as spreadsheets write them, and as nobody should: what is read of them, and what is said instead."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, time, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.xlsx import package, reading, writing
from adapters.xlsx.cells import escaped, text_of
from engine import table
from engine.errors import BadInput
from tests.adapters import spreadsheets
from tests.adapters.spreadsheets import HEADER, SHEET, at, parts, with_sheet, workbook

LONG = "x" * 32_767
"""As long as a cell can be."""


def told(data: bytes) -> list[reading.Row] | str:
    """The rows of a file, or the sentence that is said instead."""
    try:
        return reading.read(data)
    except BadInput as error:
        return str(error)


# -- what a cell stands for ------------------------------------------------------------------------------------------
CELLS: list[tuple[str, Any, str, str]] = [
    ("text", "Tea", "General", "Tea"),
    ("nothing", None, "General", ""),
    ("a whole number", 50, "General", "50"),
    ("a whole number that is kept as a fraction", 50.0, "General", "50"),
    ("a price", 49.5, "0.00", "49.5"),
    ("a price with its currency", 1200, '"₹"#,##0.00', "1200"),
    ("a fraction that has no binary form", 19.989999999999998, "0.00", "19.99"),
    ("a sum that has none", 0.1 + 0.2, "General", "0.3"),
    ("a barcode of 13 digits", 4006381333931, "0", "4006381333931"),
    ("a number that would have an exponent", 1e15, "General", "1000000000000000"),
    ("a very small one", 1e-7, "General", "0.0000001"),
    ("a negative one", -3.0, "General", "-3"),
    ("yes", True, "General", "TRUE"),
    ("no", False, "General", "FALSE"),
    ("a rate that is shown as per cent", 0.075, "0.0%", "7.5%"),
    ("a code that is shown with its zeros", 42, "0000", "0042"),
    ("a single zero as format, which is no code", 42, "0", "42"),
    ("a day", at(2026, 3, 12), "yyyy-mm-dd", "2026-03-12"),
    ("a day without a time of day", date(2026, 3, 12), "General", "2026-03-12"),
    ("a moment", at(2026, 3, 12, 19, 30), "dd/mm/yyyy hh:mm", "2026-03-12 19:30"),
    ("a moment at midnight", at(2026, 3, 12), "dd/mm/yyyy hh:mm", "2026-03-12 00:00"),
    ("a moment whose format hides its time", at(2026, 3, 12, 19, 30), "d mmm", "2026-03-12 19:30"),
    ("a format with an h in its language only", at(2026, 3, 12), "[$-hi-IN]d mmm", "2026-03-12"),
    ("a moment that fell short of its minute", at(2026, 3, 12, 19, 29, 59, 999_500), "h:mm", "2026-03-12 19:30"),
    ("seconds", at(2026, 3, 12, 19, 30, 15), "h:mm", "2026-03-12 19:30:15"),
    ("a time of day", time(19, 30), "h:mm", "19:30"),
    ("a duration", timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
    ("an escaped line end", "two_x000D_\nlines", "General", "two\r\nlines"),
    ("what only looks like an escape", "a_x005F_x000D_b", "General", "a_x000D_b"),
    ("text from right to left", "چائے ☕ 250g", "General", "چائے ☕ 250g"),
]


@pytest.mark.parametrize(("value", "shown_as", "text"), [pytest.param(v, f, t, id=title) for title, v, f, t in CELLS])
def test_a_cell_is_the_text_that_somebody_would_type(value: Any, shown_as: str, text: str) -> None:
    assert text_of(value, shown_as) == text


@pytest.mark.parametrize(
    "text", ["", "plain", "a\r\nb", "_x000D_", "_x005F_", "a_x000D", "\x07\ufffe", "=1+1", "__x0041__"]
)
def test_what_is_escaped_comes_back(text: str) -> None:
    assert text_of(escaped(text)) == text


def test_a_cell_of_a_real_file_is_read_with_its_format() -> None:
    def bend(book: Any) -> None:
        book.active["A2"].number_format = "0000"
        book.active["B2"].number_format = "0.0%"
        book.active["C2"].number_format = "yyyy-mm-dd hh:mm"

    data = workbook(HEADER, (7, 0.075, at(2026, 3, 12, 19, 30)), bend=bend)
    assert reading.read(data)[1] == (2, ["0007", "7.5%", "2026-03-12 19:30"])


@pytest.mark.parametrize(
    ("serial", "day"), [(1, "1900-01-01"), (60, "1900-02-28"), (61, "1900-03-01"), (-1, "#VALUE!")]
)
def test_days_that_only_excel_knows_stop_nothing(serial: int, day: str) -> None:
    """It has a 29 February 1900, number 60; what lies before its first day has no date at all."""

    def bend(book: Any) -> None:
        book.active["A2"].number_format = "yyyy-mm-dd"

    data = workbook(HEADER, (99, "Tea", 1), bend=bend)
    made = parts(data)
    bent = spreadsheets.package(made | {SHEET: made[SHEET].replace(b"<v>99</v>", f"<v>{serial}</v>".encode())})
    assert reading.read(bent)[1][1][0] in (day, "1899-12-29")


def test_days_of_old_macs_are_counted_from_1904() -> None:
    def bend(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.MAC_EPOCH

    data = workbook(HEADER, (at(2026, 3, 12, 19, 30), "Tea", 1), bend=bend)
    assert reading.read(data)[1][1][0] == "2026-03-12 19:30"


# -- which rows ------------------------------------------------------------------------------------------------------
def test_rows_keep_the_numbers_that_the_spreadsheet_shows() -> None:
    data = workbook(HEADER, (), ("a", "Tea", 50), (None, "  ", None), ("b", "Bun", 20, None, None))
    assert reading.read(data) == [(1, list(HEADER)), (3, ["a", "Tea", "50"]), (5, ["b", "Bun", "20"])]


def test_the_first_sheet_that_can_be_seen_is_read() -> None:
    def bend(book: Any) -> None:
        book.active.sheet_state = "hidden"
        book.create_sheet("also hidden").sheet_state = "veryHidden"
        book.create_sheet("seen").append(["this"])
        book.create_sheet("behind").append(["not this"])

    assert reading.read(workbook(HEADER, bend=bend)) == [(1, ["this"])]


def test_a_formula_counts_as_what_it_last_showed() -> None:
    data = with_sheet('<row r="1"><c r="A1"><f>2*25</f><v>50</v></c><c r="B1" t="str"><f>""</f><v></v></c></row>')
    assert reading.read(data) == [(1, ["50"])]


def test_rows_without_places_and_in_no_order_stop_nothing() -> None:
    data = with_sheet(
        "<row><c t='inlineStr'><is><t>a</t></is></c></row>"
        '<row r="9"><c r="B9"><v>1</v></c></row><row r="3"><c r="A3"><v>2</v></c></row>'
    )
    assert reading.read(data) == [(1, ["a"]), (9, ["", "1"])]


def test_a_row_that_claims_to_be_the_last_costs_no_time() -> None:
    assert len(reading.read(with_sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))) == 1
    assert reading.read(with_sheet('<row r="99999999999"><c><v>1</v></c></row>')) == []


# -- what is not opened ----------------------------------------------------------------------------------------------
def encrypted(data: bytes) -> bytes:
    """The flag of the first entry set, in the directory."""
    place = data.index(b"PK\x01\x02") + 8
    return data[:place] + struct.pack("<H", 1) + data[place + 2 :]


def lying(data: bytes) -> bytes:
    """The directory says that each part is a single byte."""
    bent = bytearray(data)
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        bent[place + 24 : place + 28] = struct.pack("<I", 1)
        place = data.find(b"PK\x01\x02", place + 4)
    return bytes(bent)


def bomb() -> bytes:
    return spreadsheets.package(parts(workbook(HEADER)) | {"xl/media/a.png": bytes(80 * package.MB)})


def entities() -> bytes:
    """A billion laughs: eight levels of ten."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    made = parts(workbook(HEADER, ("a", "Tea", 1)))
    body = made[SHEET].partition(b"?>")[2] or made[SHEET]
    sheet = f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'.encode() + body.replace(b"Tea", b"&l8;")
    return spreadsheets.package(made | {SHEET: sheet})


def with_part(name: str, content: bytes = b"x") -> bytes:
    return spreadsheets.package(parts(workbook(HEADER)) | {name: content})


def with_types(old: bytes, new: bytes) -> bytes:
    made = parts(workbook(HEADER))
    return spreadsheets.package(made | {package.TYPES: made[package.TYPES].replace(old, new)})


def merged() -> bytes:
    return workbook(HEADER, ("a", "Tea", 1), bend=lambda book: book.active.merge_cells("B2:B6"))


def many_sheets() -> bytes:
    made = parts(workbook(HEADER))
    one = b'<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" name="S" r:id="rId1"/>'
    made["xl/workbook.xml"] = made["xl/workbook.xml"].replace(b"</sheets>", one * 200 + b"</sheets>")
    return spreadsheets.package(made)


def hidden() -> bytes:
    """openpyxl would not save it, so the state is written in afterwards."""
    made = parts(workbook(HEADER))
    made["xl/workbook.xml"] = made["xl/workbook.xml"].replace(b'state="visible"', b'state="hidden"')
    return spreadsheets.package(made)


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing at all", lambda: b"", "no XLSX spreadsheet, or a damaged one"),
    ("a CSV that is called .xlsx", lambda: b"sku,name,price\n", "no XLSX spreadsheet, or a damaged one"),
    ("an old .xls, or a file with a password", lambda: package.OLE + bytes(600), "an old .xls, or has a password"),
    ("a zip with a password", lambda: encrypted(workbook(HEADER)), "has a password"),
    ("half of a file", lambda: (made := workbook(HEADER))[: len(made) // 2], "damaged"),
    ("another zip", lambda: spreadsheets.package({"a.txt": b"a"}), "damaged"),
    ("a document", lambda: spreadsheets.package({package.TYPES: b"<Types/>", "word/document.xml": b"<a/>"}), "damaged"),
    ("XML that breaks off", lambda: with_sheet('<row r="1"><c r="A1"><v>1'), "damaged"),
    ("a shared text that is not there", lambda: with_sheet('<row><c t="s"><v>999</v></c></row>'), "damaged"),
    ("a number that is none", lambda: with_sheet("<row><c><v>12three</v></c></row>"), "damaged"),
    ("a place that is none", lambda: with_sheet('<row><c r="ZZZZZZ1"><v>1</v></c></row>'), "damaged"),
    ("a style that is not there", lambda: with_sheet('<row><c s="99"><v>1</v></c></row>'), "damaged"),
    ("a part that is longer than its directory says", lambda: lying(workbook(HEADER)), "damaged"),
    ("entities in entities", entities, "damaged"),
    ("a zip bomb", bomb, "would unpack to 80 MB; at most 64 MB"),
    ("macros", lambda: with_part("xl/vbaProject.bin"), "holds macros"),
    ("old macros", lambda: with_part("xl/macrosheets/sheet1.xml"), "holds macros"),
    ("a type for macros", lambda: with_types(b"sheet.main+xml", b"sheet.macroEnabled.main+xml"), "made for macros"),
    ("only hidden sheets", hidden, "no sheet that can be seen"),
    ("200 sheets that are one", many_sheets, "has 201 sheets; at most 100"),
    ("merged cells", merged, "The cells B2:B6 are merged."),
    ("a formula without a result", lambda: workbook(HEADER, ("a", "Tea", "=2*25")), "The formula in C2 has no result."),
    (
        "16,384 columns",
        lambda: with_sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'),
        "Line 1: the row reaches to column XFD",
    ),
    ("an endless header", lambda: workbook([f"c{n}" for n in range(500)]), "Line 1: the row reaches to column SF"),
]


@pytest.mark.parametrize(("make", "why"), [pytest.param(make, why, id=title) for title, make, why in REFUSED])
def test_what_is_not_read_is_a_sentence(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(BadInput) as caught:
        reading.read(make())
    assert why in str(caught.value)


def test_a_file_that_is_too_large_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "BYTES_AT_MOST", 10)
    with pytest.raises(BadInput, match="larger than"):
        reading.read(workbook(HEADER))


def test_cells_that_are_only_coloured_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c><c r="XFD{row}"/></row>' for row in range(1, 9))
    assert reading.read(with_sheet(rows))[7] == (8, ["1"])
    monkeypatch.setattr(reading, "CELLS_AT_MOST", 100_000)
    with pytest.raises(BadInput, match="Line 7: too many empty cells"):
        reading.read(with_sheet(rows))


def test_a_tag_without_end_is_walked_once() -> None:
    """Twin: patterns that went on to the end of the file from each beginning took hours."""
    assert "damaged" in told(with_sheet("<c " * 300_000 + "<mergeCell ref=" * 100_000))


def test_text_that_is_shared_by_many_cells_counts_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file can name one long text a million times."""
    monkeypatch.setattr(reading, "BYTES_AT_MOST", 100_000)
    with pytest.raises(BadInput, match="Line 5: the sheet holds more text than"):
        reading.read(workbook(HEADER, *[[LONG]] * 9))


def test_more_rows_than_a_table_may_have_are_not_read_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_MOST", 3)
    monkeypatch.setattr(table, "ROWS_AT_MOST", 3)
    rows = reading.read(workbook(HEADER, *[(f"s{n}", "Tea", 1) for n in range(9)]))
    assert len(rows) == 5
    sheet = table.Sheet(HEADER, HEADER, {}, "products")
    assert table.read_rows(rows, sheet, lambda cells: cells["sku"])[1] == [
        "Line 5: more than 3 products; the rest was not read."
    ]


def test_entities_are_refused_by_the_parser_that_is_installed() -> None:
    """openpyxl takes defusedxml where it is there, and Python's own parser in silence where it is not."""
    assert openpyxl.DEFUSEDXML


# -- what is written -------------------------------------------------------------------------------------------------
COLUMNS = ("sku", "name", "price")
ROWS = [
    {"sku": "007", "name": "=cmd|' /C calc'!A0", "price": "50.00"},
    {"sku": "1e5", "name": "+1-2", "price": "0"},
    {"sku": "#N/A", "name": "@SUM(A1)\r\n\ttwo lines", "price": "12345678901.5"},
    {"sku": "-", "name": "چائے", "price": "007"},
    {"sku": "x", "name": "", "price": "none"},
]


def test_a_table_reads_back_as_it_was() -> None:
    data = writing.write(COLUMNS, ROWS, {"price"})
    assert [texts for _, texts in reading.read(data)] == [
        list(COLUMNS),
        ["007", "=cmd|' /C calc'!A0", "50"],
        ["1e5", "+1-2", "0"],
        ["#N/A", "@SUM(A1)\r\n\ttwo lines", "12345678901.5"],
        ["-", "چائے", "007"],
        ["x", "", "none"],
    ]


def test_nothing_that_is_written_is_a_formula_an_error_or_a_number_by_accident() -> None:
    book = openpyxl.load_workbook(BytesIO(writing.write(COLUMNS, ROWS, {"price"})))
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.coordinate for cell in cells if cell.data_type == "n"} == {"C2", "C3", "C4"}
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in cells if cell.data_type != "n")
    assert book.active["C2"].number_format == "0.00"


def test_what_is_written_is_easy_to_work_with() -> None:
    """The header stays in sight, columns are as wide as what is in them, and new rows are text from the start."""
    rows = [{"sku": "a", "name": "x" * 20, "price": "1"}, {"sku": "b", "name": "y" * 900, "price": "1"}]
    sheet = openpyxl.load_workbook(BytesIO(writing.write(COLUMNS, rows, {"price"}))).active
    assert sheet.freeze_panes == "A2"
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [8, 48, 8]
    assert [sheet.column_dimensions[letter].number_format for letter in "ABC"] == ["@", "@", "General"]
    assert sheet["A1"].font.bold


# -- anything --------------------------------------------------------------------------------------------------------
ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["=1+1", "#REF!", "50.00", "yes", "Café ☕", "تازہ"]),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(min_value=date(1900, 1, 1)),
    st.datetimes(),
    st.times(),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9_999)),
)


def _writable(cell: Any) -> Any:
    return escaped(cell) if isinstance(cell, str) else cell


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(ANYTHING, max_size=5), min_size=1, max_size=5))
def test_any_cells_are_read_or_refused_with_a_sentence(rows: list[list[Any]]) -> None:
    data = workbook(*[[_writable(cell) for cell in row] for row in rows])
    read = told(data)
    assert isinstance(read, str) or all(1 <= number <= len(rows) for number, _ in read)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.fixed_dictionaries({name: st.text(max_size=30) for name in COLUMNS}), max_size=5))
def test_any_table_reads_back_as_it_was(rows: list[dict[str, str]]) -> None:
    read = dict(reading.read(writing.write(COLUMNS, rows)))
    for number, row in enumerate(rows, 2):
        texts = read.get(number, [])
        assert [text.strip() for text in texts] == [row[name].strip() for name in COLUMNS][: len(texts)]
        assert not any(row[name].strip() for name in COLUMNS[len(texts) :])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_file_with_any_byte_changed_is_read_or_refused_with_a_sentence(place: int, byte: int) -> None:
    data = bytearray(PLAIN)
    data[place % len(data)] = byte
    assert told(bytes(data)) != ""


PLAIN = workbook(HEADER, ("a", "Tea", 50))


def test_a_package_can_be_told_from_a_text() -> None:
    assert package.is_package(PLAIN)
    assert not package.is_package(b"PK,name,price\n")
    with ZipFile(BytesIO(PLAIN)) as made:
        assert SHEET in made.namelist()
