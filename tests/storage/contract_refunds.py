"""What every store promises about money that goes back: asked for once at a time, counted once, whatever is told."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from engine.address import Address
from engine.events import DeskDecided
from engine.payments import Payment, PaymentSettlement, PaymentState, RefundNews
from engine.ports import Store
from tests.storage.things import intent, letters, news
from tests.storage.values import NOW, SHOP, Everything, Talk, together

NAME = (SHOP, "fake:t1")
APPLIED, DESK, REFUNDING = PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDING
KEY = f"{SHOP}/fake:t1:refund:1"


def back(name: str = "re_1", amount: int = 65_000, *, ok: bool = True, key: str = KEY, of: str = "t1") -> RefundNews:
    return RefundNews(name, "fake", of, amount, ok=ok, key=key, detail="" if ok else "no funds")


async def paid(store: Store, ann: Talk, *refunds: int) -> None:
    """A payment that is applied, and so many refunds wished for one after the other."""
    await ann.commit(intents=(intent(),))
    await store.record(SHOP, news(intent="i1"), NOW)
    assert await ann.commit(settlements=(PaymentSettlement("fake:t1", (PaymentState.RECORDED,), APPLIED),)) is None
    for amount in refunds:
        await wish(ann, amount)


async def wish(ann: Talk, amount: int) -> None:
    one = PaymentSettlement("fake:t1", (APPLIED, DESK), REFUNDING, refund=amount)
    assert await ann.commit(settlements=(one,)) is None


async def standing(store: Store) -> Payment:
    found = await store.payment(*NAME)
    assert found is not None
    return found


class RefundRules:
    async def test_what_goes_back_by_hand_is_added_up_and_never_more_than_came(self, store: Store, ann: Talk) -> None:
        await paid(store, ann)
        for part, sent in ((1_000, 1_000), (4_000, 5_000), (90_000, 65_000)):
            one = PaymentSettlement("fake:t1", (APPLIED,), APPLIED, refund=part, by="asha")
            assert await ann.commit(settlements=(one,)) is None
            found = await standing(store)
            assert (found.state, found.refunded, found.refunding, found.refunds) == (APPLIED, sent, 0, 0)

    async def test_a_wish_is_due_at_once_and_remembers_where_it_came_from(self, store: Store, ann: Talk) -> None:
        await paid(store, ann, 5_000)
        found = await standing(store)
        assert (found.state, found.refunding, found.refunds, found.back_to) == (REFUNDING, 5_000, 1, "applied")
        assert found.refund_key == KEY
        assert await store.refunds_due(NOW + 60_000, 9) == [found]
        assert await store.refunds_due(0, 9) == []
        assert await store.refunds_due(NOW + 60_000, 0) == []

    async def test_of_many_who_claim_at_once_one_gets_it_and_it_is_due_again_later(
        self, store: Store, ann: Talk
    ) -> None:
        await paid(store, ann, 5_000)
        now, until = NOW + 60_000, NOW + 120_000
        got = await together(*(partial(store.claim_refunds, [NAME, (SHOP, "fake:none")], now, until) for _ in range(9)))
        assert sorted(map(len, got)) == [0] * 8 + [1]
        assert await store.refunds_due(until - 1, 9) == []
        assert len(await store.refunds_due(until, 9)) == 1
        assert await store.claim_refunds([], now, until) == set()

    async def test_a_refund_counts_once_and_is_told(self, store: Store, ann: Talk, everything: Everything) -> None:
        await paid(store, ann, 5_000)
        assert await store.record_refund(SHOP, back(amount=5_000), NOW + 5) is True
        found = await standing(store)
        assert (found.state, found.refunded, found.refunding, found.refund_ref) == (REFUNDING, 5_000, 0, "re_1")
        told = await letters(store, NOW + 5)
        assert told["refunded:fake:re_1"] == DeskDecided("fake:t1", "refunded", "fake", amount=5_000)
        assert await store.refunds_due(NOW + 10**9, 9) == []
        before = await everything()
        for _ in range(2):
            assert await store.record_refund(SHOP, back(amount=5_000), NOW + 9) is False
        assert await everything() == before

    async def test_of_one_refund_told_many_times_at_once_one_counts(self, store: Store, ann: Talk) -> None:
        await paid(store, ann, 5_000)
        fresh = await together(*(partial(store.record_refund, SHOP, back(amount=5_000), NOW) for _ in range(20)))
        assert (fresh.count(True), (await standing(store)).refunded) == (1, 5_000)

    async def test_one_made_at_the_provider_counts_too_beside_ours(self, store: Store, ann: Talk) -> None:
        await paid(store, ann, 5_000)
        assert await store.record_refund(SHOP, back("re_9", 1_000, key=""), NOW) is True
        found = await standing(store)
        assert (found.refunded, found.refunding) == (1_000, 5_000)
        assert await store.record_refund(SHOP, back("re_1", 5_000), NOW) is True
        found = await standing(store)
        assert (found.refunded, found.refunding) == (6_000, 0)
        assert {"refunded:fake:re_9", "refunded:fake:re_1"} <= set(await letters(store))

    async def test_of_several_that_are_more_than_came_one_will_be_told_to_have_failed(
        self, store: Store, ann: Talk
    ) -> None:
        """It failed at the provider before the other was made, but the news of that are late."""
        await paid(store, ann)
        for name in ("re_1", "re_2"):
            assert await store.record_refund(SHOP, back(name, 40_000, key=""), NOW) is True
        assert (await standing(store)).left == -15_000
        assert await ann.commit(settlements=(PaymentSettlement("fake:t1", (APPLIED,), PaymentState.REFUNDED),)) is None
        assert (await standing(store)).left == -15_000
        assert await store.record_refund(SHOP, back("re_1", 40_000, ok=False, key=""), NOW) is True
        assert (await standing(store)).refunded == 40_000

    async def test_one_that_was_refused_ends_the_wish_and_says_why(self, store: Store, ann: Talk) -> None:
        await paid(store, ann, 5_000)
        assert await store.record_refund(SHOP, back(KEY, 5_000, ok=False), NOW) is True
        found = await standing(store)
        assert (found.state, found.refunded, found.refunding, found.refund_problem) == (REFUNDING, 0, 0, "no funds")
        told = (await letters(store))[f"unrefunded:fake:{KEY}"]
        assert told == DeskDecided("fake:t1", "unrefunded", "fake", amount=5_000)
        assert await store.record_refund(SHOP, back(KEY, 5_000, ok=False), NOW) is False
        one = PaymentSettlement("fake:t1", (REFUNDING,), APPLIED)
        assert await ann.commit(settlements=(one,)) is None
        await wish(ann, 5_000)
        found = await standing(store)
        assert (found.refund_key, found.refund_problem) == (f"{SHOP}/fake:t1:refund:2", "")

    async def test_one_that_failed_after_it_had_counted_is_taken_off_again(self, store: Store, ann: Talk) -> None:
        await paid(store, ann, 5_000)
        assert await store.record_refund(SHOP, back(amount=5_000), NOW) is True
        assert await store.record_refund(SHOP, back(amount=5_000, ok=False), NOW) is True
        found = await standing(store)
        assert (found.refunded, found.refund_problem) == (0, "no funds")
        assert await store.record_refund(SHOP, back(amount=5_000), NOW) is False, "success is old news by now"
        assert (await standing(store)).refunded == 0

    async def test_a_failure_that_nobody_waited_for_changes_nothing(
        self, store: Store, ann: Talk, everything: Everything
    ) -> None:
        await paid(store, ann)
        assert await store.record_refund(SHOP, back("re_7", ok=False, key=""), NOW) is True
        assert (await standing(store)).refund_problem == ""
        assert set(await letters(store)) == {"paid:fake:t1"}
        before = await everything()
        assert await store.record_refund(SHOP, back("re_7", key=""), NOW) is False
        assert await everything() == before

    @pytest.mark.parametrize(("shop", "of"), [(SHOP, "t9"), ("kiosk", "t1")])
    async def test_a_refund_of_no_payment_of_this_shop_is_none(
        self, store: Store, ann: Talk, everything: Everything, shop: str, of: str
    ) -> None:
        await paid(store, ann)
        before = await everything()
        assert await store.record_refund(shop, back(of=of), NOW) is False
        assert await everything() == before

    async def test_a_refund_of_nobodys_money_is_told_to_whom_the_desk_would_ask(self, store: Store) -> None:
        await store.record(SHOP, replace(news(), payer="+254700000001"), NOW)
        assert await store.record_refund(SHOP, back(key=""), NOW) is True
        (letter,) = await store.posted(NOW, 9)
        assert letter.address.shop == SHOP
        assert letter.address != Address(SHOP, "")

    async def test_the_longest_due_comes_first(self, store: Store, ann: Talk) -> None:
        for name in ("t1", "t2"):
            await ann.commit(intents=(intent(f"i-{name}"),))
            await store.record(SHOP, news(name, intent=f"i-{name}", transaction=name), NOW)
            frm = (PaymentState.RECORDED,)
            await ann.commit(settlements=(PaymentSettlement(f"fake:{name}", frm, DESK),))
            await ann.commit(settlements=(PaymentSettlement(f"fake:{name}", (DESK,), REFUNDING, refund=5),))
        late = NOW + 10**6
        await store.claim_refunds([(SHOP, "fake:t1")], late, late)
        assert [one.id for one in await store.refunds_due(late, 9)] == ["fake:t2", "fake:t1"]
