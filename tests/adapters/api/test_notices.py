"""Notices for the owner are listed to the shop's own owner."""

from __future__ import annotations

import trio.testing

from tests.adapters.api.office import office
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


async def test_notices_are_listed_the_latest_first_and_in_pages(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        now = made.clock.now()
        await store.tell_owner("bakery", "breaker_open", "WhatsApp is not reached.", now)
        await store.tell_owner("bakery", "breaker_open", "WhatsApp is not reached.", now + 1_000)
        await store.tell_owner("bakery", "template_paused", "Write it anew.", now + 2_000)
        await store.tell_owner("dealer", "crm_down", "Theirs.", now)
        first = await made.ask("GET", "/api/admin/notices?pageSize=1", as_owner="bakery")
        second = await made.ask("GET", "/api/admin/notices?pageSize=1&page=2", as_owner="bakery")
    assert [one["kind"] for one in first.data] == ["template_paused"]
    assert (first.body["more"], second.body["more"]) == (True, False)
    (told,) = second.data
    assert (told["kind"], told["detail"], told["count"]) == ("breaker_open", "WhatsApp is not reached.", 2)
    assert told["at"] < told["lastAt"]


async def test_notices_need_the_shops_secret(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", "/api/admin/notices")).status == 401
        assert (await made.ask("GET", "/s/dealer/api/admin/notices", as_owner="bakery")).status == 401
