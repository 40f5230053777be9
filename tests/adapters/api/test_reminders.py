"""Reminders are listed with what became of them; the owner sets one of their own, and takes one back."""

from __future__ import annotations

from datetime import UTC, datetime

import trio
import trio.testing
from msgspec.structs import replace

from engine.address import DAY, HOUR, MINUTE
from engine.quiet import NEVER
from engine.shop import Shop
from tests.adapters.api.office import ANN, Json, Office, office
from tests.engine.scripted import TroubledStore, store
from tests.engine.shops import bakery, dealer

__all__ = ["store"]

Clock = trio.testing.MockClock
PATH = "/api/admin/reminders"


def wakeful(shop: Shop) -> Shop:
    return replace(shop, terms=replace(shop.terms, quiet=NEVER))


def reminder(made: Office, after: int, text: str = "Your suit can be tried on tomorrow.") -> Json:
    due = datetime.fromtimestamp((made.clock.now() + after) / 1000, UTC)
    return {"phone": f"+{ANN}", "text": text, "due": due.isoformat()}


async def test_a_reminder_of_the_owners_comes_when_it_is_due(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, wakeful(bakery())) as made:
        await made.say("bakery", "hi")
        told = await made.ask("POST", PATH, reminder(made, HOUR), as_owner="bakery")
        assert (told.status, told.data["state"], told.data["text"]) == (201, "scheduled", reminder(made, 0)["text"])
        assert "suit" not in made.text("bakery")
        await trio.sleep(HOUR / 1000 + MINUTE / 1000)
        assert made.text("bakery").count("Your suit can be tried on tomorrow.") == 1
        found = await made.ask("GET", f"{PATH}/{told.data['id']}", as_owner="bakery")
        listed = await made.ask("GET", f"{PATH}?state=sent", as_owner="bakery")
        none = await made.ask("GET", f"{PATH}?state=scheduled", as_owner="bakery")
    assert (found.body["state"], found.body["message"], found.body["why"]) == ("sent", "sent", "")
    assert listed.data == [found.body]
    assert none.data == []


async def test_the_same_request_twice_is_one_reminder(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, wakeful(bakery())) as made:
        body, key = reminder(made, HOUR), {"idempotency-key": "k1"}
        first, second = [await made.ask("POST", PATH, body, as_owner="bakery", headers=key) for _ in range(2)]
        assert first.data == second.data
        assert len((await made.ask("GET", PATH, as_owner="bakery")).data) == 1


async def test_it_is_taken_back_until_it_was_sent(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, wakeful(bakery())) as made:
        await made.say("bakery", "hi")
        ids = [(await made.ask("POST", PATH, reminder(made, n * HOUR), as_owner="bakery")).data["id"] for n in (1, 5)]
        await trio.sleep(2 * HOUR / 1000)
        late, back, again = [
            await made.ask("POST", f"{PATH}/{one}/cancel", as_owner="bakery") for one in (ids[0], ids[1], ids[1])
        ]
        none = await made.ask("POST", f"{PATH}/note:nobody/cancel", as_owner="bakery")
        await trio.sleep(5 * HOUR / 1000)
    assert (late.status, late.body["message"]) == (409, "It can't be taken back any more: it was sent.")
    assert (back.status, back.data["state"], back.data["detail"]) == (200, "cancelled", "The owner took it back.")
    assert again.data == back.data
    assert none.status == 404
    assert made.text("bakery").count("Your suit") == 1


async def test_an_invoices_reminder_is_listed_and_can_be_taken_back(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    shop = dealer()
    async with office(store, replace(shop, terms=replace(shop.terms, ways=shop.terms.ways[:1]))) as made:
        await made.say("dealer", "10 opc 43", "1", "Asha Rao")
        (one,) = (await made.ask("GET", PATH, as_owner="dealer")).data
        assert (one["state"], one["id"].partition(":")[0]) == ("scheduled", "reminder")
        back = await made.ask("POST", f"{PATH}/{one['id']}/cancel", as_owner="dealer")
        assert back.data["state"] == "cancelled"
        await trio.sleep(9 * DAY / 1000)  # the last would come a week after the due day
    assert "friendly reminder" not in made.text("dealer")


async def test_what_can_t_be_is_refused_with_what_is_expected(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, bakery()) as made:
        for after in (-HOUR, 0, 400 * DAY):
            refused = await made.ask("POST", PATH, reminder(made, after), as_owner="bakery")
            assert (refused.status, refused.errors["due"]) == (
                *(400, "expected a moment that is still to come, within a year"),
            )
        empty = await made.ask("POST", PATH, reminder(made, HOUR, "  "), as_owner="bakery")
        assert (empty.status, list(empty.errors)) == (400, ["text"])
        assert (await made.ask("GET", PATH)).status == 401
        assert (await made.ask("GET", PATH, as_owner="bakery")).data == []
