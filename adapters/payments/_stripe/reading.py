"""Reading what Stripe says: events, sessions and refunds, as news of payments and refunds.

One session is paid once, however it is told: by ``completed``, by ``async_payment_succeeded``, again, or when asked;
all tell of it under its payment intent. A refund is told under its own id, also one that the owner makes at Stripe.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from adapters.payments._stripe import units
from engine.errors import BadInput
from engine.payments import Failure, PaymentNews, RefundNews

Json: TypeAlias = dict[str, Any]

PROVIDER = "stripe"
TEXT_AT_MOST = 500
AMOUNT_MOST = 10**15

COMPLETED = "checkout.session.completed"
LATER = "checkout.session.async_payment_succeeded"
FAILED_LATER = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
REFUNDED = "charge.refunded"
PAID = frozenset({"paid", "no_payment_required"})
"""A session is fulfilled only when its ``payment_status`` is not ``unpaid``."""
NOT_REFUNDED = frozenset({"failed", "canceled"})
"""A refund's statuses that send nothing; ``pending`` and ``requires_action`` are on their way, and may fail yet."""
PI_ENDED = frozenset({"requires_payment_method", "canceled"})
"""Where a payment intent stands after a method that takes days has failed."""

REFUND_FAILURES = {
    "lost_or_stolen_card": "the customer's card was reported lost or stolen",
    "expired_or_canceled_card": "the customer's card is closed",
    "charge_for_pending_refund_disputed": "the customer disputes the payment at the bank",
    "insufficient_funds": "the Stripe balance is too low",
    "declined": "the customer's bank declined it",
    "merchant_request": "it was cancelled at Stripe",
}


def event(raw: bytes, shop: str) -> tuple[tuple[PaymentNews, ...], tuple[RefundNews, ...]]:
    """What a genuine event tells of this shop: nothing for kinds that we don't know, and for sales that are not ours.
    Raises BadInput for what is no event, or tells of money without saying how much."""
    body = decoded(raw)
    kind, inner = body.get("type"), body.get("data")
    what = inner.get("object") if isinstance(inner, dict) else None
    if not isinstance(kind, str) or not isinstance(what, dict):
        raise BadInput("expected an event with type and data.object")
    if kind in REFUND_EVENTS:
        return (), tuple(refunds([what]))
    if kind == REFUNDED:  # only older versions of the API list the refunds here; else each comes as its own event
        return (), tuple(refunds(listed(what.get("refunds"))))
    if intent_of(what).partition("/")[0] != shop:
        return (), ()
    if kind in (COMPLETED, LATER):
        found = paid(what)
        return ((found,) if found is not None else ()), ()
    if kind in (FAILED_LATER, EXPIRED):
        why = Failure.EXPIRED if kind == EXPIRED else Failure.REFUSED
        return (failed(what, why),), ()
    return (), ()


def paid(session: Json) -> PaymentNews | None:
    """The money of a session; None while it is not there. Raises BadInput."""
    if session.get("payment_status") not in PAID:
        return None
    name, currency, total = text(session, "id"), text(session, "currency"), session.get("amount_total")
    if not name or not currency or type(total) is not int or not 0 <= total < AMOUNT_MOST:
        raise BadInput("expected a session with id, amount_total and currency")
    if not total:
        return None  # nothing was to be paid, so it is no request of ours
    amount, code = units.ours(total, currency)
    transaction = payment_intent(session)
    return PaymentNews(
        id=transaction or name,
        provider=PROVIDER,
        ok=True,
        amount=amount,
        currency=code,
        intent=intent_of(session),
        provider_ref=name,
        reference=text(session.get("metadata"), "order"),
        transaction=transaction,
        payer=text(session.get("customer_details"), "phone") or text(session.get("customer_details"), "email"),
    )


def failed(session: Json, why: Failure, detail: str = "") -> PaymentNews:
    """A session that will not be paid any more. Raises BadInput for one without an id."""
    name = text(session, "id")
    if not name:
        raise BadInput("expected a session with an id")
    return PaymentNews(
        f"failed-{name}",
        PROVIDER,
        False,
        0,
        "",
        intent=intent_of(session),
        provider_ref=name,
        failure=why,
        detail=detail,
    )


def refunds(found: list[Json]) -> list[RefundNews]:
    """What refunds tell; those that belong to no payment intent are not ours."""
    return [refund(one) for one in found if payment_intent(one)]


def refund(one: Json) -> RefundNews:
    """One refund. Raises BadInput."""
    name, currency, amount = text(one, "id"), text(one, "currency"), one.get("amount")
    if not name or type(amount) is not int or not 0 < amount < AMOUNT_MOST:
        raise BadInput("expected a refund with id, amount and currency")
    ok = one.get("status") not in NOT_REFUNDED
    why = text(one, "failure_reason")
    return RefundNews(
        name,
        PROVIDER,
        payment_intent(one),
        units.ours(amount, currency)[0],
        ok=ok,
        key=text(one.get("metadata"), "refund"),
        detail="" if ok else REFUND_FAILURES.get(why, f"Stripe says: {why or one.get('status')}"),
    )


def listed(found: object) -> list[Json]:
    """The objects of one of Stripe's lists."""
    data = found.get("data") if isinstance(found, dict) else None
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def intent_of(session: Json) -> str:
    """Our own id of a session; "" where it is none of ours."""
    return text(session, "client_reference_id") or text(session.get("metadata"), "intent")


def payment_intent(what: Json) -> str:
    """The id of its payment intent, whether that is expanded or not."""
    found = what.get("payment_intent")
    return text(found, "id") if isinstance(found, dict) else text(what, "payment_intent")


def decoded(raw: bytes) -> Json:
    """The object that a body is. Raises BadInput."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("expected a JSON object") from None


def text(what: object, name: str) -> str:
    """A text under this name; "" where there is none, or what no id can be."""
    value = what.get(name) if isinstance(what, dict) else None
    found = value.strip() if isinstance(value, str) else ""
    return found if found.isprintable() and len(found) <= TEXT_AT_MOST else ""
