"""The adapter ``mpesa`` and the fake Daraja speak to each other, both ways, also when things go wrong."""

from __future__ import annotations

import pytest
import trio

from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.meta.faults import Delay, Fault, ServerError
from engine.payments import Failure
from tests.adapters.mpesa import INTENT, intent, provider, till, told

ONCE = Fault(next=1)


async def test_money_is_told_by_callback_and_confirmed_by_question() -> None:
    async with till() as made:
        charged = await made.mpesa.charge(made.http, intent())
        assert (charged.asked, charged.provider_ref) == (True, made.push().id)
        assert (made.push().amount, made.push().reference) == (3_000, "ORD-7K2M9Q")
        known = intent(provider_ref=charged.provider_ref)
        assert await made.mpesa.ask(made.http, known) is None, "it is on the phone"
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: bool(made.hook.hearsay))
        news = made.hook.hearsay[0]
        assert (news.ok, news.amount, news.intent, news.transaction) == (True, 300_000, INTENT, made.push().receipt)
        heard = intent(provider_ref=charged.provider_ref, told=told(made.mpesa, made.push()))
        assert await made.mpesa.ask(made.http, heard) == news
        unheard = await made.mpesa.ask(made.http, known)
        assert unheard is not None
        assert (unheard.ok, unheard.amount, unheard.transaction) == (True, 300_000, "")


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("cancelled", Failure.CANCELLED),
        ("no_funds", Failure.NO_FUNDS),
        ("wrong_pin", Failure.WRONG_PIN),
        ("no_answer", Failure.NO_ANSWER),
        ("expired", Failure.EXPIRED),
    ],
)
async def test_every_way_to_say_no_is_understood_by_callback_and_by_question(said: str, failure: Failure) -> None:
    async with till() as made:
        charged = await made.mpesa.charge(made.http, intent())
        made.fake.answer(made.push().id, said)
        await made.hook.until(lambda: bool(made.hook.hearsay))
        assert made.hook.hearsay[0].failure is failure
        assert await made.mpesa.ask(made.http, intent(provider_ref=charged.provider_ref)) == made.hook.hearsay[0]


# -- faults ----------------------------------------------------------------------------------------------------------
async def test_a_callback_before_the_answer_is_known_as_what_it_is() -> None:
    async with till(DarajaFaults(call_back_first=ONCE)) as made:
        charged = await made.mpesa.charge(made.http, intent())
        assert [(one.intent, one.provider_ref) for one in made.hook.hearsay] == [(INTENT, charged.provider_ref)]


async def test_after_a_lost_answer_the_callback_teaches_what_to_ask_about() -> None:
    async with till(DarajaFaults(lost_answer=ONCE)) as made:
        lost = await made.mpesa.charge(made.http, intent())
        assert (lost.asked, lost.again, lost.provider_ref) == (True, False, "")
        assert await made.mpesa.ask(made.http, intent()) is None
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: bool(made.hook.hearsay))
        found = await made.mpesa.ask(made.http, intent(told=told(made.mpesa, made.push())))
        assert found == made.hook.hearsay[0]
        assert len(made.fake.book.pushes) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_an_error_that_says_nothing_is_no_reason_to_push_again(status: int) -> None:
    async with till(DarajaFaults(server_error=ServerError(next=1, status=status))) as made:
        found = await made.mpesa.charge(made.http, intent())
        assert (found.asked, found.again) == (True, False)


async def test_not_now_may_be_made_again() -> None:
    async with till(DarajaFaults(throttle=ONCE)) as made:
        assert (await made.mpesa.charge(made.http, intent())).again
        assert (await made.mpesa.charge(made.http, intent())).provider_ref == made.push().id


async def test_a_token_that_is_over_too_early_is_replaced_and_pushes_once() -> None:
    async with till(DarajaFaults(expired_token=ONCE)) as made:
        assert (await made.mpesa.charge(made.http, intent())).provider_ref == made.push().id
        assert made.fake.tokens.made == 2


async def test_a_token_that_somebody_else_s_voided_is_replaced() -> None:
    async with till() as made:
        await made.mpesa.charge(made.http, intent())
        await made.token()
        assert await made.mpesa.ask(made.http, intent(provider_ref=made.push().id)) is None
        made.fake.answer(made.push().id, "approve")
        await made.token()
        assert await made.mpesa.ask(made.http, intent(provider_ref=made.push().id)) is not None


async def test_a_push_that_hangs_is_not_carried_out() -> None:
    async with till(DarajaFaults(hang=ONCE)) as made:
        with trio.move_on_after(0.3) as waited:
            await made.mpesa.charge(made.http, intent())
        assert waited.cancelled_caught
        assert not made.fake.book.pushes


async def test_a_lost_callback_is_found_by_asking() -> None:
    async with till(DarajaFaults(never_call_back=ONCE)) as made:
        await made.mpesa.charge(made.http, intent())
        made.fake.answer(made.push().id, "approve")
        found = await made.mpesa.ask(made.http, intent(provider_ref=made.push().id))
        assert found is not None
        assert found.ok
        assert made.hook.heard == []


async def test_two_callbacks_are_one_piece_of_news() -> None:
    async with till(DarajaFaults(call_back_twice=ONCE)) as made:
        await made.mpesa.charge(made.http, intent())
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: len(made.hook.hearsay) == 2)
        first, second = made.hook.hearsay
        assert first == second


async def test_a_wrong_amount_is_told_as_it_came() -> None:
    async with till(DarajaFaults(wrong_amount=ONCE)) as made:
        await made.mpesa.charge(made.http, intent())
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: bool(made.hook.hearsay))
        assert made.hook.hearsay[0].amount == 299_900


async def test_a_callback_may_be_late() -> None:
    async with till(DarajaFaults(delay=Delay(next=1, ms=200))) as made:
        await made.mpesa.charge(made.http, intent())
        before = trio.current_time()
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: bool(made.hook.hearsay))
        assert trio.current_time() - before >= 0.2


async def test_whoever_guesses_addresses_is_not_believed() -> None:
    async with till(DarajaFaults(forged=ONCE)) as made:
        await made.mpesa.charge(made.http, intent())
        await made.hook.until(lambda: made.hook.refused == 3)
        made.fake.answer(made.push().id, "cancelled")
        await made.hook.until(lambda: bool(made.hook.hearsay))
        assert [one.ok for one in made.hook.hearsay] == [False]


async def test_money_of_a_prompt_is_confirmed_by_hand_too_and_is_the_same_receipt() -> None:
    async with till() as made:
        await made.mpesa.register_c2b(made.http)
        await made.mpesa.charge(made.http, intent())
        made.fake.answer(made.push().id, "approve")
        await made.hook.until(lambda: bool(made.hook.hearsay and made.hook.news))
        assert made.hook.hearsay[0].id == made.hook.news[0].id
        assert made.hook.news[0].reference == "ORD-7K2M9Q"


async def test_a_till_is_paid_at_its_own_number() -> None:
    async with till() as made:
        made.account.till = "5555555"
        shop = provider(
            public_url=made.mpesa._callbacks.removesuffix("/pay/m/"), base_url=made.fake.url, till="5555555"
        )
        assert (await shop.charge(made.http, intent())).provider_ref == made.push().id


async def test_the_same_seed_makes_the_same_mischief() -> None:
    struck: list[list[bool]] = []
    for seed in (1, 1, 2):
        async with till(DarajaFaults(throttle=Fault(rate=0.5)), seed=seed) as made:
            phones = [f"2547000000{n:02}" for n in range(12)]
            pushes = [await made.mpesa.charge(made.http, intent(f"kiosk/i{n}", phone=n)) for n in phones]
            struck.append([one.again for one in pushes])
    assert struck[0] == struck[1] != struck[2]
    assert {True, False} == set(struck[0])
