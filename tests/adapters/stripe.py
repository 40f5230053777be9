"""What the tests of the payment provider ``stripe`` share: the adapter, its cases, intents and payments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adapters.kinds import Site
from adapters.payments._stripe import signing
from adapters.payments.stripe import Stripe, StripeSettings, build
from adapters.settings import Secret
from engine.address import MINUTE
from engine.payments import Intent, Payment, PaymentState, Way
from engine.ports import Call
from tests.adapters.calls import call
from tests.adapters.fake_world import START

CASES = Path(__file__).parents[1] / "cases" / "stripe"
KEY, SECRET, NEXT = "sk_test_1", "whsec_test_secret_1", "whsec_test_secret_2"
INTENT = "kiosk/c1:6:pay"


def cases(name: str) -> list[Any]:
    """The cases of one file, each named by its title."""
    found = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["title"]) for case in found]


def stripe_settings(**changes: Any) -> StripeSettings:
    given: dict[str, Any] = {"secret_key": Secret(KEY), "webhook_secret": Secret(SECRET)}
    return StripeSettings(**(given | changes))


def provider(shop: str = "kiosk", **changes: Any) -> Stripe:
    return build(Site(shop, "https://shop.example.test"), stripe_settings(**changes))


def intent(name: str = INTENT, *, amount: int = 300_000, currency: str = "KES", **changes: Any) -> Intent:
    given: dict[str, Any] = {"reference": "ORD-1", "expires_at": START + 30 * MINUTE}
    what = (name, "kiosk", "c1", "ORD-1", Way.CARD, amount, currency, START)
    return Intent(*what, **(given | changes))


def payment(transaction: str = "pi_1", *, amount: int = 300_000, **changes: Any) -> Payment:
    """Money that came through Stripe and of which something shall go back."""
    given: dict[str, Any] = {"state": PaymentState.REFUNDING, "refunding": amount, "refunds": 1, "order": "ORD-1"}
    made = {**given, "intent": INTENT, "customer": "c1", "transaction": transaction, **changes}
    return Payment(f"stripe:{transaction}", "kiosk", "stripe", amount, "KES", START, **made)


def signed(raw: bytes, *secrets: str, at: int = START, old: int = 0) -> Call:
    """A call as Stripe makes it, ``old`` seconds after it was signed."""
    header = signing.header(secrets or (SECRET,), at // 1000 - old, raw)
    return call(raw, {"stripe-signature": header}, at=at)


def fields(body: bytes) -> dict[str, str]:
    """A form as it was sent."""
    return dict(parse_qsl(body.decode(), strict_parsing=True))
