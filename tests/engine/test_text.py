"""What people type, read (flows.md, "Validation")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import text
from engine.text import Muddle, Refused

NUMBERS: list[tuple[str, int | None]] = [
    ("2", 2),
    (" 2 ", 2),
    ("two", 2),
    ("Two", 2),
    ("x2", 2),
    ("x 2", 2),
    ("2x", 2),
    ("2 pcs", 2),
    ("2 pieces", 2),
    ("two pcs", 2),
    ("twenty", 20),
    ("fifty", 50),
    ("a dozen", 12),
    ("٢", 2),
    ("۱۲", 12),
    ("२", 2),
    ("２", 2),
    ("007", 7),
    ("0", 0),
    ("1234567", text.HUGE),
    ("9" * 5_000, text.HUGE),
    ("mbili", 2),
    ("kumi na mbili", 12),
    ("vipande viwili", None),
    ("3 vipande", 3),
    ("dazeni", 12),
    ("दो", 2),
    ("पाँच पीस", 5),
    ("पांच", 5),
    ("बीस", 20),
    ("do", 2),
    ("barah", 12),
    ("ek darjan", 12),
    ("دو", 2),
    ("چھ عدد", 6),
    ("بيس", 20),
    ("2.5", None),
    ("-2", None),
    ("½", None),
    ("²", None),
    ("two and a half", None),
    ("2 apples", None),
    ("", None),
]


@pytest.mark.parametrize(("said", "number"), NUMBERS)
def test_numbers_are_read_as_people_write_them(said: str, number: int | None) -> None:
    assert text.number(said) == number


PAIRS: list[tuple[str, tuple[tuple[int, int], ...] | Muddle | None]] = [
    ("1, 2", ((1, 2),)),
    ("1,2", ((1, 2),)),
    ("1 2", ((1, 2),)),
    ("1x2", ((1, 2),)),
    ("1 X 2", ((1, 2),)),
    ("1 × 2", ((1, 2),)),
    ("1*2", ((1, 2),)),
    ("1: 2", ((1, 2),)),
    ("#1, 2", ((1, 2),)),
    ("1, 2 pcs", ((1, 2),)),
    ("one, two", ((1, 2),)),
    ("moja, kumi na moja", ((1, 11),)),
    ("एक, दो", ((1, 2),)),
    ("ek do", ((1, 2),)),
    ("ایک، دو", ((1, 2),)),
    ("1, nusu", Muddle.FRACTION),
    ("1, आधा", Muddle.FRACTION),
    ("onextwo", ((1, 2),)),
    ("1 x two", ((1, 2),)),
    ("١، ٢", ((1, 2),)),
    ("१, २", ((1, 2),)),
    ("1", ((1, 1),)),
    ("2 x 1", ((2, 1),)),
    ("1,2; 3,1", ((1, 2), (3, 1))),
    ("1,2;3,1;", ((1, 2), (3, 1))),
    ("1 2\n\n3", ((1, 2), (3, 1))),
    ("1, 0", ((1, 0),)),
    ("1, 99999999999999999999", ((1, text.HUGE),)),
    ("1, 2.5", Muddle.FRACTION),
    ("1, ½", Muddle.FRACTION),
    ("1, half", Muddle.FRACTION),
    ("1.5", Muddle.FRACTION),
    ("1, -2", Muddle.NEGATIVE),
    ("-1", Muddle.NEGATIVE),
    ("-1, 2", Muddle.NEGATIVE),
    ("1 2 3", Muddle.THREE_NUMBERS),
    ("1,2,3,4", Muddle.THREE_NUMBERS),
    (";".join(["1,1"] * 41), Muddle.TOO_MANY),
    ("2 brownies", None),
    ("one please", None),
    ("12 MG Road", None),
    ("1,2; hello", None),
    ("", None),
    (";", None),
    ("²", None),
]


@pytest.mark.parametrize(("said", "meant"), [pytest.param(s, m, id=s[:24]) for s, m in PAIRS])
def test_pairs_are_item_and_quantity(said: str, meant: tuple[tuple[int, int], ...] | Muddle | None) -> None:
    assert text.pairs(said) == meant


NAMES = [
    "José",
    "O'Neil",
    "O’Neil",
    "प्रिया",
    "محمد",
    "Anne-Marie",
    "Dr. K. Rao",
    "李小龍",
    "Ñ",
    "A" * 80,
    "सु\u200dन",
    "Zoe\u0308",
]


@pytest.mark.parametrize("said", NAMES)
def test_names_of_every_script_are_names(said: str) -> None:
    assert text.name(said) == said


def test_names_are_trimmed_and_single_spaced() -> None:
    assert text.name("  Asha \n  Rao\u200f ") == "Asha Rao"


NO_NAMES = [
    ("123", "needs letters"),
    ("😀", "needs letters"),
    ("-", "needs letters"),
    ("", "empty"),
    (" \u200b ", "empty"),
    ("J0hn", "only letters"),
    ("Ann 😀", "only letters"),
    ("Ann; DROP", "only letters"),
    ("A" * 81, "at most {most}"),
    ("An\x00n", "can't be shown"),
    ("An\x1b[31mn", "can't be shown"),
    ("An\u202en", "can't be shown"),
]


@pytest.mark.parametrize(("said", "why"), NO_NAMES)
def test_what_is_no_name_is_refused_with_the_reason(said: str, why: str) -> None:
    refused = text.name(said)
    assert isinstance(refused, Refused)
    assert why in refused.phrase


@pytest.mark.parametrize(
    "said", ["Sharma & Sons", "M/s A-1 Steel & Co. (Pune)", "24x7 Traders", "Rao+Rao, Builders", "शर्मा एंड संस 2", "José"]
)
def test_names_of_businesses_have_numbers_and_signs(said: str) -> None:
    assert text.business_name(f"  {said}\n") == said


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("1947", "needs letters"),
        ("&", "needs letters"),
        ("", "empty"),
        ("Steel 😀", "only letters"),
        ("A1" * 41, "at most"),
    ],
)
def test_what_is_no_business_name_is_refused_with_the_reason(said: str, why: str) -> None:
    refused = text.business_name(said)
    assert isinstance(refused, Refused)
    assert why in refused.phrase


ADDRESSES = [
    ("12 MG Road", "12 MG Road"),
    ("Flat 2,\nMG Road\n\n560001", "Flat 2, MG Road, 560001"),
    ("  a  long   gap ", "a long gap"),
    ("x" * 300, "x" * 300),
    ("नई दिल्ली", "नई दिल्ली"),
    ("12345", "12345"),
    ("5th floor 🏠", "5th floor 🏠"),
]


@pytest.mark.parametrize(("said", "kept"), [pytest.param(s, k, id=s[:16]) for s, k in ADDRESSES])
def test_addresses_are_kept_on_one_line(said: str, kept: str) -> None:
    assert text.address(said) == kept


NO_ADDRESSES = [
    ("abcd", "too short"),
    ("x" * 301, "at most {most}"),
    ("😀😀😀😀😀😀", "letters or numbers"),
    ("", "empty"),
    ("12 MG\x07 Road", "can't be shown"),
    ("12 MG \u202eRoad", "can't be shown"),
    ("\ud800 MG Road", "can't be shown"),
]


@pytest.mark.parametrize(("said", "why"), [pytest.param(s, w, id=w) for s, w in NO_ADDRESSES])
def test_what_is_no_address_is_refused_with_the_reason(said: str, why: str) -> None:
    refused = text.address(said)
    assert isinstance(refused, Refused)
    assert why in refused.phrase


def test_instructions_have_their_own_length_and_need_words() -> None:
    assert text.instructions("no nuts") == "no nuts"
    assert text.instructions("x" * 500) == "x" * 500
    for said, why in (("x" * 501, "at most {most}"), ("😀", "in words"), ("", "empty"), ("a\x00", "can't be shown")):
        refused = text.instructions(said)
        assert isinstance(refused, Refused)
        assert why in refused.phrase


@given(st.text())
def test_any_text_whatever_is_read_without_raising(said: str) -> None:
    text.number(said)
    text.pairs(said)
    for read in (text.name, text.address, text.instructions):
        kept = read(said)
        if isinstance(kept, str):
            assert read(kept) == kept, "what was taken once is taken again, and unchanged"
