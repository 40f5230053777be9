"""A fake Zoho as a real HTTP server: the token endpoint and the Inventory API as in protocols.md 4.

    POST /oauth/v2/token                                refresh tokens into access tokens (zoho/tokens.py)
    GET  /inventory/v1/items, /salesorders, /contacts   lists in pages (zoho/listing.py)
    POST /inventory/v1/salesorders                      a draft; it reserves nothing yet
    POST /inventory/v1/salesorders/<id>/status/<to>     ``confirmed``, which reserves its goods, or ``void``
    the rest                                            controls (zoho/pages.py)

There is no idempotency key: the same order sent twice is two sales orders. 100 calls a minute are taken of an
organisation. It is for loopback: controls ask for no password.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import trio

from adapters.phones.meta import server as meta_server
from adapters.phones.meta.faults import Mischief
from adapters.phones.zoho import listing
from adapters.phones.zoho.books import Json, Refused, SalesOrder, ZohoAccount
from adapters.phones.zoho.faults import ZohoFaults
from adapters.phones.zoho.pages import pages
from adapters.phones.zoho.tokens import TokenDesk, refusal
from engine.address import MINUTE, Millis
from engine.ports import Clock

BODY_BYTES = 256 * 1024
PER_MINUTE = 100
API = "/inventory/v1"
MOVE = re.compile(r"/salesorders/([0-9]+)/status/(confirmed|void)")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FakeZoho:
    """``serve`` runs it. Everything else is for tests and controls."""

    def __init__(
        self,
        accounts: Sequence[ZohoAccount],
        *,
        clock: Clock,
        seed: int = 0,
        faults: ZohoFaults | None = None,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self.url = ""
        self.accounts = tuple(accounts)
        self.counts: Counter[str] = Counter()
        self._clients = {account.client_id: account for account in accounts}
        self._clock = clock
        self._per_minute = per_minute
        self._mischief = Mischief(faults or ZohoFaults(), seed)
        self._tokens = TokenDesk(clock)
        self._calls: dict[str, deque[Millis]] = {}
        self._pages = pages(self)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; reports the bound port. Raises ConfigError when the address can't be had."""
        await meta_server.serve_at(self, host, port, task_status=task_status)

    @property
    def faults(self) -> ZohoFaults:
        """The plan of faults; may be set at any time."""
        return self._mischief.plan

    @faults.setter
    def faults(self, plan: ZohoFaults) -> None:
        self._mischief.plan = plan

    def stats(self) -> dict[str, Any]:
        """Counts of everything since the start."""
        struck = dict(sorted(self._mischief.struck.items()))
        return {"counts": dict(sorted(self.counts.items())), "tokens": self._tokens.count, "faults": struck}

    # -- HTTP ----------------------------------------------------------------------------------------------------------
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/control/"):
            await self._pages(scope, receive, send)  # type: ignore[arg-type]
            return
        try:
            if path == "/oauth/v2/token":
                await _answer(send, 200, self._token(await _read(receive)))
            elif await self._lets(receive):
                await self._serve(scope, path, receive, send)
        except Refused as refused:
            self.counts["refused"] += 1
            await _answer(send, refused.status, refused.body)

    def _token(self, raw: bytes) -> bytes:
        self.counts["refreshes"] += 1
        if self._mischief.strikes("refuse_token"):
            return refusal(self._mischief.plan.refuse_token.error)
        return self._tokens.refresh(self._clients, raw, self.url)

    async def _lets(self, receive: Receive) -> bool:
        """Whether the faults let a call be read at all. Raises Refused."""
        mischief = self._mischief
        if mischief.strikes("hang"):
            while (await receive())["type"] != "http.disconnect":
                pass
            return False
        if mischief.strikes("reset"):
            await meta_server.hang_up()
            return False
        if mischief.strikes("server_error"):
            raise Refused(mischief.plan.server_error.status, 1000, "Internal error")
        if mischief.strikes("throttle"):
            raise Refused(429, 44, "For security reasons you have been blocked for some time.")
        return True

    async def _serve(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        account = self._allowed(headers.get(b"authorization", ""), query)
        where = path.removeprefix(API)
        self.counts[f"{scope['method']} {MOVE.sub('/salesorders/ID/status', where)}"] += 1
        if scope["method"] == "GET":
            await _answer(send, 200, msgspec.json.encode(self._list(account, where, query)))
            return
        status, told = self._change(account, where, await _read(receive))
        if self._mischief.strikes("lost_answer"):
            await meta_server.hang_up()
        else:
            await _answer(send, status, msgspec.json.encode(told))

    def _allowed(self, authorization: str, query: dict[str, str]) -> ZohoAccount:
        if self._mischief.strikes("expired_token"):
            self._tokens.end(authorization)
        account = self._tokens.holder(authorization)
        if account is None or query.get("organization_id") != account.organization_id:
            raise Refused(401, 57, "You are not authorized to perform this operation")
        now = self._clock.now()
        calls = self._calls.setdefault(account.organization_id, deque())
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= self._per_minute:
            self.counts["too_many"] += 1
            raise Refused(429, 44, "For security reasons you have been blocked for some time.")
        calls.append(now)
        return account

    def _list(self, account: ZohoAccount, where: str, query: dict[str, str]) -> Json:
        if where == "/items":
            return listing.items(account, query, self._mischief)
        if where == "/salesorders":
            return listing.salesorders(account, query, self._mischief)
        if where == "/contacts":
            return listing.contacts(account, query)
        raise Refused(404, 5, "Invalid URL Passed")

    def _change(self, account: ZohoAccount, where: str, raw: bytes) -> tuple[int, Json]:
        if where == "/salesorders":
            return 201, self._shown(account.place(_decoded(raw)), "The sales order has been created.")
        if moved := MOVE.fullmatch(where):
            account.move(moved[1], moved[2])
            return 200, {"code": 0, "message": f"The sales order is {moved[2]}."}
        raise Refused(404, 5, "Invalid URL Passed")

    def _shown(self, order: SalesOrder, message: str) -> Json:
        name = "sales_order" if self._mischief.strikes("renamed") else "salesorder"
        return {"code": 0, "message": message, name: order.shown()}


def _decoded(raw: bytes) -> Json:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Refused(400, 2, "Invalid value passed for JSONString") from None


async def _read(receive: Receive) -> bytes:
    """The request's body. Raises Refused when it is too large."""
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
        if len(body) > BODY_BYTES:
            raise Refused(413, 2, "The request is too large.")
    return body


async def _answer(send: Send, code: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
