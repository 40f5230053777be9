"""The letters of our own that a store posts when it writes what caused them: one place for their ids, in every backend.

An id follows from its cause, so that telling twice posts once (commit.Posted).
"""

from __future__ import annotations

from engine.address import Address, Millis, Sender
from engine.books import Charged
from engine.commit import Posted
from engine.events import (
    AnyEvent,
    ChargeAnswered,
    DeskDecided,
    HoldEnded,
    Inbound,
    Letter,
    PaymentFailed,
    PaymentSettled,
    SeatsOffered,
)
from engine.payments import Intent, Payment, PaymentNews, RefundNews, whose
from engine.tickets import Booking


def posted(address: Address, name: str, event: AnyEvent, at: Millis) -> Posted:
    """A letter to ``address``, due at once. Its sender is nobody: answers go to whoever wrote last."""
    return Posted(Letter(address, Inbound(name, address.shop, Sender(), at, event)), at)


def paid(payment: Payment, at: Millis) -> Posted:
    """Money is recorded for the customer of its intent."""
    address = Address(payment.shop, payment.customer)
    return posted(address, f"paid:{payment.id}", PaymentSettled(payment.id), at)


def unpaid(intent: Intent, news: PaymentNews, at: Millis) -> Posted:
    """A provider says that this intent will not be paid."""
    event = PaymentFailed(intent.id, news.failure.value, news.detail)
    return posted(_payer(intent), f"unpaid:{news.provider}:{news.id}", event, at)


def charged(intent: Intent, answer: Charged, at: Millis) -> Posted:
    """The provider took the request to pay."""
    return posted(_payer(intent), f"charged:{intent.id}", ChargeAnswered(intent.id, answer.link), at)


def uncharged(intent: Intent, answer: Charged, at: Millis) -> Posted:
    """The provider refused the request to pay."""
    event = PaymentFailed(intent.id, answer.failure, answer.reason)
    return posted(_payer(intent), f"uncharged:{intent.id}", event, at)


def refund(payment: Payment, news: RefundNews, at: Millis) -> Posted:
    """Money went back, or did not."""
    word = "refunded" if news.ok else "unrefunded"
    event = DeskDecided(payment.id, word, news.provider, amount=news.amount)
    return posted(whose(payment), f"{word}:{news.provider}:{news.id}", event, at)


def hold_ended(booking: Booking, at: Millis) -> Posted:
    """A hold was over and is swept."""
    return posted(Address(booking.shop, booking.customer), f"hold-ended:{booking.id}", HoldEnded(booking.id), at)


def seats_offered(booking: Booking, at: Millis) -> Posted:
    """Seats are held for whoever waited for them."""
    event = SeatsOffered(booking.entry, booking.id)
    return posted(Address(booking.shop, booking.customer), f"offer:{booking.id}", event, at)


def _payer(intent: Intent) -> Address:
    return Address(intent.shop, intent.customer)
