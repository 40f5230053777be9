"""What every store promises about seats: never oversold, right without any clean-up, offered in turn."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.address import DAY, MINUTE, Address
from engine.events import HoldEnded, SeatsOffered
from engine.facts import BookingNumbered, Conflict, ConflictKind, OwnBookings, OwnEntries, Seats
from engine.orders import PaymentStatus
from engine.ports import Store
from engine.tickets import BOOKING_MOVES, OFFER, BookingStatus, EntryStatus, EventStatus, booking_id
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
    entry,
    known,
    letters,
)
from tests.storage.values import BEN, NOW, SHOP, Everything, Talk, together

SOLD_OUT = Conflict(ConflictKind.SOLD_OUT, "gig")
LATER = NOW + 6 * MINUTE
"""When a hold of NOW is over."""


def moved(name: str) -> Conflict:
    return Conflict(ConflictKind.BOOKING_MOVED, name)


class SeatsAndHolds:
    async def free(self, store: Store, now: int = NOW) -> int:
        return (await known(store, Seats(), now=now)).seats["gig"]

    # -- what is free ----------------------------------------------------------------------------------------------
    async def test_what_is_booked_and_held_is_not_free(self, store: Store, ann: Talk, ben: Talk) -> None:
        assert (await known(store, Seats())).seats == {"gig": 6, "fest": 3}
        assert await ann.commit(bookings=(booking("B1", 2), booked("B2", 1), booking("B3", event="fest"))) is None
        assert (await known(store, Seats(), to=BEN)).seats == {"gig": 3, "fest": 2}
        assert await self.free(store, LATER) == 5, "a hold that is over takes nothing, swept or not"
        assert await store.booking(SHOP, "B1") == booking("B1", 2)

    async def test_a_hold_is_over_at_its_last_moment(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 2, lasts=1_000),))
        assert await self.free(store, NOW + 999) == 4
        assert await self.free(store, NOW + 1_000) == 6

    async def test_more_than_is_free_is_refused(self, ann: Talk, ben: Talk, everything: Everything) -> None:
        await ann.commit(bookings=(booking("B1", 2), booked("B2", 2)))
        before = await everything()
        assert await ben.commit(bookings=(booking("B3", 3, customer="ben"),)) == SOLD_OUT
        assert await ben.commit(bookings=(booked("B3", 3, customer="ben"),)) == SOLD_OUT
        assert await everything() == before
        assert await ben.commit(bookings=(booked("B3", 2, customer="ben"),)) is None

    async def test_bookings_of_one_turn_are_summed(self, ann: Talk) -> None:
        assert await ann.commit(bookings=(booking("B1", 4), booking("B2", 3))) == SOLD_OUT
        assert await ann.commit(bookings=(booking("B1", 4), booking("B2", 2))) is None

    async def test_an_event_that_is_cancelled_or_unknown_has_no_seats(self, store: Store, ann: Talk) -> None:
        await store.save_event(SHOP, replace(GIG, status=EventStatus.CANCELLED))
        assert await ann.commit(bookings=(booking("B1"),)) == SOLD_OUT
        assert await ann.commit(bookings=(booking("B1", event="zoo"),)) == Conflict(ConflictKind.SOLD_OUT, "zoo")
        assert (await known(store, Seats())).seats == {"fest": 3}

    async def test_seats_given_up_of_an_event_that_is_cancelled_are_not_free(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 2), booked("B2", 2)))
        await store.save_event(SHOP, replace(GIG, status=EventStatus.CANCELLED))
        for name, status in (("B1", HELD), ("B2", CONFIRMED)):
            give_up = (book_move(name, status, CANCELLED),)
            assert await ann.commit(booking_moves=give_up, bookings=(booking("B3"),)) == SOLD_OUT
            assert await ann.commit(booking_moves=give_up) is None

    async def test_a_bookings_id_can_be_taken_once(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booking("B1"),))
        taken = Conflict(ConflictKind.NUMBER_TAKEN, "B1")
        assert await ben.commit(bookings=(booking("B1", customer="ben"),)) == taken
        assert await ben.commit(bookings=(booking("B2"), booking("B2"))) == replace(taken, what="B2")

    async def test_a_hundred_at_once_get_six_seats(self, store: Store, ann: Talk) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(100)]
        wanted = [booking(f"B{n}", 1 + n % 3, customer=f"c{n}") for n in range(100)]
        ends = await together(*(partial(t.commit, bookings=(one,)) for t, one in zip(talks, wanted, strict=True)))
        got = sum(one.seats for one, end in zip(wanted, ends, strict=True) if end is None)
        assert got == 6, "whoever wants one seat gets the last one"
        assert set(ends) == {None, SOLD_OUT}
        assert await self.free(store) == 0

    # -- moves -----------------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("frm", BookingStatus)
    @pytest.mark.parametrize("to", BookingStatus)
    async def test_a_booking_moves_only_as_the_table_allows(
        self, store: Store, ann: Talk, frm: BookingStatus, to: BookingStatus
    ) -> None:
        await ann.commit(bookings=(booking("B1", status=frm),))
        allowed = to is frm or to in BOOKING_MOVES[frm]
        assert await ann.commit(booking_moves=(book_move("B1", frm, to),)) == (None if allowed else moved("B1"))
        assert (await booking_of(store, "B1")).status is (to if allowed else frm)

    async def test_a_booking_move_that_is_refused_leaves_no_trace(
        self, ann: Talk, ben: Talk, everything: Everything
    ) -> None:
        await ann.commit(bookings=(booking("B1"),))
        before = await everything()
        assert await ann.commit(booking_moves=(book_move("B1", CONFIRMED, CANCELLED),)) == moved("B1")
        assert await ben.commit(booking_moves=(book_move("B1", HELD, CANCELLED, customer="ben"),)) == moved("B1")
        assert await ann.commit(booking_moves=(book_move("B9", HELD, CANCELLED),)) == moved("B9")
        twice = (book_move("B1", HELD, CANCELLED), book_move("B1", HELD, CANCELLED))
        assert await ann.commit(booking_moves=twice) == moved("B1")
        assert await everything() == before

    async def test_a_booking_move_writes_what_it_says_and_leaves_the_rest(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 2, buyer="Ann", phone="254700000001"),))
        prolong = book_move("B1", HELD, HELD, expires_at=NOW + DAY, extended=True, buyer="Ann O'Neil")
        await ann.commit(booking_moves=(prolong,))
        pay = book_move("B1", HELD, CONFIRMED, payment=PaymentStatus.PAID, customer="ann")
        await ann.commit(booking_moves=(pay,))
        wanted = replace(
            booking("B1", 2, CONFIRMED, buyer="Ann O'Neil", phone="254700000001"),
            expires_at=NOW + DAY,
            extended=True,
            payment=PaymentStatus.PAID,
        )
        assert await store.booking(SHOP, "B1") == wanted
        assert await self.free(store) == 4

    async def test_seats_that_are_given_up_are_free(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booked("B1", 5), booking("B2", 1)))
        moves = (book_move("B1", CONFIRMED, CANCELLED), book_move("B2", HELD, CANCELLED))
        assert await ann.commit(booking_moves=moves) is None
        assert await ben.commit(bookings=(booked("B3", 6, customer="ben"),)) is None

    async def test_seats_given_up_can_be_booked_in_the_same_turn(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        change = (book_move("B1", HELD, CANCELLED),)
        assert await ann.commit(booking_moves=change, bookings=(booking("B2", 6),)) is None
        assert await self.free(store) == 0

    # -- late ------------------------------------------------------------------------------------------------------
    async def test_a_late_confirmation_takes_seats_that_are_free_anew(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        ann.at = ben.at = LATER
        await ben.commit(bookings=(booked("B2", 2, customer="ben"),))
        assert await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED),)) is None
        assert await self.free(store, LATER) == 0

    @pytest.mark.parametrize("theirs", [HELD, CONFIRMED])
    async def test_a_late_confirmation_is_refused_when_others_have_the_seats(
        self, ann: Talk, ben: Talk, everything: Everything, theirs: BookingStatus
    ) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        ann.at = ben.at = LATER
        assert await ben.commit(bookings=(booking("B2", 3, theirs, lasts=DAY, customer="ben"),)) is None
        before = await everything()
        assert await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED),)) == SOLD_OUT
        late = book_move("B1", HELD, HELD, expires_at=LATER + MINUTE)
        assert await ann.commit(booking_moves=(late,)) == SOLD_OUT
        assert await everything() == before
        assert await ann.commit(booking_moves=(book_move("B1", HELD, CANCELLED),)) is None, "what is over can end"

    async def test_a_hold_that_is_prolonged_in_time_needs_no_seats(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        await ben.commit(bookings=(booked("B2", 2, customer="ben"),))
        longer = book_move("B1", HELD, HELD, expires_at=NOW + DAY, extended=True)
        assert await ann.commit(booking_moves=(longer,)) is None
        ann.at = LATER
        assert await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED),)) is None

    async def test_a_hold_that_is_over_can_be_prolonged_while_seats_are_free(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        ann.at = LATER
        longer = book_move("B1", HELD, HELD, expires_at=NOW + DAY)
        assert await ann.commit(booking_moves=(longer,)) is None
        assert await self.free(store, LATER) == 2

    async def test_two_moves_of_one_booking_in_one_turn_take_its_seats_once(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        ann.at = LATER
        both = (book_move("B1", HELD, HELD, expires_at=NOW + DAY), book_move("B1", HELD, CONFIRMED))
        assert await ann.commit(booking_moves=both) is None
        assert await self.free(store, LATER) == 2

    async def test_two_late_confirmations_of_one_turn_are_summed(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booking("B1", 4),))
        ann.at = ben.at = LATER
        await ann.commit(bookings=(booking("B2", 4, lasts=6 * MINUTE + 1),))
        ann.at = NOW + 7 * MINUTE
        both = (book_move("B1", HELD, CONFIRMED), book_move("B2", HELD, CONFIRMED))
        assert await ann.commit(booking_moves=both) == SOLD_OUT
        assert await ann.commit(booking_moves=both[1:]) is None

    async def test_a_hundred_late_confirmations_at_once_get_six_seats(self, store: Store, ann: Talk) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(100)]
        for n, talk in enumerate(talks):
            assert await talk.commit(bookings=(booking(f"B{n}", lasts=n + 1, customer=f"c{n}"),), at=NOW + n) is None
            talk.at = NOW + DAY
        confirm = partial(book_move, frm=HELD, to=CONFIRMED)
        ends = await together(*(partial(t.commit, booking_moves=(confirm(f"B{n}"),)) for n, t in enumerate(talks)))
        assert ends.count(None) == 6
        assert ends.count(SOLD_OUT) == 94

    # -- sweeping --------------------------------------------------------------------------------------------------
    async def test_a_sweep_ends_holds_that_are_over_and_tells_their_customers(self, store: Store, ann: Talk) -> None:
        await ann.commit(bookings=(booking("B1", lasts=10), booking("B2", lasts=11), booked("B3")))
        assert await store.sweep_bookings(NOW + 10) == 1
        assert (await booking_of(store, "B1")).status is EXPIRED
        assert (await booking_of(store, "B2")).status is HELD
        assert await letters(store, NOW + 10) == {"hold-ended:B1": HoldEnded("B1")}
        assert await store.sweep_bookings(NOW + 10) == 0
        assert await ann.commit(booking_moves=(book_move("B1", HELD, CONFIRMED),)) == moved("B1")

    async def test_a_large_sweep_goes_to_the_end(self, store: Store, ann: Talk) -> None:
        for n in range(60):
            many = tuple([booking(f"B{n}-{m}", lasts=n + 1) for m in range(6)])
            assert await ann.commit(bookings=many, at=NOW + n) is None
        assert await store.sweep_bookings(NOW + DAY) == 360
        assert await store.sweep_bookings(NOW + DAY) == 0
        assert len(await store.bookings(SHOP, (EXPIRED,), 999)) == 360

    # -- the waiting list ------------------------------------------------------------------------------------------
    async def test_one_live_entry_per_customer_and_event(self, store: Store, ann: Talk, ben: Talk) -> None:
        assert await ann.commit(entries=(entry("E1", 2), entry("E2", event="fest", joined=1))) is None
        assert await ann.commit(entries=(entry("E3", 4, joined=9),)) is None
        await ben.commit(entries=(entry("E4", 1, "ben"),))
        wanted = (entry("E1", 4), entry("E2", event="fest", joined=1))
        assert (await known(store, OwnEntries())).entries == wanted, "the place is kept, only the seats are new"
        assert (await known(store, OwnEntries(), to=BEN)).entries == (entry("E4", 1, "ben"),)

    async def test_an_entry_that_is_put_again_replaces_itself(self, store: Store, ann: Talk) -> None:
        await ann.commit(entries=(entry("E1", 2),))
        await ann.commit(entries=(entry("E1", 3, joined=7),))
        assert (await known(store, OwnEntries())).entries == (entry("E1", 3, joined=7),), "whole"
        await ann.commit(entries=(entry("E1", 2),))
        gone = entry("E9", 4, status=EntryStatus.LEFT)
        await ann.commit(entries=(gone,))
        assert (await known(store, OwnEntries())).entries == (entry("E1", 2),), "another that is over says nothing"
        await ann.commit(entries=(entry("E1", 2, status=EntryStatus.LEFT),))
        assert (await known(store, OwnEntries())).entries == ()
        await ann.commit(entries=(entry("E2", 3, joined=5),))
        assert (await known(store, OwnEntries())).entries == (entry("E2", 3, joined=5),)

    async def test_free_seats_are_offered_in_turn_and_held(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booked("B1", 6),), entries=(entry("E1", 2, joined=5),))
        await ben.commit(entries=(entry("E2", 1, "ben", joined=1),))
        assert await store.offer_seats(NOW + 9) == 0
        ann.at = NOW + 9
        await ann.commit(booking_moves=(book_move("B1", CONFIRMED, CANCELLED),), bookings=(booked("B2", 5),))
        assert await store.offer_seats(NOW + 9) == 1
        name = booking_id("E2")
        wanted = replace(
            booking(name, customer="ben", phone="254700000001", entry="E2"), held_at=NOW + 9, expires_at=NOW + 9 + OFFER
        )
        assert await store.booking(SHOP, name) == wanted
        assert await letters(store, NOW + 9) == {f"offer:{name}": SeatsOffered("E2", name)}
        (offered,) = (await known(store, OwnEntries(), to=BEN)).entries
        assert (offered.status, offered.booking) == (EntryStatus.OFFERED, name)
        assert await self.free(store, NOW + 9) == 0
        assert await store.offer_seats(NOW + 9) == 0, "once"

    async def test_whoever_waits_longest_is_first(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booked("B1", 5),), entries=(entry("E1", joined=5),))
        await ben.commit(entries=(entry("E2", 1, "ben", joined=1),))
        assert await store.offer_seats(NOW) == 1
        assert [one.status for one in (await known(store, OwnEntries())).entries] == [EntryStatus.WAITING]

    async def test_whom_the_seats_do_not_suffice_for_is_passed_over_and_keeps_the_place(
        self, store: Store, ann: Talk, ben: Talk
    ) -> None:
        await ann.commit(bookings=(booked("B1", 4),), entries=(entry("E1", 3),))
        await ben.commit(entries=(entry("E2", 2, "ben", joined=1),))
        assert await store.offer_seats(NOW) == 1
        assert (await known(store, OwnEntries())).entries == (entry("E1", 3),)
        await ann.commit(booking_moves=(book_move("B1", CONFIRMED, CANCELLED),))
        assert await store.offer_seats(NOW) == 1
        assert (await known(store, OwnEntries())).entries[0].status is EntryStatus.OFFERED

    async def test_nothing_is_offered_of_events_that_are_cancelled_or_have_begun(self, store: Store, ann: Talk) -> None:
        await ann.commit(entries=(entry("E1"), entry("E2", event="fest"), entry("E3", event="zoo")))
        await store.save_event(SHOP, replace(GIG, status=EventStatus.CANCELLED))
        assert await store.offer_seats(FEST.starts_at) == 0
        assert await store.offer_seats(FEST.starts_at - 1) == 1

    async def test_an_offer_that_is_not_taken_lapses(self, store: Store, ann: Talk) -> None:
        await ann.commit(entries=(entry("E1", 2),))
        await store.offer_seats(NOW)
        assert await store.sweep_bookings(NOW + OFFER) == 1
        assert (await known(store, OwnEntries())).entries == ()
        assert set(await letters(store, NOW + OFFER)) == {
            f"offer:{booking_id('E1')}",
            f"hold-ended:{booking_id('E1')}",
        }
        await ann.commit(entries=(entry("E1", 2, joined=9),))
        assert await store.offer_seats(NOW + DAY) == 1, "who joins again is offered again, under a new id"
        assert (await booking_of(store, booking_id("E1:1"))).status is HELD

    @pytest.mark.parametrize(
        ("to", "ends"), [(CONFIRMED, EntryStatus.TAKEN), (CANCELLED, EntryStatus.LAPSED), (EXPIRED, EntryStatus.LAPSED)]
    )
    async def test_an_offers_entry_ends_with_its_booking(
        self, store: Store, ann: Talk, to: BookingStatus, ends: EntryStatus
    ) -> None:
        await ann.commit(entries=(entry("E1", 2),))
        await store.offer_seats(NOW)
        name = booking_id("E1")
        await ann.commit(booking_moves=(book_move(name, HELD, to),))
        assert (await known(store, OwnEntries())).entries == ()
        await ann.commit(entries=(entry("E2", 1, joined=9),))
        assert (await known(store, OwnEntries())).entries == (entry("E2", 1, joined=9),), "the first is over"

    # -- what is looked up -----------------------------------------------------------------------------------------
    async def test_a_turn_knows_its_own_bookings(self, store: Store, ann: Talk, ben: Talk) -> None:
        mine = [booking(f"B{n}", held_at=NOW + n // 2, status=EXPIRED if n == 1 else HELD) for n in range(4)]
        for one in mine:
            await ann.commit(bookings=(one,))
        await ben.commit(bookings=(booking("B9", customer="ben"),))
        assert (await known(store, OwnBookings(3))).bookings == tuple(mine[:0:-1])
        assert (await known(store, BookingNumbered("B1"))).bookings == (mine[1],)
        assert (await known(store, BookingNumbered("B9"))).bookings == ()
        both = await known(store, OwnBookings(1), BookingNumbered("B3"), BookingNumbered("B0"))
        assert [one.id for one in both.bookings] == ["B3", "B0"]

    async def test_bookings_come_newest_first_by_status_event_and_page(self, store: Store, ann: Talk) -> None:
        for n, status in enumerate((HELD, CONFIRMED, CANCELLED, HELD)):
            one = booking(f"B{n}", status=status, held_at=NOW + n, event="fest" if n == 3 else "gig")
            await ann.commit(bookings=(one,))
        assert [one.id for one in await store.bookings(SHOP, (), 9)] == ["B3", "B2", "B1", "B0"]
        assert [one.id for one in await store.bookings(SHOP, (), 2, 1)] == ["B2", "B1"]
        assert [one.id for one in await store.bookings(SHOP, (HELD, CONFIRMED), 9, event="gig")] == ["B1", "B0"]
        assert await store.bookings(SHOP, (CHECKED_IN,), 9) == []
        await ann.commit(bookings=(booking("B4", status=EXPIRED, held_at=NOW - 1),))
        assert [one.id for one in await store.bookings(SHOP, (), 9)][-1] == "B4"
        assert await store.bookings("kiosk", (), 9) == []
