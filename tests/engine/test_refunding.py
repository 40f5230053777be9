"""Money that goes back: by hand or by its provider, in part or whole, and what becomes of the order it had paid."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from engine.effects import SettlePayment
from engine.events import DeskDecided, PaymentSettled
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import Payment, PaymentState, settled
from engine.settling import Received, Verdict, given_back, receive
from engine.tickets import BookingStatus
from tests.engine.till import BOOKING, KIOSK, ORDER, PAYMENT, TOTAL, Owed, about, short, wishes

replace = msgspec.structs.replace
PAID, PARTLY = PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED
APPLIED, DESK, REFUNDING, REFUNDED = (
    PaymentState.APPLIED,
    PaymentState.DESK,
    PaymentState.REFUNDING,
    PaymentState.REFUNDED,
)
ASKED = replace(KIOSK, refunders=frozenset({"ghala"}))
"""A shop whose provider refunds when it is asked to."""
ORDER_PAID = replace(ORDER, payment=PAID)
CANCELLED = replace(ORDER_PAID, status=OrderStatus.CANCELLED)
BOOKED = replace(BOOKING, status=BookingStatus.CONFIRMED, payment=PAID)


def paid(state: PaymentState = APPLIED, why: str = "", *, over: int = 0, **more: object) -> Payment:
    return replace(PAYMENT, state=state, why=why, amount=TOTAL + over, **more)


def sending(back_to: PaymentState = APPLIED, why: str = "", *, over: int = 0, **more: object) -> Payment:
    return paid(REFUNDING, why, over=over, back_to=back_to.value, refunds=1, **more)


def decided(owed: Owed | None, payment: Payment, word: str, amount: int = 0, shop: object = ASKED) -> Received:
    by = "Asha" if word == "refund" else "ghala"
    assert shop in (ASKED, KIOSK)
    return receive(
        DeskDecided(PAYMENT.id, word, by, amount=amount, sent=payment.refunded),
        ASKED if shop is ASKED else KIOSK,
        about(owed, payment),
    )


def refund_of(received: Received) -> int:
    """How much the settlement speaks of."""
    (one,) = [effect.settlement for effect in received.effects if isinstance(effect, SettlePayment)]
    return one.refund


# -- the owner's wish ------------------------------------------------------------------------------------------------
def test_a_provider_that_refunds_is_asked_first_and_the_customer_hears_nothing_yet() -> None:
    received = decided(ORDER_PAID, paid(), "refund")
    assert (received.verdict, wishes(received), received.said) == (Verdict.REFUNDING, ["payment refunding"], "")
    assert refund_of(received) == TOTAL


def test_what_is_over_is_what_goes_back_unless_the_owner_says_otherwise() -> None:
    assert refund_of(decided(ORDER_PAID, paid(DESK, "over", over=50_000), "refund")) == 50_000
    assert refund_of(decided(ORDER_PAID, paid(DESK, "over", over=50_000), "refund", 70_000)) == 70_000
    assert refund_of(decided(CANCELLED, paid(DESK, "over", over=50_000), "refund")) == TOTAL + 50_000
    assert refund_of(decided(ORDER_PAID, paid(refunded=100_000), "refund")) == TOTAL - 100_000


@pytest.mark.parametrize(
    "payment",
    [paid(REFUNDING, back_to="applied", refunding=1), paid(REFUNDED, refunded=TOTAL), paid(refunded=TOTAL)],
    ids=["under way", "all gone", "nothing left"],
)
def test_a_wish_that_can_not_be_carried_out_changes_nothing(payment: Payment) -> None:
    assert decided(ORDER_PAID, payment, "refund").verdict is Verdict.NOTHING
    assert wishes(decided(ORDER_PAID, payment, "refund", 100)) == []


def test_more_than_is_left_can_not_be_sent_back() -> None:
    assert wishes(decided(ORDER_PAID, paid(refunded=100_000), "refund", TOTAL)) == []


BY_HAND: Sequence[tuple[str, Owed, Payment, int, list[str]]] = [
    ("a part of what had paid", ORDER_PAID, paid(), 100_000, ["payment applied", "paid>partly_refunded"]),
    (
        "the rest of it",
        replace(ORDER, payment=PARTLY),
        paid(refunded=100_000),
        200_000,
        ["payment refunded refund", "partly_refunded>refunded"],
    ),
    ("a part of what lies on the desk", ORDER_PAID, paid(DESK, "twice"), 100_000, ["payment desk"]),
    ("what is over", ORDER_PAID, paid(DESK, "over", over=50_000), 50_000, ["payment applied refund"]),
    ("a part of what is over", ORDER_PAID, paid(DESK, "over", over=50_000), 20_000, ["payment desk"]),
    (
        "more than what is over",
        ORDER_PAID,
        paid(DESK, "over", over=50_000),
        70_000,
        ["payment applied refund", "paid>partly_refunded"],
    ),
    (
        "a part of a booking's",
        BOOKED,
        paid(),
        100_000,
        ["payment applied", "booking confirmed>confirmed partly_refunded"],
    ),
]


@pytest.mark.parametrize(("title", "owed", "payment", "amount", "effects"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_what_the_owner_sends_back_by_hand(
    title: str, owed: Owed, payment: Payment, amount: int, effects: list[str]
) -> None:
    received = decided(owed, payment, "refund", amount, KIOSK)
    assert wishes(received) == effects
    assert refund_of(received) == amount
    assert received.said == f"We have sent KES {amount // 100:,} back to you."


def test_deciding_twice_refunds_once() -> None:
    wish = DeskDecided(PAYMENT.id, "refund", "Asha")
    over = paid(DESK, "over", over=50_000)
    (effect, *_) = receive(wish, KIOSK, about(ORDER_PAID, over)).effects
    assert isinstance(effect, SettlePayment)
    assert receive(wish, KIOSK, about(ORDER_PAID, settled(over, effect.settlement, "c1"))).effects == ()


# -- what the provider tells -----------------------------------------------------------------------------------------
TOLD: Sequence[tuple[str, Owed | None, Payment, list[str]]] = [
    ("all of it", ORDER_PAID, sending(refunded=TOTAL), ["payment refunded refund", "paid>refunded"]),
    ("a part", ORDER_PAID, sending(refunded=1_000), ["payment applied", "paid>partly_refunded"]),
    ("a part, and no more order", None, sending(DESK, "unknown", refunded=1_000), ["payment desk"]),
    (
        "what is over",
        ORDER_PAID,
        sending(DESK, "over", over=50_000, refunded=50_000),
        ["payment applied refund"],
    ),
    ("a part, its order cancelled meanwhile", CANCELLED, sending(refunded=1_000),
     ["payment desk cancelled", "paid>partly_refunded"]),
    ("what was twice", ORDER_PAID, sending(DESK, "twice", refunded=TOTAL), ["payment refunded refund"]),
    ("at the provider itself, all", ORDER_PAID, paid(refunded=TOTAL), ["payment refunded refund", "paid>refunded"]),
    ("at the provider itself, a part", ORDER_PAID, paid(refunded=5), ["payment applied", "paid>partly_refunded"]),
    ("at the provider, beside ours", ORDER_PAID, sending(refunding=9, refunded=5), ["paid>partly_refunded"]),
    ("before its first turn", ORDER, paid(PaymentState.RECORDED, refunded=5), []),
]  # fmt: skip


@pytest.mark.parametrize(("title", "owed", "payment", "effects"), TOLD, ids=[row[0] for row in TOLD])
def test_what_follows_when_money_went_back(title: str, owed: Owed | None, payment: Payment, effects: list[str]) -> None:
    received = decided(owed, payment, "refunded", 50_000)
    assert wishes(received) == effects
    assert received.said == "We have sent KES 500 back to you."


FAILED: Sequence[tuple[str, Owed | None, Payment, list[str]]] = [
    ("it is where it was", ORDER_PAID, sending(), ["payment applied"]),
    ("on the desk again", ORDER_PAID, sending(DESK, "twice"), ["payment desk"]),
    ("its order was cancelled meanwhile", CANCELLED, sending(), ["payment desk cancelled"]),
    ("it came back later", ORDER_PAID, paid(REFUNDED), ["payment desk refund_failed"]),
    ("it came back after another one had taken its place", ORDER_PAID, paid(REFUNDED, refunded=TOTAL), []),
    ("all went back another way meanwhile", ORDER_PAID, sending(refunded=TOTAL),
     ["payment refunded refund", "paid>refunded"]),
    ("another one is under way", ORDER_PAID, sending(refunding=9), []),
    ("it never counted", ORDER_PAID, paid(), []),
]  # fmt: skip


@pytest.mark.parametrize(("title", "owed", "payment", "effects"), FAILED, ids=[row[0] for row in FAILED])
def test_what_follows_when_money_did_not_go_back(
    title: str, owed: Owed | None, payment: Payment, effects: list[str]
) -> None:
    received = decided(owed, payment, "unrefunded")
    assert (wishes(received), received.said) == (effects, "")


def test_money_that_went_back_before_its_first_turn_pays_nothing() -> None:
    payment = paid(PaymentState.RECORDED, refunded=TOTAL)
    received = receive(PaymentSettled(PAYMENT.id), ASKED, about(ORDER, payment))
    assert (wishes(received), received.said) == (["payment refunded refund"], "")


def test_an_order_whose_surplus_was_sent_back_comes_out_right_when_it_is_cancelled_later() -> None:
    over = paid(DESK, "over", over=50_000)
    for effect in decided(ORDER_PAID, over, "refund", shop=KIOSK).effects:
        assert isinstance(effect, SettlePayment)
        over = settled(over, effect.settlement, "c1")
    assert (over.state, over.left) == (APPLIED, TOTAL)
    (back,) = given_back(ORDER.number, about(ORDER_PAID, over))
    assert short(back) == "payment desk cancelled"
    assert isinstance(back, SettlePayment)
    over = settled(over, back.settlement, "c1")
    last = decided(CANCELLED, over, "refund", shop=KIOSK)
    assert wishes(last) == ["payment refunded refund", "paid>refunded"]
    assert refund_of(last) == TOTAL
