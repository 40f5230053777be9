"""Catalogue files as shops and spreadsheets write them."""

from __future__ import annotations

import pytest

from engine import table
from engine.catalogue import SHEET, Catalogue, Item, Product, digest, read_csv, row_of
from tests.engine.world import BAKERY_CSV

HEAD = "sku,name,price\n"


def test_the_sample_bakery_is_as_flows_md_says() -> None:
    products, faults = read_csv(BAKERY_CSV.read_bytes(), "INR")
    assert faults == []
    assert [(p.name, p.price, p.stock, p.track_stock) for p in products] == [
        ("Chocolate Chip Cookie", 5_000, 100, True),
        ("Oatmeal Raisin", 4_500, 80, True),
        ("Brownie", 8_000, 40, True),
        ("Red Velvet Cake", 65_000, 6, True),
        ("Custom Cake", 120_000, 0, False),
    ]


WRITTEN = [
    ("a byte order mark", b"\xef\xbb\xbfsku,name,price\na,Apple,1\n", Product("a", "Apple", 100, track_stock=False)),
    ("line ends of Windows", b"sku,name,price\r\na,Apple,1\r\n", Product("a", "Apple", 100, track_stock=False)),
    ("line ends of old Macs", b"sku,name,price\ra,Apple,1\r", Product("a", "Apple", 100, track_stock=False)),
    ("semicolons", b"sku;name;price\na;Apple;1.50\n", Product("a", "Apple", 150, track_stock=False)),
    ("quotes", b'sku,name,price\na,"Apple, ""red""",1\n', Product("a", 'Apple, "red"', 100, track_stock=False)),
    ("columns in any order and case", b"Price, NAME ,sku\n1,Apple,a\n", Product("a", "Apple", 100, track_stock=False)),
    ("empty lines", b"\nsku,name,price\n\n,,\na,Apple,1\n\n", Product("a", "Apple", 100, track_stock=False)),
    ("formulas, which are text", HEAD.encode() + b"a,=1+1,1\n", Product("a", "=1+1", 100, track_stock=False)),
    (
        "a rate with its sign",
        b"sku,name,price,tax_rate\na,Apple,1,7.5 %\n",
        Product("a", "Apple", 100, tax_rate="7.5", track_stock=False),
    ),
    ("a short row", b"sku,name,price,stock\na,Apple,1\n", Product("a", "Apple", 100, track_stock=False)),
    ("a stock that is counted", b"sku,name,price,stock\na,Apple,1,7\n", Product("a", "Apple", 100, stock=7)),
    (
        "everything",
        b"sku,name,price,description,stock,category,aliases,unit,pack,min_quantity,tax_rate,image,active,track_stock,"
        b"variant_of,variant\n"
        b"a,Apple,1,Red,7,Fruit,apples|pomme,kg,5 kg,2,7.5,https://x.test/a.png,no,YES,A  Box,Small \n",
        Product(
            *("a", "Apple", 100, "Red", 7, "Fruit", ("apples", "pomme"), "kg", "5 kg", 2, "7.5"),
            *("https://x.test/a.png", False, True, "A Box", "Small"),
        ),
    ),
]


@pytest.mark.parametrize(("data", "product"), [pytest.param(d, p, id=title) for title, d, p in WRITTEN])
def test_files_are_read_as_they_are_written(data: bytes, product: Product) -> None:
    assert read_csv(data, "INR") == ([product], [])


FAULTS = [
    ("no header", b"", "Line 1: the header needs the columns sku, name, price"),
    ("a missing column", b"sku,name\na,b\n", "missing: price"),
    ("an unknown column", b"sku,name,price,colour\na,b,1,red\n", "Line 1: unknown column 'colour'"),
    ("a column twice", b"sku,name,price,name\na,b,1,c\n", "Line 1: the column 'name' stands there twice"),
    ("only a header", HEAD.encode(), "The file has no products."),
    ("no sku", b"sku,name,price\n,Apple,1\n", "Line 2: sku is empty."),
    ("a sku with a space", b"sku,name,price\na b,Apple,1\n", "Line 2: the sku 'a b' has a space or colon in it."),
    ("no name", b"sku,name,price\na,,1\n", "Line 2: name is empty."),
    ("no price", b"sku,name,price\na,Apple,\n", "Line 2: price is empty."),
    ("a bad price", b"sku,name,price\na,Apple,1e5\n", "Line 2: '1e5' is not a price"),
    ("a sku twice", b"sku,name,price\na,Apple,1\na,Pear,2\n", "Line 3: the sku 'a' stands above already."),
    ("a bad stock", b"sku,name,price,stock\na,A,1,-3\n", "Line 2: stock must be a whole number from 0 to"),
    ("a bad truth", b"sku,name,price,active\na,A,1,perhaps\n", "Line 2: active must be yes or no, not 'perhaps'."),
    ("a bad tax rate", b"sku,name,price,tax_rate\na,A,1,lots\n", "Line 2: tax_rate must be per cent like 7.5"),
    ("a bad image", b"sku,name,price,image\na,A,1,javascript:x\n", "Line 2: image must be a link"),
    ("a bad least", b"sku,name,price,min_quantity\na,A,1,0\n", "Line 2: min_quantity must be a whole number from 1"),
    ("a variant of nothing", b"sku,name,price,variant\na,A,1,Red\n", "Line 2: variant_of and variant go together"),
    (
        "an item without a variant",
        b"sku,name,price,variant_of\na,A,1,Hat\n",
        "Line 2: variant_of and variant go together",
    ),
    (
        "a variant twice",
        b"sku,name,price,variant_of,variant\na,A,1,Hat,Red\nb,B,1,hat,red\n",
        "Line 3: the variant 'red' of 'hat' stands above already.",
    ),
    ("too many cells", b"sku,name,price\na,Apple,1,2\n", "Line 2: 4 cells, but the header has 3 columns."),
    ("a control character", b"sku,name,price\na,App\x07le,1\n", "Line 2: name holds a control character."),
    ("a formula that went wrong", b"sku,name,price\na,#REF!,1\n", "Line 2: name holds #REF!, the error of a formula."),
    ("a header further down", b"\n\nsku,name\na,b\n", "Line 3: the header needs the columns"),
    (
        "a sign and no rate",
        b"sku,name,price,tax_rate\na,A,1,%\n",
        "Line 2: tax_rate must be per cent like 7.5, not '%'",
    ),
    ("a long name", b"sku,name,price\na," + b"x" * 121 + b",1\n", "Line 2: name has 121 characters; at most 120."),
    ("another encoding", b"sku,name,price\na,Caf\xe9,1\n", "Line 2: the file is not UTF-8 text."),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00", "not UTF-8"),
    ("an endless cell", HEAD.encode() + b'a,"' + b"x" * 200_000, "not a table of comma-separated values"),
]


@pytest.mark.parametrize(("data", "why"), [pytest.param(d, w, id=title) for title, d, w in FAULTS])
def test_faults_are_sentences_that_name_the_line(data: bytes, why: str) -> None:
    _, faults = read_csv(data, "INR")
    assert len(faults) == 1
    assert why in faults[0]


def test_one_bad_row_does_not_hide_the_good_ones_or_the_other_bad_ones() -> None:
    products, faults = read_csv(b"sku,name,price\na,Apple,1\nb,,2\nc,Cherry,3\nd,Date,x\n", "INR")
    assert [product.sku for product in products] == ["a", "c"]
    assert [fault[:7] for fault in faults] == ["Line 3:", "Line 5:"]


def test_a_row_after_a_cell_of_several_lines_is_counted_where_it_stands() -> None:
    _, faults = read_csv(b'sku,name,price,description\na,Apple,1,"two\nlines"\nb,,2,\n', "INR")
    assert faults == ["Line 4: name is empty."]


def test_a_file_with_too_many_rows_or_faults_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROWS_AT_MOST", 3)
    rows = "".join(f"s{n},Name,1\n" for n in range(5))
    products, faults = read_csv((HEAD + rows).encode(), "INR")
    assert len(products) == 3
    assert faults == ["Line 5: more than 3 products; the rest was not read."]
    monkeypatch.setattr(table, "ERRORS_AT_MOST", 2)
    _, faults = read_csv((HEAD + "a,,1\nb,,1\nc,,1\n").encode(), "INR")
    assert len(faults) == 3
    assert "2 faults so far" in faults[2]


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "BYTES_AT_MOST", 10)
    assert read_csv(HEAD.encode() + b"a,Apple,1\n", "INR")[0] == []


def test_products_are_found_by_sku_and_only_active_ones_are_sold() -> None:
    shelf = Catalogue((Product("a", "Apple", 100), Product("b", "Pear", 100, active=False)))
    assert shelf.product("b") == Product("b", "Pear", 100, active=False)
    assert shelf.sold("b") is None
    assert shelf.sold("a") == Product("a", "Apple", 100)
    assert shelf.product("c") is None
    assert shelf.menu == ("a",)


def test_shelves_are_categories_with_what_is_sold_and_variants_are_one_item() -> None:
    shelf = Catalogue(
        (
            Product("m", "Shirt M", 100, category="Clothes", variant_of="Shirt", variant="M"),
            Product("hat", "Hat", 100, category="clothes"),
            Product("pen", "Pen", 100),
            Product("l", "Shirt L", 100, category="Sale", variant_of="shirt", variant="L"),
            Product("xl", "Shirt XL", 100, category="Clothes", variant_of="Shirt", variant="XL", active=False),
            Product("s", "Sock one", 100, category="Clothes", variant_of="Sock", variant="one"),
        )
    )
    assert shelf.shelves == {
        "Clothes": (
            Item("Shirt", ("m", "l"), "Clothes"),
            Item("Hat", ("hat",), "Clothes"),
            Item("Sock one", ("s",), "Clothes"),
        ),
        "": (Item("Pen", ("pen",), ""),),
    }
    assert shelf.items["l"].name == "Shirt"
    assert set(shelf.several) == {"shirt"}
    assert "xl" not in shelf.items


def test_the_digest_tells_contents_apart() -> None:
    assert digest(b"a") == digest(b"a")
    assert digest(b"a") != digest(b"b")


@pytest.mark.parametrize("currency", ["INR", "KES", "JPY"])
def test_a_catalogue_that_is_written_out_reads_back_as_it_was(currency: str) -> None:
    products = [
        Product("a", "Cookie, the “big” one", 5_050, description="two\nlines; here", aliases=("biscuit", "bun")),
        Product("b", "बिस्कुट", 100, stock=7, unit="pc", pack="box=12", min_quantity=6, tax_rate="7.5", active=False),
        Product("c", "T-Shirt blue", 100, track_stock=False, variant_of="T-Shirt", variant="Blue"),
    ]
    written = table.write_csv(SHEET, [row_of(product, currency) for product in products])
    assert read_csv(written, currency) == (products, [])
