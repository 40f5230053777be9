"""A template that Meta pauses, end to end: what needs it waits, the owner hears of it once, and it goes by itself. Over
Twilio, too, which calls nobody when that happens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from adapters.app import compose as composing
from adapters.app.laboratory import Laboratory
from adapters.app.samples import COFFEE, Sample
from adapters.phones.meta.rules import Rules, TemplateRule
from adapters.terms import TermsConfig
from engine.template_news import PAUSED, WELL
from storage import open_store
from tests.engine.scripted import TrioClock
from tests.simulation.wire import Wire, rewire

ASHA = "254700000001"
HOUR = 3_600.0
ORDER = {
    "phoneNumber": f"+{ASHA}",
    "productId": "prod_001",
    "quantity": 2,
    "deliveryAddress": "12 Moi Avenue",
    "customerName": "Asha",
}
SHOP = replace(
    COFFEE,
    channel="whatsapp_cloud",
    payments="",
    terms=TermsConfig(ways=("cash",), templates=("order=order_placed", "reminder=pay_soon")),
)


def rule(**changes: Any) -> TemplateRule:
    return msgspec.structs.replace(TemplateRule("order_placed", "en", 4, quality="GREEN"), **changes)


SOON = TemplateRule("pay_soon", "en", 2)


class Town:
    """A shop with templates and its provider. Time is virtual."""

    def __init__(self, wire: Wire, laboratory: Laboratory, template: str) -> None:
        self._wire = wire
        self._laboratory = laboratory
        self._template = template

    def phone(self) -> Any:
        return self._wire.phone(self._laboratory.url, SHOP.number_id, ASHA)

    async def order(self) -> None:
        """The shop places an order for its customer, over its API."""
        async with self._wire.client(base_url=self._laboratory.shop_url) as client:
            bearer = {"authorization": f"Bearer {self._laboratory.secret}"}
            answer = await client.post("/s/coffee/api/orders", json=ORDER, headers=bearer)
        assert answer.status_code == 201, answer.text

    async def control(self, **wish: str) -> None:
        """Meta changes the template of orders."""
        async with self._wire.client(base_url=self._laboratory.url) as client:
            named = {"name": self._template, "language": "en"}
            answer = await client.post("/control/templates", json=named | wish)
        assert answer.status_code == 200, answer.text
        await trio.sleep(1)

    @property
    def refused(self) -> Any:
        """Sends that Meta refused, by code."""
        return self._laboratory.fake.stats()["refused"]

    @property
    def counts(self) -> Any:
        return self._laboratory.fake.stats()["counts"]

    @property
    def store(self) -> Any:
        process = self._laboratory.process
        assert process is not None
        assert process.engine.running is not None
        return process.engine.running.store

    async def heard(self) -> list[tuple[str, str]]:
        """What the owner was told, oldest first."""
        return [(one.kind, one.detail) for one in reversed(await self.store.owner_notices("coffee", 99))]

    async def kinds(self) -> list[str]:
        return [kind for kind, _ in await self.heard()]


@asynccontextmanager
async def town(
    tmp_path: Path, patch: pytest.MonkeyPatch, *templates: TemplateRule, shop: Sample = SHOP
) -> AsyncIterator[Town]:
    wire = rewire(patch)
    patch.setattr(composing, "open_store", lambda _, clock: open_store("memory://", clock))
    laboratory = Laboratory(tmp_path, shops=[shop], rules=Rules(templates=templates), clock=TrioClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        await trio.sleep(1)
        yield Town(wire, laboratory, templates[0].name)
        nursery.cancel_scope.cancel()


async def test_what_needs_a_paused_template_waits_and_goes_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    async with town(tmp_path, monkeypatch, rule(), SOON) as here:
        assert [(one.name, one.status, one.quality) for one in await here.store.template_states("coffee")] == [
            ("order_placed", "approved", "green"),
            ("pay_soon", "approved", "unknown"),
        ], "listed at the start"
        async with here.phone() as phone:
            await phone.say("hi")
            with trio.fail_after(60):
                await phone.wait_for()
            await trio.sleep(25 * HOUR)
            await here.control(status="PAUSED")
            ((kind, detail),) = await here.heard()
            assert (kind, "paused (first pause)" in detail) == (PAUSED, True)
            await trio.sleep(3 * HOUR)
            assert await here.kinds() == [PAUSED], "told once, though it was listed three times since"
            phone.drain()
            await here.order()
            await trio.sleep(HOUR / 6)
            assert (phone.drain(), here.refused) == ([], {}), "held, and not even tried"
            await here.control(status="APPROVED")
            assert await here.kinds() == [PAUSED, WELL]
            with trio.fail_after(HOUR / 6):
                assert (await phone.wait_for()).body["template"]["name"] == "order_placed"
            await trio.sleep(HOUR / 6)
            assert phone.drain() == [], "and once"


async def test_what_was_never_told_is_found_by_the_hourly_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    async with town(tmp_path, monkeypatch, rule(status="REJECTED", reason="INVALID_FORMAT")) as here:
        (placed, soon) = [detail for _, detail in await here.heard()]
        assert "rejected (invalid format)" in placed
        assert '"pay_soon" (any language) is not at the provider' in soon
        await here.control(status="APPROVED", reason="NONE")
        await here.control(quality="RED")
        assert await here.kinds() == [PAUSED, PAUSED, WELL, PAUSED]
        assert "low quality" in (await here.heard())[-1][1]


OVER_TWILIO = replace(SHOP, channel="twilio", terms=TermsConfig(ways=("cash",), templates=("order=HX0a",)))


async def test_over_twilio_a_pause_is_learnt_from_the_refused_message_and_its_end_from_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    content = rule(name="hx0a")
    async with town(tmp_path, monkeypatch, content, shop=OVER_TWILIO) as here:
        (known,) = await here.store.template_states("coffee")
        assert (known.name, known.language, known.status) == ("HX0a", "", "approved"), "listed at the start"
        async with here.phone() as phone:
            await phone.say("hi")
            with trio.fail_after(60):
                await phone.wait_for()
            await trio.sleep(25.5 * HOUR)  # half way to the next list
            phone.drain()
            await here.control(status="PAUSED")
            await here.order()
            await trio.sleep(HOUR / 6)
            ((kind, detail),) = await here.heard()
            assert (kind, '"HX0a" (any language)' in detail, here.counts["status_failed"]) == (PAUSED, True, 1)
            await trio.sleep(3 * HOUR)
            assert (await here.kinds(), here.counts["status_failed"]) == ([PAUSED], 1), "told once, and tried once"
            await here.control(status="APPROVED")
            with trio.fail_after(1.1 * HOUR):
                assert (await phone.wait_for()).body["template"]["name"] == "hx0a"
            await trio.sleep(HOUR / 6)
            assert (await here.kinds(), phone.drain()) == ([PAUSED, WELL], [])


async def test_over_twilio_what_was_never_approved_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    content = rule(name="hx0a", status="REJECTED", reason="Too vague.")
    async with town(tmp_path, monkeypatch, content, shop=OVER_TWILIO) as here:
        ((kind, detail),) = await here.heard()
        assert (kind, "rejected (too vague)" in detail) == (PAUSED, True)
        async with here.phone() as phone:
            await phone.say("hi")
            with trio.fail_after(60):
                await phone.wait_for()
            await trio.sleep(25 * HOUR)
            await here.order()
            await trio.sleep(3 * HOUR)
            assert here.counts.get("status_failed", 0) == 0, "not even tried"
