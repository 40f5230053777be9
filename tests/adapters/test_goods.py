"""Files of products and events: CSV and XLSX say the same, whatever is in them, and read back as they were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters import goods
from adapters.pictures import only_known
from adapters.xlsx import writing
from engine import catalogue, programme, table
from engine.address import MINUTE
from engine.catalogue import Product
from engine.errors import BadInput
from engine.tickets import EventStatus, TicketEvent
from tests.adapters import spreadsheets
from tests.adapters.spreadsheets import workbook

NOW = 1_790_000_000_000 // MINUTE * MINUTE
CSV, XLSX = Path("shop/table.csv"), Path("shop/table.xlsx")
BOTH = pytest.mark.parametrize("path", [CSV, XLSX], ids=["csv", "xlsx"])
SAMPLES = Path(__file__).parents[2] / "engine/flows/samples"

PRODUCTS = [
    Product("007", "=cmd|' /C calc'!A0", 5_050, description="two\nlines; and, more", aliases=("biscuit", "bun")),
    Product("b", "چائے", 100, stock=7, unit="pc", pack="box=12", min_quantity=6, tax_rate="7.50", active=False),
    Product(
        "c", "T-Shirt blue", 100, track_stock=False, variant_of="T-Shirt", variant="Blue", image="https://x.test/a"
    ),
    Product("d", "yes", 0, category="1900-01-01", image="/elsewhere/d.png"),
]
EVENTS = [
    TicketEvent("001", "Indie Night", "Mumbai", "Hall", NOW, "Asia/Kolkata", 120, 79_900, "Music", "a\nb", "", 0),
    TicketEvent("b", "+1", "میلہ", "", NOW + MINUTE, "Africa/Nairobi", 1, status=EventStatus.CANCELLED),
]


# -- as it was -------------------------------------------------------------------------------------------------------
@BOTH
@pytest.mark.parametrize("currency", ["INR", "KES", "JPY"])
def test_products_read_back_as_they_were(path: Path, currency: str) -> None:
    data = goods.products_file(PRODUCTS, path, currency)
    picture = only_known(goods.pictures_of(PRODUCTS))
    assert goods.products(data, path, currency, picture) == (PRODUCTS, [])


@BOTH
def test_events_read_back_as_they_were(path: Path) -> None:
    data = goods.events_file(EVENTS, path, "INR")
    assert goods.events(data, path, "INR", NOW + 9 * MINUTE) == (EVENTS, [])


@pytest.mark.parametrize("sample", ["bakery", "cart", "wholesale", "micro_sales"])
def test_the_sample_catalogues_say_the_same_as_spreadsheets(sample: str) -> None:
    path = SAMPLES / f"{sample}.csv"
    products, faults = goods.products(path.read_bytes(), path, "INR")
    assert faults == []
    assert goods.products(goods.products_file(products, XLSX, "INR"), XLSX, "INR") == (products, [])


def test_a_table_is_written_as_its_name_says() -> None:
    assert goods.products_file(PRODUCTS, CSV, "INR").startswith(b"\xef\xbb\xbfsku,name,price")
    assert goods.products_file(PRODUCTS, XLSX, "INR").startswith(b"PK")
    with pytest.raises(BadInput, match=r"must end with \.csv or \.xlsx, not \.ods"):
        goods.products_file(PRODUCTS, Path("table.ods"), "INR")


def test_a_table_is_read_as_what_it_is() -> None:
    """Whatever it is called; only what is called a spreadsheet and is none is a fault."""
    data = goods.products_file(PRODUCTS[:1], XLSX, "INR")
    assert goods.products(data, CSV, "INR") == (PRODUCTS[:1], [])
    assert "no XLSX spreadsheet" in goods.products(b"sku,name,price\na,Tea,1\n", XLSX, "INR")[1][0]
    assert "no XLSX spreadsheet" in goods.events(b"id,title\n", XLSX, "INR", NOW)[1][0]


@BOTH
def test_a_picture_beside_the_table_is_named_in_short(path: Path, tmp_path: Path) -> None:
    (tmp_path / "d.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    beside = replace(PRODUCTS[0], image=str(tmp_path / "d.png"))
    data = goods.products_file([beside], tmp_path / path.name, "INR")
    if path is CSV:
        assert b",d.png," in data
    assert goods.products(data, tmp_path / path.name, "INR") == ([beside], [])
    assert "is not there" in goods.products(data, tmp_path / "images" / path.name, "INR")[1][0]


# -- rows as people type them into spreadsheets ----------------------------------------------------------------------
def products_of(*rows: Sequence[Any]) -> tuple[list[Product], list[str]]:
    return goods.products(workbook(*rows), XLSX, "INR")


HEADER = ("sku", "name", "price", "stock", "tax_rate")
TYPED: list[tuple[str, Sequence[Any], str]] = [
    ("numbers", (7, "Tea", 50.0, 3.0, 7.5), ""),
    ("text", ("7", " Tea ", "50.00", "3", "7.5%"), ""),
    ("the error of a formula", (7, "Tea", "#DIV/0!", 3, None), "price holds #DIV/0!, the error of a formula"),
    ("a price that became a day", (7, "Tea", "50-03-2026", 3, None), "'50-03-2026' is not a price"),
    ("half a piece", (7, "Tea", 50, 2.5, None), "stock must be a whole number from 0 to"),
    ("a truth for a stock", (7, "Tea", 50, True, None), "stock must be a whole number from 0 to"),
    ("half of a character", (7, "Tea_xD800_", 50, 3, None), "name holds a control character"),
    ("a cell as long as can be", (7, "x" * 32_767, 50, 3, None), "name has 32767 characters; at most 120"),
    ("a cell outside of the table", (7, "Tea", 50, 3, None, "note"), "6 cells, but the header has 5 columns"),
]


@pytest.mark.parametrize(("row", "fault"), [pytest.param(row, fault, id=title) for title, row, fault in TYPED])
def test_a_row_is_taken_or_named_with_its_number(row: Sequence[Any], fault: str) -> None:
    products, faults = products_of((), HEADER, ("a", "Bun", 1), (), row)
    assert products[0] == Product("a", "Bun", 100, track_stock=False)
    if fault:
        assert len(faults) == 1
        assert faults[0].startswith(f"Line 5: {fault}")
    else:
        assert faults == []
        assert products[1] == Product("7", "Tea", 5_000, stock=3, tax_rate="7.5")


def test_the_header_is_named_with_its_own_number_and_not_at_length() -> None:
    assert products_of((), (), ("sku", "name"))[1][0].startswith("Line 3: the header needs")
    (fault,) = products_of((*HEADER, "x" * 9_000))[1]
    assert fault.startswith("Line 1: unknown column 'xxx")
    assert len(fault) < 300


def test_a_start_may_be_a_date_of_the_spreadsheets_own() -> None:
    rows = [
        ("id", "title", "city", "starts_at", "timezone", "capacity"),
        ("a", "Gig", "Goa", spreadsheets.at(2026, 3, 12, 19, 30), "Asia/Kolkata", 80),
        ("b", "Gig", "Goa", spreadsheets.at(2026, 3, 12), "Asia/Kolkata", 80),
        ("c", "Gig", "Goa", "+3d 19:30", "Asia/Kolkata", 80),
    ]
    events, faults = goods.events(workbook(*rows), XLSX, "INR", NOW)
    assert faults == []
    assert [programme.row_of(one, "INR")["starts_at"][-5:] for one in events] == ["19:30", "00:00", "19:30"]


# -- other hostile texts ---------------------------------------------------------------------------------------------
HOSTILE: list[tuple[str, bytes, str]] = [
    ("UTF-16, as Excel's «Unicode text»", "sku\tname\tprice\na\tTea\t1\n".encode("utf-16"), "not UTF-8 text"),
    ("UTF-16 without a mark", "sku,name,price\na,Tea,1\n".encode("utf-16-le"), "the header needs"),
    ("tabs", b"sku\tname\tprice\na\tTea\t1\n", "the header needs the columns"),
    ("16,384 columns", b",".join(b"c%d" % n for n in range(16_384)) + b"\n", "the header needs"),
    ("a cell without end", b'sku,name,price\na,"' + b"x" * 140_000 + b'",1\n', "not a table of comma-separated"),
    ("zeros", bytes(1_000), "the header needs"),
]


@pytest.mark.parametrize(("data", "why"), [pytest.param(data, why, id=title) for title, data, why in HOSTILE])
def test_a_text_that_is_no_such_table_is_one_sentence(data: bytes, why: str) -> None:
    products, faults = goods.products(data, CSV, "INR")
    assert products == []
    assert len(faults) == 1
    assert why in faults[0]
    assert len(faults[0]) < 400


def test_text_from_right_to_left_and_semicolons_are_at_home() -> None:
    data = "sku;name;price;aliases\nچ1;چائے “گرم”;100;tea|चाय\n".encode()
    assert goods.products(data, CSV, "PKR") == (
        [Product("چ1", "چائے “گرم”", 10_000, aliases=("tea", "चाय"), track_stock=False)],
        [],
    )


def test_what_can_be_read_is_bounded_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "BYTES_AT_MOST", 10)
    path = tmp_path / "long.csv"
    path.write_bytes(bytes(1_000))
    assert len(goods.read_file(path)) == 11
    for missing in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(BadInput, match="there is no file"):
            goods.read_file(missing)


# -- anything --------------------------------------------------------------------------------------------------------
NUMBERED = re.compile(r"Line [0-9]+: .+\.", re.DOTALL)
LETTERS = st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t=_")
PRINTED = st.text(LETTERS, min_size=1, max_size=19).map(lambda text: f"x{text}")
CODES = st.text(st.characters(categories=("L", "N", "S", "Po"), exclude_characters=":"), min_size=1, max_size=9)
GOOD: dict[str, st.SearchStrategy[str]] = {
    "sku": CODES,
    "id": CODES,
    "price": st.decimals(0, 10**9, places=2).map(lambda price: f"{price:f}"),
    "stock": st.integers(0, 10**9).map(str),
    "min_quantity": st.integers(1, 99).map(str),
    "tax_rate": st.sampled_from(["", "7.5", "7.50", "0", "19%"]),
    "image": st.sampled_from(["", "https://x.test/a?b=c,d"]),
    "active": st.sampled_from(["", "yes", "no", "TRUE", "0"]),
    "track_stock": st.sampled_from(["", "yes", "no", "y"]),
    "variant": st.just(""),
    "variant_of": st.just(""),
    "starts_at": st.sampled_from(["2026-03-12 19:30", "2026-03-29T02:30:00", "+9999d 23:59", "9999-12-31 23:59"]),
    "timezone": st.sampled_from(["Asia/Kolkata", "Europe/Berlin", "Pacific/Apia"]),
    "capacity": st.integers(1, 1_000_000).map(str),
    "cancel_hours": st.integers(0, 8_760).map(str),
    "status": st.sampled_from(["", "active", "CANCELLED"]),
}
ANY = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "a", "50,00", "-1", "1e5", "a|b", "x.png", "#REF!", "=1+1", "+1d 24:00"])
)


def rows_of(columns: Sequence[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows that are mostly good, with any text in any place."""
    good = {column: GOOD.get(column, PRINTED) for column in columns}
    row = st.fixed_dictionaries(good)
    bent = st.builds(lambda of, column, cell: of | {column: cell}, row, st.sampled_from(list(columns)), ANY)
    return st.lists(st.one_of(row, bent), max_size=4)


def written(columns: Sequence[str], rows: list[dict[str, str]], path: Path) -> bytes:
    sheet = table.Sheet(tuple(columns), (), {}, "")
    return table.write_csv(sheet, rows) if path is CSV else writing.write(columns, rows)


FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@BOTH
@FEW
@given(rows=rows_of(catalogue.COLUMNS))
def test_any_rows_of_products_are_taken_or_named(path: Path, rows: list[dict[str, str]]) -> None:
    products, faults = goods.products(written(catalogue.COLUMNS, rows, path), path, "INR")
    assert all(NUMBERED.fullmatch(fault) or fault.startswith("The file ") for fault in faults)
    if products:
        again = goods.products_file(products, path, "INR")
        assert goods.products(again, path, "INR", only_known(goods.pictures_of(products))) == (products, [])


@BOTH
@FEW
@given(rows=rows_of(programme.COLUMNS))
def test_any_rows_of_events_are_taken_or_named(path: Path, rows: list[dict[str, str]]) -> None:
    events, faults = goods.events(written(programme.COLUMNS, rows, path), path, "INR", NOW)
    assert all(NUMBERED.fullmatch(fault) or fault.startswith("The file ") for fault in faults)
    if events:
        assert goods.events(goods.events_file(events, path, "INR"), path, "INR", NOW) == (events, [])
