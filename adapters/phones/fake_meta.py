"""A fake of Meta's Cloud API as a real HTTP server: what a shop sends to, and what sends the shop its webhooks.

    POST /{version}/{number}/messages   the hot path: token, number, shape and limits, rules; then the answer, the
                                        message on the customer's phone, and the statuses
    /ghala/…                            the same phones behind other providers (fronts.py)
    ws   /phone/{digits}?number=…       the customers' phones (meta/socket.py)
    GET  / /static/… /shops.json        the phone in the browser (page.py)
    the rest                            media, settings, controls (meta/pages.py)

It keeps to the letter of the API where a shop could notice: error codes and bodies, signatures over the very bytes,
statuses that may overtake the answer, webhooks that come twice. Faults strike on demand (meta/faults.py). It is for
loopback: the controls and the phones ask for no password.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import trio

from adapters.http import shared_tls
from adapters.phones.fronts import fronts, wire_of
from adapters.phones.meta import server as meta_server
from adapters.phones.meta import templates as meta_templates
from adapters.phones.meta.account import Account, Sent
from adapters.phones.meta.books import Books, NoBooks
from adapters.phones.meta.errors import AUTH, BAD_PARAMETER, OBJECT_GONE, GraphError
from adapters.phones.meta.faults import Faults, Mischief
from adapters.phones.meta.media import MediaStore
from adapters.phones.meta.pages import pages
from adapters.phones.meta.phones import Phone
from adapters.phones.meta.prompts import Prompt, Prompts
from adapters.phones.meta.rules import FakeNumber, Rules, TemplateRule
from adapters.phones.meta.socket import serve_phone
from adapters.phones.meta.world import World
from adapters.phones.page import PhoneShop, knows, page_app
from engine.address import Millis
from engine.errors import BadInput
from engine.ports import Clock

VERSIONS = range(21, 27)
"""v21.0 to v26.0 are alive."""
BODY_BYTES = 1024 * 1024
KEEP = 100
"""Messages remembered per phone."""
MEDIA_IDS = 400_000_000_000_000

VERSION = re.compile(r"v([0-9]{1,3})\.0")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FakeMeta:
    """``serve`` runs it. Everything else is for tests in the same process, and for the controls.

    ``clock`` gives the time in webhooks and the 24-hour window. ``keep_all`` keeps every accepted send for a checker;
    else each phone keeps its last ``keep`` messages, and only counts are exact. ``books``: whoever can look into the
    shops' own; may be set at any time.
    """

    def __init__(
        self,
        shops: Sequence[FakeNumber],
        *,
        clock: Clock,
        seed: int = 0,
        faults: Faults | None = None,
        rules: Rules | None = None,
        keep: int = KEEP,
        keep_all: bool = False,
    ) -> None:
        self.media = MediaStore(MEDIA_IDS + clock.now())
        mischief = Mischief(faults or Faults(), seed)
        self._world = World(clock, rules or Rules(), mischief, self.media, seed, keep, keep_all)
        self._accounts = {one.phone_number_id: Account(one, self._world, wire_of(one)) for one in shops}
        self._fronts = fronts(self._world, self._accounts.values())
        self._tls = shared_tls()
        self.books: Books = NoBooks()
        self._pages = pages(self)
        self._page = page_app(self._phone_shops)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; reports the bound port. Raises ConfigError when the address can't be had."""
        listener = await meta_server.listen(host, port)
        async with listener, trio.open_nursery() as nursery:
            for account in self._accounts.values():
                nursery.start_soon(account.deliverer.run, self._tls)
            await meta_server.serve(self, listener, task_status=task_status)

    # -- for tests and controls --------------------------------------------------------------------------------------
    @property
    def faults(self) -> Faults:
        """The plan of faults; may be set at any time."""
        return self._world.mischief.plan

    @faults.setter
    def faults(self, plan: Faults) -> None:
        self._world.mischief.plan = plan

    @property
    def rules(self) -> Rules:
        """The account's rules; may be set at any time."""
        return self._world.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        """Set them; what has changed of a template is told by webhook, once to each address of its account."""
        before, self._world.rules = self._world.rules, rules
        hooks = {(one.number.waba_id, one.number.webhook_url): one for one in self._accounts.values() if one.is_metas}
        for field, value in meta_templates.news(before, rules):
            for account in hooks.values():
                account.deliverer.change(field, value)

    def templates(self, authorization: str, version: str, waba: str) -> Sequence[TemplateRule]:
        """What an account may read of its templates. Raises GraphError for its token, version or account."""
        number = next((one for one in self.numbers() if authorization == f"Bearer {one.access_token}"), None)
        if number is None:
            raise GraphError(AUTH)
        self.allowed(authorization, version, number.phone_number_id)
        if number.waba_id != waba:
            raise GraphError(BAD_PARAMETER, f"Object with ID '{waba}' does not exist.")
        return self.rules.templates

    def set_webhook(self, number: str, url: str) -> None:
        """Where this number's webhooks go. What was kept until now is delivered."""
        self._accounts[number].set_webhook(url)

    def numbers(self) -> list[FakeNumber]:
        return [account.number for account in self._accounts.values()]

    def any_number(self) -> str:
        """Some number, for requests that name none."""
        return next(iter(self._accounts), "")

    def now(self) -> Millis:
        return self._world.now()

    def phone(self, number: str, digits: str) -> Phone:
        """A customer's phone as the fake knows it; made up when there is none."""
        return self._accounts[number].phones.by_digits(digits, self._world.seconds())

    @property
    def prompts(self) -> Prompts:
        """Who asks phones for PINs; may be set at any time."""
        return self._world.prompts

    @prompts.setter
    def prompts(self, prompts: Prompts) -> None:
        self._world.prompts = prompts

    def ask(self, prompt: Prompt) -> None:
        """Show a question on every open line of its phone, whichever shop that line is to."""
        for account in self._accounts.values():
            account.phones.by_digits(prompt.phone, self._world.seconds()).show(prompt.frame())

    def stats(self) -> dict[str, Any]:
        """Counts of everything since the start; exact whatever was forgotten."""
        accounts, world = self._accounts.values(), self._world
        return {
            "counts": dict(sorted(world.counts.items())),
            "refused": {str(code): times for code, times in sorted(world.refusals.items())},
            "faults": dict(sorted(world.mischief.struck.items())),
            "phones": sum(len(account.phones) for account in accounts),
            "connected": sum(1 for account in accounts for phone in account.phones if phone.lines),
            "webhooks_waiting": sum(account.deliverer.waiting for account in accounts),
            "media": len(self.media),
        }

    def sent(self, number: str = "", to: str = "") -> list[Sent]:
        """What was accepted, oldest first; of one number or all, to one phone (digits or user id) or all."""
        accounts = [one for one in self._accounts.values() if number in ("", one.number.phone_number_id)]
        found = [sent for account in accounts for sent in account.sent() if to in ("", sent.to, sent.user_id)]
        return sorted(found, key=lambda sent: sent.at)

    # -- HTTP ----------------------------------------------------------------------------------------------------------
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] == "websocket":
            await serve_phone(self.desk, scope, receive, send)
        elif (front := self._fronts.get(path[1:].partition("/")[0])) is not None:
            await front(scope, receive, send)
        elif path.endswith(("/messages", "/marketing_messages")) and scope["method"] == "POST":
            await self._send(path, scope, receive, send)
        elif knows(path):
            await self._page(scope, receive, send)
        else:
            await self._pages(scope, receive, send)  # type: ignore[arg-type]

    def _phone_shops(self) -> list[PhoneShop]:
        return [
            PhoneShop(one.phone_number_id, one.title, one.display_phone_number, one.about, one.says, one.owner)
            for one in self.numbers()
        ]

    def desk(self, number: str) -> Account:
        """Where the phones of one business number connect, also without a WebSocket. Raises BadInput."""
        if number not in self._accounts:
            raise BadInput(f"There is no shop with the number {number!r} here.")
        return self._accounts[number]

    async def _send(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._world.counts["sends"] += 1
        mischief = self._world.mischief
        if mischief.strikes("hang"):
            await meta_server.never(receive)
            return
        try:
            account = self._allowed(path, scope)
            raw = await meta_server.read(receive, BODY_BYTES)
            if raw is None:
                raise GraphError(BAD_PARAMETER, f"The request body is larger than {BODY_BYTES} bytes.")
            body = account.take(raw, marketing=path.endswith("/marketing_messages"))
        except GraphError as error:
            await meta_server.answer(send, error.status, self.refused(error))
            return
        await self._world.dawdle()
        if mischief.strikes("lost_answer"):
            await meta_server.hang_up()
        else:
            await meta_server.answer(send, 200, body)

    def _allowed(self, path: str, scope: Scope) -> Account:
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        version, _, rest = path.strip("/").partition("/")
        return self.allowed(token.decode("latin-1"), version, rest.partition("/")[0])

    def token_known(self, authorization: str) -> bool:
        return any(authorization == f"Bearer {one.access_token}" for one in self.numbers())

    def allowed(self, authorization: str, version: str, number: str) -> Account:
        """The account that a request may use. Raises GraphError for its token, version or number."""
        if not self.token_known(authorization):
            raise GraphError(AUTH)
        match = VERSION.fullmatch(version)
        if match is None or int(match[1]) not in VERSIONS:
            raise GraphError(BAD_PARAMETER, f"Unknown API version {version!r}.")
        account = self._accounts.get(number)
        if account is None:
            raise GraphError(OBJECT_GONE, f"Object with ID '{number}' does not exist.")
        if authorization != f"Bearer {account.number.access_token}":
            raise GraphError(AUTH)
        return account

    def refused(self, error: GraphError) -> bytes:
        """Count a refusal and write its body."""
        self._world.refusals[error.code] += 1
        self._world.counts["requests_refused"] += 1
        return error.body(f"A{self._world.counts['requests_refused']:010x}")
