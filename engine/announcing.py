"""What the shop's own people should hear of a turn: a new order, money, low stock, a wish that came to nothing.

It is told from the turn's wishes, in one place for all flows, and written in the same commit onto the board of notices;
from there each notice goes to the phones as a letter to their actors (engine.announcer). Its words are made there, in
the reader's language; what stands on the board is the same without a greeting.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine import money
from engine.address import Address, Millis, Sender
from engine.commit import Posted
from engine.crew import Crew
from engine.effects import AnyEffect, Book, MoveBooking, MoveOrder, PlaceOrder, PutNotice, Say, SettlePayment, TakeStock
from engine.events import AnyEvent, Inbound, Letter, Noticed, OrderMoveWanted
from engine.facts import AnyNeed, Availability, Facts
from engine.messages import Purpose
from engine.notices import OwnerNotice
from engine.orders import Order, OrderStatus
from engine.payments import PaymentState
from engine.phrases import phrase, say
from engine.remembered import Conversation
from engine.shop import Shop
from engine.shopping import price
from engine.tickets import BookingStatus
from engine.turn import Turn
from engine.window import told

ORDER, BOOKED, CANCELLED, PAID, DESK, LOW, REFUSED, UNMATCHED = (
    *("order_placed", "seats_booked", "order_cancelled", "payment_received", "payment_on_desk", "stock_low"),
    *("wish_refused", "payment_unmatched"),
)
"""Kinds of notices that turns make; all others are told by the running part, of something outside."""

STAFF_HEAR = frozenset({ORDER, BOOKED, CANCELLED, LOW, REFUSED})
"""What staff hear of; owners hear of everything."""

HEADS = {
    ORDER: phrase("New order"),
    BOOKED: phrase("Seats booked"),
    CANCELLED: phrase("Cancelled by the customer"),
    PAID: phrase("Payment received"),
    DESK: phrase("A payment waits on the desk for you"),
    LOW: phrase("Low stock"),
    REFUSED: phrase("Nothing was changed, for it stands otherwise by now"),
    UNMATCHED: phrase("A payment waits on the desk for you"),
}
OTHER = phrase("Please look at this")
"""How a notice begins on the phone."""

TEMPLATE = "notice"
"""The purpose in terms.templates of what is sent to a phone that has not written for a day."""
PARAMETER_AT_MOST = 500
"""Characters of a notice in a template; providers take no line breaks there."""
LINES_SHOWN = 8
"""Of an order in a notice."""


# -- what a turn tells -------------------------------------------------------------------------------------------------
def needs(needed: tuple[AnyNeed, ...], shop: Shop) -> tuple[AnyNeed, ...]:
    """With what is left of the goods, where somebody wants to hear that it gets low: whatever takes goods reads
    something, and this costs no look at the disk."""
    if not (needed and shop.crew.phones and shop.catalogue.products):
        return needed
    return tuple(dict.fromkeys((*needed, Availability())))


def noted(turn: Turn, event: AnyEvent, shop: Shop, facts: Facts) -> Turn:
    """The turn with its notices; as it is where nobody listens."""
    if not shop.crew.phones:
        return turn
    found: list[tuple[str, str, str]] = []
    taken = [one.number for one in turn.effects if isinstance(one, TakeStock)]
    for effect in turn.effects:
        found += _of(effect, taken, event, shop, facts)
    if isinstance(event, OrderMoveWanted) and event.by.startswith("+") and not _moves(turn):
        order = facts.order(event.number)
        stands = order.status.value if order is not None else "unknown"
        found.append((REFUSED, f"{event.number} > {event.status}: {stands}", event.number))
    told_of = [OwnerNotice(shop.name, kind, detail, facts.now, facts.now, about=about) for kind, detail, about in found]
    return replace(turn, effects=(*turn.effects, *map(PutNotice, told_of))) if told_of else turn


def _moves(turn: Turn) -> bool:
    return any(isinstance(one, MoveOrder) for one in turn.effects)


def _of(
    effect: AnyEffect, taken: Sequence[str], event: AnyEvent, shop: Shop, facts: Facts
) -> list[tuple[str, str, str]]:
    match effect:
        case PlaceOrder(order) if not order.held or order.number in taken:
            return [(ORDER, summary(order, shop), order.number), *_low(order, shop, facts)]
        case TakeStock(number) if not isinstance(event, OrderMoveWanted):
            held = facts.order(number)
            if held is None or not held.held:
                return []
            return [(ORDER, summary(held, shop), number), *_low(held, shop, facts)]
        case MoveOrder(move) if move.to is OrderStatus.CANCELLED and move.by == "customer":
            return [(CANCELLED, move.number, move.number)]
        case Book(booking) if booking.status is BookingStatus.CONFIRMED:
            return [(BOOKED, f"{booking.id}: {booking.seats} × {booking.title}, {booking.name}", booking.id)]
        case MoveBooking(move) if move.to is BookingStatus.CONFIRMED:
            known = facts.booking(move.id)
            what = f"{known.seats} × {known.title}, {move.name or known.name}" if known is not None else ""
            return [(BOOKED, f"{move.id}: {what}", move.id)]
        case SettlePayment(one) if facts.payment is not None and facts.payment.id == one.id:
            return _money(one.to, one.order or facts.payment.order, one.why, shop, facts)
        case _:
            return []


def _money(to: PaymentState, order: str, why: str, shop: Shop, facts: Facts) -> list[tuple[str, str, str]]:
    payment = facts.payment
    if payment is None or payment.state is to or to not in (PaymentState.APPLIED, PaymentState.DESK):
        return []
    amount = money.show(payment.amount, payment.currency, shop.locale)
    if to is PaymentState.APPLIED:
        return [(PAID, f"{order}: {amount} ({payment.provider})", order)]
    return [(DESK, f"{order or '–'}: {amount} ({payment.provider}), {why.replace('_', ' ')}", payment.id)]


def summary(order: Order, shop: Shop) -> str:
    """An order in one line."""
    lines = [f"{line.quantity} × {line.name}" for line in order.lines[:LINES_SHOWN]]
    more = [f"+{len(order.lines) - LINES_SHOWN}"] if len(order.lines) > LINES_SHOWN else []
    return f"{order.number}: {', '.join([*lines, *more, price(order.total, shop), *filter(None, (order.name,))])}"


def _low(order: Order, shop: Shop, facts: Facts) -> list[tuple[str, str, str]]:
    """Products that this order makes low, as far as the turn knows what is left."""
    found = []
    for sku in dict.fromkeys(line.sku for line in order.lines if line.tracked and line.sku in facts.left):
        before = facts.left[sku]
        after = before - sum(line.quantity for line in order.lines if line.sku == sku)
        if after <= shop.crew.low_stock < before:
            name = next(line.name for line in order.lines if line.sku == sku)
            found.append((LOW, f"{name}: {max(0, after)}", sku))
    return found


# -- to the phones -----------------------------------------------------------------------------------------------------
def hearers(kind: str, crew: Crew) -> tuple[str, ...]:
    """The phones that hear of notices of this kind."""
    return crew.phones if kind in STAFF_HEAR else crew.owners


def letter(seq: int, notice: OwnerNotice, to: Address, phone: str, now: Millis) -> Posted:
    """The letter that takes a notice to a phone; the same notice goes there once, however often it is posted."""
    event = Noticed(notice.kind, notice.detail, notice.about)
    return Posted(Letter(to, Inbound(f"notice:{seq}:{phone}", to.shop, Sender(phone=phone), now, event)), now)


def said(c: Conversation, event: Noticed, shop: Shop, facts: Facts) -> Turn:
    """The notice as a message; what is open in the conversation stays open. Nothing for somebody who has left."""
    if shop.crew.role(c.phone) is None:
        return Turn(c)
    speech = c.language
    head = say(speech, HEADS.get(event.kind, OTHER))
    hint = ""
    if event.kind in (ORDER, BOOKED):
        hint = "\n" + say(speech, "Say *order {number}* to see it.", number=event.about)
    text = say(speech, "{what}: {detail}", what=f"*{head}*", detail=event.detail) + hint
    return Turn(c, announced(text, f"{head}: {event.detail}", shop, replace(facts, language=speech)))


def announced(text: str, short: str, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """A message to a phone of the shop's own, or its template where only that may be sent."""
    parameter = " ".join(short.split())[:PARAMETER_AT_MOST]
    return told((Say(text, Purpose.ORDER),), TEMPLATE, (parameter,), shop, facts)
