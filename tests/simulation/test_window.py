"""The 24-hour window, end to end: what a shop says too late waits, and goes first when its customer writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from adapters.app import compose as composing
from adapters.app.laboratory import Laboratory
from adapters.app.samples import BAKERY
from adapters.phones.meta.rules import Rules
from storage import open_store
from tests.engine.scripted import TrioClock
from tests.simulation.wire import Wire, rewire

ASHA = "254700000001"
HOUR = 3_600.0


async def owner_says(wire: Wire, laboratory: Laboratory, text: str) -> int:
    async with wire.client(base_url=laboratory.shop_url) as client:
        answer: httpx.Response = await client.post(
            "/s/bakery/api/whatsapptest/send-text",
            json={"to": f"+{ASHA}", "text": text},
            headers={"authorization": f"Bearer {laboratory.secret}"},
        )
        return answer.status_code


@pytest.mark.parametrize(
    ("rules", "hours"),
    [
        pytest.param(Rules(), 25.0, id="the shop knows that the window is closed"),
        pytest.param(Rules(window_hours=20.0), 22.0, id="the provider refuses it at once"),
        pytest.param(Rules(window_hours=20.0, late_refusals=True), 22.0, id="the provider refuses it later, by status"),
    ],
)
async def test_what_may_not_be_said_any_more_waits_and_goes_first_when_the_customer_writes(
    rules: Rules, hours: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    wire = rewire(monkeypatch)
    monkeypatch.setattr(composing, "open_store", lambda _, clock: open_store("memory://", clock))
    laboratory = Laboratory(tmp_path, shops=[BAKERY], rules=rules, clock=TrioClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        async with wire.phone(laboratory.url, BAKERY.number_id, ASHA) as phone:
            await phone.say("hi")
            await phone.wait_for("Chocolate Chip Cookie")
            await trio.sleep(hours * HOUR)
            assert await owner_says(wire, laboratory, "Your cake is ready.") in (200, 202)
            await trio.sleep(HOUR)
            assert phone.drain() == []
            await phone.say("hi")
            said = [await phone.wait_for(), await phone.wait_for()]
            assert said[0].text == "Your cake is ready."
            assert "Chocolate Chip Cookie" in said[1].text
            await trio.sleep(HOUR)
            assert phone.drain() == [], "and once"
        nursery.cancel_scope.cancel()
