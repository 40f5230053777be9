"""A fake Stripe as a real HTTP server: Checkout Sessions, their hosted page, refunds and signed events.

    POST /v1/checkout/sessions               a form with brackets, Idempotency-Key → a link to pay at
    GET  /v1/checkout/sessions/<id>          how it stands;  POST …/expire ends it
    POST /v1/refunds                         sends money back;  GET lists them
    events                                   signed, again and again until a 2xx (stripe/events.py)
    the rest                                 the hosted page, controls (stripe/pages.py)

Whoever plays the customer answers: ``answer`` (also over HTTP), told of each link by ``on_session``. A link that nobody
pays at ends when its time is over. It is for loopback: the page and controls ask for no password.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import parse_qs

import msgspec
import trio

from adapters.http import shared_tls
from adapters.payments._stripe import reading
from adapters.phones.fake_meta import Scope
from adapters.phones.meta import server as fakes
from adapters.phones.meta.faults import Mischief
from adapters.phones.meta.later import Later
from adapters.phones.meta.server import Receive, Send
from adapters.phones.stripe.book import Back, Book, Session, StripeAccount
from adapters.phones.stripe.events import Event, Events
from adapters.phones.stripe.faults import StripeFaults
from adapters.phones.stripe.forms import Json, read
from adapters.phones.stripe.keys import Kept, Keys
from adapters.phones.stripe.pages import ANSWERS, APPROVE, DECLINED, pages
from adapters.phones.stripe.refused import Refused, not_there
from engine.errors import BadInput
from engine.ports import Clock

BODY_BYTES = 64 * 1024
FIRST_SECONDS = 5.0
"""How long an answer may wait for the event that overtakes it."""
LATER_SECONDS = 2.0
"""How long a bank thinks."""
SESSIONS = "/v1/checkout/sessions"
REFUNDS = "/v1/refunds"
LISTED = 10


class FakeStripe:
    """``serve`` runs it. Everything else is for whoever plays the customers, and for tests."""

    def __init__(
        self, accounts: Sequence[StripeAccount], *, clock: Clock, seed: int = 0, faults: StripeFaults | None = None
    ) -> None:
        self.url = ""
        self.counts: Counter[str] = Counter()
        self.book = Book(clock)
        self._accounts = {account.name: account for account in accounts}
        self._mischief = Mischief(faults or StripeFaults(), seed)
        self._events = Events(self._mischief, self.counts, self.book)
        self._keys = Keys()
        self._later = Later()
        self._watchers: list[Callable[[Session], None]] = []
        self._tls = shared_tls()
        self._pages = pages(self)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; reports the bound port. Raises ConfigError when the address can't be had."""
        calls = partial(self._events.run, self._tls)
        await fakes.serve_at(self, host, port, calls, self._later.run, task_status=task_status)

    # -- for whoever plays the customers -------------------------------------------------------------------------------
    def on_session(self, watcher: Callable[[Session], None]) -> None:
        """Call ``watcher`` with every new link."""
        self._watchers.append(watcher)

    def answer(self, name: str, said: str) -> bool:
        """What a customer does at the page (stripe/pages.py); False when it is over. BadInput for any other word."""
        session = self.book.sessions.get(name)
        if said not in ANSWERS:
            raise BadInput(f"there is no answer {said!r}; there are: {', '.join(ANSWERS)}")
        if session is None or session.status != "open":
            return False
        session.note = DECLINED.get(said, "")
        if said == "expired":
            self.book.expire(session)
            self._tell(session, reading.EXPIRED)
        elif said in (APPROVE, "later", "later_no"):
            self.book.complete(session, paid=said == APPROVE)
            self._tell(session, reading.COMPLETED)
        if said in ("later", "later_no"):
            self._later.call(LATER_SECONDS, lambda: self._decided(session, paid=said == "later"))
        return True

    def _decided(self, session: Session, *, paid: bool) -> None:
        self.book.decide(session, paid=paid)
        self._tell(session, reading.LATER if paid else reading.FAILED_LATER)

    def refund(self, payment_intent: str, amount: int) -> Back:
        """The owner refunds in the dashboard. Raises Refused."""
        session = next((one for one in self.book if one.payment_intent == payment_intent), None)
        if session is None:
            raise not_there("payment_intent", payment_intent, "payment_intent")
        back = self.book.refund(session.account, {"payment_intent": payment_intent, "amount": str(amount)})
        self._refunded(back, "")
        return back

    def fail_refund(self, name: str, failure: str) -> Back:
        """A refund that was made comes back. Raises Refused."""
        back = self.book.refunds.get(name)
        if back is None:
            raise not_there("refund", name, "refund")
        back.status, back.failure = "failed", failure
        for kind in ("refund.updated", "refund.failed"):
            self._events.tell(back.session.account, kind, back.shown())
        return back

    # -- for tests and controls ----------------------------------------------------------------------------------------
    @property
    def faults(self) -> StripeFaults:
        """The plan of faults; may be set at any time."""
        return self._mischief.plan

    @faults.setter
    def faults(self, plan: StripeFaults) -> None:
        self._mischief.plan = plan

    def set_webhook(self, name: str, url: str, secrets: tuple[str, ...] = ()) -> None:
        """Where an account's events go, and what signs them. What was kept until now is delivered."""
        account = self._accounts[name]
        account.webhook_url = url
        account.webhook_secrets = secrets or account.webhook_secrets
        self._events.resume()

    def stats(self) -> Json:
        """Counts of everything since the start."""
        ends = Counter(f"{one.status} {one.payment_status}" for one in self.book)
        struck = dict(sorted(self._mischief.struck.items()))
        return {"counts": dict(sorted(self.counts.items())), "sessions": dict(sorted(ends.items())), "faults": struck}

    # -- HTTP ----------------------------------------------------------------------------------------------------------
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/v1/"):
            await self._pages(scope, receive, send)  # type: ignore[arg-type]
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        raw = await fakes.read(receive, BODY_BYTES)
        try:
            account = self._allowed(headers.get(b"authorization", ""))
            if raw is None:
                raise Refused(413, "The body is too large.")
            if self._mischief.strikes("hang"):
                await fakes.never(receive)
                return
            self._ill()
            await self._answered(send, account, scope, raw, headers.get(b"idempotency-key", ""))
        except Refused as refused:
            self.counts["requests_refused"] += 1
            await fakes.answer(send, refused.status, refused.body)

    def _ill(self) -> None:
        """Raises Refused for what is not carried out."""
        if self._mischief.strikes("throttle"):
            raise Refused(429, "Too many requests in too short a time.", code="rate_limit")
        if self._mischief.strikes("server_error"):
            raise Refused(self._mischief.plan.server_error.status, "Something is wrong on our side.", kind="api_error")

    def _allowed(self, authorization: str) -> StripeAccount:
        """Bearer, or Basic with the key as the user's name."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            given = base64.b64decode(given.encode(), validate=False).decode("latin-1").partition(":")[0]
        for account in self._accounts.values():
            if given == account.secret_key:
                return account
        raise Refused(401, "Invalid API Key provided.")

    async def _answered(self, send: Send, account: StripeAccount, scope: Scope, raw: bytes, key: str) -> None:
        path: str = scope["path"]
        if scope["method"] == "GET":
            self.counts["questions"] += 1
            query = parse_qs(scope["query_string"].decode("latin-1"))
            await fakes.answer(send, 200, msgspec.json.encode(self._known(account, path, query)))
            return
        if scope["method"] != "POST":
            raise Refused(405, "Use GET or POST.")
        with self._keys.asked(account.name, key, path, raw) as kept:
            again = kept.body is not None
            self.counts["requests_again" if again else "requests_new"] += 1
            if not again:
                await self._carried_out(kept, account, path, read(raw), key)
        if self._mischief.strikes("lost_answer"):
            await fakes.hang_up()
            return
        assert kept.body is not None
        replayed = [(b"idempotent-replayed", b"true")] if again else []
        await fakes.answer(send, 200, kept.body, [(b"request-id", self.book.name("req").encode()), *replayed])

    def _known(self, account: StripeAccount, path: str, query: dict[str, list[str]]) -> Json:
        if path.startswith(f"{SESSIONS}/"):
            expanded = "payment_intent" in query.get("expand[]", [])
            return self.book.session(account, path.removeprefix(f"{SESSIONS}/")).shown(self.url, expanded=expanded)
        if path != REFUNDS:
            raise Refused(404, f"Unrecognized request URL (GET: {path}).")
        if "payment_intent" in query:
            found = self.book.refunds_of(self.book.paid(account, query["payment_intent"][0]))
        else:
            since = int(query.get("created[gte]", ["0"])[0])
            every = reversed(self.book.refunds.values())
            found = [one for one in every if one.session.account is account and one.created >= since]
        names = [one.id for one in found]
        first = names.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
        last = first + int(query.get("limit", [str(LISTED)])[0])
        data = [one.shown() for one in found[first:last]]
        return {"object": "list", "data": data, "has_more": len(found) > last, "url": REFUNDS}

    async def _carried_out(self, kept: Kept, account: StripeAccount, path: str, words: Json, key: str) -> None:
        """What a request changes, and its answer. Raises Refused."""
        event: Event | None = None
        first = self._mischief.strikes("call_back_first")
        if path == SESSIONS:
            session = self.book.open(account, words)
            shown = session.shown(self.url)
            event = self._opened(session, first)
        elif path == REFUNDS:
            back = self.book.refund(account, words)
            shown, event = back.shown(), self._refunded(back, key)
        elif path.startswith(f"{SESSIONS}/") and path.endswith("/expire"):
            session = self.book.session(account, path.removeprefix(f"{SESSIONS}/").removesuffix("/expire"))
            self.book.expire(session)
            self._tell(session, reading.EXPIRED)
            shown = session.shown(self.url)
        else:
            raise Refused(404, f"Unrecognized request URL (POST: {path}).")
        if first and event is not None:
            with trio.move_on_after(FIRST_SECONDS):
                await event.done.wait()
        kept.body = msgspec.json.encode(shown)

    def _opened(self, session: Session, first: bool) -> Event | None:
        """Show the link to its customer, until its time is over."""
        self._later.call(session.expires_at - self.book.clock.now() / 1000, lambda: self._over(session))
        if first:
            self.book.complete(session, paid=True)
            return self._tell(session, reading.COMPLETED)
        for watcher in self._watchers:
            watcher(session)
        return None

    def _over(self, session: Session) -> None:
        if session.status == "open":
            self.answer(session.id, "expired")

    def _tell(self, session: Session, kind: str) -> Event:
        amount = session.amount
        if session.payment_status == "paid" and self._mischief.strikes("wrong_amount"):
            amount = max(1, amount - 1)
        return self._events.tell(session.account, kind, session.shown(self.url, amount=amount))

    def _refunded(self, back: Back, key: str) -> Event:
        charge = self.book.charge(back.session)
        self._events.tell(back.session.account, "charge.refunded", charge, key)
        return self._events.tell(back.session.account, "refund.created", back.shown(), key)
