"""The desk end to end: what an owner's phone changes holds at once for customers, and stands in the log."""

from __future__ import annotations

import trio
import trio.testing
from msgspec.structs import replace

from engine import announcer
from engine.crew import Crew
from tests.adapters.api.office import ANN, BEN, Office, office
from tests.engine.scripted import TroubledStore, store
from tests.engine.shops import bakery

__all__ = ["store"]

Clock = trio.testing.MockClock
SHOP = replace(bakery(), crew=Crew(owners=(BEN,)))
ORDERING = ("hi", "1, 2", "done", "Ann", "12 Moi Avenue", "skip", "confirm")


async def log(made: Office) -> list[tuple[str, str, str, str]]:
    told = await made.ask("GET", "/api/admin/deeds", as_owner="bakery")
    return [(one["phone"], one["verb"], one["about"], one["detail"]) for one in told.data]


async def test_a_price_from_the_phone_holds_for_the_next_customer(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        await made.say("bakery", "price brownie 95", phone=BEN)
        await made.say("bakery", "hi")
        assert "Brownie – ₹95.00" in made.text("bakery") or "₹95.00" in made.text("bakery")
        assert {one.sku: one.price for one in await store.products("bakery")}["brownie"] == 9_500
        assert await log(made) == [(BEN, "price", "brownie", "₹80.00 > ₹95.00")]


async def test_an_order_is_cancelled_and_its_customer_told(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        await made.say("bakery", *ORDERING)
        (order,) = await store.orders("bakery", 2)
        await made.say("bakery", f"cancel {order.number}", "yes", phone=BEN)
        await trio.sleep(1)
        assert "was cancelled by the shop" in made.text("bakery")
        moves = await store.order_history("bakery", order.number)
        assert moves[-1][1:3] == ("cancelled", f"+{BEN}")
        assert await log(made) == [(BEN, "cancel", order.number, "")]


async def test_money_from_the_phone_pays_the_order(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        await made.say("bakery", *ORDERING)
        (order,) = await store.orders("bakery", 2)
        await made.say("bakery", "orders", "paid 1 cash", "yes", phone=BEN)
        await trio.sleep(1)
        (paid,) = await store.orders("bakery", 2)
        assert (paid.number, paid.payment.value) == (order.number, "paid")
        assert "Receipt from" in made.text("bakery")


async def test_a_new_order_is_told_to_a_phone_that_never_wrote(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        await made.say("bakery", *ORDERING)
        await trio.sleep(1)
        assert made.text("bakery", BEN).count("*New order*: ") == 1
        told = await made.ask("GET", "/api/admin/notices", as_owner="bakery")
        assert [one["kind"] for one in told.data] == ["order_placed"]
        assert await store.untold_notices(9) == []
        store._untold.add(1)  # a crash came before it was noted as told
        await trio.sleep(announcer.LOOK_SECONDS + 1)
        assert await store.untold_notices(9) == []
        assert made.text("bakery", BEN).count("*New order*: ") == 1


async def test_what_is_told_of_the_outside_reaches_owners_and_nobody_elses_shop(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    other = replace(SHOP, name="kiosk", crew=Crew(owners=(ANN,)))
    async with office(store, replace(SHOP, crew=Crew(owners=(BEN,), staff=(ANN,))), other) as made:
        await store.tell_owner("bakery", "breaker_open", "WhatsApp rests.", made.clock.now())
        await store.tell_owner("a shop that left", "breaker_open", "It rests.", made.clock.now())
        await trio.sleep(announcer.LOOK_SECONDS + 1)
        assert "WhatsApp rests." in made.text("bakery", BEN)
        assert made.text("bakery", ANN) == made.text("kiosk", ANN) == ""
        assert await store.untold_notices(9) == []


async def test_an_owner_who_never_wrote_gets_the_days_figures(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, replace(SHOP, crew=Crew(owners=(BEN,), staff=(ANN,), digest=1230))) as made:
        await trio.sleep(24 * 3600)
        assert made.text("bakery", BEN).count("Money that came in") == 1
        assert made.text("bakery", ANN) == ""


async def test_the_log_needs_the_shops_secret(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        assert (await made.ask("GET", "/api/admin/deeds")).status == 401
