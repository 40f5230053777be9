"""What the payment provider ``mpesa`` sends, and what it makes of every answer."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from adapters.kinds import Site
from adapters.payments._mpesa import codes, prompting, reading, tokens
from adapters.payments._mpesa.paths import CONFIRMATION, VALIDATION
from adapters.payments._mpesa.tokens import App, tokens_of
from adapters.payments.mpesa import LOST_AFTER, PUSH, QUERY, build
from adapters.settings import Secret
from engine.errors import ConfigError
from engine.payments import Failure, PaymentNews, Told
from engine.ports import Answer, AnswerLost, NotSent
from tests.adapters.fake_world import START
from tests.adapters.mpesa import (
    INTENT,
    KEY,
    PASSKEY,
    SECRET,
    Scripted,
    address,
    answer,
    cases,
    intent,
    provider,
    settings,
)

Clock = trio.testing.MockClock
HANGS = 10.0
TAKEN = answer({"MerchantRequestID": "mr-1", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0"})
WRONG_TOKEN = answer({"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}, 404)
PAID = answer({"CheckoutRequestID": "ws_CO_1", "ResultCode": "0"})


def heard(receipt: str = "TST1", amount: int = 300_000, name: str = "ws_CO_1") -> Told:
    """What was overheard of a prompt."""
    news = PaymentNews(receipt, "mpesa", True, amount, "KES", INTENT, name, transaction=receipt, payer="254700000001")
    return Told(news, START)


@pytest.fixture(autouse=True)
def no_tokens() -> None:
    """Each test begins with a process that has no access token yet."""
    tokens._shared.clear()


# -- pushes ----------------------------------------------------------------------------------------------------------
async def test_a_push_says_what_the_protocol_says() -> None:
    http = Scripted(TAKEN)
    await provider(now=1_788_253_200_000).charge(http, intent())
    (token, basic), (url, headers) = http.calls
    assert token == "https://sandbox.safaricom.co.ke/oauth/v1/generate?grant_type=client_credentials"
    assert basic == {"authorization": "Basic " + base64.b64encode(b"c-key:c-secret").decode()}
    assert (url, headers["authorization"]) == ("https://sandbox.safaricom.co.ke" + PUSH, "Bearer t")
    assert http.said == [
        {
            "BusinessShortCode": "174379",
            "Password": prompting.password("174379", PASSKEY, "20260901120000"),
            "Timestamp": "20260901120000",
            "TransactionType": "CustomerPayBillOnline",
            "Amount": 3_000,
            "PartyA": "254700000001",
            "PartyB": "174379",
            "PhoneNumber": "254700000001",
            "CallBackURL": f"https://shop.example.test{address()}",
            "AccountReference": "ORD-7K2M9Q",
            "TransactionDesc": "Order ORD-7K2",
        }
    ]


async def test_a_till_is_paid_as_one() -> None:
    http = Scripted(TAKEN)
    await provider(till="5555555", environment="production").charge(http, intent())
    assert http.calls[-1][0].startswith("https://api.safaricom.co.ke/")
    assert (http.said[0]["TransactionType"], http.said[0]["PartyB"]) == ("CustomerBuyGoodsOnline", "5555555")
    assert http.said[0]["BusinessShortCode"] == "174379"


@pytest.mark.parametrize("case", cases("pushes"))
async def test_what_an_answer_to_a_push_means(case: dict[str, Any]) -> None:
    found = await provider().charge(Scripted(answer(case["body"], case["status"])), intent())
    wanted = {"asked": True, "again": False, "provider_ref": "", "failure": ""} | case["charged"]
    assert {name: getattr(found, name) for name in wanted} == wanted
    assert found.provider == ("" if found.again else "mpesa"), "whoever may have it is named"


async def test_a_push_whose_answer_was_lost_is_never_made_again() -> None:
    found = await provider().charge(Scripted(AnswerLost("reset")), intent())
    assert (found.asked, found.again, found.provider) == (True, False, "mpesa")


async def test_a_push_that_did_not_leave_may_be_made_again() -> None:
    found = await provider().charge(Scripted(NotSent("no")), intent())
    assert (found.asked, found.again, found.provider) == (False, True, "")


async def test_a_phone_that_is_not_kenyan_is_not_called() -> None:
    http = Scripted()
    found = await provider().charge(http, intent(phone="919800000001"))
    assert (found.asked, found.failure) == (False, "refused")
    assert "Kenyan" in found.reason
    assert http.calls == []


async def test_no_other_money_is_asked_for_as_if_it_were_shillings() -> None:
    http = Scripted()
    found = await provider().charge(http, intent(currency="INR"))
    assert (found.asked, found.failure, found.provider) == (False, "unreachable", "mpesa")
    assert http.calls == [], "a prompt names no currency: 500 rupees would have been 500 shillings"


def test_a_shop_that_sells_in_another_currency_can_not_start_with_m_pesa() -> None:
    with pytest.raises(ConfigError, match=r"KES only.*INR"):
        build(Site("kiosk", "https://shop.example.test", currency="INR"), settings())
    assert build(Site("kiosk", "https://shop.example.test", currency="KES"), settings()).shop == "kiosk"


# -- tokens ----------------------------------------------------------------------------------------------------------
async def test_one_token_serves_all_lanes_and_is_asked_for_once() -> None:
    made, http = provider(), Scripted(*[TAKEN] * 8)
    async with trio.open_nursery() as nursery:
        for n in range(8):
            nursery.start_soon(made.charge, http, intent(f"kiosk/c{n}:1:pay"))
    assert http.tokens == 1
    assert tokens_of(App("https://sandbox.safaricom.co.ke", Secret(KEY), Secret(SECRET))) is made._tokens
    assert provider("other")._tokens is made._tokens, "shops of one app share it"


@pytest.mark.parametrize("life", ["3599", 3599])
async def test_a_token_is_replaced_a_minute_before_its_end(life: object, autojump_clock: Clock) -> None:
    made, http = provider(), Scripted(TAKEN, TAKEN, TAKEN)
    http.token = answer({"access_token": "t", "expires_in": life})
    await made.charge(http, intent())
    await trio.sleep(3_538)
    await made.charge(http, intent())
    assert http.tokens == 1
    await trio.sleep(2)
    await made.charge(http, intent())
    assert http.tokens == 2


@pytest.mark.parametrize(
    "refusal",
    [
        WRONG_TOKEN,
        answer({"errorCode": "400.003.01", "errorMessage": "Invalid Access Token"}, 400),
        answer({"errorCode": "401.002.01", "errorMessage": "x"}, 401),
        answer("", 401),
    ],
)
async def test_a_token_that_is_refused_is_replaced_once(refusal: Any) -> None:
    http = Scripted(refusal, TAKEN)
    assert (await provider().charge(http, intent())).provider_ref == "ws_CO_1"
    assert http.tokens == 2
    http = Scripted(refusal, refusal)
    found = await provider().charge(http, intent())
    assert (found.asked, found.failure, http.tokens) == (False, "unreachable", 2)
    assert "consumer_key" in found.reason


@pytest.mark.parametrize("error", [NotSent("no"), AnswerLost("lost"), answer("", 503), answer({}, 200)])
async def test_without_a_token_nobody_was_asked_and_it_is_tried_again(error: Any) -> None:
    http = Scripted()
    http.token = error
    found = await provider().charge(http, intent())
    assert (found.asked, found.again, http.said) == (False, True, [])
    assert await provider().ask(http, intent(provider_ref="ws_CO_1")) is None


class Hanging(Scripted):
    """Daraja takes connections, and answers nothing."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.calls.append((url, headers))
        await trio.sleep(HANGS)
        raise AnswerLost("no answer")


async def test_who_waits_while_daraja_hangs_waits_once(autojump_clock: Clock) -> None:
    made, http, began = provider(), Hanging(), trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(made.charge, http, intent(f"kiosk/c{number}:1:pay"))
    assert trio.current_time() - began == HANGS
    await made.charge(http, intent())
    assert http.tokens == 2, "who comes later asks again"


@pytest.mark.parametrize("code", ["400.008.01", "400.008.02"])
async def test_wrong_keys_are_the_operator_s_to_mend(code: str) -> None:
    http = Scripted()
    http.token = answer({"errorCode": code, "errorMessage": "x"}, 400)
    found = await provider().charge(http, intent())
    assert (found.asked, found.again, found.failure) == (False, False, "unreachable")
    assert "consumer_key" in found.reason
    assert "consumer_key" in await provider().check(http)
    assert await provider().check(Scripted()) == ""


# -- questions -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("questions"))
async def test_what_an_answer_to_a_question_means(case: dict[str, Any]) -> None:
    http = Scripted(answer(case["body"], case["status"]))
    found = await provider().ask(http, intent(provider_ref="ws_CO_1"))
    if "ok" not in case:
        assert found is None
        return
    assert found is not None
    assert (found.ok, found.intent, found.provider_ref) == (case["ok"], INTENT, "ws_CO_1")
    if found.ok:
        assert (found.id, found.amount, found.transaction) == ("paid-ws_CO_1", 300_000, "")
    else:
        assert (found.id, found.failure.value) == ("failed-ws_CO_1", case["failure"])
    url, said = http.calls[-1][0], http.said[0]
    assert url.endswith(QUERY)
    assert (said.pop("CheckoutRequestID"), sorted(said)) == ("ws_CO_1", ["BusinessShortCode", "Password", "Timestamp"])


async def test_what_was_overheard_and_is_confirmed_is_told_as_it_was_heard() -> None:
    for ref in ("ws_CO_1", ""):
        found = await provider().ask(Scripted(PAID), intent(provider_ref=ref, told=heard(amount=299_900)))
        assert found == heard(amount=299_900).news


async def test_hearsay_without_a_sum_has_the_prompt_s() -> None:
    found = await provider().ask(Scripted(PAID), intent(told=heard(amount=0)))
    assert found is not None
    assert found.amount == 300_000


async def test_hearsay_of_another_prompt_says_nothing_of_this_one() -> None:
    found = await provider().ask(Scripted(PAID), intent(provider_ref="ws_CO_1", told=heard(name="ws_CO_9")))
    assert found is not None
    assert (found.id, found.transaction) == ("paid-ws_CO_1", "")


async def test_hearsay_of_money_that_daraja_denies_is_a_failure() -> None:
    http = Scripted(answer({"CheckoutRequestID": "ws_CO_1", "ResultCode": "1032"}))
    found = await provider().ask(http, intent(provider_ref="ws_CO_1", told=heard()))
    assert found is not None
    assert (found.ok, found.failure) == (False, Failure.CANCELLED)


@pytest.mark.parametrize("error", [NotSent("no"), AnswerLost("lost")])
async def test_a_question_without_an_answer_is_asked_again(error: Exception) -> None:
    assert await provider().ask(Scripted(error), intent(provider_ref="ws_CO_1")) is None


async def test_a_push_that_nobody_can_be_asked_about_is_given_up_when_no_prompt_can_be_open() -> None:
    http, lost = Scripted(), intent(provider="mpesa")
    assert await provider(now=START + LOST_AFTER - 1).ask(http, lost) is None
    found = await provider(now=START + LOST_AFTER).ask(http, lost)
    assert found is not None
    assert (found.ok, found.failure, http.calls) == (False, Failure.NO_ANSWER, [])


# -- codes -----------------------------------------------------------------------------------------------------------
PROTOCOL = "1 2 3 4 8 17 1001 1019 1025 9999 1032 1037 2001 2028 SFC_IC0003 8006"
ERRORS = (
    "400.002.02 400.002.05 400.003.02 404.001.03 400.003.01 404.001.01 404.003.01 404.001.04 405.001 500.001.1001 "
    "500.003.02 500.003.03 500.003.1001 400.008.01 400.008.02"
)
"""All of protocols.md 3.2."""


def test_every_code_of_the_protocol_has_a_sentence_and_a_next_step() -> None:
    assert set(codes.RESULTS) == set(PROTOCOL.split())
    assert set(codes.ERRORS) == set(ERRORS.split())
    for result in codes.RESULTS.values():
        assert result.said
        assert len(result.said) <= 80, "it is shown to customers"
        assert result.sentence.endswith(".")
    assert all(refusal.sentence.endswith(".") for refusal in codes.ERRORS.values())


@pytest.mark.parametrize(
    ("body", "status", "works"),
    [
        ({"errorCode": "500.001.1001", "errorMessage": "The transaction is being processed"}, 500, True),
        ({"errorCode": "500.001.1001", "errorMessage": "Unable to lock subscriber"}, 500, True),
        ({"errorCode": "500.003.02", "errorMessage": "Spike Arrest"}, 500, False),
        ({"errorCode": "500.003.1001", "errorMessage": "x"}, 500, False),
        ({}, 503, False),
        ({}, 400, True),
    ],
)
def test_which_errors_show_that_daraja_works(body: Any, status: int, works: bool) -> None:
    assert provider().works(answer(body, status)) is works


# -- by hand ---------------------------------------------------------------------------------------------------------
async def test_addresses_for_payments_by_hand_are_registered() -> None:
    http, made = Scripted(answer({"ResponseCode": "0"})), provider()
    assert await made.register_c2b(http) == ""
    (said,) = http.said
    assert said.pop("ConfirmationURL") == f"https://shop.example.test/pay/m/{made._segments.fixed(CONFIRMATION)}"
    assert said.pop("ValidationURL") == f"https://shop.example.test/pay/m/{made._segments.fixed(VALIDATION)}"
    assert said == {"ShortCode": "174379", "ResponseType": "Completed"}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer({"errorCode": "500.003.1001", "errorMessage": "Urls are already registered"}, 500), "before"),
        (answer({"errorCode": "400.003.02", "errorMessage": "x"}, 400), "shortcode"),
        (AnswerLost("lost"), "try again"),
    ],
)
async def test_what_is_said_where_they_are_not_taken(reply: Any, words: str) -> None:
    assert words in await provider().register_c2b(Scripted(reply))


def test_an_account_is_twelve_letters_at_most() -> None:
    long = msgspec.structs.replace(intent(), reference="", order="A very long number_7/8")
    assert prompting.account(long) == "A very long"
    assert len(prompting.description(long)) <= 13


@pytest.mark.parametrize("given_", [None, True, "x", "-1", "0", [], 10**19, "1e999", "NaN"])
def test_what_is_no_sum_is_none(given_: object) -> None:
    assert reading.shillings(given_) == 0
