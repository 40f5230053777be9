"""The announcer: takes notices from the board to the phones of the shop's own people, as letters to their actors.

A notice is told when its letters are kept, and a letter's id follows from the notice and the phone: a crash between the
two only keeps the same letters again. So that every owner's phone has its digest, it is called at each start and twice
a day, in which time a new phone may have been merged with an older customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import trio

from engine import announcing, digest
from engine.address import Address, Link, Millis, Sender
from engine.commit import Posted
from engine.events import CrewCalled, Inbound, Letter
from engine.notices import OwnerNotice
from engine.patience import patiently
from engine.ports import Clock, Store
from engine.router import Router
from engine.scheduler import Scheduler
from engine.shop import Shop

BATCH = 100
LOOK_SECONDS = 30.0
"""Notices of turns are taken at once; what the running part tells waits so long at most."""
CALL_EVERY: Millis = 12 * 3_600_000


class Announcer:
    """``look`` tells it that there is something on the board."""

    def __init__(
        self, store: Store, shops: Mapping[str, Shop], router: Router, scheduler: Scheduler, clock: Clock
    ) -> None:
        self._store = store
        self._shops = shops
        self._router = router
        self._scheduler = scheduler
        self._clock = clock
        self._news = trio.Event()
        self._called_at: Millis = 0

    def look(self) -> None:
        """A notice was just written."""
        self._news.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        task_status.started()
        while True:
            self._news = trio.Event()
            if abs(self._clock.now() - self._called_at) >= CALL_EVERY:
                self._called_at = self._clock.now()
                await self._call()
            if not await self.announce():
                with trio.move_on_after(LOOK_SECONDS):
                    await self._news.wait()

    async def announce(self) -> int:
        """Take what is on the board to the phones; how many notices that were."""
        found = await self._store.untold_notices(BATCH)
        letters = [one for seq, notice in found for one in await self._letters(seq, notice)]
        if letters:
            await self._keep(letters)
        if found:
            await patiently(lambda: self._store.note_told([seq for seq, _ in found]))
        return len(found)

    async def _letters(self, seq: int, notice: OwnerNotice) -> list[Posted]:
        shop = self._shops.get(notice.shop)
        phones = announcing.hearers(notice.kind, shop.crew) if shop is not None else ()
        now = self._clock.now()
        return [announcing.letter(seq, notice, await self._at(notice.shop, one), one, now) for one in phones]

    async def _call(self) -> None:
        now = self._clock.now()
        owners = [
            (shop.name, phone) for shop in self._shops.values() if digest.kind_of(shop) for phone in shop.crew.owners
        ]
        letters = [
            Posted(
                Letter(
                    await self._at(shop, phone),
                    Inbound(f"crew:{phone}:{now}", shop, Sender(phone=phone), now, CrewCalled()),
                ),
                now,
            )
            for shop, phone in owners
        ]
        if letters:
            await self._keep(letters)

    async def _keep(self, letters: Sequence[Posted]) -> None:
        await patiently(lambda: self._store.post(letters))
        self._scheduler.note_now()

    async def _at(self, shop: str, phone: str) -> Address:
        return await self._router.address_of(shop, (Link("phone", phone),))
