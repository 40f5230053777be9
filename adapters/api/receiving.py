"""Money that only the owner can see: in the bank, or in cash (flows.md §2: the owner verifies)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major, minor
from adapters.api.answers import Done, Later, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import Owed, Paid, Transaction
from adapters.api.letters import done, letter, told
from adapters.api.payments import PaymentShown, owed_by, payment_shown
from engine import money
from engine.address import Address
from engine.events import DeskDecided, PaymentSettled
from engine.orders import Order
from engine.payments import UNKNOWN, Payment, PaymentNews, PaymentState
from engine.settling import SETTLED
from engine.tickets import Booking

receiving = Noun("payments")


class Seen(str, Enum):
    """How money came that only the owner can see."""

    BANK = "bank"
    CASH = "cash"


class Received(msgspec.Struct, frozen=True):
    """Money for an order or booking, in the shop's currency."""

    order: Owed
    amount: Paid
    transaction: Transaction
    way: Annotated[Seen, Meta(description="bank or cash", examples=["bank"])]


@receiving.post(
    "/api/admin/payments/received",
    "Record money that came by bank or in cash",
    home=HOME,
    refuses={404: "There is no such order or booking.", 409: "This transaction was recorded with another amount."},
)
async def received(call: Call, body: Received) -> Done[PaymentShown] | Later:
    """It pays its order as a provider's news would: too little or too much waits on the desk, and the customer is told.
    The same transaction for the same order counts once."""
    owed = await owed_by(call, body.order)
    amount = minor(body.amount, call.shop.currency, "amount")
    news = PaymentNews(
        id=f"{body.order}:{body.transaction}",
        provider=body.way.value,
        ok=True,
        amount=amount,
        currency=call.shop.currency,
        reference=body.order,
        transaction=body.transaction,
        by=call.by,
    )
    await call.running.record(call.shop.name, news)
    payment = await _recorded(call, news)
    if payment.amount != amount:
        was = f"{major(payment.amount, payment.currency)} {payment.currency}"
        raise Refusal(409, f"This transaction was recorded for {body.order} with {was} already.")
    if not await _applied(call, payment, owed, body.order):
        return Later()
    after = await _recorded(call, news)
    return Done(_said(after, body.order), payment_shown(call, after))


async def _recorded(call: Call, news: PaymentNews) -> Payment:
    payment = await call.store.payment(call.shop.name, f"{news.provider}:{news.id}")
    assert payment is not None, "what was recorded is there"
    return payment


async def _applied(call: Call, payment: Payment, owed: Order | Booking, number: str) -> bool:
    """Wait until the customer's turn has applied it; False when that takes too long.

    Where nobody was asked to pay (a bakery's order), the store knows no customer of the payment's, so it lies on the
    desk as unknown; but the owner has said what it is for. A sum that does not fit is theirs to decide about.
    """
    to = Address(call.shop.name, owed.customer)
    if payment.state is PaymentState.RECORDED:
        news = letter(call, Address(call.shop.name, payment.customer), PaymentSettled(payment.id), f"paid:{payment.id}")
        return await done(call, news.letter)
    exact = payment.amount in (owed.total, money.whole(owed.total, owed.currency)) and owed.payment not in SETTLED
    if payment.state is PaymentState.DESK and payment.why == UNKNOWN and exact:
        wish = DeskDecided(payment.id, "match", call.by, number)
        return await told(call, letter(call, to, wish, f"match:{payment.id}:{number}"))
    return True


def _said(payment: Payment, number: str) -> str:
    if payment.state is PaymentState.DESK:
        why = f"it does not fit {number}" if payment.why == UNKNOWN else payment.why.replace("_", " ")
        return f"The payment is recorded and lies on the desk: {why}."
    if payment.state is PaymentState.APPLIED:
        return f"The payment is recorded; {number} is paid."
    return "The payment is recorded."
