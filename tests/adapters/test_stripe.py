"""Payment provider ``stripe`` without a network: signatures, events, requests and what answers mean."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds import Site
from adapters.payments._stripe import units
from adapters.payments._stripe.forms import form
from adapters.payments.stripe import EVENTS, LONGEST, SHORTEST, advice, build
from adapters.settings import Secret
from engine import money
from engine.address import DAY, MINUTE
from engine.books import Charged
from engine.errors import BadInput, ConfigError
from engine.payment_calls import Heard, Verdict
from engine.payments import Failure, IntentStatus, PaymentNews, RefundNews, Way
from engine.ports import Answer, AnswerLost, NotSent, Refunder
from tests.adapters.calls import call
from tests.adapters.fake_world import START
from tests.adapters.stripe import (
    INTENT,
    KEY,
    SECRET,
    cases,
    fields,
    intent,
    payment,
    provider,
    stripe_settings,
)
from tests.adapters.whatsapp_cloud import Provider, answer

BODY = b'{"id":"evt_test_1","object":"event"}'
SESSION = {"id": "cs_1", "url": "https://checkout.stripe.com/c/pay/cs_1", "status": "open", "payment_status": "unpaid"}
PAID = {**SESSION, "url": None, "status": "complete", "payment_status": "paid", "payment_intent": {"id": "pi_1"},
        "amount_total": 300_000, "currency": "kes"}  # fmt: skip
KEY_OF_REFUND = "kiosk/stripe:pi_1:refund:1"
NONE_YET = answer({"object": "list", "data": []})


# -- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["secret_key", "webhook_secret"])
def test_it_does_not_start_without_its_secrets(name: str) -> None:
    settings = msgspec.structs.replace(stripe_settings(), **{name: Secret("")})
    with pytest.raises(ConfigError, match=rf"shop\.kiosk\.payments\.{name}"):
        build(Site("kiosk"), settings)
    assert build(Site("kiosk", insecure=True), settings).shop == "kiosk"


def test_it_takes_cards_and_refunds() -> None:
    made = provider()
    assert made.ways == {Way.CARD}
    assert (made.paths, made.kind) == (("/api/webhooks/stripe",), "stripe")
    assert isinstance(made, Refunder)


def test_the_advice_names_the_address_the_events_and_where_each_secret_comes_from() -> None:
    told = "\n".join(advice("kiosk", stripe_settings(), "https://shop.example.test/"))
    assert "https://shop.example.test/s/kiosk/api/webhooks/stripe" in told
    assert all(event in told for event in EVENTS)
    assert "shop.kiosk.payments.webhook_secret" in told
    assert "https:// address" not in told
    assert KEY not in told
    assert SECRET not in told
    assert "https:// address" in "\n".join(advice("kiosk", stripe_settings(), "http://localhost:8080"))
    live = stripe_settings(secret_key=Secret("sk_live_1"))
    assert "real cards" in advice("kiosk", live, "https://shop.example.test")[-1]


# -- events ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("webhooks"))
def test_what_an_event_tells(case: dict[str, Any]) -> None:
    news = tuple(msgspec.convert(one, PaymentNews) for one in case["news"])
    refunds = tuple(msgspec.convert(one, RefundNews) for one in case["refunds"])
    refunds = tuple(msgspec.structs.replace(one, provider="stripe") for one in refunds)
    assert provider().parse(call(msgspec.json.encode(case["body"]))) == Heard(news, refunds)


@pytest.mark.parametrize("case", cases("unreadable"))
def test_what_can_not_be_read(case: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        provider().parse(call(case["raw"].encode()))


WORDS = st.sampled_from(["type", "data", "object", "id", "amount", "refunds", "checkout.session.completed"]) | st.text()
LEAVES = st.none() | st.integers() | WORDS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner))


@given(st.binary() | JSON.map(msgspec.json.encode))
def test_no_body_breaks_it(raw: bytes) -> None:
    with contextlib.suppress(BadInput):
        assert isinstance(provider().parse(call(raw)), Heard)


@pytest.mark.parametrize("verdict", Verdict)
def test_whatever_became_of_it_is_a_quiet_200(verdict: Verdict) -> None:
    assert provider().answer(call(BODY), verdict).status == 200


# -- units -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [
        ("KES", 21_000, 21_000),
        ("JPY", 500, 500),
        ("UGX", 500, 50_000),
        ("ISK", 500, 50_000),
        ("KWD", 5_120, 5_120),
        ("RWF", 700, 700),
        ("NGN", 550_000, 550_000),
    ],
)
def test_each_currency_in_stripes_own_unit(currency: str, ours: int, theirs: int) -> None:
    assert units.theirs(ours, currency) == theirs
    assert units.ours(theirs, currency.lower()) == (ours, currency)


def test_a_part_that_stripe_does_not_know_is_refused() -> None:
    with pytest.raises(BadInput):
        units.theirs(5_121, "KWD")


@given(st.sampled_from(["KES", "JPY", "UGX", "ISK", "HUF", "TWD", "MGA", "INR"]), st.integers(1, money.LARGEST))
def test_there_and_back_is_the_same_money(currency: str, amount: int) -> None:
    try:
        theirs = units.theirs(amount, currency)
    except BadInput:
        assert units.digits(currency) < money.digits(currency)
        return
    assert units.ours(theirs, currency) == (amount, currency)


def test_a_form_leads_into_objects_and_lists() -> None:
    body = {"a": 1, "b": [{"c": "ü & ="}, {"c": "2"}], "d": {"e": {"f": "g"}}}
    assert fields(form(body)) == {"a": "1", "b[0][c]": "ü & =", "b[1][c]": "2", "d[e][f]": "g"}


# -- asking for money ------------------------------------------------------------------------------------------------
async def test_the_request() -> None:
    http = Provider(answer(SESSION))
    assert await provider().charge(http, intent()) == Charged(
        INTENT, asked=True, provider="stripe", provider_ref="cs_1", link=str(SESSION["url"])
    )
    ((url, headers, body),) = http.posts
    assert url == "https://api.stripe.com/v1/checkout/sessions"
    assert headers == {
        "authorization": f"Bearer {KEY}",
        "stripe-version": "2026-06-24.dahlia",
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": INTENT,
    }
    assert fields(body) == {
        "mode": "payment",
        "line_items[0][price_data][currency]": "kes",
        "line_items[0][price_data][unit_amount]": "300000",
        "line_items[0][price_data][product_data][name]": "ORD-1",
        "line_items[0][quantity]": "1",
        "client_reference_id": INTENT,
        "metadata[intent]": INTENT,
        "metadata[order]": "ORD-1",
        "metadata[shop]": "kiosk",
        "payment_intent_data[metadata][intent]": INTENT,
        "payment_intent_data[metadata][order]": "ORD-1",
        "payment_intent_data[metadata][shop]": "kiosk",
        "payment_intent_data[description]": "ORD-1",
        "success_url": "https://shop.example.test/paid",
        "cancel_url": "https://shop.example.test/unpaid",
        "expires_at": str((START + SHORTEST) // 1000),
    }


@pytest.mark.parametrize(("wanted", "given"), [(MINUTE, SHORTEST), (60 * MINUTE, 60 * MINUTE), (7 * DAY, LONGEST)])
async def test_a_link_lives_as_long_as_stripe_allows(wanted: int, given: int) -> None:
    http = Provider(answer(SESSION))
    await provider().charge(http, intent(expires_at=START + wanted))
    assert fields(http.posts[0][2])["expires_at"] == str((START + given) // 1000)


async def test_where_customers_come_back_to_can_be_set() -> None:
    http = Provider(answer(SESSION))
    await provider(success_url="https://a.example.test", cancel_url="https://b.example.test").charge(http, intent())
    sent = fields(http.posts[0][2])
    assert (sent["success_url"], sent["cancel_url"]) == ("https://a.example.test", "https://b.example.test")


@pytest.mark.parametrize("case", cases("answers"))
async def test_what_an_answer_means(case: dict[str, Any]) -> None:
    http = Provider(Answer(case["status"], {}, case["body"].encode()))
    charged = await provider().charge(http, intent())
    assert msgspec.structs.replace(charged, reason=case["charged"].get("reason", "")) == Charged(
        INTENT, **case["charged"]
    )
    assert charged.reason == case["charged"].get("reason", charged.reason)


@pytest.mark.parametrize(
    ("error", "asked", "named"), [(NotSent(), False, ""), (AnswerLost(), True, "stripe")], ids=["not sent", "lost"]
)
async def test_what_a_broken_line_means(error: Exception, asked: bool, named: str) -> None:
    charged = await provider().charge(Provider(error), intent())
    assert (charged.asked, charged.again, charged.provider) == (asked, True, named)


async def test_the_same_request_is_made_again_word_for_word() -> None:
    http = Provider(AnswerLost(), answer(SESSION))
    for _ in range(2):
        await provider().charge(http, intent(status=IntentStatus.ASKING))
    assert http.posts[0] == http.posts[1]


async def test_what_stripe_can_not_be_asked_for_is_refused_at_once() -> None:
    charged = await provider().charge(Provider(), intent(amount=5_121, currency="KWD"))
    assert (charged.asked, charged.failure) == (False, Failure.REFUSED.value)


# -- asking what became of it ----------------------------------------------------------------------------------------
KNOWN = intent(provider_ref="cs_1", provider="stripe", status=IntentStatus.PENDING)


@pytest.mark.parametrize(
    ("session", "ok", "failure"),
    [
        (PAID, True, Failure.REFUSED),
        ({**SESSION, "status": "expired"}, False, Failure.EXPIRED),
        ({**PAID, "payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "requires_payment_method"}},
         False, Failure.REFUSED),
    ],
    ids=["paid", "expired", "a bank refused"],
)  # fmt: skip
async def test_a_question_finds_out_how_it_ended(session: dict[str, Any], ok: bool, failure: Failure) -> None:
    http = Provider(answer(session))
    news = await provider().ask(http, KNOWN)
    assert news is not None
    assert (news.ok, news.failure, news.intent, news.provider_ref) == (ok, failure, INTENT, "cs_1")
    assert news.id == ("pi_1" if ok else "failed-cs_1")
    assert http.gets[0][0] == "https://api.stripe.com/v1/checkout/sessions/cs_1?expand%5B%5D=payment_intent"


@pytest.mark.parametrize(
    "given",
    [answer(SESSION), answer({**PAID, "payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status":
     "processing"}}), answer({}, 500), answer({}, 404), Answer(200, {}, b"?"), NotSent(), AnswerLost()],
    ids=["open", "on its way", "ill", "unknown", "nonsense", "not sent", "lost"],
)  # fmt: skip
async def test_else_it_is_asked_again_later(given: Answer | Exception) -> None:
    http = Provider(given)
    assert await provider().ask(http, KNOWN) is None
    assert http.posts == []


async def test_a_link_that_nobody_shall_pay_at_any_more_is_ended() -> None:
    http = Provider(answer(SESSION), answer({**SESSION, "status": "expired"}))
    news = await provider().ask(http, msgspec.structs.replace(KNOWN, status=IntentStatus.CANCELLED))
    assert http.posts[0][0] == "https://api.stripe.com/v1/checkout/sessions/cs_1/expire"
    assert news is not None
    assert (news.ok, news.failure) == (False, Failure.EXPIRED)


async def test_one_that_was_paid_just_then_is_found_by_the_next_question() -> None:
    http = Provider(answer(SESSION), answer({"error": {"message": "it is complete"}}, 400), answer(PAID))
    dropped = msgspec.structs.replace(KNOWN, status=IntentStatus.CANCELLED)
    assert await provider().ask(http, dropped) is None
    news = await provider().ask(http, dropped)
    assert news is not None
    assert news.ok


async def test_a_link_that_never_reached_its_customer_is_found_by_its_key_and_ended() -> None:
    http = Provider(answer(SESSION), answer(SESSION), answer({**SESSION, "status": "expired"}))
    news = await provider().ask(http, intent(status=IntentStatus.PENDING))
    assert http.posts[0][1]["idempotency-key"] == INTENT
    assert http.posts[1][0].endswith("/cs_1/expire")
    assert news is not None
    assert (news.ok, news.failure) == (False, Failure.UNREACHABLE)


async def test_one_that_is_found_by_its_key_may_be_paid_by_now() -> None:
    """Under a key Stripe answers as it did at first, when the session was new."""
    news = await provider().ask(Provider(answer(SESSION), answer(PAID)), intent(status=IntentStatus.CANCELLED))
    assert news is not None
    assert news.ok


async def test_a_request_that_never_arrived_is_known_to_have_failed() -> None:
    news = await provider().ask(Provider(answer({"error": {}}, 400)), intent(status=IntentStatus.PENDING))
    assert news is not None
    assert (news.ok, news.failure) == (False, Failure.UNREACHABLE)


# -- sending money back ----------------------------------------------------------------------------------------------
async def test_a_refund_is_looked_for_and_then_made() -> None:
    made = {"id": "re_1", "amount": 300_000, "currency": "kes", "payment_intent": "pi_1", "status": "succeeded"}
    http = Provider(NONE_YET, answer(made))
    told = await provider().refund(http, payment(), 300_000, KEY_OF_REFUND)
    assert told.news == RefundNews("re_1", "stripe", "pi_1", 300_000)
    assert http.gets[0][0] == "https://api.stripe.com/v1/refunds?payment_intent=pi_1&limit=100"
    ((url, headers, body),) = http.posts
    assert (url, headers["idempotency-key"]) == ("https://api.stripe.com/v1/refunds", KEY_OF_REFUND)
    assert fields(body) == {"payment_intent": "pi_1", "amount": "300000", "metadata[refund]": KEY_OF_REFUND}


async def test_one_that_was_made_before_is_not_made_again() -> None:
    made = {"id": "re_1", "amount": 5, "currency": "kes", "payment_intent": "pi_1", "status": "succeeded"}
    others = [{**made, "id": "re_0"}, {**made, "metadata": {"refund": KEY_OF_REFUND}}]
    http = Provider(answer({"object": "list", "data": others}))
    told = await provider().refund(http, payment(), 5, KEY_OF_REFUND)
    assert told.news == RefundNews("re_1", "stripe", "pi_1", 5, key=KEY_OF_REFUND)
    assert http.posts == []


@pytest.mark.parametrize("case", cases("refunds"))
async def test_what_an_answer_to_a_refund_means(case: dict[str, Any]) -> None:
    http = Provider(NONE_YET, Answer(case["status"], {}, case["body"].encode()))
    told = await provider().refund(http, payment(), 300_000, KEY_OF_REFUND)
    if case["news"] is None:
        assert told.news is None
        assert told.reason
    else:
        assert told.news is not None
        wanted = {"id": KEY_OF_REFUND, "payment": "pi_1", "amount": 300_000, "key": KEY_OF_REFUND, **case["news"]}
        assert {name: getattr(told.news, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "given", [NotSent(), AnswerLost(), answer({}, 500), answer({}, 401)], ids=["not sent", "lost", "ill", "no key"]
)
async def test_nothing_is_sent_back_while_nobody_can_look(given: Answer | Exception) -> None:
    http = Provider(given)
    told = await provider().refund(http, payment(), 5, KEY_OF_REFUND)
    assert (told.news, http.posts) == (None, [])
    assert told.reason


@pytest.mark.parametrize("error", [NotSent(), AnswerLost()])
async def test_a_refund_whose_answer_was_lost_waits(error: Exception) -> None:
    assert (await provider().refund(Provider(NONE_YET, error), payment(), 5, KEY_OF_REFUND)).news is None
