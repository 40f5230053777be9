"""What went wrong, on pages: in the body of the API's refusals (adapters.api.answers), so that all refuse alike."""

from __future__ import annotations

from quart import Response

from adapters.api.answers import Refusal, refused

MISSING = "There is nothing at this address."
STORE_OUT = "The store is not open; please try again."


def problem(status: int, message: str) -> Response:
    """A refusal as Quart's answer."""
    answer = refused(Refusal(status, message))
    return Response(answer.body, answer.status, content_type=answer.content_type)
