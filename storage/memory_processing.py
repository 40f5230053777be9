"""The memory store's rows of an order's steps, read together (engine.processing)."""

from __future__ import annotations

from engine.address import Millis
from engine.announcing import ORDER
from engine.messages import SendState
from engine.orders import Order
from engine.processing import Progress
from storage.memory_desk import page
from storage.memory_invoices import MemoryInvoices, in_short
from storage.memory_notices import MemoryNotices


class MemoryProcessing(MemoryInvoices, MemoryNotices):
    """See engine.processing.ProcessBook."""

    async def progress(self, shop: str, number: str) -> Progress | None:
        await self._turn()
        order = self._ledger.orders.get((shop, number))
        return self._progress_of(order) if order is not None else None

    async def progresses(
        self, shop: str, since: Millis, limit: int, offset: int = 0, unfinished: bool = False
    ) -> list[Progress]:
        await self._turn()
        found = [self._progress_of(one) for one in self._ledger.newest(shop) if one.placed_at >= since]
        return page([one for one in found if not unfinished or _unfinished(one)], limit, offset)

    async def sync_again(self, shop: str, number: str) -> bool:
        await self._turn()
        return self._ledger.sync_again(shop, number)

    def _progress_of(self, order: Order) -> Progress:
        invoice = self._ledger.invoice(order.shop, order.number)
        sends = self._carriers(order.shop, f"invoice:{order.number}")
        told = [
            seq not in self._untold
            for seq, one in self._notices
            if (one.shop, one.kind, one.about) == (order.shop, ORDER, order.number)
        ]
        return Progress(
            order=order.number,
            placed_at=order.placed_at,
            status=order.status,
            held=order.held,
            invoice=invoice.number if invoice is not None else "",
            sent=in_short(sends[-1]) if sends else None,
            sync=self._ledger.sync_of(order.shop, order.number),
            told=any(told) if told else None,
        )


def _unfinished(one: Progress) -> bool:
    sent = one.sent is None or one.sent.state is SendState.SENT
    return not sent or (one.sync is not None and not one.sync.heard) or one.told is False
