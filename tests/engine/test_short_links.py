"""Tokens of short links: short, each reader's own, and nobody's who did not get one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import Link, customer_id
from engine.short_links import Followed, followed, is_machine, token

KEY, OTHER = b"k" * 32, b"o" * 32
ANN = customer_id("bakery", Link("phone", "254700000001"))


@given(st.one_of(st.just(ANN), st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)), st.integers(0, 2**40))
def test_a_token_names_its_reader_and_its_link(customer: str, link: int) -> None:
    made = token(KEY, customer, link)
    assert followed(KEY, made) == Followed(customer, link)
    assert followed(OTHER, made) is None


def test_a_token_is_short() -> None:
    assert len(token(KEY, ANN, 60_000)) == 24


@given(st.integers(0, 23), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_a_token_with_another_letter_is_nobodys(place: int, letter: str) -> None:
    made = token(KEY, ANN, 60_000)
    changed = made[:place] + letter + made[place + 1 :]
    assert followed(KEY, changed) == (Followed(ANN, 60_000) if changed == made else None)


@given(st.text(max_size=130))
def test_whatever_is_no_token_is_nobodys(text: str) -> None:
    assert followed(KEY, text) is None


@pytest.mark.parametrize("text", ["", "a" * 11, "a" * 16, "a" * 17, "a" * 119, "a" * 5_000, "../../etc/passwd12"])
def test_what_has_only_the_form_of_a_token_is_nobodys(text: str) -> None:
    assert followed(KEY, text) is None


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("", True),
        ("WhatsApp/2.23.20.0", True),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", True),
        (
            "Mozilla/5.0 (Linux; Android 14) Chrome/124.0 Mobile Safari/537.36",
            False,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1",
            False,
        ),
    ],
)
def test_what_looks_at_links_before_anybody_taps_them_is_no_person(agent: str, machine: bool) -> None:
    assert is_machine(agent) is machine
