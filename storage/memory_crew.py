"""What the shop's own people change from their phones, in the memory store, and the log of it."""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import Millis
from engine.commit import Commit
from engine.deeds import DEEDS_KEPT, Deed
from engine.ports import Clock
from storage.memory_backoffice import MemoryBackOffice
from storage.memory_desk import Pause, page


class MemoryCrew(MemoryBackOffice):
    """See engine.deeds.DeedBook."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._deeds: list[Deed] = []

    def _write_crew(self, commit: Commit) -> None:
        shop = commit.address.shop
        products = self._products.get(shop, {})
        for sku, count in commit.recounts:
            if sku in products and products[sku].track_stock:
                self._stock.count(shop, sku, count)
        for sku, price in commit.reprices:
            if sku in products:
                products[sku] = replace(products[sku], price=price)
        for news in commit.taken_in:
            _, letters = self._till.record(shop, news, commit.at)
            self._keep(letters)
        self._deeds += commit.deeds

    async def deeds(self, shop: str, limit: int, offset: int = 0) -> list[Deed]:
        await self._turn()
        return page([one for one in reversed(self._deeds) if one.shop == shop], limit, offset)

    def _sweep_deeds(self, now: Millis) -> int:
        before = len(self._deeds)
        self._deeds = [one for one in self._deeds if one.at >= now - DEEDS_KEPT]
        return before - len(self._deeds)
