"""Phones, fake providers and the real shops together: whatever the providers do, each answer comes once, in order, and
the shops' books agree with what was seen and paid; and a shop that breaks its word is found out."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from adapters.app.laboratory import Laboratory
from adapters.app.samples import SHOPS, Sample
from adapters.phones.buyers import flows
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.load_report import LoadReport
from adapters.phones.meta.faults import Batch, Delay, Fault, Faults
from adapters.phones.meta.rules import Rules
from adapters.phones.pay.faults import PayFaults
from engine.messages import Outcome, OutcomeClass, Outgoing
from engine.papering import Papering
from engine.ports import Http
from storage.seating import Seating

PACE = 1_000
TROUBLE = Faults(
    duplicate=Fault(rate=0.3),
    reorder=Fault(rate=0.02),
    delay=Delay(rate=0.1, ms=20),
    batch=Batch(rate=0.1, count=3),
    wrong_signature=Fault(rate=0.05),
    lost_answer=Fault(rate=0.02),
)
MONEY_TROUBLE = PayFaults(call_back_twice=Fault(rate=0.3), wrong_signature=Fault(rate=0.1))
FLOWS = {shop.flow: shop for shop in SHOPS}


async def load(folder: Path, shop: str, faults: Faults | None = None, **options: Any) -> LoadReport:
    """A short load on one of the sample shops, or on all of them; everybody comes as often as anybody else."""
    few = options.pop("few", 0)
    shops = [scarce(one, few, folder) if few else one for one in SHOPS if shop in ("all", one.name)]
    laboratory = Laboratory(folder, shops=shops, messages_per_second=PACE, rules=Rules(retry_first=0.05))
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        laboratory.fake.faults = faults or Faults()
        laboratory.pay.faults = options.pop("money", PayFaults())
        if spoil := options.pop("spoil", None):
            spoil(folder / "shops.db")
        wanted: dict[str, Any] = {"phones": 40, "arrivals": 16.0, "seconds": 0.5, "settle": 0.3, "dawdling": 0.05}
        report = await run_load(LoadOptions(laboratory.url, shop=shop, **(wanted | options)))
        nursery.cancel_scope.cancel()
    return report


def scarce(sample: Sample, few: int, folder: Path) -> Sample:
    """The same shop with at most so many of everything."""
    source, column = (sample.events, "capacity") if sample.events != Path() else (sample.catalogue, "stock")
    file = folder / source.name
    rows = list(csv.DictReader(source.read_text("utf-8").splitlines()))
    with file.open("w", encoding="utf-8", newline="") as written:
        table = csv.DictWriter(written, list(rows[0]))
        table.writeheader()
        table.writerows([row | {column: row[column] and str(few)} for row in rows])
    return replace(sample, events=file) if sample.events != Path() else replace(sample, catalogue=file)


@pytest.mark.parametrize("flow", FLOWS)
async def test_each_shop_answers_every_kind_of_buyer_once_in_order_and_with_true_books(
    flow: str, tmp_path: Path
) -> None:
    people = dict.fromkeys(flows()[flow].people, 1.0)
    report = await load(tmp_path, FLOWS[flow].name, TROUBLE, money=MONEY_TROUBLE, people=people)
    assert report.failures == []
    [shop] = report.shops.values()
    assert shop.checked
    assert shop.people.keys() == people.keys()
    assert shop.orders == shop.buyers["finished"] == shop.buyers["planned"] > 0
    assert report.provider["refused"] == {}
    assert report.provider["faults"]["duplicate"] > 0


async def test_all_shops_at_once_say_so_when_they_run_out_and_nobody_gets_what_is_not_there(tmp_path: Path) -> None:
    report = await load(tmp_path, "all", few=3, arrivals=50.0, phones=80)
    assert report.shops.keys() == {shop.name for shop in SHOPS}
    assert report.failures == [], [shop.examples for shop in report.shops.values()]
    ends = [shop.buyers for shop in report.shops.values()]
    assert sum(one["sold_out"] for one in ends) > 0
    assert all(one["finished"] == one["planned"] for one in ends)


# -- shops that break their word -------------------------------------------------------------------------------------
def breaking(monkeypatch: pytest.MonkeyPatch, words: str, *, lost: bool) -> None:
    """From now on the first message with these words is kept back, or sent twice, whatever the channel."""
    whole, left = Papering.send, [words]

    async def send(self: Papering, http: Http, row: Outgoing) -> Outcome:
        if left and words in getattr(row.message, "body", ""):
            left.clear()
            if lost:
                return Outcome(OutcomeClass.SENT, provider_id="wamid.lost")
            await whole(self, http, msgspec.structs.replace(row, key=f"{row.key}:again"))
        return await whole(self, http, row)

    monkeypatch.setattr(Papering, "send", send)


FEW: dict[str, Any] = {"phones": 10, "arrivals": 20.0, "seconds": 0.2}
ONE_EACH = {
    "cart": ("Your order *CT", "buyer"),
    "wholesale": ("Please check your order", "buyer"),
    "micro_sales": ("Receipt from", "payer"),
    "ticketing": ("Booked!", "buyer"),
}


@pytest.mark.parametrize("flow", ONE_EACH)
async def test_an_answer_that_a_shop_gives_twice_is_found(
    flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, kind = ONE_EACH[flow]
    breaking(monkeypatch, words, lost=False)
    report = await load(tmp_path, FLOWS[flow].name, people={kind: 1.0}, **FEW)
    assert report.failures == ["1 answers came twice"]


@pytest.mark.parametrize("flow", ["cart", "ticketing"])
async def test_an_answer_that_a_shop_does_not_give_is_found(
    flow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, kind = ONE_EACH[flow]
    breaking(monkeypatch, words, lost=True)
    report = await load(tmp_path, FLOWS[flow].name, people={kind: 1.0}, patience=3.0, **FEW)
    assert not report.ok
    assert report.shops[FLOWS[flow].name].lost >= 1
    assert any("answers were lost" in failure for failure in report.failures)


async def test_a_shop_that_sells_more_seats_than_it_has_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin of the triggers: they are taken away, and what the store remembers beside them promises seats for ever."""
    monkeypatch.setattr(Seating, "lacking", lambda *_: "")
    monkeypatch.setattr(Seating, "free", lambda *_: {"mumbai-food-fest": 100})
    report = await load(tmp_path, "tickets", people={"buyer": 1.0}, spoil=_oversell, **FEW)
    [failure] = report.failures
    assert failure.endswith("more of mumbai-food-fest were sold or held than there are")


def _oversell(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER booking_needs_seats")
        connection.execute("UPDATE events SET capacity = 0 WHERE id = 'mumbai-food-fest'")
    connection.close()


async def test_a_shop_that_books_another_sum_than_the_bank_was_paid_is_found(tmp_path: Path) -> None:
    money = PayFaults(wrong_amount=Fault(next=1))
    report = await load(tmp_path, "coffee", people={"payer": 1.0}, money=money, patience=3.0, **FEW)
    assert any("1 payments stand in the shop's books with another sum" in failure for failure in report.failures)
