"""Asking for money: the ways that a shop offers, what a customer is asked to pay and told about it, and receipts.

What is made of money that came in stands in engine.settling; its names are at hand here too, so that a flow needs one
import. A flow that takes money

    FLOW.wanting    asks for ``news_needs(event)``
    the choice      ``options`` → ``way_of`` → ``payable`` → ``intent_for``; wish ``Charge(intent)``, ``asked(intent)``
    ChargeAnswered  wish ``link_said``
    PaymentFailed   wish ``unpaid(event).effects``, say its ``said``, offer ``options`` again; with another way wish
                    ``dropped(order, facts)``, so that nobody is asked twice
    PaymentSettled  wish ``receive(event).effects`` and ``told(received)``; DeskDecided: the same
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from engine import money, text
from engine.address import Millis
from engine.amounts import amount_lines
from engine.codes import code
from engine.effects import AnyEffect, MoveIntent, MovePayment, Option, Say, ShowDocument
from engine.events import AnyEvent, ChargeAnswered, DeskDecided, PaymentFailed, PaymentSettled
from engine.facts import AnyNeed, BookingNumbered, Facts, IntentOf, OrderNumbered, PaymentOf
from engine.flow import AnyFlowEvent, customer_of
from engine.messages import Purpose
from engine.orders import Order, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import OPEN, Failure, Intent, IntentMove, IntentStatus, Payment, Way
from engine.phrases import phrase, say
from engine.settling import Received, Verdict, judge, receive
from engine.shop import Shop
from engine.shopping import price, sold_line
from engine.tickets import BOOKING_START, Booking, BookingStatus
from engine.totals import totals_of
from engine.words import command

__all__ = ["Received", "Verdict", "judge", "receive"]

REFERENCE_AT_MOST = 12
"""Letters of a reference that every bank and M-Pesa's account field take (protocols.md §3.2)."""
REFERENCE_LETTERS = 8
"""Of a reference made from a longer order number: about 10¹² of them, so that two open ones never meet."""
DETAIL_AT_MOST = 80
"""Of what a provider says about a refusal; the rest is for its own people."""

TITLES: Mapping[Way, str] = {
    Way.MPESA: phrase("M-Pesa"),
    Way.CARD: phrase("Card"),
    Way.BANK: phrase("Bank transfer"),
    Way.CASH: phrase("Pay on delivery"),
}
WORDS: Mapping[Way, tuple[str, ...]] = {
    Way.MPESA: ("mpesa", "m-pesa", "m pesa", "lipa na mpesa", "lipa na m-pesa", "mobile money"),
    Way.CARD: ("card", "credit card", "debit card", "visa", "mastercard", "by card"),
    Way.BANK: ("bank", "transfer", "bank transfer", "by bank", "by transfer"),
    Way.CASH: ("cash", "cod", "on delivery", "cash on delivery", "pay on delivery", "pay at delivery"),
}
"""What people type for a way beside its title and its spellings as a command; folded as ``text.words`` does."""


# -- ways ----------------------------------------------------------------------------------------------------------
def offered(shop: Shop, facts: Facts) -> tuple[Way, ...]:
    """The ways that this customer can pay by, in the shop's order; none where the shop takes no payments."""
    if not shop.terms.payments:
        return ()
    return tuple([way for way in dict.fromkeys(shop.terms.ways) if way is not Way.BANK or shop.terms.bank])


def options(ways: Sequence[Way], facts: Facts, *, prefix: str = "pay:") -> tuple[Option, ...]:
    """The ways as options of a question; ``way_of`` reads the value of the chosen one."""
    return tuple([Option(f"{prefix}{way.value}", say(facts.language, TITLES[way]), words=WORDS[way]) for way in ways])


def way_of(value: str) -> Way | None:
    """The way that an option's value, or a typed word, stands for; None when it is something else."""
    names = (value.rpartition(":")[2], command(value))
    found = next((way for way in Way if way.value in names), None)
    return found or next((way for way, words in WORDS.items() if text.words(value) in words), None)


def payer_of(facts: Facts, order_number: str = "") -> str:
    """The phone that mobile money is asked from: the one typed just now, else the last one that was asked for this
    order, else the one that the customer writes from, or that their card has."""
    tried = [one for one in facts.intents if one.order == order_number and one.way is Way.MPESA]
    last = max(tried, key=lambda one: one.created_at, default=None)
    on_card = facts.customer.phone if facts.customer is not None else ""
    return facts.payer or (last.phone if last is not None else "") or facts.phone or on_card


def needs_phone(way: Way, facts: Facts) -> bool:
    """Whether the customer must be asked for a number first: mobile money goes to a phone (quality.md 9)."""
    return way is Way.MPESA and not payer_of(facts)


# -- what is asked -------------------------------------------------------------------------------------------------
def payable(total: int, way: Way, shop: Shop) -> tuple[int, int]:
    """What is to be paid for ``total`` by this way, and the rounding in it, minor units.

    M-Pesa takes whole shillings (flows.md, "Money"); the rounding belongs on the order and in the summary, as a line.
    """
    amount = money.whole(total, shop.currency) if way is Way.MPESA else total
    return amount, amount - total


def rounding_line(rounding: int, shop: Shop, facts: Facts) -> str:
    """The line that shows a rounding; "" where there is none."""
    return say(facts.language, "Rounding: {amount}", amount=price(rounding, shop)) if rounding else ""


def intent_for(order_number: str, way: Way, amount: int, shop: Shop, facts: Facts, *, expires_at: Millis) -> Intent:
    """The request to pay ``amount`` for an order or booking."""
    return Intent(
        id=f"{facts.key}:pay",
        shop=shop.name,
        customer=customer_of(facts),
        order=order_number,
        way=way,
        amount=amount,
        currency=shop.currency,
        created_at=facts.now,
        expires_at=expires_at,
        phone=payer_of(facts, order_number) if way is Way.MPESA else facts.phone,
        reference=reference_of(order_number, shop),
    )


def reference_of(order_number: str, shop: Shop) -> str:
    """What a person types into a bank's form: the number itself where it is short, else one derived from it, so that
    asking again for the same order asks with the same reference."""
    if len(order_number) <= REFERENCE_AT_MOST:
        return order_number
    return "P-" + code(f"{shop.name}\0{order_number}", REFERENCE_LETTERS)


def dropped(order_number: str, facts: Facts) -> tuple[MoveIntent, ...]:
    """Give up the open requests for an order that were read (facts.IntentsFor): before another way, or when it is
    cancelled. Money that comes for them all the same is still counted."""
    return tuple(
        [
            MoveIntent(IntentMove(intent.id, OPEN, IntentStatus.CANCELLED, reason="dropped"))
            for intent in facts.intents
            if intent.order == order_number and intent.status in OPEN
        ]
    )


def news_needs(event: AnyEvent | AnyFlowEvent) -> tuple[AnyNeed, ...]:
    """What a flow must read for news of money; nothing for any other event."""
    match event:
        case PaymentSettled(payment):
            return (PaymentOf(payment),)
        case DeskDecided(payment, order=number):
            if not number:
                return (PaymentOf(payment),)
            return PaymentOf(payment), BookingNumbered(number) if is_booking(number) else OrderNumbered(number)
        case PaymentFailed(intent) | ChargeAnswered(intent):
            return (IntentOf(intent),)
        case _:
            return ()


def is_booking(number: str) -> bool:
    """Whether what is paid for is a booking, by its number's form."""
    return number.startswith(BOOKING_START)


# -- what is said --------------------------------------------------------------------------------------------------
def asked(intent: Intent, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What the customer is told right when asked; a card's link follows (``link_said``)."""
    speech, amount = facts.language, price(intent.amount, shop)
    match intent.way:
        case Way.MPESA:
            said = say(
                speech,
                "Please check your phone +{phone}: M-Pesa asks you to pay {amount}. Enter your PIN there, and I'll "
                "tell you as soon as it is through. 📱",
                phone=intent.phone,
                amount=amount,
            )
        case Way.CARD:
            said = say(speech, "One moment, your link to pay {amount} by card is coming.", amount=amount)
        case Way.BANK:
            said = say(
                speech,
                "Please transfer {amount} to:\n{bank}\nReference: *{reference}*\n"
                "Put the reference on the transfer, so that we know it is yours. I'll tell you when it has arrived.",
                amount=amount,
                bank=shop.terms.bank,
                reference=intent.reference,
            )
        case Way.CASH:
            said = say(speech, "Fine: you pay {amount} on delivery.", amount=amount)
    return (Say(said, Purpose.PAYMENT),)


def link_said(event: ChargeAnswered, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """Where to pay; nothing where the phone itself asks, or when that request is not open any more."""
    intent = _intent(event.intent, facts)
    if not event.link or intent is None or intent.status not in OPEN:
        return ()
    said = say(
        facts.language,
        "Pay {amount} for *{number}* here: {link}",
        amount=price(intent.amount, shop),
        number=intent.order,
        link=event.link,
    )
    return (Say(said, Purpose.PAYMENT),)


FAILURES: Mapping[Failure, str] = {
    Failure.CANCELLED: phrase("The payment was cancelled."),
    Failure.NO_FUNDS: phrase("There was not enough money in the account."),
    Failure.WRONG_PIN: phrase("The PIN was not right."),
    Failure.NO_ANSWER: phrase("There was no answer from your phone in time."),
    Failure.EXPIRED: phrase("The time to pay was over."),
    Failure.REFUSED: phrase("The payment was declined."),
    Failure.UNREACHABLE: phrase("The payment service can't be reached right now; nothing was taken."),
}


def failure_said(failure: str, detail: str, facts: Facts) -> str:
    """Why a payment did not come, in plain words. ``detail`` is the provider's own text, shown only where we know no
    better reason."""
    why = next((one for one in Failure if one.value == failure), Failure.REFUSED)
    shown = " ".join("".join([one if one.isprintable() else " " for one in detail]).split())[:DETAIL_AT_MOST]
    if why is Failure.REFUSED and shown:
        return say(facts.language, "The payment was declined ({detail}).", detail=shown)
    return say(facts.language, FAILURES[why])


class Unpaid(msgspec.Struct, frozen=True):
    """What follows when an intent will not be paid. ``counts`` False: it is old news (paid meanwhile, or not open any
    more), nothing is done or said."""

    counts: bool
    intent: Intent | None = None
    order: Order | None = None
    booking: Booking | None = None
    effects: tuple[AnyEffect, ...] = ()
    said: str = ""


def unpaid(event: PaymentFailed, shop: Shop, facts: Facts) -> Unpaid:
    """Mark an order's payment as failed; its status, and what the customer may do now, is the flow's business. A flow
    that asked anew since compares ``event.intent`` with the one it waits for."""
    intent = _intent(event.intent, facts)
    if intent is None or intent.status is IntentStatus.PAID:
        return Unpaid(False)
    said = failure_said(event.failure, event.detail, facts)
    order, booking = facts.order(intent.order), facts.booking(intent.order)
    if order is not None and order.payment in OWED and order.status is not OrderStatus.CANCELLED:
        pending = order.payment is PaymentStatus.PENDING
        move = PaymentMove(order.number, (PaymentStatus.PENDING,), PaymentStatus.FAILED, by=intent.way.value)
        return Unpaid(True, intent, order, None, (MovePayment(move),) if pending else (), said)
    if booking is not None and booking.payment in OWED and booking.status is BookingStatus.HELD:
        return Unpaid(True, intent, None, booking, (), said)
    return Unpaid(False)


OWED = (PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.FAILED)


def told(received: Received, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """What the customer is told about money that came in: the receipt of an order that is paid now, else the one
    sentence that belongs to the verdict. A booking's ticket is the flow's to show."""
    said = (Say(received.said, Purpose.PAYMENT),) if received.said else ()
    if not received.pays or received.order is None or received.payment is None:
        return (*said, *received.papers)
    paper = receipt(received.order, received.payment, shop, facts)
    return paper if received.verdict is Verdict.PAYS else (*said, *paper)


def receipt(order: Order, payment: Payment, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The receipt as a message, and as a document that is made when it is sent."""
    speech = facts.language
    lines = [
        say(speech, "Receipt from {title}", title=shop.title),
        say(speech, "Order: *{number}*", number=order.number),
        *[sold_line(line, shop, facts) for line in order.lines],
        *amount_lines(totals_of(order), order.lines, shop, speech, code=order.discount_code),
        say(speech, "Transaction: {reference}", reference=payment.transaction) if payment.transaction else "",
        say(speech, "Thank you for your order! 🎉"),
    ]
    return (
        Say("\n".join([line for line in lines if line]), Purpose.PAYMENT),
        ShowDocument(f"receipt-{order.number}.pdf", paper=f"receipt:{order.number}"),
    )


def _intent(intent_id: str, facts: Facts) -> Intent | None:
    return next((intent for intent in facts.intents if intent.id == intent_id), None)
