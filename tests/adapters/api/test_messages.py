"""What the owner of a bakery says by API, and who stands where."""

from __future__ import annotations

import pytest
import trio.testing

from tests.adapters.api.office import ANN, BEN, office
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
TEXT, MENU, SESSIONS = (f"/api/whatsapptest/{name}" for name in ("send-text", "send-menu", "sessions"))


@pytest.mark.parametrize("basic", [False, True])
async def test_a_text_goes_to_a_number_that_never_wrote(
    store: TroubledStore, autojump_clock: Clock, basic: bool
) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", TEXT, {"to": f"+{ANN}", "text": "Ready!"}, as_owner="bakery", basic=basic)
        await settled()
    assert reply.status == 200
    assert reply.data == {"to": f"+{ANN}", "customerId": made.address("bakery").customer}
    assert made.text("bakery") == "Ready!"
    rows = [row for commit in store.commits for row in commit.outbox]
    assert [row.phone for row in rows] == [ANN]
    assert made.channels["bakery"].accepted == [], "WhatsApp takes no free text: it waits until they write"


async def test_the_menu_begins_the_flow(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", MENU, {"to": ANN}, as_owner="bakery")
        await made.say("bakery", "1, 2")
    assert reply.status == 200
    assert "Chocolate Chip Cookie" in made.text("bakery")
    assert "2 × Chocolate Chip Cookie" in made.text("bakery")


async def test_a_text_leaves_the_customer_where_they_stand(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await made.say("bakery", "hi", "1, 2", "done")
        await made.ask("POST", TEXT, {"to": ANN, "text": "Hello"}, as_owner="bakery")
        sessions = await made.ask("GET", SESSIONS, as_owner="bakery")
    assert [(one["phone"], one["state"]) for one in sessions.data] == [(ANN, "awaiting_name")]


async def test_the_same_key_says_it_once_and_another_text_under_it_is_refused(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        for text, status in (("one", 200), ("one", 200), ("two", 422)):
            body, headers = {"to": ANN, "text": text}, {"Idempotency-Key": "k"}
            assert (await made.ask("POST", TEXT, body, as_owner="bakery", headers=headers)).status == status
        await made.ask("POST", TEXT, {"to": ANN, "text": "one"}, as_owner="bakery")
    assert made.text("bakery") == "one\none"


@pytest.mark.parametrize("text", ["", "   ", "x" * 4_097, "a\x00b", "a\u0600\ue000", 5, None])
async def test_a_text_that_can_not_be_said_is_named(store: TroubledStore, autojump_clock: Clock, text: object) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", TEXT, {"to": "x", "text": text}, as_owner="bakery")
    assert (reply.status, set(reply.errors)) == (400, {"to", "text"})


async def test_who_is_in_which_state_since_when_the_latest_first(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await made.say("bakery", "hi")
        made.clock.jump += 60_000
        await made.say("bakery", "hi", "1, 1", "done", phone=BEN)
        sessions = await made.ask("GET", SESSIONS, as_owner="bakery", basic=True)
        one = await made.ask("GET", f"{SESSIONS}?limit=1", as_owner="bakery")
        none = await made.ask("GET", f"{SESSIONS}?limit=0", as_owner="bakery")
    assert [(one["phone"], one["state"]) for one in sessions.data] == [(BEN, "awaiting_name"), (ANN, "awaiting_order")]
    assert sessions.data[0]["since"] > sessions.data[1]["since"]
    assert one.data == sessions.data[:1]
    assert none.status == 400
