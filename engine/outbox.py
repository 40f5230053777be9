"""The outbox: rows that a commit wished for leave here, each customer's in order, at the number's pace, at most once.

    committed row ──offer──▶ lines ──pick──▶ claim (commit) ──▶ lane: channel.send ──▶ settle (commit) ──▶ next in line

- The claim is a commit of its own, before the send: after a crash a claimed row is an *unknown* send, not a fresh one.
- An unknown send is reconciled: a provider status says that it went out; when nothing is known after
  ``unknown_after``, replies, orders and payments go once more (the risk of a double is kept on the row), bulk never.
- A channel that fails again and again rests (engine.breaker): its rows wait queued, and one of them tries it anew.
- A provider's answer is one of the outcome classes of ``engine.messages``; there is one plan per class, no ladder.
- Memory is bounded: over ``in_memory`` rows, or a few of one customer, the rest stay in the store and are read back.
- ``room`` is how the HTTP edge holds new work while too much is due: excess waits in TCP (design.md, overload).
"""

from __future__ import annotations

import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import trio

from engine.address import Address, Millis
from engine.breaker import Breaker, Watched
from engine.commit import Commit
from engine.courtesies import Courtesies
from engine.held import Held
from engine.lines import Lines
from engine.media_sent import MediaSent
from engine.messages import Document, Image, Outcome, OutcomeClass, Outgoing, Purpose, Status
from engine.opting_out import OptingOut
from engine.patience import patiently
from engine.ports import Clock, Http, Sending, Store
from engine.rooms import Room
from engine.spilled import Spilled
from engine.unknown import UnknownSends

log = logging.getLogger("sokoni.outbox")

CLAIM_AT_MOST = 128
SETTLE_AT_MOST = 512
TRIES = 18
"""Failures in a row before a message is given up; with the backoff below that is about six hours."""
BACKOFF: Millis = 1_000
BACKOFF_MOST: Millis = 60 * 60_000
OPERATOR_PAUSE: Millis = 300_000
THROTTLE_FIRST: Millis = 1_000
THROTTLE_MOST: Millis = 300_000
TIDY_SECONDS = 30.0
SLEEP_LEAST = 0.0001
"""s; a rounded deadline a hair away would not let time pass at all."""
PAUSES = (OutcomeClass.THROTTLE_NUMBER, OutcomeClass.OPERATOR)
NOT_BEGUN = Outcome(OutcomeClass.THROTTLE_NUMBER)
"""What becomes of a row that was claimed when its number was paused, or its channel's breaker opened."""


@dataclass(slots=True)
class OutboxSettings:
    """``unknown_after`` in ms; ``in_memory`` in rows."""

    lanes: int = 32
    unknown_after: Millis = 60_000
    in_memory: int = 20_000


@dataclass(slots=True)
class OutboxCounters:
    sent: int = 0
    failed: int = 0
    retried: int = 0


class Outbox:
    """Sends what the store holds. ``run`` is its life; everything else is called by the rest of the engine."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Sending],
        paces: Mapping[str, float],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        settings: OutboxSettings | None = None,
        breakers: Mapping[str, Breaker] | None = None,
        posted: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._connect = connect
        self._clock = clock
        self._settings = settings or OutboxSettings()
        self.lines = Lines(dict(paces))
        self._breakers = breakers or {shop: Breaker("channel", shop, self._now) for shop in channels}
        for shop, desk in self.lines.desks.items():
            desk.gate = self._breakers[shop]
        self.unknown = UnknownSends(store, self.lines, clock, self._settings.unknown_after, self._wake)
        self.counters = OutboxCounters()
        self.outcomes: Counter[tuple[str, OutcomeClass]] = Counter()
        """How often a shop's sends ended so."""
        self._jobs: deque[Outgoing] = deque()
        self.courtesies = Courtesies(channels, self.lines.desks)
        self._results: list[tuple[Outgoing, Outcome]] = []
        self._media = MediaSent()
        self._spilled = Spilled(store, self.lines, self._settings.in_memory, self._wake, self._now)
        self.held = Held(store, clock, self._spilled.read_anew)
        self.opting_out = OptingOut(store, clock, posted)
        self._proven: set[str] = set()  # rows on their way that a status has already shown to have arrived
        self._draining = False
        self._busy_lanes = 0
        self._work = trio.Event()
        self._settle_now = trio.Event()
        self._finished = trio.Event()
        self._idle_lanes = trio.lowlevel.ParkingLot()
        self._rooms = {shop: Room(desk) for shop, desk in self.lines.desks.items()}

    # -- what others call ----------------------------------------------------------------------------------------
    def _wake(self) -> None:
        self._work.set()

    def committed(self, commit: Commit) -> None:
        """Take the rows of a turn that was just committed. Where its customer's word lets held messages go, these go
        first; and the store may have written an invoice's number into a row: then they are read back from there."""
        if commit.hush:
            self.lines.hush(commit.address, self._now())
        freed = self.held.committed(commit)
        if freed:
            self._spilled.read_anew()
        self.offer(commit.outbox, completed=freed or bool(commit.invoices))

    def merged(self, gone: Address, survivor: Address) -> None:
        """What waits for one customer waits for the other now."""
        self.held.merged(gone, survivor)
        self.lines.moved(gone, survivor, self._now())
        self._work.set()

    def offer(self, rows: Sequence[Outgoing], *, completed: bool = False) -> None:
        """Take rows that were just committed; ``completed``: they must be read back from the store."""
        if rows:
            self._spilled.offer(rows, stored=completed)

    def mark_read(self, shop: str, inbound_id: str) -> None:
        """Show the customer that their message was seen, when a lane is free for it."""
        self.courtesies.add(shop, inbound_id)
        self._idle_lanes.unpark()

    async def room(self, shop: str) -> None:
        """Wait until not too many messages of this number are due. First come, first served."""
        await self._rooms[shop].pass_through()

    async def noted(self, statuses: Sequence[Status]) -> None:
        """Apply provider statuses durably, and let go on who waited for one."""
        await self.opting_out.heard(statuses)
        told = await self.held.late(statuses, lambda key: key in self.lines.rows and key not in self.unknown)
        sent = await self._store.statuses(told) if told else set()
        now = self._now()
        self.unknown.resolve([*sent, *(one.key for one in statuses if one.refused)], now)
        self._proven.update(key for key in sent if key in self.lines.rows)
        for address in self._media.delivered(statuses):
            self.lines.delivered(address, now)
            self._work.set()

    def now(self) -> float:
        """Milliseconds of the clock that paces and pauses are measured by."""
        return self._now()

    def resume(self, shop: str) -> None:
        """The operator has mended what paused this number."""
        desk = self.lines.desks[shop]
        desk.paused_until, desk.why_paused, desk.failures = 0.0, "", 0
        self._work.set()

    def paused(self) -> dict[str, str]:
        """The numbers that are paused now, each with the reason."""
        now = self._now()
        return {shop: desk.why_paused for shop, desk in self.lines.desks.items() if desk.paused_until > now}

    async def drain(self) -> None:
        """Begin no more sends and wait until those under way are settled."""
        self._draining = True
        self._work.set()
        self._idle_lanes.unpark_all()
        await self._finished.wait()

    # -- life ------------------------------------------------------------------------------------------------------
    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Send until cancelled; raises StoreFailed when the store does."""
        await self.unknown.load(self._settings.in_memory, self._now())
        await self.held.review()
        async with trio.open_nursery() as nursery:
            for number in range(self._settings.lanes):
                nursery.start_soon(self._lane, name=f"lane {number}")
            nursery.start_soon(self._dispatch)
            nursery.start_soon(self._settle)
            nursery.start_soon(self._spilled.run, self.held)
            nursery.start_soon(self.unknown.run)
            nursery.start_soon(self.held.run)
            nursery.start_soon(self._tidy)
            task_status.started()
        raise RuntimeError("the outbox's tasks run until cancelled")

    @staticmethod
    def _now() -> float:
        """Milliseconds of trio's clock: paces and delays must not jump with the wall clock."""
        return trio.current_time() * 1000.0

    # -- out -------------------------------------------------------------------------------------------------------
    async def _dispatch(self) -> None:
        """Claim what may go now, in batches, a little ahead of the lanes."""
        while not self._draining:
            if self.lines.hungry:
                self._spilled.look()
            now = self._now()
            ahead = 2 * self._settings.lanes - len(self._jobs) - self._busy_lanes
            picked = self.lines.pick(now, min(CLAIM_AT_MOST, ahead)) if ahead > 0 else []
            if picked:
                await self._claim(picked)
            else:
                await self._sleep(now, wait_for_lane=ahead <= 0)
        self._finish()

    async def _claim(self, picked: list[Outgoing]) -> None:
        claimed = await patiently(lambda: self._store.claim([row.key for row in picked], self._clock.now()))
        for row in picked:
            if row.key in claimed:
                self._jobs.append(self.lines.begun(row))
            else:  # settled by somebody else meanwhile
                self._land(row)
                self.lines.done(row.key, self._now())
                self._rooms[row.address.shop].look()
        self._idle_lanes.unpark(count=len(picked))

    async def _sleep(self, now: float, *, wait_for_lane: bool) -> None:
        self._work = trio.Event()
        at = None if wait_for_lane else self.lines.wake_at(now)
        with trio.move_on_after(math.inf if at is None else max(SLEEP_LEAST, (at - now) / 1000.0)):
            await self._work.wait()

    async def _tidy(self) -> None:
        while True:
            await trio.sleep(TIDY_SECONDS)
            self.lines.tidy(self._now())

    async def _lane(self) -> None:
        """One sender with one connection of its own."""
        async with self._connect() as http:
            while True:
                if self._jobs:
                    await self._send(http, self._jobs.popleft())
                elif self.courtesies and not self._draining:
                    await self.courtesies.show(http)
                else:
                    await self._idle_lanes.park()

    async def _send(self, http: Http, row: Outgoing) -> None:
        shop, breaker = row.address.shop, self._breakers[row.address.shop]
        self._busy_lanes += 1
        allowed = self.lines.desks[shop].paused_until <= self._now() and breaker.allow()
        try:
            outcome = await self._channels[shop].send(Watched(http, breaker), row) if allowed else NOT_BEGUN
        except Exception as error:  # a bug in a channel must not stop the others' messages
            log.error("send_crashed", exc_info=error, extra={"shop": shop})
            outcome = Outcome(OutcomeClass.UNKNOWN, reason="Sending failed inside Sokoni; see the log.")
        finally:
            if allowed:  # else the one trial is somebody else's
                breaker.returned()
            self._busy_lanes -= 1
        if outcome.kind in PAUSES and outcome is not NOT_BEGUN:
            self._pause(shop, outcome)  # at once: the other lanes must not go on while the store writes
        self._results.append((row, outcome))
        if len(self._results) == 1:
            self._settle_now.set()
        if len(self._jobs) < self._settings.lanes // 2:
            self._work.set()

    # -- what became of it -------------------------------------------------------------------------------------------
    async def _settle(self) -> None:
        """Write results in batches, then let each customer's line go on."""
        while True:
            if not self._results:
                self._settle_now = trio.Event()
                await self._settle_now.wait()
            batch, self._results = self._results[:SETTLE_AT_MOST], self._results[SETTLE_AT_MOST:]
            await self._write([(row, self._ruled(row, outcome)) for row, outcome in batch])
            self._work.set()
            self._finish()

    async def _write(self, batch: Sequence[tuple[Outgoing, Outcome]]) -> None:
        results = [(row.key, outcome) for row, outcome in batch]
        await self.opting_out.told([row for row, outcome in batch if outcome.kind is OutcomeClass.STOPPED])
        await patiently(lambda: self._store.settle(results, self._clock.now()))
        now = self._now()
        for row, outcome in batch:
            # A status may have come in before its answer, or while the store wrote: then there is nothing unknown.
            proven = row.key in self._proven and outcome.kind is OutcomeClass.UNKNOWN
            self._land(row)
            kind = OutcomeClass.SENT if proven else outcome.kind
            self.outcomes[row.address.shop, kind] += outcome is not NOT_BEGUN
            PLANS[kind](self, row, outcome, now)
        await self.held.landed(key for key, outcome in results if outcome.kind is OutcomeClass.SENT)
        for shop in {row.address.shop for row, _ in batch}:
            self._rooms[shop].look()

    def _ruled(self, row: Outgoing, outcome: Outcome) -> Outcome:
        """A message that failed too often is given up rather than tried for ever."""
        if outcome.kind is OutcomeClass.RETRY and self.lines.failed(row.key) >= TRIES:
            return Outcome(
                OutcomeClass.NEVER, code=outcome.code, reason=f"Given up after {TRIES} tries. {outcome.reason}"
            )
        return outcome

    def _land(self, row: Outgoing) -> None:
        self._proven.discard(row.key)
        self.lines.landed(row.address.shop, bulk=row.purpose is Purpose.BULK)

    def _finish(self) -> None:
        if self._draining and not any(desk.on_way for desk in self.lines.desks.values()):
            self._finished.set()

    def _sent(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.counters.sent += 1
        desk = self.lines.desks[row.address.shop]
        desk.failures = 0
        if isinstance(row.message, (Image, Document)) and outcome.provider_id:
            self._media.add(outcome.provider_id, row.address)
        self.lines.done(row.key, now)

    def _failed(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.counters.failed += 1
        log.warning("send_failed", extra={"shop": row.address.shop, "code": outcome.code})
        self.lines.done(row.key, now, sent=False)

    def _held_back(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.held.add(row.address)
        self.lines.done(row.key, now, sent=False)

    def _skipped(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.lines.done(row.key, now, sent=False)

    def _retry(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.counters.retried += 1
        wait = min(BACKOFF_MOST, BACKOFF * 2 ** (self.lines.failures(row.key) - 1))
        self.lines.again(row.key, now, max(outcome.wait, wait))

    def _throttle_customer(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        """Meta asks for 4^n seconds, n = 0, 1, 2… (protocols.md, 131056)."""
        self.counters.retried += 1
        wait = min(BACKOFF_MOST, 1_000 * 4 ** (self.lines.failed(row.key) - 1))
        self.lines.again(row.key, now, max(outcome.wait, wait))

    def _postponed(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        """The number is paused already; this row goes first again when it is not."""
        self.counters.retried += outcome is not NOT_BEGUN
        self.lines.again(row.key, now, 0)

    def _pause(self, shop: str, outcome: Outcome) -> None:
        """Pause a number, throttled ones longer each time. Answers to what was under way then are the same time."""
        now = self._now()
        desk = self.lines.desks[shop]
        wait = outcome.wait
        if outcome.kind is OutcomeClass.OPERATOR:
            wait = max(wait, OPERATOR_PAUSE)
            log.error("number_paused", extra={"shop": shop, "code": outcome.code})
        elif desk.paused_until <= now:
            wait = max(wait, min(THROTTLE_MOST, THROTTLE_FIRST * 2**desk.failures))
            desk.failures += 1
        desk.paused_until = max(desk.paused_until, now + wait)
        desk.why_paused = outcome.reason or f"The provider answered code {outcome.code}."

    def _lost(self, row: Outgoing, outcome: Outcome, now: float) -> None:
        self.unknown.add(row, now)


PLANS: Mapping[OutcomeClass, Callable[[Outbox, Outgoing, Outcome, float], None]] = {
    OutcomeClass.SENT: Outbox._sent,
    OutcomeClass.RETRY: Outbox._retry,
    OutcomeClass.THROTTLE_NUMBER: Outbox._postponed,
    OutcomeClass.THROTTLE_CUSTOMER: Outbox._throttle_customer,
    OutcomeClass.NEEDS_TEMPLATE: Outbox._held_back,
    OutcomeClass.HELD: Outbox._held_back,
    OutcomeClass.SKIPPED: Outbox._skipped,
    OutcomeClass.NEVER: Outbox._failed,
    OutcomeClass.STOPPED: Outbox._failed,
    OutcomeClass.OPERATOR: Outbox._postponed,
    OutcomeClass.UNKNOWN: Outbox._lost,
}
"""What follows from each outcome class."""
