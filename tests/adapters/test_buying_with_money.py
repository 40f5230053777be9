"""A customer buys by buttons and pays with the phone: every part is the real one, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trio

from adapters.app.laboratory import Laboratory
from adapters.app.samples import COFFEE, Sample
from adapters.phones.meta.faults import Fault
from adapters.phones.pay.faults import PayFaults
from adapters.phones.sim import SimPhone, open_phone
from adapters.terms import TermsConfig
from engine import cashier as cashier_module

PHONE = "254700000001"
DIRECT = replace(COFFEE, name="kahawa", languages=("en",), terms=TermsConfig(ways=("mpesa", "card")))
"""The sample without offers: M-Pesa at Daraja, cards at Ghala."""
KAHAWA = replace(DIRECT, daraja=False)
"""All of it at Ghala."""


class Street:
    """The laboratory with one customer's phone."""

    def __init__(self, laboratory: Laboratory, phone: SimPhone) -> None:
        self.pay = laboratory.pay
        self.daraja = laboratory.daraja
        self.phone = phone

    async def choose(self, way: str) -> None:
        """From hello to the way to pay."""
        await self.phone.say("hi")
        await self.phone.wait_for("Welcome to Kahawa Direct")
        await self.phone.say("honey")
        await self.phone.say("2")
        await self.phone.say("skip")
        summary = await self.phone.wait_for("KES 1,600")
        await self.phone.tap(summary, way)


@asynccontextmanager
async def street(folder: Path, faults: PayFaults | None = None, shop: Sample = KAHAWA) -> AsyncIterator[Street]:
    laboratory = Laboratory(folder, messages_per_second=1_000, shops=(shop,))
    laboratory.pay.faults = faults or PayFaults()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(laboratory.run)
            async with open_phone(laboratory.url, KAHAWA.number_id, PHONE, name="Asha") as phone:
                yield Street(laboratory, phone)
            nursery.cancel_scope.cancel()


async def test_the_pin_on_the_phone_brings_the_receipt(tmp_path: Path) -> None:
    async with street(tmp_path) as made:
        await made.choose("M-Pesa")
        await made.phone.wait_for("check your phone +254700000001")
        prompt = await made.phone.prompt()
        assert (prompt["title"], prompt["amount"]) == ("Kahawa Direct", "KES 1,600")
        assert prompt["reference"].startswith("ORD-")
        await made.phone.answer(prompt, "approve")
        receipt = await made.phone.wait_for("Receipt from Kahawa Direct")
        (request,) = made.pay.requests()
        for part in (prompt["reference"], "2 × Organic Honey", "KES 1,600", request.transaction):
            assert part in receipt.text


async def test_m_pesa_at_daraja_itself_brings_the_receipt_with_its_number(tmp_path: Path) -> None:
    async with street(tmp_path, shop=DIRECT) as made:
        await made.choose("M-Pesa")
        prompt = await made.phone.prompt()
        assert (prompt["title"], prompt["amount"]) == ("Kahawa Direct", "KES 1,600")
        await made.phone.answer(prompt, "approve")
        receipt = await made.phone.wait_for("Receipt from Kahawa Direct")
        (push,) = made.daraja.book.pushes.values()
        assert push.receipt in receipt.text
        assert made.pay.requests() == []


async def test_after_daraja_said_no_a_card_pays_at_ghala(tmp_path: Path) -> None:
    async with street(tmp_path, shop=DIRECT) as made:
        await made.choose("M-Pesa")
        await made.phone.answer(await made.phone.prompt(), "no_funds")
        failed = await made.phone.wait_for("There was not enough money")
        await made.phone.tap(failed, "Other way")
        await made.phone.tap(await made.phone.wait_for("How would you like to pay"), "Card")
        await made.phone.wait_for("/pay/")
        (request,) = made.pay.requests()
        assert request.method == "card"


async def test_a_wrong_pin_is_said_and_another_way_can_be_taken(tmp_path: Path) -> None:
    async with street(tmp_path) as made:
        await made.choose("M-Pesa")
        await made.phone.answer(await made.phone.prompt(), "wrong_pin")
        failed = await made.phone.wait_for("The PIN was not right.")
        await made.phone.tap(failed, "Other way")
        ways = await made.phone.wait_for(lambda message: "Card" in [title for _, title in message.options])
        await made.phone.tap(ways, "Card")
        link = (await made.phone.wait_for("/pay/")).text.split()[-1]
        async with httpx.AsyncClient() as browser:
            assert "1,600" in (await browser.get(link)).text
            await browser.post(link, data={"answer": "approve"})
        assert (await made.phone.wait_for("Receipt from Kahawa Direct")).text
        assert [request.status for request in made.pay.requests()] == ["failed", "success"]


async def test_whatever_the_provider_does_the_customer_gets_one_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cashier_module, "SILENT", 100)
    monkeypatch.setattr(cashier_module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(cashier_module, "RETRIES", (0.05, 0.05, 0.05, 0.05))
    once = Fault(next=1)
    async with street(tmp_path, PayFaults(lost_answer=once, never_call_back=once)) as made:
        await made.choose("M-Pesa")
        await made.phone.answer(await made.phone.prompt(), "approve")
        await made.phone.wait_for("Receipt from Kahawa Direct")
        assert len(made.pay.requests()) == 1
        made.pay.faults = PayFaults(call_back_first=once, call_back_twice=once)
        made.phone.forget()
        await made.choose("M-Pesa")
        await made.phone.wait_for("Receipt from Kahawa Direct")
        await made.phone.say("my orders")
        await made.phone.wait_for("completed")
        receipts = [message for message in made.phone.received if "Receipt from" in message.text]
        assert len(receipts) == 1
