"""The memory store's dealings with a CRM: what it shall hear of, and stock taken over from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.address import Millis
from engine.backoffice import Counted, LastStocktake
from engine.catalogue import Product
from engine.ports import Clock
from storage.memory_desk import MemoryDesk, Pause, page
from storage.stocktaking import counted


class MemoryBackOffice(MemoryDesk):
    """See engine.backoffice.BackOffice."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._products: dict[str, dict[str, Product]] = {}
        self._stocktakes: dict[str, LastStocktake] = {}

    async def unsynced(self, shop: str, limit: int) -> list[str]:
        await self._turn()
        return page(self._ledger.unsynced(shop), limit)

    async def begin_sync(self, shop: str, number: str) -> bool:
        await self._turn()
        return self._ledger.begin_sync(shop, number)

    async def note_synced(self, shop: str, numbers: Sequence[str], cancelled: bool = False) -> None:
        await self._turn()
        self._ledger.note_synced(shop, numbers, cancelled)

    async def set_stock(self, shop: str, quantities: Mapping[str, int], at: Millis, mark: str = "") -> Counted:
        await self._turn()
        ours = self._products.get(shop, {}).values()
        stocked = [(one.sku, self._stock.on_hand(shop, one.sku), one.active, one.track_stock) for one in ours]
        told, changes = counted(stocked, quantities, self._ledger.promised(shop))
        for sku, on_hand in changes.items():
            self._stock.count(shop, sku, on_hand)
        self._stocktakes[shop] = LastStocktake(at, mark)
        return told

    async def last_stocktake(self, shop: str) -> LastStocktake | None:
        await self._turn()
        return self._stocktakes.get(shop)
