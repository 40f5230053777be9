"""A payment provider's webhook: what it tells is kept before it is thanked (money first, quality.md 12).

    read (cap, deadline) → genuine? 401 → parse? 400 → record, each piece of news in a commit of its own → 200

Told again it is 200 again, and nothing more happens. What can't be kept is answered 500, and the provider's retry
completes it. A 200 is worded by its provider; refusals are ``{"success": false, "message": …}`` (flows.md §4).

What nobody signed is kept as hearsay, for its provider to be asked about. A question (may this be paid?) is answered
out of the store; when that can't say within ``QUESTION_SECONDS``, no verdict is better than a wrong one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec
import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from adapters.web.answer import answer, say
from adapters.web.body import Bodies, BodyError
from adapters.web.calling import headers_of, target_of
from adapters.web.strangers import Strangers
from adapters.web.webhooks import Engine, WebCounters
from engine.errors import BadInput, StoreBusy, StoreError
from engine.payment_calls import Heard, Question, Verdict
from engine.payments import PaymentNews, RefundNews
from engine.ports import Call, Provider, Reply
from engine.running import Running

log = logging.getLogger("sokoni.webhooks")

QUESTION_SECONDS = 6.0
"""M-Pesa waits for about 8 (protocols.md 3.2)."""
UNSIGNED = "The signature is missing or wrong."
NOT_KEPT = "It could not be kept now; please send it again."


def _refused(status: int, message: str) -> Reply:
    return Reply(status, "application/json", msgspec.json.encode({"success": False, "message": message}))


T = TypeVar("T")

NOT_GENUINE = _refused(401, UNSIGNED)


class PaymentWebhook:
    """One path, which several shops may share; their own secrets decide whose news it is."""

    def __init__(
        self,
        providers: Sequence[Provider],
        engine: Engine,
        bodies: Bodies,
        counters: WebCounters,
        strangers: Strangers,
    ) -> None:
        self._providers = providers
        self._engine = engine
        self._bodies = bodies
        self._counters = counters
        self._strangers = strangers

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable, path: str) -> None:
        """``path``: what was called, without the shop's prefix."""
        if self._strangers.barred(scope):
            self._counters.barred += 1
            await answer(send, 429, b"")
        else:
            post = scope["method"] == "POST"
            await say(send, await self._post(scope, receive, path) if post else _refused(405, "Use POST."))

    async def _post(self, scope: HTTPScope, receive: ASGIReceiveCallable, path: str) -> Reply:
        self._counters.webhooks += 1
        headers = headers_of(scope)
        try:
            raw = await self._bodies.read(receive, headers.get("content-length"))
        except BodyError as error:
            return _refused(error.status, str(error))
        try:
            client = self._strangers.client(scope)
            reply = await self._told(Call(target_of(scope), path, headers, raw, self._engine.now(), client))
            self._strangers.judged(scope, genuine=reply is not NOT_GENUINE)
            return reply
        except Exception as error:  # a bug of ours must not cost money: its provider keeps it and comes again
            if not isinstance(error, StoreError):
                log.error("webhook_crashed", exc_info=error)
            self._counters.unavailable += 1
            return _refused(500, NOT_KEPT)
        finally:
            self._bodies.done(len(raw))

    async def _told(self, call: Call) -> Reply:
        trusted = [provider for provider in self._providers if provider.genuine(call)]
        if not trusted:
            self._counters.refused_signature += 1
            log.warning("payment_unsigned", extra={"shop": self._providers[0].shop})
            return NOT_GENUINE
        try:
            heard = _heard(trusted, call)
        except BadInput as error:  # it is the provider's own, so it may tell of money that is not counted now
            log.error("payment_unreadable", extra={"shop": trusted[0].shop})
            return _refused(400, str(error))
        if heard.question is not None:
            return trusted[0].answer(call, await self._asked(trusted[0].shop, heard.question))
        fresh = [await self._record(await self._owner(trusted, news), news) for news in heard.news]
        fresh += [await self._record(one.shop, news) for news in heard.refunds for one in trusted]
        fresh += [await self._overheard(await self._owner(trusted, news), news) for news in heard.hearsay]
        return trusted[0].answer(call, Verdict.RECORDED if any(fresh) else Verdict.KNOWN if fresh else Verdict.NOTHING)

    async def _owner(self, trusted: Sequence[Provider], news: PaymentNews) -> str:
        """Of several shops with one secret, the one whose intent it is: its id begins with the shop's name. Where its
        provider does not echo the id, the store knows. Raises StoreError."""
        shops = [one.shop for one in trusted]
        named = next((shop for shop in shops if news.intent.startswith(f"{shop}/")), "")
        if named or len(shops) == 1:
            return named or shops[0]
        return await self._kept(shops[0], lambda running: running.whose(shops, news))

    async def _overheard(self, shop: str, news: PaymentNews) -> bool:
        """Raises StoreError."""
        kept = await self._kept(shop, lambda running: running.overheard(shop, news))
        if kept is None:
            log.warning("hearsay_of_nothing", extra={"shop": shop})
        return bool(kept)

    async def _asked(self, shop: str, question: Question) -> Verdict:
        """Raises StoreError, also when there is no verdict in time."""
        with trio.move_on_after(QUESTION_SECONDS):
            return await self._kept(shop, lambda running: running.asked(shop, question))
        raise StoreBusy("the store takes too long")

    async def _record(self, shop: str, news: PaymentNews | RefundNews) -> bool:
        """Raises StoreError."""
        if isinstance(news, RefundNews):
            return await self._kept(shop, lambda running: running.record_refund(shop, news))
        return await self._kept(shop, lambda running: running.record(shop, news))

    async def _kept(self, shop: str, keep: Callable[[Running], Awaitable[T]]) -> T:
        """Raises StoreError, also while the store is out."""
        running = self._engine.running
        try:
            if running is None:
                raise StoreBusy("the store is not open")
            return await keep(running)
        except StoreError as error:
            log.warning("payment_not_kept", extra={"shop": shop, "busy": isinstance(error, StoreBusy)})
            raise


def _heard(trusted: Sequence[Provider], call: Call) -> Heard:
    """What the call tells the first shop to whom it says anything. Raises BadInput."""
    told = (one.parse(call) for one in trusted)
    return next((heard for heard in told if heard != Heard()), Heard())
