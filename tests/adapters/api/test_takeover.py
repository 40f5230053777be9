"""A person answers instead of the bot: taken and given back by API, or by what the owner says from the shop's phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio.testing

from engine.address import HOUR, Sender
from engine.events import Inbound, OwnerEchoed
from tests.adapters.api.office import ANN, Office, office
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
SESSIONS = "/api/whatsapptest/sessions"


@asynccontextmanager
async def talking(store: TroubledStore) -> AsyncIterator[tuple[Office, str]]:
    """A customer at the bakery's counter, and the path of their card."""
    async with office(store) as made:
        await made.say("bakery", "hi", "1, 2")
        await settled()
        yield made, f"/api/admin/customers/{made.address('bakery').customer}"


async def echo(made: Office, id: str, text: str) -> None:
    """The owner answers from the shop's own phone."""
    inbound = Inbound(id, "bakery", Sender(phone=ANN), made.clock.now(), OwnerEchoed(text))
    assert await made.running.post([inbound]).wait()


async def test_a_customer_who_is_taken_hears_nothing_of_the_bot_until_given_back(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with talking(store) as (made, card):
        before = len(made.said("bakery"))
        taken = await made.ask("POST", f"{card}/take", as_owner="bakery")
        assert (taken.status, taken.data["human"]) == (200, True)
        await made.say("bakery", "cart")
        assert len(made.said("bakery")) == before
        (session,) = (await made.ask("GET", SESSIONS, as_owner="bakery")).data
        assert session["humanUntil"] is not None
        back = await made.ask("POST", f"{card}/give-back", as_owner="bakery")
        assert (back.status, back.data["human"]) == (200, False)
        await made.say("bakery", "done")
        assert "name" in made.text("bakery")
        (session,) = (await made.ask("GET", SESSIONS, as_owner="bakery")).data
        assert session["humanUntil"] is None


async def test_nobody_takes_who_never_wrote(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", f"/api/admin/customers/c{'0' * 18}/take", as_owner="bakery")
    assert reply.status == 404


async def test_an_answer_from_the_shops_phone_takes_over_and_its_word_hands_back(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with talking(store) as (made, _):
        await echo(made, "e1", "I can help you with that.")
        before = len(made.said("bakery"))
        await made.say("bakery", "menu")
        assert len(made.said("bakery")) == before, "a customer's word does not hand back"
        await echo(made, "e2", " Bot ")
        await made.say("bakery", "cart")
        assert len(made.said("bakery")) > before


async def test_replies_that_have_not_left_yet_stay_unsaid_and_news_of_orders_do_not(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with talking(store) as (made, _):
        made.running.outbox.lines.desks["bakery"].paused_until = float("inf")
        await made.say("bakery", "cart")
        (reply,) = store.commits[-1].outbox
        await echo(made, "e1", "I can help you with that.")
        made.running.outbox.resume("bakery")
        await trio.sleep(HOUR / 1000)
        found = await store.outbox_row(reply.key)
        assert found is not None
        assert (found.state, "person" in found.reason) == ("skipped", True)
        assert found.outgoing.attempts == 0


async def test_what_the_bot_says_of_the_takeover_itself_is_sent(store: TroubledStore, autojump_clock: Clock) -> None:
    async with talking(store) as (made, _):
        await made.say("bakery", "agent")
        await settled()
        rows = [row for commit in store.commits for row in commit.outbox]
        found = await store.outbox_row(rows[-1].key)
        assert found is not None
        assert found.state == "sent"
