"""Zoho's error codes as tables: of the Inventory API (numbers), of the common platform behind it (words, which the CRM
API uses throughout), and of the token endpoint. protocols.md 4.1 to 4.3.

The sentence is for the shop's owner: what happened, then what to do. Zoho's own texts are never shown: they may repeat
what was sent, a customer's name and number with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.address import HOUR, MINUTE, Millis
from engine.messages import Outcome, OutcomeClass

SECOND: Millis = 1_000
RETRY, NEVER, OPERATOR = OutcomeClass.RETRY, OutcomeClass.NEVER, OutcomeClass.OPERATOR
THROTTLE = OutcomeClass.THROTTLE_NUMBER
"""The organisation's calls as a whole are too many."""

SCOPES = "ZohoInventory.items.READ, ZohoInventory.salesorders.ALL and ZohoInventory.contacts.READ"

TOKEN_REFUSED = Outcome(
    OPERATOR,
    code=57,
    reason=f"Zoho refuses this shop's token. Make a new refresh token with the scopes {SCOPES}, and check "
    "organization_id.",
)
UNDER_WAY = Outcome(RETRY, code=1, reason="Zoho is having trouble. Nothing to do: it is tried again.")
TOO_MANY = Outcome(
    THROTTLE,
    code=44,
    reason="Zoho takes no more calls this minute. Nothing to do: it goes on in a minute; if this is "
    "frequent, lower requests_per_minute.",
    wait=MINUTE,
)
MALFORMED = Outcome(
    NEVER,
    code=2,
    reason="Zoho refuses this order as malformed. Enter it in Zoho by hand under this reference number, and please "
    "report the code.",
)
GONE = Outcome(
    NEVER,
    code=1002,
    reason="Zoho does not know a record that this order names. Check customer_id in [shop.crm], and that its items are "
    "active in Zoho.",
)
NO_PERMISSION = Outcome(
    OPERATOR,
    code=1,
    reason="The user behind the refresh token may not do this. Give it the role for sales orders and items in Zoho.",
)

CODES: Mapping[int, Outcome] = {
    57: TOKEN_REFUSED,
    1002: GONE,
    2: MALFORMED,
    5: UNDER_WAY,
    1000: UNDER_WAY,
    44: TOO_MANY,
    45: Outcome(
        THROTTLE,
        code=45,
        reason="Zoho's calls of the day are used up. Orders wait until it takes them again; raise stock_minutes, or "
        "take a larger plan.",
        wait=HOUR,
    ),
    1070: Outcome(
        THROTTLE,
        code=1070,
        reason="Zoho carries out too many calls of this organisation at once. Nothing to do: it goes on in a moment.",
        wait=10 * SECOND,
    ),
}
"""Inventory API: ``code`` of an answer's body (protocols.md 4.2)."""

WORDS: Mapping[str, Outcome] = {
    "INVALID_TOKEN": TOKEN_REFUSED,
    "AUTHENTICATION_FAILURE": TOKEN_REFUSED,
    "OAUTH_SCOPE_MISMATCH": Outcome(
        OPERATOR,
        code=1,
        reason=f"The refresh token lacks a scope. Make a new one with {SCOPES}.",
    ),
    "NO_PERMISSION": NO_PERMISSION,
    "AUTHORIZATION_FAILED": NO_PERMISSION,
    "INVALID_MODULE": MALFORMED,
    "INVALID_DATA": MALFORMED,
    "MANDATORY_NOT_FOUND": MALFORMED,
    "DEPENDENT_FIELD_MISSING": MALFORMED,
    "DEPENDENT_MISMATCH": MALFORMED,
    "INVALID_REQUEST_METHOD": MALFORMED,
    "LIMIT_EXCEEDED": MALFORMED,
    "MULTIPLE_OR_MULTI_ERRORS": MALFORMED,
    # It has such a record already: the next try looks for it first, and finds it.
    "DUPLICATE_DATA": Outcome(RETRY, code=1, reason="Zoho has this order already. Nothing to do: it is looked for."),
    "RECORD_LOCKED": Outcome(
        RETRY, code=1, reason="Somebody is changing this record in Zoho. Nothing to do: it is tried again."
    ),
    "DEPENDENT_SERVICE_ERROR": UNDER_WAY,
    "INVALID_URL_PATTERN": MALFORMED,
    "TOO_MANY_REQUESTS": TOO_MANY,
    "INTERNAL_ERROR": UNDER_WAY,
}
"""Where ``code`` is a word (protocols.md 4.3)."""

REFRESH: Mapping[str, Outcome] = {
    "invalid_code": Outcome(
        OPERATOR,
        code=1,
        reason="Zoho does not know this refresh token: it was revoked, or is of another data centre. Make a new one, "
        "and check data_centre.",
    ),
    "invalid_client": Outcome(
        OPERATOR,
        code=1,
        reason="Zoho does not know this client. Check client_id, and that it was registered in this data_centre.",
    ),
    "invalid_client_secret": Outcome(
        OPERATOR, code=1, reason="Zoho refuses the client secret. Check client_secret in the API console."
    ),
    "access_denied": Outcome(
        THROTTLE,
        code=1,
        reason="Zoho was asked for too many tokens. Nothing to do: it is asked again in ten minutes.",
        wait=10 * MINUTE,
    ),
    "general_error": UNDER_WAY,
    "internal_error": UNDER_WAY,
    "server_error": UNDER_WAY,
}
"""``error`` of the token endpoint, which comes with HTTP 200 (protocols.md 4.1)."""

REFRESH_UNKNOWN = Outcome(
    OPERATOR, code=1, reason="Zoho gives no token. Check client_id, client_secret, refresh_token and data_centre."
)
NOT_REACHED = Outcome(RETRY, reason="Zoho can't be reached. Nothing to do: it is tried again.")
NO_ANSWER = Outcome(RETRY, reason="Zoho gave no answer. Nothing to do: it is asked again.")
NOBODY_KNOWS = Outcome(
    OutcomeClass.UNKNOWN,
    reason="Zoho's answer was lost. Nothing to do: the order is looked for before it is told again.",
    wait=10 * SECOND,
)
"""The wait is for Zoho: what it has just made must be found by a search."""


def meaning(status: int, code: object) -> Outcome:
    """What a refusal means: by its code where that is known, else by its HTTP status."""
    known = CODES.get(code) if isinstance(code, int) else WORDS.get(code) if isinstance(code, str) else None
    if known is not None:
        return known
    if status == 429:
        return TOO_MANY
    if status == 401:
        return TOKEN_REFUSED
    if status == 403:
        return NO_PERMISSION
    if status >= 500 or 300 <= status < 400:
        return UNDER_WAY
    number = code if isinstance(code, int) and code > 0 else status
    said = f"Zoho refuses this (code {number}). Enter the order there by hand under this reference number:"
    return Outcome(NEVER, code=number, reason=f"{said} it is found then.")
