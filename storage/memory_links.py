"""The memory store's short links and who followed them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.address import Millis
from engine.ports import Clock
from storage.memory_desk import MemoryDesk, Pause


class MemoryLinks(MemoryDesk):
    """See engine.short_links.ShortLinks."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._targets: list[tuple[str, str, str, str]] = []
        """Shop, campaign, variant and address of each link; its place, from 1, is its number."""
        self._clicks: Counter[tuple[int, str]] = Counter()

    async def short_links(self, shop: str, campaign: str, variant: str, urls: Sequence[str]) -> Mapping[str, int]:
        await self._turn()
        for url in urls:
            if (shop, campaign, variant, url) not in self._targets:
                self._targets.append((shop, campaign, variant, url))
        return {url: 1 + self._targets.index((shop, campaign, variant, url)) for url in urls}

    async def link_target(self, link: int) -> str | None:
        await self._turn()
        return self._targets[link - 1][-1] if 0 < link <= len(self._targets) else None

    async def note_click(self, link: int, customer: str, at: Millis) -> bool:
        await self._turn()
        if not 0 < link <= len(self._targets):
            return False
        self._clicks[link, customer] += 1
        return self._clicks[link, customer] == 1
