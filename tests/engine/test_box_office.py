"""The box office at work: holds that are over end, and whatever comes free is offered to whoever waits longest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import trio
import trio.testing

from engine import programme
from engine.address import Link
from engine.errors import StoreBusy
from engine.messages import Outcome, OutcomeClass, Outgoing
from engine.outbox import OutboxSettings
from engine.running import Running
from engine.scheduler import OFFER_SECONDS, SWEEP_SECONDS
from engine.tickets import BookingStatus, Programme
from tests.engine.scripted import SHOP, START, TrioClock, TroubledStore, customer_of, inbound, store
from tests.engine.sending import FAST, ScriptedChannel, moment, no_http
from tests.engine.shops import TICKETING_CSV, box_office
from tests.engine.world import read

__all__ = ["store"]

Clock = trio.testing.MockClock
CLEO, ANN, BEN = "254700000003", "254700000001", "254700000002"
SLACK = 100
"""Milliseconds for what the engine does in no time."""


class Phones(ScriptedChannel):
    """Remembers what each phone was sent, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[int, str, str]] = []

    async def send(self, http: object, row: Outgoing) -> Outcome:
        self.got.append((moment(), row.phone, read(row.message)))
        return Outcome(OutcomeClass.SENT, provider_id=f"p.{row.key}")

    def heard(self, phone: str, words: str) -> list[int]:
        """When this phone was told something with these words."""
        return [at for at, to, text in self.got if to == phone and words in text]


class House:
    """A ticket shop with so many seats left of one free event, open."""

    def __init__(self, made: Running, phones: Phones) -> None:
        self.running = made
        self.phones = phones

    async def say(self, phone: str, *lines: str) -> None:
        for line in lines:
            assert await self.running.post([inbound(line, phone=phone)]).wait()

    async def status(self, phone: str) -> list[str]:
        found = await self.running.store.bookings(SHOP, (), 100)
        mine = customer_of(Link("phone", phone)).customer
        return [one.status.value for one in found if one.customer == mine]

    async def number(self) -> str:
        """The number of the newest booking that stands."""
        return (await self.running.store.bookings(SHOP, (BookingStatus.CONFIRMED,), 1))[0].id


@asynccontextmanager
async def house(store: TroubledStore, seats: int) -> AsyncIterator[House]:
    events, _ = programme.read_csv(TICKETING_CSV.read_bytes(), "INR", START)
    food = next(one for one in events if one.id == "mumbai-food-fest")
    small = msgspec.structs.replace(food, capacity=seats)
    shop = msgspec.structs.replace(box_office(), name=SHOP, programme=Programme((small,)))
    await store.import_events(SHOP, "1", [small])
    phones = Phones()
    made = Running(store, {SHOP: shop}, {SHOP: phones}, {SHOP: FAST}, no_http, TrioClock(), OutboxSettings(lanes=4))
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        try:
            yield House(made, phones)
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


async def test_what_one_customer_gives_back_is_offered_to_the_first_who_waits_within_a_second(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with house(store, seats=2) as here:
        await here.say(CLEO, "search food", "1", "2", "Cleo", "yes")
        await here.say(ANN, "search food", "1", "2")
        await trio.sleep(1)
        await here.say(BEN, "search food", "1", "2")
        given_back = moment()
        await here.say(CLEO, f"cancel {await here.number()}")
        await trio.sleep(OFFER_SECONDS + 1)
        (told,) = here.phones.heard(ANN, "Good news")
        assert told - given_back <= OFFER_SECONDS * 1000 + SLACK
        assert here.phones.heard(BEN, "Good news") == []
        await here.say(ANN, "no")
        await trio.sleep(OFFER_SECONDS + 1)
        assert len(here.phones.heard(BEN, "Good news")) == 1
        assert await here.status(BEN) == ["held"]


async def test_a_hold_that_runs_out_is_told_within_a_minute_and_its_seats_go_on(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with house(store, seats=2) as here:
        await here.say(CLEO, "search food", "1", "2")
        await here.say(ANN, "search food", "1", "1")
        await trio.sleep(5 * 60 + SWEEP_SECONDS + 1)
        (warned,) = here.phones.heard(CLEO, "for 1 minute more")
        (ended,) = here.phones.heard(CLEO, "is over")
        assert warned == 4 * 60_000
        assert 5 * 60_000 <= ended <= 5 * 60_000 + SWEEP_SECONDS * 1000 + SLACK
        assert here.phones.heard(ANN, "Good news")
        await here.say(CLEO, "Cleo")
        await trio.sleep(1)
        assert here.phones.heard(CLEO, "Only 1 seat is left")


async def test_an_offer_that_nobody_takes_goes_round(store: TroubledStore, autojump_clock: Clock) -> None:
    async with house(store, seats=1) as here:
        await here.say(CLEO, "search food", "1", "1", "Cleo", "yes")
        for phone in (ANN, BEN):
            await here.say(phone, "search food", "1", "1")
            await trio.sleep(1)
        await here.say(CLEO, f"cancel {await here.number()}")
        await trio.sleep(10 * 60 + SWEEP_SECONDS + 5)
        assert here.phones.heard(ANN, "is over, so I let them go")
        assert here.phones.heard(BEN, "Good news")
        assert await here.status(ANN) == ["expired"]


async def test_a_store_that_is_busy_is_asked_again(store: TroubledStore, autojump_clock: Clock) -> None:
    async with house(store, seats=1) as here:
        await here.say(CLEO, "search food", "1", "1", "Cleo", "yes")
        await here.say(ANN, "search food", "1", "1")
        number = await here.number()
        store.trouble["offer_seats"].append(StoreBusy("full"))
        await here.say(CLEO, f"cancel {number}")
        await trio.sleep(2 * OFFER_SECONDS + 1)
        assert here.phones.heard(ANN, "Good news")


async def test_however_much_is_given_back_the_store_is_asked_at_most_once_a_second(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with house(store, seats=100) as here:
        before = store.calls["offer_seats"]
        for _ in range(50):
            await here.say(CLEO, "search food", "1", "1", "no")
        await trio.sleep(OFFER_SECONDS)
        assert 1 <= store.calls["offer_seats"] - before <= 2
