"""One endpoint of the API: declared once, where it is handled, and read from there.

    orders = Noun("orders", "What customers have ordered.")

    @orders.get("/api/admin/orders/<number>", "One order with its history", access=EITHER)
    async def shown(call: Call, number: OrderNumber) -> OrderShown: ...

The handler's annotations are the contract: parameters named in the path, ``query`` and ``body`` are read as their types
say before it is called, and its result is the answer. The document is made of the same (``adapters.api.openapi``).

Own declarations rather than quart-schema's: that validates with msgspec as a whole, which stops at the first fault,
and only after the body of a stranger was read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from adapters.api.answers import Later
from engine.ports import Store
from engine.running import Running
from engine.shop import Shop

Handler = Callable[..., Awaitable[object]]
H = TypeVar("H", bound=Handler)

BEARER, BASIC = "bearer", "basic"
EITHER = frozenset({BEARER, BASIC})
TOKEN = frozenset({BEARER})

HOME = "micro_sales"
"""The flow whose paths ``/api/admin/…`` are in flows.md: meant where one secret opens several shops."""

PARAMETER = re.compile(r"<([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a handler sees it: let in, and read.

    ``by``: the owner's name, for histories. ``key`` is the Idempotency-Key, "" without one. ``request`` names this
    request: the same for the same key, path and body, else new each time.
    """

    running: Running
    shop: Shop
    by: str
    key: str
    request: str

    @property
    def store(self) -> Store:
        return self.running.store


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """``status``: of success. ``flows``: the kinds of shop that have it; all when empty. ``home``: where several shops
    take the same secret on a bare path, the one of this flow is meant. ``own_key``: it knows by itself what an
    Idempotency-Key was used for. ``refuses``: what a 404 or 409 means here."""

    method: str
    path: str
    summary: str
    noun: str
    access: frozenset[str]
    handle: Handler
    status: int
    flows: frozenset[str]
    home: str
    own_key: bool
    refuses: Mapping[int, str]
    parameters: Mapping[str, Any]
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    answer: Any
    later: bool
    form: re.Pattern[str]

    @property
    def name(self) -> str:
        """Unique in the document."""
        return f"{self.noun}_{self.handle.__name__}"

    @property
    def about(self) -> str:
        """What its handler's docstring says."""
        return inspect.getdoc(self.handle) or ""

    @property
    def changes(self) -> bool:
        return self.method != "GET"


class Noun:
    """The endpoints of one noun, in their order. A noun that fills two files says only in one what it is ``about``."""

    def __init__(self, name: str, about: str = "") -> None:
        self.name = name
        self.about = about
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, summary: str, **more: Any) -> Callable[[H], H]:
        return self._endpoint("GET", path, summary, **more)

    def post(self, path: str, summary: str, **more: Any) -> Callable[[H], H]:
        return self._endpoint("POST", path, summary, **more)

    def put(self, path: str, summary: str, **more: Any) -> Callable[[H], H]:
        return self._endpoint("PUT", path, summary, **more)

    def delete(self, path: str, summary: str, **more: Any) -> Callable[[H], H]:
        return self._endpoint("DELETE", path, summary, **more)

    def _endpoint(
        self,
        method: str,
        path: str,
        summary: str,
        *,
        access: frozenset[str] = EITHER,
        status: int = 200,
        flows: frozenset[str] = frozenset(),
        home: str = "",
        own_key: bool = False,
        refuses: Mapping[int, str] | None = None,
    ) -> Callable[[H], H]:
        def declare(handle: H) -> H:
            hints = get_type_hints(handle, include_extras=True)
            answer = hints.pop("return")
            answers = get_args(answer) if get_origin(answer) in (Union, UnionType) else (answer,)
            names = PARAMETER.findall(path)
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=path,
                    summary=summary,
                    noun=self.name,
                    access=access,
                    handle=handle,
                    status=status,
                    flows=flows,
                    home=home,
                    own_key=own_key,
                    refuses=refuses or {},
                    parameters={name: hints[name] for name in names},
                    query=hints.get("query"),
                    body=hints.get("body"),
                    answer=answers[0],
                    later=Later in answers,
                    form=_form(path),
                )
            )
            return handle

        return declare


def _form(path: str) -> re.Pattern[str]:
    """The pattern of a path as it is sent, percent signs and all."""
    return re.compile(PARAMETER.sub(r"(?P<\1>[^/]+)", path))
