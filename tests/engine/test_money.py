"""Money as customers read it and as files write it (flows.md, "Money")."""

from __future__ import annotations

import pytest

from engine import money
from engine.errors import BadInput, ConfigError

SHOWN = [
    (10_000, "INR", "en_IN", "₹100.00"),
    (12_000_000, "INR", "en_IN", "₹1,20,000.00"),
    (550_000, "NGN", "en_NG", "₦5,500.00"),
    (300_000, "KES", "en_KE", "KES 3,000"),
    (299_950, "KES", "en_KE", "KES 2,999.50"),
    (5, "KES", "en_KE", "KES 0.05"),
    (0, "INR", "en_IN", "₹0.00"),
    (1_500, "JPY", "en_US", "¥1,500"),
]


@pytest.mark.parametrize(("amount", "currency", "locale", "shown"), SHOWN)
def test_amounts_look_as_in_the_samples(amount: int, currency: str, locale: str, shown: str) -> None:
    assert money.show(amount, currency, locale) == shown


READ = [
    ("50", "INR", 5_000),
    ("50.5", "INR", 5_050),
    ("50.05", "INR", 5_005),
    (" 7 ", "KES", 700),
    ("1500", "JPY", 1_500),
]


@pytest.mark.parametrize(("text", "currency", "amount"), READ)
def test_prices_in_files_are_major_units(text: str, currency: str, amount: int) -> None:
    assert money.read(text, currency) == amount


REFUSED = [
    ("1.005", "INR", "has 3 decimals; INR has 2"),
    ("1.5", "JPY", "has 1 decimals; JPY has 0"),
    ("-1", "INR", "not a price"),
    ("+1", "INR", "not a price"),
    ("1e3", "INR", "not a price"),
    ("NaN", "INR", "not a price"),
    ("Infinity", "INR", "not a price"),
    ("1,000", "INR", "not a price"),
    ("₹50", "INR", "not a price"),
    (".5", "INR", "not a price"),
    ("5.", "INR", "not a price"),
    ("", "INR", "not a price"),
    ("٥٠", "INR", "not a price"),
    ("99999999999999", "INR", "too large"),
    ("9" * 5_000, "INR", "too large"),
]


@pytest.mark.parametrize(("text", "currency", "why"), REFUSED)
def test_what_is_no_price_is_refused_with_the_reason(text: str, currency: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        money.read(text, currency)


def test_an_unknown_currency_or_locale_is_the_operators_fault() -> None:
    with pytest.raises(ConfigError, match="'XYZ' is not a currency code"):
        money.show(1, "XYZ", "en_IN")
    with pytest.raises(ConfigError, match="'klingon_QX' is not a locale"):
        money.show(1, "INR", "klingon_QX")
