"""What the owner looks up of invoices: how each stands, and how it went out. A part of ``engine.ports.Store``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from engine.accounts import Account
from engine.address import Address, Millis
from engine.invoices import CreditNote, Invoice, InvoiceStatus
from engine.messages import SendState, StatusRank


class PaperSent(msgspec.Struct, frozen=True):
    """A message that carries a paper, and how far it came: its outbox row, in short. ``at``: when it was said."""

    key: str
    at: Millis
    state: SendState
    rank: StatusRank
    reason: str = ""


class InvoiceBook(Protocol):
    """Invoices. ``today`` is when the shop's day began (dates.day_began): what was due before it is OVERDUE; with 0
    nothing is."""

    async def invoice_of(self, shop: str, order: str, today: Millis = 0) -> Invoice | None:
        """The invoice of an order."""

    async def invoice(self, shop: str, number: str, today: Millis = 0) -> Invoice | None:
        """The invoice of this number."""

    async def invoices(
        self, shop: str, limit: int, offset: int = 0, today: Millis = 0, statuses: Sequence[InvoiceStatus] = ()
    ) -> list[Invoice]:
        """Invoices that stand so (none named: anyhow), the latest issued first."""

    async def credit_notes(self, shop: str, limit: int, offset: int = 0, order: str = "") -> list[CreditNote]:
        """Credit notes of a shop, or of one order, the latest issued first."""

    async def credit_note(self, shop: str, number: str) -> CreditNote | None:
        """The credit note of this number."""

    async def account(self, address: Address, since: Millis, until: Millis, today: Millis, limit: int) -> Account:
        """A customer's account over this time (engine.accounts); of more entries than ``limit`` the latest, and what
        came before is in its opening."""

    async def paper_sent(self, shop: str, paper: str, limit: int) -> list[PaperSent]:
        """The messages that carry a paper of the kinds in invoices.FILED, the latest first."""

    async def note_opened(self, shop: str, paper: str, at: Millis) -> bool:
        """Somebody has opened the public link of this paper; False when somebody had before: the first time counts."""
