"""The payment provider ``mpesa``: what it sends, what it believes, and what it makes of every answer."""

from __future__ import annotations

import base64
import contextlib
from typing import Any

import msgspec
import pytest
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds import Site
from adapters.payments._mpesa import codes, paths, prompting, reading, tokens
from adapters.payments._mpesa.paths import CONFIRMATION, VALIDATION
from adapters.payments._mpesa.tokens import App, tokens_of
from adapters.payments.mpesa import LOST_AFTER, PUSH, QUERY, advice, build
from adapters.settings import Secret
from engine.errors import BadInput, ConfigError
from engine.payments import Failure, PaymentNews, Told, Way
from engine.ports import AnswerLost, Call, NotSent, Outspoken, Question, Verdict
from tests.adapters.calls import call
from tests.adapters.fake_world import START
from tests.adapters.mpesa import INTENT, KEY, OWN, PASSKEY, SECRET, Scripted, answer, cases, intent, provider, settings

Clock = trio.testing.MockClock
TAKEN = answer({"MerchantRequestID": "mr-1", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0"})
WRONG_TOKEN = answer({"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}, 404)
PAID = answer({"CheckoutRequestID": "ws_CO_1", "ResultCode": "0"})


def address(intent_id: str = INTENT) -> str:
    """Where the callback of this intent comes in."""
    return f"/pay/m/{provider()._segments.prompt(intent_id)}"


def heard(receipt: str = "TST1", amount: int = 300_000, name: str = "ws_CO_1") -> Told:
    """What was overheard of a prompt."""
    news = PaymentNews(receipt, "mpesa", True, amount, "KES", INTENT, name, transaction=receipt, payer="254700000001")
    return Told(news, START)


@pytest.fixture(autouse=True)
def no_tokens() -> None:
    """Each test begins with a process that has no access token yet."""
    tokens._shared.clear()


# -- vectors ---------------------------------------------------------------------------------------------------------
def test_the_password_is_that_of_the_protocol() -> None:
    wanted = (
        "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkx"
        "OTIwMjYwOTAxMTIwMDAw"
    )
    assert prompting.password("174379", PASSKEY, "20260901120000") == wanted


@pytest.mark.parametrize(
    ("at", "stamp"),
    [
        (1_788_253_200_000, "20260901120000"),
        (1_798_750_799_000, "20261231235959"),
        (1_798_750_800_000, "20270101000000"),
    ],
)
def test_time_is_that_of_east_africa(at: int, stamp: str) -> None:
    assert prompting.timestamp(at) == stamp


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("254700000001", "254700000001"),
        ("+254700000001", "254700000001"),
        ("0110000001", "254110000001"),
        ("712345678", "254712345678"),
        ("255700000001", ""),
        ("2547000000011", ""),
        ("254200000001", ""),
        ("", ""),
    ],
)
def test_a_phone_is_kenyan_or_none(phone: str, digits: str) -> None:
    assert prompting.msisdn(phone) == digits


@pytest.mark.parametrize(("amount", "shillings"), [(100, 1), (300_000, 3_000), (299_950, 3_000), (20, 1)])
def test_a_phone_asks_for_whole_shillings(amount: int, shillings: int) -> None:
    assert prompting.whole_shillings(amount, "KES") == shillings


# -- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["consumer_key", "consumer_secret", "passkey", "callback_secret"])
def test_it_does_not_start_without_its_secrets(name: str) -> None:
    bare = msgspec.structs.replace(settings(), **{name: Secret("")})
    with pytest.raises(ConfigError, match=rf"shop\.kiosk\.payments\.{name}"):
        build(Site("kiosk"), bare)


def test_insecure_excuses_daraja_s_secrets_and_never_the_one_that_tells_strangers_apart() -> None:
    site = Site("kiosk", insecure=True)
    assert build(site, settings(passkey=Secret(""))).shop == "kiosk"
    with pytest.raises(ConfigError, match="callback_secret"):
        build(site, settings(callback_secret=Secret("")))
    with pytest.raises(ConfigError, match="callback_secret"):
        build(site, settings(callback_secret=Secret(""), passkey=Secret("")))


@pytest.mark.parametrize("word", paths.FORBIDDEN)
def test_addresses_hold_none_of_daraja_s_forbidden_words(word: str) -> None:
    for url, path in ((f"https://{word}.example.test", "/pay/m"), ("https://a.test", f"/x/{word.upper()}y")):
        with pytest.raises(ConfigError, match="Daraja refuses addresses"):
            build(Site("kiosk", url), settings(path=path))


@given(st.text(max_size=60))
def test_no_intent_s_address_holds_one(name: str) -> None:
    with contextlib.suppress(UnicodeEncodeError):
        assert not paths.forbidden(provider()._segments.prompt(name))


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(ConfigError, match=r"allowed_ips.*somewhere"):
        build(Site("kiosk"), settings(allowed_ips=("196.201.214.0/24", "somewhere")))


def test_it_takes_m_pesa_on_one_path() -> None:
    made = provider()
    assert made.ways == {Way.MPESA}
    assert (made.paths, made.kind) == (("/pay/m/*",), "mpesa")
    assert isinstance(made, Outspoken)


def test_the_advice_says_where_each_value_comes_from() -> None:
    said = "\n".join(advice("kiosk", settings(), "https://shop.example.test"))
    for word in ("consumer_key", "consumer_secret", "passkey", "callback_secret", "174379", "run.py c2b", "production"):
        assert word in said
    assert "is not https" not in said
    assert "is not https" in "\n".join(advice("kiosk", settings(), "http://127.0.0.1:8080"))
    live = "\n".join(advice("kiosk", settings(environment="production", by_hand=False), "https://shop.example.test"))
    assert "Go Live" not in live
    assert "run.py c2b" not in live
    assert not any(secret in said for secret in (KEY, SECRET, PASSKEY, OWN))


# -- who calls -------------------------------------------------------------------------------------------------------
def test_only_addresses_that_we_gave_are_genuine() -> None:
    made, good = provider(), address()
    assert made.genuine(call(b"", target=good))
    last = "0" if good[-1] != "0" else "1"
    for wrong in (good[:-1] + last, good[:-2], good + "0", "/pay/m/", "/pay/m/zz", "/pay/m/" + "0" * 32, good.upper()):
        assert not made.genuine(call(b"", target=wrong)), wrong


def test_another_shop_and_another_secret_have_other_addresses() -> None:
    good = address()
    assert not provider("other").genuine(call(b"", target=good)), "also where both have one secret"
    assert not provider(callback_secret=Secret("another")).genuine(call(b"", target=good))


@given(st.text(max_size=80))
def test_no_path_breaks_it(segment: str) -> None:
    assert not provider().genuine(call(b"", target=f"/pay/m/{segment}"))


@pytest.mark.parametrize(
    ("client", "good"),
    [
        *(("196.201.214.200", True), ("196.201.215.1", False), ("", True)),
        *(("2001:db8::/64", True), ("2001:db9::/64", False)),
    ],
)
def test_calls_come_from_where_they_may(client: str, good: bool) -> None:
    made = provider(allowed_ips=("196.201.214.0/24", "2001:db8::/32"))
    assert made.genuine(Call(address(), address(), {}, b"", START, client)) is good


def test_payments_by_hand_are_believed_only_where_they_are_switched_on() -> None:
    for what in (VALIDATION, CONFIRMATION):
        target = f"/pay/m/{provider()._segments.fixed(what)}"
        assert provider().genuine(call(b"", target=target))
        assert not provider(by_hand=False).genuine(call(b"", target=target))


# -- what is told ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("callbacks"))
def test_what_a_callback_tells_is_hearsay(case: dict[str, Any]) -> None:
    found = provider().parse(call(msgspec.json.encode(case["body"]), target=address()))
    assert found.hearsay == (msgspec.convert(case["news"], PaymentNews),)
    assert (found.news, found.question) == ((), None)


@pytest.mark.parametrize("case", cases("unreadable"))
def test_what_can_not_be_read(case: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        provider().parse(call(case["raw"].encode(), target=address()))


@pytest.mark.parametrize("case", cases("by_hand"))
def test_what_a_confirmation_tells(case: dict[str, Any]) -> None:
    made = call(msgspec.json.encode(case["body"]), target=f"/pay/m/{provider()._segments.fixed(CONFIRMATION)}")
    if "problem" in case:
        with pytest.raises(BadInput, match=case["problem"]):
            provider().parse(made)
    else:
        assert provider().parse(made).news == (msgspec.convert(case["news"], PaymentNews),)


def test_what_a_validation_asks() -> None:
    raw = b'{"TransAmount": "210.50", "BillRefNumber": " ord 42 ", "OrgAccountBalance": ""}'
    found = provider().parse(call(raw, target=f"/pay/m/{provider()._segments.fixed(VALIDATION)}"))
    assert found.question == Question("ord 42", 21_050, "KES")


WORDS = st.sampled_from(["Body", "stkCallback", "CheckoutRequestID", "ResultCode", "CallbackMetadata", "Item", "Name"])
LEAVES = st.none() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(WORDS | st.text(), inner))


@given(st.binary() | JSON.map(msgspec.json.encode))
def test_no_body_breaks_it(raw: bytes) -> None:
    made = provider()
    for segment in (
        made._segments.prompt(INTENT),
        made._segments.fixed(VALIDATION),
        made._segments.fixed(CONFIRMATION),
    ):
        with contextlib.suppress(BadInput):
            made.parse(call(raw, target=f"/pay/m/{segment}"))


@pytest.mark.parametrize(
    ("verdict", "body"),
    [
        (Verdict.WELCOME, {"ResultCode": "0", "ResultDesc": "Accepted"}),
        (Verdict.NOT_OWED, {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}),
        (Verdict.OTHER_AMOUNT, {"ResultCode": "C2B00013", "ResultDesc": "Rejected"}),
        (Verdict.NOTHING, {"ResultCode": "C2B00016", "ResultDesc": "Rejected"}),
    ],
)
def test_the_answers_to_a_validation(verdict: Verdict, body: dict[str, str]) -> None:
    made = provider()
    reply = made.answer(call(b"", target=f"/pay/m/{made._segments.fixed(VALIDATION)}"), verdict)
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, body)


@pytest.mark.parametrize("verdict", Verdict)
def test_everything_else_is_thanked_for(verdict: Verdict) -> None:
    made = provider()
    confirmed = made.answer(call(b"", target=f"/pay/m/{made._segments.fixed(CONFIRMATION)}"), verdict)
    assert msgspec.json.decode(confirmed.body) == {"ResultCode": 0, "ResultDesc": "Success"}
    thanked = made.answer(call(b"", target=address()), verdict)
    assert msgspec.json.decode(thanked.body) == {"ResultCode": 0, "ResultDesc": "Accepted"}


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
