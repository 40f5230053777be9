"""How a shop sells, as its owner writes it: keys of a table, and tables in files of their own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.terms import TermsConfig, invoice_problems, terms_of, terms_problems
from engine.errors import ConfigError
from engine.payments import Way
from engine.terms import Discount, Promotion, Rounding, Terms, Zone

INDIA = ZoneInfo("Asia/Kolkata")


def terms(**keys: object) -> Terms:
    return terms_of(TermsConfig(**keys), "shop.a.terms", "INR", "Asia/Kolkata")  # type: ignore[arg-type]


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(text, "utf-8")
    return path


def moment(*day: int) -> int:
    return round(datetime(*day, tzinfo=INDIA).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_what_says_nothing_is_the_engines_own_default() -> None:
    assert terms() == Terms()


def test_amounts_are_read_as_prices_are() -> None:
    read = terms(
        minimum_order="1500.50", free_delivery_from="99", tax_rate="7.5", tax_rounding="order", ways=("mpesa",)
    )
    assert (read.minimum_order, read.free_delivery_from, read.tax_rate) == (150_050, 9_900, "7.5")
    assert (read.tax_rounding, read.ways) == (Rounding.ORDER, (Way.MPESA,))


def test_an_amount_with_too_many_decimals_is_refused_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"shop\.a\.terms\.minimum_order: '1\.555' has 3 decimals; INR has 2"):
        terms(minimum_order="1.555")


def test_promotions_hold_from_the_first_day_to_the_end_of_the_last(tmp_path: Path) -> None:
    path = file(
        tmp_path, "id,title,sku,price,percent,starts,ends\np1,Eid offer,bun,45,,2026-03-20,2026-03-21\np2,Any,b,,10,,\n"
    )
    assert terms(promotions=path).promotions == (
        Promotion("p1", "Eid offer", "bun", 4_500, "", moment(2026, 3, 20), moment(2026, 3, 22)),
        Promotion("p2", "Any", "b", 0, "10"),
    )


def test_price_lists_codes_and_zones(tmp_path: Path) -> None:
    assert terms(price_lists=file(tmp_path, "list,sku,price\ngold,a,90\nsilver,a,95\ngold,b,8\n")).price_lists == {
        "gold": {"a": 9_000, "b": 800},
        "silver": {"a": 9_500},
    }
    assert terms(discounts=file(tmp_path, "code,percent,amount,least\nten,10,,500\nFIX,,50,\n")).discounts == (
        Discount("TEN", "10", 0, 50_000),
        Discount("FIX", "", 5_000),
    )
    assert terms(zones=file(tmp_path, "name,fee,words\nNear,30,MG Road | Indiranagar\nFar,80,\n")).zones == (
        Zone("Near", 3_000, ("mg road", "indiranagar")),
        Zone("Far", 8_000),
    )


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("promotions", "id,title,sku,price,percent\np,t,s,,\n", "Line 2: give either price or percent."),
        ("promotions", "id,title,sku,price,percent\np,t,s,5,5\n", "Line 2: give either price or percent."),
        ("promotions", "id,title,sku,price,starts\np,t,s,5,soon\n", "Line 2: starts must be a day like 2026-03-31"),
        (
            "promotions",
            "id,title,sku,price,starts,ends\np,t,s,5,2026-02-02,2026-02-01\n",
            "it ends on 2026-02-01, before it starts on 2026-02-02",
        ),
        ("promotions", "id,title,sku,price\np,t,s,5\np,t,s,5\n", "Line 3: the id 'p' stands above already."),
        ("price_lists", "list,sku,price\na,b,5\na,b,6\n", "Line 3: the price 'a of b' stands above already."),
        ("discounts", "code,percent\nT EN,5\n", "code must be letters and digits"),
        ("discounts", "code,percent\nten,5\nTEN,6\n", "the code 'TEN' stands above already"),
        ("zones", "name,fee\nNear,-3\n", "Line 2: '-3' is not a price"),
        ("zones", "name,fee,extra\n", "unknown column 'extra'"),
    ],
)
def test_a_faulty_row_is_named_with_its_line(tmp_path: Path, key: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        terms(**{key: file(tmp_path, text)})
    assert sentence in str(caught.value)
    assert f"shop.a.terms.{key}" in str(caught.value)


def test_words_that_mean_nothing_are_problems_of_the_configuration(tmp_path: Path) -> None:
    problems = terms_problems(
        "shop.a.terms",
        {
            "ways": ("mpesa", "shells"),
            "reminder_days": ("-3", "soon"),
            "quiet_hours": "at night",
            "templates": ("x", "remindr=due", "reminder.=due", "reminder.sw=", "order = placed", "reminder.sw=HX1"),
            "zones": tmp_path / "no.csv",
        },
    )
    assert len(problems) == 8
    assert "mpesa, card, bank, cash, found 'shells'" in problems[0]
    assert "found 'soon'" in problems[1]
    assert "PURPOSE=NAME" in problems[2]
    assert [one.rpartition("found ")[2] for one in problems[2:6]] == [
        "'x'",
        "'remindr=due'",
        "'reminder.=due'",
        "'reminder.sw='",
    ]
    assert problems[6].startswith("shop.a.terms.quiet_hours: expected hours of a day like")
    assert "no.csv" in problems[7]


@pytest.mark.parametrize(
    ("flow", "invoices", "why"),
    [
        ("wholesale", "paid", "issues an invoice with each order"),
        ("ticketing", "placed", "has bookings, for which there are no invoices"),
    ],
)
def test_a_flow_without_a_choice_of_invoices_says_so(flow: str, invoices: str, why: str) -> None:
    assert invoice_problems("shop.a.terms", {"invoices": invoices}, flow) == [
        f'shop.a.terms.invoices: a shop of the flow {flow} {why}; expected "flow", found "{invoices}"'
    ]
    assert invoice_problems("shop.a.terms", {"invoices": "flow"}, flow) == []
    assert invoice_problems("shop.a.terms", {}, flow) == []
    assert invoice_problems("shop.a.terms", {"invoices": invoices}, "counter") == []
