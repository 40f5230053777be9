"""The memory store's refunds: what providers tell of money that went back, and what they shall be asked for.

Pure and without a pause; the letters that follow are handed back, for the store to keep in the same step.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.address import Millis
from engine.commit import Posted
from engine.payments import Payment, PaymentState, RefundNews, refund_told
from storage import letters
from storage.judge import Key


class Refunds:
    """Refunds of all shops, beside the till's own ``payments``."""

    def __init__(self, payments: dict[Key, Payment]) -> None:
        self._payments = payments
        self.due: dict[Key, Millis] = {}
        """When a payment's provider is to be asked; the last moment stays when it was."""
        self._told: dict[Key, tuple[int, bool, str]] = {}
        """Shop and refund → how much, whether it counts, and of which payment it is."""

    def record(self, shop: str, news: RefundNews, at: Millis) -> tuple[bool, list[Posted]]:
        """See Till.record_refund."""
        payment = self._payments.get((shop, f"{news.provider}:{news.payment}"))
        told = self._told.get((shop, f"{news.provider}:{news.id}"))
        if payment is None or (told is not None and (not told[1] or news.ok or told[2] != payment.id)):
            return False, []
        self._told[shop, f"{news.provider}:{news.id}"] = (news.amount, news.ok, payment.id)
        after = refund_told(payment, news, told[0] if told is not None else 0)
        if after is None:
            return True, []
        self._payments[shop, payment.id] = after
        return True, [letters.refund(after, news, at)]

    def waiting(self, now: Millis) -> list[Payment]:
        """See Till.refunds_due."""
        found = [
            (self.due[key], one) for key, one in self._payments.items() if _under_way(one) and self.due[key] <= now
        ]
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def claim(self, names: Iterable[Key], now: Millis, until: Millis) -> set[Key]:
        """See Till.claim_refunds."""
        found = {key for key in names if key in self._payments and _under_way(self._payments[key])}
        moved = {key for key in found if self.due[key] <= now}
        self.due.update(dict.fromkeys(moved, until))
        return moved


def _under_way(payment: Payment) -> bool:
    return payment.state is PaymentState.REFUNDING and payment.refunding > 0
