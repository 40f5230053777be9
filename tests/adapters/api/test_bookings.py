"""Bookings and reservations as the owner sees them, cancelled by them, and their figures."""

from __future__ import annotations

import pytest
import trio.testing

from engine.address import MINUTE
from tests.adapters.api.office import ANN, BEN, office
from tests.adapters.api.test_events import book, plan
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


async def test_a_booking_is_shown_as_sold(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        booking = await book(made, 2)
        one = await made.ask("GET", f"/admin/bookings/{booking}", as_owner="tickets")
        listed = await made.ask("GET", "/admin/bookings", as_owner="tickets")
    assert listed.data == [one.body]
    assert {name: one.body[name] for name in one.body if name not in ("heldAt", "customerId")} == {
        "id": booking,
        "event": "jazz-night",
        "title": "Jazz Night",
        "startsAt": "2025-12-05T19:30:00+05:30",
        "seats": 2,
        "price": 0,
        "totalAmount": 0,
        "currency": "INR",
        "status": "confirmed",
        "payment": one.body["payment"],
        "name": "Asha",
        "phone": ANN,
        "checkedInAt": None,
    }


async def test_bookings_are_narrowed_by_status_and_event(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        first = await book(made)
        made.clock.jump += 1_000
        second = await book(made, phone=BEN)
        await made.ask("POST", f"/admin/bookings/{first}/cancel", {}, as_owner="tickets")
        found = {}
        for asked in ("", "status=cancelled", "status=confirmed", "event=jazz-night", "event=nothing"):
            reply = await made.ask("GET", f"/admin/bookings?{asked}", as_owner="tickets")
            found[asked] = [one["id"] for one in reply.data]
    assert found == {
        "": [second, first],
        "status=cancelled": [first],
        "status=confirmed": [second],
        "event=jazz-night": [second, first],
        "event=nothing": [],
    }


async def test_the_owner_cancels_a_booking_and_its_customer_hears_why(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await plan(made)
        booking = await book(made, 3)
        body = {"why": "The hall is flooded."}
        reply = await made.ask("POST", f"/admin/bookings/{booking}/cancel", body, as_owner="tickets")
        again = await made.ask("POST", f"/admin/bookings/{booking}/cancel", as_owner="tickets")
        taken = await book(made, 3, BEN)
    assert (reply.status, reply.data["status"]) == (200, "cancelled")
    assert (again.status, again.body["message"]) == (
        409,
        f"Booking {booking} is cancelled, so it can't be cancelled.",
    )
    assert f"(*{booking}*) had to be cancelled" in made.text("tickets")
    assert "The hall is flooded." in made.text("tickets")
    assert taken != booking, "the seats are free again"


@pytest.mark.parametrize("body", [{"why": "x" * 501}, {"why": "\x00"}, {"why": None}, {"reason": "x"}])
async def test_a_faulty_reason_is_400(store: TroubledStore, autojump_clock: Clock, body: dict[str, object]) -> None:
    async with office(store) as made:
        assert (await made.ask("POST", "/admin/bookings/BKG-222222/cancel", body, as_owner="tickets")).status == 400


@pytest.mark.parametrize("booking", ["BKG-222222", "BKG-OOOOOO", "bkg-222222", "%00"])
async def test_an_unknown_booking_is_404(store: TroubledStore, autojump_clock: Clock, booking: str) -> None:
    async with office(store) as made:
        assert (await made.ask("GET", f"/admin/bookings/{booking}", as_owner="tickets")).status == 404
        assert (await made.ask("POST", f"/admin/bookings/{booking}/cancel", as_owner="tickets")).status == 404


async def test_reservations_tell_what_became_of_each_hold(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        booked = await book(made)
        await made.say("tickets", "search jazz", "1", "1", phone=BEN)
        held = await made.ask("GET", "/admin/reservations?status=held", as_owner="tickets")
        made.clock.jump += 6 * MINUTE
        late = await made.ask("GET", "/admin/reservations?status=held", as_owner="tickets")
        await store.sweep_bookings(made.clock.now())
        expired = await made.ask("GET", "/admin/reservations?status=expired", as_owner="tickets")
        confirmed = await made.ask("GET", "/admin/reservations?status=confirmed&event=jazz-night", as_owner="tickets")
        everything = await made.ask("GET", "/admin/reservations", as_owner="tickets")
        wrong = await made.ask("GET", "/admin/reservations?status=checked_in", as_owner="tickets")
    hold = held.data[0]["id"]
    assert (held.data[0]["status"], late.data[0]["status"], expired.data[0]["status"]) == ("held", "expired", "expired")
    assert [one["id"] for one in expired.data] == [hold]
    assert [one["id"] for one in confirmed.data] == [booked]
    assert {one["id"] for one in everything.data} == {hold, booked}
    assert wrong.status == 400


async def test_figures_of_what_is_on_sale(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        await book(made, 2)
        await made.say("tickets", "search jazz", "1", "1", phone=BEN)
        reply = await made.ask("GET", "/admin/metrics", as_owner="tickets")
    assert reply.body == {
        "events": 6,
        "seats": 963,
        "held": 1,
        "confirmed": 2,
        "checkedIn": 0,
        "bookings": 1,
        "revenue": 0,
        "currency": "INR",
    }
