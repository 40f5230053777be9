"""The running part, wired: what turns Inbounds into durable turns and durable turns into sends.

post(inbound) → router → mailbox → actor → commit ┬→ outbox → channel
                                                   └→ scheduler
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import trio

from engine.actor import Surroundings
from engine.commit import Commit
from engine.events import Inbound
from engine.mailbox import Receipt
from engine.messages import Status
from engine.outbox import Outbox, OutboxSettings
from engine.papering import Papering
from engine.ports import Channel, Clock, Http, Papers, Store
from engine.router import Router
from engine.scheduler import Scheduler
from engine.shop import Shop
from engine.supervisor import Supervisor

FORGET_SECONDS = 30.0


class Running:
    """One process's engine over one store. ``run`` is its life; the rest is what the edge calls meanwhile."""

    def __init__(
        self,
        store: Store,
        shops: Mapping[str, Shop],
        channels: Mapping[str, Channel],
        paces: Mapping[str, float],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        outbox: OutboxSettings | None = None,
        papers: Papers | None = None,
    ) -> None:
        self.store = store
        self.around = Surroundings(store, shops, clock, self._committed)
        self.supervisor = Supervisor(self.around)
        self.router = Router(self.supervisor)
        self.scheduler = Scheduler(store, self.supervisor, clock)
        sending = {shop: Papering(channel, papers) if papers else channel for shop, channel in channels.items()}
        self.outbox = Outbox(store, sending, paces, connect, clock, outbox)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises, in a group, StoreFailed or TooManyRestarts when only a fresh start helps."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.supervisor.run)
            await nursery.start(self.router.run)
            await nursery.start(self.outbox.run)
            await nursery.start(self.scheduler.run)
            task_status.started()
            while True:
                await trio.sleep(FORGET_SECONDS)
                self.router.forget_sleeping()

    def _committed(self, commit: Commit) -> None:
        self.outbox.offer(commit.outbox)
        for timer in commit.timers:
            self.scheduler.note(timer.due)

    def post(self, inbounds: Sequence[Inbound]) -> Receipt:
        """Hand in all messages of one delivery; its receipt is settled when each of them met its end."""
        receipt = Receipt(len(inbounds))
        for inbound in inbounds:
            self.router.post(inbound, receipt)
        return receipt

    async def statuses(self, statuses: Sequence[Status]) -> None:
        """Apply provider statuses durably."""
        await self.outbox.noted(statuses)
