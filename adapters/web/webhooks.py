"""The hot path: a provider's webhook, from raw bytes to a durable answer. Bare ASGI, because it is the hottest.

    read (cap, deadline) → genuine? → parse → statuses in bulk → messages: hold while the outbox is long → post → 200

200 is said only when every message of the delivery is committed, known already, or parked. What can't be made durable
in time is answered 503, and the provider delivers it again. Statuses never wait for the outbox: they are what lets an
unknown send go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from adapters.web.answer import answer, say
from adapters.web.body import Bodies, BodyError
from adapters.web.calling import headers_of, target_of
from adapters.web.strangers import Strangers
from engine.address import Millis, Sender
from engine.errors import BadInput, StoreBusy, StoreError
from engine.events import Inbound, Reacted
from engine.messages import Notice
from engine.ports import Call, Channel, Delivery, Reply
from engine.running import Running

log = logging.getLogger("sokoni.webhooks")

UNSIGNED = Reply(401)
UNREADABLE = Reply(400)
UNAVAILABLE = Reply(503)


@dataclass(slots=True)
class WebCounters:
    webhooks: int = 0
    refused_signature: int = 0
    barred: int = 0
    refused_items: int = 0
    unavailable: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class WebLimits:
    """``in_process``: deliveries with messages under way per shop; ``hold``: seconds one may wait before 503."""

    in_process: int = 32
    hold: float = 10.0


class Engine:
    """The running engine as the edge sees it: there, or gone while the store is out. ``waiting`` remembers whose
    messages could not be taken and when last (s of trio's clock; the latest thousand), so that a long outage can be
    apologised for."""

    WAITING = 1_000

    def __init__(self, now: Callable[[], Millis] = lambda: 0) -> None:
        """``now`` dates what comes in, also while the engine is gone."""
        self.now = now
        self.running: Running | None = None
        self.waiting: dict[tuple[str, Sender], float] = {}

    def missed(self, inbounds: Iterable[Inbound]) -> None:
        """These messages could not be taken; their provider will deliver them again."""
        for inbound in inbounds:
            self.waiting.pop((inbound.shop, inbound.sender), None)
            self.waiting[(inbound.shop, inbound.sender)] = trio.current_time()
            if len(self.waiting) > self.WAITING:
                del self.waiting[next(iter(self.waiting))]

    def kept(self, inbounds: Iterable[Inbound]) -> None:
        """These messages were taken: who wrote them waits no more."""
        if self.waiting:
            for inbound in inbounds:
                self.waiting.pop((inbound.shop, inbound.sender), None)


class Webhook:
    """One webhook path, which several shops may share; their own credentials decide whose delivery it is."""

    def __init__(
        self,
        channels: Sequence[Channel],
        engine: Engine,
        bodies: Bodies,
        limits: WebLimits,
        counters: WebCounters,
        mark_read: frozenset[str],
        strangers: Strangers,
    ) -> None:
        self._channels = channels
        self._engine = engine
        self._bodies = bodies
        self._limits = limits
        self._counters = counters
        self._mark_read = mark_read
        self._strangers = strangers
        self._slots = {channel.shop: trio.Semaphore(limits.in_process) for channel in channels}

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if self._strangers.barred(scope):
            self._counters.barred += 1
            await answer(send, 429, b"")
        elif scope["method"] == "POST":
            await say(send, await self._post(scope, receive))
        elif scope["method"] == "GET":
            challenge = self._challenge(scope["query_string"])
            self._strangers.judged(scope, genuine=challenge is not None)
            await answer(send, 403 if challenge is None else 200, (challenge or "").encode())
        else:
            await answer(send, 405, b"")

    def _challenge(self, query: bytes) -> str | None:
        pairs = dict(parse_qsl(query.decode("latin1"), keep_blank_values=True))
        return next((text for channel in self._channels if (text := channel.challenge(pairs)) is not None), None)

    async def _post(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> Reply:
        self._counters.webhooks += 1
        headers = headers_of(scope)
        try:
            raw = await self._bodies.read(receive, headers.get("content-length"))
        except BodyError as error:
            return Reply(error.status)
        try:
            call = Call(target_of(scope), self._channels[0].path, headers, raw, self._engine.now())
            reply = await self._delivered(call)
            self._strangers.judged(scope, genuine=reply is not UNSIGNED)
            return reply
        except Exception as error:  # a bug of ours must not cost a message: its provider keeps it and comes again
            log.error("webhook_crashed", exc_info=error)
            self._counters.unavailable += 1
            return UNAVAILABLE
        finally:
            self._bodies.done(len(raw))

    async def _delivered(self, call: Call) -> Reply:
        trusted = [channel for channel in self._channels if channel.genuine(call)]
        if not trusted:
            self._counters.refused_signature += 1
            return UNSIGNED
        try:
            delivery = trusted[0].parse(call, {number: one.shop for one in trusted for number in one.numbers()})
        except BadInput:
            return UNREADABLE
        self._log(delivery)
        return trusted[0].thanks if await self._kept(delivery) else UNAVAILABLE

    async def _kept(self, delivery: Delivery) -> bool:
        running = self._engine.running
        if running is not None:
            try:
                with trio.move_on_after(self._limits.hold):
                    await _tell_owner(running, delivery.notices)
                    if delivery.statuses:
                        await running.statuses(delivery.statuses)
                    if not delivery.inbounds or await self._messages(running, delivery.inbounds):
                        return True
            except StoreError as error:
                log.warning("delivery_not_kept", extra={"busy": isinstance(error, StoreBusy)})
        self._counters.unavailable += 1
        self._engine.missed(delivery.inbounds)
        return False

    async def _messages(self, running: Running, inbounds: Sequence[Inbound]) -> bool:
        shop = inbounds[0].shop
        async with self._slots[shop]:
            await running.outbox.room(shop)
            kept = await running.post(inbounds).wait()
        if kept:
            self._engine.kept(inbounds)
            self._show_read(running, inbounds)
        return kept

    def _show_read(self, running: Running, inbounds: Sequence[Inbound]) -> None:
        for inbound in inbounds:
            if inbound.shop in self._mark_read and not isinstance(inbound.event, Reacted):
                running.outbox.mark_read(inbound.shop, inbound.id)

    def _log(self, delivery: Delivery) -> None:
        for refusal in delivery.refusals:
            self._counters.refused_items += 1
            log.warning("item_refused", extra={"where": refusal.where, "why": refusal.why})
        for notice in delivery.notices:
            log.warning("provider_notice", extra={"shop": notice.shop, "kind": notice.kind})


async def _tell_owner(running: Running, notices: Sequence[Notice]) -> None:
    """Keep what a provider tells of the account. The same again, as in a redelivery, is only counted; of a template
    that a shop needs, its owner hears in plain words instead."""
    for notice in notices:
        if await running.templates.noted(notice):
            continue
        at = running.around.clock.now()
        await running.store.tell_owner(notice.shop, notice.kind, notice.detail, at)
