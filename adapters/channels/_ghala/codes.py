"""Ghala's error codes (protocols.md 3.1) as one table, and what an HTTP status means that comes without one.

The sentence is for the shop's owner: what happened, then what to do. Ghala's own texts are never shown: what is in them
is not documented, and they may hold a customer's number.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.channels._whatsapp import codes as whatsapp
from adapters.channels._whatsapp.codes import NEVER, NUMBER, OPERATOR, RETRY, SECOND, Meaning
from engine.messages import OutcomeClass

NOT_THERE = 404
"""With a code it is about the message; without one nobody at this address is Ghala."""
IN_PROGRESS = "idempotency_in_progress"

CODES: Mapping[str, Meaning] = {
    "not_authenticated": Meaning(
        OPERATOR, "Ghala does not accept this shop's key. Make a new one in Ghala's dashboard and put it into api_key."
    ),
    "plan_feature_locked": Meaning(
        OPERATOR, "The account's plan at Ghala does not include this. Change the plan in Ghala's dashboard."
    ),
    IN_PROGRESS: Meaning(
        RETRY, "Ghala is still busy with this very message. Nothing to do: it is asked again.", 2 * SECOND
    ),
    "outside_messaging_window": Meaning(
        OutcomeClass.NEEDS_TEMPLATE,
        "The customer last wrote over 24 hours ago. Only a template may go until they write.",
    ),
    "idempotency_key_reused": Meaning(
        NEVER, "Ghala has seen this message's name with other words before. Please report this with the time."
    ),
    "rate_limited": Meaning(
        NUMBER, "The number sends faster than Ghala allows. If this repeats, lower messages_per_second.", 2 * SECOND
    ),
    "whatsapp_rejected": Meaning(
        NEVER, "WhatsApp refused the message. Look into the message's log in Ghala's dashboard for the reason."
    ),
    "unavailable": Meaning(RETRY, "Ghala is having trouble. Nothing to do: it will be sent again."),
}

STATUSES: Mapping[int, Meaning] = {
    401: CODES["not_authenticated"],
    402: CODES["plan_feature_locked"],
    403: Meaning(OPERATOR, "Ghala does not let this key send messages. Check the key's rights in Ghala's dashboard."),
    NOT_THERE: Meaning(OPERATOR, "Ghala has nothing at this address. Check base_url, dialect and names."),
    408: CODES["unavailable"],
    409: CODES[IN_PROGRESS],
    422: Meaning(NEVER, "Ghala refused the message as malformed. Check dialect and names; else please report this."),
    429: CODES["rate_limited"],
    503: CODES["unavailable"],
}
"""By HTTP status, for a code that is new or none."""
REFUSED = Meaning(NEVER, "Ghala refused the message. Look for it in Ghala's dashboard.")
BROKEN = Meaning(RETRY, "Ghala could not be reached behind its own gateway. Nothing to do: it is tried again.", SECOND)


def meaning(code: str, whatsapp_code: int, status: int) -> Meaning | None:
    """What a refusal means: by WhatsApp's number, by Ghala's word, else by the HTTP status. None for a broken server,
    of which nobody knows what it did."""
    by_number = whatsapp.meaning(whatsapp_code) if whatsapp_code else None
    known = by_number or CODES.get(code) or (None if code and status == NOT_THERE else STATUSES.get(status))
    if known is None and status >= 500:
        return BROKEN if code else None
    return known or REFUSED


def sentence_of(code: str, whatsapp_code: int) -> str:
    """The owner's sentence for the error in a status, "" when there is none."""
    if whatsapp_code:
        return whatsapp.sentence(whatsapp_code)
    return CODES.get(code, REFUSED).reason if code else ""
