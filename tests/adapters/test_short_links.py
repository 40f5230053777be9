"""Short links as the web serves them: they lead where an owner said, note who came, and lead nobody anywhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio.testing

from engine.address import Millis
from engine.errors import StoreBusy
from engine.short_links import KEY, token
from tests.adapters.api.office import Office, Reply, office
from tests.engine.scripted import TrioClock, TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock
PERSON = {"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/124.0 Mobile"}
TARGET = "https://shop.example/new?a=1#b"


@asynccontextmanager
async def linked(store: TroubledStore) -> AsyncIterator[tuple[Office, int, str]]:
    """A link of a campaign, and Ann's path to it."""
    async with office(store) as made:
        link = (await store.short_links("bakery", "spring", "A", [TARGET]))[TARGET]
        yield made, link, "/l/" + token(await store.key(KEY), "ann", link)


async def follow(made: Office, path: str, method: str = "GET", **headers: str) -> Reply:
    return await made.ask(method, path, headers={**PERSON, **headers})


async def test_a_link_leads_where_its_owner_said_and_notes_who_came(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with linked(store) as (made, link, path):
        reply = await follow(made, path)
        assert not await store.note_click(link, "ann", 0), "it was noted"
    assert (reply.status, reply.headers["location"], reply.headers["cache-control"]) == (302, TARGET, "no-store")
    assert reply.headers["referrer-policy"] == "no-referrer"


async def test_what_only_looks_is_led_but_not_noted(store: TroubledStore, autojump_clock: Clock) -> None:
    async with linked(store) as (made, link, path):
        looks = [
            await follow(made, path, "HEAD"),
            await follow(made, path, **{"user-agent": "WhatsApp/2.23.20.0"}),
            await follow(made, path, **{"user-agent": ""}),
        ]
        assert await store.note_click(link, "ann", 0), "nobody came before"
    assert [(one.status, one.headers["location"]) for one in looks] == [(302, TARGET)] * 3


async def test_a_token_that_we_did_not_make_leads_nowhere(store: TroubledStore, autojump_clock: Clock) -> None:
    async with linked(store) as (made, link, path):
        wrong = [
            path[:-1] + ("A" if path[-1] != "A" else "Q"),
            "/l/" + token(b"x" * 32, "ann", link),
            "/l/" + token(await store.key(KEY), "ann", link + 1),
            "/l/https:%2F%2Fevil.example",
            "/l/" + "a" * 500,
        ]
        replies = [await follow(made, one) for one in wrong]
    assert {one.status for one in replies} == {404}
    assert all("location" not in one.headers for one in replies)


class Full(TroubledStore):
    """A disk that takes no more writes."""

    async def note_click(self, link: int, customer: str, at: Millis) -> bool:
        raise StoreBusy("full")


async def test_a_click_that_can_not_be_noted_keeps_nobody_from_the_page(autojump_clock: Clock) -> None:
    async with linked(Full(TrioClock())) as (made, _, path):
        assert (await follow(made, path)).status == 302


async def test_without_a_store_it_asks_to_come_again(store: TroubledStore, autojump_clock: Clock) -> None:
    async with linked(store) as (made, _, path):
        made.engine.running = None
        assert (await follow(made, path)).status == 503
