"""The contract of ``engine.ports.Store``: one suite that every backend runs.

A backend joins with a class of its own, ``class TestPostgres(StoreContract)``, and two fixtures: ``store``, an open and
empty one, and ``everything``, which returns all that it holds in a form that can be compared.
"""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from engine.address import DAY, Sender
from engine.commit import Timer
from engine.events import Inbound, Letter, TimerFired
from engine.ports import Store
from tests.storage.contract_accounts import Accounts
from tests.storage.contract_audience import AudiencesOfCampaigns
from tests.storage.contract_backoffice import BackOffices
from tests.storage.contract_books import OwnersBooks
from tests.storage.contract_campaigns import Campaigns
from tests.storage.contract_crew import Crew
from tests.storage.contract_events import EventsAndDoor
from tests.storage.contract_hearsay import Hearsay
from tests.storage.contract_held import HeldOrders
from tests.storage.contract_intents import Intents
from tests.storage.contract_invoices import Invoices
from tests.storage.contract_letters import OwnLetters
from tests.storage.contract_links import LinksOfCampaigns
from tests.storage.contract_money import Money
from tests.storage.contract_notices import OwnersNotices
from tests.storage.contract_outbox import Outbox
from tests.storage.contract_people import Merging
from tests.storage.contract_processing import Processes
from tests.storage.contract_refunds import RefundRules
from tests.storage.contract_reminders import Reminders
from tests.storage.contract_results import ResultsOfCampaigns
from tests.storage.contract_seats import SeatsAndHolds
from tests.storage.contract_stock import Stock
from tests.storage.contract_templates import Templates
from tests.storage.contract_turns import Turns
from tests.storage.contract_waiting import HeldMessages
from tests.storage.people import People, Visitors
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    DUPLICATE,
    NOW,
    SHOP,
    STALE,
    Everything,
    FixedClock,
    Talk,
    hold,
    letter,
    order,
    together,
)


class Waiting:
    """Letters that wait outside their mailbox."""

    async def test_a_parked_letter_is_kept_once(self, store: Store, everything: Everything) -> None:
        assert await store.park(letter("w1"), True, "crashed twice", NOW) is True
        before = await everything()
        assert await store.park(letter("w1"), True, "crashed twice", NOW) is False
        assert await Talk(store).commit(inbound_id="w1") == DUPLICATE
        assert await everything() == before
        (row,) = await store.parked(ANN, True, 10)
        assert (row.address, row.dead, row.why, row.at) == (ANN, True, "crashed twice", NOW)
        assert msgspec.json.decode(row.letter, type=Letter) == letter("w1")

    async def test_a_letter_that_is_done_is_not_parked(self, store: Store) -> None:
        await Talk(store).commit(inbound_id="w1")
        assert await store.park(letter("w1"), False, "quarantined", NOW) is False
        assert await store.parked(None, False, 10) == []

    async def test_parked_letters_come_in_order_of_arrival(self, store: Store) -> None:
        for name, address, dead in (("w1", ANN, False), ("w2", BEN, False), ("w3", ANN, True), ("w4", ANN, False)):
            await store.park(letter(name, address), dead, "", NOW)
        names = {
            (address, dead): [msgspec.json.decode(row.letter, type=Letter).inbound.id for row in rows]
            for address, dead in ((ANN, False), (ANN, True), (None, False))
            for rows in [await store.parked(address, dead, 10)]
        }
        assert names == {(ANN, False): ["w1", "w4"], (ANN, True): ["w3"], (None, False): ["w1", "w2", "w4"]}
        assert len(await store.parked(None, False, 2)) == 2

    @pytest.mark.parametrize(("fired", "left"), [(1, []), (2, ["tick"])], ids=["its own", "one set anew since"])
    async def test_parking_a_timers_letter_turns_that_timer_off(
        self, store: Store, fired: int, left: list[str]
    ) -> None:
        """Or it would fire for ever. ``fired`` is the turn that the letter names; the row is of turn 1."""
        timers = (Timer(ANN, "tick", NOW, 1), Timer(ANN, "other", NOW + 1, 1))
        await Talk(store).commit(timers=timers)
        inbound = Inbound(f"timer:{fired}", SHOP, Sender(), NOW, TimerFired("tick", fired))
        assert await store.park(Letter(ANN, inbound), True, "crashed twice", NOW) is True
        assert [timer.kind for timer in await store.due(NOW + 1, 10)] == [*left, "other"]

    async def test_a_replay_settles_its_row_once(self, store: Store, everything: Everything) -> None:
        await store.park(letter("w1"), True, "", NOW)
        (row,) = await store.parked(None, True, 1)
        talk = Talk(store)
        assert await talk.commit(parked_id=row.id, version=5) == STALE
        assert len(await store.parked(None, True, 1)) == 1
        assert await talk.commit(parked_id=row.id) is None
        before = await everything()
        assert await talk.commit(parked_id=row.id) == DUPLICATE
        assert await everything() == before
        assert await store.parked(None, True, 1) == []

    async def test_a_replay_that_crashes_again_keeps_its_row_and_place(self, store: Store) -> None:
        await store.park(letter("w1"), False, "quarantined", NOW)
        await store.park(letter("w2"), True, "crashed", NOW)
        (row,) = await store.parked(None, False, 1)
        assert await store.park(letter("w1", parked_id=row.id), True, "crashed again", NOW + 1) is True
        rows = await store.parked(None, True, 10)
        assert [(one.id, one.why, one.at) for one in rows] == [(row.id, "crashed again", NOW + 1), (2, "crashed", NOW)]
        assert await store.park(letter("w9", parked_id=999), True, "", NOW) is False

    async def test_a_quarantine_lasts_until_it_is_released(self, store: Store) -> None:
        await store.quarantine(ANN, "crashed 5 times", NOW)
        await store.quarantine(ANN, "crashed 6 times", NOW)
        await store.quarantine(BEN, "by hand", NOW)
        assert await store.quarantined() == {ANN: "crashed 6 times", BEN: "by hand"}
        await store.release(ANN)
        assert await store.quarantined() == {BEN: "by hand"}


class Upkeep:
    async def test_a_sweep_forgets_inbound_ids_after_eight_days(self, store: Store) -> None:
        talk = Talk(store)
        await talk.commit(inbound_id="old")
        talk.at = NOW + 1
        await talk.commit(inbound_id="new")
        assert await store.sweep(NOW + 8 * DAY) == 0
        assert await store.sweep(NOW + 8 * DAY + 1) == 1
        assert await talk.commit(inbound_id="new") == DUPLICATE
        assert await talk.commit(inbound_id="old") is None

    async def test_a_sweep_deletes_expired_holds_and_only_these(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        talk = Talk(store)
        await talk.commit(holds=(hold("h1", 1, lasts=1_000), hold("h2", 2, lasts=1_001)))
        assert await store.sweep(NOW + 1_000) == 1
        assert (await Talk(store, BEN).left(NOW + 1_000))["cake"] == 4

    async def test_a_large_sweep_goes_in_steps_and_to_the_end(self, store: Store) -> None:
        await together(*(partial(store.park, letter(f"w{n}"), False, "", NOW + n // 900) for n in range(2_500)))
        assert await store.sweep(NOW + 9 * DAY) == 2_500

    async def test_a_working_store_passes_its_check(self, store: Store) -> None:
        await store.check()
        await store.check()


class StoreContract(People, Turns, Stock, Outbox, Waiting, Upkeep):
    """All of it."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_an_order_is_told_with_everything_on_it(self, store: Store) -> None:
        placed = order(
            "WA1", name="Ann", phone="254700000001", address="12 Moi Ave", instructions="bell", cashier="Zed"
        )
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        await Talk(store).commit(orders=(placed,))
        assert await store.orders(SHOP, 1) == [placed]


class ShopContract(
    Visitors,
    StoreContract,
    HeldOrders,
    HeldMessages,
    Intents,
    Hearsay,
    Money,
    RefundRules,
    SeatsAndHolds,
    EventsAndDoor,
    OwnLetters,
    OwnersBooks,
    BackOffices,
    OwnersNotices,
    Reminders,
    Templates,
    Invoices,
    Accounts,
    Processes,
    Campaigns,
    Merging,
    Crew,
    AudiencesOfCampaigns,
    LinksOfCampaigns,
    ResultsOfCampaigns,
):
    """With money, seats and all that is kept beside conversations (engine.books)."""
