"""Money that goes back: how much, where its payment stands then, and what becomes of the order that it had paid.

    the owner's ``refund``   its provider refunds   the payment is REFUNDING; the cashier asks the provider
                             else                   the owner has sent it back: as ``refunded``
    ``refunded``             nothing is left        REFUNDED; the order that it had paid is refunded
                             something is left      where it stood: APPLIED, and its order partly refunded, or DESK
    ``unrefunded``           –                      where it stood; money that came back later lies on the desk

What is over is sent back first: a payment of which just its order's price is left is APPLIED, so that the rest comes
back onto the desk when the order is cancelled later. Where an order was cancelled meanwhile, the rest lies there too.
"""

from __future__ import annotations

from collections.abc import Set

import msgspec

from engine import money
from engine.effects import AnyEffect, MoveBooking, MovePayment, SettlePayment
from engine.events import DeskDecided
from engine.orders import Order, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import Payment, PaymentSettlement, PaymentState
from engine.tickets import Booking, BookingMove, BookingStatus

OVER = "over"
CANCELLED = "cancelled"
SENT_BACK = "refund"
CAME_BACK = "refund_failed"
"""Why a payment lies on the desk, or what was done about it: words of ``Payment.why``."""
FROM = (PaymentState.DESK, PaymentState.APPLIED)
"""Where the owner may send something of a payment back."""


def due(payment: Payment, owed: Order | Booking | None) -> int:
    """How much goes back unless the owner says otherwise: what is over where it has paid its order, else all."""
    over = payment.state is PaymentState.DESK and payment.why == OVER
    return payment.left - owed.total if over and owed is not None and not _cancelled(owed) else payment.left


def wanted(
    payment: Payment, event: DeskDecided, owed: Order | Booking | None, refunders: Set[str]
) -> tuple[int, tuple[AnyEffect, ...]]:
    """How much the owner has sent back by hand (0: nothing, or its provider will), and what follows; no effects where
    it can't be: something has gone back since the owner looked, or there is not so much of it left."""
    amount = event.amount or due(payment, owed)
    if payment.state not in FROM or payment.refunded != event.sent or not 0 < amount <= payment.left:
        return 0, ()
    if payment.provider in refunders:
        to = PaymentState.REFUNDING
        one = PaymentSettlement(payment.id, (payment.state,), to, payment.order, by=event.by, refund=amount)
        return 0, (SettlePayment(one),)
    after = msgspec.structs.replace(payment, refunded=payment.refunded + amount)
    return amount, (
        _settled(after, payment.state, owed, event.by, amount),
        *_moved(after, payment.state, owed, event.by),
    )


def told(payment: Payment, event: DeskDecided, owed: Order | Booking | None) -> tuple[AnyEffect, ...]:
    """What follows from the provider's news that money went back (the payment tells how much in all)."""
    if payment.state not in (*FROM, PaymentState.REFUNDING):
        return ()
    came_from = stood(payment)
    moves = _moved(payment, came_from, owed, event.by)
    if payment.refunding:  # made at the provider, while a request of ours is under way
        return moves
    return (_settled(payment, came_from, owed), *moves)


def gone(payment: Payment, came_from: PaymentState, owed: Order | Booking | None) -> int:
    """How much of an order's own money has gone back in all; 0 where what went back was over, or none of its own."""
    if owed is None or not _has_paid(payment, came_from, owed):
        return 0
    return min(owed.total, max(0, owed.total - payment.left))


def stood(payment: Payment) -> PaymentState:
    """Where a payment stood before something of it was to go back."""
    return PaymentState(payment.back_to) if payment.state is PaymentState.REFUNDING else payment.state


def failed(payment: Payment, owed: Order | Booking | None, by: str) -> tuple[AnyEffect, ...]:
    """What follows when money did not go back, or came back to the shop. All of it may be gone all the same: by another
    refund, of which we may have heard first."""
    if payment.state is PaymentState.REFUNDED:
        if payment.left <= 0:
            return ()
        one = PaymentSettlement(payment.id, (payment.state,), PaymentState.DESK, payment.order, CAME_BACK)
        return (SettlePayment(one),)
    if payment.state is not PaymentState.REFUNDING or payment.refunding:
        return ()
    came_from = stood(payment)
    return (_settled(payment, came_from, owed), *_moved(payment, came_from, owed, by))


def _settled(
    payment: Payment, came_from: PaymentState, owed: Order | Booking | None, by: str = "", by_hand: int = 0
) -> SettlePayment:
    """Where the payment stands with what is left of it."""
    to, why = _stands(payment, came_from, owed)
    return SettlePayment(PaymentSettlement(payment.id, (payment.state,), to, payment.order, why, by, by_hand))


def _stands(payment: Payment, came_from: PaymentState, owed: Order | Booking | None) -> tuple[PaymentState, str]:
    if payment.left <= 0:
        return PaymentState.REFUNDED, SENT_BACK
    cancelled = owed is not None and _cancelled(owed)
    if came_from is PaymentState.APPLIED:
        return (PaymentState.DESK, CANCELLED) if cancelled else (PaymentState.APPLIED, "")
    if payment.why == OVER and owed is not None and not cancelled and payment.left <= owed.total:
        return PaymentState.APPLIED, SENT_BACK
    return PaymentState.DESK, ""


def _moved(payment: Payment, came_from: PaymentState, owed: Order | Booking | None, by: str) -> tuple[AnyEffect, ...]:
    """What an order or booking is now whose own money went back; nothing where what went back was over, or none of its
    own."""
    if owed is None or not _has_paid(payment, came_from, owed):
        return ()
    least = min(owed.total, money.whole(owed.total, owed.currency))  # mobile money takes whole units only
    if payment.left >= least:
        return ()
    to = PaymentStatus.PARTLY_REFUNDED if payment.left > 0 else PaymentStatus.REFUNDED
    if owed.payment not in (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED) or owed.payment is to:
        return ()
    if isinstance(owed, Order):
        return (MovePayment(PaymentMove(owed.number, (owed.payment,), to, by)),)
    return (MoveBooking(BookingMove(owed.id, (owed.status,), owed.status, by, payment=to)),)


def _has_paid(payment: Payment, came_from: PaymentState, owed: Order | Booking) -> bool:
    """Whether a payment is what had paid its order: applied, more than that, or back on the desk since."""
    if came_from is PaymentState.APPLIED or payment.why == OVER:
        return True
    return _cancelled(owed) and payment.why in (CANCELLED, CAME_BACK)


def _cancelled(owed: Order | Booking) -> bool:
    return owed.status in (OrderStatus.CANCELLED, BookingStatus.CANCELLED)
