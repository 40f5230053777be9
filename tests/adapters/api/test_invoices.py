"""Invoices over the API: how they stand, how they went out, and sending them again."""

from __future__ import annotations

import pytest
import trio.testing

from engine.address import DAY
from engine.messages import Document
from engine.orders import Customer
from tests.adapters.api.office import Json, Office, office
from tests.adapters.api.test_books import deal
from tests.adapters.api.test_orders import buy
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock
INVOICE = "INV-2025-0001"


def papers(made: Office, shop: str = "dealer") -> list[str]:
    """The papers that the customer got, in order."""
    return [one.paper for one in made.said(shop) if isinstance(one, Document)]


async def on_credit(made: Office) -> str:
    """An order to be paid in 30 days."""
    customer = made.address("dealer").customer
    await made.store.save_customers("dealer", [Customer(customer, "dealer", credit_days=30)])
    return await deal(made)


async def test_an_invoice_is_listed_and_found_by_how_it_stands(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await on_credit(made)
        await trio.sleep(60)
        listed = await made.ask("GET", "/api/admin/invoices", as_owner="dealer")
        one = await made.ask("GET", f"/api/admin/invoices/{INVOICE}", as_owner="dealer")
        made.clock.jump += 32 * DAY
        late = await made.ask("GET", "/api/admin/invoices?status=overdue", as_owner="dealer")
        paid = await made.ask("GET", "/api/admin/invoices?status=paid", as_owner="dealer")
    assert [(one["order"], one["status"], one["totalAmount"]) for one in listed.data] == [(number, "sent", 41_000)]
    assert one.body == listed.data[0] | {"sends": one.body["sends"]}
    assert [(sent["state"], sent["progress"], sent["reason"]) for sent in one.body["sends"]] == [("sent", "none", "")]
    assert [(one["number"], one["status"]) for one in late.data] == [(INVOICE, "overdue")]
    assert paid.data == []


@pytest.mark.parametrize("status", ["late", "ISSUED"])
async def test_a_status_that_there_is_not_is_named(store: TroubledStore, autojump_clock: Clock, status: str) -> None:
    async with office(store) as made:
        reply = await made.ask("GET", f"/api/admin/invoices?status={status}", as_owner="dealer")
    assert (reply.status, set(reply.errors)) == (400, {"status"})
    assert "issued, sent, viewed, overdue, paid, void" in reply.errors["status"]


async def test_an_invoice_is_sent_again_once_for_a_double_click(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[int] = []
    async with office(store) as made:
        number = await deal(made)

        async def click() -> None:
            reply = await made.ask("POST", f"/api/admin/invoices/{INVOICE}/send", as_owner="dealer")
            replies.append(reply.status)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(click)
            nursery.start_soon(click)
        again = await made.ask("POST", f"/api/admin/invoices/{INVOICE}/send", as_owner="dealer")
    assert (replies, again.status) == ([200, 200], 200)
    assert papers(made) == [f"invoice:{number}"] * 3, "with the order, by the clicks, and once more"
    assert f"Your invoice *{INVOICE}* comes as a document" in made.text("dealer").rpartition("confirmed")[2]
    assert len(again.data["sends"]) == 3


async def test_an_order_of_any_shop_can_be_invoiced(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await buy(made)
        reply = await made.ask("POST", f"/api/admin/orders/{number}/invoice", as_owner="bakery")
        once_more = await made.ask("POST", f"/api/admin/orders/{number}/invoice", as_owner="bakery")
    assert reply.body["message"] == f"Invoice {INVOICE} is on its way."
    assert (reply.data["order"], reply.data["totalAmount"]) == (number, 100)
    assert once_more.data["number"] == INVOICE
    assert papers(made, "bakery") == [f"invoice:{number}"] * 2


async def test_what_nobody_has_to_pay_is_not_sent(store: TroubledStore, autojump_clock: Clock) -> None:
    cancelled: Json = {"status": "cancelled"}
    async with office(store) as made:
        number = await deal(made)
        await made.ask("POST", f"/api/admin/orders/{number}/status", cancelled, as_owner="dealer")
        again = await made.ask("POST", f"/api/admin/invoices/{INVOICE}/send", as_owner="dealer")
        other = await made.ask("POST", f"/api/admin/orders/{number}/invoice", as_owner="dealer")
    assert (again.status, other.status) == (409, 409)
    assert "its invoice is void; nothing was sent" in again.body["message"]
    assert papers(made) == [f"invoice:{number}"]


@pytest.mark.parametrize("number", ["INV-2025-0009", "INV-2025", "42", "%00"])
async def test_an_unknown_invoice_is_404(store: TroubledStore, autojump_clock: Clock, number: str) -> None:
    async with office(store) as made:
        await deal(made)
        assert (await made.ask("GET", f"/api/admin/invoices/{number}", as_owner="dealer")).status in (400, 404)
        assert (await made.ask("POST", f"/api/admin/invoices/{number}/send", as_owner="dealer")).status in (400, 404)


async def test_what_is_sent_back_is_listed_as_a_credit_note(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await deal(made)
        money: Json = {"order": number, "amount": 41_000, "transaction": "T1", "way": "cash"}
        paid = await made.ask("POST", "/api/admin/payments/received", money, as_owner="dealer")
        path = f"/api/admin/payments/{paid.data['id']}/refund"
        await made.ask("POST", path, {"amount": 1_000}, as_owner="dealer")
        notes = await made.ask("GET", "/api/admin/credit-notes", as_owner="dealer")
        bill = await made.ask("GET", f"/api/admin/invoices/{INVOICE}", as_owner="dealer")
    (note,) = notes.data
    assert (note["number"], note["invoice"], note["order"]) == ("CN-2025-0001", INVOICE, number)
    assert (note["amount"], note["currency"]) == (1_000, "INR")
    assert (bill.body["creditedAmount"], bill.body["status"]) == (1_000, "paid")
    assert f"over ₹1,000.00 for invoice *{INVOICE}*" in made.text("dealer")
