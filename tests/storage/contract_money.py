"""What every store promises about requests to pay and money that comes in: recorded first, once, whatever happens."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.events import ChargeAnswered, PaymentFailed, PaymentSettled
from engine.facts import Conflict, ConflictKind, IntentOf, IntentsFor, PaymentOf
from engine.payments import INTENT_MOVES, STATE_MOVES, Failure, IntentStatus, Payment, PaymentNews, PaymentState, Way
from engine.ports import Store
from tests.storage.things import PROGRAMME as EVENTS
from tests.storage.things import (
    all_intents,
    booking,
    charged,
    failed,
    intent,
    intent_move,
    intent_of,
    known,
    letters,
    news,
    settlement,
)
from tests.storage.values import ANN, BEN, DUPLICATE, NOW, SHOP, Everything, Talk, plain, together

CREATED, ASKING, PENDING = IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING
PAID, FAILED, CANCELLED = IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED
RECORDED, APPLIED, DESK = PaymentState.RECORDED, PaymentState.APPLIED, PaymentState.DESK
REFUNDED, CREDITED = PaymentState.REFUNDED, PaymentState.CREDITED


async def stand_at(store: Store, status: IntentStatus, name: str = "i1") -> None:
    """Bring a new intent of Ann's to this status, as it happens in life."""
    talk = Talk(store, version=await version(store))
    await talk.commit(intents=(intent(name),))
    if status in (ASKING, PENDING):
        await store.claim_charges([name], NOW)
    if status is PENDING:
        await store.settle_charges([charged(name)], NOW)
    if status in (PAID, FAILED):
        await store.record(SHOP, news(f"first {name}", ok=status is PAID, intent=name), NOW)
    if status is CANCELLED:
        await talk.commit(intent_moves=(intent_move(name, CREATED, CANCELLED),))
    for one in await store.posted(NOW, 99):
        await store.park(one, True, "not of this test", NOW)


async def version(store: Store) -> int:
    snapshot = await store.wake(ANN)
    return snapshot.version if snapshot is not None else 0


class Money:
    # -- wishing ---------------------------------------------------------------------------------------------------
    async def test_an_intent_waits_to_be_asked_for(self, store: Store, ann: Talk) -> None:
        asked = replace(intent(), expires_at=NOW + 9, reference="WA1")
        assert await ann.commit(intents=(asked,)) is None
        assert await store.charges(10) == [asked]
        assert await all_intents(store) == (asked,)

    @pytest.mark.parametrize("way", [Way.BANK, Way.CASH])
    async def test_an_intent_that_asks_nobody_is_pending_at_once(self, store: Store, ann: Talk, way: Way) -> None:
        await ann.commit(intents=(intent(way=way),))
        assert await store.charges(10) == []
        assert await all_intents(store) == (intent(way=way, status=PENDING),)
        assert await store.silent_charges(NOW + 99, 10) == [], "there is nobody to ask"

    @pytest.mark.parametrize("frm", IntentStatus)
    @pytest.mark.parametrize("to", IntentStatus)
    async def test_an_intent_moves_only_as_the_table_allows(
        self, store: Store, frm: IntentStatus, to: IntentStatus
    ) -> None:
        await stand_at(store, frm)
        talk = Talk(store, version=await version(store))
        talk.letters = 9
        assert await talk.commit(intent_moves=(intent_move("i1", frm, to, "why"),)) is None
        found = await intent_of(store)
        assert found.status is (to if to in INTENT_MOVES[frm] else frm)
        assert (found.reason == "why") is (to in INTENT_MOVES[frm])

    async def test_a_move_that_comes_too_late_changes_nothing_and_refuses_nothing(self, store: Store) -> None:
        await stand_at(store, PAID)
        talk = Talk(store, version=await version(store), letters=9)
        moves = (intent_move("i1", CREATED, CANCELLED), intent_move("i9", CREATED, CANCELLED))
        assert await talk.commit(intent_moves=moves) is None
        assert (await intent_of(store)).status is PAID

    async def test_a_refused_turn_asks_for_nothing(self, ann: Talk, everything: Everything) -> None:
        await ann.commit(inbound_id="w1")
        before = await everything()
        assert await ann.commit(inbound_id="w1", intents=(intent(),)) == DUPLICATE
        assert await everything() == before

    # -- asking ----------------------------------------------------------------------------------------------------
    async def test_charges_come_oldest_first_and_are_claimed_once(self, store: Store, ann: Talk) -> None:
        wanted = [intent(f"i{n}", created_at=NOW + n) for n in (2, 0, 1)]
        for one in wanted:
            await ann.commit(intents=(one,))
        assert [one.id for one in await store.charges(2)] == ["i0", "i1"]
        assert await store.claim_charges(["i0", "i2", "i2", "i9"], NOW) == {"i0", "i2"}
        assert await store.claim_charges(["i0", "i1"], NOW) == {"i1"}
        assert await store.charges(10) == []
        assert (await intent_of(store, "i0")).status is ASKING

    async def test_an_answer_makes_it_pending_and_is_told(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.settle_charges([charged()], NOW)
        wanted = intent(status=PENDING, provider="fake", provider_ref="ref-1", link="https://pay.test/1")
        assert await intent_of(store) == wanted
        assert await letters(store) == {"charged:i1": ChargeAnswered("i1", "https://pay.test/1")}

    async def test_a_prompt_has_no_link(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.settle_charges([charged(link="")], NOW)
        assert await letters(store) == {"charged:i1": ChargeAnswered("i1", "")}

    async def test_when_nobody_knows_whether_it_was_asked_nothing_is_told(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.settle_charges([charged(provider_ref="", link="")], NOW)
        assert await intent_of(store) == intent(status=PENDING, provider="fake")
        assert await letters(store) == {}

    async def test_one_that_was_not_reached_is_asked_again(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.settle_charges([charged(asked=False, again=True, provider_ref="", link="")], NOW)
        assert [one.id for one in await store.charges(10)] == ["i1"]
        assert await letters(store) == {}

    async def test_a_refusal_fails_it_and_is_told(self, store: Store) -> None:
        await stand_at(store, ASKING)
        refused = charged(asked=False, failure="refused", reason="closed account", provider_ref="", link="")
        await store.settle_charges([refused], NOW)
        found = await intent_of(store)
        assert (found.status, found.reason) == (FAILED, "refused")
        assert await letters(store) == {"uncharged:i1": PaymentFailed("i1", "refused", "closed account")}

    @pytest.mark.parametrize("status", [CREATED, PENDING, PAID, FAILED, CANCELLED])
    @pytest.mark.parametrize("asked", [True, False])
    async def test_an_answer_for_one_that_moved_on_only_names_it(
        self, store: Store, status: IntentStatus, asked: bool
    ) -> None:
        await stand_at(store, status)
        await store.settle_charges([charged(asked=asked, provider_ref="ref-2", link="https://pay.test/2")], NOW)
        found = await intent_of(store)
        assert (found.status, found.provider, found.provider_ref) == (status, "fake", "ref-2")
        assert found.link == "https://pay.test/2"
        assert await letters(store) == {}

    async def test_news_that_overtake_the_answer_are_not_lost(self, store: Store) -> None:
        await stand_at(store, ASKING)
        assert await store.record(SHOP, news(intent="i1"), NOW) is True
        await store.settle_charges([charged()], NOW)
        found = await intent_of(store)
        assert (found.status, found.provider_ref) == (PAID, "ref-1")
        assert await letters(store) == {"paid:fake:t1": PaymentSettled("fake:t1")}

    async def test_an_answer_for_nothing_is_nothing(self, store: Store, everything: Everything) -> None:
        before = await everything()
        await store.settle_charges([charged("i9")], NOW)
        await store.asked_about(["i9"], NOW)
        assert await everything() == before

    async def test_who_is_silent_is_asked_about_oldest_first(self, store: Store, ann: Talk) -> None:
        for n, name in enumerate(("i1", "i2", "i3", "i4")):
            await ann.commit(intents=(intent(name),))
            await store.claim_charges([name], NOW)
            await store.settle_charges([charged(name)], NOW + 10 * n)
        await store.record(SHOP, news(intent="i3"), NOW + 50)
        silent = await store.silent_charges(NOW + 30, 10)
        assert [one.id for one in silent] == ["i1", "i2"], "what changed at that moment is not older than it"
        await store.asked_about(["i1"], NOW + 60)
        assert [one.id for one in await store.silent_charges(NOW + 99, 10)] == ["i2", "i4", "i1"]
        assert [one.id for one in await store.silent_charges(NOW + 99, 1)] == ["i2"]

    # -- money comes in --------------------------------------------------------------------------------------------
    async def test_money_is_recorded_once_and_told(self, store: Store, everything: Everything) -> None:
        await stand_at(store, PENDING)
        told = news(intent="i1", transaction="QK1", payer="254700000001", reference="WA1", by="")
        assert await store.record(SHOP, told, NOW + 5) is True
        wanted = Payment(
            "fake:t1", SHOP, "fake", 65_000, "INR", NOW + 5, "i1", "WA1", "ann", "QK1", "254700000001", "WA1"
        )
        assert await store.payment(SHOP, "fake:t1") == wanted
        assert (await intent_of(store)).status is PAID
        assert await letters(store, NOW + 5) == {"paid:fake:t1": PaymentSettled("fake:t1")}
        before = await everything()
        assert await store.record(SHOP, told, NOW + 9) is False
        assert await everything() == before

    async def test_of_one_payment_told_many_times_at_once_one_is_recorded(self, store: Store) -> None:
        await stand_at(store, PENDING)
        fresh = await together(*(partial(store.record, SHOP, news(intent="i1"), NOW) for _ in range(20)))
        assert fresh.count(True) == 1
        assert len(await store.payments(SHOP, (), 99)) == 1

    async def test_one_id_at_two_providers_is_two_payments(self, store: Store) -> None:
        await stand_at(store, PENDING)
        assert await store.record(SHOP, news(intent="i1"), NOW) is True
        assert await store.record(SHOP, news(intent="i1", provider="other"), NOW) is True
        assert await store.record("kiosk", news(), NOW) is True
        assert [one.id for one in await store.payments(SHOP, (), 99)] == ["other:t1", "fake:t1"]

    @pytest.mark.parametrize("status", IntentStatus)
    async def test_money_counts_however_late_it_comes(self, store: Store, status: IntentStatus) -> None:
        await stand_at(store, status)
        assert await store.record(SHOP, news(intent="i1"), NOW) is True
        assert (await intent_of(store)).status is PAID
        found = await store.payment(SHOP, "fake:t1")
        assert found is not None
        assert (found.state, found.customer, found.order) == (RECORDED, "ann", "WA1")
        assert await letters(store) == {"paid:fake:t1": PaymentSettled("fake:t1")}

    async def test_money_that_nobody_was_asked_for_lies_on_the_desk(self, store: Store) -> None:
        told = news(intent="i9", provider_ref="ref-9", reference="WA9", by="owner")
        assert await store.record(SHOP, told, NOW) is True
        (found,) = await store.payments(SHOP, (DESK,), 9)
        assert (found.state, found.why, found.customer, found.order, found.by) == (DESK, "unknown", "", "", "owner")
        assert await letters(store) == {}

    @pytest.mark.parametrize(
        ("told", "wanted"),
        [
            (news(intent="i1", provider_ref="ref-2", reference="ref i3"), "i1"),
            (news(intent="i9", provider_ref="ref-2", reference="ref i3"), "i2"),
            (news(provider_ref="ref-2", reference="ref i3"), "i2"),
            (news(provider_ref="ref-9", reference="ref i3"), "i3"),
            (news(reference="ref i1"), "i1"),
            (news(reference="WA1"), "i3"),
            (news(provider="other", provider_ref="ref-2"), ""),
            (news(), ""),
        ],
        ids=["id", "ref", "ref alone", "reference", "another's", "order", "another provider", "nothing"],
    )
    async def test_its_intent_is_found_by_what_the_news_say(
        self, store: Store, ann: Talk, told: PaymentNews, wanted: str
    ) -> None:
        for n in (1, 2, 3):
            await ann.commit(intents=(intent(f"i{n}", created_at=NOW + n),))
            await store.claim_charges([f"i{n}"], NOW)
            await store.settle_charges([charged(f"i{n}", provider_ref=f"ref-{n}")], NOW)
        await store.record(SHOP, told, NOW)
        found = await store.payment(SHOP, f"{told.provider}:t1")
        assert found is not None
        assert found.intent == wanted

    async def test_another_shops_intent_is_not_found(self, store: Store, ann: Talk) -> None:
        await ann.commit(intents=(intent(),))
        await store.record("kiosk", news(intent="i1", reference="WA1"), NOW)
        found = await store.payment("kiosk", "fake:t1")
        assert found is not None
        assert found.intent == ""
        assert (await intent_of(store)).status is CREATED

    # -- money does not come ---------------------------------------------------------------------------------------
    @pytest.mark.parametrize("status", [CREATED, ASKING, PENDING])
    async def test_a_failure_is_told_once(self, store: Store, status: IntentStatus) -> None:
        await stand_at(store, status)
        assert await store.record(SHOP, failed(intent="i1", detail="low"), NOW) is True
        found = await intent_of(store)
        assert (found.status, found.reason) == (FAILED, "no_funds")
        assert await letters(store) == {"unpaid:fake:t1": PaymentFailed("i1", "no_funds", "low")}
        assert await store.record(SHOP, failed(intent="i1", detail="low"), NOW) is False
        assert await store.payments(SHOP, (), 9) == []

    @pytest.mark.parametrize("status", [PAID, FAILED, CANCELLED])
    async def test_a_failure_that_comes_too_late_changes_nothing(self, store: Store, status: IntentStatus) -> None:
        await stand_at(store, status)
        assert await store.record(SHOP, failed(intent="i1", failure=Failure.EXPIRED), NOW) is True
        assert (await intent_of(store)).status is status
        assert await letters(store) == {}

    async def test_money_is_not_taken_for_old_news_of_a_failure(self, store: Store) -> None:
        await stand_at(store, PENDING)
        assert await store.record(SHOP, failed(intent="i1"), NOW) is True
        assert await store.record(SHOP, news(intent="i1"), NOW) is True
        assert (await intent_of(store)).status is PAID
        assert set(await letters(store)) == {"unpaid:fake:t1", "paid:fake:t1"}

    async def test_a_failure_of_nothing_is_noted(self, store: Store) -> None:
        assert await store.record(SHOP, failed(intent="i9"), NOW) is True
        assert await store.record(SHOP, failed(intent="i9"), NOW) is False
        assert await letters(store) == {}

    # -- what is made of it ----------------------------------------------------------------------------------------
    @pytest.mark.parametrize("frm", PaymentState)
    @pytest.mark.parametrize("to", PaymentState)
    async def test_a_payment_is_settled_only_as_the_table_allows(
        self, store: Store, ann: Talk, frm: PaymentState, to: PaymentState
    ) -> None:
        await ann.commit(intents=(intent(),))
        await store.record(SHOP, news(intent="i1"), NOW)
        ways = {APPLIED: [APPLIED], DESK: [DESK], REFUNDED: [DESK, REFUNDED], CREDITED: [DESK, CREDITED], RECORDED: []}
        stands = RECORDED
        for step in ways[frm]:
            assert await ann.commit(settlements=(settlement("fake:t1", stands, step),)) is None
            stands = step
        refused = await ann.commit(settlements=(settlement("fake:t1", frm, to),))
        assert refused == (None if to in STATE_MOVES[frm] else Conflict(ConflictKind.PAYMENT_MOVED, "fake:t1"))
        found = await store.payment(SHOP, "fake:t1")
        assert found is not None
        assert found.state is (to if refused is None else frm)

    async def test_a_settlement_that_is_refused_leaves_no_trace(
        self, store: Store, ann: Talk, everything: Everything
    ) -> None:
        await ann.commit(intents=(intent(),))
        await store.record(SHOP, news(intent="i1"), NOW)
        before = await everything()
        moved = Conflict(ConflictKind.PAYMENT_MOVED, "fake:t1")
        assert await ann.commit(settlements=(settlement("fake:t1", DESK, APPLIED),)) == moved
        assert await ann.commit(settlements=(settlement("fake:t9", RECORDED, APPLIED),)) == replace(
            moved, what="fake:t9"
        )
        twice = (settlement("fake:t1", RECORDED, DESK), settlement("fake:t1", RECORDED, DESK))
        assert await ann.commit(settlements=twice) == moved
        assert await everything() == before

    async def test_a_settlement_writes_what_it_says(self, store: Store, ann: Talk) -> None:
        await ann.commit(intents=(intent(),))
        await store.record(SHOP, news(intent="i1"), NOW)
        await ann.commit(settlements=(settlement("fake:t1", RECORDED, DESK, why="over", by="flow"),))
        await ann.commit(settlements=(settlement("fake:t1", DESK, APPLIED, order="WA2"),))
        found = await store.payment(SHOP, "fake:t1")
        assert found is not None
        assert (found.state, found.order, found.why, found.by) == (APPLIED, "WA2", "over", "flow")

    async def test_money_of_nobody_becomes_the_customers_whose_order_it_pays(
        self, store: Store, ann: Talk, ben: Talk
    ) -> None:
        await store.record(SHOP, news("t1"), NOW)
        await store.record(SHOP, news("t2"), NOW)
        await ben.commit(settlements=(settlement("fake:t1", DESK, APPLIED, order="WB1", by="owner"),))
        await ben.commit(settlements=(settlement("fake:t2", DESK, REFUNDED, by="owner"),))
        await ann.commit(settlements=(settlement("fake:t1", APPLIED, REFUNDED, order="WA1"),))
        first, second = await store.payment(SHOP, "fake:t1"), await store.payment(SHOP, "fake:t2")
        assert first is not None
        assert second is not None
        assert (first.customer, second.customer) == ("ben", "")

    # -- what is looked up -----------------------------------------------------------------------------------------
    async def test_payments_come_newest_first_by_state_and_by_page(self, store: Store, ann: Talk) -> None:
        await ann.commit(intents=(intent(),))
        for n in range(4):
            await store.record(SHOP, news(f"t{n}", intent="i1" if n % 2 else ""), NOW + n // 2)
        names = [one.transaction or one.id for one in await store.payments(SHOP, (), 9)]
        assert names == ["fake:t3", "fake:t2", "fake:t1", "fake:t0"]
        assert [one.id for one in await store.payments(SHOP, (), 2, 1)] == ["fake:t2", "fake:t1"]
        assert [one.id for one in await store.payments(SHOP, (DESK,), 9)] == ["fake:t2", "fake:t0"]
        assert [one.id for one in await store.payments(SHOP, (DESK, RECORDED), 1)] == ["fake:t3"]
        assert await store.payments("kiosk", (), 9) == []

    async def test_a_turn_knows_a_payment_with_what_it_is_for(self, store: Store, ann: Talk, ben: Talk) -> None:
        await store.import_events(SHOP, "first", EVENTS)
        asked = (intent("i1"), intent("i2", order="BKG-222222"))
        await ann.commit(orders=(plain("WA1"),), bookings=(booking("BKG-222222"),), intents=asked)
        await store.record(SHOP, news("t1", intent="i1"), NOW)
        await store.record(SHOP, news("t2", intent="i2"), NOW)
        about = await known(store, PaymentOf("fake:t1"))
        assert about.payment is not None
        assert (about.payment.id, about.orders, about.bookings) == ("fake:t1", (plain("WA1"),), ())
        assert [one.id for one in about.intents] == ["i1"]
        seats = await known(store, PaymentOf("fake:t2"))
        assert seats.bookings == (booking("BKG-222222"),)
        others = await known(store, PaymentOf("fake:t1"), to=BEN)
        assert others.payment == about.payment
        assert (others.orders, others.intents) == ((), ())
        assert (await known(store, PaymentOf("fake:t9"))).payment is None

    async def test_a_turn_knows_only_its_own_intents(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),), intents=(intent("i1"),))
        await ann.commit(intents=(intent("i2"), intent("i3", order="WA2")))
        mine = await known(store, IntentOf("i1"))
        assert (mine.intents, mine.orders) == ((intent("i1"),), (plain("WA1"),))
        assert (await known(store, IntentsFor("WA1"))).intents == (intent("i2"), intent("i1"))
        both = await known(store, IntentOf("i1"), IntentsFor("WA1"))
        assert {one.id for one in both.intents} == {"i1", "i2"}
        assert len(both.intents) == 2
        others = await known(store, IntentOf("i1"), IntentsFor("WA1"), to=BEN)
        assert (others.intents, others.orders) == ((), ())
