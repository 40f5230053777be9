"""The memory store's invoices as the owner looks them up (engine.invoice_book)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.accounts import Account, account_of
from engine.address import Address, Millis
from engine.invoice_book import PaperSent
from engine.invoices import CreditNote, Invoice, InvoiceStatus, filed, standing
from engine.messages import SendState, StatusRank
from engine.ports import Clock
from storage.memory_desk import Pause, page
from storage.memory_people import MemoryPeople
from storage.sending import Sending
from storage.steps import SCALE, STEP


class MemoryInvoices(MemoryPeople):
    """See engine.invoice_book.InvoiceBook."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._opened: dict[tuple[str, str], Millis] = {}

    async def invoice_of(self, shop: str, order: str, today: Millis = 0) -> Invoice | None:
        await self._turn()
        return next((one for one in self._standing_invoices(shop, today) if one.order == order), None)

    async def invoice(self, shop: str, number: str, today: Millis = 0) -> Invoice | None:
        await self._turn()
        return next((one for one in self._standing_invoices(shop, today) if one.number == number), None)

    async def invoices(
        self, shop: str, limit: int, offset: int = 0, today: Millis = 0, statuses: Sequence[InvoiceStatus] = ()
    ) -> list[Invoice]:
        await self._turn()
        found = [one for one in self._standing_invoices(shop, today) if not statuses or one.status in statuses]
        return page(found, limit, offset)

    async def credit_notes(self, shop: str, limit: int, offset: int = 0, order: str = "") -> list[CreditNote]:
        await self._turn()
        return page([one for one in self._ledger.credit_notes(shop) if order in ("", one.order)], limit, offset)

    async def credit_note(self, shop: str, number: str) -> CreditNote | None:
        await self._turn()
        return next((one for one in self._ledger.credit_notes(shop) if one.number == number), None)

    async def account(self, address: Address, since: Millis, until: Millis, today: Millis, limit: int) -> Account:
        await self._turn()
        own = [one for one in self._ledger.invoices(address.shop) if one.customer == address.customer]
        entries = [entry for one in own for entry in self._ledger.account_entries(one)]
        overdue = sum(one.total for one in own if one.status is InvoiceStatus.ISSUED and one.due_at < today)
        return account_of(entries, since, until, limit, overdue)

    async def paper_sent(self, shop: str, paper: str, limit: int) -> list[PaperSent]:
        await self._turn()
        return page([in_short(row) for row in reversed(self._carriers(shop, paper))], limit)

    async def note_opened(self, shop: str, paper: str, at: Millis) -> bool:
        await self._turn()
        first = (shop, paper) not in self._opened
        self._opened.setdefault((shop, paper), at)
        return first

    def _standing_invoices(self, shop: str, today: Millis) -> list[Invoice]:
        """All of a shop as they stand, the latest issued first."""
        found = []
        for invoice in self._ledger.invoices(shop):
            paper = f"invoice:{invoice.order}"
            sends = self._carriers(shop, paper)
            viewed = (shop, paper) in self._opened or any(row.progress.step >= STEP[StatusRank.READ] for row in sends)
            sent = any(row.state is SendState.SENT for row in sends)
            found.append(replace(invoice, status=standing(invoice, sent=sent, viewed=viewed, today=today)))
        return found

    def _carriers(self, shop: str, paper: str) -> list[Sending]:
        """The messages that carry a paper, as they were said."""
        return [
            row
            for row in self._outbox.values()
            if row.outgoing.address.shop == shop and filed(row.outgoing.message) == paper
        ]


def in_short(row: Sending) -> PaperSent:
    """What became of a message that carries a paper."""
    sent = row.outgoing
    return PaperSent(sent.key, sent.created_at, row.state, SCALE[row.progress.step], row.progress.reason)
