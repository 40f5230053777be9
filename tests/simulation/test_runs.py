"""Orders, duplicates, crashes, and payments that come late, twice or never: what must hold after every seeded run.

A few hundred runs always, 2,000 with --torture. A run that fails names its seed, and that seed fails again.
"""

from __future__ import annotations

from collections import Counter

import pytest

from engine import flows
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import PaymentState
from engine.tickets import BookingStatus
from tests.engine.shops import shop_of
from tests.simulation.town import Town

ALWAYS = 40
"""Runs of each flow."""
LONG = 400


def ends_well(town: Town) -> Counter[str]:
    """Assert what must hold when everything has come to its end; what happened is counted."""
    world, store, shop = town.world, town.world.store, town.world.shop.name
    world.invariants()
    orders = world.orders.values()

    taken: Counter[str] = Counter()
    for order in orders:
        if not order.held and order.status is not OrderStatus.CANCELLED:
            for line in order.lines:
                taken[line.sku] += line.quantity if line.tracked else 0
    for sku, opening in town.opening.items():
        assert world.left[sku] + taken[sku] == opening, f"{sku}: stock came or went without an order"
        assert not store.held(shop, sku, world.now), f"{sku} is held for ever"

    payments = store.payments_of(shop)
    assert {payment.id: payment.amount for payment in payments} == town.bank.paid, "the shop's book is not the bank's"
    assert not [one for one in payments if one.state is PaymentState.RECORDED], "a payment that nothing was made of"
    made = [one for commit in world.commits for one in commit.settlements]
    paying = {(one.id, one.order) for one in made if one.to is PaymentState.APPLIED or one.why == "over"}
    for order in orders:
        if order.payment is PaymentStatus.PAID:
            assert [number for _, number in paying].count(order.number) == 1, f"{order.number}: paid by none or two"
    for event in world.shop.programme.events:
        assert store.seats_taken(shop, event.id, world.now) <= event.capacity
    bookings = store.bookings_of(shop)
    assert not [one for one in bookings if one.status is BookingStatus.HELD], "a hold that was never swept"
    return Counter(
        {
            "united": town.united,
            "orders": len(orders),
            "paid": sum(order.payment is PaymentStatus.PAID for order in orders),
            "payments": len(payments),
            "desk": sum(one.state is PaymentState.DESK for one in payments),
            "booked": sum(one.status is BookingStatus.CONFIRMED for one in bookings),
        }
    )


def run(flow: str, seeds: range) -> Counter[str]:
    happened: Counter[str] = Counter()
    for seed in seeds:
        town = Town(shop_of(flow), seed)
        try:
            town.play()
            happened += ends_well(town)
        except AssertionError as error:
            last = "\n".join(town.trace[-8:])
            raise AssertionError(f"{flow}, seed {seed}: {error}\n{last}") from error
    return happened


@pytest.mark.parametrize("flow", flows.names())
def test_every_run_ends_with_its_books_in_order(flow: str) -> None:
    happened = run(flow, range(ALWAYS))
    assert happened["orders"] + happened["booked"] >= ALWAYS / 2, f"too little happened to prove anything: {happened}"
    assert happened["united"] >= 5


@pytest.mark.torture
@pytest.mark.parametrize("flow", flows.names())
def test_two_thousand_runs_end_with_their_books_in_order(flow: str) -> None:
    happened = run(flow, range(1_000, 1_000 + LONG))
    assert happened["orders"] + happened["booked"] >= LONG / 2


@pytest.mark.parametrize("flow", flows.names())
def test_the_same_seed_is_the_same_run(flow: str) -> None:
    first, second = Town(shop_of(flow), 7), Town(shop_of(flow), 7)
    first.play()
    second.play()
    assert first.trace == second.trace
    assert [one.key for one in first.world.outbox] == [one.key for one in second.world.outbox]
