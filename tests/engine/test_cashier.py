"""The cashier: asks for money once, tries again where that is harmless, and finds out what nobody told."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
import trio.testing

from engine import cashier as cashier_module
from engine.address import DAY, HOUR, MINUTE, Address
from engine.cashier import GAP_MOST, LANES, RETRIES, SILENT, WAITED_MOST
from engine.commit import Commit
from engine.errors import StoreBusy, StoreFailed
from engine.payments import OPEN, Failure, Intent, IntentMove, IntentStatus, PaymentState, Way
from tests.engine.cash import (
    DECLINED,
    LOST,
    NOBODY_KNOWS,
    NOT_REACHED,
    ScriptedProvider,
    counting,
    intent,
    keep,
    paid,
)
from tests.engine.scripted import SHOP, START, TroubledStore, leaves, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
KIOSK = "kiosk"


# -- asking for money ------------------------------------------------------------------------------------------------
async def test_a_wish_is_asked_for_at_once_and_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a"))
        await settled()
        assert desk.provider.charges_of("a") == [0]
        standing = await desk.stands("a")
        assert (standing.status, standing.provider_ref) == (IntentStatus.PENDING, "ref-a")
        assert await desk.letters() == ["charged:a"]
        assert desk.told
        await trio.sleep(10)
    assert desk.provider.charges_of("a") == [0]


async def test_what_an_earlier_process_left_is_asked_for_at_the_start(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await keep(store, (intent("a"),))
    async with counting(store) as desk:
        await settled()
    assert desk.provider.charges_of("a") == [0]


async def test_nobody_is_asked_for_a_transfer_or_cash(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a", way=Way.BANK), intent("b", way=Way.CASH))
        await trio.sleep(HOUR / 1000)
    assert (desk.provider.charged, desk.provider.asked) == ([], [])


async def test_a_refusal_is_told_to_the_customer(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        desk.provider.answers["a"].append(DECLINED)
        await desk.wish(intent("a"))
        await settled()
        assert await desk.status("a") is IntentStatus.FAILED
        assert await desk.letters() == ["uncharged:a"]


async def test_a_provider_that_is_not_reached_is_tried_again_then_the_customer_hears_within_a_minute(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.always = NOT_REACHED
        await desk.wish(intent("a"))
        await trio.sleep(55)
        assert desk.provider.charges_of("a") == [0, 2_000, 6_000, 14_000, 30_000]
        standing = await desk.stands("a")
        assert (standing.status, standing.reason) == (IntentStatus.FAILED, Failure.UNREACHABLE.value)
        assert await desk.letters() == ["uncharged:a"]
    assert len(RETRIES) == 4


async def test_a_request_whose_answer_was_lost_is_made_again_under_its_key(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.answers["a"].append(NOBODY_KNOWS)
        await desk.wish(intent("a"))
        await trio.sleep(5)
        assert desk.provider.charges_of("a") == [0, 2_000]
        assert (await desk.stands("a")).provider_ref == "ref-a"


async def test_when_nobody_ever_knows_it_is_asked_about_instead(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        desk.provider.always = NOBODY_KNOWS
        desk.provider.known["a"] = paid("a")
        await desk.wish(intent("a"))
        await trio.sleep(31)
        assert await desk.status("a") is IntentStatus.PENDING
        await trio.sleep(29)
        assert await desk.status("a") is IntentStatus.PAID


async def test_a_request_whose_answer_was_lost_is_asked_about_when_no_later_try_reaches_the_provider(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.answers["a"].append(LOST)
        desk.provider.always = NOT_REACHED
        desk.provider.known["a"] = paid("a")  # it had the first try, and the customer has entered the PIN
        await desk.wish(intent("a"))
        await trio.sleep(31)
        assert await desk.status("a") is IntentStatus.PENDING
        assert await desk.letters() == [], "nobody may say that nothing was taken"
        await trio.sleep(29)
        assert await desk.status("a") is IntentStatus.PAID


async def test_a_request_whose_answer_was_lost_is_asked_about_when_its_time_is_over_at_the_next_try(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.answers["a"].append(LOST)
        desk.provider.known["a"] = paid("a")
        await desk.wish(intent("a", expires=1_000))
        await trio.sleep(60)
        assert desk.provider.charges_of("a") == [0]
        assert await desk.status("a") is IntentStatus.PAID


async def test_the_wish_of_a_customer_who_gave_up_meanwhile_is_not_tried_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.always = NOT_REACHED
        await desk.wish(intent("a"))
        await trio.sleep(1)
        drop = IntentMove("a", OPEN, IntentStatus.CANCELLED)
        assert await store.commit(Commit(Address(SHOP, "ann"), 2, b"{}", START, "w2", intent_moves=(drop,))) is None
        await trio.sleep(600)
    assert desk.provider.charges_of("a") == [0]
    assert desk.cashier._again == {}


async def test_what_is_over_already_is_not_asked_for(store: TroubledStore, autojump_clock: Clock) -> None:
    await keep(store, (intent("a", expires=-1),))
    async with counting(store) as desk:
        await settled()
        standing = await desk.stands("a")
    assert (standing.status, standing.reason) == (IntentStatus.FAILED, Failure.EXPIRED.value)
    assert desk.provider.charged == []


async def test_a_way_that_the_shop_has_no_provider_for_fails_at_once(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a", shop=KIOSK))
        await settled()
        assert (await desk.stands("a", KIOSK)).reason == Failure.UNREACHABLE.value


async def test_a_bug_in_a_provider_ends_no_lane_and_asks_nobody_twice(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.answers["a"].append(RuntimeError("a bug"))
        desk.provider.known["b"] = RuntimeError("a bug")
        await desk.wish(intent("a"), intent("b"))
        await trio.sleep(60)
        assert await desk.status("a") is IntentStatus.PENDING
        await desk.wish(intent("c"))
        await settled()
    assert desk.provider.charges_of("a") == [0]
    assert desk.provider.charges_of("c") == [60_000]
    assert len(desk.provider.questions_of("b")) > 1


async def test_few_requests_are_under_way_at_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        gate = trio.Event()
        desk.provider.always = gate
        await desk.wish(*[intent(f"i{number}") for number in range(120)])
        await settled()
        assert desk.provider.most_at_once == LANES
        gate.set()
        await settled()
    assert len(desk.provider.charged) == 120


async def test_a_provider_that_hangs_keeps_no_other_shops_customers_waiting(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    hung, good = ScriptedProvider(), ScriptedProvider(KIOSK)
    hung.always = trio.Event()
    async with counting(store, hung, good) as desk:
        await desk.wish(*[intent(f"i{number}") for number in range(200)])
        await settled()
        await desk.wish(intent("k", shop=KIOSK))
        await settled()
    assert good.charges_of("k") == [0]


async def test_who_waited_too_long_behind_a_provider_that_hangs_hears_that_it_does(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        gate = trio.Event()
        desk.provider.always = gate
        await desk.wish(*[intent(f"i{number}") for number in range(LANES)])
        await settled()
        await desk.wish(intent("late"))
        await trio.sleep(WAITED_MOST + 1)
        gate.set()
        await settled()
        assert (await desk.stands("late")).reason == Failure.UNREACHABLE.value
    assert desk.provider.charges_of("late") == []


async def test_two_processes_over_one_store_ask_once(store: TroubledStore, autojump_clock: Clock) -> None:
    provider = ScriptedProvider()
    async with counting(store, provider) as desk, counting(store, provider) as other:
        commit = await keep(store, (intent("a"),))
        desk.cashier.offer(commit)
        other.cashier.offer(commit)
        await settled()
    assert provider.charges_of("a") == [0]


# -- silence ---------------------------------------------------------------------------------------------------------
async def test_a_lost_callback_is_found_out_within_a_minute(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a"))
        await trio.sleep(30)
        desk.provider.known["a"] = paid("a")  # the customer has entered the PIN; nobody told us
        await trio.sleep(30)
        assert await desk.status("a") is IntentStatus.PAID
        assert "paid:scripted:tx-a" in await desk.letters()
        payment = await store.payment(SHOP, "scripted:tx-a")
        assert payment is not None
        assert (payment.state, payment.order) == (PaymentState.RECORDED, "ORD-a")
        asked = len(desk.provider.asked)
        await trio.sleep(3_600)
    assert len(desk.provider.asked) == asked


async def test_a_rush_of_wishes_keeps_nobody_from_hearing_what_became_of_theirs(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    rush = [f"w{number}" for number in range(300)]
    async with counting(store) as desk:
        await desk.wish(intent("silent"))
        await trio.sleep(SILENT / 1000 + 0.5)  # the cashier has looked for the silent just before it was one
        assert desk.provider.asked == []
        charges = store.charges

        async def rushed(limit: int) -> list[Intent]:
            if rush:
                await keep(store, (intent(rush.pop()),))
            return await charges(limit)

        store.charges = rushed  # type: ignore[method-assign]
        await desk.wish(intent("first"))
        while not desk.provider.asked and rush:
            await trio.lowlevel.checkpoint()
        assert rush, "it was asked about while wishes came in"


async def test_questions_come_in_growing_gaps_until_a_day_after_the_end(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a", expires=10 * MINUTE))
        await trio.sleep(3 * DAY / 1000)
    asked = desk.provider.questions_of("a")
    gaps = [after - before for before, after in pairwise(asked)]
    assert SILENT <= asked[0] <= SILENT + 5_100
    assert all(gap >= SILENT for gap in gaps)
    assert max(gaps) <= GAP_MOST + 6_000
    assert gaps[0] < gaps[10] < gaps[-1]
    assert DAY + 10 * MINUTE - GAP_MOST <= asked[-1] <= DAY + 10 * MINUTE
    assert len(asked) < 100


async def test_who_cancels_here_and_approves_on_the_phone_all_the_same_is_found_out(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a"), intent("b"))
        await settled()
        drops = tuple([IntentMove(name, OPEN, IntentStatus.CANCELLED) for name in ("a", "b")])
        assert await store.commit(Commit(Address(SHOP, "ann"), 2, b"{}", START, "w2", intent_moves=drops)) is None
        desk.provider.known |= {"a": paid("a"), "b": paid("b", ok=False)}
        await trio.sleep(60)
        assert await desk.status("a") is IntentStatus.PAID
        assert await desk.status("b") is IntentStatus.CANCELLED
        assert sorted(await desk.letters()) == ["charged:a", "charged:b", "paid:scripted:tx-a"]
        await trio.sleep(3_600)
    assert len(desk.provider.questions_of("b")) == 1, "what is known is not asked about again"


async def test_more_questions_than_a_slow_provider_takes_are_put_off_not_piled_up(
    store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cashier_module, "ASKS_WAITING", 5)
    hung, good = ScriptedProvider(), ScriptedProvider(KIOSK)
    async with counting(store, hung, good) as desk:
        await desk.wish(*[intent(f"i{number}") for number in range(60)])
        await desk.wish(intent("k", shop=KIOSK))
        await settled()
        hung.known = {f"i{number}": trio.Event() for number in range(60)}
        good.known["k"] = paid("k")
        await trio.sleep(30)
        assert (await desk.stands("k", KIOSK)).status is IntentStatus.PAID
        assert len(hung.asked) == LANES
        assert desk.cashier._desks[0].next_ask.statistics().current_buffer_used == 5


# -- recording ---------------------------------------------------------------------------------------------------------
async def test_news_are_recorded_once_and_told_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        await desk.wish(intent("a"))
        await settled()
        told = desk.told
        assert await desk.cashier.record(SHOP, paid("a"))
        assert not await desk.cashier.record(SHOP, paid("a"))
        assert desk.told == told + 1
        assert (await desk.letters()).count("paid:scripted:tx-a") == 1


async def test_nobody_is_thanked_for_news_that_were_not_kept(store: TroubledStore, autojump_clock: Clock) -> None:
    async with counting(store) as desk:
        for trouble in (StoreBusy("full"), StoreFailed("no disk")):
            store.trouble["record"].append(trouble)
            with pytest.raises(type(trouble)):
                await desk.cashier.record(SHOP, paid("a"))
        assert not desk.told


async def test_what_was_asked_about_is_kept_also_when_the_store_is_busy(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with counting(store) as desk:
        desk.provider.known["a"] = paid("a")
        for call in ("claim_charges", "settle_charges", "asked_about", "record"):
            store.trouble[call].append(StoreBusy("full"))
        await desk.wish(intent("a"))
        await trio.sleep(60)
        assert await desk.status("a") is IntentStatus.PAID


@pytest.mark.parametrize(
    "call", ["charges", "claim_charges", "settle_charges", "silent_charges", "asked_about", "record"]
)
async def test_wherever_the_store_fails_the_run_ends_with_that(
    store: TroubledStore, autojump_clock: Clock, call: str
) -> None:
    failed = StoreFailed("the disk refused")

    async def run() -> None:
        async with counting(store) as desk:
            await settled()
            desk.provider.known["a"] = paid("a")
            store.always[call] = failed
            await desk.wish(intent("a"))
            await trio.sleep(600)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert set(leaves(caught.value)) == {failed}
