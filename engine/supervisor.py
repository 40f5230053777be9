"""The supervisor: starts an actor when its address has a letter, restarts it from its snapshot when it crashes.

A nursery alone is no supervisor: one failing child cancels its siblings. So each actor runs inside a runner that
catches Exception (and groups of them), never Cancelled. As in OTP, restarts are counted twice: per address (over the
limit that address is quarantined: its letters are parked and answered, nobody else notices) and in total (over the
limit the process stops and its service manager starts it afresh). A letter that crashed its actor twice is parked as
a dead letter, and the actor goes on with the next one.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import trio

from engine.actor import Actor, Forwarded, Surroundings
from engine.address import DAY, Address, Millis
from engine.commit import Parked
from engine.errors import SokoniError, StoreBusy, StoreFailed
from engine.events import Letter, TimerFired
from engine.mailbox import Envelope, Receipt

log = logging.getLogger("sokoni.supervisor")

CRASHES_PER_LETTER = 2
ADDRESS_RESTARTS = 6
ADDRESS_WITHIN = 60.0
TOTAL_RESTARTS = 300
TOTAL_WITHIN = 10.0
IDLE_SECONDS = 120.0
AWAKE_AT_MOST = 50_000
LATE_WITHIN: Millis = 30 * DAY
LATE_AT_MOST = 100_000
"""Letters of our own that are looked through at the start for those that customers wrote too fast."""
PARKED_AT_MOST = 1_000_000
"""Parked letters that one replay reads; far more than a customer can write while nobody notices."""


class TooManyRestarts(SokoniError):
    """The process as a whole crashes too often to be trusted; it must be started afresh."""


class RestartLimit:
    """Counts restarts: at most ``limit`` within ``within`` seconds (OTP's max_restarts, max_seconds)."""

    __slots__ = ("_limit", "_times", "_within")

    def __init__(self, limit: int, within: float) -> None:
        self._limit = limit
        self._within = within
        self._times: deque[float] = deque()

    def exceeded(self, now: float) -> bool:
        """Count one restart at ``now`` (seconds, monotonic); True when that is one too many."""
        self._times.append(now)
        while self._times[0] <= now - self._within:
            self._times.popleft()
        return len(self._times) > self._limit


class Supervisor:
    """Owns the actors. Letters come in through ``post``; ``run`` is its life."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.actors: dict[Address, Actor] = {}
        self.resting = trio.Lock()
        """Held by whoever holds actors: nobody else may let go of them meanwhile."""
        self._forwards: dict[Address, Address] = {}
        self._quarantined: dict[Address, str] = {}
        self._late: Counter[Address] = Counter()
        self._limits: dict[Address, RestartLimit] = {}
        self._total = RestartLimit(TOTAL_RESTARTS, TOTAL_WITHIN)
        self._nursery: trio.Nursery | None = None
        self._fatal: SokoniError | None = None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed or TooManyRestarts when the process must be started afresh."""
        self._quarantined = await self.around.store.quarantined()
        self._forwards = dict(await self.around.store.forwards())
        self._late = await self._waiting_late()
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                await self._go_on_replaying()
                task_status.started()
                await self._passivate()
        except BaseExceptionGroup:
            if self._fatal is not None:
                raise self._fatal from None
            raise
        finally:
            self._nursery = None
            for actor in self.actors.values():
                actor.mailbox.refuse_all()

    # -- letters ---------------------------------------------------------------------------------------------------
    def post(self, letter: Letter, receipt: Receipt) -> None:
        """Put a letter into its mailbox, or that of the customer whose its address is by now, waking the actor.

        The receipt is settled False when the mailbox is full or the supervisor does not run.
        """
        if letter.address in self._forwards:
            if _moved_with_its_timer(letter):
                receipt.settle(True)
                return
            letter = msgspec.structs.replace(letter, address=self._forwards[letter.address])
        if self._nursery is None or not self._actor(letter.address).mailbox.put(Envelope(letter, receipt)):
            self.around.counters.refused += 1
            receipt.settle(False)

    def _actor(self, address: Address) -> Actor:
        actor = self.actors.get(address)
        if actor is None:
            if self._nursery is None:
                raise RuntimeError("actors live while the supervisor runs")
            actor = self.actors[address] = Actor(address, self.around, self._late.pop(address, 0))
            actor.quarantine = self._quarantined.get(address, "")
            actor.last_used = trio.current_time()
            self._nursery.start_soon(self._runner, actor, name=f"actor {address}")
        return actor

    async def _waiting_late(self) -> Counter[Address]:
        """How many letters of each customer the process before this one kept until their turn comes: what they write
        now stays behind."""
        until = self.around.clock.now() + LATE_WITHIN
        return Counter(one.address for one in await self.around.store.posted(until, LATE_AT_MOST) if one.late)

    # -- crashes ---------------------------------------------------------------------------------------------------
    async def _runner(self, actor: Actor) -> None:
        while True:
            try:
                await actor.run()
            except StoreFailed as error:
                raise self._stop(error) from error
            except Forwarded:
                if await self._follow(actor):
                    self._gone(actor)
                    return
            except Exception as error:
                await self._crashed(actor, error)
            else:
                self._gone(actor)
                return

    def _gone(self, actor: Actor) -> None:
        """The actor has retired; its memory is its snapshot."""
        if self.actors.get(actor.address) is actor:
            del self.actors[actor.address]
        self.around.counters.retired += 1

    def _stop(self, error: SokoniError) -> SokoniError:
        self._fatal = error
        return error

    async def _crashed(self, actor: Actor, error: Exception) -> None:
        """Decide what becomes of an actor and of the letter that it crashed on."""
        self.around.counters.crashes += 1
        log.error("actor_crashed", exc_info=error, extra={"address": str(actor.address)})
        actor.forget()
        now = trio.current_time()
        if self._total.exceeded(now):
            raise self._stop(TooManyRestarts(f"over {TOTAL_RESTARTS} restarts within {TOTAL_WITHIN:g} s"))
        try:
            await self._judge(actor, type(error).__name__)
            if self._limits.setdefault(actor.address, RestartLimit(ADDRESS_RESTARTS, ADDRESS_WITHIN)).exceeded(now):
                await self._quarantine(actor, type(error).__name__)
        except StoreFailed as failed:
            raise self._stop(failed) from failed

    async def _judge(self, actor: Actor, why: str) -> None:
        """Count the crash on the letter that it happened on; the second one makes it a dead letter.

        One that can't even be parked is refused: its provider sends it again.
        """
        envelope = actor.mailbox.current
        if envelope is None:
            return
        envelope.crashes += 1
        if envelope.crashes < CRASHES_PER_LETTER:
            return
        try:
            await actor.park(envelope.letter, dead=True, why=why)
        except StoreFailed:
            raise
        except Exception as error:
            log.error("not_parked", exc_info=error, extra={"address": str(actor.address)})
            actor.mailbox.settle(False)
        else:
            log.error("dead_letter", extra={"address": str(actor.address)})
            actor.mailbox.settle(True)

    # -- quarantine --------------------------------------------------------------------------------------------------
    async def _quarantine(self, actor: Actor, why: str) -> None:
        reason = f"crashed more than {ADDRESS_RESTARTS} times within {ADDRESS_WITHIN:g} s, last with {why}"
        try:
            with trio.CancelScope(shield=True):
                await self.around.store.quarantine(actor.address, reason, self.around.clock.now())
        except StoreBusy:
            return  # the next crash tries again
        self._quarantined[actor.address] = actor.quarantine = reason
        log.error("address_quarantined", extra={"address": str(actor.address)})

    @property
    def quarantined(self) -> dict[Address, str]:
        """The quarantined addresses, each with its reason."""
        return dict(self._quarantined)

    async def release(self, address: Address) -> int:
        """End a quarantine and replay what was parked meanwhile, in order; how many letters that is.

        The actor is held meanwhile: a letter that it is just parking is among them, and what arrives now waits behind
        them. Returns when each of them met its end, which may be that it is parked again. Raises StoreBusy when the
        store can't be told; then the quarantine stands.
        """
        address = self.whose(address)
        async with self.resting:
            receipt, count = await self._release(address)
        await receipt.wait()
        return count

    async def _release(self, address: Address) -> tuple[Receipt, int]:
        actor = self._actor(address)
        try:
            await actor.hold()
            parked = await self.around.store.parked(address, dead=False, limit=PARKED_AT_MOST)
            with trio.CancelScope(shield=True):
                await self.around.store.release(address)
            self._quarantined.pop(address, None)
            self._limits.pop(address, None)
            actor.quarantine = ""
            return self._replay_first(actor, parked)
        finally:
            actor.free()

    def _replay_first(self, actor: Actor, parked: Sequence[Parked]) -> tuple[Receipt, int]:
        """Before all that waits; nobody would send these again, so they insist."""
        waiting = {envelope.letter.parked_id for envelope in actor.mailbox.letters}
        fresh = [_letter(row) for row in parked if row.id not in waiting]
        receipt = Receipt(len(fresh))
        actor.mailbox.put_first([Envelope(letter, receipt, insists=True) for letter in fresh])
        return receipt, len(fresh)

    async def _go_on_replaying(self) -> None:
        """Letters parked without a quarantine: the process before this one ended in the midst of a release."""
        rows: dict[Address, list[Parked]] = {}
        for row in await self.around.store.parked(None, dead=False, limit=PARKED_AT_MOST):
            if row.address not in self._quarantined:
                rows.setdefault(row.address, []).append(row)
        for address, parked in rows.items():
            self._replay_first(self._actor(address), parked)

    async def replay(self, parked: Parked) -> bool:
        """Give a dead letter another chance, behind what its address is doing; False when it was refused.

        True says only that it met its end, which may be that it is a dead letter again.
        """
        receipt = Receipt(1)
        self.post(_letter(parked), receipt)
        return await receipt.wait()

    # -- two customers who are one ---------------------------------------------------------------------------------
    def whose(self, address: Address) -> Address:
        """The address itself, or the one that it forwards to."""
        return self._forwards.get(address, address)

    @asynccontextmanager
    async def at_rest(self, *addresses: Address) -> AsyncIterator[None]:
        """While this is entered these actors do nothing; what arrives for them waits in its order."""
        async with self.resting:
            actors = [self._actor(address) for address in addresses]
            try:
                for actor in actors:
                    await actor.hold()
                yield
            finally:
                for actor in actors:
                    actor.free()

    def merged(self, gone: Address, survivor: Address) -> None:
        """The store has made one of two: the survivor begins anew from what it remembers now, and whatever waits for
        the other waits behind what waits for the survivor."""
        self._note_forwards({gone: survivor})
        self._quarantined.pop(gone, None)
        self.around.counters.merged += 1
        actor = self._actor(survivor)
        actor.forget()
        if (other := self.actors.pop(gone, None)) is not None:
            self._hand_on(other, actor)
        self.around.merged(gone, survivor)

    async def learn_forwards(self) -> None:
        """Note what other processes have made one."""
        self._note_forwards(await self.around.store.forwards())

    def _note_forwards(self, news: Mapping[Address, Address]) -> None:
        self._forwards |= news
        self._forwards = {gone: news.get(whose, whose) for gone, whose in self._forwards.items()}

    def _hand_on(self, other: Actor, to: Actor) -> None:
        letters: list[Envelope] = []
        for envelope in other.mailbox.take_all():
            if _moved_with_its_timer(envelope.letter):
                envelope.receipt.settle(True)
            else:
                envelope.letter = msgspec.structs.replace(envelope.letter, address=to.address)
                letters.append(envelope)
        to.mailbox.put_last(letters)
        other.retired = True
        other.mailbox.nudge()

    async def _follow(self, actor: Actor) -> bool:
        """Hand all letters of an actor on to whoever its customer has become elsewhere; False when nobody says who."""
        await self.learn_forwards()
        whose = self.whose(actor.address)
        if whose == actor.address:
            return False
        self._hand_on(actor, self._actor(whose))
        return True

    # -- sleep -------------------------------------------------------------------------------------------------------
    async def _passivate(self) -> None:
        """Retire actors that were idle for long, and the idlest ones while too many are awake."""
        while True:
            await trio.sleep(IDLE_SECONDS / 24)
            self.retire(trio.current_time() - IDLE_SECONDS)
            self._forget_limits()

    def retire(self, used_before: float) -> None:
        """Put to sleep every idle actor last used before this moment (trio's clock), and the idlest over the cap."""
        idle = [actor for actor in self.actors.values() if actor.idle and not actor.retired]
        over = len(self.actors) - AWAKE_AT_MOST
        if over > 0:
            idle.sort(key=lambda actor: actor.last_used)
        for position, actor in enumerate(idle):
            if actor.last_used < used_before or position < over:
                actor.retired = True
                del self.actors[actor.address]
                actor.mailbox.nudge()

    def _forget_limits(self) -> None:
        for address in [address for address in self._limits if address not in self.actors]:
            del self._limits[address]


def _moved_with_its_timer(letter: Letter) -> bool:
    """Whether its timer is the survivor's by now, or ended, and brings a letter of its own."""
    return isinstance(letter.inbound.event, TimerFired) and not letter.parked_id


def _letter(parked: Parked) -> Letter:
    return msgspec.structs.replace(msgspec.json.decode(parked.letter, type=Letter), parked_id=parked.id)
