"""Orders by the shop's own programs (flows.md §4): taken once, refused with every fault named, told to the customer."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from engine.address import MINUTE
from engine.errors import StoreBusy
from engine.orders import OrderStatus
from tests.adapters.api.office import ANN, BEN, Json, Office, Reply, office
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
ORDER: Json = {
    "phoneNumber": f"+{ANN}",
    "productId": "prod_001",
    "quantity": 2,
    "deliveryAddress": "Moi Avenue 12, Nairobi",
    "customerName": "Asha Njeri",
}


async def order(made: Office, key: str = "", **changed: Any) -> Reply:
    """Place the usual order; fields that are None are left out."""
    body = {name: value for name, value in (ORDER | changed).items() if value is not None}
    headers = {"Idempotency-Key": key} if key else {}
    return await made.ask("POST", "/api/orders", body, as_owner="coffee", headers=headers)


# -- taken -----------------------------------------------------------------------------------------------------------
async def test_an_order_is_placed_held_and_its_customer_asked_how_to_pay(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        reply = await order(made)
    customer = made.address("coffee").customer
    number = reply.data["id"]
    assert reply.status == 201
    assert reply.body == {
        "success": True,
        "message": f"Order {number} is placed; the customer is asked how to pay.",
        "data": {
            "id": number,
            "customerId": customer,
            "productName": "Premium Coffee Beans 1kg",
            "quantity": 2,
            "totalAmount": 3000,
            "currency": "KES",
        },
    }
    placed = await store.order("coffee", number)
    assert placed is not None
    assert (placed.status, placed.held, placed.source, placed.name) == (OrderStatus.PENDING, True, "API", "Asha Njeri")
    assert (placed.phone, placed.address, placed.customer) == (ANN, "Moi Avenue 12, Nairobi", customer)
    assert f"We have an order for you: *{number}*" in made.text("coffee")
    assert "[M-Pesa]" in made.text("coffee")


async def test_a_customer_who_wrote_before_is_found_and_pays_by_a_tap(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await made.say("coffee", "hi")
        reply = await order(made, phoneNumber=ANN, deliveryAddress=None, customerName=None)
        await made.say("coffee", "mpesa")
    assert reply.status == 201
    assert reply.data["customerId"] == made.address("coffee").customer
    assert "check your phone" in made.text("coffee")
    assert len(await store.customers("coffee", 10)) == 1


async def test_spaces_in_names_and_addresses_are_what_people_meant(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await order(made, customerName="  José   O'Neil ", deliveryAddress="Moi Avenue\n12")
    placed = await store.order("coffee", reply.data["id"])
    assert placed is not None
    assert (placed.name, placed.address) == ("José O'Neil", "Moi Avenue, 12")


# -- refused ---------------------------------------------------------------------------------------------------------
async def test_every_faulty_field_is_named_at_once(store: TroubledStore, autojump_clock: Clock) -> None:
    body = {"phoneNumber": "0712", "quantity": 0, "customerName": "123", "deliveryAddress": "ab", "qty": 1}
    async with office(store) as made:
        reply = await made.ask("POST", "/api/orders", body, as_owner="coffee")
    assert reply.status == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert set(reply.errors) == {"phoneNumber", "productId", "quantity", "customerName", "deliveryAddress", "qty"}
    assert reply.errors["quantity"] == "expected a whole number from 1 to 99"
    assert reply.errors["productId"].startswith("it is missing; expected a product's sku")
    assert reply.errors["qty"].startswith("there is no such field; known are phoneNumber, productId")
    assert reply.body["success"] is False
    assert reply.body["message"] == reply.body["detail"]
    assert store.commits == []


FAULTY: dict[str, list[object]] = {
    "phoneNumber": ["", "+", "0712345678", "12345", "+2547123456789012", "٢٥٤٧١٢٣٤٥٦٧", 254712345678],
    "productId": ["", "a b", "a:b", "x" * 65, 7, None],
    "quantity": [0, -1, 100, 1.5, "2", True, 10**30, []],
    "customerName": ["123", "x" * 81, "a\x00b", "🎉", 5],
    "deliveryAddress": ["ab", "x" * 301, "." * 15, "Moi \u202e Avenue", {}],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in FAULTY for value in FAULTY[field]])
async def test_a_faulty_field_is_named(store: TroubledStore, autojump_clock: Clock, field: str, value: object) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", "/api/orders", ORDER | {field: value}, as_owner="coffee")
    assert (reply.status, list(reply.errors)) == (400, [field])


async def test_a_whole_number_may_be_written_as_json_writes_numbers(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        assert (await order(made, quantity=2.0)).status == 201


async def test_an_unknown_or_inactive_product_is_404(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await order(made, productId="prod_999")
    assert (reply.status, list(reply.errors)) == (404, ["productId"])
    assert store.commits == []


async def test_what_is_sold_out_is_409_with_what_is_left(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        left = next(one.stock for one in made.shops["coffee"].catalogue.products if one.sku == "prod_001")
        for who in range(left // 50):
            assert (await order(made, phoneNumber=f"2547000001{who:02}", quantity=50)).status == 201
        rest = left % 50
        reply = await order(made, quantity=rest + 1)
        again = await order(made, quantity=rest + 1, phoneNumber=BEN)
    assert {reply.status, again.status} == {409}
    assert "Premium Coffee Beans 1kg" in reply.body["message"]
    assert len(await store.orders("coffee", 100)) == left // 50


# -- once ------------------------------------------------------------------------------------------------------------
async def test_the_same_key_and_order_get_the_same_answer_for_ever(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        first = await order(made, "key-1")
        made.clock.jump += 30 * 24 * 60 * MINUTE
        again = await order(made, "key-1")
        other = await order(made, "key-2")
    assert (again.status, again.body) == (first.status, first.body)
    assert other.data["id"] != first.data["id"]
    assert len(await store.orders("coffee", 10)) == 2


async def test_the_same_key_for_another_order_is_409(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await order(made, "key-1")
        replies = [
            await order(made, "key-1", **changed)
            for changed in (
                {"quantity": 3},
                {"productId": "prod_002"},
                {"phoneNumber": BEN},
                {"deliveryAddress": "Elsewhere 5"},
                {"deliveryAddress": None},
                {"customerName": "Somebody Else"},
            )
        ]
    assert [one.status for one in replies] == [409] * 6
    assert all("Idempotency-Key was used for another order" in one.body["message"] for one in replies)
    assert len(await store.orders("coffee", 10)) == 1


async def test_twins_at_once_become_one_order(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made, trio.open_nursery() as nursery:

        async def twin() -> None:
            replies.append(await order(made, "key-1"))

        for _ in range(20):
            nursery.start_soon(twin)
    assert {one.status for one in replies} == {201}
    assert len({one.data["id"] for one in replies}) == 1
    assert len(await store.orders("coffee", 10)) == 1


async def test_without_a_key_two_orders_are_two(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        first, second = await order(made), await order(made)
    assert first.data["id"] != second.data["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é"])
async def test_a_key_that_is_none_is_named(store: TroubledStore, autojump_clock: Clock, key: str) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", "/api/orders", ORDER, as_owner="coffee", headers={"idempotency-key": key})
    assert (reply.status, list(reply.errors)) == (400, ["Idempotency-Key"])


# -- trouble ---------------------------------------------------------------------------------------------------------
async def test_a_turn_that_takes_too_long_is_202_and_still_done(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        gate = store.gate("commit")
        late = await order(made, "key-1")
        gate.set()
        await settled()
        again = await order(made, "key-1")
    assert (late.status, late.body["success"]) == (202, True)
    assert again.status == 201
    assert len(await store.orders("coffee", 10)) == 1


async def test_a_letter_survives_whoever_asked_for_it(store: TroubledStore, autojump_clock: Clock) -> None:
    """The turn is refused by a busy store; the scheduler brings the letter again."""
    async with office(store) as made:
        store.trouble["commit"].append(StoreBusy("full"))
        late = await order(made, "key-1")
        assert late.status == 202
        await trio.sleep(5)
        assert len(await store.orders("coffee", 10)) == 1
