"""Who may use a shop's API."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.access import Access, OwnerConfig, hashed, new_secret, owner_problems

SECRET, OTHER = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "another-secret-that-run.py-token-could-make"
KEPT, OTHER_KEPT = hashed(SECRET), hashed(OTHER)
ACCESS = Access(OwnerConfig(user="asha", secrets=(KEPT, OTHER_KEPT)))


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def test_a_secret_is_known_by_its_hash_as_token_and_as_password() -> None:
    assert ACCESS.bearer(f"Bearer {SECRET}")
    assert ACCESS.bearer(f"bearer {OTHER}"), "schemes are compared in any case (RFC 9110)"
    assert ACCESS.basic(basic("asha", SECRET))


def test_a_hash_opens_nothing_and_holds_no_secret() -> None:
    assert SECRET not in KEPT
    assert not ACCESS.bearer(f"Bearer {KEPT}")
    assert not ACCESS.basic(basic("asha", KEPT))


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", f"Token {SECRET}", f"Bearer {SECRET}x", SECRET, f"Bearer {'x' * 5_000}"),
        *(basic("asha", SECRET), f"Basic {SECRET}"),
    ],
)
def test_nothing_else_is_a_token(header: str) -> None:
    assert not ACCESS.bearer(header)


@pytest.mark.parametrize(
    "header",
    [
        *("", "Basic", "Basic ???", "Basic " + b64encode(b"asha").decode(), f"Bearer {SECRET}"),
        *(basic("ASHA", SECRET), basic("", SECRET), basic("asha", ""), basic("asha", SECRET + " ")),
        "Basic " + b64encode(b"\xff\xfe:" + SECRET.encode()).decode(),
    ],
)
def test_nothing_else_is_user_and_password(header: str) -> None:
    assert not ACCESS.basic(header)


def test_a_shop_without_secrets_is_closed() -> None:
    closed = Access(OwnerConfig())
    assert not closed.bearer(f"Bearer {SECRET}")
    assert not closed.bearer("Bearer ")
    assert not closed.basic(basic("owner", ""))


@given(st.text(max_size=100))
def test_whatever_is_given_nothing_raises_and_nothing_opens(header: str) -> None:
    assert not ACCESS.bearer(header)
    assert not ACCESS.basic(header)
    assert not ACCESS.bearer(f"Bearer {header}")


def test_a_new_secret_opens_what_keeps_its_hash() -> None:
    secret, kept = new_secret()
    assert new_secret()[0] != secret
    assert Access(OwnerConfig(secrets=(kept,))).bearer(f"Bearer {secret}")


def test_only_hashes_may_stand_in_the_configuration() -> None:
    assert owner_problems("shop.a.owner", [KEPT, hashed("x")]) == []
    (problem,) = owner_problems("shop.a.owner", [KEPT, SECRET])
    assert "number 2 is something else" in problem
    assert SECRET not in problem
