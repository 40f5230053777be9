"""Short ways to write money, seats and letters of our own."""

from __future__ import annotations

from typing import Any

from engine.address import DAY, HOUR, MINUTE, Address, Sender
from engine.books import Charged
from engine.commit import Posted
from engine.events import Event, HoldEnded, Inbound, Letter
from engine.facts import AnyNeed, IntentsFor, Known
from engine.orders import Order, PaymentMove, PaymentStatus
from engine.payments import (
    Failure,
    Intent,
    IntentMove,
    IntentStatus,
    PaymentNews,
    PaymentSettlement,
    PaymentState,
    Way,
)
from engine.ports import Store
from engine.tickets import Booking, BookingMove, BookingStatus, Entry, EntryStatus, TicketEvent
from tests.storage.values import ANN, NOW, SHOP, Talk

HELD, CONFIRMED, CHECKED_IN = BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN
CANCELLED, EXPIRED = BookingStatus.CANCELLED, BookingStatus.EXPIRED

GIG = TicketEvent("gig", "Indie Night", "Mumbai", "Hall", NOW + 7 * DAY, "Asia/Kolkata", 6, price=79_900, category="x")
FEST = TicketEvent("fest", "Food Fest", "Mumbai", "Park", NOW + 2 * DAY, "Asia/Kolkata", 3)
PROGRAMME = (GIG, FEST)


def intent(name: str = "i1", order: str = "WA1", customer: str = "ann", **more: Any) -> Intent:
    told: dict[str, Any] = {"way": Way.MPESA, "amount": 65_000, "currency": "INR", "created_at": NOW}
    told |= {"expires_at": NOW + HOUR, "phone": "254700000001", "reference": f"ref {name}"}
    return Intent(id=name, shop=SHOP, customer=customer, order=order, **(told | more))


def news(name: str = "t1", *, ok: bool = True, provider: str = "fake", **more: Any) -> PaymentNews:
    return PaymentNews(name, provider, ok, 65_000, "INR", **more)


def failed(name: str = "t1", failure: Failure = Failure.NO_FUNDS, **more: Any) -> PaymentNews:
    return news(name, ok=False, failure=failure, **more)


def charged(name: str = "i1", **more: Any) -> Charged:
    told: dict[str, Any] = {"asked": True, "provider": "fake", "provider_ref": "ref-1", "link": "https://pay.test/1"}
    return Charged(name, **(told | more))


def pay_move(number: str, frm: PaymentStatus, to: PaymentStatus) -> PaymentMove:
    return PaymentMove(number, (frm,), to, "mpesa")


def intent_move(name: str, frm: IntentStatus, to: IntentStatus, reason: str = "") -> IntentMove:
    return IntentMove(name, (frm,), to, reason)


def settlement(name: str, frm: PaymentState, to: PaymentState, **more: Any) -> PaymentSettlement:
    return PaymentSettlement(name, (frm,), to, **more)


def booking(
    booking_id: str, seats: int = 1, status: BookingStatus = HELD, lasts: int = 5 * MINUTE, **more: Any
) -> Booking:
    """``lasts``: how long from NOW it is held; ``buyer``: the name on it."""
    told: dict[str, Any] = {"customer": "ann", "event": "gig", "title": "Indie Night", "starts_at": GIG.starts_at}
    told |= {"price": 79_900, "currency": "INR", "payment": PaymentStatus.UNPAID, "held_at": NOW}
    told |= {"name": more.pop("buyer", "")}
    return Booking(id=booking_id, shop=SHOP, seats=seats, status=status, expires_at=NOW + lasts, **(told | more))


def booked(booking_id: str, seats: int = 1, **more: Any) -> Booking:
    return booking(booking_id, seats, CONFIRMED, **more)


def book_move(booking_id: str, frm: BookingStatus, to: BookingStatus, **more: Any) -> BookingMove:
    """``buyer``: the name that it writes."""
    if "buyer" in more:
        more["name"] = more.pop("buyer")
    return BookingMove(booking_id, (frm,), to, "customer", **more)


def entry(name: str, seats: int = 1, customer: str = "ann", joined: int = 0, **more: Any) -> Entry:
    """``joined``: how long after NOW."""
    told: dict[str, Any] = {"event": "gig", "phone": "254700000001", "currency": "INR", "status": EntryStatus.WAITING}
    return Entry(id=name, shop=SHOP, customer=customer, seats=seats, joined_at=NOW + joined, **(told | more))


def own_letter(name: str, event: Any = None, to: Address = ANN, due: int = 0) -> Posted:
    """``due``: how long after NOW."""
    inbound = Inbound(name, to.shop, Sender(), NOW, event or HoldEnded("BKG-222222"))
    return Posted(Letter(to, inbound), NOW + due)


async def letters(store: Store, now: int = NOW) -> dict[str, Event]:
    """The letters that are due, by their inbound ids."""
    return {one.inbound.id: one.inbound.event for one in await store.posted(now, 99)}


async def known(store: Store, *needs: AnyNeed, to: Address = ANN, now: int = NOW) -> Known:
    return await store.know(to, needs, now)


async def order_of(store: Store, number: str = "WA1") -> Order:
    found = await store.order(SHOP, number)
    assert found is not None
    return found


async def intent_of(store: Store, name: str = "i1", to: Address = ANN) -> Intent:
    (found,) = [one for one in await all_intents(store, to) if one.id == name]
    return found


async def all_intents(store: Store, to: Address = ANN, order: str = "WA1") -> tuple[Intent, ...]:
    return (await store.know(to, (IntentsFor(order),), NOW)).intents


async def booking_of(store: Store, name: str) -> Booking:
    found = await store.booking(SHOP, name)
    assert found is not None
    return found


async def stand_at(store: Store, status: IntentStatus, name: str = "i1") -> None:
    """Bring a new intent of Ann's to this status, as it happens in life."""
    turns = await version(store)
    talk = Talk(store, version=turns, letters=100 * turns)
    assert await talk.commit(intents=(intent(name),)) is None
    if status in (IntentStatus.ASKING, IntentStatus.PENDING):
        await store.claim_charges([name], NOW)
    if status is IntentStatus.PENDING:
        await store.settle_charges([charged(name)], NOW)
    if status in (IntentStatus.PAID, IntentStatus.FAILED):
        await store.record(SHOP, news(f"first {name}", ok=status is IntentStatus.PAID, intent=name), NOW)
    if status is IntentStatus.CANCELLED:
        await talk.commit(intent_moves=(intent_move(name, IntentStatus.CREATED, IntentStatus.CANCELLED),))
    for one in await store.posted(NOW, 99):
        await store.park(one, True, "not of this test", NOW)


async def version(store: Store) -> int:
    snapshot = await store.wake(ANN)
    return snapshot.version if snapshot is not None else 0
