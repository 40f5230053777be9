"""What every store promises about requests to pay: asked for once, told once, asked about while they are silent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.events import ChargeAnswered, PaymentFailed, PaymentSettled
from engine.payments import (
    INTENT_MOVES,
    IntentMove,
    IntentStatus,
    Way,
)
from engine.ports import Store
from tests.storage.things import (
    all_intents,
    charged,
    intent,
    intent_move,
    intent_of,
    letters,
    news,
    stand_at,
    version,
)
from tests.storage.values import DUPLICATE, NOW, SHOP, Everything, Talk

CREATED, ASKING, PENDING = IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING
PAID, FAILED, CANCELLED = IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED


class Intents:
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
        talk.letters = 9_999
        assert await talk.commit(intent_moves=(intent_move("i1", frm, to, "why"),)) is None
        found = await intent_of(store)
        assert found.status is (to if to in INTENT_MOVES[frm] else frm)
        assert (found.reason == "why") is (to in INTENT_MOVES[frm])

    async def test_a_move_that_comes_too_late_changes_nothing_and_refuses_nothing(self, store: Store) -> None:
        await stand_at(store, PAID)
        talk = Talk(store, version=await version(store), letters=9_999)
        moves = (intent_move("i1", CREATED, CANCELLED), intent_move("i9", CREATED, CANCELLED))
        assert await talk.commit(intent_moves=moves) is None
        assert (await intent_of(store)).status is PAID

    async def test_a_move_from_where_it_does_not_stand_changes_nothing(self, store: Store) -> None:
        await stand_at(store, PENDING)
        talk = Talk(store, version=await version(store), letters=9_999)
        assert await talk.commit(intent_moves=(intent_move("i1", CREATED, CANCELLED),)) is None
        assert (await intent_of(store)).status is PENDING

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

    async def test_an_answer_that_says_less_takes_nothing_away(self, store: Store) -> None:
        await stand_at(store, PENDING)
        before = await intent_of(store)
        await store.settle_charges([charged(provider="", provider_ref="", link="")], NOW)
        assert await intent_of(store) == before

    async def test_a_link_alone_is_an_answer(self, store: Store) -> None:
        await stand_at(store, ASKING)
        await store.settle_charges([charged(provider_ref="")], NOW)
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

    async def test_who_cancels_here_may_approve_on_the_phone_all_the_same(self, store: Store) -> None:
        for name, status in (("i1", PENDING), ("i2", ASKING), ("i3", CREATED)):
            await stand_at(store, status, name)
        talk = Talk(store, version=await version(store), letters=9_999)
        moves = tuple([IntentMove(name, (CREATED, ASKING, PENDING), CANCELLED) for name in ("i1", "i2", "i3")])
        await talk.commit(intent_moves=moves)
        assert [one.id for one in await store.silent_charges(NOW + 9, 9)] == ["i1"], "only this one a provider has"
        await store.settle_charges([charged("i2")], NOW)
        assert [one.id for one in await store.silent_charges(NOW + 9, 9)] == ["i1", "i2"]

    async def test_a_question_can_be_put_off(self, store: Store) -> None:
        await stand_at(store, PENDING)
        await store.asked_about(["i1"], NOW + 500)
        assert await store.silent_charges(NOW + 500, 9) == []
        assert [one.id for one in await store.silent_charges(NOW + 501, 9)] == ["i1"]
