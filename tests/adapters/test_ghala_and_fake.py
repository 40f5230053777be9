"""The adapter ``ghala`` and the fake provider speak to each other in both dialects, also when things go wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
import trio
import trio.testing

from adapters.phones.meta.faults import Delay, Fault, ServerError
from adapters.phones.pay import callbacks
from adapters.phones.pay.faults import PayFaults
from adapters.phones.pay.requests import DECLINES
from engine.payments import Failure, PaymentNews, Way
from tests.adapters import ghala
from tests.adapters.ghala import Till, intent

ONCE = Fault(next=1)
Open = Callable[..., AbstractAsyncContextManager[Till]]


@pytest.fixture(params=["classic", "v2"])
def till(request: pytest.FixtureRequest) -> Open:
    """The stage, in one dialect."""
    return partial(ghala.till, dialect=request.param)


async def paid(made: Till) -> PaymentNews:
    """Ask for money, approve it, and give what the webhook told."""
    charged = await made.ghala.charge(made.http, intent())
    assert (charged.asked, charged.again) == (True, False)
    made.fake.approve(made.prompt())
    await made.hook.until(lambda: bool(made.hook.news))
    return made.hook.news[0]


async def test_money_comes_by_webhook_and_the_answer_to_a_question_is_the_same_news(till: Open) -> None:
    async with till() as made:
        charged = await made.ghala.charge(made.http, intent())
        known = intent(provider_ref=charged.provider_ref)
        assert await made.ghala.ask(made.http, known) is None
        made.fake.approve(made.prompt())
        await made.hook.until(lambda: bool(made.hook.news))
        (news,) = made.hook.news
        assert (news.ok, news.amount, news.currency, news.intent) == (True, 300_000, "KES", "kiosk/c1:6:pay")
        assert news.provider_ref == charged.provider_ref
        assert news.transaction
        found = await made.ghala.ask(made.http, known)
        assert found is not None
        assert (found.id, found.amount, found.intent) == (news.id, news.amount, news.intent)


FAILURES = {
    "cancelled": Failure.CANCELLED,
    "no_funds": Failure.NO_FUNDS,
    "wrong_pin": Failure.WRONG_PIN,
    "no_answer": Failure.NO_ANSWER,
    "declined": Failure.REFUSED,
    "expired": Failure.EXPIRED,
}


@pytest.mark.parametrize("reason", DECLINES)
async def test_every_way_to_say_no_is_understood_by_webhook_and_by_question(till: Open, reason: str) -> None:
    async with till() as made:
        charged = await made.ghala.charge(made.http, intent())
        made.fake.decline(made.prompt(), reason)
        await made.hook.until(lambda: bool(made.hook.news))
        (news,) = made.hook.news
        assert (news.ok, news.failure, news.intent) == (False, FAILURES[reason], "kiosk/c1:6:pay")
        found = await made.ghala.ask(made.http, intent(provider_ref=charged.provider_ref))
        assert found is not None
        assert (found.id, found.failure) == (news.id, news.failure)


async def test_a_card_s_link_comes_with_the_answer(till: Open) -> None:
    async with till() as made:
        charged = await made.ghala.charge(made.http, intent(way=Way.CARD, amount=299_950))
        assert (await made.client.get(charged.link)).status_code == 200


# -- faults ----------------------------------------------------------------------------------------------------------
async def test_a_lost_callback_is_found_by_asking(till: Open) -> None:
    async with till(PayFaults(never_call_back=ONCE)) as made:
        charged = await made.ghala.charge(made.http, intent())
        made.fake.approve(made.prompt())
        found = await made.ghala.ask(made.http, intent(provider_ref=charged.provider_ref))
        assert found is not None
        assert found.ok
        assert made.hook.calls == []


async def test_two_callbacks_are_one_piece_of_news(till: Open) -> None:
    async with till(PayFaults(call_back_twice=ONCE)) as made:
        await paid(made)
        await made.hook.until(lambda: len(made.hook.news) == 2)
        first, second = made.hook.news
        assert first == second


async def test_a_callback_before_the_answer_names_the_request_as_we_do(till: Open) -> None:
    async with till(PayFaults(call_back_first=ONCE)) as made:
        charged = await made.ghala.charge(made.http, intent())
        (news,) = made.hook.news
        assert news.intent == "kiosk/c1:6:pay"
        assert charged.provider_ref == news.provider_ref
        assert made.fake.prompts() == []


async def test_after_a_lost_answer_the_same_request_is_made_again_and_prompts_once(till: Open) -> None:
    async with till(PayFaults(lost_answer=ONCE)) as made:
        lost = await made.ghala.charge(made.http, intent(way=Way.CARD))
        assert (lost.asked, lost.again) == (True, True)
        found = await made.ghala.charge(made.http, intent(way=Way.CARD))
        assert found.link
        assert len(made.fake.requests()) == 1
        made.fake.approve(made.fake.requests()[0].id)
        news = await made.ghala.ask(made.http, intent())
        assert news is not None
        assert news.ok


async def test_a_request_that_was_never_taken_is_known_to_have_failed(till: Open) -> None:
    async with till(PayFaults(server_error=ServerError(next=1, status=500))) as made:
        broken = await made.ghala.charge(made.http, intent())
        assert (broken.asked, broken.again) == (True, True)
        news = await made.ghala.ask(made.http, intent())
        assert news is not None
        assert news.failure is Failure.UNREACHABLE


async def test_not_now_is_said_to_be_safe_to_try_again(till: Open) -> None:
    async with till(PayFaults(server_error=ServerError(next=1, status=503))) as made:
        later = await made.ghala.charge(made.http, intent())
        assert (later.asked, later.again) == (False, True)


async def test_a_wrong_signature_is_refused_and_the_next_attempt_is_right(
    till: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "RETRY_FIRST", 0.01)
    async with till(PayFaults(wrong_signature=ONCE)) as made:
        await paid(made)
        assert made.hook.refused == 1


async def test_a_wrong_amount_is_told_as_it_came(till: Open) -> None:
    async with till(PayFaults(wrong_amount=ONCE)) as made:
        assert (await paid(made)).amount == 299_900


async def test_a_callback_may_be_late(till: Open) -> None:
    async with till(PayFaults(delay=Delay(next=1, ms=200))) as made:
        before = trio.current_time()
        await paid(made)
        assert trio.current_time() - before >= 0.2


async def test_faults_are_set_over_http_and_wrong_ones_named(till: Open) -> None:
    async with till() as made:
        changed = await made.client.post("/control/faults", json={"lost_answer": {"next": 2}})
        assert changed.json()["lost_answer"] == {"rate": 0.0, "next": 2}
        assert made.fake.faults.lost_answer.next == 2
        wrong = await made.client.post("/control/faults", json={"duplicate": {"next": 2}})
        assert wrong.status_code == 400
        assert "never_call_back" in wrong.json()["error"]


async def test_the_same_seed_makes_the_same_mischief(till: Open) -> None:
    struck: list[list[bool]] = []
    for seed in (1, 1, 2):
        async with till(PayFaults(lost_answer=Fault(rate=0.5)), seed=seed) as made:
            lost = [(await made.ghala.charge(made.http, intent(f"i{n}"))).again for n in range(12)]
            struck.append(lost)
    assert struck[0] == struck[1] != struck[2]
    assert {True, False} == set(struck[0])
