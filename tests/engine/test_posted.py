"""Letters of our own: durable, brought to their actors when they are due, until their turn is committed."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine import scheduler as scheduler_module
from engine.address import HOUR, MINUTE, Address
from engine.commit import Commit, Posted
from engine.errors import StoreBusy
from engine.orders import PaymentStatus
from engine.scheduler import RETRY_SECONDS, SWEEP_SECONDS
from engine.tickets import Booking, BookingStatus, TicketEvent
from tests.engine.scripted import (
    ANN,
    BEN,
    SHOP,
    START,
    Core,
    TroubledStore,
    core,
    letter,
    settled,
    store,
)
from tests.engine.test_scheduler import heard_at, scheduling, set_timers

__all__ = ["core", "store"]

Clock = trio.testing.MockClock


def note(text: str, to: Address = ANN, *, due: int = START) -> Posted:
    """A letter of our own that the scripted core hears as ``text``."""
    return Posted(letter(text, to, id=f"note:{to.customer}:{text}"), due)


async def test_a_letter_that_waits_at_the_start_is_brought_once(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await store.post([note("paid")])
    async with scheduling(store):
        await trio.sleep(600)
    assert core.heard == ["paid"]
    assert await store.posted(START + HOUR, 10) == []
    assert await store.said_to(ANN) == ("paid",)


async def test_a_letter_that_is_noted_is_brought_at_once(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await trio.sleep(5)
        await store.post([note("paid")])
        keeper.scheduler.note_now()
        await settled()
        assert await heard_at(core, "paid") == [5_000]


async def test_a_letter_for_later_comes_when_it_is_due(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with scheduling(store) as keeper:
        await store.post([note("later", due=START + 7_000), note("tomorrow", BEN, due=START + 24 * HOUR)])
        keeper.scheduler.note(START + 7_000)
        await trio.sleep(HOUR / 1000)
    assert await heard_at(core, "later") == [7_000]
    assert "tomorrow" not in core.heard


async def test_a_letter_for_later_comes_in_time_while_another_is_stuck_under_way(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with scheduling(store) as keeper:
        await store.post([note("stuck"), note("later", BEN, due=START + 3_000)])
        stuck = store.gate("commit")
        keeper.scheduler.note_now()
        await trio.sleep(10)
        assert await heard_at(core, "later") in ([3_000], [4_000])
        stuck.set()


async def test_a_letter_that_was_not_kept_comes_again(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    store.trouble["commit"].extend([StoreBusy("full"), StoreBusy("full")])
    await store.post([note("paid")])
    async with scheduling(store):
        await trio.sleep(60)
    assert await heard_at(core, "paid") == [0, round(RETRY_SECONDS * 1000), 2 * round(RETRY_SECONDS * 1000)]
    assert await store.said_to(ANN) == ("paid",)


async def test_a_letter_whose_turn_crashes_is_parked_and_does_not_come_for_ever(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    core.crash["paid"] = 1_000
    await store.post([note("paid")])
    async with scheduling(store):
        await trio.sleep(600)
    assert len(core.heard) == 2
    assert len(await store.parked(None, dead=True, limit=10)) == 1
    assert await store.posted(START + HOUR, 10) == []


async def test_a_flood_of_letters_goes_out_in_small_batches_and_starves_no_timer(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "BATCH", 10)
    monkeypatch.setattr(scheduler_module, "UNDER_WAY", 20)
    await set_timers(store, 5, START - HOUR)
    await store.post([note(str(number), Address(SHOP, f"d{number}")) for number in range(100)])
    gate = store.gate("commit")
    store.trouble["commit"].extend([gate] * 104)
    async with scheduling(store):
        await settled()
        assert core.heard.count("tick") == 5
        assert len(core.heard) == 25, "that many are under way at most"
        gate.set()
        await trio.sleep(1)
    assert sorted(core.heard) == sorted(["tick"] * 5 + [str(number) for number in range(100)])


async def test_one_customers_letters_are_turns_of_their_own_in_the_order_of_their_cause(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await store.post([note("second", due=START - 1), note("first", due=START - 2), note("third", due=START)])
    async with scheduling(store):
        await settled()
    assert await store.said_to(ANN) == ("first", "second", "third")


# -- upkeep of the box office ------------------------------------------------------------------------------------------
async def test_a_hold_that_is_over_is_swept_within_a_minute_and_its_customer_hears(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    event = TicketEvent("evt", "Concert", "Goa", "Hall", START + HOUR, "UTC", 10)
    assert await store.save_event(SHOP, event)
    held, unpaid = BookingStatus.HELD, PaymentStatus.UNPAID
    booking = Booking(
        *("BKG-AAAAAA", SHOP, "ben", "evt", "Concert", START + HOUR, 2, 0, "INR", held, unpaid, START),
        expires_at=START + MINUTE // 2,
    )
    assert await store.commit(Commit(BEN, 1, b'{"turn":1}', START, "wamid.1", bookings=(booking,))) is None
    async with scheduling(store):
        await trio.sleep(SWEEP_SECONDS + 1)
    assert (await store.bookings(SHOP, [], 1))[0].status is BookingStatus.EXPIRED
    assert await heard_at(core) == [round(SWEEP_SECONDS * 1000)]
