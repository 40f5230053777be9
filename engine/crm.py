"""Dealing with the shops' CRMs: orders out, stock in (engine.backoffice says which figure holds).

    committed order ──offer──▶ begin (commit) ─▶ crm.push ──────▶ note (commit)        in the order of the wishes
    every so often, or asked for ───────────────▶ crm.inventory ─▶ set_stock (commit)

- One task per shop does both, one call after another, orders first: no figure is read while an order of ours is on its
  way. What crossed all the same (a crash, a lost answer) is subtracted until it was looked for.
- ``begin`` is a commit of its own, before the first try: after a crash the order is looked for before it is told again.
- An order that the CRM refuses steps aside for an hour, with a notice to the owner, and the others go on.
- A CRM that fails again and again rests, as every service does (engine.breaker); asked for by hand, too.
- While the CRM is down the last known stock is used; why, and since when, is in ``state`` and told the owner once, as
  is that it works again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from types import MappingProxyType

import trio

from engine.address import Millis
from engine.backoffice import Stocktake
from engine.breaker import Breaker, Watched
from engine.commit import Commit
from engine.crm_desk import Aside, CrmState, Desk, Served
from engine.messages import Outcome, OutcomeClass
from engine.notices import OwnerNotice
from engine.orders import Order, OrderMove, OrderStatus
from engine.patience import patiently
from engine.ports import Clock, Crm, Http, Store
from engine.rounds import Rounds
from engine.trouble import Trouble

log = logging.getLogger("sokoni.crm")

WAITING_READ = 1_000
BATCH = 50
TRIES_EACH = 5
"""Answers in a row by which a CRM may fail at one order before that order steps aside."""
ASIDE_SECONDS = 3600.0
NOTICES_READ = 50
ANSWERS = frozenset({OutcomeClass.RETRY, OutcomeClass.UNKNOWN})
"""What a CRM may answer, with a code, because of the order and not of itself."""
DOWN, BACK, REFUSED = "crm_down", "crm_back", "crm_refused"
"""Kinds of notices for the owner."""


class CrmSync:
    """``run`` is its life; the rest is what others call meanwhile."""

    def __init__(
        self,
        store: Store,
        served: Sequence[Served],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        breakers: Mapping[str, Breaker] = MappingProxyType({}),
        rounds: Rounds | None = None,
    ) -> None:
        self._rounds = rounds or Rounds()
        self._store = store
        self._connect = connect
        self._clock = clock
        self._breakers = breakers
        self._desks = {one.crm.shop: Desk(one) for one in served}

    # -- what others call ----------------------------------------------------------------------------------------------
    def offer(self, commit: Commit) -> None:
        """A turn was committed: the CRM may have something to hear of."""
        desk = self._desks.get(commit.address.shop)
        if desk is not None and (commit.synced or commit.takes or any(map(_cancels, commit.moves))):
            desk.waiting += len(commit.synced)
            desk.work.set()

    def ask(self, shop: str) -> trio.Event | None:
        """Fetch stock and tell orders now, also those that stepped aside: an event that is set when that was tried.
        None where the shop has no CRM."""
        desk = self._desks.get(shop)
        if desk is None:
            return None
        desk.stock_due = 0.0
        desk.asides.clear()
        desk.orders.hurry()
        desk.stock.hurry()
        desk.work.set()
        desk.asked.append(trio.Event())
        return desk.asked[-1]

    @property
    def shops(self) -> Sequence[str]:
        return list(self._desks)

    def state(self, shop: str) -> CrmState | None:
        """How a shop stands with its CRM; None where it has none."""
        desk = self._desks.get(shop)
        return desk.state(trio.current_time()) if desk is not None else None

    # -- life ----------------------------------------------------------------------------------------------------------
    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            for desk in self._desks.values():
                await self._remember(desk)
                nursery.start_soon(self._serve, desk)
            task_status.started()

    async def _remember(self, desk: Desk) -> None:
        """What is known since before this process began."""
        last = await self._store.last_stocktake(desk.crm.shop)
        if last is not None:
            desk.stock_at, desk.mark = last.at, last.mark
        notices = await self._store.owner_notices(desk.crm.shop, NOTICES_READ)
        desk.owner_told = _last_of(notices) == DOWN

    async def _serve(self, desk: Desk) -> None:
        shop = desk.crm.shop
        breaker = self._breakers.get(shop) or Breaker("crm", shop, lambda: 1_000 * trio.current_time())
        async with self._connect() as http:
            while True:
                desk.work = trio.Event()
                asked, desk.asked = desk.asked, []
                if breaker.allow():
                    await self._tell_orders(desk, Watched(http, breaker))
                    await self._take_stock(desk, Watched(http, breaker))
                    breaker.returned()
                for one in asked:
                    one.set()
                now = trio.current_time()
                with trio.move_on_at(max(desk.next_at(now), now + breaker.wait() / 1_000)):
                    await desk.work.wait()

    # -- orders out ----------------------------------------------------------------------------------------------------
    async def _tell_orders(self, desk: Desk, http: Http) -> None:
        """Tell all that waits, until something fails."""
        while trio.current_time() >= desk.orders.retry_at:
            aside = desk.aside(trio.current_time())
            waiting = await self._store.unsynced(desk.crm.shop, WAITING_READ + len(aside))
            desk.waiting = len(waiting)
            numbers = [number for number in waiting if number not in aside][:BATCH]
            if not numbers:
                desk.orders.over()
                await self._tell_of_recovery(desk)
                return
            for number in numbers:
                if not await self._tell(desk, http, number):
                    return

    async def _tell(self, desk: Desk, http: Http, number: str) -> bool:
        """Tell one order as it stands; whether the next one may be told."""
        shop = desk.crm.shop
        tried = await patiently(lambda: self._store.begin_sync(shop, number))
        order = await self._store.order(shop, number)
        gone = order is None or order.status is OrderStatus.CANCELLED
        outcome = Outcome(OutcomeClass.SENT)
        if order is not None and (tried or not gone):
            outcome = await self._pushed(desk.crm, http, order, tried)
        if outcome.kind is not OutcomeClass.SENT:
            return await self._not_told(desk, number, outcome)
        await patiently(lambda: self._store.note_synced(shop, [number], gone))
        desk.told += 1
        desk.waiting = max(0, desk.waiting - 1)
        desk.asides.pop(number, None)
        desk.orders.over()
        await self._tell_of_recovery(desk)
        return True

    async def _not_told(self, desk: Desk, number: str, outcome: Outcome) -> bool:
        """An order that is refused, again and again or for good, is no reason for the others to wait."""
        now = trio.current_time()
        one = desk.asides.setdefault(number, Aside())
        if outcome.kind in ANSWERS and outcome.code:
            one.failures += 1
        if one.failures >= TRIES_EACH - 1:
            desk.stock_due = 0.0  # whether it works for anything else is seen before the next try
        if outcome.kind is not OutcomeClass.NEVER and (one.failures < TRIES_EACH or desk.stock.failures):
            await self._failed(desk, desk.orders, outcome)
            return False
        one.reason, one.until, one.failures = outcome.reason, now + ASIDE_SECONDS, 0
        log.warning("crm_order_refused", extra={"shop": desk.crm.shop, "code": outcome.code})
        detail = f"{desk.crm.title} does not take order {number}: {outcome.reason} It is tried again every hour."
        await self._notify(desk, REFUSED, detail)
        return True

    async def _pushed(self, crm: Crm, http: Http, order: Order, tried: bool) -> Outcome:
        try:
            return await crm.push(http, order, tried)
        except Exception as error:  # a bug in an adapter must not end the task, and the order may have arrived
            log.error("crm_crashed", exc_info=error, extra={"shop": crm.shop})
            return Outcome(OutcomeClass.UNKNOWN, code=1, reason=CRASHED)

    # -- stock in ------------------------------------------------------------------------------------------------------
    async def _take_stock(self, desk: Desk, http: Http) -> None:
        now = trio.current_time()
        if now < max(desk.stock_due, desk.stock.retry_at):
            return
        began = self._clock.now()
        self._rounds.begun("stock", desk.every, began, desk.crm.shop)
        desk.stock_due = now + desk.every / 1000  # before it is fetched: who asks meanwhile wants it fetched once more
        answer = await self._counted(desk, http)
        if isinstance(answer, Stocktake):
            await self._take_over(desk, answer, began)
        elif answer.kind is not OutcomeClass.SENT:
            desk.stock_due = 0.0
            await self._failed(desk, desk.stock, answer)
            return
        desk.stock.over()
        await self._tell_of_recovery(desk)

    async def _take_over(self, desk: Desk, stocktake: Stocktake, at: Millis) -> None:
        figures, mark = stocktake.quantities, stocktake.mark
        desk.counted = await patiently(lambda: self._store.set_stock(desk.crm.shop, figures, at, mark))
        desk.stock_at, desk.mark, desk.faults = at, mark, stocktake.faults
        log.info("stock_taken", extra={"shop": desk.crm.shop, "count": desk.counted.changed})

    async def _counted(self, desk: Desk, http: Http) -> Stocktake | Outcome:
        try:
            return await desk.crm.inventory(http, desk.mark)
        except Exception as error:  # a bug in an adapter must not end the task
            log.error("crm_crashed", exc_info=error, extra={"shop": desk.crm.shop})
            return Outcome(OutcomeClass.RETRY, reason=CRASHED)

    # -- what the owner hears ------------------------------------------------------------------------------------------
    async def _failed(self, desk: Desk, trouble: Trouble, outcome: Outcome) -> None:
        trouble.failed(outcome, trio.current_time())
        log.warning("crm_failed", extra={"shop": desk.crm.shop, "code": outcome.code, "kind": outcome.kind.value})
        if trouble.worth_telling and not desk.owner_told:
            desk.owner_told = True
            said = f"{desk.crm.title} can't be used: {outcome.reason}"
            await self._notify(desk, DOWN, f"{said} {_as_of(desk.stock_at)} Orders wait until it is back.")

    async def _tell_of_recovery(self, desk: Desk) -> None:
        if desk.owner_told and not desk.orders.failures and not desk.stock.failures and desk.stock_due > 0:
            desk.owner_told = False
            await self._notify(desk, BACK, f"{desk.crm.title} works again. Orders that waited are told in their order.")

    async def _notify(self, desk: Desk, kind: str, detail: str) -> None:
        await patiently(lambda: self._store.tell_owner(desk.crm.shop, kind, detail, self._clock.now()))


CRASHED = "This is a mistake of ours; it is in the log."


def _cancels(move: OrderMove) -> bool:
    return move.to is OrderStatus.CANCELLED


def _as_of(at: Millis | None) -> str:
    """What is sold from meanwhile, and how old that is."""
    if at is None:
        return "Our own count is used, for none was taken over yet."
    return f"The last known stock is used, that of {datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC."


def _last_of(notices: Sequence[OwnerNotice]) -> str:
    """Which of both was told last: that the CRM is down, or that it is back."""
    return next((one.kind for one in notices if one.kind in (DOWN, BACK)), "")
