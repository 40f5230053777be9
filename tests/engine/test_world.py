"""The world of the cases says what it should, and is red when something does not hold."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from engine.address import DAY, HOUR, Address
from engine.commit import Commit
from engine.facts import Conflict, ConflictKind
from engine.orders import PaymentStatus
from engine.payments import Intent, Way
from engine.tickets import Booking, BookingStatus, Entry, Programme, TicketEvent
from tests.engine.cases import Case, run
from tests.engine.world import ANN, NOON, World, bakery

GIG = TicketEvent("gig", "Indie Night", "Mumbai", "Hall", NOON + 7 * DAY, "Asia/Kolkata", 4, price=79_900)
BOUGHT = ("> hi", "> 1, 2", "> done", "> Ann", "> 12 MG Road", "> skip", "> confirm")


@pytest.fixture
def world() -> World:
    return World(replace(bakery(), programme=Programme((GIG,))))


def play(world: World, *lines: str) -> None:
    run(Case("", "here", tuple(enumerate(lines, 1))), world)


def red(world: World, *lines: str) -> None:
    """The last line does not hold."""
    with pytest.raises(AssertionError, match=f"here:{len(lines)}: "):
        play(world, *lines)


def turn(world: World, customer: str = "c1", **parts: Sequence[object]) -> Conflict | None:
    """A turn that no flow here takes, of a customer whose conversation stays as it is."""
    address = Address(ANN.shop, customer)
    c = world.conversation_of(address)
    version = c.turn + 1
    snapshot = b'{"flow":"counter","version":1,"state":{"type":"Initial"}}'
    fields = {name: tuple(rows) for name, rows in parts.items()}
    return world.commit(Commit(address, version, snapshot, world.now, inbound_id=f"x{version}{customer}", **fields))  # type: ignore[arg-type]


def asked(world: World, way: Way = Way.MPESA) -> None:
    wanted = Intent("i1", ANN.shop, "c1", "WA1", way, 65_000, "INR", NOON, NOON + HOUR, "919800000001", "REF1")
    assert turn(world, intents=[wanted]) is None


def held(name: str, seats: int, customer: str = "c1") -> Booking:
    status, payment = BookingStatus.HELD, PaymentStatus.UNPAID
    told = ("Indie Night", GIG.starts_at, seats, 79_900, "INR", status, payment, NOON, NOON + 300_000)
    return Booking(name, ANN.shop, customer, "gig", *told)


# -- who acts ------------------------------------------------------------------------------------------------------
def test_several_customers_have_answers_phones_and_orders_of_their_own(world: World) -> None:
    play(world, "> hi", "< Welcome", "as ben", "< nothing", "> hi", "> 1, 2", "= awaiting_order", "as ann")
    play(world, "< Welcome", "<! Added", "as ben", *BOUGHT[2:], "< Thank", "as ann", "= awaiting_order", "+ orders 1")
    ben, ann = (next(one.phone for one in world.outbox if one.address.customer == who) for who in ("ben", "c1"))
    assert ben != ann
    red(world, "+ order {order} pending")


def test_numbers_that_are_derived_have_names(world: World) -> None:
    play(
        world,
        *BOUGHT,
        "+ order {order} 10000: 2 × choc-chip-cookie",
        "+ order {order} pending/unpaid",
        "+ held brownie 0",
    )
    red(world, "+ order {order} confirmed")
    red(world, "+ order {order} pending/paid")
    red(world, "+ invoice {invoice} 10000")


def test_a_line_that_is_not_of_the_language_is_red(world: World) -> None:
    red(world, "sing a song")
    red(world, "+ peace here")
    red(world, "left custom-cake 3")
    red(world, 'card {"no_such_field": 1}')


# -- money ---------------------------------------------------------------------------------------------------------
def test_money_is_told_as_a_provider_tells_it(world: World) -> None:
    asked(world)
    play(world, "+ intent mpesa created 65000", "charged https://pay.test/1", "+ intent mpesa pending")
    play(
        world,
        "pay 100 KES Q1",
        "+ intent mpesa paid",
        "+ payment desk unknown",
        "+ payments 1",
        "pay again",
        "+ payments 1",
    )
    (payment,) = world.store.payments_of(ANN.shop)
    assert (payment.amount, payment.currency, payment.transaction, payment.order) == (100, "KES", "Q1", "WA1")
    play(world, "pay 5 for NOBODY", "+ payments 2", "+ payment desk unknown")
    red(world, "pay Q1")


def test_money_that_does_not_come_is_told_too(world: World) -> None:
    asked(world)
    play(world, "unpaid wrong_pin", "+ intent mpesa failed", "+ payments 0")
    red(world, "+ intent mpesa paid")
    red(world, "unpaid no_such_reason")


def test_a_refused_request_fails_and_a_bank_is_not_asked(world: World) -> None:
    asked(world)
    play(world, "uncharged refused", "+ intent mpesa failed")
    other = World(bakery())
    asked(other, Way.BANK)
    red(other, "charged")
    play(other, "pay", "+ intent bank paid", "+ payment desk unknown")
    assert other.store.payments_of(ANN.shop)[0].provider == "bank"


# -- seats ---------------------------------------------------------------------------------------------------------
def test_time_frees_seats_and_offers_them(world: World) -> None:
    turn(world, bookings=[held("B1", 3)])
    assert turn(world, "ben", bookings=[held("B2", 2, "ben")]) == Conflict(ConflictKind.SOLD_OUT, "gig")
    turn(world, "ben", entries=[Entry("E1", ANN.shop, "ben", "gig", 2, NOON, currency="INR")])
    play(world, "+ booking gig 3 held/unpaid", "+ seats gig 1", "sweep", "as ben", "+ entry gig waiting 2")
    play(world, "wait 5m", "sweep", "+ entry gig offered", "+ booking gig 2 held", "+ seats gig 2")
    play(world, "as ann", "+ booking gig 3 expired", "+ bookings 1", "free gig 0", "+ seats gig 0")
    play(world, "event gig cancelled", 'event gig {"title": "Off"}', "+ seats gig 0")
    red(world, "+ seats gig 1")


# -- what holds always ---------------------------------------------------------------------------------------------
def test_a_wrong_total_and_invented_stock_are_red(world: World) -> None:
    play(world, *BOUGHT)
    world.store.set_on_hand(ANN.shop, "brownie", -1)
    with pytest.raises(AssertionError, match="stock was invented"):
        world.invariants()
    world.store.set_on_hand(ANN.shop, "brownie", 1)
    world.store.set_order(ANN.shop, next(iter(world.orders)), total=1)
    with pytest.raises(AssertionError):
        world.invariants()


def test_what_happens_meanwhile_is_refused_and_taken_again(world: World) -> None:
    play(world, *BOUGHT[:-1], "meanwhile left choc-chip-cookie 1", "> confirm", "< left", "+ orders 0")
    assert world.attempts == 2
    play(world, "meanwhile taken WA20251018123456", "> confirm", "+ orders 1")
    assert world.attempts == 2
    assert "WA20251018123456" not in world.orders
