"""What Stripe refuses a request with: ``{"error": {"type", "code", "message", "param"}}`` (protocols.md 3.3)."""

from __future__ import annotations

import msgspec

INVALID = "invalid_request_error"


class Refused(Exception):
    """A request that breaks the API's rules."""

    def __init__(self, status: int, message: str, *, kind: str = INVALID, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        error = {"code": code, "message": message, "param": param, "type": kind}
        self.body = msgspec.json.encode({"error": {name: value for name, value in error.items() if value}})


def missing(param: str) -> Refused:
    """A parameter that must be there is not."""
    return Refused(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> Refused:
    """A parameter that nobody knows."""
    return Refused(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_integer(param: str, value: object) -> Refused:
    """A parameter that is no whole number."""
    return Refused(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)


def not_there(what: str, name: str, param: str) -> Refused:
    """Nothing of this id, or another account's."""
    return Refused(404, f"No such {what}: '{name}'", code="resource_missing", param=param)
