"""Payment provider ``ghala`` without a network: signatures, webhooks, requests and what answers mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.kinds import Site
from adapters.payments import kinds
from adapters.payments.ghala import GhalaSettings, advice, build
from adapters.settings import Reader, Secret
from engine.books import Charged
from engine.errors import BadInput, ConfigError
from engine.payments import Failure, PaymentNews, Way
from engine.ports import Answer, AnswerLost, NotSent
from tests.adapters.calls import call
from tests.adapters.ghala import CASES, KEY, SECRET, cases, intent, provider
from tests.adapters.ghala_channel import NOW, signed_v2
from tests.adapters.whatsapp_cloud import Provider, answer

BODY = b'{"event":"payment.success","data":{"order_id":"ORD-1"}}'


# -- the folder ------------------------------------------------------------------------------------------------------
def test_every_provider_has_cases_and_the_folder_is_the_list() -> None:
    assert set(kinds()) >= {"ghala", "stripe"}
    assert all(list((CASES.parent / name).glob("*.json")) for name in kinds())


def test_what_sounds_secret_in_a_provider_is_a_secret() -> None:
    for kind in kinds().values():
        for field in msgspec.structs.fields(kind.settings):
            assert field.type is Secret or not re.search(r"token|secret|password|key$", field.name), field.name


# -- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["api_key", "webhook_secret"])
def test_a_provider_does_not_start_without_its_secrets(name: str) -> None:
    settings = msgspec.structs.replace(provider_settings(), **{name: Secret("")})
    with pytest.raises(ConfigError, match=rf"shop\.kiosk\.payments\.{name}"):
        build(Site("kiosk"), settings)
    assert build(Site("kiosk", insecure=True), settings).shop == "kiosk"


def provider_settings() -> GhalaSettings:
    return GhalaSettings(api_key=Secret(KEY), webhook_secret=Secret(SECRET))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "webhook"),
        ("base_url", "http://pay.example.test"),
        ("dialect", "v3"),
        ("offers", ["cowries"]),
        ("offers", "mpesa"),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: object) -> None:
    reader = Reader({}, Path())
    reader.values(GhalaSettings, {"api_key": "k", "webhook_secret": "s", key: value}, "shop.kiosk.payments")
    assert [problem.partition(":")[0] for problem in reader.problems] == [f"shop.kiosk.payments.{key}"]


@pytest.mark.parametrize("pair", ["amount", "amount=", "sum=amount"])
def test_a_wrong_name_is_named(pair: str) -> None:
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.payments\.names"):
        provider(names=(pair,))


def test_an_account_may_do_only_one_of_the_ways() -> None:
    assert provider(offers=("card",)).ways == {Way.CARD}
    assert provider().ways == {Way.CARD, Way.MPESA}


# -- who signs -------------------------------------------------------------------------------------------------------
def test_the_signature_is_the_hexadecimal_hmac_of_the_raw_bytes() -> None:
    """Computed with ``openssl dgst -sha256 -hmac gh-webhook-secret``."""
    assert provider().genuine(call(BODY, {"x-ghala-signature": SIGNATURE}))
    assert not provider().genuine(call(BODY + b" ", {"x-ghala-signature": SIGNATURE}))


SIGNATURE = "b0db441ed005c03c719dc3d9a63e37e8f13c66ddf8ae3e88cab786ce357080f3"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ghala-signature": ""},
        {"x-ghala-signature": "sha256=" + SIGNATURE},
        {"x-ghala-signature": SIGNATURE.upper()},
        {"x-ghala-signature": SIGNATURE + "\udc80"},
        {"x-hub-signature-256": SIGNATURE},
    ],
)
def test_no_other_signature_will_do(headers: dict[str, str]) -> None:
    assert not provider().genuine(call(BODY, headers))


def test_without_a_secret_only_an_insecure_server_believes_anything() -> None:
    settings = msgspec.structs.replace(provider_settings(), webhook_secret=Secret(""))
    assert build(Site("kiosk", insecure=True), settings).genuine(call(BODY))


def test_v2_signs_the_time_too() -> None:
    v2 = provider(dialect="v2", webhook_secret=Secret("ghala_test_secret"))
    assert v2.genuine(signed_v2(BODY))
    assert not v2.genuine(signed_v2(BODY, at=NOW + 300_001))
    assert not v2.genuine(call(BODY, {"x-ghala-signature": SIGNATURE}, at=NOW))
    assert not provider(webhook_secret=Secret("ghala_test_secret")).genuine(signed_v2(BODY))


# -- webhooks --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("webhooks"))
def test_a_webhook_is_news(case: dict[str, Any]) -> None:
    expected = [msgspec.convert(one, PaymentNews) for one in case["news"]]
    assert list(provider().parse(call(json.dumps(case["body"]).encode())).news) == expected


@pytest.mark.parametrize("case", cases("webhooks_v2"))
def test_a_webhook_of_v2_is_news(case: dict[str, Any]) -> None:
    expected = [msgspec.convert(one, PaymentNews) for one in case["news"]]
    told = call(json.dumps(case["body"]).encode(), case.get("headers", {}))
    assert list(provider(dialect="v2").parse(told).news) == expected


def test_classic_knows_no_cancelled_orders() -> None:
    told = b'{"event":"order.cancelled","data":{"order_id":"gh_1"}}'
    assert provider().parse(call(told)).news == ()


@pytest.mark.parametrize("case", cases("unreadable"))
def test_what_says_too_little_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        provider().parse(call(json.dumps(case["body"]).encode()))


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"event":"\xff"}', b"[" * 100_000])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        provider().parse(call(raw))


TEXTS = st.text("a1.-eé\n\u202e ", max_size=9)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSONS = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.just("phone"), LEAVES)
KEYS = ("order_id", "transaction_reference", "amount", "currency", "status", "reason", "reference", "customer")


@settings(deadline=None)
@given(st.sampled_from(["payment.success", "payment.failed"]), st.dictionaries(st.sampled_from(KEYS), JSONS))
def test_whatever_a_webhook_says_it_is_news_or_refused(event: str, data: Mapping[str, object]) -> None:
    try:
        (news,) = provider().parse(call(json.dumps({"event": event, "data": data}).encode())).news
    except BadInput:
        return
    assert news.id
    assert news.amount > 0 if news.ok else news.amount == 0
    assert len(news.currency) == (3 if news.ok else 0)


NESTED = st.dictionaries(
    st.sampled_from(["id", "total", "amount", "currency", "reference", "reason", "status"]), LEAVES
)


@settings(deadline=None)
@given(
    st.sampled_from(["payment.success", "payment.failed", "order.cancelled"]),
    st.dictionaries(st.sampled_from([*KEYS, "order", "payment"]), JSONS | NESTED),
)
def test_whatever_a_webhook_of_v2_says_it_is_news_or_refused(event: str, data: Mapping[str, object]) -> None:
    told = call(json.dumps({"data": data}).encode(), {"x-ghala-event": event})
    try:
        (news,) = provider(dialect="v2").parse(told).news
    except BadInput:
        return
    assert news.id
    assert news.amount > 0 if news.ok else news.amount == 0
    assert news.ok is (event == "payment.success")
    assert (news.failure is Failure.CANCELLED) or event != "order.cancelled"


def test_what_an_account_calls_differently_is_a_setting() -> None:
    changed = provider(
        names=("signature=X-Sig", "success=paid", "order=payment.order", "amount=payment.sum", "transaction=ref")
    )
    body = json.dumps({"event": "paid", "data": {"payment": {"order": "o", "sum": 5}, "ref": "r", "currency": "KES"}})
    (news,) = changed.parse(call(body.encode())).news
    assert (news.id, news.provider_ref, news.amount) == ("r", "o", 500)
    assert changed.names.signature == "X-Sig"


# -- asking for money ------------------------------------------------------------------------------------------------
async def charged(reply: Answer | Exception, **changes: Any) -> Charged:
    return await provider().charge(Provider(reply), intent(**changes))


async def test_a_request_carries_amount_phone_and_our_key() -> None:
    http = Provider(answer({"id": "gh_1", "status": "pending"}, 201))
    found = await provider(base_url="https://pay.example.test/v1/").charge(http, intent(amount=299_950))
    assert found == Charged("kiosk/c1:6:pay", asked=True, provider="ghala", provider_ref="gh_1")
    ((url, headers, body),) = http.posts
    assert url == "https://pay.example.test/v1/orders"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["idempotency-key"] == "kiosk/c1:6:pay"
    assert json.loads(body) == {
        "amount": 2999.5,
        "currency": "KES",
        "payment_method": "mpesa",
        "customer": {"phone": "254700000001"},
        "reference": "kiosk/c1:6:pay",
        "account_reference": "ORD-1",
    }
    assert b'"amount":2999.50,' in body


async def test_v2_asks_as_classic_does_at_its_own_address_under_a_key_that_is_a_uuid() -> None:
    classic, v2 = (
        Provider(answer({"id": "gh_1"}, 201)),
        Provider(answer({"id": "gh_1"}, 201), answer({"id": "gh_1"}, 201)),
    )
    await provider().charge(classic, intent())
    await provider(dialect="v2").charge(v2, intent())
    await provider(dialect="v2").charge(v2, intent())
    (url, headers, body), again = v2.posts
    assert url == "https://v2.ghala.io/api/v2/orders"
    assert classic.posts[0][0] == "https://api.ghala.io/v1/orders"
    assert body == classic.posts[0][2]
    assert UUID(headers["idempotency-key"]).version == 5
    assert again[1] == headers


def test_a_stranger_is_told_each_step_with_its_address_and_its_setting() -> None:
    steps = " ".join(advice("kiosk", provider_settings(), "https://shop.example.test/"))
    assert "https://shop.example.test/s/kiosk/api/webhooks/ghala" in steps
    for name in ("api_key", "webhook_secret", "offers", "names"):
        assert f"shop.kiosk.payments.{name}" in steps
    assert KEY not in steps
    assert SECRET not in steps


async def test_a_whole_amount_is_written_whole_and_a_card_needs_no_phone() -> None:
    http = Provider(answer({"id": "gh_1"}, 201))
    await provider().charge(http, intent(way=Way.CARD, phone=""))
    body = http.posts[0][2]
    assert b'"amount":3000,' in body
    assert json.loads(body)["payment_method"] == "card"
    assert "customer" not in json.loads(body)


TAKEN = Charged("kiosk/c1:6:pay", asked=True, provider="ghala", provider_ref="gh_1")
ANSWERS: list[tuple[str, Answer | Exception, Charged]] = [
    ("taken", answer({"id": "gh_1", "status": "pending"}, 201), TAKEN),
    ("taken, in an envelope", answer({"data": {"id": "gh_1"}}, 200), TAKEN),
    (
        "a link",
        answer({"id": 7, "payment_url": "https://pay.example.test/7"}, 200),
        msgspec.structs.replace(TAKEN, provider_ref="7", link="https://pay.example.test/7"),
    ),
    ("a link that is none", answer({"id": "gh_1", "payment_url": "javascript:alert(1)"}, 200), TAKEN),
]


@pytest.mark.parametrize(("title", "reply", "expected"), ANSWERS, ids=[row[0] for row in ANSWERS])
async def test_what_a_good_answer_means(title: str, reply: Answer, expected: Charged) -> None:
    assert await charged(reply) == expected


@pytest.mark.parametrize(
    ("title", "reply", "asked", "again", "failure"),
    [
        ("no connection", NotSent(), False, True, ""),
        ("the answer was lost", AnswerLost(), True, True, ""),
        ("an answer that makes no sense", answer({"hello": 1}), True, True, ""),
        ("an answer that is no JSON", Answer(200, {}, b"<html>"), True, True, ""),
        ("broken there, perhaps after it was done", answer({}, 500), True, True, ""),
        ("a gateway's error", Answer(502, {}, b"bad gateway"), True, True, ""),
        ("not now", answer({"code": "unavailable"}, 503), False, True, ""),
        ("too much at once", answer({}, 429), False, True, ""),
        ("the same request is under way", answer({"code": "idempotency_in_progress"}, 409), False, True, ""),
        ("a bad key", answer({"code": "not_authenticated"}, 401), False, False, Failure.UNREACHABLE.value),
        ("a plan without payments", answer({}, 402), False, False, Failure.UNREACHABLE.value),
        ("refused", answer({"message": "No such phone."}, 400), False, False, Failure.REFUSED.value),
        (
            "failed at once",
            answer({"id": "gh_1", "status": "failed", "reason": "insufficient_funds"}, 200),
            False,
            False,
            Failure.NO_FUNDS.value,
        ),
    ],
)
async def test_what_a_bad_answer_means(
    title: str, reply: Answer | Exception, asked: bool, again: bool, failure: str
) -> None:
    found = await charged(reply)
    assert (found.asked, found.again, found.failure) == (asked, again, failure), title
    assert found.provider_ref == found.link == ""
    assert found.reason
    if again:
        may_have_it = asked or "under way" in title
        assert bool(found.provider) is may_have_it, "named by who may have the request, and only then"


# -- asking what became of it ----------------------------------------------------------------------------------------
async def asked(reply: Answer | Exception, **changes: Any) -> PaymentNews | None:
    return await provider().ask(Provider(reply), intent(**changes))


async def test_a_question_names_the_request_by_their_id_else_by_ours() -> None:
    http = Provider(answer({"status": "pending"}), answer({"status": "pending"}))
    await provider().ask(http, intent(provider_ref="gh/1"))
    await provider().ask(http, intent())
    assert [url.rpartition("/v1")[2] for url, _ in http.gets] == ["/orders/gh%2F1", "/orders/kiosk%2Fc1%3A6%3Apay"]
    assert http.gets[0][1]["authorization"] == f"Bearer {KEY}"


async def test_what_is_paid_is_the_same_news_as_its_webhook() -> None:
    told = {"amount": 3000, "currency": "KES", "transaction_reference": "TX1", "reference": "kiosk/c1:6:pay"}
    success = {"event": "payment.success", "data": {**told, "order_id": "gh_1", "status": "success"}}
    (webhook,) = provider().parse(call(json.dumps(success).encode())).news
    found = await asked(answer({**told, "id": "gh_1", "status": "success"}), provider_ref="gh_1")
    assert found == webhook


async def test_what_failed_is_known_by_the_same_name_as_its_webhook() -> None:
    failed = b'{"event":"payment.failed","data":{"order_id":"gh_1","reason":"wrong_pin"}}'
    (webhook,) = provider().parse(call(failed)).news
    found = await asked(answer({"id": "gh_1", "status": "failed", "reason": "wrong_pin"}), provider_ref="gh_1")
    assert found is not None
    assert (found.id, found.failure) == (webhook.id, webhook.failure)


async def test_a_request_whose_answer_was_lost_and_that_never_arrived_has_failed() -> None:
    found = await asked(answer({"code": "not_found"}, 404))
    assert found is not None
    assert (found.ok, found.failure, found.intent) == (False, Failure.UNREACHABLE, "kiosk/c1:6:pay")


@pytest.mark.parametrize(
    ("title", "reply"),
    [
        ("it is open", answer({"id": "gh_1", "status": "pending"})),
        ("a status that nobody knows", answer({"id": "gh_1", "status": "on_hold"})),
        ("no status", answer({"id": "gh_1"})),
        ("paid, but not how much", answer({"id": "gh_1", "status": "success"})),
        ("no JSON", Answer(200, {}, b"<html>")),
        ("an error", answer({}, 500)),
        ("gone, though it was there", answer({}, 404)),
        ("no connection", NotSent()),
        ("no answer", AnswerLost()),
    ],
)
async def test_what_is_no_answer_is_asked_again(title: str, reply: Answer | Exception) -> None:
    assert await asked(reply, provider_ref="gh_1") is None, title
