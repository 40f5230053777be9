"""What Stripe's refusals mean (protocols.md 3.3): the class of each, and a plain sentence for the owner.

not sent, 429            not carried out: again
409                      the same request is being carried out: again, under the same key
lost answer, 5xx         nobody knows: again, under the same key
401, 403                 the operator must act
402                      the card was declined
any other 4xx            never: the request itself is wrong
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.payments._stripe import reading
from engine.books import Charged
from engine.errors import BadInput
from engine.payments import Failure, Intent
from engine.ports import Answer

UNDER_WAY = 409
NOT_NOW = 429
KEY_IS_WRONG = 401
MAY_NOT = 403
DECLINED = 402

NOT_REACHED = "Stripe could not be reached."
NOBODY_KNOWS = "Stripe's answer was lost or makes no sense; it is asked again under the same key."
OPERATORS: Mapping[int, str] = {
    KEY_IS_WRONG: "Stripe refuses this shop's secret_key. Copy the secret key anew from dashboard.stripe.com/apikeys.",
    MAY_NOT: "Stripe's key may not do this. Give the restricted key write access to Checkout Sessions and Refunds.",
}
SENTENCES: Mapping[str, str] = {
    "amount_too_small": "The amount is below what Stripe takes in this currency. Offer another way for small orders.",
    "amount_too_large": "The amount is above what Stripe takes at once.",
    "currency_not_supported": "The Stripe account can't take this currency. Switch on a payment method for it.",
    "url_invalid": "Stripe refuses success_url or cancel_url. Set server.public_url to an address that begins https://.",
    "account_closed": "The Stripe account is closed.",
    "platform_account_required": "The Stripe account can't do this. Finish its set-up at dashboard.stripe.com.",
    "testmode_charges_only": "The Stripe account is not activated for real money yet. Activate it, or use a test key.",
    "charge_already_refunded": "Stripe has sent this money back already.",
    "charge_disputed": "The customer disputes this payment at the bank, so Stripe can't send it back.",
    "balance_insufficient": "The Stripe balance is too low. Top it up, then refund again.",
    "insufficient_funds": "The Stripe balance is too low. Top it up, then refund again.",
    "resource_missing": "Stripe does not know this payment. Is secret_key that of the account which took it?",
    "idempotency_key_in_use": "Stripe is still carrying this out.",
}
"""Their codes; for any other the owner reads Stripe's own message."""
IDEMPOTENCY = "Stripe had this request before with other settings."


def refused(answer: Answer) -> bool:
    """Whether a request was surely not carried out, and never will be as it is."""
    return 400 <= answer.status < 500 and answer.status not in (UNDER_WAY, NOT_NOW, *OPERATORS)


def said(answer: Answer) -> tuple[str, str]:
    """An error's code and our sentence for it; both may be ""."""
    try:
        error = reading.decoded(answer.body).get("error")
    except BadInput:
        return "", ""
    code = reading.text(error, "code")
    if reading.text(error, "type") == "idempotency_error":
        return "idempotency_error", IDEMPOTENCY
    return code, SENTENCES.get(code) or reading.text(error, "message")


def uncharged(intent: Intent, answer: Answer) -> Charged:
    """What any answer but 200 to a request to pay means."""
    _, sentence = said(answer)
    if answer.status in (UNDER_WAY, NOT_NOW):
        has_it = reading.PROVIDER if answer.status == UNDER_WAY else ""
        return Charged(intent.id, asked=False, again=True, provider=has_it, reason=sentence or NOBODY_KNOWS)
    if not 400 <= answer.status < 500:
        return Charged(intent.id, asked=True, again=True, provider=reading.PROVIDER, reason=sentence or NOBODY_KNOWS)
    failure = Failure.REFUSED if answer.status == DECLINED else Failure.UNREACHABLE
    reason = OPERATORS.get(answer.status, sentence)
    return Charged(intent.id, False, provider=reading.PROVIDER, failure=failure.value, reason=reason)
