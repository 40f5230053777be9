"""Credit notes: what has gone back of an invoice is credited, once, whoever tells of it and however often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.crediting import credited
from engine.effects import IssueCredit, ShowDocument
from engine.events import DeskDecided
from engine.invoices import CREDIT, CreditOf, Invoice
from engine.orders import Order, OrderStatus, PaymentStatus
from engine.payments import Payment, PaymentState
from engine.settling import Received, receive
from tests.engine.till import KIOSK, ORDER, PAYMENT, TOTAL, about

PAID = replace(ORDER, payment=PaymentStatus.PAID)
CANCELLED = replace(PAID, status=OrderStatus.CANCELLED)
BILL = Invoice("INV-2025-0001", PAID.shop, PAID.customer, PAID.number, 0, 0, TOTAL, PAID.currency)
APPLIED, DESK, REFUNDING = PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDING
ASKED = replace(KIOSK, refunders=frozenset({PAYMENT.provider}))


def decided(payment: Payment, word: str, amount: int = 0, bill: Invoice = BILL, order: Order = PAID) -> Received:
    event = DeskDecided(payment.id, word, "asha", amount=amount, sent=payment.refunded)
    facts = replace(about(order, payment), invoices=(bill,))
    return receive(event, ASKED if word != "refund" else KIOSK, facts)


def notes(received: Received) -> list[int]:
    return [one.credit.amount for one in received.effects if isinstance(one, IssueCredit)]


def paid(state: PaymentState = APPLIED, **more: object) -> Payment:
    return replace(PAYMENT, state=state, amount=TOTAL, **more)


def test_a_refund_by_hand_is_credited_with_its_document() -> None:
    received = decided(paid(), "refund", 700)
    assert notes(received) == [700]
    (paper,) = received.papers
    assert isinstance(paper, ShowDocument)
    assert paper.paper == f"credit:{CREDIT}"
    assert CREDIT in paper.filename
    assert BILL.number in paper.caption


def test_one_by_its_provider_is_credited_when_the_money_has_gone_and_not_before() -> None:
    event = DeskDecided(PAYMENT.id, "refund", "asha", amount=700)
    wished = receive(event, ASKED, replace(about(PAID, paid()), invoices=(BILL,)))
    assert (notes(wished), wished.papers) == ([], ())
    under_way = paid(REFUNDING, back_to="applied", refunds=1, refunded=700)
    assert notes(decided(under_way, "refunded", 700)) == [700]
    assert notes(decided(replace(under_way, refunded=0), "unrefunded")) == []


def test_what_failed_and_was_made_once_more_is_credited_once() -> None:
    under_way = paid(REFUNDING, back_to="desk", why="refund_failed", refunds=2, refunded=TOTAL)
    assert notes(decided(under_way, "refunded", TOTAL, replace(BILL, credited=TOTAL), CANCELLED)) == []
    assert notes(decided(under_way, "refunded", TOTAL, replace(BILL, credited=700), CANCELLED)) == [TOTAL - 700]


@pytest.mark.parametrize(
    ("payment", "order"),
    [
        (replace(PAYMENT, state=DESK, why="over", amount=TOTAL + 500, refunded=500), PAID),
        (replace(PAYMENT, state=DESK, why="twice", amount=TOTAL, refunded=TOTAL), PAID),
        (replace(PAYMENT, state=APPLIED, amount=TOTAL, refunded=TOTAL), None),
    ],
    ids=["over", "twice", "no order of theirs"],
)
def test_what_was_on_no_invoice_is_not_credited(payment: Payment, order: Order | None) -> None:
    facts = replace(about(order, payment), invoices=(BILL,))
    assert credited(payment, payment.state, order, KIOSK, facts) == ()


def test_without_an_invoice_there_is_no_note() -> None:
    payment = paid(refunded=TOTAL)
    assert credited(payment, APPLIED, PAID, KIOSK, about(PAID, payment)) == ()


@given(st.lists(st.integers(1, TOTAL), min_size=1, max_size=8))
def test_whatever_is_sent_back_in_whatever_parts_the_notes_come_to_what_has_gone(parts: list[int]) -> None:
    payment, bill = paid(), BILL
    for part in parts:
        amount = min(part, payment.left)
        if not amount:
            break
        made = notes(decided(payment, "refund", amount, bill))
        payment = replace(payment, refunded=payment.refunded + amount)
        bill = replace(bill, credited=bill.credited + sum(made))
        assert bill.credited == TOTAL - payment.left
    assert bill.credited <= TOTAL


def test_its_year_is_that_of_the_shop() -> None:
    payment = paid(refunded=700)
    facts = replace(about(PAID, payment), invoices=(BILL,), now=1_767_211_200_000)  # 2025-12-31 20:00 UTC
    shop = replace(KIOSK, timezone="Asia/Kolkata")
    (wish, _) = credited(payment, APPLIED, PAID, shop, facts)
    assert wish == IssueCredit(CreditOf(PAID.number, 2026, 700))
