"""Money that the owner has seen, and the payment desk: each case has one outcome, and the customer hears it."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.orders import OrderStatus, PaymentStatus
from engine.payments import PaymentNews
from tests.adapters.api.office import ANN, BEN, Json, Office, Reply, office
from tests.adapters.api.test_books import deal
from tests.adapters.api.test_orders import buy
from tests.adapters.api.test_placing import order
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
RECEIVED = "/api/admin/payments/received"


async def receive(
    made: Office, shop: str, number: str, amount: float, transaction: str = "T1", way: str = "bank"
) -> Reply:
    body = {"order": number, "amount": amount, "transaction": transaction, "way": way}
    return await made.ask("POST", RECEIVED, body, as_owner=shop)


async def decide(made: Office, shop: str, payment: str, decision: str, body: Json | None = None) -> Reply:
    return await made.ask("POST", f"/api/admin/payments/{payment}/{decision}", body, as_owner=shop)


async def desk(made: Office, shop: str) -> list[tuple[str, str]]:
    reply = await made.ask("GET", "/api/admin/payments?state=desk", as_owner=shop, basic=True)
    return [(one["id"], one["why"]) for one in reply.data]


async def stands(made: Office, shop: str, number: str) -> tuple[OrderStatus, PaymentStatus]:
    found = await made.store.order(shop, number)
    assert found is not None
    return found.status, found.payment


# -- money that the owner has seen -----------------------------------------------------------------------------------
async def test_a_bank_transfer_is_verified_by_the_owner_and_completes_a_waiting_order(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        number = (await order(made)).data["id"]
        await made.say("coffee", "mpesa")
        reply = await receive(made, "coffee", number, 3_000)
        assert reply.status == 200
        assert reply.body["message"] == f"The payment is recorded; {number} is paid."
        assert {name: reply.data[name] for name in ("state", "amount", "by", "provider", "transaction", "order")} == {
            "state": "applied",
            "amount": 3_000,
            "by": "asha",
            "provider": "bank",
            "transaction": "T1",
            "order": number,
        }
        assert await stands(made, "coffee", number) == (OrderStatus.COMPLETED, PaymentStatus.PAID)
        assert await desk(made, "coffee") == []
    assert "Receipt from" in made.text("coffee")


async def test_an_order_that_nobody_was_asked_to_pay_for_is_paid_too(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """At the bakery's door; and an order by API whose customer has not chosen a way yet."""
    async with office(store) as made:
        eaten, brewed = await buy(made), (await order(made)).data["id"]
        cash = await receive(made, "bakery", eaten, 100, way="cash")
        bank = await receive(made, "coffee", brewed, 3_000)
        assert (cash.data["state"], bank.data["state"]) == ("applied", "applied")
        assert await stands(made, "bakery", eaten) == (OrderStatus.PENDING, PaymentStatus.PAID)
        assert await stands(made, "coffee", brewed) == (OrderStatus.COMPLETED, PaymentStatus.PAID)
    assert f"*{eaten}* is paid" in made.text("bakery") or "Receipt" in made.text("bakery")


async def test_the_same_transaction_counts_once(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made:
        number = await buy(made)

        async def record() -> None:
            replies.append(await receive(made, "bakery", number, 100))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(record)
        again = await receive(made, "bakery", number, 100)
        other = await receive(made, "bakery", number, 99)
        listed = await made.ask("GET", "/api/admin/payments", as_owner="bakery")
    assert {one.status for one in replies} == {200}
    assert again.data["state"] == "applied"
    assert other.status == 409
    assert "with 100 INR already" in other.body["message"]
    assert len(listed.data) == 1


@pytest.mark.parametrize(("amount", "why"), [(40_999.99, "short"), (41_000.5, "over")])
async def test_too_little_or_too_much_waits_on_the_desk(
    store: TroubledStore, autojump_clock: Clock, amount: float, why: str
) -> None:
    async with office(store) as made:
        number = await deal(made)
        reply = await receive(made, "dealer", number, amount)
        assert await desk(made, "dealer") == [(reply.data["id"], why)]
    assert (reply.status, reply.data["state"]) == (200, "desk")
    assert reply.body["message"] == f"The payment is recorded and lies on the desk: {why}."


@pytest.mark.parametrize("amount", [99.99, 100.01])
async def test_what_does_not_fit_an_order_that_nobody_was_asked_for_is_the_owners_to_decide(
    store: TroubledStore, autojump_clock: Clock, amount: float
) -> None:
    async with office(store) as made:
        number = await buy(made)
        reply = await receive(made, "bakery", number, amount)
        assert await stands(made, "bakery", number) == (OrderStatus.PENDING, PaymentStatus.UNPAID)
        payment = reply.data["id"]
        assert (await decide(made, "bakery", payment, "match", {"order": number})).status == 200
        assert await stands(made, "bakery", number) == (OrderStatus.PENDING, PaymentStatus.PAID)
    assert reply.body["message"] == f"The payment is recorded and lies on the desk: it does not fit {number}."


async def test_every_faulty_field_of_money_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        body = {"order": "x", "amount": 0, "transaction": "", "way": "mpesa", "by": "me"}
        reply = await made.ask("POST", RECEIVED, body, as_owner="bakery")
    assert (reply.status, set(reply.errors)) == (400, {"order", "amount", "transaction", "way", "by"})


@pytest.mark.parametrize("amount", [100.005, 1e-9, -1, 1e30, "100", True])
async def test_an_amount_that_is_none_is_named(store: TroubledStore, autojump_clock: Clock, amount: object) -> None:
    async with office(store) as made:
        number = await buy(made)
        reply = await receive(made, "bakery", number, amount)  # type: ignore[arg-type]
    assert (reply.status, list(reply.errors)) == (400, ["amount"])
    assert await store.payments("bakery", (), 10) == []


async def test_money_for_nothing_of_this_shops_is_404(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        replies = [
            await receive(made, "coffee", number, 100),
            await receive(made, "bakery", "BKG-7K2M9P", 100),
        ]
    assert [(one.status, list(one.errors)) for one in replies] == [(404, ["order"])] * 2


async def test_a_dealers_invoice_is_paid_by_a_transfer(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await deal(made)
        await receive(made, "dealer", number, 41_000)
        invoices = await made.ask("GET", "/api/admin/invoices", as_owner="dealer")
    assert [one["status"] for one in invoices.data] == ["paid"]


# -- the desk --------------------------------------------------------------------------------------------------------
async def lost(made: Office, shop: str, amount: int, *, payer: str = "") -> str:
    """Money of nobody knows whom, for nothing that is known; the payment's id."""
    news = PaymentNews("e1", "ghala", True, amount, made.shops[shop].currency, reference="?", payer=payer)
    assert await made.running.record(shop, news)
    return "ghala:e1"


async def test_a_payment_of_nobodys_is_matched_with_an_order(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = (await order(made)).data["id"]
        payment = await lost(made, "coffee", 300_000)
        assert await desk(made, "coffee") == [(payment, "unknown")]
        reply = await decide(made, "coffee", payment, "match", {"order": number})
        again = await decide(made, "coffee", payment, "match", {"order": number})
        seen = await made.ask("GET", f"/api/admin/payments/{payment}", as_owner="coffee")
        assert await stands(made, "coffee", number) == (OrderStatus.COMPLETED, PaymentStatus.PAID)
    assert (reply.status, reply.data["state"], reply.data["order"], reply.data["by"]) == (
        200,
        "applied",
        number,
        "asha",
    )
    assert reply.data["customerId"] == made.address("coffee").customer
    assert seen.body == reply.data
    assert (again.status, again.body["message"]) == (409, "The payment is applied; this is for one that is desk.")


async def test_a_payment_can_not_pay_what_is_paid_or_cancelled(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        paid = await buy(made)
        made.clock.jump += 1_000
        cancelled = await buy(made, BEN)
        await receive(made, "bakery", paid, 100)
        await made.ask("POST", f"/api/admin/orders/{cancelled}/status", {"status": "cancelled"}, as_owner="bakery")
        payment = await lost(made, "bakery", 10_000)
        replies = [await decide(made, "bakery", payment, "match", {"order": one}) for one in (paid, cancelled)]
        assert await desk(made, "bakery") == [(payment, "unknown")]
    assert [one.status for one in replies] == [409, 409]
    assert "it stays on the desk" in replies[0].body["message"]


async def test_what_is_over_can_be_sent_back_or_kept_for_the_next_order(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        first, second = await deal(made), await deal(made, BEN)
        back = (await receive(made, "dealer", first, 41_050, "T1")).data["id"]
        kept = (await receive(made, "dealer", second, 41_060, "T2")).data["id"]
        refunded = await decide(made, "dealer", back, "refund")
        credited = await decide(made, "dealer", kept, "credit")
        assert await desk(made, "dealer") == []
        assert {await stands(made, "dealer", one) for one in (first, second)} == {
            (OrderStatus.CONFIRMED, PaymentStatus.PAID)
        }
    assert (refunded.data["state"], refunded.data["refunded"]) == ("applied", 50)
    assert credited.data["state"] == "credited"
    assert "We have sent ₹50.00 back to you." in made.text("dealer")
    assert "We keep your ₹60.00" in made.text("dealer", BEN)


async def test_a_part_can_be_sent_back_and_never_more_than_is_left(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        payment = (await receive(made, "bakery", number, 100)).data["id"]
        part = await decide(made, "bakery", payment, "refund", {"amount": 30.5})
        assert await stands(made, "bakery", number) == (OrderStatus.PENDING, PaymentStatus.PARTLY_REFUNDED)
        more = await decide(made, "bakery", payment, "refund", {"amount": 70})
        odd = await decide(made, "bakery", payment, "refund", {"amount": 0.001})
        rest = await decide(made, "bakery", payment, "refund")
        assert await stands(made, "bakery", number) == (OrderStatus.PENDING, PaymentStatus.REFUNDED)
    assert (part.status, part.data["state"], part.data["refunded"]) == (200, "applied", 30.5)
    assert (more.status, odd.status) == (400, 400)
    assert "69.50" in str(more.body)
    assert (rest.status, rest.data["state"], rest.data["refunded"]) == (200, "refunded", 100)
    assert "We have sent ₹30.50 back to you." in made.text("bakery")
    assert "We have sent ₹69.50 back to you." in made.text("bakery")


async def test_what_the_owner_has_verified_says_when_and_by_whom(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        seen = [(await receive(made, "bakery", number, 100, "T1", way=way)).data for way in ("bank", "cash")]
    assert [one["provider"] for one in seen] == ["bank", "cash"]
    assert all(one["verifiedAt"] == one["at"] and one["by"] for one in seen)
    assert [one["state"] for one in seen] == ["applied", "desk"]


async def test_what_paid_an_order_can_be_sent_back(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        payment = (await receive(made, "bakery", number, 100)).data["id"]
        reply = await decide(made, "bakery", payment, "refund")
        again = await decide(made, "bakery", payment, "refund")
        assert await stands(made, "bakery", number) == (OrderStatus.PENDING, PaymentStatus.REFUNDED)
    assert (reply.status, reply.data["state"], again.status) == (200, "refunded", 409)


@pytest.mark.parametrize("payer", ["", f"+{ANN}", "somebody"])
async def test_money_of_nobodys_can_be_sent_back_and_not_be_kept_for_them(
    store: TroubledStore, autojump_clock: Clock, payer: str
) -> None:
    async with office(store) as made:
        payment = await lost(made, "coffee", 5_000, payer=payer)
        credited = await decide(made, "coffee", payment, "credit")
        refunded = await decide(made, "coffee", payment, "refund")
        await settled()
    assert (credited.status, refunded.status) == (409, 200)
    assert ("We have sent" in made.text("coffee")) == (payer == f"+{ANN}")


@pytest.mark.parametrize("decision", ["match", "refund", "credit"])
@pytest.mark.parametrize("payment", ["ghala:nothing", "x", "%00", "bank:%2F", "GHALA:e1"])
async def test_an_unknown_payment_is_404(
    store: TroubledStore, autojump_clock: Clock, payment: str, decision: str
) -> None:
    async with office(store) as made:
        body = {"order": "WA20250101000000"} if decision == "match" else None
        assert (await decide(made, "bakery", payment, decision, body)).status == 404


async def test_two_decisions_at_once_are_one(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made:
        number = await deal(made)
        payment = (await receive(made, "dealer", number, 50_000)).data["id"]

        async def choose(decision: str) -> None:
            replies.append(await decide(made, "dealer", payment, decision))

        async with trio.open_nursery() as nursery:
            for decision in ("refund", "credit", "refund", "credit"):
                nursery.start_soon(choose, decision)
    said = made.text("dealer")
    assert said.count("We have sent") + said.count("We keep your") == 1
    assert {one.status for one in replies} <= {200, 409}
