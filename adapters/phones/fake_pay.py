"""A fake payment provider as a real HTTP server, in Ghala's dialects: M-Pesa prompts and card links.
Accounts of dialect v2 find all of it under ``/v2``.

    POST /orders            bearer token, Idempotency-Key: a prompt on the phone, or a link to pay at
    GET  /orders/<id>       what became of it, by its id or the shop's reference
    webhooks                payment.success, payment.failed, signed, again and again until 200 (pay/callbacks.py)
    the rest                prompts, the card page, controls (pay/pages.py)

Whoever plays the customer answers: ``answer`` (also over HTTP), told of each prompt by ``on_prompt``. A prompt that
nobody answers ends after a minute, as M-Pesa's does. It is for loopback: prompts and controls ask for no password.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import trio

from adapters.http import shared_tls
from adapters.phones.meta import server as meta_server
from adapters.phones.meta.faults import Mischief
from adapters.phones.meta.later import Later
from adapters.phones.pay.callbacks import Callback, Callbacks
from adapters.phones.pay.faults import PayFaults
from adapters.phones.pay.pages import pages
from adapters.phones.pay.requests import (
    APPROVE,
    CLASSIC,
    DECLINES,
    PATHS,
    V2,
    PayAccount,
    Refused,
    Request,
    Requests,
)
from engine.errors import BadInput
from engine.ports import Clock

BODY_BYTES = 64 * 1024
FIRST_SECONDS = 5.0
"""How long an answer may wait for the webhook that overtakes it."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FakePay:
    """``serve`` runs it. Everything else is for whoever plays the customers, and for tests."""

    def __init__(
        self, accounts: Sequence[PayAccount], *, clock: Clock, seed: int = 0, faults: PayFaults | None = None
    ) -> None:
        self.url = ""
        self.counts: Counter[str] = Counter()
        self._accounts = {account.name: account for account in accounts}
        self._mischief = Mischief(faults or PayFaults(), seed)
        self._requests = Requests(clock)
        self._callbacks = Callbacks(self._mischief, self.counts, clock)
        self._later = Later()
        self._watchers: list[Callable[[Request], None]] = []
        self._tls = shared_tls()
        self._pages = pages(self)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; reports the bound port. Raises ConfigError when the address can't be had."""
        calls = partial(self._callbacks.run, self._tls)
        await meta_server.serve_at(self, host, port, calls, self._later.run, task_status=task_status)

    # -- for whoever plays the customers -------------------------------------------------------------------------------
    def on_prompt(self, watcher: Callable[[Request], None]) -> None:
        """Call ``watcher`` with every request to pay when it appears on a phone or as a link."""
        self._watchers.append(watcher)

    def prompts(self, phone: str = "") -> list[Request]:
        """What M-Pesa asks now, oldest first: on one phone, or on all."""
        return [
            one
            for one in self._requests
            if one.open and one.method == "mpesa" and phone in ("", one.phone) and not one.ignored
        ]

    def answer(self, request_id: str, answer: str) -> bool:
        """``approve``, or a way to say no (pay/requests.py); False when there is nothing to answer any more. BadInput
        for any other word."""
        if answer not in (APPROVE, *DECLINES):
            raise BadInput(f"there is no answer {answer!r}; there are: {APPROVE}, {', '.join(DECLINES)}")
        request = self._requests.get(request_id)
        if request is None or not self._requests.end(request, answer):
            return False
        self._tell(request)
        return True

    def approve(self, request_id: str) -> bool:
        """The customer enters the right PIN, or a good card."""
        return self.answer(request_id, APPROVE)

    def decline(self, request_id: str, reason: str) -> bool:
        """The customer, or the bank, says no."""
        return self.answer(request_id, reason)

    def ignore(self, request_id: str) -> None:
        """The customer does not look: the prompt leaves the screen and ends by itself."""
        if (request := self._requests.get(request_id)) is not None:
            request.ignored = True

    # -- for tests and controls ----------------------------------------------------------------------------------------
    @property
    def faults(self) -> PayFaults:
        """The plan of faults; may be set at any time."""
        return self._mischief.plan

    @faults.setter
    def faults(self, plan: PayFaults) -> None:
        self._mischief.plan = plan

    def set_webhook(self, name: str, url: str) -> None:
        """Where an account's webhooks go. What was kept until now is delivered."""
        self._accounts[name].webhook_url = url
        self._callbacks.resume()

    def request(self, request_id: str) -> Request | None:
        """One request to pay."""
        return self._requests.get(request_id)

    def requests(self) -> list[Request]:
        """All requests, oldest first: the bank's own book."""
        return list(self._requests)

    def stats(self) -> dict[str, Any]:
        """Counts of everything since the start."""
        ends = Counter(one.reason or one.status for one in self._requests)
        struck = dict(sorted(self._mischief.struck.items()))
        return {"counts": dict(sorted(self.counts.items())), "requests": dict(sorted(ends.items())), "faults": struck}

    # -- HTTP ----------------------------------------------------------------------------------------------------------
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole: str = scope.get("path", "")
        dialect = V2 if whole.startswith(f"{PATHS[V2]}/orders") else CLASSIC
        path = whole.removeprefix(PATHS[dialect])
        if scope["type"] != "http" or not (path == "/orders" or path.startswith("/orders/")):
            await self._pages(scope, receive, send)  # type: ignore[arg-type]
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        try:
            account = self._allowed(headers.get(b"authorization", ""), dialect)
            if scope["method"] == "POST" and path == "/orders":
                await self._take(account, headers.get(b"idempotency-key", ""), receive, send)
            elif scope["method"] == "GET":
                await _answer(send, 200, self._known(account, path.removeprefix("/orders/")))
            else:
                raise Refused(405, "method_not_allowed", "Orders are made with POST and asked for with GET.")
        except Refused as refused:
            self.counts["requests_refused"] += 1
            await _answer(send, refused.status, refused.body)

    def _allowed(self, authorization: str, dialect: str) -> PayAccount:
        for account in self._accounts.values():
            if authorization == f"Bearer {account.api_key}" and account.dialect == dialect:
                return account
        raise Refused(401, "not_authenticated", "The key is missing or wrong.")

    async def _take(self, account: PayAccount, key: str, receive: Receive, send: Send) -> None:
        """A request to pay: checked, shown to its customer, answered; or what the faults make of that."""
        mischief = self._mischief
        if mischief.strikes("hang"):
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        raw = await _read(receive)
        if mischief.strikes("server_error"):
            raise Refused(mischief.plan.server_error.status, "unavailable", "Something is wrong on our side.")
        request, new = self._requests.take(account, raw, key)
        self.counts["requests_new" if new else "requests_again"] += 1
        answer = msgspec.json.encode(request.shown(self.url))
        if new:
            await self._show(request)
        if mischief.strikes("lost_answer"):
            await meta_server.hang_up()
        else:
            await _answer(send, 201, answer)

    async def _show(self, request: Request) -> None:
        """Ask the customer, until the prompt's or link's time is over."""
        seconds = (request.expires_at - request.created_at) / 1000
        self._later.call(seconds, lambda: self._over(request))
        if self._mischief.strikes("call_back_first"):
            self._requests.end(request, APPROVE)
            with trio.move_on_after(FIRST_SECONDS):
                await self._tell(request).done.wait()
            return
        for watcher in self._watchers:
            watcher(request)

    def _over(self, request: Request) -> None:
        if request.open:
            self.answer(request.id, "no_answer" if request.method == "mpesa" else "expired")

    def _tell(self, request: Request) -> Callback:
        paid = request.status == "success"
        amount = request.amount
        if paid and self._mischief.strikes("wrong_amount"):
            amount = max(Decimal(1), amount - 1)
        return self._callbacks.tell(request.account, request.event(amount))

    def _known(self, account: PayAccount, name: str) -> bytes:
        self.counts["questions"] += 1
        request = self._requests.find(account, name)
        if request is None:
            raise Refused(404, "not_found", "There is no such order.")
        return msgspec.json.encode(request.shown(self.url))


async def _read(receive: Receive) -> bytes:
    """The request's body. Raises Refused when it is too large."""
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
        if len(body) > BODY_BYTES:
            raise Refused(413, "too_large", f"A body has at most {BODY_BYTES} bytes.")
    return body


async def _answer(send: Send, code: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
