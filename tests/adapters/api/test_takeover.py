"""A person answers instead of the bot: taken and given back by API, or by what the owner says from the shop's phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio.testing

from engine.address import HOUR, Link, Sender
from engine.events import Inbound, OwnerEchoed, TextSaid
from engine.orders import Customer
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


async def test_a_customer_is_taken_and_given_back_by_number_before_the_first_word(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """In every kind of shop; who is in human hands is listed though the conversation stands at its beginning."""
    async with office(store) as made:
        for shop in made.shops:
            taken = await made.ask("POST", "/api/admin/take", {"phone": f"+{ANN}"}, as_owner=shop)
            assert (taken.status, taken.data) == (200, {"id": made.address(shop).customer, "human": True})
            await made.say(shop, "hi")
            assert made.said(shop) == []
            (session,) = (await made.ask("GET", "/api/admin/sessions", as_owner=shop)).data
            assert (session["phone"], session["humanUntil"] is not None) == (ANN, True)
            back = await made.ask("POST", "/api/admin/give-back", {"phone": ANN}, as_owner=shop)
            assert (back.status, back.data["human"]) == (200, False)
            await made.say(shop, "hi")
            assert made.said(shop) != []


async def test_a_number_that_is_none_is_refused(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", "/api/admin/take", {"phone": "Ann"}, as_owner="bakery")
    assert (reply.status, set(reply.errors)) == (400, {"phone"})


async def test_who_is_known_by_a_card_only_can_be_taken(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await store.save_customers("dealer", [Customer("c1", "dealer", "Kamau")])
        reply = await made.ask("POST", "/api/admin/customers/c1/take", as_owner="dealer")
    assert (reply.status, reply.data) == (200, {"id": "c1", "human": True})


async def test_the_id_of_one_who_is_another_by_now_still_finds_them(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await made.say("bakery", "hi", "1, 2", "done", "Ann")
        only_user = Inbound("u1", "bakery", Sender(user_id="KE.7"), made.clock.now(), TextSaid("hi"))
        assert await made.running.post([only_user]).wait()
        (gone,) = await store.customers_for("bakery", [Link("user", "KE.7")])
        both = Inbound("b1", "bakery", Sender(phone=ANN, user_id="KE.7"), made.clock.now(), TextSaid("help"))
        assert await made.running.post([both]).wait()
        reply = await made.ask("POST", f"/api/admin/customers/{gone}/take", as_owner="bakery")
        assert (reply.status, reply.data["id"]) == (200, made.address("bakery").customer)
        (session,) = (await made.ask("GET", SESSIONS, as_owner="bakery")).data
        assert session["humanUntil"] is not None
