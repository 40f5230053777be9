"""Orders as the owner sees them, in pages, with their history, and their moves, which the customer is told."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.orders import USUAL_MOVES, OrderStatus
from tests.adapters.api.office import ANN, BEN, Office, Reply, office
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


async def buy(made: Office, phone: str = ANN) -> str:
    """A customer orders at the bakery; the order's number."""
    await made.say("bakery", "hi", "1, 2", "done", "Asha", "Moi Avenue 12", "skip", "confirm", phone=phone)
    orders = await made.store.orders("bakery", 1)
    return orders[0].number


async def move(made: Office, number: str, status: str) -> Reply:
    return await made.ask("POST", f"/api/admin/orders/{number}/status", {"status": status}, as_owner="bakery")


# -- seen ------------------------------------------------------------------------------------------------------------
async def test_an_order_is_shown_with_all_that_was_sold(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        listed = await made.ask("GET", "/api/admin/orders", as_owner="bakery", basic=True)
        one = await made.ask("GET", f"/api/admin/orders/{number}", as_owner="bakery")
    assert listed.body["data"] == [
        {
            "number": number,
            "status": "pending",
            "payment": "unpaid",
            "totalAmount": 100,
            "currency": "INR",
            "customerId": made.address("bakery").customer,
            "name": "Asha",
            "phone": ANN,
            "address": "Moi Avenue 12",
            "instructions": "",
            "kind": "delivery",
            "source": "WhatsApp",
            "store": "",
            "placedAt": listed.body["data"][0]["placedAt"],
            "dueAt": None,
            "lines": [
                {
                    "sku": listed.body["data"][0]["lines"][0]["sku"],
                    "name": "Chocolate Chip Cookie",
                    "quantity": 2,
                    "unitPrice": 50,
                    "total": 100,
                    "tax": 0,
                    "unit": "pc",
                    "note": "",
                }
            ],
        }
    ]
    assert listed.body["data"][0]["placedAt"].endswith("+05:30")
    assert (listed.body["page"], listed.body["pageSize"], listed.body["more"]) == (1, 20, False)
    assert [(one["from"], one["to"], one["by"]) for one in one.body["history"]] == [
        ("", "pending", "WhatsApp"),
        ("", "unpaid", "WhatsApp"),
    ]
    assert one.body["moves"] == sorted(USUAL_MOVES[OrderStatus.PENDING])


async def test_lists_come_in_pages_newest_first(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        numbers = []
        for _ in range(5):
            numbers.append(await buy(made))
            made.clock.jump += 1_000
        paths = [f"/api/admin/orders?page={page}&pageSize=2" for page in (1, 2, 3, 4)]
        pages = [await made.ask("GET", path, as_owner="bakery") for path in paths]
    assert [[one["number"] for one in page.data] for page in pages] == [
        *(numbers[:2:-1], numbers[2:0:-1], numbers[:1], []),
    ]
    assert [page.body["more"] for page in pages] == [True, True, False, False]


async def test_lists_are_narrowed_by_status_and_payment(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        first = await buy(made)
        made.clock.jump += 1_000
        second = await buy(made, BEN)
        await move(made, first, "cancelled")
        found = {}
        for asked in ("status=cancelled", "status=pending", "payment=unpaid", "payment=paid"):
            reply = await made.ask("GET", f"/api/admin/orders?{asked}", as_owner="bakery")
            found[asked] = [one["number"] for one in reply.data]
    assert found == {
        "status=cancelled": [first],
        "status=pending": [second],
        "payment=unpaid": [second, first],
        "payment=paid": [],
    }


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        *((f"page={value}", "page") for value in ("0", "1000001", "x", "1.0", "", "%D9%A1", "1%00", "1&page=1")),
        *(("pageSize=201", "pageSize"), ("pageSize=-1", "pageSize"), ("limit=5", "limit")),
        *(("status=lost", "status"), ("payment=", "payment")),
    ],
)
async def test_a_faulty_query_is_named(store: TroubledStore, autojump_clock: Clock, query: str, faulty: str) -> None:
    async with office(store) as made:
        reply = await made.ask("GET", "/api/admin/orders", as_owner="bakery", query=query)
    assert (reply.status, list(reply.errors)) == (400, [faulty])


@pytest.mark.parametrize("query", ["%FF", "&".join(["x=1"] * 60)])
async def test_a_query_that_is_none_is_400(store: TroubledStore, autojump_clock: Clock, query: str) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", "/api/admin/orders", as_owner="bakery", query=query)).status == 400


@pytest.mark.parametrize("number", ["WA20250101000000", "wa1", "%00", "a%2Fb", "x" * 300, "ORD-%F0%9F%8E%89"])
async def test_an_unknown_order_is_404_and_only_looked_for_in_its_form(
    store: TroubledStore, autojump_clock: Clock, number: str
) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", f"/api/admin/orders/{number}", as_owner="bakery")).status == 404


async def test_another_shops_order_is_404(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        assert (await made.ask("GET", f"/api/admin/orders/{number}", as_owner="coffee")).status == 404


# -- moved -----------------------------------------------------------------------------------------------------------
async def test_an_order_goes_its_way_and_its_customer_hears_each_step(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        number = await buy(made)
        replies = [await move(made, number, to) for to in ("confirmed", "processing", "completed")]
    assert [one.data["status"] for one in replies] == ["confirmed", "processing", "completed"]
    assert replies[0].body["message"] == f"Order {number} is confirmed now."
    assert [one["by"] for one in replies[2].data["history"][2:]] == ["asha"] * 3
    assert replies[2].data["moves"] == []
    for said in ("it is confirmed", "we are preparing it", "it is completed"):
        assert made.text("bakery").count(said) == 1


async def test_a_move_that_is_not_allowed_is_409_with_what_is(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        reply = await move(made, number, "completed")
        await move(made, number, "cancelled")
        ended = await move(made, number, "confirmed")
    assert reply.body["message"] == (
        f"Order {number} is pending; from there it can become: cancelled, confirmed, payment_failed, processing."
    )
    assert ended.body["message"] == f"Order {number} is cancelled; from there it can become: nothing else."
    assert {reply.status, ended.status} == {409}


async def test_a_double_click_is_one_move(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made:
        number = await buy(made)

        async def click() -> None:
            replies.append(await move(made, number, "confirmed"))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(click)
    assert {one.status for one in replies} <= {200, 409}
    assert 200 in {one.status for one in replies}
    assert made.text("bakery").count("it is confirmed") == 1


async def test_whoever_cancels_first_wins_and_the_other_hears_the_truth(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        number = await buy(made)
        await made.say("bakery", f"cancel {number}")
        reply = await move(made, number, "processing")
    assert reply.status == 409


@pytest.mark.parametrize("body", [{}, {"status": "lost"}, {"status": None}, {"status": "confirmed", "by": "me"}])
async def test_a_faulty_move_is_400(store: TroubledStore, autojump_clock: Clock, body: dict[str, object]) -> None:
    async with office(store) as made:
        number = await buy(made)
        path = f"/api/admin/orders/{number}/status"
        assert (await made.ask("POST", path, body, as_owner="bakery")).status == 400
