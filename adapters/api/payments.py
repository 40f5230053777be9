"""Money as the owner sees it: what came in, and the payment desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major, minor
from adapters.api.answers import Done, Later, Page, Refusal, faulty
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import Owed, Paid, PaymentId, shown
from adapters.api.letters import letter, told
from adapters.api.paging import Paged, page_of
from engine import money
from engine.address import Address
from engine.events import DeskDecided
from engine.orders import Order
from engine.paying import is_booking
from engine.payments import ASK_NOBODY, Payment, PaymentState, phone_of, whose
from engine.tickets import Booking

payments = Noun("payments", "Money that came in, and the payment desk.")

REFUNDABLE = (PaymentState.DESK, PaymentState.APPLIED)
BY_HAND = frozenset(way.value for way in ASK_NOBODY)
"""The providers of what the owner verifies."""


class PaymentShown(msgspec.Struct, frozen=True, rename="camel"):
    """Money that came in. On the desk ``why`` says why it lies there: over, short, twice, late, wrong_currency,
    sold_out, cancelled, unknown, refund_failed. ``order`` may be a booking's number. ``verifiedAt`` is when the owner
    (``by``) saw it in the bank or in cash; null where a provider told of it. ``refunded`` was sent back, ``refunding``
    is being sent back by the provider; ``refundTransaction`` is the last refund's name there, ``refundProblem`` says
    why the last one was not made."""

    id: str
    state: PaymentState
    amount: float
    currency: str
    provider: str
    order: str
    customer_id: str
    transaction: str
    payer: str
    reference: str
    why: str
    by: str
    at: datetime
    verified_at: datetime | None
    refunded: float
    refunding: float
    refund_transaction: str
    refund_problem: str


class PaymentQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which payments; of any state where none is named."""

    state: Annotated[PaymentState, Meta(description=f"one of {', '.join(PaymentState)}")] | None = None


class Match(msgspec.Struct, frozen=True):
    """What a payment is for."""

    order: Owed


class Back(msgspec.Struct, frozen=True):
    """What goes back: ``amount`` in major units; all of it, or what is over, where none is given."""

    amount: Paid | None = None


def payment_shown(call: Call, payment: Payment) -> PaymentShown:
    return PaymentShown(
        id=payment.id,
        state=payment.state,
        amount=major(payment.amount, payment.currency),
        currency=payment.currency,
        provider=payment.provider,
        order=payment.order,
        customer_id=payment.customer,
        transaction=payment.transaction,
        payer=payment.payer,
        reference=payment.reference,
        why=payment.why,
        by=payment.by,
        at=shown(payment.at, call.shop.timezone),
        verified_at=shown(payment.at, call.shop.timezone) if payment.provider in BY_HAND else None,
        refunded=major(payment.refunded, payment.currency),
        refunding=major(payment.refunding, payment.currency),
        refund_transaction=payment.refund_ref,
        refund_problem=payment.refund_problem,
    )


@payments.get("/api/admin/payments", "Payments, newest first", home=HOME)
async def listed(call: Call, query: PaymentQuery) -> Page[PaymentShown]:
    """``?state=desk`` is the payment desk: what waits for the owner."""
    states = [query.state] if query.state else []
    return await page_of(
        query,
        lambda limit, offset: call.store.payments(call.shop.name, states, limit, offset),
        lambda payment: payment_shown(call, payment),
    )


@payments.get("/api/admin/payments/<payment>", "One payment", home=HOME)
async def one(call: Call, payment: PaymentId) -> PaymentShown:
    return payment_shown(call, await _payment(call, payment))


# -- the desk --------------------------------------------------------------------------------------------------------
DESK_ONLY = {409: "The payment does not lie on the desk, or can't be used for this."}


@payments.post("/api/admin/payments/<payment>/match", "Use a payment for an order", home=HOME, refuses=DESK_ONLY)
async def match(call: Call, payment: PaymentId, body: Match) -> Done[PaymentShown] | Later:
    """Of one that is short too: that is the owner's to accept."""
    found = await _payment(call, payment)
    _expect(found, (PaymentState.DESK,))
    owed = await owed_by(call, body.order)
    return await _decide(call, found, "match", Address(call.shop.name, owed.customer), body.order)


@payments.post("/api/admin/payments/<payment>/refund", "Send money back", home=HOME, refuses=DESK_ONLY)
async def refund(call: Call, payment: PaymentId, body: Back) -> Done[PaymentShown] | Later:
    """By the provider where that can: the payment is ``refunding`` until it has answered, and then the customer is
    told. Else the owner sends it back by hand; here it is noted, and the customer is told."""
    found = await _payment(call, payment)
    _expect(found, REFUNDABLE)
    amount = minor(body.amount, found.currency, "amount") if body.amount else 0
    if amount > found.left:
        left = money.show(found.left, found.currency, call.shop.locale)
        raise faulty({"amount": f"expected at most {left}, which was not sent back yet"})
    return await _decide(call, found, "refund", whose(found), amount=amount)


@payments.post("/api/admin/payments/<payment>/credit", "Keep money for the next order", home=HOME, refuses=DESK_ONLY)
async def credit(call: Call, payment: PaymentId) -> Done[PaymentShown] | Later:
    found = await _payment(call, payment)
    _expect(found, (PaymentState.DESK,))
    if not found.customer:
        raise Refusal(409, "Nobody knows whose money this is. Match it with an order first, or send it back.")
    return await _decide(call, found, "credit", whose(found))


async def _decide(
    call: Call, found: Payment, decision: str, to: Address, order: str = "", amount: int = 0
) -> Done[PaymentShown] | Later:
    """Let the customer's turn carry a decision out, and say what became of it."""
    phone = "" if found.customer or order else phone_of(found.payer)
    if not await told(
        call, letter(call, to, DeskDecided(found.id, decision, call.by, order, amount, found.refunded), phone=phone)
    ):
        return Later()
    after = await _payment(call, found.id)
    if (after.state, after.order, after.refunded) == (found.state, found.order, found.refunded):
        what = f"for {order} " if order else ""
        raise Refusal(409, f"The payment can't be used {what}as things stand; it stays on the desk.")
    sent = after.refunded - found.refunded
    noted = f"{money.show(sent, after.currency, call.shop.locale)} is noted as sent back. " if sent else ""
    return Done(f"{noted}The payment is {after.state.value} now.", payment_shown(call, after))


def _expect(payment: Payment, states: tuple[PaymentState, ...]) -> None:
    if payment.state not in states:
        raise Refusal(409, f"The payment is {payment.state.value}; this is for one that is {' or '.join(states)}.")


async def _payment(call: Call, payment_id: str) -> Payment:
    payment = await call.store.payment(call.shop.name, payment_id)
    if payment is None:
        raise Refusal(404, f"There is no payment {payment_id}.")
    return payment


async def owed_by(call: Call, number: str) -> Order | Booking:
    """The order or booking of this number; Refusal 404, naming the field, when there is none."""
    shop = call.shop.name
    owed = await call.store.booking(shop, number) if is_booking(number) else await call.store.order(shop, number)
    if owed is None:
        raise Refusal(404, f"There is no order or booking {number}.", {"order": "there is no such order or booking"})
    return owed
