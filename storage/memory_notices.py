"""The memory store's notices for the owner."""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import Millis
from engine.notices import NOTICES_KEPT, ONCE_IN, OwnerNotice
from engine.ports import Clock
from storage.memory_desk import MemoryDesk, Pause, page


class MemoryNotices(MemoryDesk):
    """See engine.notices.Noticeboard."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._notices: list[OwnerNotice] = []

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        await self._turn()
        for place, one in enumerate(self._notices):
            if (one.shop, one.kind, one.detail) == (shop, kind, detail) and one.at > at - ONCE_IN:
                self._notices[place] = replace(one, last_at=max(one.last_at, at), count=one.count + 1)
                return False
        self._notices.append(OwnerNotice(shop, kind, detail, at, at))
        return True

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        await self._turn()
        return page([one for one in reversed(self._notices) if one.shop == shop], limit, offset)

    def _sweep_notices(self, now: Millis) -> int:
        before = len(self._notices)
        self._notices = [one for one in self._notices if one.last_at >= now - NOTICES_KEPT]
        return before - len(self._notices)
