"""What Twilio answers to what it does not do: ``{"code", "message", …}`` (protocols.md 2.5, 2.7)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.phones.meta.errors import PAIR, SELF, TEMPLATE_MISSING, THROUGHPUT, UNAVAILABLE, GraphError

WORDS: Mapping[int, tuple[int, int]] = {
    THROUGHPUT: (429, 20429),
    PAIR: (429, 20429),
    UNAVAILABLE: (503, 20503),
    SELF: (400, 63031),
    TEMPLATE_MISSING: (400, 21656),
}
"""By WhatsApp's number: HTTP status and Twilio's code. All else is a bad parameter."""
BAD = (400, 21211)


class Refused(Exception):
    """A request that is not carried out: its HTTP status and body."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        more = f"https://www.twilio.com/docs/errors/{code}"
        self.body = msgspec.json.encode({"code": code, "message": message, "more_info": more, "status": status})


def refused(error: GraphError) -> Refused:
    """WhatsApp's refusal in Twilio's words."""
    status, code = WORDS.get(error.code, BAD)
    return Refused(error.status if error.code == UNAVAILABLE else status, code, error.details or "Refused.")
