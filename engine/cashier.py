"""The cashier: asks providers for the money that turns wished for, and asks again about what stays silent.

    committed intent ──offer──▶ claim (commit) ──▶ desk: provider.charge ──▶ settle (commit) ──┐
    PENDING, silent  ─────────▶ put off (commit) ─▶ desk: provider.ask ────▶ record (commit) ──┴──▶ letters

- The claim is a commit of its own, before the request: after a crash a claimed intent counts as asked, so that nobody
  is asked for money twice; what became of it is asked about.
- A provider that is not reached is tried again for about half a minute; then the customer hears that it can't be
  reached, while they still look at their phone.
- Callbacks that never come are normal (quality.md 12): what is PENDING for 20 s is asked about, so that an M-Pesa
  customer hears within a minute, then in growing gaps until a day after it has expired.
- What an unsigned callback tells is hearsay: it is kept on its intent and asked about at once, and counts when the
  provider confirms it. While that can't be had it stays kept, and is asked about again.
- A provider that fails again and again rests (engine.breaker): meanwhile nobody waits for it.
- Each provider has lanes of its own: one that hangs keeps nobody else's customers waiting.
- Money that goes back goes the way of engine.sending_back.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import msgspec
import trio

from engine.address import DAY, MINUTE, Millis
from engine.books import Charged
from engine.breaker import Breaker, Breakers, Watched, service_of
from engine.commit import Commit
from engine.patience import patiently
from engine.payments import ASK_NOBODY, NEVER, Failure, Intent, PaymentNews, Way
from engine.ports import Clock, Http, Outspoken, Provider
from engine.sending_back import MoneyStore, SendingBack

log = logging.getLogger("sokoni.cashier")

LANES = 2
"""Connections per provider for requests, and as many for questions."""
BATCH = 50
ASKS_WAITING = 200
"""Questions to one provider that may wait for a lane; the others come again when their gap is over."""
LOOK_SECONDS = 5.0
SILENT: Millis = 20_000
"""How long a provider may be silent before the first question, and the shortest gap between two."""
GAP_MOST: Millis = 30 * MINUTE
ASKED_FOR: Millis = DAY
"""How long after its end, or after hearsay of it came, an intent is still asked about."""
RETRIES = (2.0, 4.0, 8.0, 16.0)
"""s between tries of a request that did not reach its provider."""
TRIED_MOST = 30.0
"""s after which no further try is made, however few there were: each may take the lane's 10 s."""
WAITED_MOST = 30.0
"""s that a claimed request may wait for a lane: behind a provider that hangs, it is given up."""
FORGET_SECONDS = 60.0
OTHERWISE = "Customers are told at once, and offered another way to pay."
"""What the owner hears of a provider that rests."""


@dataclass(slots=True)
class CashierCounters:
    charged: int = 0
    refused: int = 0
    asked: int = 0
    told: int = 0
    overheard: int = 0


@dataclass(slots=True)
class _Again:
    """A request that must be made again: since when (trio's clock), how often it was, and when it may be."""

    since: float
    tries: int = 0
    at: float = 0.0


class _Desk:
    """One provider's work that waits for a lane. Each request comes with the time of its claim (trio's clock)."""

    def __init__(self, provider: Provider, breaker: Breaker) -> None:
        self.provider = provider
        self.breaker = breaker
        self.works = provider.works if isinstance(provider, Outspoken) else None
        self.charges, self.next_charge = trio.open_memory_channel[tuple[Intent, float]](math.inf)
        self.asks, self.next_ask = trio.open_memory_channel[Intent](ASKS_WAITING)


class Cashier:
    """``run`` is its life. ``posted`` is called when letters of our own were just kept."""

    def __init__(
        self,
        store: MoneyStore,
        providers: Sequence[Provider],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        posted: Callable[[], None],
        breakers: Breakers,
    ) -> None:
        self._store = store
        self._connect = connect
        self._clock = clock
        self._posted = posted
        self._desks = [_Desk(one, breakers.of(service_of(one), one.shop, OTHERWISE)) for one in providers]
        self._desk_of: dict[tuple[str, Way], _Desk] = {
            (desk.provider.shop, way): desk for desk in self._desks for way in desk.provider.ways
        }
        self._again: dict[str, _Again] = {}
        self._work = trio.Event()
        self.counters = CashierCounters()
        self.refunds = SendingBack(store, providers, connect, clock, posted, [desk.breaker for desk in self._desks])

    # -- what others call ----------------------------------------------------------------------------------------
    def offer(self, commit: Commit) -> None:
        """A turn was committed: it may wish for money."""
        if any(intent.way not in ASK_NOBODY for intent in commit.intents):
            self._work.set()
        self.refunds.offer(commit)

    async def record(self, shop: str, news: PaymentNews) -> bool:
        """Money first: keep what a provider, or the owner, tells of a payment, and let its customer's actor know.
        False when it was known. Raises StoreBusy and StoreFailed: nobody may be thanked for what was not kept."""
        with trio.CancelScope(shield=True):
            fresh = await self._store.record(shop, news, self._clock.now())
        if fresh:
            self.counters.told += 1
            self._posted()
        return fresh

    async def overheard(self, shop: str, news: PaymentNews) -> bool | None:
        """Keep what an unsigned call tells, and ask whether it is so; see Till.overheard. Raises StoreBusy and
        StoreFailed."""
        with trio.CancelScope(shield=True):
            kept = await self._store.overheard(shop, news, self._clock.now())
        if kept:
            self.counters.overheard += 1
            self._work.set()
        return kept

    # -- life ------------------------------------------------------------------------------------------------------
    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            for desk in self._desks:
                for _ in range(LANES):
                    nursery.start_soon(self._charging, desk)
                    nursery.start_soon(self._asking, desk)
            await nursery.start(self.refunds.run)
            task_status.started()
            if self._desks:
                await self._hand_out()
            await trio.sleep_forever()

    async def _hand_out(self) -> None:
        """Claim what is to be done and give it to the desks, for ever."""
        while True:
            self._work = trio.Event()
            charged, asked = await self._charge_some(), await self._ask_some()  # both: neither starves the other
            if not (charged or asked):
                with trio.move_on_after(self._seconds()):
                    await self._work.wait()

    def _seconds(self) -> float:
        """How long there is nothing to do."""
        now = trio.current_time()
        return min([LOOK_SECONDS, *[max(0.001, again.at - now) for again in self._again.values() if again.at > now]])

    # -- asking for money ------------------------------------------------------------------------------------------
    async def _charge_some(self) -> bool:
        """Claim one batch of wishes; whether there were any."""
        now = trio.current_time()
        self._forget(now)
        wished = await self._store.charges(BATCH + len(self._again))
        due = [intent for intent in wished if intent.id not in self._again or self._again[intent.id].at <= now][:BATCH]
        if not due:
            return False
        claimed = await patiently(lambda: self._store.claim_charges([one.id for one in due], self._clock.now()))
        for intent in due:
            desk = self._desk_of.get((intent.shop, intent.way))
            if intent.id not in claimed:
                continue
            if desk is None:
                await self._settle(_failed(intent, Failure.UNREACHABLE, "The shop has no provider for this way."))
            else:
                desk.charges.send_nowait((intent, trio.current_time()))
        return True

    async def _charging(self, desk: _Desk) -> None:
        """One lane, with one connection, that asks a provider for money."""
        async with self._connect() as http:
            async for intent, claimed_at in desk.next_charge:
                if trio.current_time() - claimed_at > WAITED_MOST:
                    answer = _given_up(intent, Failure.UNREACHABLE, "The provider is too slow.")
                elif self._clock.now() >= intent.expires_at:
                    answer = _given_up(intent, Failure.EXPIRED, "Its time was over before it could be asked for.")
                elif not desk.breaker.allow():
                    answer = self._rests(intent, desk.breaker)
                else:
                    self.counters.charged += 1
                    answer = self._ruled(intent, await self._charged(desk, http, intent))
                await self._settle(answer)

    def _rests(self, intent: Intent, breaker: Breaker) -> Charged:
        """The provider is not called just now: its customer need not wait to hear so."""
        self._again.pop(intent.id, None)
        return _given_up(intent, Failure.UNREACHABLE, f"The provider does not work: {breaker.reason}.")

    async def _charged(self, desk: _Desk, http: Http, intent: Intent) -> Charged:
        try:
            return await desk.provider.charge(Watched(http, desk.breaker, desk.works), intent)
        except Exception as error:  # a bug in a provider must not end a lane, and nobody is asked twice
            log.error("charge_crashed", exc_info=error, extra={"shop": intent.shop})
            return Charged(intent.id, asked=True)
        finally:
            desk.breaker.returned()

    def _ruled(self, intent: Intent, answer: Charged) -> Charged:
        """A request that did not reach its provider, or may be made again, is; but not for ever."""
        if not answer.again:
            self._again.pop(intent.id, None)
            return answer
        now = trio.current_time()
        again = self._again.setdefault(intent.id, _Again(now))
        if again.tries == len(RETRIES) or now - again.since > TRIED_MOST:
            del self._again[intent.id]
            if answer.asked:  # nobody knows: what became of it is asked about
                return msgspec.structs.replace(answer, again=False)
            return _given_up(intent, Failure.UNREACHABLE, answer.reason)
        again.at = now + RETRIES[again.tries]
        again.tries += 1
        return msgspec.structs.replace(answer, asked=False)

    async def _settle(self, answer: Charged) -> None:
        await patiently(lambda: self._store.settle_charges([answer], self._clock.now()))
        if answer.failure:
            self.counters.refused += 1
            log.warning("charge_failed", extra={"kind": answer.failure})
        self._posted()
        self._work.set()

    def _forget(self, now: float) -> None:
        """Requests whose turn was taken elsewhere (dropped by their customer) leave nothing behind."""
        for intent_id in [one for one, again in self._again.items() if again.at + FORGET_SECONDS < now]:
            del self._again[intent_id]

    # -- asking what became of it ------------------------------------------------------------------------------------
    async def _ask_some(self) -> bool:
        """Put one batch of silent intents off until their next question, and ask this one; whether there were any."""
        now = self._clock.now()
        silent = await self._store.silent_charges(now - SILENT, BATCH)
        gaps: dict[Millis, list[str]] = {}
        for intent in silent:
            gaps.setdefault(_gap(intent, now), []).append(intent.id)
        for gap, ids in gaps.items():
            await self._put_off(ids, now + gap - SILENT)
        for intent in silent:
            desk = self._desk_of.get((intent.shop, intent.way))
            if desk is not None and _worth_asking(intent, now):
                try:
                    desk.asks.send_nowait(intent)
                except trio.WouldBlock:
                    continue  # its provider hangs: the next question comes
        return bool(silent)

    async def _asking(self, desk: _Desk) -> None:
        """One lane, with one connection, that asks a provider what became of payments."""
        async with self._connect() as http:
            async for intent in desk.next_ask:
                if not desk.breaker.allow():
                    continue  # the next question comes
                news = await self._asked(desk, http, intent)
                if news is not None:
                    await self._keep(intent.shop, news)
                    await self._enough(intent)  # a cancelled one keeps its status

    async def _put_off(self, ids: Sequence[str], at: Millis) -> None:
        await patiently(lambda: self._store.asked_about(ids, at))

    async def _enough(self, intent: Intent) -> None:
        await patiently(lambda: self._store.asked_enough([intent.id]))

    async def _keep(self, shop: str, news: PaymentNews) -> None:
        await patiently(lambda: self.record(shop, news))

    async def _asked(self, desk: _Desk, http: Http, intent: Intent) -> PaymentNews | None:
        self.counters.asked += 1
        try:
            return await desk.provider.ask(Watched(http, desk.breaker, desk.works), intent)
        except Exception as error:  # a bug in a provider must not end a lane
            log.error("ask_crashed", exc_info=error, extra={"shop": intent.shop})
            return None
        finally:
            desk.breaker.returned()


def _given_up(intent: Intent, failure: Failure, reason: str) -> Charged:
    """No further try. Where the answer to an earlier one was lost (that alone names the provider, and outlives a
    restart), the request may be on the customer's phone: nobody says that nothing was taken before it was asked about.
    """
    return Charged(intent.id, asked=True) if intent.provider else _failed(intent, failure, reason)


def _failed(intent: Intent, failure: Failure, reason: str) -> Charged:
    return Charged(intent.id, asked=False, failure=failure.value, reason=reason)


def _worth_asking(intent: Intent, now: Millis) -> bool:
    return now < max(intent.expires_at, _heard_at(intent)) + ASKED_FOR


def _heard_at(intent: Intent) -> Millis:
    return intent.told.at if intent.told is not None else 0


def _gap(intent: Intent, now: Millis) -> Millis:
    """How long after this question the next one comes: the shortest gap doubled as long as it is below half of the
    age of the intent, or of the hearsay of it, so that few different gaps are written at once."""
    if not _worth_asking(intent, now):
        return NEVER
    gap, since = SILENT, max(intent.created_at, _heard_at(intent))
    while 4 * gap <= now - since and 2 * gap <= GAP_MOST:
        gap *= 2
    return gap
