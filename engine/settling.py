"""What is made of money that came in: one verdict, one outcome and one sentence for each case (quality.md 12, 14).

    verdict         the payment            the order or booking              why on the desk
    PAYS            APPLIED                paid; its stock or seats taken    –
    OVER            DESK                   paid; its stock or seats taken    over
    SHORT           DESK                   as it was                         short
    TWICE           DESK                   as it was                         twice
    LATE            DESK                   as it was                         late
    WRONG_CURRENCY  DESK                   as it was                         wrong_currency
    SOLD_OUT        DESK                   cancelled; others have its goods  sold_out
    UNKNOWN         DESK                   –                                 unknown
    CANCELLED       DESK, was APPLIED      cancelled                         cancelled
    NOTHING         as it was              as it was                         –

A booking that expired before its money came is not LATE when its seats are still free: they are booked anew, under a
new number. On the desk the owner decides: ``match`` applies a payment to an order (one that is short or over too, for
that is the owner's to accept), ``refund`` (engine.refunding) and ``credit`` end it. A decision that can't be carried
out changes nothing: the payment stays on the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from engine import crediting, money, refunding
from engine.effects import AnyEffect, Book, MoveBooking, MoveOrder, MovePayment, SettlePayment, TakeStock
from engine.events import DeskDecided, PaymentSettled
from engine.facts import ConflictKind, Facts
from engine.orders import Order, OrderMove, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import Payment, PaymentSettlement, PaymentState
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.tickets import Booking, BookingMove, BookingStatus, EventStatus, booking_id


class Verdict(str, Enum):
    """What a payment means for what it is for. The value is the ``why`` of a payment on the desk."""

    PAYS = "pays"
    OVER = "over"
    SHORT = "short"
    TWICE = "twice"
    LATE = "late"
    WRONG_CURRENCY = "wrong_currency"
    SOLD_OUT = "sold_out"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    """It had paid what is cancelled now (``given_back``)."""
    NOTHING = "nothing"
    """It was dealt with before, or the owner's decision can't be carried out."""
    REFUNDED = "refunded"
    CREDITED = "credited"
    """The owner's decisions that end a payment on the desk."""
    REFUNDING = "refunding"
    """The same, but its provider is asked to first (engine.refunding)."""


class Received(msgspec.Struct, frozen=True):
    """What follows from money that came in.

    ``order`` or ``booking`` is what it is for, *as it stands after* ``effects``: an order that is paid has the payment
    status PAID, and is PENDING where it was PAYMENT_FAILED; a booking that is paid is CONFIRMED. The flow adds the move
    of the order's status that is its own, the receipt or ticket, and the next state. ``said`` is for the customer, ""
    when there is nothing to say; ``papers`` are documents that go with it.
    """

    verdict: Verdict
    payment: Payment | None = None
    order: Order | None = None
    booking: Booking | None = None
    effects: tuple[AnyEffect, ...] = ()
    said: str = ""
    papers: tuple[AnyEffect, ...] = ()

    @property
    def pays(self) -> bool:
        """Whether the order or booking is paid by this."""
        return self.verdict in PAYING


PAYING = (Verdict.PAYS, Verdict.OVER)
SETTLED = (PaymentStatus.PAID, PaymentStatus.REFUNDED, PaymentStatus.PARTLY_REFUNDED)
CANCELLABLE = (OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING)
Owed = Order | Booking
"""What can be paid for."""


# -- the verdict ---------------------------------------------------------------------------------------------------
def judge(payment: Payment, facts: Facts, number: str = "") -> Verdict:
    """What a payment means for its order or booking, or for ``number``, as far as facts tell. Never SOLD_OUT: only a
    commit finds that out."""
    owed = _owed(number or payment.order, facts)
    if owed is None:
        return Verdict.UNKNOWN
    if payment.currency != owed.currency:
        return Verdict.WRONG_CURRENCY
    if owed.payment in SETTLED:
        return Verdict.TWICE
    if owed.status in (OrderStatus.CANCELLED, BookingStatus.CANCELLED, BookingStatus.EXPIRED):
        return Verdict.LATE
    least, most = sorted((owed.total, money.whole(owed.total, owed.currency)))  # mobile money takes whole units only
    return Verdict.SHORT if payment.left < least else Verdict.OVER if payment.left > most else Verdict.PAYS


def _owed(number: str, facts: Facts) -> Owed | None:
    return facts.order(number) or facts.booking(number) if number else None


def number_of(owed: Owed) -> str:
    """What a customer calls it."""
    return owed.number if isinstance(owed, Order) else owed.id


# -- what follows --------------------------------------------------------------------------------------------------
def receive(event: PaymentSettled | DeskDecided, shop: Shop, facts: Facts) -> Received:
    """Apply a payment or lay it on the desk; or do what the owner decided about one that lies there. A refused commit
    comes here again: with SOLD_OUT the goods are gone, and the customer hears it in this turn."""
    payment = facts.payment
    if payment is None or payment.id != event.payment:
        return Received(Verdict.NOTHING)
    if isinstance(event, PaymentSettled):
        return _arrived(payment, shop, facts) if payment.state is PaymentState.RECORDED else _nothing(payment)
    match event.decision:
        case "match":
            return _matched(payment, event, shop, facts)
        case "refund":
            return _refunded(payment, event, shop, facts)
        case "refunded":
            return _refund_told(payment, event, shop, facts)
        case "unrefunded":
            effects = refunding.failed(payment, _owed(payment.order, facts), event.by)
            return Received(Verdict.NOTHING, payment, *_both(payment.order, facts), effects)
        case "credit" if payment.state is PaymentState.DESK:
            move = PaymentSettlement(payment.id, (PaymentState.DESK,), PaymentState.CREDITED, why="credit", by=event.by)
            said = say(
                facts.language,
                "We keep your {amount} as credit for you. Please tell us when you order next, and we take it off.",
                amount=_shown(refunding.due(payment, _owed(payment.order, facts)), payment, shop),
            )
            return Received(Verdict.CREDITED, payment, *_both(payment.order, facts), (SettlePayment(move),), said)
        case _:
            return _nothing(payment)


def _arrived(payment: Payment, shop: Shop, facts: Facts) -> Received:
    if payment.left <= 0:  # it was sent back before this turn was taken
        effects: tuple[AnyEffect, ...] = (_settle(payment, PaymentState.REFUNDED, "", refunding.SENT_BACK),)
        return Received(Verdict.NOTHING, payment, effects=effects)
    verdict, owed = judge(payment, facts), _owed(payment.order, facts)
    if owed is not None and (verdict in PAYING or _may_be_booked_anew(verdict, owed, payment, shop, facts)):
        paid = _paid(payment, owed, verdict, payment.by, shop, facts)
        if paid is not None:
            return paid
        verdict = Verdict.SOLD_OUT
    ended = _given_up(owed) if owed is not None and verdict is Verdict.SOLD_OUT else ()
    effects = (_settle(payment, PaymentState.DESK, payment.order, verdict.value, payment.by), *ended)
    return Received(
        verdict, payment, *_both(payment.order, facts), effects, _sentence(verdict, payment, owed, shop, facts)
    )


def _paid(payment: Payment, owed: Owed, verdict: Verdict, owner: str, shop: Shop, facts: Facts) -> Received | None:
    """The order or booking is paid by this payment (``owner`` says so, or "" when a provider does); None when what it
    needs went to others meanwhile."""
    if facts.conflict is not None and facts.conflict.kind is ConflictKind.SOLD_OUT:
        return None
    by = owner or payment.provider
    order, booking = None, None
    if isinstance(owed, Order):
        order, effects = _order_paid(owed, by)
        after: Owed = order
    else:
        booking, effects = _booking_paid(owed, by, facts)
        after = booking
    over = verdict is Verdict.OVER
    verdict = Verdict.OVER if over else Verdict.PAYS
    state, why = (PaymentState.DESK, verdict.value) if over else (PaymentState.APPLIED, "")
    settled = _settle(payment, state, number_of(after), why, owner)
    said = _sentence(verdict, payment, after, shop, facts)
    return Received(verdict, payment, order, booking, (settled, *effects), said)


def _order_paid(order: Order, by: str) -> tuple[Order, tuple[AnyEffect, ...]]:
    reopened = _reopened(order)
    take = (TakeStock(order.number),) if order.held else ()
    moves: list[AnyEffect] = []
    if order.payment is not PaymentStatus.PENDING:
        moves.append(MovePayment(PaymentMove(order.number, (order.payment,), PaymentStatus.PENDING, by)))
    moves.append(MovePayment(PaymentMove(order.number, (PaymentStatus.PENDING,), PaymentStatus.PAID, by)))
    status = OrderStatus.PENDING if reopened else order.status
    after = msgspec.structs.replace(order, status=status, payment=PaymentStatus.PAID)
    return after, (*take, *moves, *reopened)


def _reopened(order: Order) -> tuple[AnyEffect, ...]:
    """An order whose payment had failed waits for its shop again."""
    if order.status is not OrderStatus.PAYMENT_FAILED:
        return ()
    return (MoveOrder(OrderMove(order.number, (order.status,), OrderStatus.PENDING, by="payment")),)


def _booking_paid(booking: Booking, by: str, facts: Facts) -> tuple[Booking, tuple[AnyEffect, ...]]:
    """Confirm a hold, also one that is over: the store takes its seats anew where they are free. An expired booking
    can't come back, so its seats are booked under a new number."""
    confirmed = msgspec.structs.replace(booking, status=BookingStatus.CONFIRMED, payment=PaymentStatus.PAID)
    if booking.status is BookingStatus.EXPIRED:
        number = booking_id(f"{facts.key}:{facts.attempt}")
        anew = msgspec.structs.replace(confirmed, id=number, held_at=facts.now, expires_at=facts.now, entry="")
        return anew, (Book(anew),)
    to = BookingStatus.CONFIRMED if _held(booking) else booking.status
    move = BookingMove(booking.id, (booking.status,), to, by, payment=PaymentStatus.PAID)
    return msgspec.structs.replace(confirmed, status=to), (MoveBooking(move),)


def _held(booking: Booking) -> bool:
    return booking.status is BookingStatus.HELD


def _may_be_booked_anew(verdict: Verdict, owed: Owed, payment: Payment, shop: Shop, facts: Facts) -> bool:
    """Whether late money may still buy the seats of an expired booking: in full, and before the event begins."""
    if verdict is not Verdict.LATE or not isinstance(owed, Booking) or owed.status is not BookingStatus.EXPIRED:
        return False
    event = shop.programme.event(owed.event)
    on_sale = event is not None and event.status is EventStatus.ACTIVE and event.starts_at > facts.now
    return on_sale and payment.left in (owed.total, money.whole(owed.total, owed.currency))


def _given_up(owed: Owed) -> tuple[AnyEffect, ...]:
    """What was paid for is sold to others: it must neither be delivered nor asked for again."""
    if isinstance(owed, Booking):
        if not _held(owed):
            return ()
        return (MoveBooking(BookingMove(owed.id, (BookingStatus.HELD,), BookingStatus.EXPIRED, by="sold_out")),)
    reopened = _reopened(owed)
    frm = OrderStatus.PENDING if reopened else owed.status
    if frm not in CANCELLABLE:
        return ()
    return (*reopened, MoveOrder(OrderMove(owed.number, (frm,), OrderStatus.CANCELLED, by="sold_out")))


def _settle(payment: Payment, to: PaymentState, order: str, why: str, by: str = "") -> SettlePayment:
    return SettlePayment(PaymentSettlement(payment.id, (payment.state,), to, order, why, by))


def _nothing(payment: Payment) -> Received:
    return Received(Verdict.NOTHING, payment)


def given_back(number: str, facts: Facts, by: str = "") -> tuple[AnyEffect, ...]:
    """Lay what paid an order or booking onto the desk, in the turn that cancels it (facts.PaymentFor). Nothing where it
    was not paid; a payment that is over lies there already."""
    payment = facts.payment
    if payment is None or payment.order != number or payment.state is not PaymentState.APPLIED:
        return ()
    return (_settle(payment, PaymentState.DESK, number, Verdict.CANCELLED.value, by),)


# -- the desk ------------------------------------------------------------------------------------------------------
def _matched(payment: Payment, event: DeskDecided, shop: Shop, facts: Facts) -> Received:
    number = event.order or payment.order
    owed = _owed(number, facts)
    if payment.state is not PaymentState.DESK or owed is None:
        return _nothing(payment)
    if payment.why == Verdict.OVER.value and number == payment.order:  # it has paid; the owner keeps what is over
        return Received(
            Verdict.NOTHING,
            payment,
            *_both(number, facts),
            (_settle(payment, PaymentState.APPLIED, number, "kept", event.by),),
        )
    verdict = judge(payment, facts, number)
    accepted = verdict in (*PAYING, Verdict.SHORT)
    if not accepted and not _may_be_booked_anew(verdict, owed, payment, shop, facts):
        return _nothing(payment)
    return _paid(payment, owed, Verdict.PAYS, event.by, shop, facts) or _nothing(payment)


def _refunded(payment: Payment, event: DeskDecided, shop: Shop, facts: Facts) -> Received:
    """The owner sends money back: by the provider where that can, which then tells what became of it."""
    amount, effects = refunding.wanted(payment, event, _owed(payment.order, facts), shop.refunders)
    verdict = Verdict.REFUNDED if amount else Verdict.REFUNDING if effects else Verdict.NOTHING
    said = _sent_back(amount, payment, shop, facts) if amount else ""
    order, booking = _both(payment.order, facts)
    after = msgspec.structs.replace(payment, refunded=payment.refunded + amount)
    note = crediting.credited(after, payment.state, order, shop, facts) if amount else ()
    return Received(verdict, payment, order, booking, (*effects, *note[:1]), said, note[1:])


def _refund_told(payment: Payment, event: DeskDecided, shop: Shop, facts: Facts) -> Received:
    """Its provider has sent money back, or the owner has at the provider: the customer hears it, once."""
    effects = refunding.told(payment, event, _owed(payment.order, facts))
    said = _sent_back(event.amount, payment, shop, facts)
    order, booking = _both(payment.order, facts)
    note = crediting.credited(payment, refunding.stood(payment), order, shop, facts)
    return Received(Verdict.REFUNDED, payment, order, booking, (*effects, *note[:1]), said, note[1:])


def _sent_back(amount: int, payment: Payment, shop: Shop, facts: Facts) -> str:
    return say(facts.language, "We have sent {amount} back to you.", amount=_shown(amount, payment, shop))


def _both(number: str, facts: Facts) -> tuple[Order | None, Booking | None]:
    owed = _owed(number, facts)
    return (owed, None) if isinstance(owed, Order) else (None, owed)


# -- what is said --------------------------------------------------------------------------------------------------
SENTENCES: Mapping[Verdict, str] = {
    Verdict.PAYS: phrase("Your payment of {amount} has arrived: *{number}* is paid. Thank you! 🎉"),
    Verdict.OVER: phrase(
        "Your payment of {amount} has arrived and *{number}* is paid. That is {difference} too much: we'll send it "
        "back or keep it for your next order, and tell you."
    ),
    Verdict.SHORT: phrase(
        "Your payment of {amount} has arrived, but *{number}* costs {total}: {difference} is missing. We keep it safe "
        "and get in touch; say *agent* to talk to us now."
    ),
    Verdict.TWICE: phrase(
        "Your payment of {amount} has arrived, but *{number}* was paid already. We'll send it back or keep it for "
        "your next order, and tell you."
    ),
    Verdict.LATE: phrase(
        "Your payment of {amount} has arrived, but *{number}* is not open any more. We'll send it back or keep it for "
        "your next order, and tell you."
    ),
    Verdict.WRONG_CURRENCY: phrase(
        "Your payment of {amount} has arrived, but *{number}* costs {total}, in another currency. We keep it safe and "
        "get in touch; say *agent* to talk to us now."
    ),
    Verdict.SOLD_OUT: phrase(
        "Your payment of {amount} has arrived, but after its time was up others bought what *{number}* was for. We're "
        "sorry! We'll send it back or keep it for your next order, and tell you."
    ),
    Verdict.UNKNOWN: phrase(
        "Your payment of {amount} has arrived, but I can't see what it is for. We keep it safe and get in touch."
    ),
}


def _sentence(verdict: Verdict, payment: Payment, owed: Owed | None, shop: Shop, facts: Facts) -> str:
    total = 0 if owed is None else owed.total
    return say(
        facts.language,
        SENTENCES[verdict],
        amount=_shown(payment.amount, payment, shop),
        number=number_of(owed) if owed is not None else "",
        total=money.show(total, shop.currency, shop.locale),
        difference=_shown(abs(payment.amount - total), payment, shop),
    )


def _shown(amount: int, payment: Payment, shop: Shop) -> str:
    return money.show(amount, payment.currency, shop.locale)
