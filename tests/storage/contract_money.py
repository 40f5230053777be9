"""What every store promises about money that comes in: recorded first, once, whatever happens."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.events import PaymentFailed, PaymentSettled
from engine.facts import Conflict, ConflictKind, IntentOf, IntentsFor, PaymentFor, PaymentOf
from engine.payments import STATE_MOVES, Failure, IntentStatus, Payment, PaymentNews, PaymentState
from engine.ports import Store
from tests.storage.things import PROGRAMME as EVENTS
from tests.storage.things import (
    booking,
    charged,
    failed,
    intent,
    intent_of,
    known,
    letters,
    news,
    settlement,
    stand_at,
)
from tests.storage.values import BEN, NOW, SHOP, Everything, Talk, plain, together

CREATED, ASKING, PENDING = IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING
PAID, FAILED, CANCELLED = IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED
RECORDED, APPLIED, DESK = PaymentState.RECORDED, PaymentState.APPLIED, PaymentState.DESK
REFUNDED, CREDITED = PaymentState.REFUNDED, PaymentState.CREDITED
REFUNDING = PaymentState.REFUNDING


class Money:
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

    @pytest.mark.parametrize("numbers", [("", "QK1"), ("QK1", "")])
    async def test_money_told_with_its_number_and_without_is_one_payment(
        self, store: Store, everything: Everything, numbers: tuple[str, str]
    ) -> None:
        """A question finds out that it is paid, and the webhook brings the transaction's number; or the reverse."""
        await stand_at(store, PENDING)
        first, second = (news(number or "paid-ref-1", intent="i1", transaction=number) for number in numbers)
        assert await store.record(SHOP, first, NOW) is True
        before = await everything()
        for _ in range(2):
            assert await store.record(SHOP, second, NOW + 1) is False
        assert await everything() == before

    async def test_money_told_with_its_number_and_without_at_once_is_one_payment(self, store: Store) -> None:
        await stand_at(store, PENDING)
        told = [news(number or "paid-ref-1", intent="i1", transaction=number) for number in ("", "QK1", "", "QK1")]
        fresh = await together(*(partial(store.record, SHOP, one, NOW) for one in told))
        assert fresh.count(True) == 1
        assert len(await store.payments(SHOP, (), 99)) == 1

    async def test_two_numbers_another_sum_or_another_provider_are_other_money(self, store: Store) -> None:
        await stand_at(store, PENDING)
        assert await store.record(SHOP, news("QK1", intent="i1", transaction="QK1"), NOW) is True
        others = [
            news("QK2", intent="i1", transaction="QK2"),
            replace(news("paid-1", intent="i1"), amount=1),
            replace(news("paid-2", intent="i1"), currency="EUR"),
            news("paid-3", intent="i1", provider="other"),
        ]
        for other in others:
            assert await store.record(SHOP, other, NOW) is True

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

    async def test_news_that_name_nothing_are_not_taken_for_a_request_without_names(
        self, store: Store, ann: Talk
    ) -> None:
        await ann.commit(intents=(intent(reference=""),))
        await store.claim_charges(["i1"], NOW)
        await store.settle_charges([charged(provider_ref="", link="")], NOW)
        await store.record(SHOP, news(), NOW)
        found = await store.payment(SHOP, "fake:t1")
        assert found is not None
        assert (found.state, found.intent) == (DESK, "")

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
        ways = {
            APPLIED: [APPLIED],
            DESK: [DESK],
            REFUNDED: [DESK, REFUNDED],
            REFUNDING: [DESK, REFUNDING],
            CREDITED: [DESK, CREDITED],
            RECORDED: [],
        }
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
        await store.record(SHOP, news("late"), NOW - 1)
        assert [one.id for one in await store.payments(SHOP, (), 9)][-1] == "fake:late"

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

    async def test_the_payment_that_paid_is_found(self, store: Store, ann: Talk) -> None:
        await ann.commit(intents=(intent(), intent("i2", order="WA2")))
        for n in range(3):
            await store.record(SHOP, news(f"t{n}", intent="i1"), NOW + n)
        await store.record(SHOP, news("t9", intent="i2"), NOW)
        assert await store.payment_of(SHOP, "WA1") is None, "nothing was made of any yet"
        await ann.commit(settlements=(settlement("fake:t2", RECORDED, DESK, why="twice"),))
        assert await store.payment_of(SHOP, "WA1") is None
        await ann.commit(settlements=(settlement("fake:t0", RECORDED, APPLIED),))
        await ann.commit(settlements=(settlement("fake:t9", RECORDED, DESK, why="over"),))
        found = [await store.payment_of(SHOP, number) for number in ("WA1", "WA2", "WA3")]
        assert [one.id if one is not None else "" for one in found] == ["fake:t0", "fake:t9", ""]
        assert await store.payment_of("kiosk", "WA1") is None
        await ann.commit(settlements=(settlement("fake:t9", DESK, REFUNDED),))
        assert await store.payment_of(SHOP, "WA2") is None, "it was given back"

    async def test_a_turn_knows_what_paid_its_customers_own_order(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),), intents=(intent(),))
        await store.record(SHOP, news("t1", intent="i1"), NOW)
        assert (await known(store, PaymentFor("WA1"))).payment is None, "nothing was made of it yet"
        await ann.commit(settlements=(settlement("fake:t1", RECORDED, APPLIED),))
        found = (await known(store, PaymentFor("WA1"))).payment
        assert found is not None
        assert found.id == "fake:t1"
        assert (await known(store, PaymentFor("WA1"), to=BEN)).payment is None
        assert (await known(store, PaymentFor("WA2"))).payment is None
        await ann.commit(settlements=(settlement("fake:t1", APPLIED, DESK, why="cancelled"),))
        assert (await known(store, PaymentFor("WA1"))).payment is None
