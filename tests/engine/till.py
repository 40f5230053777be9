"""A shop that takes money, an order and a booking to pay for, and a payment that fits both."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.catalogue import Catalogue
from engine.effects import AnyEffect, Book, MoveBooking, MoveOrder, MovePayment, SettlePayment, TakeStock
from engine.facts import Conflict, Facts
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus
from engine.payments import STATE_MOVES, Intent, IntentStatus, Payment, Way
from engine.settling import Received
from engine.shop import Shop
from engine.terms import Terms
from engine.tickets import Booking, BookingStatus, Programme, TicketEvent

Owed: TypeAlias = Order | Booking

NOW = 1_760_000_000_000
TOTAL = 300_000
"""KES 3,000, in cents."""

CONCERT = TicketEvent("evt", "Concert", "Nairobi", "Hall", NOW + 86_400_000, "Africa/Nairobi", 100, TOTAL)

KIOSK = Shop(
    name="kiosk",
    title="Duka",
    flow="micro_sales",
    currency="KES",
    locale="en_KE",
    timezone="Africa/Nairobi",
    catalogue=Catalogue(()),
    terms=Terms(ways=(Way.MPESA, Way.CARD, Way.BANK, Way.CASH), bank="Duka Ltd, 0123456789"),
    programme=Programme((CONCERT,)),
)

ORDER = Order(
    number="ORD-7K2M9Q",
    shop="kiosk",
    customer="c1",
    cart="cart1",
    lines=(OrderLine("prod_001", "Premium Coffee", 2, 150_000, tracked=True),),
    total=TOTAL,
    currency="KES",
    status=OrderStatus.PENDING,
    payment=PaymentStatus.PENDING,
    kind="delivery",
    source="WhatsApp",
    placed_at=NOW,
    flow="micro_sales",
    held=True,
)

BOOKING = Booking(
    id="BKG-7K2M9Q",
    shop="kiosk",
    customer="c1",
    event="evt",
    title="Concert",
    starts_at=CONCERT.starts_at,
    seats=1,
    price=TOTAL,
    currency="KES",
    status=BookingStatus.HELD,
    payment=PaymentStatus.PENDING,
    held_at=NOW,
    expires_at=NOW + 300_000,
)

INTENT = Intent(
    id="kiosk/c1:6:pay",
    shop="kiosk",
    customer="c1",
    order=ORDER.number,
    way=Way.MPESA,
    amount=TOTAL,
    currency="KES",
    created_at=NOW,
    expires_at=NOW + 300_000,
    phone="254700000001",
    reference=ORDER.number,
    status=IntentStatus.PENDING,
)

PAYMENT = Payment("ghala:e1", "kiosk", "ghala", TOTAL, "KES", NOW, INTENT.id, ORDER.number, "c1", transaction="TST001")


def facts(
    *,
    orders: tuple[Order, ...] = (),
    bookings: tuple[Booking, ...] = (),
    payment: Payment | None = None,
    intents: tuple[Intent, ...] = (),
    conflict: Conflict | None = None,
) -> Facts:
    """What a turn of the customer c1 knows."""
    return Facts(
        NOW,
        "kiosk/c1:7",
        "254700000001",
        attempt=1 if conflict else 0,
        conflict=conflict,
        orders=orders,
        bookings=bookings,
        payment=payment,
        intents=intents,
    )


def about(owed: Owed | None, payment: Payment = PAYMENT, conflict: Conflict | None = None) -> Facts:
    """The facts of a turn about this payment for this order or booking."""
    number = "" if owed is None else owed.number if isinstance(owed, Order) else owed.id
    return facts(
        orders=(owed,) if isinstance(owed, Order) else (),
        bookings=(owed,) if isinstance(owed, Booking) else (),
        payment=msgspec.structs.replace(payment, order=number),
        conflict=conflict,
    )


def wishes(received: Received) -> list[str]:
    """The effects in short, in their order."""
    return [short(effect) for effect in received.effects]


def short(effect: AnyEffect) -> str:
    match effect:
        case SettlePayment(move):
            assert all(move.to in STATE_MOVES[one] for one in move.frm), "a move that its table forbids"
            return f"payment {move.to.value} {move.why}".rstrip()
        case MovePayment(move):
            return f"{move.frm[0].value}>{move.to.value}"
        case MoveOrder(move):
            return f"order {move.frm[0].value}>{move.to.value}"
        case TakeStock():
            return "take"
        case MoveBooking(move):
            paid = f" {move.payment.value}" if move.payment is not None else ""
            return f"booking {move.frm[0].value}>{move.to.value}{paid}"
        case Book(booking):
            return f"book {booking.status.value} {booking.payment.value}"
        case _:
            raise AssertionError(f"{effect!r} is not expected here")
