"""Phones, fake provider and the real bakery together: whatever the provider does, each answer comes once, in order."""

from __future__ import annotations

from pathlib import Path

import trio

from adapters.app.laboratory import Laboratory
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.load_report import LoadReport
from adapters.phones.meta.faults import Batch, Delay, Fault, Faults
from adapters.phones.meta.rules import Rules

PACE = 1_000
TROUBLE = Faults(
    duplicate=Fault(rate=0.3),
    reorder=Fault(rate=0.02),
    delay=Delay(rate=0.1, ms=20),
    batch=Batch(rate=0.1, count=3),
    wrong_signature=Fault(rate=0.05),
    lost_answer=Fault(rate=0.02),
)


async def load(folder: Path, faults: Faults) -> LoadReport:
    laboratory = Laboratory(folder, messages_per_second=PACE, rules=Rules(retry_first=0.05))
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        laboratory.fake.faults = faults
        options = LoadOptions(laboratory.url, shop="bakery", phones=40, arrivals=10.0, seconds=1.0, settle=0.3)
        report = await run_load(options)
        nursery.cancel_scope.cancel()
    return report


async def test_the_bakery_answers_every_buyer_once_and_in_order(tmp_path: Path) -> None:
    report = await load(tmp_path, Faults())
    assert report.failures == []
    assert report.orders == report.buyers["finished"] == report.buyers["planned"] > 0
    assert report.provider["refused"] == {}


async def test_the_bakery_does_so_under_every_fault_of_delivery_too(tmp_path: Path) -> None:
    report = await load(tmp_path, TROUBLE)
    assert report.failures == []
    assert report.orders == report.buyers["planned"] > 0
    assert report.provider["faults"]["duplicate"] > 0
