"""Reading what Ghala says of a payment, in a webhook or when asked, as PaymentNews.

Money is told in major units and kept in minor ones. What became of one request is told under one id, however it is
told: by webhook, by webhook again, or in the answer to a question.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters.payments._ghala.names import Json, Names, found
from engine import money
from engine.errors import BadInput, ConfigError
from engine.payments import Failure, PaymentNews
from engine.ports import Call

PROVIDER = "ghala"
TEXT_AT_MOST = 200
"""Letters of an id or reason; what is longer is none."""
AMOUNT_AT_MOST = 30
NO_CURRENCY = 3 * "X"
"""ISO 4217's code for "no currency": money in one that nobody knows is recorded all the same, for the owner to see."""

PAID = frozenset({"success", "successful", "succeeded", "paid", "completed"})
UNPAID = frozenset({"failed", "cancelled", "canceled", "declined", "expired", "rejected"})
"""Words of a request's status; any other means that it is open."""

FAILURES = {
    **dict.fromkeys(
        ("cancelled", "canceled", "user_cancelled", "request_cancelled_by_user", "1032"), Failure.CANCELLED
    ),
    **dict.fromkeys(("insufficient_funds", "no_funds", "insufficient_balance", "1"), Failure.NO_FUNDS),
    **dict.fromkeys(("wrong_pin", "invalid_pin", "incorrect_pin", "2001"), Failure.WRONG_PIN),
    **dict.fromkeys(("no_answer", "no_response", "timeout", "timed_out", "unreachable", "1037"), Failure.NO_ANSWER),
    **dict.fromkeys(("expired", "1019"), Failure.EXPIRED),
}
"""Their reasons, and the result codes of M-Pesa behind them (protocols.md §3.2). Any other: it was refused."""


EXACTLY = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def webhook(call: Call, names: Names) -> list[PaymentNews]:
    """What a genuine webhook tells; nothing for events of another kind. Raises BadInput for what is no envelope."""
    body = decoded(call.raw)
    event, data = call.headers.get(names.event_header) or found(body, names.event), found(body, names.data)
    if not isinstance(event, str) or not isinstance(data, dict):
        raise BadInput(f"expected an object with {names.event!r} and {names.data!r}")
    if event not in filter(None, (names.success, names.failed, names.cancelled)):
        return []
    told = news(data, names, order=names.order, ok=event == names.success)
    if event == names.cancelled:
        told = replace(told, failure=Failure.CANCELLED, detail=told.detail or event)
    return [told]


def status(body: Json, names: Names) -> bool | None:
    """Whether a request that was asked about is paid; None while it is open."""
    word = folded(found(body, names.status))
    return True if word in PAID else False if word in UNPAID else None


def news(data: Json, names: Names, *, order: str, ok: bool) -> PaymentNews:
    """One payment that came (``ok``) or will not; ``order`` is what the request's id is called here. BadInput when it
    says neither what it is about nor, where money came, how much."""
    order_id, transaction = _text(data, order), _text(data, names.transaction)
    if not order_id and not (ok and transaction):
        raise BadInput(f"{order}: missing; it says which request was paid")
    currency = _currency(_text(data, names.currency)) if ok else ""
    failure, reason = why(data, names)
    return PaymentNews(
        id=(transaction or f"paid-{order_id}") if ok else f"failed-{order_id}",
        provider=PROVIDER,
        ok=ok,
        amount=_amount(found(data, names.amount), currency, names) if ok else 0,
        currency=currency,
        intent=_text(data, names.reference),
        provider_ref=order_id,
        reference=order_id,
        transaction=transaction,
        payer=_text(data, names.payer),
        failure=failure,
        detail="" if ok else reason,
    )


def why(data: Json, names: Names) -> tuple[Failure, str]:
    """Why a payment will not come, in our words and in theirs."""
    reason = _text(data, names.reason) or _text(data, names.status)
    return FAILURES.get(folded(reason), Failure.REFUSED), reason


def decoded(raw: bytes) -> Json:
    """The object that a body is. Raises BadInput. Numbers stay exact."""
    try:
        return EXACTLY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("expected a JSON object") from None


def folded(word: object) -> str:
    """A status or reason as it is looked up: "Insufficient funds" is "insufficient_funds"."""
    return "_".join(str(word).replace("-", " ").split()).lower() if isinstance(word, (str, int)) else ""


def major(amount: int, currency: str) -> int | Decimal:
    """Minor units as the dialect writes them: 3000, or 2999.5."""
    value = Decimal(amount).scaleb(-money.digits(currency))
    return int(value) if value == value.to_integral_value() else value


def _amount(given: object, currency: str, names: Names) -> int:
    """Minor units out of a number or text in major ones. Raises BadInput."""
    try:
        value = Decimal(str(given)[:AMOUNT_AT_MOST]) if isinstance(given, (str, int, Decimal)) else Decimal()
    except InvalidOperation:
        value = Decimal()
    minor = 0
    if value.is_finite() and 0 < value < money.LARGEST:
        minor = int(value.scaleb(money.digits(currency)).to_integral_value(ROUND_HALF_UP))
    if not minor:
        raise BadInput(f"{names.amount}: expected an amount in major units, above 0")
    return minor


def _currency(given: str) -> str:
    try:
        money.digits(given.upper())
    except ConfigError:
        return NO_CURRENCY
    return given.upper()


def _text(data: Json, name: str) -> str:
    """A text or number under this name; "" where there is none, or what no id can be."""
    value = found(data, name)
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if text.isprintable() and len(text) <= TEXT_AT_MOST else ""
