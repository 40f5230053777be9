"""Message templates are listed to the shop's own owner, with what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping

import trio.testing
from msgspec.structs import replace

from engine.shop import Shop
from engine.template_states import TemplateState
from tests.adapters.api.office import Json, office
from tests.engine.scripted import TroubledStore, store
from tests.engine.shops import bakery, coffee

__all__ = ["store"]

Clock = trio.testing.MockClock
PATH = "/api/admin/templates"


def with_templates(named: Mapping[str, str]) -> Shop:
    shop = bakery()
    return replace(shop, terms=replace(shop.terms, templates=named))


def named(found: list[Json]) -> list[tuple[str, str, bool]]:
    return [(one["name"], one["language"], one["needed"]) for one in found]


async def test_each_template_is_shown_with_its_problem(store: TroubledStore, autojump_clock: Clock) -> None:
    shop = with_templates({"order": "ready", "reminder.sw": "soon", "offer": "HX1"})
    known = [
        TemplateState("ready", "en", "paused", "red", "first_pause"),
        TemplateState("ready", "sw", "approved", "green"),
        TemplateState("HX1", "", "unsubmitted"),
        TemplateState("xmas", "en", "rejected"),
    ]
    async with office(store, shop, coffee()) as made:
        await store.save_templates("bakery", known, made.clock.now())
        await store.save_templates("coffee", [TemplateState("theirs", "en", "approved")], made.clock.now())
        answer = await made.ask("GET", PATH, as_owner="bakery")
        pages = [await made.ask("GET", f"{PATH}?pageSize=3&page={page}", as_owner="bakery") for page in (1, 2)]
        made.running.templates.listed.add("bakery")
        listed = await made.ask("GET", PATH, as_owner="bakery")
    assert answer.status == 200
    assert named(answer.data) == [
        ("HX1", "", True),
        ("ready", "en", True),
        ("ready", "sw", True),
        ("soon", "sw", True),
        ("xmas", "en", False),
    ]
    unsubmitted, paused, well, unknown, rejected = answer.data
    assert paused == {
        "name": "ready",
        "language": "en",
        "status": "paused",
        "quality": "red",
        "reason": "first_pause",
        "needed": True,
        "problem": paused["problem"],
    }
    assert "the provider says paused (first pause)" in paused["problem"]
    assert "Submit it" in unsubmitted["problem"]
    assert "Correct it" in rejected["problem"], "also where nothing needs it"
    assert (well["problem"], unknown["problem"]) == ("", ""), "nobody has listed them all"
    assert "is not at the provider" in listed.data[3]["problem"]
    assert [len(page.data) for page in pages] == [3, 2]


async def test_where_nothing_was_heard_what_the_terms_name_is_shown(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, with_templates({"order": "ready"})) as made:
        assert named((await made.ask("GET", PATH, as_owner="bakery")).data) == [("ready", "", True)]


async def test_templates_need_the_shops_secret(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", PATH)).status == 401
        assert (await made.ask("GET", "/s/dealer" + PATH, as_owner="bakery")).status == 401
