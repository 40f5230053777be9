"""Money that came in: each verdict, for orders and for bookings, as a table; then what the owner decides."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pytest

from engine import paying
from engine.effects import (
    Say,
    SettlePayment,
    ShowDocument,
)
from engine.events import PaymentSettled
from engine.facts import Conflict, ConflictKind
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import Payment, PaymentState
from engine.settling import Received, Verdict, judge, receive
from engine.tickets import BOOKING_FORM, BookingStatus, EventStatus, Programme, TicketEvent
from tests.engine.till import BOOKING, CONCERT, KIOSK, NOW, ORDER, PAYMENT, TOTAL, Owed, about, facts, wishes

replace = msgspec.structs.replace
SOLD_OUT = Conflict(ConflictKind.SOLD_OUT, "prod_001")
ARRIVED = PaymentSettled(PAYMENT.id)


PAID, FAILED, UNPAID = PaymentStatus.PAID, PaymentStatus.FAILED, PaymentStatus.UNPAID
CANCELLED = replace(ORDER, status=OrderStatus.CANCELLED)
MORE, LESS = replace(PAYMENT, amount=TOTAL + 50_000), replace(PAYMENT, amount=TOTAL - 50_000)
DOLLARS = replace(PAYMENT, currency="USD")
ODD = replace(ORDER, total=299_950)

ARRIVALS: Sequence[tuple[str, Owed | None, Payment, Verdict, list[str], str]] = [
    # -- orders
    ("paid", ORDER, PAYMENT, Verdict.PAYS, ["payment applied", "take", "pending>paid"], "is paid"),
    (
        "paid, nobody had been asked",
        replace(ORDER, payment=UNPAID),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "take", "unpaid>pending", "pending>paid"],
        "is paid",
    ),
    (
        "paid after a failure",
        replace(ORDER, payment=FAILED, status=OrderStatus.PAYMENT_FAILED),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "take", "failed>pending", "pending>paid", "order payment_failed>pending"],
        "is paid",
    ),
    (
        "paid, its stock is taken already",
        replace(ORDER, held=False),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "pending>paid"],
        "is paid",
    ),
    ("paid in whole shillings", ODD, PAYMENT, Verdict.PAYS, ["payment applied", "take", "pending>paid"], "is paid"),
    (
        "paid to the cent",
        ODD,
        replace(PAYMENT, amount=299_950),
        Verdict.PAYS,
        ["payment applied", "take", "pending>paid"],
        "is paid",
    ),
    ("too much", ORDER, MORE, Verdict.OVER, ["payment desk over", "take", "pending>paid"], "KES 500 too much"),
    ("too little", ORDER, LESS, Verdict.SHORT, ["payment desk short"], "KES 500 is missing"),
    ("twice", replace(ORDER, payment=PAID), PAYMENT, Verdict.TWICE, ["payment desk twice"], "was paid already"),
    (
        "again after a refund",
        replace(ORDER, payment=PaymentStatus.REFUNDED),
        PAYMENT,
        Verdict.TWICE,
        ["payment desk twice"],
        "was paid already",
    ),
    ("after its end", CANCELLED, PAYMENT, Verdict.LATE, ["payment desk late"], "is not open any more"),
    ("other money", ORDER, DOLLARS, Verdict.WRONG_CURRENCY, ["payment desk wrong_currency"], "costs KES 3,000"),
    ("for nothing we know", None, PAYMENT, Verdict.UNKNOWN, ["payment desk unknown"], "what it is for"),
    # -- bookings
    (
        "a booking",
        BOOKING,
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "booking held>confirmed paid"],
        "*BKG-7K2M9Q* is paid",
    ),
    (
        "a booking whose hold is over but not swept",
        replace(BOOKING, expires_at=NOW - 1),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "booking held>confirmed paid"],
        "is paid",
    ),
    (
        "a booking that stands unpaid",
        replace(BOOKING, status=BookingStatus.CONFIRMED),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "booking confirmed>confirmed paid"],
        "is paid",
    ),
    (
        "a booking, too much",
        BOOKING,
        MORE,
        Verdict.OVER,
        ["payment desk over", "booking held>confirmed paid"],
        "KES 500 too much",
    ),
    ("a booking, too little", BOOKING, LESS, Verdict.SHORT, ["payment desk short"], "KES 500 is missing"),
    (
        "a booking twice",
        replace(BOOKING, payment=PAID, status=BookingStatus.CONFIRMED),
        PAYMENT,
        Verdict.TWICE,
        ["payment desk twice"],
        "was paid already",
    ),
    (
        "a cancelled booking",
        replace(BOOKING, status=BookingStatus.CANCELLED),
        PAYMENT,
        Verdict.LATE,
        ["payment desk late"],
        "is not open any more",
    ),
    (
        "an expired booking: its seats anew",
        replace(BOOKING, status=BookingStatus.EXPIRED),
        PAYMENT,
        Verdict.PAYS,
        ["payment applied", "book confirmed paid"],
        "is paid",
    ),
    (
        "an expired booking, too little",
        replace(BOOKING, status=BookingStatus.EXPIRED),
        LESS,
        Verdict.LATE,
        ["payment desk late"],
        "is not open any more",
    ),
    (
        "a booking, other money",
        BOOKING,
        DOLLARS,
        Verdict.WRONG_CURRENCY,
        ["payment desk wrong_currency"],
        "costs KES 3,000",
    ),
]


@pytest.mark.parametrize(
    ("title", "owed", "payment", "verdict", "effects", "sentence"), ARRIVALS, ids=[row[0] for row in ARRIVALS]
)
def test_money_that_came(
    title: str, owed: Owed | None, payment: Payment, verdict: Verdict, effects: list[str], sentence: str
) -> None:
    received = receive(ARRIVED, KIOSK, about(owed, payment))
    assert received.verdict is verdict
    assert wishes(received) == effects
    assert sentence in received.said
    assert received.pays == (verdict in (Verdict.PAYS, Verdict.OVER))


def test_every_verdict_is_in_the_table() -> None:
    told = {Verdict.SOLD_OUT, Verdict.NOTHING}  # in tests of their own, below
    told |= {Verdict.REFUNDED, Verdict.CREDITED, Verdict.CANCELLED}  # in test_desk.py
    told |= {Verdict.REFUNDING}  # in test_refunding.py
    assert {row[3] for row in ARRIVALS} | told == set(Verdict)


@pytest.mark.parametrize(
    ("title", "owed", "effects"),
    [
        ("an order", ORDER, ["payment desk sold_out", "order pending>cancelled"]),
        (
            "an order whose payment had failed",
            replace(ORDER, payment=FAILED, status=OrderStatus.PAYMENT_FAILED),
            ["payment desk sold_out", "order payment_failed>pending", "order pending>cancelled"],
        ),
        ("a booking", BOOKING, ["payment desk sold_out", "booking held>expired"]),
        ("an expired booking", replace(BOOKING, status=BookingStatus.EXPIRED), ["payment desk sold_out"]),
    ],
)
def test_what_others_bought_meanwhile_is_said_in_the_same_turn(title: str, owed: Owed, effects: list[str]) -> None:
    received = receive(ARRIVED, KIOSK, about(owed, conflict=SOLD_OUT))
    assert received.verdict is Verdict.SOLD_OUT
    assert wishes(received) == effects, title
    assert "others bought" in received.said
    assert not received.pays


@pytest.mark.parametrize(
    "event", [replace(CONCERT, status=EventStatus.CANCELLED), replace(CONCERT, starts_at=NOW)], ids=["off", "begun"]
)
def test_no_seats_are_booked_anew_for_an_event_that_is_not_on_sale(event: TicketEvent) -> None:
    shop = replace(KIOSK, programme=Programme((event,)))
    received = receive(ARRIVED, shop, about(replace(BOOKING, status=BookingStatus.EXPIRED)))
    assert wishes(received) == ["payment desk late"]


def test_seats_booked_anew_have_a_new_number_and_the_payment_names_it() -> None:
    expired = replace(BOOKING, status=BookingStatus.EXPIRED, entry="e1")
    first = receive(ARRIVED, KIOSK, about(expired)).booking
    assert first is not None
    assert first.id != BOOKING.id
    assert re.fullmatch(BOOKING_FORM, first.id)
    again = receive(ARRIVED, KIOSK, about(expired, conflict=Conflict(ConflictKind.NUMBER_TAKEN, first.id)))
    assert again.booking is not None
    assert again.booking.id != first.id
    settled = again.effects[0]
    assert isinstance(settled, SettlePayment)
    assert settled.settlement.order == again.booking.id


def test_what_was_received_stands_as_after_the_effects() -> None:
    failed = replace(ORDER, payment=FAILED, status=OrderStatus.PAYMENT_FAILED)
    order = receive(ARRIVED, KIOSK, about(failed)).order
    assert order is not None
    assert (order.status, order.payment) == (OrderStatus.PENDING, PAID)
    booking = receive(ARRIVED, KIOSK, about(BOOKING)).booking
    assert booking is not None
    assert (booking.status, booking.payment) == (BookingStatus.CONFIRMED, PAID)


def test_a_payment_that_was_dealt_with_before_does_nothing_again() -> None:
    for state in (PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDED):
        received = receive(ARRIVED, KIOSK, about(ORDER, replace(PAYMENT, state=state)))
        assert (received.verdict, received.effects, received.said) == (Verdict.NOTHING, (), "")
    assert receive(ARRIVED, KIOSK, facts(orders=(ORDER,))).verdict is Verdict.NOTHING


def test_somebody_elses_order_is_not_judged_by_its_number() -> None:
    other = about(ORDER, replace(PAYMENT))
    assert judge(replace(PAYMENT, order="ORD-OTHER"), other) is Verdict.UNKNOWN
    assert judge(PAYMENT, other, "ORD-OTHER") is Verdict.UNKNOWN


# -- what is told ----------------------------------------------------------------------------------------------------
def test_an_order_that_is_paid_is_told_by_its_receipt() -> None:
    received = receive(ARRIVED, KIOSK, about(ORDER))
    message, paper = paying.told(received, KIOSK, facts())
    assert isinstance(message, Say)
    assert "TST001" in message.text
    assert isinstance(paper, ShowDocument)


def test_what_is_over_is_told_before_the_receipt() -> None:
    received = receive(ARRIVED, KIOSK, about(ORDER, MORE))
    first, second, paper = paying.told(received, KIOSK, facts())
    assert isinstance(first, Say)
    assert "too much" in first.text
    assert isinstance(second, Say)
    assert isinstance(paper, ShowDocument)


def test_everything_else_is_told_by_its_sentence() -> None:
    for owed in (CANCELLED, BOOKING):
        received = receive(ARRIVED, KIOSK, about(owed))
        (only,) = paying.told(received, KIOSK, facts())
        assert isinstance(only, Say)
        assert only.text == received.said
    assert paying.told(Received(Verdict.NOTHING), KIOSK, facts()) == ()
