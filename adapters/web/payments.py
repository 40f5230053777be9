"""A payment provider's webhook: what it tells is kept before it is thanked (money first, quality.md 12).

    read (cap, deadline) → genuine? 401 → parse? 400 → record, each piece of news in a commit of its own → 200

Told again it is 200 again, and nothing more happens. What can't be kept is answered 500, and the provider's retry
completes it. A 200 is worded by its provider; refusals are ``{"success": false, "message": …}`` (flows.md §4).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from adapters.web.answer import answer, say
from adapters.web.body import Bodies, BodyError
from adapters.web.calling import headers_of, target_of
from adapters.web.strangers import Strangers
from adapters.web.webhooks import Engine, WebCounters
from engine.errors import BadInput, StoreBusy, StoreError
from engine.payments import PaymentNews, RefundNews
from engine.ports import Call, Heard, Provider, Reply, Verdict

log = logging.getLogger("sokoni.webhooks")

UNSIGNED = "The signature is missing or wrong."
NOT_KEPT = "It could not be kept now; please send it again."


def _refused(status: int, message: str) -> Reply:
    return Reply(status, "application/json", msgspec.json.encode({"success": False, "message": message}))


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
            reply = await self._told(Call(target_of(scope), path, headers, raw, self._engine.now()))
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
        fresh = [await self._record(_owner(trusted, news).shop, news) for news in heard.news]
        fresh += [await self._record(one.shop, news) for news in heard.refunds for one in trusted]
        return trusted[0].answer(call, Verdict.RECORDED if any(fresh) else Verdict.KNOWN if fresh else Verdict.NOTHING)

    async def _record(self, shop: str, news: PaymentNews | RefundNews) -> bool:
        """Raises StoreError, also while the store is out."""
        running = self._engine.running
        try:
            if running is None:
                raise StoreBusy("the store is not open")
            if isinstance(news, RefundNews):
                return await running.record_refund(shop, news)
            return await running.record(shop, news)
        except StoreError as error:
            log.warning("payment_not_kept", extra={"shop": shop, "busy": isinstance(error, StoreBusy)})
            raise


def _heard(trusted: Sequence[Provider], call: Call) -> Heard:
    """What the call tells the first shop to whom it says anything. Raises BadInput."""
    told = (one.parse(call) for one in trusted)
    return next((heard for heard in told if heard.news or heard.refunds), Heard())


def _owner(trusted: Sequence[Provider], news: PaymentNews) -> Provider:
    """Of several shops with one secret, the one whose intent it is: its id begins with the shop's name."""
    return next((one for one in trusted if news.intent.startswith(f"{one.shop}/")), trusted[0])
