"""A customer buys through channel ``ghala``, in both dialects and whatever goes wrong on the way: all of it is the real
thing, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trio

from adapters.app.laboratory import Laboratory
from adapters.app.samples import COFFEE
from adapters.phones.meta.faults import Batch, Delay, Fault, Faults, ServerError
from adapters.phones.meta.rules import Rules, TemplateRule
from adapters.phones.sim import SimPhone, open_phone
from adapters.terms import TermsConfig

PHONE = "254700000001"
TERMS = TermsConfig(ways=("mpesa", "card"), templates=("order=order_placed",))
KAHAWA = replace(COFFEE, name="kahawa", languages=("en",), terms=TERMS, daraja=False)
"""The sample without offers, with a template for orders that it did not hear of by WhatsApp."""
DIALECTS = ("classic", "v2")
RULES = Rules(retry_first=0.05, templates=(TemplateRule("order_placed", "en", 4),))
RECEIPT = "Receipt from Kahawa Direct"
ONCE = Fault(next=1)


class Street:
    """The laboratory with one customer's phone."""

    def __init__(self, laboratory: Laboratory, phone: SimPhone) -> None:
        self.laboratory = laboratory
        self.phone = phone

    async def choose(self, way: str) -> None:
        """From hello to the way to pay, by buttons and a list where the shop shows them."""
        await self.phone.say("hi")
        greeting = await self.phone.wait_for("Welcome to Kahawa Direct")
        await self.phone.tap(greeting, "View products")
        products = await self.phone.wait_for(lambda one: "2. Organic Honey" in [title for _, title in one.options])
        await self.phone.tap(products, "2. Organic Honey")
        await self.phone.say("2")
        await self.phone.say("skip")
        await self.phone.tap(await self.phone.wait_for("KES 1,600"), way)

    async def approve(self) -> None:
        """Whatever asks for money now gets it."""
        await self.phone.answer(await self.phone.prompt(), "approve")

    def receipts(self) -> int:
        return sum(RECEIPT in message.text for message in self.phone.received)

    def counted(self, what: str) -> int:
        counts: dict[str, int] = self.laboratory.fake.stats()["counts"]
        return counts.get(what, 0)


@asynccontextmanager
async def street(folder: Path, dialect: str, faults: Faults | None = None) -> AsyncIterator[Street]:
    shop = replace(KAHAWA, dialect=dialect)
    laboratory = Laboratory(folder, messages_per_second=1_000, shops=(shop,), rules=RULES)
    laboratory.fake.faults = faults or Faults()
    with trio.fail_after(50):
        async with trio.open_nursery() as nursery:
            await nursery.start(laboratory.run)
            async with open_phone(laboratory.url, KAHAWA.number_id, PHONE, name="Asha") as phone:
                yield Street(laboratory, phone)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_purchase_with_the_phone(tmp_path: Path, dialect: str) -> None:
    async with street(tmp_path, dialect) as made:
        await made.choose("M-Pesa")
        await made.approve()
        receipt = await made.phone.wait_for(RECEIPT)
        (request,) = made.laboratory.pay.requests()
        assert request.transaction in receipt.text
        assert request.account.dialect == dialect
        assert made.counted("sends_doubled") == 0


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_purchase_by_card_after_the_phone_said_no(tmp_path: Path, dialect: str) -> None:
    async with street(tmp_path, dialect) as made:
        await made.choose("M-Pesa")
        await made.phone.answer(await made.phone.prompt(), "cancelled")
        failed = await made.phone.wait_for(lambda one: "Other way" in [title for _, title in one.options])
        await made.phone.tap(failed, "Other way")
        ways = await made.phone.wait_for(lambda one: "Card" in [title for _, title in one.options])
        await made.phone.tap(ways, "Card")
        link = (await made.phone.wait_for("/pay/")).text.split()[-1]
        async with httpx.AsyncClient() as browser:
            await browser.post(link, data={"answer": "approve"})
        await made.phone.wait_for(RECEIPT)
        assert [request.status for request in made.laboratory.pay.requests()] == ["failed", "success"]


FAULTS = {
    "duplicate": Faults(duplicate=Fault(rate=1)),
    "delay": Faults(delay=Delay(rate=1, ms=20)),
    "batch": Faults(batch=Batch(rate=1, count=3)),
    "wrong signature": Faults(wrong_signature=Fault(next=2)),
    "lost statuses": Faults(drop_status=Fault(rate=1)),
    "too fast": Faults(throttle=ONCE),
    "broken": Faults(server_error=ServerError(next=1, status=503)),
    "broken gateway": Faults(server_error=ServerError(next=1, status=500)),
    "reset after it was accepted": Faults(lost_answer=Fault(next=2)),
    "callback before the answer": Faults(late_answer=Delay(rate=1, ms=60)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_the_customer_gets_one_receipt_and_nothing_twice(
    tmp_path: Path, dialect: str, fault: str
) -> None:
    async with street(tmp_path, dialect, FAULTS[fault]) as made:
        await made.choose("M-Pesa")
        await made.approve()
        await made.phone.wait_for(RECEIPT)
        await made.phone.say("my orders")
        await made.phone.wait_for("completed")
        assert made.receipts() == 1
        assert made.counted("sends_doubled") == 0
        struck = made.laboratory.fake.stats()["faults"]
        assert struck, "it did go wrong"


# -- orders by API ---------------------------------------------------------------------------------------------------
async def ordered(made: Street, key: str) -> httpx.Response:
    """An order of the shop's own making."""
    laboratory = made.laboratory
    body = {
        "phoneNumber": f"+{PHONE}",
        "productId": "prod_001",
        "quantity": 1,
        "deliveryAddress": "Moi Avenue 12, Nairobi",
        "customerName": "Asha",
    }
    headers = {"authorization": f"Bearer {laboratory.secret}", "idempotency-key": key}
    async with httpx.AsyncClient(base_url=laboratory.shop_url) as client:
        return await client.post("/s/kahawa/api/orders", json=body, headers=headers)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_order_by_api_asks_how_to_pay_inside_the_window(tmp_path: Path, dialect: str) -> None:
    async with street(tmp_path, dialect) as made:
        await made.phone.say("hi")
        await made.phone.wait_for("Welcome to Kahawa Direct")
        answer = await ordered(made, "one")
        assert (answer.status_code, answer.json()["success"]) == (201, True)
        ways = await made.phone.wait_for(lambda one: "M-Pesa" in [title for _, title in one.options])
        await made.phone.tap(ways, "M-Pesa")
        await made.approve()
        await made.phone.wait_for(RECEIPT)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_order_by_api_outside_the_window_goes_out_as_the_shops_template(tmp_path: Path, dialect: str) -> None:
    async with street(tmp_path, dialect) as made:
        answer = await ordered(made, "two")
        assert answer.status_code == 201
        told = await made.phone.wait_for()
        assert told.body["type"] == "template"
        assert told.body["template"]["name"] == "order_placed"
        assert made.counted("sends_template") == 1
