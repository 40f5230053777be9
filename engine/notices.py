"""What the owner of a shop should know: something outside is broken, paused or refused, and what to do about it; and,
where phones of the shop's own people listen (engine.crew), what goes on in it (engine.announcing)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from engine import money
from engine.address import DAY, HOUR, Millis
from engine.payments import Payment

ONCE_IN: Millis = HOUR
"""The same notice again within this time is counted, not listed anew."""
NOTICES_KEPT: Millis = 90 * DAY


class OwnerNotice(msgspec.Struct, frozen=True):
    """``kind``: a machine word (``breaker_open``). ``detail``: a plain sentence with the next step. ``at``: when it was
    told first, ``last_at`` last, ``count`` how often. ``about``: the number of an order or booking, the id of a
    payment, or a sku; "" where it is about none of these."""

    shop: str
    kind: str
    detail: str
    at: Millis
    last_at: Millis
    count: int = 1
    about: str = ""


def unmatched(payment: Payment) -> OwnerNotice:
    """Money that a provider told of and that nobody was asked for (payments.UNKNOWN)."""
    amount = money.show(payment.amount, payment.currency, "en")
    named = ", ".join(filter(None, (payment.reference, payment.transaction)))
    detail = f"{amount} ({payment.provider}{f', {named}' if named else ''}) belongs to no order that is known. "
    detail += "It lies on the payment desk: match it with an order, or send it back."
    return OwnerNotice(payment.shop, "payment_unmatched", detail, payment.at, payment.at, about=payment.id)


class Noticeboard(Protocol):
    """A part of ``engine.ports.Store``."""

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        """Keep a notice for the owner; False when the same kind and detail was told less than ONCE_IN ago, counted
        from its first time: then it is only counted."""

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        """Notices, the latest first by when they were told first. A sweep deletes those of NOTICES_KEPT ago."""

    async def untold_notices(self, limit: int) -> list[tuple[int, OwnerNotice]]:
        """Notices of all shops that were not taken to phones yet, oldest first, each with its number."""

    async def note_told(self, seqs: Sequence[int]) -> None:
        """These were taken to the phones."""
