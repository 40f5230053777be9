"""Campaigns over the API: planned, looked at, tried, started, paused, and what came of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio.testing
from msgspec.structs import replace

from engine.address import DAY, Address
from engine.campaigns import CampaignStatus
from engine.messages import Buttons, Outcome, OutcomeClass
from engine.orders import Customer
from engine.quiet import NEVER, Quiet
from engine.template_states import TemplateState
from tests.adapters.api.office import BEN, Office, Reply, office
from tests.adapters.api.test_takeover import talking
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
CAMPAIGNS = "/api/admin/campaigns"
PLAN: dict[str, Any] = {
    "id": "mangoes",
    "name": "Mangoes are here",
    "audience": {"everybody": True},
    "variants": [{"text": "Hello {name:friend}, see {link:https://shop.example/mangoes}"}],
}


@asynccontextmanager
async def planned(store: TroubledStore, **changes: object) -> AsyncIterator[Office]:
    """A campaign of the bakery's, which Ann has just written to; two more have only cards."""
    async with talking(store) as (made, _):
        cards = (
            Customer("ben", "bakery", "Ben", BEN),
            Customer("zoe", "bakery", "Zoe", "254700000003", marketing=False),
        )
        await store.save_customers("bakery", cards)
        made.running.campaigning.gathering = None  # what follows a start by itself is another's test
        shop = made.shops["bakery"]
        made.shops["bakery"] = replace(shop, terms=replace(shop.terms, quiet=Quiet(0, DAY - 1)))
        reply = await ask(made, "POST", "", PLAN | changes)
        assert reply.status == 201, reply.body
        yield made


async def ask(made: Office, method: str, path: str = "/mangoes", body: object = None) -> Reply:
    return await made.ask(method, CAMPAIGNS + path, body, as_owner="bakery")


async def frozen(made: Office, store: TroubledStore) -> None:
    """What follows a start by itself: the audience is frozen."""
    campaign = await store.campaign("bakery", "mangoes")
    assert campaign is not None
    part = await made.running.gatherer.part(campaign, "", 99)
    assert await store.freeze("bakery", "mangoes", "", part, made.clock.now()) is CampaignStatus.RUNNING


async def test_a_plan_is_kept_shown_and_changed(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store, pace=20, audience={"bought": {"spent": 12.5}, "phones": ["+254700000009"]}) as made:
        shown = (await ask(made, "GET")).body
        changed = await ask(made, "PUT", body=without_id() | {"version": 1, "name": "Mangoes!"})
        stale = await ask(made, "PUT", body=without_id() | {"version": 1})
        again = await ask(made, "POST", "", PLAN)
        listed = await made.ask("GET", f"{CAMPAIGNS}?status=draft", as_owner="bakery")
        none = await made.ask("GET", f"{CAMPAIGNS}?status=running", as_owner="bakery")
        missing = await ask(made, "GET", "/nothing")
    assert (shown["status"], shown["version"], shown["counts"], shown["excluded"]) == ("draft", 1, {}, {})
    assert shown["plan"]["audience"]["bought"]["spent"] == 12.5
    assert (shown["plan"]["audience"]["phones"], shown["plan"]["pace"]) == (1, 20)
    assert (changed.status, changed.data["plan"]["name"], changed.data["version"]) == (200, "Mangoes!", 2)
    assert (stale.status, again.status, missing.status) == (409, 409, 404)
    assert "version 2" in stale.body["message"]
    assert [(one["id"], one["name"]) for one in listed.data] == [("mangoes", "Mangoes!")]
    assert none.data == []


def without_id() -> dict[str, Any]:
    return {name: value for name, value in PLAN.items() if name != "id"}


async def test_the_same_request_plans_one_campaign(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        headers = {"idempotency-key": "k1"}
        told = [await made.ask("POST", CAMPAIGNS, without_id(), as_owner="bakery", headers=headers) for _ in range(2)]
        listed = await made.ask("GET", CAMPAIGNS, as_owner="bakery")
    assert [one.status for one in told] == [201, 201]
    assert [one["id"] for one in listed.data] == [told[0].data["id"]]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"audience": {}}, "audience.everybody"),
        ({"audience": {"tags": ["VIP"]}}, "audience.tags"),
        ({"audience": {"bought": {"orders": 0}}}, "audience.bought.orders"),
        ({"audience": {"bought": {"sku": "nothing"}}}, "audience.bought.sku"),
        ({"audience": {"bought": 5}}, "audience.bought"),
        ({"audience": {"attended": "nothing"}}, "audience.attended"),
        ({"audience": {"languages": ["fr"]}}, "audience.languages"),
        ({"audience": {"everybody": True, "town": "Thika"}}, "audience.town"),
        ({"audience": {"phones": ["0700"]}}, "audience.phones"),
        ({"variants": []}, "variants"),
        ({"variants": [{"text": "Hello {nmae}"}]}, "variants[0].text"),
        ({"variants": [{"name": "A"}]}, "variants[0].text"),
        ({"variants": [{"text": "{link:javascript:alert(1)}"}]}, "variants[0].text"),
        ({"pace": -1}, "pace"),
        ({"startsAt": "2020-01-01T00:00:00Z"}, "startsAt"),
        ({"startsAt": "tomorrow"}, "startsAt"),
    ],
)
async def test_a_slip_is_named_by_its_field(
    store: TroubledStore, autojump_clock: Clock, wrong: dict[str, Any], field: str
) -> None:
    async with office(store) as made:
        reply = await ask(made, "POST", "", PLAN | wrong)
        assert (await made.ask("GET", CAMPAIGNS, as_owner="bakery")).data == []
    assert (reply.status, list(reply.errors)) == (400, [field])


async def test_a_preview_says_who_gets_what_and_who_gets_nothing(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store) as made:
        seen = (await ask(made, "GET", "/mangoes/preview")).body
    assert (seen["recipients"], seen["variants"], seen["excluded"]) == (2, {"A": 2}, {"opted_out": 1})
    assert (seen["templates"], seen["closed"]) == (0, 1), "Ben has not written within a day"
    assert {one["message"]["button"] for one in seen["samples"]} == {"Stop"}
    assert any(one["message"]["text"].startswith("Hello Ben, see ") for one in seen["samples"])


async def test_a_test_message_goes_to_one_number_and_counts_nowhere(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with planned(store, variants=[{"text": "Hello {name}"}, {"name": "B", "text": "Hi {city}"}]) as made:
        sent = await ask(made, "POST", "/mangoes/test", {"phone": f"+{BEN}"})
        await settled()
        shown = (await ask(made, "GET")).body
    assert (sent.status, sent.data) == (200, {"to": f"+{BEN}", "messages": 2, "missing": ["city", "name"]})
    assert (shown["status"], shown["counts"]) == ("draft", {})


async def test_a_campaign_is_started_paused_resumed_and_cancelled(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store) as made:
        early = await ask(made, "POST", "/mangoes/pause")
        started = await ask(made, "POST", "/mangoes/start", {})
        twice = await ask(made, "POST", "/mangoes/start", {})
        await frozen(made, store)
        paused = await ask(made, "POST", "/mangoes/pause")
        edited = await ask(made, "PUT", body=without_id() | {"version": 1})
        resumed = await ask(made, "POST", "/mangoes/resume")
        cancelled = await ask(made, "POST", "/mangoes/cancel")
        late = await ask(made, "POST", "/mangoes/resume")
    assert (early.status, edited.status, late.status) == (409, 409, 409)
    assert [one.data["status"] for one in (started, twice)] == ["starting", "starting"]
    assert (paused.data["status"], paused.data["why"]) == ("paused", "Paused by asha.")
    assert paused.data["counts"] == {"queued": 2}
    assert paused.data["excluded"] == {"opted_out": 1}
    assert (resumed.data["status"], cancelled.data["status"]) == ("running", "cancelled")
    assert cancelled.data["counts"] == {"skipped": 2}


async def test_why_nothing_goes_just_now_is_said(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store) as made:
        planless = (await ask(made, "GET")).body
        await ask(made, "POST", "/mangoes/start", {})
        await frozen(made, store)
        at_night = (await ask(made, "GET")).body
        shop = made.shops["bakery"]
        made.shops["bakery"] = replace(shop, terms=replace(shop.terms, quiet=NEVER))
        by_day = (await ask(made, "GET")).body
    assert planless["waits"] == ""
    assert at_night["waits"] == "It is quiet in the shop now; it goes on at 23:59."
    assert "Who has written within 10 minutes" in by_day["waits"]


async def test_a_start_that_would_write_nonsense_is_refused(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store, variants=[{"text": "Hello {name} of {city}"}]) as made:
        refused = await ask(made, "POST", "/mangoes/start", {})
        anyway = await ask(made, "POST", "/mangoes/start", {"skipIncomplete": True})
        shown = (await ask(made, "GET")).body
    assert (refused.status, anyway.status, shown["status"]) == (409, 409, "draft")
    assert "{city} of 2" in refused.body["message"]
    assert "nobody would get it" in anyway.body["message"]


async def test_a_template_that_is_stopped_stops_the_start(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store, variants=[{"template": "mangoes"}]) as made:
        await store.save_templates("bakery", [TemplateState("mangoes", "en", "paused")], made.clock.now())
        refused = await ask(made, "POST", "/mangoes/start", {})
        await store.save_templates("bakery", [TemplateState("mangoes", "en", "approved")], made.clock.now())
        started = await ask(made, "POST", "/mangoes/start", {})
    assert (refused.status, started.status) == (409, 200)
    assert "can't be sent" in refused.body["message"]


async def test_a_campaign_is_scheduled_for_its_time(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store) as made:
        timeless = await ask(made, "POST", "/mangoes/schedule", {})
        body = without_id() | {"version": 1, "startsAt": "2100-01-01T08:00:00+03:00"}
        assert (await ask(made, "PUT", body=body)).status == 200
        scheduled = await ask(made, "POST", "/mangoes/schedule", {})
        back = await ask(made, "POST", "/mangoes/unschedule")
    assert timeless.status == 409
    assert (scheduled.data["status"], back.data["status"]) == ("scheduled", "draft")


async def test_the_ledger_and_the_results_tell_of_each(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store, variants=[{"text": "Hello", "template": "mangoes"}]) as made:
        await ask(made, "POST", "/mangoes/start", {})
        await frozen(made, store)
        rows = (await store.claim_recipients("bakery", "mangoes", made.clock.now() + 3_600_000, 9)).rows
        (ben,) = [row for row in rows if row.address.customer == "ben"]
        await store.claim([ben.key], made.clock.now())
        await store.settle([(ben.key, Outcome(OutcomeClass.SENT, "p1"))], made.clock.now())
        first = (await ask(made, "GET", "/mangoes/recipients?pageSize=1")).body
        rest = (await ask(made, "GET", f"/mangoes/recipients?after={first['after']}")).body
        sent = (await ask(made, "GET", "/mangoes/recipients?state=sent")).body
        results = (await ask(made, "GET", "/mangoes/results?windowHours=1&templatePrice=0.86")).body
        odd = await ask(made, "GET", "/mangoes/results?templatePrice=cheap")
    assert [one["customerId"] for one in sent["data"]] == ["ben"]
    assert {one["customerId"] for one in first["data"] + rest["data"]} == {"ben", made.address("bakery").customer}
    assert rest["after"] == ""
    (told,) = results["variants"]
    assert (told["variant"], told["recipients"], told["sent"], told["orders"], told["value"]) == ("A", 2, 1, 0, 0)
    assert (odd.status, told["templates"], told["cost"]) == (400, 1, 0.86)
    assert (results["windowHours"], results["currency"]) == (1, made.shops["bakery"].currency)


async def test_offers_carry_the_way_out(store: TroubledStore, autojump_clock: Clock) -> None:
    """Tapped, whenever, it is understood; the message itself is what the engine sends."""
    async with planned(store) as made:
        await ask(made, "POST", "/mangoes/start", {})
        await frozen(made, store)
        (line, *_) = (await store.recipients("bakery", "mangoes", 9)).rows
    assert isinstance(line.recipient.message, Buttons)
    assert Address("bakery", line.recipient.customer) in (Address("bakery", "ben"), made.address("bakery"))


async def test_campaigns_are_each_shops_own(store: TroubledStore, autojump_clock: Clock) -> None:
    async with planned(store) as made:
        assert (await made.ask("GET", f"/s/dealer{CAMPAIGNS}/mangoes", as_owner="dealer")).status == 404
        assert (await made.ask("GET", f"/s/bakery{CAMPAIGNS}/mangoes", as_owner="dealer")).status == 401
        assert (await made.ask("POST", f"{CAMPAIGNS}/mangoes/start")).status == 401
