"""A fake Daraja as a real HTTP server: access tokens, M-Pesa prompts, questions, payments by hand.

    GET  /oauth/v1/generate                  Basic → an access token; the one before holds no longer
    POST /mpesa/stkpush/v1/processrequest    a prompt on the phone; its end is told by an unsigned callback, once
    POST /mpesa/stkpushquery/v1/query        what became of it
    POST /mpesa/c2b/v2/registerurl           where payments by hand are asked about and confirmed
    POST /mpesa/c2b/v2/simulate              somebody pays by hand
    the rest                                 prompts, controls (daraja/pages.py)

Whoever plays the customer answers: ``answer`` (also over HTTP), told of each prompt by ``on_prompt``. A prompt that
nobody answers ends after a minute. A phone takes one prompt at a time. It is for loopback: prompts and controls ask for
no password.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import parse_qs

import msgspec
import trio

from adapters.http import LaneHttp, shared_tls
from adapters.phones.daraja import requests
from adapters.phones.daraja.book import APPROVE, CODES, Book, DarajaAccount, Json, Push, Receipt
from adapters.phones.daraja.callbacks import Callbacks, Calling, call
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.daraja.keys import AccessTokens
from adapters.phones.daraja.pages import pages
from adapters.phones.daraja.refused import (
    BUSY,
    ILL,
    LOCKED,
    NO_SUCH_ADDRESS,
    REGISTERED,
    UNDER_WAY,
    WRONG_METHOD,
    WRONG_TOKEN,
    Refused,
    invalid,
)
from adapters.phones.fake_meta import Scope
from adapters.phones.meta import server as fakes
from adapters.phones.meta.faults import Mischief
from adapters.phones.meta.later import Later
from adapters.phones.meta.server import Receive, Send
from engine.errors import BadInput
from engine.ports import Clock

BODY_BYTES = 64 * 1024
FIRST_SECONDS = 5.0
"""How long an answer may wait for the callback that overtakes it."""
VALIDATION_SECONDS = 8.0
GENERATE = "/oauth/v1/generate"
PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
REGISTER, SIMULATE = "/mpesa/c2b/v2/registerurl", "/mpesa/c2b/v2/simulate"
API = (GENERATE, PUSH, QUERY, REGISTER, SIMULATE)
TAKEN = {"OriginatorCoversationID": "o-1", "ResponseCode": "0", "ResponseDescription": "Success"}
"""Daraja's own spelling."""


class FakeDaraja:
    """``serve`` runs it. Everything else is for whoever plays the customers, and for tests."""

    def __init__(
        self, accounts: Sequence[DarajaAccount], *, clock: Clock, seed: int = 0, faults: DarajaFaults | None = None
    ) -> None:
        self.url = ""
        self.counts: Counter[str] = Counter()
        self.book = Book(clock)
        self.tokens = AccessTokens(accounts)
        self._mischief = Mischief(faults or DarajaFaults(), seed)
        self._callbacks = Callbacks(self._mischief, self.counts)
        self._later = Later()
        self._watchers: list[Callable[[Push], None]] = []
        self._tls = shared_tls()
        self._pages = pages(self)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; reports the bound port. Raises ConfigError when the address can't be had."""
        calls = partial(self._callbacks.run, self._tls)
        await fakes.serve_at(self, host, port, calls, self._later.run, task_status=task_status)

    # -- for whoever plays the customers -------------------------------------------------------------------------------
    def on_prompt(self, watcher: Callable[[Push], None]) -> None:
        """Call ``watcher`` with every prompt when it appears on a phone."""
        self._watchers.append(watcher)

    def prompts(self, phone: str = "") -> list[Push]:
        """What M-Pesa asks now, oldest first: on one phone, or on all."""
        return self.book.prompts(phone)

    def answer(self, name: str, said: str) -> bool:
        """``approve``, or a way to say no (daraja/book.py); False when there is nothing to answer any more. BadInput
        for any other word."""
        if said not in CODES:
            raise BadInput(f"there is no answer {said!r}; there are: {', '.join(CODES)}")
        push = self.book.pushes.get(name)
        if push is None or not self.book.end(push, said):
            return False
        self._told(push)
        return True

    async def pay_by_hand(self, account: DarajaAccount, amount: int, phone: str, reference: str) -> str:
        """Somebody pays with paybill and account number: "" when it went through, else the code it was refused with."""
        number = self.book.number()
        wish = Receipt(number, account, amount, phone, reference, self.book.clock.now())
        if code := await self._validated(account, wish):
            return code
        paid = self.book.pay(account, amount, phone, reference, number)
        self._confirm(paid)
        return ""

    # -- for tests and controls ----------------------------------------------------------------------------------------
    @property
    def faults(self) -> DarajaFaults:
        """The plan of faults; may be set at any time."""
        return self._mischief.plan

    @faults.setter
    def faults(self, plan: DarajaFaults) -> None:
        self._mischief.plan = plan

    def stats(self) -> Json:
        """Counts of everything since the start."""
        ends = Counter(one.said or "open" for one in self.book.pushes.values())
        struck = dict(sorted(self._mischief.struck.items()))
        counts = self.counts + Counter(tokens_made=self.tokens.made)
        return {"counts": dict(sorted(counts.items())), "prompts": dict(sorted(ends.items())), "faults": struck}

    # -- HTTP ----------------------------------------------------------------------------------------------------------
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(("/oauth/", "/mpesa/")):
            await self._pages(scope, receive, send)  # type: ignore[arg-type]
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        raw = await fakes.read(receive, BODY_BYTES)
        try:
            if path not in API:
                raise NO_SUCH_ADDRESS
            if scope["method"] != ("GET" if path == GENERATE else "POST"):
                raise WRONG_METHOD
            if path in (PUSH, QUERY) and self._mischief.strikes("hang"):
                await fakes.never(receive)
                return
            answer = await self._answered(path, scope, headers.get(b"authorization", ""), raw or b"")
        except Refused as refused:
            self.counts["requests_refused"] += 1
            await fakes.answer(send, refused.status, refused.body)
            return
        if path in (PUSH, QUERY) and self._mischief.strikes("lost_answer"):
            await fakes.hang_up()
        else:
            await fakes.answer(send, 200, msgspec.json.encode(answer))

    async def _answered(self, path: str, scope: Scope, authorization: str, raw: bytes) -> Json:
        """Carry a request out. Raises Refused."""
        if path == GENERATE:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            return dict(self.tokens.make(authorization, query.get("grant_type", [""])[0]))
        account = self.tokens.whose(authorization)
        if path in (PUSH, QUERY):
            self._ill(account)
        said = requests.read(raw)
        if path == PUSH:
            return await self._pushed(account, said)
        if path == QUERY:
            return self._known(account, said)
        return self._registered(account, said) if path == REGISTER else await self._simulated(account, said)

    def _ill(self, account: DarajaAccount) -> None:
        """Raises Refused for what is not carried out."""
        if self._mischief.strikes("expired_token"):
            self.tokens.void(account)
            raise WRONG_TOKEN
        if self._mischief.strikes("throttle"):
            raise BUSY
        if self._mischief.strikes("server_error"):
            raise Refused(self._mischief.plan.server_error.status, *ILL[1:])

    # -- prompts -------------------------------------------------------------------------------------------------------
    async def _pushed(self, account: DarajaAccount, said: Json) -> Json:
        amount, phone, reference, url = requests.push(account, said)
        if self.book.prompts(phone):
            raise LOCKED
        push = self.book.open(account, amount, phone, reference, url)
        self.counts["prompts"] += 1
        self._later.call((push.expires_at - push.created_at) / 1000, lambda: self._over(push))
        if self._mischief.strikes("forged"):
            self._forge(push)
        if self._mischief.strikes("call_back_first"):
            self.book.end(push, APPROVE)
            with trio.move_on_after(FIRST_SECONDS):
                await self._told(push).done.wait()
        else:
            for watcher in self._watchers:
                watcher(push)
        return push.taken()

    def _known(self, account: DarajaAccount, said: Json) -> Json:
        self.counts["questions"] += 1
        requests.signed(account, said)
        push = self.book.pushes.get(str(said.get("CheckoutRequestID", "")))
        if push is None or push.account is not account:
            raise invalid("CheckoutRequestID")
        if push.open:
            raise UNDER_WAY
        return push.known()

    def _over(self, push: Push) -> None:
        if push.open:
            self.answer(push.id, "no_answer")

    def _told(self, push: Push) -> Calling:
        amount = push.amount
        if push.receipt and self._mischief.strikes("wrong_amount"):
            amount = max(1, amount - 1)
        calling = self._callbacks.tell(push.callback_url, push.told(amount, self.book.clock.now()))
        if push.receipt and push.account.tells_prompts:
            self._confirm(self.book.receipts[push.receipt])
        return calling

    def _forge(self, push: Push) -> None:
        """What somebody posts who has seen addresses of the shop, but not this one."""
        wish = Push(push.id, push.merchant, push.account, push.amount, push.phone, push.reference, "", push.created_at)
        wish.said, wish.receipt = APPROVE, f"FORGED{push.merchant}"
        address, _, last = push.callback_url.rpartition("/")
        changed = last[:-1] + ("0" if last[-1] != "0" else "1")
        for guess in (changed, "0" * len(last), ""):
            self._callbacks.post(f"{address}/{guess}", wish.told(push.amount, push.created_at))

    # -- by hand -------------------------------------------------------------------------------------------------------
    def _registered(self, account: DarajaAccount, said: Json) -> Json:
        if account.confirmation_url:
            raise REGISTERED
        if str(said.get("ShortCode")) != account.shortcode:
            raise invalid("ShortCode")
        if said.get("ResponseType") not in ("Completed", "Cancelled"):
            raise invalid("ResponseType")
        confirmation, validation = (requests.address(said, field) for field in ("ConfirmationURL", "ValidationURL"))
        account.confirmation_url, account.validation_url = confirmation, validation
        account.response_type = str(said["ResponseType"])
        return dict(TAKEN)

    async def _simulated(self, account: DarajaAccount, said: Json) -> Json:
        amount, phone = said.get("Amount"), str(said.get("Msisdn", ""))
        if not isinstance(amount, int) or amount < 1:
            raise invalid("Amount")
        await self.pay_by_hand(account, amount, phone, str(said.get("BillRefNumber", ""))[:20])
        return dict(TAKEN)

    async def _validated(self, account: DarajaAccount, wish: Receipt) -> str:
        """The code that it was refused with, if it was. Without an answer the account's own rule holds."""
        if not account.validation_url:
            return ""
        self.counts["validations"] += 1
        with trio.move_on_after(VALIDATION_SECONDS):
            async with LaneHttp(self._tls) as http:
                answer = await call(http, account.validation_url, msgspec.json.encode(wish.told(balance="")))
                if answer is not None and answer.status == 200:
                    code = str(msgspec.json.decode(answer.body, type=Json).get("ResultCode"))
                    return "" if code == "0" else code
        return "" if account.response_type == "Completed" else "no answer"

    def _confirm(self, paid: Receipt) -> None:
        if paid.account.confirmation_url:
            self._callbacks.post(paid.account.confirmation_url, paid.told())
