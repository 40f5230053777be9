"""What every store promises about hearsay, receipts, and references that people type (quality.md 12)."""

from __future__ import annotations

import pytest
import trio
from msgspec.structs import replace

from engine.payments import IntentStatus, PaymentNews, PaymentState, Told
from engine.ports import Store
from tests.storage.things import charged, failed, intent, intent_of, letters, news, settlement, stand_at
from tests.storage.values import NOW, SHOP, Talk

ASKING, PENDING, PAID = IntentStatus.ASKING, IntentStatus.PENDING, IntentStatus.PAID
FAILED, CANCELLED, CREATED = IntentStatus.FAILED, IntentStatus.CANCELLED, IntentStatus.CREATED


def receipt(number: str, name: str = "", **more: str) -> PaymentNews:
    """What M-Pesa tells of money; "" is money whose number is not known yet."""
    told = {"intent": "i1", "provider_ref": "ws_1"} | more
    return replace(news(name or number, provider="mpesa", transaction=number), **told)


async def due(store: Store) -> list[str]:
    """What is to be asked about before everything else."""
    return [one.id for one in await store.silent_charges(1, 10)]


class Hearsay:
    # -- hearsay ---------------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("status", IntentStatus)
    async def test_word_of_success_is_kept_and_asked_about_at_once(self, store: Store, status: IntentStatus) -> None:
        await stand_at(store, status)
        told = receipt("R1")
        assert await store.overheard(SHOP, told, NOW + 5) is True
        found = await intent_of(store)
        assert found.told == Told(told, NOW + 5)
        assert found.status is (PENDING if status is CREATED else status), "who tells of it was asked"
        assert await due(store) == ["i1"]
        assert await letters(store) == {}, "nothing is made of it"
        assert [one.transaction for one in await store.payments(SHOP, [], 9)] in ([], [""])

    @pytest.mark.parametrize("status", IntentStatus)
    async def test_word_of_failure_counts_while_money_is_expected(self, store: Store, status: IntentStatus) -> None:
        await stand_at(store, status)
        open_ = status in (CREATED, ASKING, PENDING)
        assert await store.overheard(SHOP, failed(intent="i1"), NOW) is open_
        assert await due(store) == (["i1"] if open_ else [])

    async def test_what_is_no_intent_of_this_shop_s_is_not_there(self, store: Store) -> None:
        await stand_at(store, PENDING)
        assert await store.overheard(SHOP, receipt("R1", intent="i9"), NOW) is None
        assert await store.overheard("other", receipt("R1"), NOW) is None
        assert (await intent_of(store)).told is None

    async def test_hearsay_teaches_what_a_lost_answer_would_have_said(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.overheard(SHOP, receipt("R1"), NOW)
        found = await intent_of(store)
        assert (found.provider, found.provider_ref) == ("mpesa", "ws_1")

    async def test_what_a_provider_answered_is_not_overwritten(self, store: Store) -> None:
        await stand_at(store, PENDING)
        await store.overheard(SHOP, receipt("R1"), NOW)
        assert (await intent_of(store)).provider_ref == "ref-1"

    async def test_hearsay_before_the_answer_is_still_due_after_it(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.overheard(SHOP, receipt("R1"), NOW)
        await store.settle_charges([charged()], NOW)
        assert (await intent_of(store)).status is PENDING
        assert await due(store) == ["i1"]

    async def test_success_outweighs_failure_and_nothing_outweighs_success(self, store: Store) -> None:
        await stand_at(store, PENDING)
        no, yes = failed(intent="i1"), receipt("R1")
        assert [await store.overheard(SHOP, one, NOW) for one in (no, no, yes, no, yes)] == [
            *(True, False, True, False, False)
        ]
        assert (await intent_of(store)).told == Told(yes, NOW)

    async def test_news_that_agree_end_it(self, store: Store) -> None:
        await stand_at(store, PENDING)
        told = receipt("R1")
        await store.overheard(SHOP, told, NOW)
        assert await store.record(SHOP, told, NOW)
        found = await intent_of(store)
        assert (found.status, found.told) == (PAID, None)
        assert await store.silent_charges(10**18, 10) == []
        assert await store.overheard(SHOP, told, NOW) is False, "it is recorded"

    async def test_a_number_that_was_overheard_during_the_question_is_not_lost(self, store: Store) -> None:
        """The question that says "paid" knows no number, and was asked before the callback came."""
        await stand_at(store, PENDING)
        await store.overheard(SHOP, receipt("R1", payer="254700000001"), NOW)
        assert await store.record(SHOP, receipt("", "paid-ws_1"), NOW)
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.id, found.transaction, found.payer) == ("mpesa:R1", "R1", "254700000001")
        assert await store.record(SHOP, receipt("", "paid-ws_1"), NOW) is False
        assert await store.record(SHOP, receipt("R1", intent=""), NOW) is False, "C2B tells of it too"
        assert (await intent_of(store)).told is None

    async def test_so_it_is_where_it_is_recorded_meanwhile(self, store: Store) -> None:
        await stand_at(store, PENDING)
        await store.overheard(SHOP, receipt("R1"), NOW)
        assert await store.record(SHOP, receipt("R1", intent="", provider_ref=""), NOW)
        assert await store.record(SHOP, receipt("", "paid-ws_1"), NOW)
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.id, found.intent, found.state) == ("mpesa:R1", "i1", PaymentState.RECORDED)

    async def test_word_of_success_that_is_contradicted_stays(self, store: Store) -> None:
        await stand_at(store, PENDING)
        await store.overheard(SHOP, receipt("R1"), NOW)
        assert await store.record(SHOP, failed(intent="i1"), NOW)
        found = await intent_of(store)
        assert (found.status, found.told) == (FAILED, Told(receipt("R1"), NOW))
        assert [one.id for one in await store.silent_charges(10**18, 10)] == ["i1"]

    async def test_questions_end_only_where_nothing_was_overheard_meanwhile(self, store: Store) -> None:
        await stand_at(store, PENDING, "i1")
        await stand_at(store, PENDING, "i2")
        await store.overheard(SHOP, receipt("R1", intent="i1"), NOW)
        await store.asked_enough(["i1", "i2", "i9"])
        assert [one.id for one in await store.silent_charges(10**14, 10)] == ["i1"]

    # -- receipts --------------------------------------------------------------------------------------------------
    async def test_a_receipt_is_one_payment_whatever_it_is_told_under(self, store: Store) -> None:
        await stand_at(store, PENDING, "i1")
        await stand_at(store, PENDING, "i2")
        assert await store.record(SHOP, receipt("R1", "as-one"), NOW)
        assert not await store.record(SHOP, receipt("R1", "as-another", intent="i2"), NOW)
        assert not await store.record(SHOP, receipt("R1", "nobody-s", intent=""), NOW)
        assert (await intent_of(store, "i2")).status is PENDING, "a receipt settles one order"
        assert len(await store.payments(SHOP, [], 9)) == 1

    async def test_another_shop_s_receipts_and_other_providers_are_theirs(self, store: Store) -> None:
        assert await store.record(SHOP, receipt("R1", "a"), NOW)
        assert await store.record("other", receipt("R1", "b"), NOW)
        assert await store.record(SHOP, replace(receipt("R1", "c"), provider="fake"), NOW)
        assert await store.record(SHOP, replace(receipt("R1", "d"), provider="fake"), NOW)

    async def test_a_number_that_comes_later_is_written_into_the_payment(self, store: Store) -> None:
        await stand_at(store, PENDING)
        assert await store.record(SHOP, receipt("", "unnumbered"), NOW)
        assert not await store.record(SHOP, receipt("R1", payer="254700000001"), NOW)
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.id, found.transaction, found.payer) == ("mpesa:unnumbered", "R1", "254700000001")
        assert not await store.record(SHOP, receipt("R1"), NOW), "now it is known by its number"
        assert await store.record(SHOP, receipt("R2"), NOW), "another number is other money"
        assert len(await store.payments(SHOP, [], 9)) == 2

    # -- money of nobody's -----------------------------------------------------------------------------------------
    async def test_money_of_nobody_s_is_its_customer_s_once_its_provider_says_whose_it_is(self, store: Store) -> None:
        """A till's C2B confirmation names no order; the callback of the same prompt, which may be later, does."""
        await stand_at(store, PENDING)
        assert await store.record(SHOP, receipt("R1", intent="", provider_ref=""), NOW)
        assert [one.state for one in await store.payments(SHOP, [], 9)] == [PaymentState.DESK]
        assert await store.overheard(SHOP, receipt("R1"), NOW) is True, "it is asked whose it is"
        assert await store.record(SHOP, receipt("R1"), NOW + 1)
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.state, found.why, found.intent) == (PaymentState.RECORDED, "", "i1")
        assert (found.order, found.customer, found.at) == ("WA1", "ann", NOW)
        assert (await intent_of(store)).status is PAID
        assert "paid:mpesa:R1" in await letters(store, NOW + 1)
        assert await store.record(SHOP, receipt("R1"), NOW + 2) is False
        assert await store.overheard(SHOP, receipt("R1"), NOW + 2) is False

    async def test_so_it_is_where_both_come_at_once(self, store: Store) -> None:
        await stand_at(store, PENDING)
        fresh: list[bool] = []

        async def tell(told: PaymentNews) -> None:
            fresh.append(await store.record(SHOP, told, NOW))

        async with trio.open_nursery() as nursery:
            for one in (receipt("R1", intent="", provider_ref=""), receipt("R1"), receipt("R1")):
                nursery.start_soon(tell, one)
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.state, found.intent) == (PaymentState.RECORDED, "i1")
        assert (await intent_of(store)).status is PAID

    async def test_what_the_owner_has_decided_about_stays_decided(self, store: Store) -> None:
        await stand_at(store, PENDING)
        await store.record(SHOP, receipt("R1", intent="", provider_ref=""), NOW)
        talk = Talk(store, version=1, letters=200)
        one = settlement("mpesa:R1", PaymentState.DESK, PaymentState.CREDITED)
        assert await talk.commit(settlements=(one,)) is None
        assert await store.overheard(SHOP, receipt("R1"), NOW) is False
        assert await store.record(SHOP, receipt("R1"), NOW) is False
        (found,) = await store.payments(SHOP, [], 9)
        assert (found.state, found.intent) == (PaymentState.CREDITED, "")

    async def test_what_is_paid_already_is_not_paid_twice_by_money_of_nobody_s(self, store: Store) -> None:
        """Asked before either was told, the provider said "paid" without a number."""
        await stand_at(store, PENDING)
        assert await store.record(SHOP, receipt("", "unnumbered"), NOW)
        assert await store.record(SHOP, receipt("R1", intent="", provider_ref=""), NOW)
        assert await store.record(SHOP, receipt("R1"), NOW) is False
        found = {one.id: (one.state, one.intent) for one in await store.payments(SHOP, [], 9)}
        assert found["mpesa:R1"] == (PaymentState.DESK, ""), "the owner looks at it"
        assert found["mpesa:unnumbered"] == (PaymentState.RECORDED, "i1")

    # -- what people type ------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("typed", ["P-7K2M9QXA", "p7k2m9qxa", " P 7K2M 9QXA ", "wa 2025-01 7", "WA2025-017"])
    async def test_a_reference_typed_by_hand_finds_its_order(self, store: Store, ann: Talk, typed: str) -> None:
        await ann.commit(intents=(intent("i1", "WA-2025-017", reference="P-7K2M9QXA"), intent("i2", "WB-1")))
        found = await store.meant(SHOP, news(reference=typed))
        assert found is not None
        assert found.id == "i1"
        assert await store.record(SHOP, news(reference=typed), NOW)
        (payment,) = await store.payments(SHOP, [], 9)
        assert payment.order == "WA-2025-017"

    @pytest.mark.parametrize("typed", ["", " ", "-", "WA-2025-01", "rent", "wa%"])
    async def test_what_means_nothing_finds_nothing(self, store: Store, ann: Talk, typed: str) -> None:
        await ann.commit(intents=(intent("i1", "WA-2025-017", reference=""),))
        assert await store.meant(SHOP, news(reference=typed)) is None
        assert await store.meant("other", news(reference="WA-2025-017")) is None

    async def test_of_several_the_latest_is_meant(self, store: Store, ann: Talk) -> None:
        await ann.commit(intents=(intent("i1", reference="R"), intent("i2", reference="R")))
        found = await store.meant(SHOP, news(reference="r"))
        assert found is not None
        assert found.id == "i2"

    async def test_a_provider_s_own_id_means_its_request(self, store: Store) -> None:
        await stand_at(store, PENDING)
        found = await store.meant(SHOP, news(provider_ref="ref-1"))
        assert found is not None
        assert found.id == "i1"
        assert await store.meant(SHOP, news(provider_ref="ref-1", provider="mpesa")) is None
        assert await store.meant("other", news(provider_ref="ref-1")) is None
