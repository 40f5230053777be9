"""Phone numbers as people type them, for M-Pesa."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import payer
from engine.payer import PhoneTold


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("0712345678", "254712345678"),
        ("0712 345 678", "254712345678"),
        ("0112-345-678", "254112345678"),
        ("712345678", "254712345678"),
        ("254712345678", "254712345678"),
        ("+254 712 345 678", "254712345678"),
        ("00254712345678", "254712345678"),
        ("+254 (0) 712 345 678", "254712345678"),
        ("2540712345678", "254712345678"),
        (" \u202a+254 712 345 678\u202c ", "254712345678"),
        ("٠٧١٢٣٤٥٦٧٨", "254712345678"),
        ("०७१२३४५६७८", "254712345678"),
        ("+255 712 345 678", "255712345678"),
        ("255712345678", "255712345678"),
        ("+4930123456", "4930123456"),
        ("+712345678", "712345678"),
    ],
)
def test_a_number_is_understood_with_its_country(said: str, number: str) -> None:
    assert payer.number_of(said) == number


@pytest.mark.parametrize(
    "said",
    [
        *("", "hello", "07123", "0812345678", "020 123 4567", "254201234567", "+254 2012 34567", "1234567"),
        *("0712345678 please", "0712345678901", "+0712345678", "+1", "1" * 16, "²" * 10, "0712345678+", "--", "+"),
    ],
)
def test_what_m_pesa_can_not_ask(said: str) -> None:
    assert payer.number_of(said) == ""


@pytest.mark.parametrize("said", ["0712345678", "+254 712 345 678", "123456789", "٠٧١٢٣٤٥٦٧٨"])
def test_a_number_is_meant_as_one_though_nobody_asked(said: str) -> None:
    assert payer.read(said, wanted=False) == PhoneTold(said)


@pytest.mark.parametrize("said", ["", "2", "hello", "card", "07123", "call me on 0712345678", "²" * 10])
def test_what_is_meant_otherwise_where_nobody_asked(said: str) -> None:
    assert payer.read(said, wanted=False) is None


def test_where_a_number_is_wanted_every_text_is_meant_as_one() -> None:
    assert payer.read("my wife's", wanted=True) == PhoneTold("my wife's")
    assert payer.read("  ", wanted=True) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_becomes_a_number_or_none(said: str) -> None:
    number = payer.number_of(said)
    assert number == "" or (number.isascii() and number.isdigit() and 7 <= len(number) <= 15)
    assert payer.read(said, wanted=False) in (None, PhoneTold(said))
