"""Reading what Daraja tells: the end of a prompt, C2B's questions and confirmations, and answers to questions.

Items of a callback are looked up by name, for their order varies and some have no value. Result codes are numbers or
texts, amounts numbers or texts in whole shillings.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

from adapters.payments._mpesa import codes
from engine import money
from engine.errors import BadInput
from engine.payment_calls import Question
from engine.payments import Failure, Intent, PaymentNews

PROVIDER = "mpesa"
CURRENCY = "KES"
TEXT_AT_MOST = 100
AMOUNT_AT_MOST = 20

Json = dict[str, Any]
EXACTLY = msgspec.json.Decoder(Json, float_hook=Decimal)


def decoded(raw: bytes) -> Json:
    """The object that a body is. Raises BadInput. Numbers stay exact."""
    try:
        return EXACTLY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("expected a JSON object") from None


# -- prompts ---------------------------------------------------------------------------------------------------------
def callback(raw: bytes, intent: str) -> PaymentNews:
    """What a callback says became of the prompt for ``intent``. Raises BadInput for what is no callback."""
    inner = decoded(raw).get("Body")
    told = inner.get("stkCallback") if isinstance(inner, dict) else None
    if not isinstance(told, dict):
        raise BadInput("expected an object with Body.stkCallback")
    name, code = text(told, "CheckoutRequestID"), text(told, "ResultCode")
    if not name or not code:
        raise BadInput("CheckoutRequestID or ResultCode: missing; they say what the callback is about")
    if code != codes.PAID:
        return failed(intent, name, code)
    items = _items(told)
    receipt = text(items, "MpesaReceiptNumber")
    return PaymentNews(
        id=receipt or f"paid-{name}",
        provider=PROVIDER,
        ok=True,
        amount=shillings(items.get("Amount")),
        currency=CURRENCY,
        intent=intent,
        provider_ref=name,
        transaction=receipt,
        payer=text(items, "PhoneNumber"),
    )


def _items(told: Json) -> Json:
    metadata = told.get("CallbackMetadata")
    listed = metadata.get("Item") if isinstance(metadata, dict) else None
    items = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one.get("Name")): one.get("Value") for one in items}


def failed(intent: str, name: str, code: str) -> PaymentNews:
    """A prompt that brought no money; one piece of news, however it is told."""
    why = codes.result(code)
    return PaymentNews(
        f"failed-{name}", PROVIDER, False, 0, "", intent, provider_ref=name, failure=why.failure, detail=why.said
    )


def never_heard_of(intent: Intent) -> PaymentNews:
    """The answer to a push was lost and no callback came while a prompt can last: nobody can be asked about it."""
    return PaymentNews(
        f"lost-{intent.id}",
        PROVIDER,
        False,
        0,
        "",
        intent.id,
        failure=Failure.NO_ANSWER,
        detail="M-Pesa never told what became of it",
    )


def paid(intent: Intent, name: str) -> PaymentNews:
    """What a question that says "paid" means. It knows neither sum nor receipt: those are the callback's, where one was
    overheard; else the prompt's sum, and the number comes later, or never."""
    told = intent.told.news if intent.told is not None else None
    if told is not None and told.ok and told.provider_ref == name:
        return msgspec.structs.replace(told, intent=intent.id, amount=told.amount or intent.amount)
    return PaymentNews(f"paid-{name}", PROVIDER, True, intent.amount, intent.currency, intent.id, provider_ref=name)


# -- C2B -------------------------------------------------------------------------------------------------------------
def question(raw: bytes) -> Question:
    """What C2B wants to know before it takes money. Raises BadInput."""
    told = decoded(raw)
    return Question(text(told, "BillRefNumber"), _paid_in(told), CURRENCY)


def confirmation(raw: bytes, numbers: frozenset[str]) -> PaymentNews:
    """Money that somebody paid by hand, for one of our ``numbers``. Raises BadInput. The payer's number is masked or
    hashed: it is kept as it is, and identifies nobody."""
    told = decoded(raw)
    name, of = text(told, "TransID"), text(told, "BusinessShortCode")
    if not name:
        raise BadInput("TransID: missing; it says which payment it is")
    if of not in numbers:
        raise BadInput(f"BusinessShortCode: {of!r} is not this shop's")
    return PaymentNews(
        id=name,
        provider=PROVIDER,
        ok=True,
        amount=_paid_in(told),
        currency=CURRENCY,
        reference=text(told, "BillRefNumber"),
        transaction=name,
        payer=text(told, "MSISDN"),
    )


def _paid_in(told: Json) -> int:
    amount = shillings(told.get("TransAmount"))
    if not amount:
        raise BadInput("TransAmount: expected an amount above 0")
    return amount


# -- values ----------------------------------------------------------------------------------------------------------
def text(told: Json, name: str) -> str:
    """A text or number under this name; "" where there is none, or what none of Daraja's names can be."""
    value = told.get(name)
    found = str(value).strip() if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else ""
    return found if found.isprintable() and len(found) <= TEXT_AT_MOST else ""


def shillings(given: object) -> int:
    """Minor units out of a number or text in shillings; 0 where there is no amount above nothing."""
    try:
        plain = isinstance(given, (str, int, Decimal)) and not isinstance(given, bool)
        value = Decimal(str(given)[:AMOUNT_AT_MOST]) if plain else Decimal()
    except InvalidOperation:
        return 0
    if not value.is_finite() or not 0 < value < money.LARGEST:
        return 0
    return int(value.scaleb(money.digits(CURRENCY)).to_integral_value(ROUND_HALF_UP))
