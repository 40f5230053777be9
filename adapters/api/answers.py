"""What the API answers, in one form for all of it.

What is read comes as it is; lists as ``{"data": […], "page", "pageSize", "more"}``. What changes something answers
``{"success": true, "message", "data"}``. Every refusal is RFC 9457's problem and the form of flows.md §4 in one body:

    {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "…",
     "success": false, "message": "…", "errors": {"quantity": "…"}}

``message`` is the same sentence as ``detail``; ``errors`` has one for each faulty field.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

PROBLEM = "application/problem+json"
JSON = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """A whole answer, as it leaves."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = {}


class Done(msgspec.Struct, Generic[T], frozen=True):
    """Something was changed; ``message`` says so in a sentence."""

    message: str
    data: T
    success: bool = True


class Later(msgspec.Struct, frozen=True):
    """It is kept and will be done, but was not done while its sender waited. Sending it again is not needed."""

    message: str = "It is kept and will be done soon; it need not be sent again."
    success: bool = True


class Page(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """A part of a list, newest first. ``more``: there is a page behind this one."""

    data: list[T]
    page: int
    page_size: int
    more: bool


class Problem(msgspec.Struct, frozen=True):
    """Why something was not done; ``errors`` names every faulty field with its sentence."""

    title: str
    status: int
    detail: str
    message: str
    errors: dict[str, str] = {}
    type: str = "about:blank"
    success: bool = False


class Refusal(Exception):
    """Raised by whatever finds that a request can't be carried out: the status, a sentence, and the faulty fields."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})


def faulty(errors: Mapping[str, str]) -> Refusal:
    """The refusal that names these faulty fields."""
    return Refusal(HTTPStatus.BAD_REQUEST, "Please correct: " + ", ".join(errors) + ".", errors)


def answered(thing: object, status: int = HTTPStatus.OK) -> Answer:
    """Something as JSON."""
    return Answer(status, msgspec.json.encode(thing), JSON)


def refused(refusal: Refusal) -> Answer:
    """A refusal as its problem."""
    title = HTTPStatus(refusal.status).phrase
    problem = Problem(title, refusal.status, refusal.message, refusal.message, refusal.errors)
    return Answer(refusal.status, msgspec.json.encode(problem), PROBLEM, refusal.headers)
