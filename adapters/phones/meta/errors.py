"""Meta's error bodies: one table of codes, one exception that carries a refusal to the edge.

Source: the error codes of the Cloud API reference. A refusal looks like this:

    {"error": {"message": "(#131009) Parameter value is not valid", "type": "OAuthException", "code": 131009,
               "error_data": {"messaging_product": "whatsapp", "details": "…"}, "fbtrace_id": "A…"}}
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Kind(NamedTuple):
    """``status`` is the HTTP status that Meta answers with, ``title`` the fixed words behind the code."""

    status: int
    title: str


AUTH = 190
OBJECT_GONE = 33
BAD_PARAMETER = 100
MISSING = 131008
INVALID = 131009
UNSUPPORTED = 131051
SELF = 131021
WINDOW = 131047
PAIR = 131056
THROUGHPUT = 130429
UNAVAILABLE = 131016
GENERIC = 131000
MEDIA_UPLOAD = 131053
TEMPLATE_PARAMETERS = 132000
TEMPLATE_MISSING = 132001
TEMPLATE_PAUSED = 132015
TEMPLATE_DISABLED = 132016
BSUID_NOT_ALLOWED = 131062

KINDS: dict[int, Kind] = {
    AUTH: Kind(401, "Invalid OAuth access token - Cannot parse access token"),
    OBJECT_GONE: Kind(400, "Unsupported request. Object does not exist or the business phone number was deleted"),
    BAD_PARAMETER: Kind(400, "Invalid parameter"),
    MISSING: Kind(400, "Required parameter is missing"),
    INVALID: Kind(400, "Parameter value is not valid"),
    UNSUPPORTED: Kind(400, "Message type is not supported"),
    SELF: Kind(400, "Recipient cannot be sender"),
    WINDOW: Kind(400, "Re-engagement message"),
    PAIR: Kind(400, "(Business Account, Consumer Account) pair rate limit hit"),
    THROUGHPUT: Kind(400, "Rate limit hit"),
    UNAVAILABLE: Kind(500, "Service unavailable"),
    GENERIC: Kind(500, "Something went wrong"),
    MEDIA_UPLOAD: Kind(400, "Media upload error"),
    TEMPLATE_PARAMETERS: Kind(400, "Number of parameters does not match the expected number of params"),
    TEMPLATE_MISSING: Kind(404, "Template name does not exist in the translation"),
    TEMPLATE_PAUSED: Kind(400, "Template is paused"),
    TEMPLATE_DISABLED: Kind(400, "Template is disabled"),
    BSUID_NOT_ALLOWED: Kind(400, "Business-scoped user id recipients are not supported for this message"),
}


class GraphError(Exception):
    """A request that Meta refuses. ``details`` says what was wrong, in Meta's manner; ``status`` overrides the
    table's HTTP status (a made-up outage)."""

    def __init__(self, code: int, details: str = "", status: int = 0) -> None:
        super().__init__(f"(#{code}) {details}")
        self.code = code
        self.details = details
        self.status = status or KINDS[code].status

    def body(self, trace: str) -> bytes:
        """The JSON that Meta answers with; ``trace`` goes into fbtrace_id."""
        title = KINDS[self.code].title
        error: dict[str, object] = {
            "message": title if self.code == AUTH else f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = trace
        return msgspec.json.encode({"error": error})

    def status_error(self) -> dict[str, object]:
        """The same refusal as it stands in a ``failed`` status."""
        title = KINDS[self.code].title
        return {
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": {"details": self.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }
