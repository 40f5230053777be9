"""A customer's statement of account over the API."""

from __future__ import annotations

import pytest
import trio.testing

from engine.address import DAY
from engine.messages import Document
from engine.orders import Customer
from tests.adapters.api.office import Json, Office, office
from tests.adapters.api.test_books import deal
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


def path(made: Office) -> str:
    return f"/api/admin/customers/{made.address('dealer').customer}/statement"


async def traded(made: Office) -> str:
    """One order on credit, paid half a month later, and one more that is open."""
    customer = made.address("dealer").customer
    await made.store.save_customers("dealer", [Customer(customer, "dealer", "Sharma Traders", credit_days=30)])
    number = await deal(made)
    made.clock.jump += 15 * DAY
    money: Json = {"order": number, "amount": 41_000, "transaction": "T1", "way": "cash"}
    await made.ask("POST", "/api/admin/payments/received", money, as_owner="dealer")
    return await deal(made)


async def test_it_says_what_was_invoiced_and_paid_and_what_is_owed(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await traded(made)
        seen = await made.ask("GET", path(made), as_owner="dealer")
        made.clock.jump += 40 * DAY
        later = await made.ask("GET", path(made), as_owner="dealer")
        none = await made.ask("GET", f"{path(made)}?from=2024-01-01&to=2024-01-31", as_owner="dealer")
    assert (seen.body["name"], seen.body["creditDays"], seen.body["currency"]) == ("Sharma Traders", 30, "INR")
    assert [(one["kind"], one["amount"], one["balance"]) for one in seen.body["entries"]] == [
        ("invoice", 41_000, 41_000),
        ("payment", -41_000, 0),
        ("invoice", 41_000, 41_000),
    ]
    assert seen.body["entries"][-1]["order"] == number
    assert (seen.body["opening"], seen.body["closing"], seen.body["overdue"]) == (0, 41_000, 0)
    assert (later.body["closing"], later.body["overdue"]) == (41_000, 41_000)
    assert (none.body["entries"], none.body["closing"]) == ([], 0)


async def test_it_is_sent_as_a_document(store: TroubledStore, autojump_clock: Clock) -> None:
    days: Json = {"from": "2025-10-01", "to": "2025-12-31"}
    async with office(store) as made:
        await traded(made)
        reply = await made.ask("POST", path(made), days, as_owner="dealer")
        customer = made.address("dealer").customer
        sent = made.said("dealer")[-1]
    assert (reply.status, reply.data["first"], reply.data["last"]) == (200, "2025-10-01", "2025-12-31")
    assert isinstance(sent, Document)
    assert sent.paper == f"statement:{customer}-20251001-20251231"
    assert sent.caption == "Your statement of account from 1 Oct 2025 to 31 Dec 2025."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2025-02-30", "from"),
        ("to=2025-13-01", "to"),
        ("from=yesterday", "from"),
        ("from=2025-12-31&to=2025-01-01", "from"),
        ("from=2001-01-01&to=2025-01-01", "from"),
        ("to=0001-01-01", "to"),
    ],
)
async def test_days_that_can_not_be_are_named(
    store: TroubledStore, autojump_clock: Clock, query: str, field: str
) -> None:
    async with office(store) as made:
        await traded(made)
        reply = await made.ask("GET", f"{path(made)}?{query}", as_owner="dealer")
    assert (reply.status, set(reply.errors)) == (400, {field})


async def test_nobody_has_none(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", "/api/admin/customers/c0/statement", as_owner="dealer")).status == 404
        assert (await made.ask("POST", "/api/admin/customers/c0/statement", {}, as_owner="dealer")).status == 404
