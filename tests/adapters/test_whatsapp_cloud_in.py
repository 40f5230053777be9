"""What Meta posts, as cases: every type, status and trap of protocols.md 1.2 to 1.6 → what the engine gets."""

from __future__ import annotations

import json

import msgspec
import pytest

from engine.address import Sender
from engine.errors import BadInput
from engine.events import AnyEvent, Inbound, PreferenceSet, UnsupportedSent
from engine.messages import Refusal
from tests.adapters.calls import call
from tests.adapters.whatsapp_cloud import (
    CASES,
    NUMBER,
    SECRET,
    SHOPS,
    WORD,
    Case,
    cases,
    channel,
    delivery,
    envelope,
    parsed,
    raw,
)

COMMON = {"from": "254700000001", "id": "wamid.IN0001", "timestamp": "1790000000"}
SENDER = Sender(phone="254700000001")
SIGNATURES = json.loads((CASES / "signature.json").read_text("utf-8"))
SIGNED = SIGNATURES["genuine"][0]


# -- one message ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("messages"))
def test_a_message_becomes_an_event(case: Case) -> None:
    event = msgspec.convert(case["event"], AnyEvent)
    inbound = Inbound("wamid.IN0001", "bakery", SENDER, 1_790_000_000_000, event, case.get("quoted_id", ""))
    found = parsed(envelope({"messages": [COMMON | case["message"]]}))
    assert (found.inbounds, found.refusals) == ((inbound,), ())


@pytest.mark.parametrize("case", cases("unreadable"))
def test_a_message_whose_content_can_t_be_read_is_refused_and_still_gets_an_answer(case: Case) -> None:
    found = parsed(envelope({"messages": [COMMON | case["message"]]}))
    why = f"{case['kind']} that can't be read; the customer is told so"
    assert found.refusals == (Refusal("entry[0].changes[0].messages[0]", why),)
    assert [inbound.event for inbound in found.inbounds] == [UnsupportedSent(case["kind"])]


# -- batches ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("values"))
def test_a_value_becomes_a_delivery(case: Case) -> None:
    assert parsed(envelope(case["value"], case.get("field", "messages"))) == delivery(case["expect"])


@pytest.mark.parametrize("case", cases("bodies"))
def test_a_body_becomes_a_delivery(case: Case) -> None:
    assert parsed(case["body"]) == delivery(case["expect"])


def test_a_batch_of_a_thousand_keeps_its_order() -> None:
    messages = [COMMON | {"id": f"wamid.{n}", "type": "text", "text": {"body": str(n)}} for n in range(1_000)]
    found = parsed(envelope({"messages": messages}))
    assert [inbound.id for inbound in found.inbounds] == [f"wamid.{n}" for n in range(1_000)]


# -- preferences ------------------------------------------------------------------------------------------------------
def preference(**changes: object) -> Inbound:
    item = {"wa_id": "254700000001", "category": "marketing_messages", "value": "stop", "timestamp": 1_790_000_000}
    found = parsed(envelope({"user_preferences": [item | changes]}, "user_preferences"))
    (inbound,) = found.inbounds
    return inbound


@pytest.mark.parametrize(("value", "wants"), [("stop", False), ("resume", True), ("signup", True)])
def test_a_preference_says_whether_marketing_is_wanted(value: str, wants: bool) -> None:
    inbound = preference(value=value)
    assert (inbound.event, inbound.sender, inbound.sent_at) == (PreferenceSet(wants), SENDER, 1_790_000_000_000)


def test_a_preference_delivered_again_has_the_same_id_and_any_other_has_another() -> None:
    others = [
        preference(value="resume"),
        preference(timestamp=1_790_000_001),
        preference(wa_id="254700000002"),
        preference(wa_id=None, user_id="KE.1"),
    ]
    ids = {inbound.id for inbound in others}
    assert preference().id == preference(detail="said again").id
    assert len(ids) == len(others)
    assert preference().id not in ids


def test_the_id_that_we_make_for_a_preference_tells_no_phone_number() -> None:
    assert "254700000001" not in preference().id


@pytest.mark.parametrize(
    "changes",
    [{"value": "perhaps"}, {"category": "payments"}, {"wa_id": None}, {"value": None}],
    ids=["unknown value", "unknown category", "nobody", "no value"],
)
def test_a_preference_that_is_not_understood_is_refused(changes: Case) -> None:
    item = {"wa_id": "254700000001", "category": "marketing_messages", "value": "stop", "timestamp": 1} | changes
    found = parsed(envelope({"user_preferences": [item]}, "user_preferences"))
    assert (len(found.refusals), found.inbounds) == (1, ())


def test_a_message_can_t_pretend_to_be_a_preference_of_ours() -> None:
    found = parsed(envelope({"messages": [COMMON | {"id": "preference:1", "type": "text", "text": {"body": "x"}}]}))
    assert (len(found.refusals), found.inbounds) == (1, ())


# -- what is no envelope ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"5", b'"x"', b"[]", b"{}", b"{", b"\xff\xfe", b"hub.mode=subscribe"),
        *(b'{"object":"page","entry":[]}', b'{"object":"whatsapp_business_account"}'),
        *(b'{"object":"whatsapp_business_account","entry":{}}', b"[" * 100_000 + b"]" * 100_000),
    ],
    ids=lambda body: body[:45].decode("latin1") or "nothing",
)
def test_a_body_that_is_not_metas_envelope_is_bad_input(body: bytes) -> None:
    with pytest.raises(BadInput):
        channel().parse(call(body), SHOPS)


def test_bad_input_does_not_carry_the_body_into_a_log() -> None:
    with pytest.raises(BadInput) as caught:
        channel().parse(call(b'{"text": "my secret order'), SHOPS)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "secret" not in str(caught.value)


# -- a text that the strict decoder refuses ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\udc4d", "\ufffd"),
        (rb"\ud83d\ud83d\udc4d", "\ufffd\U0001f44d"),
        (b"caf\xe9", "caf\ufffd"),
        ("café".encode(), "café"),
        (rb"nul \u0000", "nul \0"),
    ],
    ids=["half an emoji", "the other half", "half an emoji before a whole one", "not UTF-8", "UTF-8", "NUL"],
)
def test_text_is_always_valid_unicode_and_never_loses_its_message(written: bytes, read: str) -> None:
    body = raw(envelope({"messages": [COMMON | {"type": "text", "text": {"body": "HERE"}}]})).replace(b"HERE", written)
    (inbound,) = channel().parse(call(body), SHOPS).inbounds
    assert inbound.event == msgspec.convert({"type": "TextSaid", "text": read}, AnyEvent)


@pytest.mark.parametrize("odd", [b"NaN", b"Infinity", b"1e999", b"-1e999", b"9" * 10_000, b"-" + b"9" * 50])
def test_an_impossible_number_costs_nothing_but_itself(odd: bytes) -> None:
    good = COMMON | {"id": "wamid.2", "type": "text", "text": {"body": "good"}}
    bad = COMMON | {"type": "location", "location": {"latitude": "ODD", "longitude": 1}}
    body = raw(envelope({"messages": [bad, good]})).replace(b'"ODD"', odd)
    found = channel().parse(call(body), SHOPS)
    assert [type(inbound.event).__name__ for inbound in found.inbounds] == ["UnsupportedSent", "TextSaid"]


# -- the door ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", SIGNATURES["genuine"], ids=lambda case: case["title"])
def test_a_genuine_body_is_known_by_its_raw_bytes(case: Case) -> None:
    headers = {"x-hub-signature-256": f"sha256={case['digest']}"}
    assert channel().genuine(call(case["body"].encode(), headers))
    assert not channel().genuine(call(case["body"].encode() + b" ", headers))


@pytest.mark.parametrize("case", SIGNATURES["refused"], ids=lambda case: case["title"])
def test_anything_but_metas_own_signature_is_refused(case: Case) -> None:
    headers = {} if case["header"] is None else {"x-hub-signature-256": case["header"]}
    assert not channel().genuine(call(SIGNED["body"].encode(), headers))


def test_the_signature_of_another_secret_is_refused() -> None:
    headers = {"x-hub-signature-256": f"sha256={SIGNED['digest']}"}
    assert not channel(app_secret=SECRET + "2").genuine(call(SIGNED["body"].encode(), headers))


RIGHT = {"hub.mode": "subscribe", "hub.verify_token": WORD, "hub.challenge": "1158201444"}


def test_the_challenge_comes_back_verbatim() -> None:
    assert channel().challenge(RIGHT) == "1158201444"
    assert channel().challenge(RIGHT | {"hub.challenge": ' "0042"\n'}) == ' "0042"\n'


@pytest.mark.parametrize(
    "query",
    [
        {},
        RIGHT | {"hub.mode": "unsubscribe"},
        RIGHT | {"hub.mode": "SUBSCRIBE"},
        RIGHT | {"hub.verify_token": WORD.upper()},
        RIGHT | {"hub.verify_token": ""},
        RIGHT | {"hub.verify_token": "é\ud800"},
        *({name: value for name, value in RIGHT.items() if name != left_out} for left_out in RIGHT),
        {name.replace(".", "_"): value for name, value in RIGHT.items()},
    ],
)
def test_a_challenge_that_is_not_exactly_metas_is_refused(query: dict[str, str]) -> None:
    assert channel().challenge(query) is None


def test_its_number_is_the_phone_number_id() -> None:
    assert channel().numbers() == frozenset({NUMBER})


def test_every_file_of_cases_is_used() -> None:
    used = {"messages", "unreadable", "values", "bodies", "signature", "codes", "sends", "answers"}
    assert {file.stem for file in CASES.glob("*.json")} == used
