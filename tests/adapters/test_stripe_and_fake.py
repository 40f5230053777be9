"""The adapter ``stripe`` and the fake speak to each other, both ways, also when things go wrong."""

from __future__ import annotations

import msgspec
import pytest
import trio

from adapters.phones.meta.faults import Delay, Fault, ServerError
from adapters.phones.stripe import events
from adapters.phones.stripe.faults import StripeFaults
from engine.payments import Failure, IntentStatus
from tests.adapters.fake_world import START
from tests.adapters.stripe import INTENT, intent, payment, till

ONCE = Fault(next=1)
KEY = "kiosk/stripe:pi_1:refund:1"


async def test_money_comes_by_webhook_and_the_answer_to_a_question_is_the_same_news() -> None:
    async with till() as made:
        news = await made.paid()
        assert (news.ok, news.amount, news.currency, news.intent) == (True, 300_000, "KES", INTENT)
        found = await made.stripe.ask(made.http, intent(provider_ref=news.provider_ref))
        assert found == news


async def test_a_bank_that_takes_its_time_is_one_payment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.phones.fake_stripe.LATER_SECONDS", 0.05)
    async with till() as made:
        charged = await made.stripe.charge(made.http, intent())
        made.fake.answer(charged.provider_ref, "later")
        known = intent(provider_ref=charged.provider_ref)
        assert await made.stripe.ask(made.http, known) is None
        await made.hook.until(lambda: len(made.hook.raw) == 2)
        (news,) = made.hook.news
        assert news == await made.stripe.ask(made.http, known)


async def test_a_bank_that_says_no_later_is_understood_by_webhook_and_by_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.phones.fake_stripe.LATER_SECONDS", 0.05)
    async with till() as made:
        charged = await made.stripe.charge(made.http, intent())
        made.fake.answer(charged.provider_ref, "later_no")
        await made.hook.until(lambda: bool(made.hook.news))
        found = await made.stripe.ask(made.http, intent(provider_ref=charged.provider_ref))
        assert found is not None
        assert (found.id, found.failure) == (made.hook.news[0].id, Failure.REFUSED)


async def test_the_link_of_an_order_that_is_cancelled_is_ended() -> None:
    async with till() as made:
        charged = await made.stripe.charge(made.http, intent())
        dropped = intent(provider_ref=charged.provider_ref, status=IntentStatus.CANCELLED)
        found = await made.stripe.ask(made.http, dropped)
        await made.hook.until(lambda: bool(made.hook.news))
        assert found is not None
        assert (found.failure, found.id) == (Failure.EXPIRED, made.hook.news[0].id)
        assert made.session().status == "expired"
        assert not made.fake.answer(charged.provider_ref, "approve")


async def test_a_refund_comes_back_by_answer_and_by_webhook_as_one() -> None:
    async with till() as made:
        paid = payment((await made.paid()).transaction)
        told = await made.stripe.refund(made.http, paid, 100_000, KEY)
        await made.hook.until(lambda: bool(made.hook.refunds))
        assert told.news == made.hook.refunds[0]
        assert told.news is not None
        assert (told.news.amount, told.news.key, told.news.payment) == (100_000, KEY, paid.transaction)


async def test_the_owner_s_own_refund_is_told_without_a_key() -> None:
    async with till() as made:
        made.fake.refund((await made.paid()).transaction, 500)
        await made.hook.until(lambda: bool(made.hook.refunds))
        assert (made.hook.refunds[0].amount, made.hook.refunds[0].key) == (500, "")


async def test_refunds_that_no_webhook_told_of_are_found_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.payments.stripe.REFUNDS_LISTED", 2)
    async with till() as made:
        transaction = (await made.paid()).transaction
        made.fake.faults = StripeFaults(never_call_back=Fault(rate=1.0))
        for amount in range(1, 6):
            made.fake.refund(transaction, amount)
        found = await made.stripe.refunds(made.http, START)
        assert [one.amount for one in found] == [5, 4, 3, 2, 1]
        assert await made.stripe.refunds(made.http, START + 1_000) == []
        made.fake.faults = StripeFaults(throttle=ONCE)
        assert await made.stripe.refunds(made.http, START) == []


# -- faults ----------------------------------------------------------------------------------------------------------
async def test_a_lost_callback_is_found_by_asking() -> None:
    async with till(StripeFaults(never_call_back=ONCE)) as made:
        charged = await made.stripe.charge(made.http, intent())
        made.fake.answer(charged.provider_ref, "approve")
        found = await made.stripe.ask(made.http, intent(provider_ref=charged.provider_ref))
        assert found is not None
        assert found.ok
        assert made.hook.raw == []


@pytest.mark.parametrize("fault", ["call_back_twice", "duplicate"])
async def test_two_events_are_one_piece_of_news(fault: str) -> None:
    async with till(msgspec.structs.replace(StripeFaults(), **{fault: ONCE})) as made:
        await made.paid()
        await made.hook.until(lambda: len(made.hook.news) == 2)
        first, second = made.hook.news
        assert first == second
        assert (made.hook.raw[0] == made.hook.raw[1]) is (fault == "call_back_twice")


async def test_a_callback_before_the_answer_names_the_request_as_we_do() -> None:
    async with till(StripeFaults(call_back_first=ONCE)) as made:
        charged = await made.stripe.charge(made.http, intent())
        (news,) = made.hook.news
        assert (news.intent, news.provider_ref) == (INTENT, charged.provider_ref)


async def test_events_may_overtake_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "REORDER_MS", 60_000)
    async with till(StripeFaults(reorder=ONCE)) as made:
        charged = await made.stripe.charge(made.http, intent())
        made.fake.answer(charged.provider_ref, "approve")
        made.fake.refund(made.session().payment_intent, 500)
        await made.hook.until(lambda: len(made.hook.raw) == 3)
        assert made.hook.kinds[0] != "checkout.session.completed"


async def test_a_held_event_is_let_go_where_no_other_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "REORDER_MS", 10)
    async with till(StripeFaults(reorder=ONCE)) as made:
        assert (await made.paid()).ok


async def test_after_a_lost_answer_the_same_request_is_made_again_and_is_one_session() -> None:
    async with till(StripeFaults(lost_answer=ONCE)) as made:
        lost = await made.stripe.charge(made.http, intent())
        assert (lost.asked, lost.again) == (True, True)
        found = await made.stripe.charge(made.http, intent())
        assert found.provider_ref == made.session().id


async def test_a_link_whose_answer_was_lost_is_found_by_a_question_and_ended() -> None:
    async with till(StripeFaults(lost_answer=ONCE)) as made:
        await made.stripe.charge(made.http, intent())
        news = await made.stripe.ask(made.http, intent(status=IntentStatus.PENDING))
        assert news is not None
        assert (news.ok, news.failure) == (False, Failure.UNREACHABLE)
        assert made.session().status == "expired"


@pytest.mark.parametrize("fault", ["lost_answer", "throttle", "server_error"])
async def test_a_refund_through_a_fault_is_made_once(fault: str) -> None:
    async with till() as made:
        paid = payment((await made.paid()).transaction)
        trouble = ServerError(next=1) if fault == "server_error" else ONCE
        made.fake.faults = msgspec.structs.replace(StripeFaults(), **{fault: trouble})
        first = await made.stripe.refund(made.http, paid, 100_000, KEY)
        assert first.news is None
        second = await made.stripe.refund(made.http, paid, 100_000, KEY)
        third = await made.stripe.refund(made.http, paid, 100_000, KEY)
        assert second.news == third.news
        assert second.news is not None
        assert len(made.fake.book.refunds) == 1


async def test_a_refund_is_made_once_also_when_stripe_has_forgotten_the_key() -> None:
    async with till() as made:
        paid = payment((await made.paid()).transaction)
        await made.stripe.refund(made.http, paid, 100_000, KEY)
        made.fake._keys._kept.clear()
        await made.stripe.refund(made.http, paid, 100_000, KEY)
        assert len(made.fake.book.refunds) == 1


async def test_not_now_is_said_to_be_safe_to_try_again() -> None:
    async with till(StripeFaults(throttle=ONCE)) as made:
        later = await made.stripe.charge(made.http, intent())
        assert (later.asked, later.again) == (False, True)


async def test_an_illness_leaves_it_open() -> None:
    async with till(StripeFaults(server_error=ServerError(next=1, status=500))) as made:
        broken = await made.stripe.charge(made.http, intent())
        assert (broken.asked, broken.again, broken.provider) == (True, True, "stripe")


async def test_a_request_that_hangs_is_not_carried_out() -> None:
    async with till(StripeFaults(hang=ONCE)) as made:
        with trio.move_on_after(0.3) as waited:
            await made.stripe.charge(made.http, intent())
        assert waited.cancelled_caught
        assert list(made.fake.book) == []


async def test_a_wrong_signature_is_refused_and_the_next_attempt_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RETRY_FIRST", 0.01)
    async with till(StripeFaults(wrong_signature=ONCE)) as made:
        await made.paid()
        assert made.hook.refused == 1


async def test_a_wrong_amount_is_told_as_it_came() -> None:
    async with till(StripeFaults(wrong_amount=ONCE)) as made:
        assert (await made.paid()).amount == 299_999


async def test_a_callback_may_be_late() -> None:
    async with till(StripeFaults(delay=Delay(next=1, ms=200))) as made:
        before = trio.current_time()
        await made.paid()
        assert trio.current_time() - before >= 0.2


async def test_faults_are_set_over_http_and_wrong_ones_named() -> None:
    async with till() as made:
        changed = await made.client.post("/control/faults", json={"lost_answer": {"next": 2}})
        assert changed.json()["lost_answer"] == {"rate": 0.0, "next": 2}
        wrong = await made.client.post("/control/faults", json={"batch": {"next": 2}})
        assert wrong.status_code == 400
        assert "never_call_back" in wrong.json()["error"]


async def test_the_same_seed_makes_the_same_mischief() -> None:
    struck: list[list[bool]] = []
    for seed in (1, 1, 2):
        async with till(StripeFaults(throttle=Fault(rate=0.5)), seed=seed) as made:
            struck.append([(await made.stripe.charge(made.http, intent(f"kiosk/i{n}"))).again for n in range(12)])
    assert struck[0] == struck[1] != struck[2]
    assert {True, False} == set(struck[0])
