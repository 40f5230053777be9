"""The load test itself: it finds each mistake of a bakery that makes it on purpose, and none in one that makes none."""

from __future__ import annotations

import io
import json
import random
from array import array
from typing import Any

import pytest

from adapters.phones.buyers import flows
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.load_report import LoadReport, ShopReport, Tally, figures
from adapters.phones.meta.faults import Fault, Faults
from adapters.phones.meta.rules import Rules
from adapters.phones.progress import Progress, State
from adapters.phones.rested import RestedPhone
from adapters.phones.script import somebody
from adapters.phones.visit import last_item
from engine.errors import BadInput, ConfigError
from tests.adapters.fake_bakery import Bakery, bakery_world

BUYERS = flows()["counter"]
ONLY_BUYERS = {"buyer": 1.0}


async def load(bakery: Bakery, output: Any = None, faults: Faults | None = None, **options: Any) -> LoadReport:
    """A short load test against this bakery."""
    wanted: dict[str, Any] = {"phones": 30, "arrivals": 20.0, "seconds": 0.4, "people": ONLY_BUYERS, "settle": 0.2}
    wanted["dawdling"] = 0.01
    async with bakery_world(bakery, faults=faults) as here:
        return await run_load(LoadOptions(here.url, **(wanted | options)), output)


def of(report: LoadReport) -> ShopReport:
    """What its only shop did."""
    return report.shops["bakery"]


async def test_a_good_bakery_passes_and_everything_adds_up() -> None:
    bakery = Bakery()
    report = await load(bakery)
    shop = of(report)
    assert report.failures == []
    assert report.ok
    assert report.orders == shop.orders == bakery.orders == shop.buyers["finished"]
    assert shop.buyers["planned"] == shop.buyers["finished"] + shop.buyers["turned_away"]
    assert {"hi", "add", "done", "name", "address", "confirm"} <= set(shop.steps)
    assert report.turn.count == report.messages == report.replies == 7 * report.orders
    assert shop.steps["confirm"].count == report.orders
    assert not shop.checked, "nobody keeps books behind this bakery"
    assert report.turn.p50 <= report.turn.p95 <= report.turn.p99 <= report.turn.worst
    assert report.provider["counts"]["sends_accepted"] == report.replies


async def test_the_same_seed_plans_the_same_buyers() -> None:
    one, two = await load(Bakery(), seed=5), await load(Bakery(), seed=5)
    assert of(one).buyers["planned"] == of(two).buyers["planned"]
    assert of(one).people == of(two).people


@pytest.mark.parametrize("kind", BUYERS.people)
async def test_every_kind_of_person_gets_one_order_and_no_more(kind: str) -> None:
    bakery = Bakery()
    report = await load(bakery, people={kind: 1.0})
    assert report.failures == []
    assert of(report).people == {kind: report.orders}
    assert report.orders == bakery.orders
    assert report.replies <= BUYERS.replies * report.orders


MISTAKES = {
    "an answer that never comes": ("lost", "lost", "1 answers were lost"),
    "an answer that comes twice": ("doubled", "doubled", "1 answers came twice"),
    "a last answer that comes twice": ("late double", "doubled", "1 answers came twice"),
    "an answer to another step": ("old", "out_of_order", "1 answers came out of order"),
    "an answer that makes no sense": ("nonsense", "", "1 answers were unexpected"),
}


@pytest.mark.parametrize("title", MISTAKES)
async def test_a_mistake_of_the_shop_is_found_and_named(title: str) -> None:
    mistake, count, sentence = MISTAKES[title]
    # Long enough for a busy machine; only the answer that never comes waits it out.
    report = await load(Bakery(mistake), patience=3.0, settle=1.0)
    assert report.failures == [sentence]
    assert not report.ok
    assert not count or getattr(of(report), count) == 1
    assert f"FAILED: {sentence}" in report.lines()


async def test_a_double_tap_that_becomes_two_orders_is_found() -> None:
    report = await load(Bakery("second order"), people={"double_tapper": 1.0})
    assert report.failures == ["1 carts became two orders"]


async def test_what_made_no_sense_is_quoted() -> None:
    report = await load(Bakery("nonsense"))
    assert of(report).examples == ["unexpected at done: How is the weather?"]
    assert "  unexpected at done: How is the weather?" in report.lines()


async def test_who_finds_an_item_sold_out_takes_another() -> None:
    report = await load(Bakery("sold out"))
    assert report.failures == []
    assert of(report).buyers["sold_out"] == 0
    assert report.messages == report.replies == 7 * report.orders + 1


@pytest.mark.parametrize("kind", ["buyer", "double_tapper"])
async def test_a_shelf_that_empties_before_the_order_is_no_mistake_either(kind: str) -> None:
    report = await load(Bakery("gone"), people={kind: 1.0})
    shop = of(report)
    assert (shop.doubled, shop.lost, shop.out_of_order) == (0, 0, 0)
    assert shop.buyers["sold_out"] == shop.buyers["planned"]
    assert report.messages == report.replies


async def test_a_shop_where_nobody_can_order_fails() -> None:
    report = await load(Bakery("sold out", always=True))
    buyers = of(report).buyers
    assert buyers["sold_out"] == buyers["planned"]
    assert report.failures == [f"no order was placed ({buyers['planned']} buyers were planned)"]


async def test_a_send_that_reached_the_provider_twice_is_found_even_if_no_phone_shows_it() -> None:
    class Keyed(Bakery):
        async def _serve(self, who: str, said: str) -> None:
            await super()._serve(who, said)
            if said == "done":
                reaction = {"message_id": "wamid.x", "emoji": "x"}
                await self.here.send("254700000999", type="reaction", reaction=reaction, biz_opaque_callback_data="k")

    async with bakery_world(Keyed()) as here:
        here.fake.rules = Rules(window=False, pair_burst=0)
        options = LoadOptions(here.url, phones=3, arrivals=20, seconds=0.3, people=ONLY_BUYERS, settle=0.2)
        report = await run_load(options)
    assert report.sends_doubled == report.orders - 1
    assert f"{report.sends_doubled} sends reached the provider twice" in report.failures


async def test_duplicated_webhooks_double_the_answers_of_a_shop_that_does_not_notice() -> None:
    report = await load(Bakery(), faults=Faults(duplicate=Fault(next=1)))
    assert of(report).doubled + of(report).out_of_order >= 1
    assert not report.ok


async def test_buyers_who_find_no_phone_are_counted_and_said() -> None:
    report = await load(Bakery(), phones=1, arrivals=200.0)
    assert of(report).buyers["turned_away"] > 0
    assert "found no rested phone" in report.bottleneck
    assert any("The test itself was too slow" in line for line in report.lines())


async def test_a_threshold_that_is_missed_fails() -> None:
    report = await load(Bakery(), at_most_ms=0.001)
    [failure] = report.failures
    assert failure.startswith("p95 of a turn was")


async def test_the_report_is_json_for_programs() -> None:
    report = await load(Bakery())
    read = json.loads(report.to_json())
    assert read["ok"] is True
    assert read["orders"] == report.orders
    assert read["shops"]["bakery"]["steps"]["hi"]["count"] == of(report).steps["hi"].count
    assert read["options"]["seed"] == 1
    assert "p99" in read["lag"]


async def test_a_target_where_nobody_listens() -> None:
    with pytest.raises(ConfigError, match="nobody answers"):
        await run_load(LoadOptions("http://127.0.0.1:9"))


async def test_a_shop_that_is_not_there() -> None:
    async with bakery_world(Bakery()) as here:
        with pytest.raises(BadInput, match=r"no single shop 'butcher'.*choose one of: bakery"):
            await run_load(LoadOptions(here.url, shop="butcher"))


async def test_progress_is_told_in_plain_lines_and_as_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, terminal = io.StringIO(), Terminal()
    Progress(plain).show(State("buyers", 0.5, "3 served"))
    Progress(terminal).show(State("buyers", 0.5, "3 served"))
    Progress(None).show(State("buyers", 0.5))
    assert plain.getvalue() == "buyers 50%, 3 served\n"
    assert terminal.getvalue() == f"\r\x1b[K{'buyers':<10} {'█' * 15}{'░' * 15}  50%  3 served"


def test_the_last_item_of_a_menu() -> None:
    assert last_item("Welcome!\n1. Cookie ₹50.00\n12. Custom Cake\nSend 99. or so") == 12
    assert last_item("There is nothing today.") == 0


def test_percentiles_are_of_the_values_that_were_measured() -> None:
    found = figures(array("d", [at / 1000 for at in range(100, 0, -1)]))
    assert (found.count, found.p50, found.p95, found.p99, found.worst) == (100, 50.0, 95.0, 99.0, 100.0)
    assert figures(array("d")).count == 0


def test_a_phone_rests_until_the_pace_for_one_customer_has_room() -> None:
    phone = RestedPhone(None)  # type: ignore[arg-type]  # the pace needs no line
    assert phone.has_room(16, 0.0)
    phone.used(30, 0.0)
    assert not phone.has_room(16, 5.0)
    assert phone.has_room(16, 6.0)
    assert not phone.has_room(46, 1e6), "it never saves up more than one burst"


def test_a_number_seen_twice_is_a_doubled_order() -> None:
    tally = Tally()
    tally.order("WA1", another=False)
    tally.order("WA1", another=False)
    tally.order("WA2", another=True)
    assert (tally.orders, tally.orders_doubled) == (2, 2)


def test_people_come_as_often_as_they_should() -> None:
    draw = random.Random(3)
    kinds = [somebody(draw, BUYERS.people)[0] for _ in range(2_000)]
    often = {kind: person.often for kind, person in BUYERS.people.items()}
    shares = {kind: kinds.count(kind) / len(kinds) for kind in often}
    assert all(abs(shares[kind] - often[kind]) < 0.05 for kind in often)
