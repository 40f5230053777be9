"""What Daraja refuses a request with: ``{"requestId", "errorCode", "errorMessage"}`` (protocols.md 3.2)."""

from __future__ import annotations

import msgspec


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = msgspec.json.encode({"requestId": "r-1", "errorCode": code, "errorMessage": message})


def invalid(field: str) -> Refused:
    """A field that breaks its rule."""
    return Refused(400, "400.002.02", f"Bad Request - Invalid {field}")


NO_JSON = Refused(400, "400.002.05", "Invalid Request Payload")
NO_SUCH_ADDRESS = Refused(404, "404.001.01", "Resource not found")
WRONG_METHOD = Refused(405, "405.001", "Method Not Allowed")
WRONG_KEYS = Refused(400, "400.008.01", "Invalid Authentication passed")
WRONG_GRANT = Refused(400, "400.008.02", "Invalid grant type passed")
WRONG_TOKEN = Refused(404, "404.001.03", "Invalid Access Token")
NO_TOKEN = Refused(404, "404.001.04", "Invalid Authentication Header")
NO_MERCHANT = Refused(500, "500.001.1001", "Merchant does not exist")
WRONG_PASSWORD = Refused(500, "500.001.1001", "Wrong credentials")
LOCKED = Refused(
    500, "500.001.1001", "Unable to lock subscriber, a transaction is already in process for the current subscriber"
)
UNDER_WAY = Refused(500, "500.001.1001", "The transaction is being processed")
BUSY = Refused(500, "500.003.02", "Error Occurred: Spike Arrest Violation")
ILL = (500, "500.003.1001", "Internal Server Error")
REGISTERED = Refused(500, "500.003.1001", "Urls are already registered")
