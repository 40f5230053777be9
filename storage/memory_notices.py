"""The memory store's notices for the owner, and its first answers of the API."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.address import Millis
from engine.notices import NOTICES_KEPT, ONCE_IN, OwnerNotice, unmatched
from engine.payments import PaymentNews, nobodys
from engine.ports import Clock
from engine.repeats import ANSWERS_KEPT, IN_PROGRESS_MOST, FirstAnswer
from storage.memory_desk import MemoryDesk, Pause, page


class MemoryNotices(MemoryDesk):
    """See engine.notices.Noticeboard and engine.repeats.Repeats."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._notices: list[tuple[int, OwnerNotice]] = []
        self._untold: set[int] = set()
        self._last_notice = 0
        self._requests: dict[tuple[str, str], tuple[FirstAnswer, Millis]] = {}

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        await self._turn()
        for place, (seq, one) in enumerate(self._notices):
            if (one.shop, one.kind, one.detail) == (shop, kind, detail) and one.at > at - ONCE_IN:
                self._notices[place] = (seq, replace(one, last_at=max(one.last_at, at), count=one.count + 1))
                return False
        self._put_notice(OwnerNotice(shop, kind, detail, at, at))
        return True

    def _put_notice(self, notice: OwnerNotice) -> None:
        self._last_notice += 1
        self._notices.append((self._last_notice, notice))
        self._untold.add(self._last_notice)

    async def record(self, shop: str, news: PaymentNews, at: Millis) -> bool:
        fresh = await super().record(shop, news, at)
        payment = self._till.payments.get((shop, f"{news.provider}:{news.id}"))
        if fresh and news.ok and not news.by and payment is not None and nobodys(payment):
            self._put_notice(unmatched(payment))
        return fresh

    async def untold_notices(self, limit: int) -> list[tuple[int, OwnerNotice]]:
        await self._turn()
        return [(seq, one) for seq, one in self._notices if seq in self._untold][: max(0, limit)]

    async def note_told(self, seqs: Sequence[int]) -> None:
        await self._turn()
        self._untold.difference_update(seqs)

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        await self._turn()
        return page([one for _, one in reversed(self._notices) if one.shop == shop], limit, offset)

    def _sweep_notices(self, now: Millis) -> int:
        before = len(self._notices) + len(self._requests)
        self._notices = [(seq, one) for seq, one in self._notices if one.last_at >= now - NOTICES_KEPT]
        self._requests = {name: one for name, one in self._requests.items() if one[1] >= now - ANSWERS_KEPT}
        return before - len(self._notices) - len(self._requests)

    async def begin_request(self, shop: str, key: str, digest: str, at: Millis) -> FirstAnswer | None:
        await self._turn()
        if (known := self._requests.get((shop, key))) is not None:
            first, since = known
            if since > at - (ANSWERS_KEPT if first.status else IN_PROGRESS_MOST):
                return first
        self._requests[shop, key] = (FirstAnswer(digest, 0, "", b""), at)
        return None

    async def end_request(self, shop: str, key: str, answer: FirstAnswer) -> None:
        await self._turn()
        if self._in_progress(shop, key, answer.digest):
            self._requests[shop, key] = (answer, self._requests[shop, key][1])

    async def forget_request(self, shop: str, key: str, digest: str) -> None:
        await self._turn()
        if self._in_progress(shop, key, digest):
            del self._requests[shop, key]

    def _in_progress(self, shop: str, key: str, digest: str) -> bool:
        first, _ = self._requests.get((shop, key), (None, 0))
        return first is not None and first.status == 0 and first.digest == digest
