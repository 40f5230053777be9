"""What Ghala answers to what it does not do: ``{"code", "message"}`` (protocols.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.phones.meta.errors import BAD_PARAMETER, KINDS, MISSING, THROUGHPUT, UNAVAILABLE, WINDOW, GraphError

WORDS: Mapping[int, tuple[int, str]] = {
    WINDOW: (409, "outside_messaging_window"),
    THROUGHPUT: (429, "rate_limited"),
    UNAVAILABLE: (503, "unavailable"),
    BAD_PARAMETER: (422, "invalid_request"),
    MISSING: (422, "invalid_request"),
}
"""By WhatsApp's number: what Ghala sees itself. All else is WhatsApp's refusal."""
REJECTED = (502, "whatsapp_rejected")


class Refused(Exception):
    """A request that is not carried out: its HTTP status and body."""

    def __init__(self, status: int, code: str, message: str, whatsapp_code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        more = {"whatsapp_code": whatsapp_code} if whatsapp_code else {}
        self.body = msgspec.json.encode({"code": code, "message": message, **more})


def refused(error: GraphError) -> Refused:
    """WhatsApp's refusal in Ghala's words."""
    status, code = WORDS.get(error.code, REJECTED)
    if code == "unavailable":
        status = error.status
    number = error.code if (status, code) == REJECTED else 0
    return Refused(status, code, error.details or KINDS[error.code].title, number)
