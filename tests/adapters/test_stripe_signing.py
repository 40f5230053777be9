"""Stripe's signatures: the vector, what is believed, rotation, and Stripe's own library, both ways."""

from __future__ import annotations

import time

import msgspec
import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds import Site
from adapters.payments._stripe import signing
from adapters.payments.stripe import build
from adapters.settings import Secret
from tests.adapters.calls import call
from tests.adapters.stripe import NEXT, SECRET, provider, signed, stripe_settings

BODY = b'{"id":"evt_test_1","object":"event"}'
VECTOR = "86fdfdb2b664cfde5e42861bc9297fb019f1eeec530f07856674b3e8668d10e2"


def test_the_vector() -> None:
    assert signing.signature("whsec_test_secret_1", 1_790_000_000, BODY) == VECTOR


@pytest.mark.parametrize(
    ("header", "genuine"),
    [
        (f"t=1790000000,v1={VECTOR}", True),
        (f"t=1790000000,v1={'0' * 64},v1={VECTOR},v0=old", True),
        (f"v1={VECTOR}, t=1790000000", True),
        (f"t=1790000000,v0={VECTOR}", False),
        (f"t=1790000001,v1={VECTOR}", False),
        (f"t=1790000000,v1={VECTOR.upper()}", False),
        (f"t=1790000000,v1={VECTOR[:-1]}", False),
        (f"v1={VECTOR}", False),
        (f"t=,v1={VECTOR}", False),
        (f"t=١٧٩٠٠٠٠٠٠٠,v1={VECTOR}", False),
        ("t=1790000000,v1=", False),
        ("\udcff", False),
        ("", False),
    ],
)
def test_what_is_believed(header: str, genuine: bool) -> None:
    told = call(BODY, {"stripe-signature": header}, at=1_790_000_000_000)
    assert provider().genuine(told) is genuine


@pytest.mark.parametrize(("old", "genuine"), [(0, True), (300, True), (301, False), (-60, True)])
def test_an_old_call_is_refused(old: int, genuine: bool) -> None:
    assert provider().genuine(signed(BODY, old=old)) is genuine


def test_a_call_without_a_time_of_arrival_is_refused() -> None:
    assert not provider().genuine(msgspec.structs.replace(signed(BODY), at=0))


def test_while_a_secret_is_rolled_either_is_believed() -> None:
    rolling = provider(webhook_secret_next=Secret(NEXT))
    assert all(rolling.genuine(signed(BODY, *secrets)) for secrets in [(SECRET,), (NEXT,), (SECRET, NEXT), ("x", NEXT)])
    assert not rolling.genuine(signed(BODY, "whsec_other"))
    assert not provider().genuine(signed(BODY, NEXT))


def test_only_an_insecure_server_believes_what_is_not_signed() -> None:
    settings = stripe_settings(webhook_secret=Secret(""))
    assert build(Site("kiosk", insecure=True), settings).genuine(call(BODY))


def now() -> int:
    return time.time_ns() // 1_000_000


@given(st.text(), st.integers(0, 299))
def test_stripes_own_library_makes_what_we_believe(body: str, old: int) -> None:
    raw, at = body.encode("utf-8", "surrogatepass"), now()
    if raw.decode("utf-8", "ignore") != body:
        return
    digits = stripe.WebhookSignature._compute_signature(f"{at // 1000 - old}.{body}", SECRET)
    header = f"t={at // 1000 - old},v1={digits}"
    assert provider().genuine(call(raw, {"stripe-signature": header}, at=at))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_stripes_own_library_believes_what_we_make(body: str, rolling: bool) -> None:
    secrets = (NEXT, SECRET) if rolling else (SECRET,)
    header = signing.header(secrets, now() // 1000, body.encode())
    assert stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body + "x", header, SECRET, 300)
