"""Daraja's codes (protocols.md 3.2): what became of a prompt, and what a refused request means.

Each has a plain sentence for the owner with the next step, and what it is called in the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from engine.payments import Failure
from engine.ports import Answer

PAID = "0"
UNDER_WAY = frozenset({"4999"})
"""Result codes of a question that mean: not decided yet."""
REFUSED_BY_M_PESA = "M-Pesa refused the payment"


class Result(NamedTuple):
    """How a prompt ended: in the engine's word, in a few words that customers may read, and as the owner reads it."""

    failure: Failure
    said: str
    sentence: str


RESULTS: Mapping[str, Result] = {
    "1": Result(
        Failure.NO_FUNDS,
        "not enough money",
        "The customer's M-Pesa balance is too low. They can top up, and try again.",
    ),
    "2": Result(
        Failure.REFUSED,
        "below M-Pesa's smallest amount",
        "The amount is below what M-Pesa takes. Offer another way for small orders.",
    ),
    "3": Result(
        Failure.REFUSED,
        "above M-Pesa's largest amount",
        "The amount is above what M-Pesa takes at once. Offer another way for large orders.",
    ),
    "4": Result(
        Failure.REFUSED,
        "the daily M-Pesa limit is reached",
        "The customer's daily limit (KES 500,000) would be passed. They can pay tomorrow, or another way.",
    ),
    "8": Result(
        Failure.REFUSED,
        "the shop can't take so much M-Pesa now",
        "The shop's own M-Pesa account would be over its limit. Withdraw from it, or have the limit raised.",
    ),
    "17": Result(
        Failure.REFUSED,
        "the same amount was paid just now; try again in 2 minutes",
        "M-Pesa takes the same amount from the same customer once in 2 minutes. They can try again then.",
    ),
    "1001": Result(
        Failure.REFUSED,
        "M-Pesa is busy with this phone; try again in a minute",
        "Another M-Pesa session is open on the customer's phone. They can try again in a minute.",
    ),
    "1019": Result(Failure.EXPIRED, "the time was over", "The prompt expired. The customer can try again."),
    "1025": Result(
        Failure.UNREACHABLE,
        "M-Pesa could not show the question",
        "The prompt could not be pushed; the text may be too long (182 characters). Shorten the shop's name at M-Pesa, "
        "or try again.",
    ),
    "9999": Result(
        Failure.UNREACHABLE,
        "M-Pesa could not show the question",
        "The prompt could not be pushed. The customer can try again.",
    ),
    "1032": Result(
        Failure.CANCELLED, "cancelled on the phone", "The customer cancelled on the phone. They can try again."
    ),
    "1037": Result(
        Failure.NO_ANSWER,
        "no answer from the phone",
        "The phone was off, out of reach, or nobody answered. The customer can try again.",
    ),
    "2001": Result(Failure.WRONG_PIN, "wrong PIN", "The PIN was wrong. The customer can try again."),
    "2028": Result(
        Failure.UNREACHABLE,
        "the shop's M-Pesa is not set up rightly",
        "The till or shortcode does not take this kind of payment. Check shortcode and till in shop.payments.",
    ),
    "SFC_IC0003": Result(
        Failure.UNREACHABLE,
        "the shop's M-Pesa is not set up rightly",
        "M-Pesa knows no such receiver. Check shortcode and till in shop.payments.",
    ),
    "8006": Result(
        Failure.REFUSED,
        "the M-Pesa PIN is locked: call Safaricom (100 or 234)",
        "The customer's M-Pesa credential is locked. They call Safaricom (100 or 234), or pay another way.",
    ),
}
"""By ResultCode, which is a number or a text; the code 0 is money."""


def result(code: str) -> Result:
    """What a code of failure means; one that nobody knows is a refusal, by its number."""
    number = code if SHORT.fullmatch(code) else "?"
    unknown = Result(Failure.REFUSED, f"code {number}", f"{REFUSED_BY_M_PESA} with code {number}. Try another way.")
    return RESULTS.get(code, unknown)


class Meaning(Enum):
    """What to do about a refused request."""

    NEVER = "never"
    """As it is it will always be refused."""
    TOKEN = "token"  # noqa: S105
    """The access token is not good any more."""
    OPERATOR = "operator"
    """The account or its settings are wrong."""
    BUSY = "busy"
    """This customer's phone is: not now."""
    NOT_NOW = "not now"
    """Not carried out, may be made again."""
    UNDER_WAY = "under way"
    """It is being carried out."""
    UNSURE = "unsure"
    """Nobody knows whether it was carried out."""


class Refusal(NamedTuple):
    """What an error means, and what the owner reads."""

    meaning: Meaning
    sentence: str


WRONG_REQUEST = "Daraja finds something wrong in the request. Check shortcode, till and passkey in shop.payments."
WRONG_TOKEN = "Daraja refuses the access token. Check consumer_key and consumer_secret in shop.payments."  # noqa: S105
WRONG_ADDRESS = "Daraja knows no such address or method. Check environment and base_url in shop.payments."
WRONG_KEYS = "Daraja refuses consumer_key and consumer_secret. Copy both from the app at developer.safaricom.co.ke."
TOO_BUSY = "Daraja is too busy just now; it is tried again."
NO_TELLING = "Daraja's answer was lost or makes no sense; what became of the request is told by its callback."

INTERNAL = "500.001.1001"
"""Its text decides (TEXTS)."""
ERRORS: Mapping[str, Refusal] = {
    "400.002.02": Refusal(Meaning.NEVER, WRONG_REQUEST),
    "400.002.05": Refusal(Meaning.NEVER, WRONG_REQUEST),
    "400.003.02": Refusal(Meaning.NEVER, WRONG_REQUEST),
    "400.003.01": Refusal(Meaning.TOKEN, WRONG_TOKEN),
    "404.001.03": Refusal(Meaning.TOKEN, WRONG_TOKEN),
    "404.001.01": Refusal(Meaning.NEVER, WRONG_ADDRESS),
    "404.003.01": Refusal(Meaning.NEVER, WRONG_ADDRESS),
    "404.001.04": Refusal(Meaning.NEVER, WRONG_ADDRESS),
    "405.001": Refusal(Meaning.NEVER, WRONG_ADDRESS),
    "400.008.01": Refusal(Meaning.OPERATOR, WRONG_KEYS),
    "400.008.02": Refusal(Meaning.OPERATOR, WRONG_KEYS),
    INTERNAL: Refusal(Meaning.UNSURE, NO_TELLING),
    "500.003.02": Refusal(Meaning.NOT_NOW, TOO_BUSY),
    "500.003.03": Refusal(Meaning.NOT_NOW, "The app's quota at Daraja is used up just now; it is tried again."),
    "500.003.1001": Refusal(Meaning.UNSURE, NO_TELLING),
}
TEXTS: tuple[tuple[str, Refusal], ...] = (
    ("being processed", Refusal(Meaning.UNDER_WAY, "M-Pesa still waits for the customer.")),
    ("lock subscriber", Refusal(Meaning.BUSY, RESULTS["1001"].sentence)),
    (
        "merchant",
        Refusal(Meaning.OPERATOR, "M-Pesa knows no such shortcode. Check shortcode and passkey in shop.payments."),
    ),
    ("credentials", Refusal(Meaning.OPERATOR, "M-Pesa refuses shortcode and passkey. Check both in shop.payments.")),
)
"""Words of an INTERNAL error's text, the first that fits counts."""
SHORT = re.compile(r"[0-9A-Za-z._]{1,16}")
"""A code that may be shown: what is longer, or holds anything else, is not one."""
UNAUTHORIZED, TOO_MANY, SERVER_ERRORS = 401, 429, 500


def refusal(answer: Answer) -> Refusal:
    """What an answer means that is not an acceptance."""
    error = decoded(answer.body)
    code, text = _text(error.get("errorCode")), _text(error.get("errorMessage")).lower()
    if code == INTERNAL:
        return next((what for words, what in TEXTS if words in text), ERRORS[INTERNAL])
    if code in ERRORS:
        return ERRORS[code]
    if answer.status == UNAUTHORIZED or code.startswith("401"):
        return Refusal(Meaning.TOKEN, WRONG_TOKEN)
    if answer.status == TOO_MANY:
        return Refusal(Meaning.NOT_NOW, TOO_BUSY)
    if 400 <= answer.status < SERVER_ERRORS:
        return Refusal(Meaning.NEVER, f"Daraja refuses the request ({code or f'HTTP {answer.status}'}).")
    return Refusal(Meaning.UNSURE, NO_TELLING)


def decoded(raw: bytes) -> dict[str, Any]:
    """The object that a body is; nothing for what is none."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _text(value: object) -> str:
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if len(text) <= 500 else ""
