"""What a turn's first step has moved, its second finds moved."""

from __future__ import annotations

from engine.aftermath import seen
from engine.effects import MoveBooking, MoveIntent, MoveOrder, MovePayment, Say
from engine.orders import OrderMove, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import IntentMove, IntentStatus
from engine.tickets import BookingMove, BookingStatus
from tests.engine.till import BOOKING, INTENT, ORDER, facts

KNOWN = facts(orders=(ORDER,), bookings=(BOOKING,), intents=(INTENT,))


def test_every_kind_of_move_is_seen() -> None:
    after = seen(
        KNOWN,
        (
            MoveOrder(OrderMove(ORDER.number, (ORDER.status,), OrderStatus.CANCELLED, "silence")),
            MovePayment(PaymentMove(ORDER.number, (ORDER.payment,), PaymentStatus.FAILED, "silence")),
            MoveBooking(BookingMove(BOOKING.id, (BOOKING.status,), BookingStatus.CANCELLED, "silence", name="Asha")),
            MoveIntent(IntentMove(INTENT.id, (INTENT.status,), IntentStatus.CANCELLED)),
            Say("nothing that is kept"),
        ),
    )
    assert (after.orders[0].status, after.orders[0].payment) == (OrderStatus.CANCELLED, PaymentStatus.FAILED)
    assert (after.bookings[0].status, after.bookings[0].name) == (BookingStatus.CANCELLED, "Asha")
    assert after.intents[0].status is IntentStatus.CANCELLED


def test_what_was_not_read_stays_unknown() -> None:
    move = MoveBooking(BookingMove("BKG-234567", (BookingStatus.HELD,), BookingStatus.CANCELLED, "silence"))
    assert seen(KNOWN, (move,)) == KNOWN
    assert seen(facts(), (move,)) == facts()
