"""M-Pesa from the wish to the books: whatever Daraja, the network or strangers do, each customer pays once, and the
shop knows what the bank knows."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
import trio
import trio.testing

from adapters.phones.daraja.book import APPROVE, CODES
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.meta.faults import Delay, Fault, ServerError
from engine.errors import StoreBusy
from engine.payments import Failure, IntentStatus, PaymentState
from tests.engine.scripted import SHOP, Core, TroubledStore, core, store
from tests.simulation.mpesa import Street, street

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
Patch = pytest.MonkeyPatch
ONCE = Fault(next=1)
ALWAYS = Fault(rate=1.0)
PAID, PENDING, FAILED = IntentStatus.PAID, IntentStatus.PENDING, IntentStatus.FAILED
DAY_SECONDS = 2 * 86_400.0


@pytest.fixture(autouse=True)
def quick(core: Core) -> None:
    """Customers speak the toy flow."""


# -- prompts ---------------------------------------------------------------------------------------------------------
async def test_money_is_recorded_with_its_receipt_as_soon_as_it_is_confirmed(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        assert made.status("a") is PENDING
        await made.say("a", APPROVE)
        assert made.status("a") is PAID
        (payment,) = await made.payments()
        assert (payment.transaction, payment.amount) == (made.push("a").receipt, 300_000)
        assert made.fake.counts["questions"] == 1, "the callback alone is hearsay"


async def test_a_callback_that_says_no_is_confirmed_and_told_at_once(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        await made.say("a", "cancelled")
        assert (made.status("a"), made.stands("a").reason) == (FAILED, Failure.CANCELLED.value)
        assert made.fake.counts["questions"] == 1


async def test_a_callback_before_the_push_s_answer_counts_once(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(call_back_first=ONCE, call_back_twice=ONCE)) as made:
        await made.wish("a")
        await trio.sleep(10)
        assert made.status("a") is PAID
        assert [one.transaction for one in await made.payments()] == [made.push("a").receipt]


async def test_a_lost_answer_prompts_once_and_its_callback_finds_it(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(lost_answer=ONCE)) as made:
        await made.wish("a")
        await trio.sleep(40)
        await made.say("a", APPROVE)
        assert made.status("a") is PAID
        assert len(made.fake.book.pushes) == 1


async def test_a_lost_callback_is_found_out_within_a_minute(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(never_call_back=ONCE)) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        assert made.status("a") is PENDING
        await trio.sleep(45)
        (payment,) = await made.payments()
        assert (made.status("a"), payment.transaction, payment.amount) == (PAID, "", 300_000)


async def test_a_receipt_that_comes_later_is_written_into_the_payment(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    late = DarajaFaults(delay=Delay(next=1, ms=90_000))
    async with street(store, monkeypatch, late) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        await trio.sleep(45)
        assert (await made.payments())[0].transaction == ""
        await trio.sleep(90)
        assert [one.transaction for one in await made.payments()] == [made.push("a").receipt]


async def test_a_push_that_daraja_never_had_is_given_up_and_not_made_again(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(server_error=ServerError(next=1))) as made:
        await made.wish("a")
        await trio.sleep(100)
        assert made.status("a") is PENDING, "its prompt may be on the phone"
        await trio.sleep(60)
        assert (made.status("a"), made.stands("a").reason) == (FAILED, Failure.NO_ANSWER.value)
        assert not made.fake.book.pushes


async def test_money_after_everybody_gave_up_is_money(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    faults = DarajaFaults(lost_answer=ONCE, delay=Delay(next=1, ms=3 * 3_600_000))
    async with street(store, monkeypatch, faults) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        await trio.sleep(7_200)
        assert made.status("a") is FAILED
        await trio.sleep(3_700)
        assert made.status("a") is PAID
        assert [one.transaction for one in await made.payments()] == [made.push("a").receipt]


async def test_word_of_success_days_later_is_still_asked_about(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    faults = DarajaFaults(lost_answer=ONCE, delay=Delay(next=1, ms=50 * 3_600_000))
    async with street(store, monkeypatch, faults) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        await trio.sleep(51 * 3_600)
        assert made.status("a") is PAID


async def test_while_daraja_can_t_be_asked_nothing_is_lost_and_nothing_is_believed(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        made.fake.faults = DarajaFaults(hang=ALWAYS)
        await made.say("a", APPROVE)
        await trio.sleep(600)
        assert made.status("a") is PENDING
        told = made.stands("a").told
        assert told is not None
        assert told.news.transaction == made.push("a").receipt
        made.fake.faults = DarajaFaults()
        await trio.sleep(600)
        assert (made.status("a"), made.stands("a").told) == (PAID, None)


async def test_a_callback_that_could_not_be_kept_is_not_thanked_for_and_its_money_is_found(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        with monkeypatch.context() as full:
            full.setattr(store, "overheard", refuses)
            await made.say("a", APPROVE)
        assert (made.fake.counts["callbacks_failed"], made.status("a")) == (1, PENDING)
        await trio.sleep(60)
        assert made.status("a") is PAID


async def test_a_wrong_amount_is_recorded_as_it_was_told(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(wrong_amount=ONCE)) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        assert [one.amount for one in await made.payments()] == [299_900]


async def test_a_wrong_token_is_renewed_and_the_push_made_once(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(expired_token=ONCE)) as made:
        await made.wish("a")
        await made.wish("b", phone="254700000002")
        await trio.sleep(60)
        assert Counter(one.reference for one in made.fake.book.pushes.values()).most_common(1)[0][1] == 1


# -- strangers -------------------------------------------------------------------------------------------------------
async def test_a_guessed_address_is_refused(store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock) -> None:
    async with street(store, monkeypatch, DarajaFaults(forged=ONCE)) as made:
        await made.wish("a")
        await trio.sleep(1)
        assert made.fake.counts["callbacks_not_believed"] == 3
        assert made.stands("a").told is None


async def test_whoever_knows_an_address_and_forges_is_found_out_by_the_question(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        forged = msgspec.structs.replace(made.push("a"), said=APPROVE, receipt="FORGED")
        answer = await made.post(made.push("a").callback_url, forged.told(3_000, 0))
        assert msgspec.json.decode(answer.body) == {"ResultCode": 0, "ResultDesc": "Accepted"}
        await trio.sleep(5)
        assert (made.status("a"), await made.payments()) == (PENDING, [])
        await made.say("a", "cancelled")
        await trio.sleep(120)
        assert made.status("a") is FAILED
        assert await made.payments() == []


async def test_a_callback_for_a_push_that_is_not_there_is_thanked_for(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        nobody = made.mpesa._callbacks + made.mpesa._segments.prompt(f"{SHOP}/nobody")
        answer = await made.post(nobody, made.push("a").told(3_000, 0))
        assert answer.status == 200
        assert len(await made.payments()) == 1


# -- by hand ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["ORD-7K2M9Q", "ord 7k2m9q", " Ord7K2m9q "])
async def test_what_people_type_by_hand_pays_their_order(
    typed: str, store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, by_hand=True) as made:
        await made.wish("a", reference="ORD-7K2M9Q")
        assert await made.fake.pay_by_hand(made.account, 3_000, "254700000009", typed) == ""
        await trio.testing.wait_all_tasks_blocked()
        (payment,) = await made.payments()
        assert (payment.order, payment.payer, made.status("a")) == ("ORD-a", "2547 ***** 009", PAID)


@pytest.mark.parametrize(
    ("typed", "amount", "code"),
    [("rent", 3_000, "C2B00012"), ("", 3_000, "C2B00012"), ("ORD-a", 2_999, "C2B00013"), ("ord a", 3_000, "")],
)
async def test_what_is_not_owed_is_refused_before_it_is_paid(
    typed: str, amount: int, code: str, store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, by_hand=True) as made:
        await made.wish("a")
        assert await made.fake.pay_by_hand(made.account, amount, "254700000009", typed) == code


async def test_what_is_paid_already_is_refused_and_what_failed_is_welcome(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, by_hand=True) as made:
        await made.wish("a")
        await made.say("a", "no_funds")
        assert await made.fake.pay_by_hand(made.account, 3_000, "254700000009", "ORD-a") == ""
        await trio.testing.wait_all_tasks_blocked()
        assert made.status("a") is PAID
        assert await made.fake.pay_by_hand(made.account, 3_000, "254700000009", "ORD-a") == "C2B00012"


async def test_without_the_store_there_is_no_verdict(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, by_hand=True) as made:
        await made.wish("a")
        monkeypatch.setattr(store, "meant", hangs)
        made.account.response_type = "Cancelled"
        assert await made.fake.pay_by_hand(made.account, 3_000, "254700000009", "ORD-a") == "no answer"


async def test_money_that_nobody_asked_for_lies_on_the_desk_once(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, by_hand=True) as made:
        made.account.validation_url = ""
        await made.fake.pay_by_hand(made.account, 50, "254700000009", "for mama")
        await trio.testing.wait_all_tasks_blocked()
        (paid,) = made.fake.book.receipts.values()
        await made.post(made.account.confirmation_url, paid.told())
        (payment,) = await made.payments()
        assert (payment.state, payment.why, payment.amount) == (PaymentState.DESK, "unknown", 5_000)
        assert (payment.reference, payment.customer) == ("for mama", "")


async def test_the_receipt_of_a_prompt_that_comes_by_hand_too_is_one_payment(
    store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    async with street(store, monkeypatch, DarajaFaults(never_call_back=ONCE), by_hand=True) as made:
        await made.wish("a")
        await made.say("a", APPROVE)
        assert made.status("a") is PAID, "the callback was lost, and the confirmation is as good"
        await made.wish("b", phone="254700000002")
        await made.say("b", APPROVE)
        await trio.sleep(120)
        paid = {one.transaction: one.order for one in await made.payments()}
        assert paid == {made.push("a").receipt: "ORD-a", made.push("b").receipt: "ORD-b"}


# -- everything at once ------------------------------------------------------------------------------------------------
PAYMENTS = 40
MIXED = DarajaFaults(
    never_call_back=Fault(rate=0.2),
    call_back_twice=Fault(rate=0.2),
    call_back_first=Fault(rate=0.1),
    delay=Delay(rate=0.3, ms=100_000),
    forged=Fault(rate=0.2),
    throttle=Fault(rate=0.1),
    server_error=ServerError(rate=0.1),
    lost_answer=Fault(rate=0.2),
    hang=Fault(rate=0.1),
    expired_token=Fault(rate=0.1),
)


async def the_books_after_much_trouble(seed: int, store: TroubledStore, monkeypatch: Patch) -> None:
    draw = random.Random(f"mpesa/{seed}")
    async with street(store, monkeypatch, MIXED, seed=seed, by_hand=True) as made:
        for n in range(PAYMENTS):
            await made.wish(f"{n}", phone=f"2547000000{n:02}", amount=100 * (n + 1))
            await trio.sleep(draw.uniform(0, 20))
            for push in made.fake.prompts():
                if draw.random() < 0.6:
                    made.fake.answer(push.id, draw.choice([APPROVE, APPROVE, *CODES]))
        made.fake.faults = DarajaFaults()
        await trio.sleep(DAY_SECONDS)
        await same_books(made)


@pytest.mark.parametrize("seed", range(4))
async def test_the_bank_s_book_is_the_shop_s(
    seed: int, store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    await the_books_after_much_trouble(seed, store, monkeypatch)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(4, 40))
async def test_the_bank_s_book_is_the_shop_s_many_times(
    seed: int, store: TroubledStore, monkeypatch: Patch, autojump_clock: Clock
) -> None:
    await the_books_after_much_trouble(seed, store, monkeypatch)


async def refuses(*_: object) -> None:
    raise StoreBusy("full")


async def hangs(*_: object) -> None:
    await trio.sleep_forever()


async def same_books(made: Street) -> None:
    pushes = Counter(one.reference for one in made.fake.book.pushes.values())
    assert all(times == 1 for times in pushes.values()), "nobody is asked twice"
    bank = {one.number: (one.amount * 100, one.reference) for one in made.fake.book.receipts.values()}
    assert {one.transaction: (one.amount, one.order) for one in await made.payments()} == bank
    for n in range(PAYMENTS):
        paid = (f"ORD-{n}" in {order for _, order in bank.values()}) is (made.status(f"{n}") is PAID)
        assert paid, made.stands(f"{n}")
        assert made.status(f"{n}") in (PAID, FAILED)
