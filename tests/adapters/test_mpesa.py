"""The payment provider ``mpesa``: what it sends, what it believes, and what it makes of every answer."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds import Site
from adapters.payments._mpesa import paths, prompting
from adapters.payments._mpesa.paths import CONFIRMATION, VALIDATION
from adapters.payments.mpesa import advice, build
from adapters.settings import Secret
from engine.errors import BadInput, ConfigError
from engine.payment_calls import Question, Verdict
from engine.payments import PaymentNews, Way
from engine.ports import Call, Outspoken
from tests.adapters.calls import call
from tests.adapters.fake_world import START
from tests.adapters.mpesa import INTENT, KEY, OWN, PASSKEY, SECRET, address, cases, provider, settings


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
