"""What every store promises about the programme, the door and the figures of both."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.address import DAY, MINUTE
from engine.orders import PaymentStatus
from engine.ports import Store
from engine.tickets import BookingStatus, CheckIn, DoorAnswer, EventStatus
from tests.storage.things import (
    CANCELLED,
    CHECKED_IN,
    CONFIRMED,
    EXPIRED,
    FEST,
    GIG,
    HELD,
    book_move,
    booked,
    booking,
    booking_of,
)
from tests.storage.values import NOW, SHOP, Everything, FixedClock, Talk, together

OFF = EventStatus.CANCELLED


class EventsAndDoor:
    # -- events ----------------------------------------------------------------------------------------------------
    async def test_events_come_back_as_they_were_by_start(self, store: Store, ann: Talk) -> None:
        twin = replace(FEST, id="a-fest", description="Eat", image="https://x.test/i.png", cancel_hours=2)
        await store.save_event(SHOP, twin)
        assert await store.events(SHOP) == [twin, FEST, GIG]
        assert await store.events("kiosk") == []

    async def test_a_file_of_events_is_imported_once(self, store: Store, ann: Talk) -> None:
        assert await store.import_events(SHOP, "first", (replace(GIG, title="Other"),)) is False
        assert await store.events(SHOP) == [FEST, GIG]
        assert await store.import_events(SHOP, "second", (replace(GIG, title="Other"),)) is True
        assert await store.events(SHOP) == [FEST, replace(GIG, title="Other")], "who is not in the file stays"
        assert await store.import_events("kiosk", "first", (GIG,)) is True

    async def test_another_file_of_events_can_stand_in_for_the_configured_one(self, store: Store, ann: Talk) -> None:
        other = replace(GIG, title="Other")
        assert await store.import_events(SHOP, "first", (other,), always=True) is True
        assert await store.import_events(SHOP, "first", (GIG,)) is False
        assert await store.events(SHOP) == [FEST, other]
        assert await store.import_events(SHOP, "edited", (GIG,)) is True

    async def test_a_file_neither_revives_an_event_nor_takes_seats_away(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 2), booked("B2", 2)))
        await store.save_event(SHOP, replace(FEST, status=OFF))
        await store.import_events(SHOP, "second", (replace(FEST, title="New"), replace(GIG, capacity=3, title="New")))
        assert await store.events(SHOP) == [replace(FEST, status=OFF, title="New"), replace(GIG, title="New")]
        await store.import_events(SHOP, "third", (replace(GIG, capacity=4),))
        assert (await store.events(SHOP))[1].capacity == 4

    async def test_capacity_never_falls_below_what_is_taken(self, store: Store, ann: Talk, clock: FixedClock) -> None:
        await ann.commit(bookings=(booking("B1", 2), booked("B2", 2)))
        assert await store.save_event(SHOP, replace(GIG, capacity=3)) is False
        assert (await store.events(SHOP))[1] == GIG
        assert await store.save_event(SHOP, replace(GIG, capacity=4)) is True
        clock.at = NOW + 6 * MINUTE
        assert await store.save_event(SHOP, replace(GIG, capacity=2)) is True, "the hold is over"
        assert await store.save_event(SHOP, replace(GIG, capacity=2, status=OFF)) is True
        assert await store.save_event(SHOP, replace(GIG, status=EventStatus.ACTIVE)) is True

    @pytest.mark.parametrize("status", BookingStatus)
    async def test_an_event_that_anybody_booked_cannot_be_removed(
        self, store: Store, ann: Talk, status: BookingStatus
    ) -> None:
        await ann.commit(bookings=(booking("B1", status=status),))
        assert await store.remove_event(SHOP, "gig") is False
        assert await store.remove_event(SHOP, "fest") is True
        assert await store.remove_event(SHOP, "fest") is False
        assert await store.events(SHOP) == [GIG]

    # -- the door --------------------------------------------------------------------------------------------------
    async def test_the_first_scan_goes_in_and_another_is_there_already(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booked("B1", 2, buyer="Ann"),))
        first = DoorAnswer(CheckIn.IN, "B1", NOW + 5, name="Ann", seats=2)
        already = replace(first, result=CheckIn.ALREADY)
        assert await store.check_in(SHOP, "B1", "s1", "gig", NOW + 5) == first
        assert await store.check_in(SHOP, "B1", "s2", "gig", NOW + 9) == already
        assert await store.check_in(SHOP, "B1", "s1", "gig", NOW + 11) == first, "the same scan, retried"
        assert await store.check_in(SHOP, "B1", "s2", "", NOW + 12) == already
        found = await booking_of(store, "B1")
        assert (found.status, found.checked_in_at) == (CHECKED_IN, NOW + 5)

    async def test_of_many_scans_at_once_one_goes_in(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booked("B1"),))
        answers = await together(*(partial(store.check_in, SHOP, "B1", f"s{n}", "", NOW) for n in range(20)))
        assert [one.result for one in answers].count(CheckIn.IN) == 1
        assert [one.result for one in answers].count(CheckIn.ALREADY) == 19

    async def test_one_scan_of_two_bookings_is_two(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booked("B1"), booked("B2")))
        answers = [await store.check_in(SHOP, name, "s1", "", NOW) for name in ("B1", "B2")]
        assert [one.result for one in answers] == [CheckIn.IN, CheckIn.IN]

    @pytest.mark.parametrize(
        ("status", "why"), [(HELD, "not_confirmed"), (EXPIRED, "not_confirmed"), (CANCELLED, "cancelled")]
    )
    async def test_who_has_no_ticket_is_refused(self, store: Store, ann: Talk, status: BookingStatus, why: str) -> None:
        await ann.commit(bookings=(booking("B1", status=status),))
        answer = await store.check_in(SHOP, "B1", "s1", "gig", NOW)
        assert (answer.result, answer.why, answer.since) == (CheckIn.REFUSED, why, 0)
        assert (await booking_of(store, "B1")).status is status

    async def test_a_ticket_of_another_event_or_of_nothing_is_refused(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booked("B1"),))
        other = await store.check_in(SHOP, "B1", "s1", "fest", NOW)
        unknown = await store.check_in(SHOP, "B9", "s1", "", NOW)
        elsewhere = await store.check_in("kiosk", "B1", "s1", "", NOW)
        assert [one.why for one in (other, unknown, elsewhere)] == ["other_event", "unknown", "unknown"]
        assert (await booking_of(store, "B1")).status is CONFIRMED

    async def test_a_scan_keeps_its_first_answer(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1"),))
        refused = await store.check_in(SHOP, "B1", "s1", "gig", NOW)
        assert await store.check_in(SHOP, "B9", "s1", "", NOW) == await store.check_in(SHOP, "B9", "s1", "", NOW)
        await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED),))
        assert await store.check_in(SHOP, "B1", "s1", "gig", NOW) == refused
        assert (await store.check_in(SHOP, "B1", "s2", "gig", NOW)).result is CheckIn.IN

    # -- figures ---------------------------------------------------------------------------------------------------
    async def test_metrics_count_what_stands_now(
        self, store: Store, ann: Talk, clock: FixedClock, everything: Everything
    ) -> None:
        assert await store.metrics(SHOP) == {
            "events": 2,
            "seats": 9,
            "held": 0,
            "confirmed": 0,
            "checked_in": 0,
            "bookings": 0,
            "revenue": 0,
        }
        paid = PaymentStatus.PAID
        await ann.commit(bookings=(booking("B1", 2), booking("B2", 1, lasts=1), booked("B3", 2, payment=paid)))
        await ann.commit(bookings=(booked("B4", 1), booking("B5", 1, CANCELLED, payment=PaymentStatus.REFUNDED)))
        await ann.commit(bookings=(booked("B6", 1, event="fest", price=0, payment=paid),), at=NOW + 1)
        await store.check_in(SHOP, "B6", "s1", "", NOW)
        await store.save_event(SHOP, replace(FEST, status=OFF))
        clock.at = NOW + 1
        assert await store.metrics(SHOP) == {
            "events": 1,
            "seats": 6,
            "held": 2,
            "confirmed": 3,
            "checked_in": 1,
            "bookings": 3,
            "revenue": 2 * 79_900,
        }
        assert (await store.metrics("kiosk"))["events"] == 0

    async def test_metrics_count_a_hold_by_its_time_alone(self, store: Store, ann: Talk) -> None:
        """Written late, when it was over, for an event that nobody knows: the clock says whether it counts."""
        assert await ann.commit(bookings=(booking("B1", 2, event="nowhere"),), at=NOW + DAY) is None
        assert (await store.metrics(SHOP))["held"] == 2
