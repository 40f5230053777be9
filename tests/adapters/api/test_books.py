"""Figures and customers' cards."""

from __future__ import annotations

import pytest
import trio.testing

from tests.adapters.api.office import ANN, BEN, Json, Office, Reply, office
from tests.adapters.api.test_orders import buy
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock
CARD: Json = {"name": "Sharma & Sons", "priceList": "builders", "creditDays": 30, "region": "North"}


async def test_stats_count_paid_revenue_only(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        paid = await buy(made)
        made.clock.jump += 1_000
        await buy(made, BEN)
        money = {"order": paid, "amount": 100, "transaction": "T1", "way": "cash"}
        await made.ask("POST", "/api/admin/payments/received", money, as_owner="bakery")
        stats = await made.ask("GET", "/api/admin/stats", as_owner="bakery", basic=True)
    assert stats.body == {
        "totalOrders": 2,
        "completedOrders": 0,
        "totalRevenue": 100,
        "totalCustomers": 2,
        "pendingOrders": 2,
    }


async def deal(made: Office, phone: str = ANN) -> str:
    """A dealer's customer orders by free text; the order's number."""
    made.clock.jump += 1_000
    await made.say("dealer", "100 bags cement opc 53", "1", "Sharma Traders", "1", phone=phone)
    orders = await made.store.orders("dealer", 1)
    return orders[0].number


# -- cards -----------------------------------------------------------------------------------------------------------
async def put(made: Office, body: Json, customer: str = "") -> Reply:
    customer = customer or made.address("dealer").customer
    return await made.ask("PUT", f"/api/admin/customers/{customer}", body, as_owner="dealer")


async def test_the_owner_sets_what_is_theirs_to_set_and_prices_follow(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await deal(made)
        reply = await put(made, CARD)
        seen = await made.ask("GET", f"/api/admin/customers/{reply.data['id']}", as_owner="dealer")
        listed = await made.ask("GET", "/api/admin/customers", as_owner="dealer")
        await made.say("dealer", "menu", "10 bags cement opc 53")
    assert reply.status == 200
    assert seen.body == reply.data == listed.data[0]
    assert (seen.body["phone"], seen.body["marketing"], seen.body["active"]) == (ANN, True, True)
    assert {name: seen.body[name] for name in CARD} == CARD
    assert "₹3,800.00" in made.text("dealer"), "ten bags at the builders' price"


async def test_every_faulty_field_of_a_card_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    body = {"name": "123\u202e", "priceList": "a\nb", "creditDays": 366, "phone": "1"}
    async with office(store) as made:
        await deal(made)
        reply = await put(made, body)
    assert (reply.status, set(reply.errors)) == (400, {"name", "priceList", "creditDays", "phone", "region"})


async def test_a_price_list_that_there_is_not_is_409(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await deal(made)
        reply = await put(made, CARD | {"priceList": "friends"})
    assert reply.status == 409
    assert "it has builders" in reply.body["message"]


@pytest.mark.parametrize("customer", ["c0", "a b", "%00", "a%2Fb"])
async def test_an_unknown_customer_is_404(store: TroubledStore, autojump_clock: Clock, customer: str) -> None:
    async with office(store) as made:
        assert (await put(made, CARD, customer)).status == 404
        assert (await made.ask("GET", f"/api/admin/customers/{customer}", as_owner="dealer")).status == 404
