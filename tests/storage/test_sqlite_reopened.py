"""Money, seats and letters of our own after a process ended and another one opened its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.address import DAY
from engine.facts import Conflict, ConflictKind, Seats
from engine.payments import IntentStatus
from storage.sqlite import open_sqlite
from tests.storage.things import PROGRAMME, booked, booking, intent, intent_of, known, news, own_letter
from tests.storage.values import BEN, NOW, SHOP, FixedClock, Talk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


async def test_what_was_being_asked_for_is_asked_about_and_never_charged_again(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await Talk(store).commit(intents=(intent("i1"), intent("i2")))
        await store.claim_charges(["i1"], NOW)
    clock.at = NOW + 60_000
    async with open_sqlite(path, clock) as store:
        assert [one.id for one in await store.charges(10)] == ["i2"]
        assert (await intent_of(store, "i1")).status is IntentStatus.PENDING
        assert await store.silent_charges(NOW + 60_000, 10) == []
        assert [one.id for one in await store.silent_charges(NOW + 60_001, 10)] == ["i1"]


async def test_seats_money_and_letters_are_there_after_opening_again(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        await store.import_events(SHOP, "first", PROGRAMME)
        await Talk(store).commit(bookings=(booking("B1", 2), booked("B2", 3)), posted=(own_letter("n1"),))
        await store.record(SHOP, news(), NOW)
        key_then = await store.key("tickets")
    async with open_sqlite(path, clock) as store:
        assert (await known(store, Seats())).seats == {"gig": 1, "fest": 3}
        assert (await known(store, Seats(), now=NOW + DAY)).seats["gig"] == 3
        refused = await Talk(store, BEN).commit(bookings=(booking("B3", 2, customer="ben"),))
        assert refused == Conflict(ConflictKind.SOLD_OUT, "gig")
        assert await store.posted(NOW, 9) == [own_letter("n1").letter]
        assert await store.record(SHOP, news(), NOW) is False
        assert await store.key("tickets") == key_then
