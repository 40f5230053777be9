"""Two customers who are found to be one: all that the younger had is the elder's, in one commit."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from engine.address import Address, Link
from engine.commit import Renamed, Snapshot, Timer
from engine.facts import Conflict, ConflictKind, OwnBookings, OwnCard, OwnEntries, OwnOrders
from engine.identity import Identity, Merge
from engine.messages import Outcome, OutcomeClass, StatusRank
from engine.orders import Customer, OrderStatus
from engine.payments import IntentStatus, PaymentState
from engine.ports import Store
from engine.reminders import Reminder, ReminderState
from engine.tickets import EntryStatus
from tests.storage.things import (
    CONFIRMED,
    HELD,
    all_intents,
    book_move,
    booking,
    booking_of,
    entry,
    intent,
    known,
    news,
    order_of,
    own_letter,
    settlement,
)
from tests.storage.values import (
    ANN,
    BEN,
    DUPLICATE,
    NOW,
    SHOP,
    SOLD_OUT,
    STALE,
    Everything,
    Talk,
    hold,
    key,
    letter,
    line,
    move,
    order,
    out,
    sent,
    status,
    together,
)

PHONE, USER = Link("phone", "254700000001"), Link("user", "KE.1001")
CEM = Address(SHOP, "cem")
ANYTHING = b'{"state":"one"}'


def ben_becomes_ann(version: int = 2, gone_version: int = 1, **more: Any) -> Merge:
    told: dict[str, Any] = {"snapshot": ANYTHING, "at": NOW, "heard": NOW - 5}
    return Merge(SHOP, "ann", "ben", version, gone_version, **(told | more))


class Merging:
    """Ann is known by phone since her first turn, Ben by user id since one that came later. They are one person."""

    @pytest.fixture
    async def both(self, ann: Talk, ben: Talk) -> tuple[Talk, Talk]:
        assert await ann.commit(links=(PHONE,)) is None
        assert await ben.commit(links=(USER,)) is None
        return ann, ben

    # -- who is who ------------------------------------------------------------------------------------------------
    async def test_links_lead_to_each_customer_once_in_their_order(self, store: Store, both: tuple[Talk, Talk]) -> None:
        more = Link("provider", "p-1")
        await both[0].commit(links=(more,))
        assert await store.customers_for(SHOP, [USER, PHONE, more]) == ["ben", "ann"]
        assert await store.customers_for(SHOP, [Link("user", "nobody"), PHONE]) == ["ann"]
        assert await store.customers_for("kiosk", [PHONE]) == []
        assert await store.customers_for(SHOP, []) == []

    async def test_the_one_whose_first_turn_is_the_longest_ago_is_the_elder(
        self, store: Store, both: tuple[Talk, Talk]
    ) -> None:
        for _ in range(3):
            await both[1].commit()
        await both[0].commit(links=(Link("user", "KE.7"),), snapshot=ANYTHING)
        assert await store.identities(SHOP, ["zoe", "ben", "ann"]) == [
            Identity("ann", (PHONE, Link("user", "KE.7")), Snapshot(2, ANYTHING)),
            Identity("ben", (USER,), Snapshot(4, b'{"state":"greeting"}')),
            Identity("zoe"),
        ]

    # -- one of two ------------------------------------------------------------------------------------------------
    async def test_the_younger_ones_names_lead_to_the_elder(self, store: Store, both: tuple[Talk, Talk]) -> None:
        assert await store.merge(ben_becomes_ann()) is None
        assert await store.customers_for(SHOP, [USER, PHONE]) == ["ann"]
        assert await store.forwards() == {BEN: ANN}
        assert (await store.wake(ANN), await store.wake(BEN)) == (Snapshot(2, ANYTHING), None)
        assert await store.heard_at(ANN) == NOW - 5

    async def test_reminders_are_the_survivors_then(self, store: Store, both: tuple[Talk, Talk]) -> None:
        await both[1].commit(reminders=(Reminder("note:1", ReminderState.SCHEDULED, NOW),))
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        assert [one.customer for one in await store.reminders(SHOP, 9)] == ["ann"]

    async def test_the_same_merge_twice_is_one(
        self, store: Store, both: tuple[Talk, Talk], everything: Everything
    ) -> None:
        assert await store.merge(ben_becomes_ann()) is None
        before = await everything()
        assert await store.merge(ben_becomes_ann()) is None
        assert await everything() == before

    @pytest.mark.parametrize(
        ("version", "gone_version"), [(1, 1), (3, 1), (2, 0), (2, 2)], ids=["-1", "+1", "gone -1", "gone +1"]
    )
    async def test_what_has_moved_on_since_is_refused_and_nothing_is_written(
        self, store: Store, both: tuple[Talk, Talk], everything: Everything, version: int, gone_version: int
    ) -> None:
        before = await everything()
        assert await store.merge(ben_becomes_ann(version, gone_version)) == STALE
        assert await everything() == before

    async def test_nobody_becomes_one_with_oneself(self, store: Store, both: tuple[Talk, Talk]) -> None:
        assert await store.merge(Merge(SHOP, "ann", "ann", 2, 1, ANYTHING, NOW)) == STALE
        assert await store.forwards() == {}

    async def test_who_forwards_has_no_turn_any_more(
        self, store: Store, both: tuple[Talk, Talk], everything: Everything
    ) -> None:
        await store.merge(ben_becomes_ann())
        before = await everything()
        assert await both[1].commit(inbound_id="late") == STALE
        assert await Talk(store, BEN).commit(inbound_id="late") == Conflict(ConflictKind.FORWARDED, "ann")
        assert await everything() == before

    async def test_many_first_turns_and_a_forwarded_one_travel_together(
        self, store: Store, both: tuple[Talk, Talk]
    ) -> None:
        await store.merge(ben_becomes_ann())
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(40)] + [Talk(store, BEN, letters=9)]
        ends = await together(*(talk.commit for talk in talks))
        assert ends == [None] * 40 + [Conflict(ConflictKind.FORWARDED, "ann")]

    async def test_a_merge_and_turns_of_both_in_one_batch(self, store: Store, both: tuple[Talk, Talk]) -> None:
        """Whichever comes first, what comes second is refused; nothing is half done."""
        ann, ben = both
        ends = await together(ann.commit, partial(store.merge, ben_becomes_ann()), ben.commit)
        assert ends == ([STALE, None, STALE] if ends[1] is None else [None, STALE, None])
        forwarded = await store.forwards() == {BEN: ANN}
        assert forwarded is (ends[1] is None)
        assert (await store.wake(BEN) is None) is forwarded

    async def test_what_was_done_is_done(self, store: Store, both: tuple[Talk, Talk]) -> None:
        """Letters are known by shop and id, whoever's they were."""
        await both[1].commit(inbound_id="wamid.7")
        await store.merge(ben_becomes_ann(gone_version=2))
        both[0].version += 1
        assert await both[0].commit(inbound_id="wamid.7") == DUPLICATE

    async def test_one_after_the_other_all_lead_to_the_last(self, store: Store, both: tuple[Talk, Talk]) -> None:
        """Cem becomes Ben, and then Ben becomes Ann."""
        await Talk(store, CEM).commit(links=(Link("user", "KE.3"),), orders=(order("W3", customer="cem"),))
        await Talk(store, CEM, 1).commit(outbox=(out("2:0", CEM),), inbound_id="x")
        assert await store.merge(Merge(SHOP, "ben", "cem", 2, 2, ANYTHING, NOW)) is None
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        assert await store.forwards() == {BEN: ANN, CEM: ANN}
        assert (await order_of(store, "W3")).customer == "ann"
        assert [one.address for one in (await store.waiting(0, 9))[1]] == [ANN]
        assert await store.customers_for(SHOP, [Link("user", "KE.3")]) == ["ann"]

    async def test_who_forwards_is_made_one_with_nobody_else(self, store: Store, both: tuple[Talk, Talk]) -> None:
        await Talk(store, CEM).commit()
        await store.merge(ben_becomes_ann())
        assert await store.merge(Merge(SHOP, "cem", "ben", 2, 1, ANYTHING, NOW)) == STALE
        assert await store.merge(Merge(SHOP, "ben", "cem", 2, 1, ANYTHING, NOW)) == STALE
        assert await store.forwards() == {BEN: ANN}

    async def test_somebody_who_never_had_a_turn_can_be_one_of_them(self, store: Store) -> None:
        await Talk(store, ANN).commit(links=(PHONE,))
        await store.save_customers(SHOP, [Customer("ben", SHOP, price_list="gold")])
        assert await store.merge(ben_becomes_ann(gone_version=0)) is None
        assert (await store.customers(SHOP, 9)) == [Customer("ann", SHOP, price_list="gold")]

    # -- what they have --------------------------------------------------------------------------------------------
    async def test_orders_and_their_money_are_the_elders(self, store: Store, both: tuple[Talk, Talk]) -> None:
        ann, ben = both
        await ann.commit(orders=(order("WA1"),))
        await ben.commit(orders=(order("WB1", customer="ben"),), intents=(intent("i1", "WB1", "ben"),))
        await store.record(SHOP, news(intent="i1"), NOW)
        paid = (await store.payments(SHOP, (), 9))[0]
        before = await store.stats(SHOP)
        assert await store.merge(ben_becomes_ann(3, 2)) is None
        ann.version += 1
        assert [one.number for one in (await known(store, OwnOrders())).orders] == ["WB1", "WA1"]
        assert [(one.id, one.status) for one in await all_intents(store, ANN, "WB1")] == [("i1", IntentStatus.PAID)]
        assert await store.payments(SHOP, (), 9) == [replace(paid, customer="ann")]
        assert await store.stats(SHOP) == before
        assert await ann.commit(moves=(move("WB1", OrderStatus.PENDING, OrderStatus.CANCELLED, "ann"),)) is None
        moved = settlement(paid.id, PaymentState.RECORDED, PaymentState.APPLIED, order="WB1")
        assert await ann.commit(settlements=(moved,)) is None

    async def test_what_the_younger_holds_is_the_elders_own(self, store: Store, both: tuple[Talk, Talk]) -> None:
        """Six cakes: four are held, and free only for whom they are held for."""
        ann, ben = both
        await ben.commit(holds=(hold("h1", 4),))
        assert (await ann.left())["cake"] == 2
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        ann.version += 1
        assert (await ann.left())["cake"] == 6
        assert (await Talk(store, CEM).left())["cake"] == 2
        assert await Talk(store, CEM).commit(orders=(order("WC", line("cake", 3), customer="cem"),)) == SOLD_OUT
        assert await ann.commit(releases=("h1",), orders=(order("WA", line("cake", 6)),)) is None

    async def test_bookings_stay_live_and_are_the_elders(self, store: Store, both: tuple[Talk, Talk]) -> None:
        ann, ben = both
        await ben.commit(bookings=(booking("B1", 2, customer="ben"), booking("B2", 1, CONFIRMED, customer="ben")))
        metrics = await store.metrics(SHOP)
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        ann.version += 1
        assert {one.id for one in (await known(store, OwnBookings())).bookings} == {"B1", "B2"}
        assert await store.metrics(SHOP) == metrics
        confirmed = book_move("B1", HELD, CONFIRMED, customer="ann")
        assert await ann.commit(booking_moves=(confirmed,)) is None
        assert (await booking_of(store, "B1")).status is CONFIRMED

    async def test_of_two_places_in_a_queue_the_better_one_stays(self, store: Store, both: tuple[Talk, Talk]) -> None:
        ann, ben = both
        await ann.commit(entries=(entry("a1", 1, joined=5), entry("a2", 1, event="fest")))
        await ben.commit(entries=(entry("b1", 2, "ben", joined=1),))
        assert await store.merge(ben_becomes_ann(3, 2)) is None
        live = (await known(store, OwnEntries())).entries
        assert [(one.id, one.customer, one.seats) for one in live] == [("a2", "ann", 1), ("b1", "ann", 2)]

    async def test_seats_that_are_offered_stay_before_a_place(self, store: Store, both: tuple[Talk, Talk]) -> None:
        ann, ben = both
        await ben.commit(entries=(entry("b1", 1, "ben", joined=9),))
        assert await store.offer_seats(NOW) == 1
        await ann.commit(entries=(entry("a1", 1, joined=1),))
        assert await store.merge(ben_becomes_ann(3, 2)) is None
        (live,) = (await known(store, OwnEntries())).entries
        assert (live.id, live.status) == ("b1", EntryStatus.OFFERED)
        assert (await booking_of(store, live.booking)).customer == "ann"

    async def test_the_elders_card_gets_what_it_lacks(self, store: Store, both: tuple[Talk, Talk]) -> None:
        ann, ben = both
        await ann.commit(customer=Customer("ann", SHOP, "Ann", "254700000001", language="sw"))
        younger = Customer("ben", SHOP, "Benny", "", "b@x.test", "12 Moi Ave", "hi", False, True, "gold", 30, "west")
        await ben.commit(customer=younger)
        assert await store.merge(ben_becomes_ann(3, 2)) is None
        both_cards = Customer(
            *("ann", SHOP, "Ann", "254700000001", "b@x.test", "12 Moi Ave", "sw", False, True, "gold", 30, "west")
        )
        assert (await known(store, OwnCard())).customer == both_cards
        assert await store.customers(SHOP, 9) == [both_cards]

    async def test_the_only_card_keeps_its_place(self, store: Store, both: tuple[Talk, Talk]) -> None:
        await both[1].commit(customer=Customer("ben", SHOP, "Ben"))
        await Talk(store, CEM).commit(customer=Customer("cem", SHOP, "Cem"))
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        assert await store.customers(SHOP, 9) == [Customer("cem", SHOP, "Cem"), Customer("ann", SHOP, "Ben")]

    async def test_timers_that_the_elder_has_not_are_set_by_the_merge(
        self, store: Store, both: tuple[Talk, Talk]
    ) -> None:
        """Under its turn: an id ``timer:ann:…`` of an older turn might be done already."""
        ann, ben = both
        await ann.commit(timers=(Timer(ANN, "session", NOW + 9, 2),))
        await ben.commit(timers=(Timer(BEN, "session", NOW + 1, 2), Timer(BEN, "end:W1", NOW + 3, 2)))
        assert await store.merge(ben_becomes_ann(3, 2)) is None
        assert await store.due(NOW + 9, 9) == [Timer(ANN, "end:W1", NOW + 3, 3), Timer(ANN, "session", NOW + 9, 2)]

    async def test_messages_go_on_as_the_elders(self, store: Store, both: tuple[Talk, Talk]) -> None:
        _, ben = both
        await ben.commit(outbox=(out("2:0", BEN), out("2:1", BEN), out("2:2", BEN)))
        await store.claim([key("2:0", BEN), key("2:1", BEN)], NOW)
        await store.settle([(key("2:0", BEN), sent("w1")), (key("2:1", BEN), Outcome(OutcomeClass.HELD))], NOW)
        assert await store.merge(ben_becomes_ann(gone_version=2)) is None
        assert [one.address for one in (await store.waiting(0, 9))[1]] == [ANN]
        for name in ("2:0", "2:1", "2:2"):
            row = await store.outbox_row(key(name, BEN))
            assert row is not None
            assert row.outgoing.address == ANN
        assert await store.let_go([ANN], NOW) == 1
        await store.statuses([status(StatusRank.READ, "w1")])

    async def test_letters_that_wait_outside_are_the_elders(self, store: Store, both: tuple[Talk, Talk]) -> None:
        await store.park(letter("w1", BEN), True, "crashed", NOW)
        await store.quarantine(BEN, "crashed", NOW)
        assert await store.merge(ben_becomes_ann()) is None
        assert [one.address for one in await store.parked(None, True, 9)] == [ANN]
        assert await store.quarantined() == {}

    async def test_a_letter_of_our_own_is_done_by_the_elder(self, store: Store, both: tuple[Talk, Talk]) -> None:
        """Whoever brings it forwards it; the turn that does it takes it away."""
        ann, _ = both
        await store.post([own_letter("n1", to=BEN)])
        assert await store.merge(ben_becomes_ann()) is None
        ann.version += 1
        assert [one.inbound.id for one in await store.posted(NOW, 9)] == ["n1"]
        assert await ann.commit(inbound_id="n1") is None
        assert await store.posted(NOW, 9) == []

    async def test_strangers_keep_what_is_theirs(self, store: Store, both: tuple[Talk, Talk]) -> None:
        cem = Talk(store, CEM)
        theirs = order("WC", customer="cem")
        card = Customer("cem", SHOP, "Cem")
        await cem.commit(orders=(theirs,), customer=card, links=(Link("user", "KE.3"),), outbox=(out("1:0", CEM),))
        assert await store.merge(ben_becomes_ann()) is None
        assert await store.order(SHOP, "WC") == theirs
        assert await store.customer(CEM) == card
        assert await store.customers_for(SHOP, [Link("user", "KE.3")]) == ["cem"]
        assert [one.address for one in (await store.waiting(0, 9))[1]] == [CEM]
        assert (await known(store, OwnOrders(), to=CEM)).orders == (theirs,)

    # -- a name that changes hands ---------------------------------------------------------------------------------
    async def test_a_name_that_is_given_up_leads_to_whoever_has_it_next(
        self, store: Store, both: tuple[Talk, Talk]
    ) -> None:
        ann, _ = both
        new = Link("phone", "254700000099")
        assert await ann.commit(links=(new,), renamed=(Renamed(PHONE, new.value, "next"),)) is None
        assert await store.customers_for(SHOP, [PHONE, new, USER]) == ["next", "ann", "ben"]
        assert await ann.commit(renamed=(Renamed(PHONE, new.value, "other"),)) is None
        assert await store.customers_for(SHOP, [PHONE]) == ["next"], "it is not Ann's to give any more"

    async def test_nobody_gives_up_the_name_of_another(self, store: Store, both: tuple[Talk, Talk]) -> None:
        unknown = Link("phone", "254700000098")
        gone = (Renamed(USER, "KE.9", "next"), Renamed(unknown, "254700000099", "next"))
        assert await both[0].commit(renamed=gone) is None
        assert await store.customers_for(SHOP, [USER]) == ["ben"]
        assert await store.customers_for(SHOP, [unknown]) == []

    async def test_what_is_held_for_the_old_number_goes_to_the_new_one(
        self, store: Store, both: tuple[Talk, Talk]
    ) -> None:
        """Days later, when it belongs to a stranger perhaps."""
        ann, ben = both
        await ann.commit(outbox=(out("2:0"), out("2:1")))
        await ben.commit(outbox=(out("2:0", BEN),))
        names = [key("2:0"), key("2:1"), key("2:0", BEN)]
        await store.claim(names, NOW)
        held = Outcome(OutcomeClass.HELD)
        await store.settle([(names[0], held), (names[1], sent("w1")), (names[2], held)], NOW)
        await ann.commit(renamed=(Renamed(PHONE, "254700000099", "next"),))
        rows = [await store.outbox_row(name) for name in names]
        phones = [row.outgoing.phone for row in rows if row is not None]
        assert phones == ["254700000099", PHONE.value, PHONE.value]
