"""From a request to an endpoint and back: route, let in, read, handle, answer. ASGI, before everything that is a page.

    path → 404, 405 │ store is out → 503 │ secret → 401 │ other site → 403 │ body → 408, 413, 415 │ fields → 400

In this order, so that nothing of a stranger's is read, and nobody learns what is there without a secret. A shop's
secret decides which shop is meant on a path that several share; below ``/s/<shop>/`` it must be that shop's.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast
from urllib.parse import unquote

import trio
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

from adapters.api import openapi, reading
from adapters.api.answers import Answer, Later, Refusal, answered, faulty, refused
from adapters.api.endpoint import BASIC, BEARER, Call, Endpoint
from adapters.api.endpoints import ENDPOINTS
from adapters.api.fields import IdempotencyKey
from adapters.api.repeating import once
from adapters.web.access import Access, OwnerConfig
from adapters.web.body import Bodies, BodyError
from adapters.web.webhooks import Engine
from engine.errors import StoreError
from engine.running import Running
from engine.shop import Shop

log = logging.getLogger("sokoni.api")

BODY_AT_MOST = 256 * 1024
BODY_SECONDS = 10.0
ALL_BODIES = 8 * 1024 * 1024
CALL_SECONDS = 25.0
"""For one request from its body on; no client waits much longer."""
RETRY_SECONDS = "2"
"""After which a request that the store could not take may be tried again."""

OF_SHOP = re.compile(r"/s/([^/]+)(/.*)")
CHALLENGES = {BEARER: 'Bearer realm="sokoni"', BASIC: 'Basic realm="sokoni", charset="UTF-8"'}
"""What a client without access is asked for (RFC 6750, RFC 7617)."""
ELSEWHERE = ("cross-site", "same-site")
"""Values of Sec-Fetch-Site that only another site's page has: a browser adds a Basic password by itself."""

STORE_OUT = "The store takes nothing just now. Please try again in a moment."
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Owner:
    """Whoever may use one shop's API."""

    def __init__(self, config: OwnerConfig) -> None:
        self.name = config.user
        self._access = Access(config)

    def opens(self, access: frozenset[str], authorization: str) -> bool:
        """Whether this Authorization header may use what ``access`` guards; both ways are tried, whichever fits."""
        bearer, basic = self._access.bearer(authorization), self._access.basic(authorization)
        return (bearer and BEARER in access) or (basic and BASIC in access)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request leads. ``shop``: the one that the path names, "" on a bare path."""

    path: str
    shop: str
    endpoints: Sequence[Endpoint]

    def shops(self, running: Running) -> list[Shop]:
        """The shops that have anything here."""
        flows = frozenset[str]().union(*[one.flows for one in self.endpoints])
        named = [shop for name, shop in running.around.shops.items() if self.shop in ("", name)]
        return [shop for shop in named if not flows or shop.flow in flows]


class Api:
    """The API of all shops; ``before`` puts it in front of the pages."""

    def __init__(self, engine: Engine, owners: Mapping[str, OwnerConfig]) -> None:
        self._engine = engine
        self._owners = {shop: Owner(config) for shop, config in owners.items()}
        self._bodies = Bodies(BODY_AT_MOST, BODY_SECONDS, ALL_BODIES)

    def before(self, pages: ASGIFramework) -> ASGIFramework:
        """An application that answers what is the API's, and leaves the rest to ``pages``."""

        async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            http = cast(HTTPScope, scope)
            place = self._place(http) if scope["type"] == "http" else None
            if place is None:
                await pages(scope, receive, send)
                return
            answer = await self._answer(place, http, receive)
            await _send(send, answer, http["method"])

        return app

    def _place(self, scope: HTTPScope) -> Place | None:
        """What of the API is at this path; None when nothing is."""
        raw = scope["raw_path"].decode("latin1")
        found = OF_SHOP.fullmatch(raw)
        shop, path = (unquote(found[1]), found[2]) if found else ("", raw)
        fitting = [one for one in ENDPOINTS if one.form.fullmatch(path)]
        if not fitting and path != openapi.PATH:
            return None
        fewest = min((len(one.parameters) for one in fitting), default=0)  # ``received`` is no payment's id
        endpoints = [one for one in fitting if len(one.parameters) == fewest]
        place = Place(path, shop, endpoints)
        running = self._engine.running
        return place if running is None or place.shops(running) else None

    async def _answer(self, place: Place, scope: HTTPScope, receive: ASGIReceiveCallable) -> Answer:
        try:
            with trio.move_on_after(CALL_SECONDS):
                return await self._answered(place, scope, receive)
            raise _store_out()
        except Refusal as refusal:
            return refused(refusal)
        except BodyError as error:
            return refused(Refusal(error.status, f"It was refused: {error}."))
        except StoreError:
            return refused(_store_out())
        except Exception as error:
            log.error("api_crashed", exc_info=error)
            return refused(Refusal(500, "This is a mistake of ours; it is in the log."))

    async def _answered(self, place: Place, scope: HTTPScope, receive: ASGIReceiveCallable) -> Answer:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        allowed = [one.method for one in place.endpoints] or ["GET"]
        if method not in allowed:
            allow = ", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])])
            raise Refusal(405, f"Here one can {allow}.", headers={"allow": allow})
        running = self._engine.running
        if running is None:
            raise _store_out()
        if not place.endpoints:
            flows = {shop.flow for shop in place.shops(running)} if place.shop else None
            return Answer(200, openapi.written(flows, f"/s/{place.shop}" if place.shop else ""))
        endpoint = next(one for one in place.endpoints if one.method == method)
        headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
        shop = self._let_in(endpoint, place, running, headers.get("authorization", ""))
        if endpoint.changes and headers.get("sec-fetch-site") in ELSEWHERE:
            raise Refusal(403, "This comes from another site's page, so it is not carried out.")
        return await self._called(endpoint, place, shop, running, headers, scope["query_string"], receive)

    def _let_in(self, endpoint: Endpoint, place: Place, running: Running, authorization: str) -> Shop:
        """The shop whose secret this is."""
        shops = [shop for shop in place.shops(running) if shop.name in self._owners]
        opened = [shop for shop in shops if self._owners[shop.name].opens(endpoint.access, authorization)]
        if not opened:
            asked = ", ".join(CHALLENGES[scheme] for scheme in sorted(endpoint.access, reverse=True))
            raise Refusal(401, "Please give a secret of this shop's.", headers={"www-authenticate": asked})
        meant = [shop for shop in opened if shop.flow == endpoint.home] or opened
        if len(meant) > 1:
            paths = ", ".join(f"/s/{shop.name}{place.path}" for shop in meant)
            raise Refusal(409, f"This secret opens several shops; please choose one by its path: {paths}.")
        return meant[0]

    async def _called(
        self,
        endpoint: Endpoint,
        place: Place,
        shop: Shop,
        running: Running,
        headers: Mapping[str, str],
        query: bytes,
        receive: ASGIReceiveCallable,
    ) -> Answer:
        given: dict[str, object] = dict(_parameters(endpoint, place.path))
        key = headers.get("idempotency-key") if endpoint.method == "POST" else None
        if key is not None and (why := reading.fault_of(key, IdempotencyKey)):
            raise faulty({"Idempotency-Key": why})
        if endpoint.query is not None:
            given["query"] = reading.query(query, endpoint.query)
        raw = await self._body(headers, receive) if endpoint.body is not None else b""
        if endpoint.body is not None:
            given["body"] = reading.body(raw, endpoint.body)
        name = request_name(shop.name, place.path, key, raw) if key else secrets.token_hex(16)
        call = Call(running, shop, self._owners[shop.name].name, key or "", name)

        async def carry_out() -> Answer:
            result = await endpoint.handle(call, **given)
            return answered(result, 202 if isinstance(result, Later) else endpoint.status)

        return await once(call, carry_out) if key and not endpoint.own_key else await carry_out()

    async def _body(self, headers: Mapping[str, str], receive: ASGIReceiveCallable) -> bytes:
        raw = await self._bodies.read(receive, headers.get("content-length"))
        self._bodies.done(len(raw))
        if raw and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "The body must be JSON, with Content-Type: application/json.")
        return raw


def _store_out() -> Refusal:
    return Refusal(503, STORE_OUT, headers={"retry-after": RETRY_SECONDS})


def _parameters(endpoint: Endpoint, path: str) -> Mapping[str, str]:
    """What stands in the path. Nothing is looked up that has not the form of what it should be."""
    found = endpoint.form.fullmatch(path)
    assert found is not None
    given = {name: unquote(value) for name, value in found.groupdict().items()}
    for name, value in given.items():
        if why := reading.fault_of(value, endpoint.parameters[name]):
            raise Refusal(404, f"There is nothing under this {name}: {why}.")
    return given


def request_name(shop: str, path: str, key: str, raw: bytes) -> str:
    """What a request with an Idempotency-Key is called: see Call.request."""
    return blake2b(b"\0".join((shop.encode(), path.encode(), key.encode(), raw)), digest_size=16).hexdigest()


async def _send(send: ASGISendCallable, answer: Answer, method: str) -> None:
    named = {**HEADERS, **answer.headers, "content-type": answer.content_type, "content-length": str(len(answer.body))}
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body, "more_body": False})
