"""The payment desk: what the owner may decide about money that could not be applied, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from engine.effects import SettlePayment
from engine.events import DeskDecided
from engine.facts import Conflict, ConflictKind
from engine.orders import Order, OrderStatus, PaymentStatus
from engine.payments import Payment, PaymentState
from engine.settling import Verdict, given_back, receive
from engine.tickets import BookingStatus
from tests.engine.till import BOOKING, KIOSK, ORDER, PAYMENT, TOTAL, Owed, about, facts, short, wishes

replace = msgspec.structs.replace
SOLD_OUT = Conflict(ConflictKind.SOLD_OUT, "prod_001")
PAID = PaymentStatus.PAID
CANCELLED = replace(ORDER, status=OrderStatus.CANCELLED)
MORE, LESS = replace(PAYMENT, amount=TOTAL + 50_000), replace(PAYMENT, amount=TOTAL - 50_000)
DOLLARS = replace(PAYMENT, currency="USD")


def on_desk(why: str, payment: Payment = PAYMENT, state: PaymentState = PaymentState.DESK) -> Payment:
    return replace(payment, state=state, why=why)


ORDER_PAID = ["take", "pending>paid"]
DECISIONS: Sequence[tuple[str, Owed | None, Payment, str, Verdict, list[str], str]] = [
    (
        "match what nobody knew",
        ORDER,
        on_desk("unknown"),
        "match",
        Verdict.PAYS,
        ["payment applied", *ORDER_PAID],
        "paid",
    ),
    (
        "match what is short",
        ORDER,
        on_desk("short", LESS),
        "match",
        Verdict.PAYS,
        ["payment applied", *ORDER_PAID],
        "paid",
    ),
    (
        "match what is too much",
        ORDER,
        on_desk("late", MORE),
        "match",
        Verdict.PAYS,
        ["payment applied", *ORDER_PAID],
        "paid",
    ),
    (
        "match a booking",
        BOOKING,
        on_desk("unknown"),
        "match",
        Verdict.PAYS,
        ["payment applied", "booking held>confirmed paid"],
        "paid",
    ),
    (
        "keep what is over",
        replace(ORDER, payment=PAID),
        on_desk("over", MORE),
        "match",
        Verdict.NOTHING,
        ["payment applied kept"],
        "",
    ),
    ("match to a cancelled order", CANCELLED, on_desk("late"), "match", Verdict.NOTHING, [], ""),
    ("match to a paid order", replace(ORDER, payment=PAID), on_desk("twice"), "match", Verdict.NOTHING, [], ""),
    ("match other money", ORDER, on_desk("wrong_currency", DOLLARS), "match", Verdict.NOTHING, [], ""),
    ("match to nothing", None, on_desk("unknown"), "match", Verdict.NOTHING, [], ""),
    ("match what is applied", ORDER, on_desk("", state=PaymentState.APPLIED), "match", Verdict.NOTHING, [], ""),
    ("refund", CANCELLED, on_desk("late"), "refund", Verdict.REFUNDED, ["payment refunded refund"], "KES 3,000 back"),
    (
        "refund the unknown",
        None,
        on_desk("unknown"),
        "refund",
        Verdict.REFUNDED,
        ["payment refunded refund"],
        "KES 3,000",
    ),
    (
        "refund what is over",
        replace(ORDER, payment=PAID),
        on_desk("over", MORE),
        "refund",
        Verdict.REFUNDED,
        ["payment applied refund"],
        "KES 500 back",
    ),
    (
        "refund what had paid",
        replace(ORDER, payment=PAID),
        on_desk("", state=PaymentState.APPLIED),
        "refund",
        Verdict.REFUNDED,
        ["payment refunded refund", "paid>refunded"],
        "KES 3,000 back",
    ),
    (
        "refund a booking that was paid",
        replace(BOOKING, status=BookingStatus.CANCELLED, payment=PAID),
        on_desk("", state=PaymentState.APPLIED),
        "refund",
        Verdict.REFUNDED,
        ["payment refunded refund", "booking cancelled>cancelled refunded"],
        "KES 3,000 back",
    ),
    (
        "credit",
        CANCELLED,
        on_desk("late"),
        "credit",
        Verdict.CREDITED,
        ["payment credited credit"],
        "keep your KES 3,000",
    ),
    ("credit what had paid", ORDER, on_desk("", state=PaymentState.APPLIED), "credit", Verdict.NOTHING, [], ""),
    (
        "refund once more",
        ORDER,
        on_desk("refund", state=PaymentState.REFUNDED),
        "refund",
        Verdict.NOTHING,
        [],
        "",
    ),
    ("a decision nobody knows", ORDER, on_desk("late"), "burn", Verdict.NOTHING, [], ""),
]


@pytest.mark.parametrize(
    ("title", "owed", "payment", "decision", "verdict", "effects", "sentence"),
    DECISIONS,
    ids=[row[0] for row in DECISIONS],
)
def test_what_the_owner_decides(
    title: str,
    owed: Owed | None,
    payment: Payment,
    decision: str,
    verdict: Verdict,
    effects: list[str],
    sentence: str,
) -> None:
    received = receive(DeskDecided(PAYMENT.id, decision, "Asha"), KIOSK, about(owed, payment))
    assert received.verdict is verdict
    assert wishes(received) == effects
    assert sentence in received.said
    assert bool(received.said) == (verdict is not Verdict.NOTHING)
    for effect in received.effects:
        assert not isinstance(effect, SettlePayment) or effect.settlement.by == "Asha"


def test_a_match_names_an_order_that_the_payment_did_not_know() -> None:
    unknown = on_desk("unknown", replace(PAYMENT, order=""))
    known = facts(orders=(ORDER,), payment=unknown)
    received = receive(DeskDecided(PAYMENT.id, "match", "Asha", ORDER.number), KIOSK, known)
    settled = received.effects[0]
    assert isinstance(settled, SettlePayment)
    assert settled.settlement.order == ORDER.number
    assert received.pays


def test_a_match_to_what_is_sold_out_stays_on_the_desk() -> None:
    known = about(ORDER, on_desk("unknown"), conflict=SOLD_OUT)
    assert receive(DeskDecided(PAYMENT.id, "match", "Asha"), KIOSK, known).effects == ()


# -- what had paid is cancelled --------------------------------------------------------------------------------------
@pytest.mark.parametrize("owed", [ORDER, BOOKING], ids=["an order", "a booking"])
def test_what_paid_a_cancelled_order_goes_back_onto_the_desk_and_its_refund_is_noted(owed: Owed) -> None:
    applied = replace(PAYMENT, state=PaymentState.APPLIED)
    known = about(replace(owed, payment=PAID), applied)
    assert known.payment is not None
    number = known.payment.order
    (back,) = given_back(number, known, "Asha")
    assert short(back) == "payment desk cancelled"
    desk = on_desk(Verdict.CANCELLED.value)
    over = OrderStatus.CANCELLED if isinstance(owed, Order) else BookingStatus.CANCELLED
    cancelled = replace(owed, payment=PAID, status=over)
    refund = receive(DeskDecided(PAYMENT.id, "refund", "Asha"), KIOSK, about(cancelled, desk))
    noted = "paid>refunded" if isinstance(owed, Order) else "booking cancelled>cancelled refunded"
    assert wishes(refund) == ["payment refunded refund", noted]
    assert "KES 3,000" in refund.said


def test_all_of_a_payment_that_was_over_is_sent_back_when_its_order_is_cancelled() -> None:
    over = on_desk("over", MORE)
    cancelled = replace(CANCELLED, payment=PAID)
    refund = receive(DeskDecided(PAYMENT.id, "refund", "Asha"), KIOSK, about(cancelled, over))
    assert wishes(refund) == ["payment refunded refund", "paid>refunded"]
    assert "KES 3,500" in refund.said


@pytest.mark.parametrize("state", [PaymentState.DESK, PaymentState.REFUNDED])
def test_a_payment_that_is_not_applied_is_not_laid_on_the_desk_again(state: PaymentState) -> None:
    known = about(ORDER, replace(PAYMENT, state=state))
    assert given_back(ORDER.number, known) == ()
    assert given_back(ORDER.number, facts(orders=(ORDER,))) == ()
    assert given_back("ORD-OTHER", about(ORDER, replace(PAYMENT, state=PaymentState.APPLIED))) == ()
