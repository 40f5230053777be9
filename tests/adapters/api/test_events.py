"""Events that the owner plans, changes and calls off: on sale in the next turn, and nobody left with a dead ticket."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from engine.tickets import BookingStatus
from tests.adapters.api.office import ANN, BEN, Json, Office, Reply, office
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
NIGHT: Json = {
    "id": "jazz-night",
    "title": "Jazz Night",
    "city": "Pune",
    "venue": "Blue Hall",
    "startsAt": "2025-12-05T19:30:00+05:30",
    "timezone": "Asia/Kolkata",
    "capacity": 3,
    "price": 0,
    "category": "music",
    "description": "Three sets.",
    "image": "https://shop.example.test/jazz.png",
    "cancelHours": 12,
    "status": "active",
}


async def plan(made: Office, **changed: Any) -> Reply:
    """Plan the usual event; fields that are None are left out."""
    body = {name: value for name, value in (NIGHT | changed).items() if value is not None}
    return await made.ask("POST", "/admin/events", body, as_owner="tickets")


async def put(made: Office, event: str = "jazz-night", **changed: Any) -> Reply:
    body = {name: value for name, value in (NIGHT | changed).items() if name != "id" and value is not None}
    return await made.ask("PUT", f"/admin/events/{event}", body, as_owner="tickets")


async def book(made: Office, seats: int = 1, phone: str = ANN, words: str = "jazz") -> str:
    """A customer books a free event; the booking's number."""
    await made.say("tickets", f"search {words}", "1", str(seats), "Asha", "yes", phone=phone)
    found = await made.store.bookings("tickets", (BookingStatus.CONFIRMED,), 1)
    return found[0].id if found else ""


# -- planned ---------------------------------------------------------------------------------------------------------
async def test_an_event_is_shown_as_it_was_planned(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await plan(made, price=799.5)
        seen = await made.ask("GET", "/admin/events/jazz-night", as_owner="tickets")
        listed = await made.ask("GET", "/admin/events?pageSize=200", as_owner="tickets")
    assert (reply.status, reply.body["message"]) == (201, "The event Jazz Night is on sale.")
    assert reply.data == NIGHT | {"price": 799.5, "currency": "INR"}
    assert seen.body == reply.data
    assert seen.body in listed.data
    assert [one["startsAt"] for one in listed.data] == sorted(one["startsAt"] for one in listed.data)


async def test_it_is_on_sale_in_the_next_turn_of_somebody_who_is_awake(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await made.say("tickets", "search jazz")
        before = made.text("tickets")
        await plan(made)
        await made.say("tickets", "search jazz")
    assert "Jazz Night" not in before
    assert "Jazz Night" in made.text("tickets")


async def test_an_event_without_an_id_gets_one_and_what_is_left_out_is_usual(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    left_out = dict.fromkeys(("id", "venue", "price", "category", "description", "image", "cancelHours", "status"))
    async with office(store) as made:
        first, second = await plan(made, **left_out), await plan(made, **left_out)
    assert first.data["id"] != second.data["id"]
    assert (first.data["price"], first.data["cancelHours"], first.data["status"]) == (0, 24, "active")


async def test_an_id_is_taken_once_whoever_is_first(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made, trio.open_nursery() as nursery:

        async def one() -> None:
            replies.append(await plan(made))

        for _ in range(5):
            nursery.start_soon(one)
    assert sorted(one.status for one in replies) == [201, 409, 409, 409, 409]


async def test_the_same_key_plans_one_event(store: TroubledStore, autojump_clock: Clock) -> None:
    body = {name: value for name, value in NIGHT.items() if name != "id"}
    async with office(store) as made:
        before = len(await store.events("tickets"))
        replies = [
            await made.ask("POST", "/admin/events", body | more, as_owner="tickets", headers={"Idempotency-Key": "k"})
            for more in ({}, {}, {"title": "Another Night"})
        ]
        assert len(await store.events("tickets")) == before + 1
    assert [one.status for one in replies] == [201, 201, 422]
    assert replies[0].body == replies[1].body


async def test_every_faulty_field_of_an_event_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    faulty: Json = {
        "id": "a b",
        "title": " ",
        "city": "",
        "venue": "x\ny",
        "startsAt": "2025-12-05T19:30:00",
        "timezone": "Mars/Olympus",
        "capacity": 0,
        "price": -1,
        "category": "x" * 61,
        "description": "\x00",
        "image": "http://shop.example.test/a.png",
        "cancelHours": 9_000,
        "status": "postponed",
        "seats": 5,
    }
    async with office(store) as made:
        reply = await plan(made, **faulty)
    assert (reply.status, set(reply.errors)) == (400, set(faulty))
    assert "jazz" not in str(await store.events("tickets"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("startsAt", one) for one in ("tomorrow", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", 5, "")),
        *(("timezone", one) for one in ("", "America", "../etc/passwd", "Asia/kolkata/x", "/usr/share/zoneinfo/UTC")),
        *(("price", one) for one in (0.001, 1e12, "5", True)),
        *(("capacity", one) for one in (1_000_001, 1.5, "3")),
        *(("id", one) for one in ("x" * 65, "a/b", "-a", "é")),
    ],
)
async def test_a_faulty_field_of_an_event_is_named(
    store: TroubledStore, autojump_clock: Clock, field: str, value: object
) -> None:
    async with office(store) as made:
        reply = await plan(made, **{field: value})
    assert (reply.status, list(reply.errors)) == (400, [field])


# -- changed ---------------------------------------------------------------------------------------------------------
async def test_a_change_reaches_the_next_turn_and_bookings_keep_what_was_sold(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await plan(made)
        booking = await book(made)
        reply = await put(made, title="Jazz Night, late", price=100)
        await made.say("tickets", "search jazz", phone=BEN)
        kept = await made.ask("GET", f"/admin/bookings/{booking}", as_owner="tickets")
    assert (reply.status, reply.data["title"]) == (200, "Jazz Night, late")
    assert "Jazz Night, late" in made.text("tickets", BEN)
    assert (kept.body["title"], kept.body["price"]) == ("Jazz Night", 0)


async def test_the_capacity_never_goes_below_what_is_sold(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        await book(made, 2)
        refused = await put(made, capacity=1)
        taken = await put(made, capacity=2)
    assert (refused.status, list(refused.errors), taken.status) == (409, ["capacity"], 200)
    assert made.shops["tickets"].programme.by_id["jazz-night"].capacity == 2


@pytest.mark.parametrize("event", ["nothing", "a%20b", "%00", "x" * 65])
async def test_an_unknown_event_is_404(store: TroubledStore, autojump_clock: Clock, event: str) -> None:
    async with office(store) as made:
        replies = [
            await made.ask("GET", f"/admin/events/{event}", as_owner="tickets"),
            await put(made, event),
            await made.ask("DELETE", f"/admin/events/{event}", as_owner="tickets"),
        ]
    assert [one.status for one in replies] == [404, 404, 404]


# -- ended -----------------------------------------------------------------------------------------------------------
async def test_an_event_that_nobody_booked_is_deleted(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        gone = await made.ask("DELETE", "/admin/events/jazz-night", as_owner="tickets")
        again = await made.ask("DELETE", "/admin/events/jazz-night", as_owner="tickets")
        await made.say("tickets", "search jazz")
    assert (gone.status, gone.data, again.status) == (200, {"id": "jazz-night"}, 404)
    assert "Jazz Night" not in made.text("tickets")


async def test_a_sold_event_can_only_be_called_off_and_everybody_hears_it(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await plan(made)
        bookings = [await book(made, 1, phone) for phone in (ANN, BEN)]
        refused = await made.ask("DELETE", "/admin/events/jazz-night", as_owner="tickets")
        reply = await put(made, status="cancelled")
        await settled()
        again = await put(made, status="cancelled")
        back = await put(made, status="active")
        await made.say("tickets", "search jazz", phone="254700000003")
        found = await store.bookings("tickets", (), 10, 0, "jazz-night")
    assert (refused.status, reply.status, again.status, back.status) == (409, 200, 200, 409)
    assert reply.body["message"] == "The event is cancelled; 2 bookings end with it."
    assert again.body["message"] == "The event is cancelled; 0 bookings end with it."
    assert {(one.id, one.status) for one in found} == {(one, BookingStatus.CANCELLED) for one in bookings}
    for phone, booking in zip((ANN, BEN), bookings, strict=True):
        assert made.text("tickets", phone).count(f"(*{booking}*) had to be cancelled") == 1
    assert "Jazz Night" not in made.text("tickets", "254700000003")
