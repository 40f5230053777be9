"""The cashier's other half: asks providers to send money back, and keeps what they tell of it.

    committed REFUNDING ──due──▶ put off (commit) ─▶ lane: provider.refund ─┬─▶ record (commit) ──▶ letter
                          ▲                                                 └─ nobody knows, or not now ─┐
                          └────────────── due again, under the same key ◀───────────────────────────────┘

- Putting off is a commit of its own, before the request: a crash in between costs a minute, never a second refund,
  because the key is the refund's own and the provider knows it.
- A refund that has waited for its lane is looked at once more before it is asked for: its turn may have come twice, and
  one that was refused meanwhile must not be made after its owner heard that it was not.
- A provider that fails again and again rests (engine.breaker), the same one as for payments: refunds wait.
- Nothing is ever given up while it is open whether a try was carried out; the owner hears of it instead.
- Refunds that the owner makes at the provider itself are recorded by the same way; since webhooks get lost, those of
  the last days are looked for at the start and every half hour.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import trio

from engine.address import DAY, MINUTE, Millis
from engine.books import Refunded, Till
from engine.breaker import Breaker, Watched
from engine.commit import Commit
from engine.notices import Noticeboard
from engine.patience import patiently
from engine.payments import Payment, PaymentState, RefundNews
from engine.ports import Clock, Http, Provider, Refunder

log = logging.getLogger("sokoni.cashier")

BATCH = 50
LOOK_SECONDS = 5.0
LEASE: Millis = MINUTE
"""How long a refund is left alone after it was asked for: longer than a lane can hang on its two requests."""
LEASE_MOST: Millis = 30 * MINUTE
LOOKED_BACK: Millis = 3 * DAY
"""How far back refunds are looked for: as long as a provider tries to tell of them."""
LOOK_BACK_SECONDS = 1800.0
TOLD_AT = 4
"""Tries after which the owner hears that a refund does not get through."""


class MoneyStore(Till, Noticeboard, Protocol):
    """What the cashier asks of a store."""


class SendingBack:
    """``run`` is its life. ``posted`` is called when letters of our own were just kept."""

    def __init__(
        self,
        store: MoneyStore,
        providers: Sequence[Provider],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        posted: Callable[[], None],
        guards: Sequence[Breaker],
    ) -> None:
        """``guards``: the breaker of each provider."""
        self._store = store
        self._connect = connect
        self._clock = clock
        self._posted = posted
        self._lanes: dict[tuple[str, str], trio.MemorySendChannel[Payment]] = {}
        refunders = [(one, guard) for one, guard in zip(providers, guards, strict=True) if isinstance(one, Refunder)]
        self._lives = [life for one in refunders for life in (self._lane_of(*one), self._watch_of(*one))]
        self._tries: Counter[str] = Counter()
        self._work = trio.Event()
        self.sent = 0

    def offer(self, commit: Commit) -> None:
        """A turn was committed: it may wish to send money back."""
        if commit.settlements and any(one.to is PaymentState.REFUNDING for one in commit.settlements):
            self._work.set()

    async def record(self, shop: str, news: RefundNews) -> bool:
        """Keep what a provider tells of a refund, and let its customer's actor know. False when it was known, or is
        none of this shop's. Raises StoreBusy and StoreFailed."""
        with trio.CancelScope(shield=True):
            fresh = await self._store.record_refund(shop, news, self._clock.now())
        if fresh:
            self._posted()
        if fresh and not news.ok:
            log.warning("refund_failed", extra={"shop": shop})
            await self._tell(shop, "refund_failed", news, f"it was not made: {news.detail}")
        return fresh

    # -- life ------------------------------------------------------------------------------------------------------
    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            for life in self._lives:
                nursery.start_soon(life)
            task_status.started()
            if self._lives:
                await self._hand_out()
            await trio.sleep_forever()

    def _lane_of(self, provider: Refunder, guard: Breaker) -> Callable[[], Awaitable[None]]:
        give, take = trio.open_memory_channel[Payment](math.inf)
        self._lanes[provider.shop, provider.kind] = give

        async def life() -> None:
            async with self._connect() as http:
                async for payment in take:
                    if await self._is_still_wanted(payment):
                        await self._ask(provider, guard, http, payment)

        return life

    async def _is_still_wanted(self, payment: Payment) -> bool:
        now = await self._store.payment(payment.shop, payment.id)
        return now is not None and now.refunding > 0 and now.refund_key == payment.refund_key

    def _watch_of(self, provider: Refunder, guard: Breaker) -> Callable[[], Awaitable[None]]:
        async def life() -> None:
            async with self._connect() as http:
                while True:
                    for news in await self._looked_for(provider, guard, http):
                        await self._keep(provider.shop, news)
                    await trio.sleep(LOOK_BACK_SECONDS)

        return life

    async def _looked_for(self, provider: Refunder, guard: Breaker, http: Http) -> Sequence[RefundNews]:
        if not guard.allow():
            return ()
        try:
            return await provider.refunds(Watched(http, guard), self._clock.now() - LOOKED_BACK)
        except Exception as error:  # a bug in a provider must not end its watch
            log.error("refund_crashed", exc_info=error, extra={"shop": provider.shop})
            return ()
        finally:
            guard.returned()

    async def _keep(self, shop: str, news: RefundNews) -> None:
        await patiently(lambda: self.record(shop, news))

    async def _hand_out(self) -> None:
        """Put what is due off, and give it to the lanes, for ever."""
        while True:
            self._work = trio.Event()
            if not await self._some():
                with trio.move_on_after(LOOK_SECONDS):
                    await self._work.wait()

    async def _some(self) -> bool:
        """One batch; whether there was any."""
        now = self._clock.now()
        due = await self._store.refunds_due(now, BATCH)
        for payment in due:
            lane = self._lanes.get((payment.shop, payment.provider))
            until = now + min(LEASE_MOST, LEASE * 2 ** min(10, self._tries[payment.refund_key]))
            if await self._put_off(payment, now, until) and lane is not None:
                self._tries[payment.refund_key] += 1
                lane.send_nowait(payment)
        return bool(due)

    async def _put_off(self, payment: Payment, now: Millis, until: Millis) -> bool:
        name = (payment.shop, payment.id)
        return name in await patiently(lambda: self._store.claim_refunds([name], now, until))

    async def _ask(self, provider: Refunder, guard: Breaker, http: Http, payment: Payment) -> None:
        """One request, and what came of it."""
        key = payment.refund_key
        answer = await self._asked(provider, guard, http, payment)
        if answer.news is None:
            if self._tries[key] == TOLD_AT:
                news = RefundNews(key, provider.kind, payment.id, payment.refunding)
                await self._tell(payment.shop, "refund_waits", news, f"it does not get through yet: {answer.reason}")
            return
        del self._tries[key]
        self.sent += answer.news.ok
        await self._keep(payment.shop, answer.news)

    async def _asked(self, provider: Refunder, guard: Breaker, http: Http, payment: Payment) -> Refunded:
        if not guard.allow():
            return Refunded(reason=f"The provider does not work: {guard.reason}.")
        try:
            return await provider.refund(Watched(http, guard), payment, payment.refunding, payment.refund_key)
        except Exception as error:  # a bug in a provider must not end a lane
            log.error("refund_crashed", exc_info=error, extra={"shop": payment.shop})
            return Refunded(reason="Something is wrong on our side; the log says what.")
        finally:
            guard.returned()

    async def _tell(self, shop: str, kind: str, news: RefundNews, what: str) -> None:
        """Let the owner know; not worth a failure of anything else."""
        name = news.payment if news.payment.startswith(f"{news.provider}:") else f"{news.provider}:{news.payment}"
        detail = f"The refund of payment {name}: {what}"
        await patiently(lambda: self._store.tell_owner(shop, kind, detail, self._clock.now()))
