"""The owner's own words for customers."""

from __future__ import annotations

import trio.testing

from engine.audience import TAGS_AT_MOST
from tests.adapters.api.office import office
from tests.adapters.api.test_takeover import talking
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock
TAGS = "/api/admin/tags"
NOBODY = f"c{'0' * 18}"


async def test_a_customers_tags_are_set_as_a_whole(store: TroubledStore, autojump_clock: Clock) -> None:
    async with talking(store) as (made, card):
        before = await made.ask("GET", f"{card}/tags", as_owner="bakery")
        saved = await made.ask("PUT", f"{card}/tags", {"tags": ["vip", "bakes"]}, as_owner="bakery")
        again = await made.ask("PUT", f"{card}/tags", {"tags": ["late", "vip"]}, as_owner="bakery")
        shown = await made.ask("GET", f"{card}/tags", as_owner="bakery")
        listed = await made.ask("GET", TAGS, as_owner="bakery")
        theirs = await made.ask("GET", f"/s/dealer{TAGS}", as_owner="dealer")
    assert before.body["tags"] == []
    assert saved.data["tags"] == ["bakes", "vip"]
    assert again.data["tags"] == shown.body["tags"] == ["late", "vip"]
    assert listed.data == [{"tag": "late", "customers": 1}, {"tag": "vip", "customers": 1}]
    assert theirs.data == []


async def test_many_customers_are_tagged_at_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with talking(store) as (made, card):
        who = made.address("bakery").customer
        given = await made.ask("POST", TAGS, {"customers": [who, NOBODY, who], "add": ["vip"]}, as_owner="bakery")
        many = [f"t{n}" for n in range(TAGS_AT_MOST)]
        full = await made.ask("POST", TAGS, {"customers": [who], "add": many}, as_owner="bakery")
        swapped = await made.ask("POST", TAGS, {"customers": [who], "add": many, "remove": ["vip"]}, as_owner="bakery")
        shown = await made.ask("GET", f"{card}/tags", as_owner="bakery")
    assert given.data == {"customers": 1}
    assert full.data == {"customers": 0}, "it would have more tags than anybody can have"
    assert swapped.data == {"customers": 1}
    assert shown.body["tags"] == sorted(many)


async def test_what_is_no_tag_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    async with talking(store) as (made, card):
        odd = await made.ask("PUT", f"{card}/tags", {"tags": ["VIP!"]}, as_owner="bakery")
        nothing = await made.ask("POST", TAGS, {"customers": [NOBODY]}, as_owner="bakery")
    assert (odd.status, nothing.status) == (400, 400)
    assert "small letters" in odd.body["errors"]["tags"]
    assert set(nothing.body["errors"]) == {"add", "remove"}


async def test_nobody_has_tags_who_is_not_there(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        path = f"/api/admin/customers/{NOBODY}/tags"
        assert (await made.ask("GET", path, as_owner="bakery")).status == 404
        assert (await made.ask("PUT", path, {"tags": []}, as_owner="bakery")).status == 404
        assert (await made.ask("GET", path)).status == 401
