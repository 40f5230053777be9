"""Channel ``twilio``: whose call it is, and what it says."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from adapters.channels._twilio.signature import genuine, parameters, signature
from engine.address import Sender
from engine.errors import BadInput
from engine.events import AnyEvent, TextSaid
from engine.messages import StatusRank
from engine.ports import Call
from tests.adapters.twilio_channel import (
    NOW,
    NUMBER,
    PATH,
    PUBLIC,
    SHOPS,
    SID,
    TOKEN,
    cases,
    channel,
    message,
    signed,
)

WORDS = st.text(max_size=20)
FORMS = st.lists(st.tuples(WORDS.filter(bool), WORDS), max_size=8)
ADDRESSES = st.sampled_from(
    ["https://a.test/x", "https://a.test:443/x?q=1", "http://a.test/x?key=a%2Fb", "https://a.test:8443/"]
)


# -- signatures ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("signatures"), ids=lambda case: case["title"])
def test_the_vectors_hold_and_one_byte_more_does_not(case: dict[str, Any]) -> None:
    raw, token = urlencode([(name, value) for name, value in case["params"]]).encode(), case["token"].encode()
    assert signature(token, case["url"], parameters(raw)) == case["signature"]
    assert genuine(token, case["url"], raw, case["signature"])
    assert not genuine(token, case["url"], raw + b"x", case["signature"])
    assert not genuine(token, case["url"] + "x", raw, case["signature"])
    assert not genuine(token + b"x", case["url"], raw, case["signature"])


def test_a_json_body_is_signed_by_its_digest_in_the_address() -> None:
    raw = b'{"property": "value", "boolean": true}'
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={digest}"
    assert hashlib.sha256(raw).hexdigest() == digest
    assert genuine(b"12345", url, raw, "a9nBmqA0ju/hNViExpshrM61xv4=")
    assert not genuine(b"12345", url, raw + b" ", "a9nBmqA0ju/hNViExpshrM61xv4=")


@given(url=ADDRESSES, form=FORMS)
def test_twilios_own_validator_agrees_both_ways(url: str, form: list[tuple[str, str]]) -> None:
    raw = urlencode(form).encode()
    theirs: dict[str, Any] = {name: [value for other, value in form if other == name] for name, _ in form}
    validator = RequestValidator(TOKEN)
    assert validator.validate(url, _Form(theirs), signature(TOKEN.encode(), url, parameters(raw)))
    assert genuine(TOKEN.encode(), url, raw, validator.compute_signature(url, _Form(theirs)))


@given(st.text(alphabet="ab=&+%4c;é", max_size=30))
def test_a_form_is_read_as_the_standard_library_does(words: str) -> None:
    theirs = parse_qs(words, keep_blank_values=True)
    assert parameters(words.encode()) == theirs


class _Form(dict[str, Any]):
    """Several values of one name, as the validator expects them of a web framework."""

    def getlist(self, name: str) -> list[str]:
        found: list[str] = self[name]
        return found


def test_the_address_is_the_public_one_with_path_and_query_as_called() -> None:
    assert channel().genuine(signed(message()))
    assert channel().genuine(signed(message(), f"/s/dealer{PATH}?key=a%2Fb"))
    other = signed(message())
    assert not channel().genuine(Call("/elsewhere", PATH, other.headers, other.raw, NOW))
    assert not channel().genuine(Call(PATH, PATH, {}, other.raw, NOW))


# -- messages --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("in"), ids=lambda case: case["title"])
def test_a_message_is_an_event(case: dict[str, Any]) -> None:
    delivery = channel().parse(signed(message(**case["said"])), SHOPS)
    (inbound,) = delivery.inbounds
    assert inbound.event == msgspec.convert(case["event"], AnyEvent)
    assert (inbound.id, inbound.shop, inbound.sent_at) == (SID, "dealer", NOW)


@pytest.mark.parametrize(
    ("said", "sender"),
    [
        ({}, Sender("254700000001", "", "Asha Test")),
        ({"From": "254700000001"}, Sender("254700000001", "", "Asha Test")),
        ({"ExternalUserId": "whatsapp:KE.9001"}, Sender("254700000001", "KE.9001", "Asha Test")),
        ({"From": "whatsapp:KE.9001", "WaId": ""}, Sender("", "KE.9001", "Asha Test")),
        ({"From": "whatsapp:KE.9001", "WaId": "254700000002"}, Sender("254700000002", "KE.9001", "Asha Test")),
    ],
)
def test_who_wrote_is_known_by_phone_or_user_id(said: dict[str, str], sender: Sender) -> None:
    (inbound,) = channel().parse(signed(message(**said)), SHOPS).inbounds
    assert inbound.sender == sender


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"From": "whatsapp:nobody", "WaId": ""}, "no sender"),
        ({"MessageSid": "SM1", "SmsSid": ""}, "no message id"),
        ({"To": "whatsapp:+15550000000"}, "for a number that no shop has here"),
    ],
)
def test_what_names_nobody_is_refused(said: dict[str, str], why: str) -> None:
    delivery = channel().parse(signed(message(**said)), SHOPS)
    assert delivery.inbounds == ()
    assert [refusal.why for refusal in delivery.refusals] == [why]


def test_the_json_variant_says_the_same() -> None:
    raw = json.dumps(message(Body="café")).encode()
    told = Call(f"{PATH}?bodySHA256=x", PATH, {"content-type": "application/json"}, raw, NOW)
    (inbound,) = channel().parse(told, SHOPS).inbounds
    assert inbound.event == TextSaid("café")


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"&&&"])
def test_what_is_no_call_of_twilios_is_bad_input(raw: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        with pytest.raises(BadInput):
            channel().parse(Call(PATH, PATH, {"content-type": kind}, raw, NOW), SHOPS)


@given(FORMS)
def test_nothing_in_a_form_raises_anything_else(form: list[tuple[str, str]]) -> None:
    raw = urlencode([*message().items(), *form]).encode()
    channel().parse(Call(PATH, PATH, {}, raw, NOW), SHOPS)


# -- statuses --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "rank"),
    [
        ("sent", StatusRank.SENT),
        ("delivered", StatusRank.DELIVERED),
        ("read", StatusRank.READ),
        ("failed", StatusRank.FAILED),
        ("undelivered", StatusRank.FAILED),
    ],
)
def test_a_status_carries_our_own_key_back(word: str, rank: StatusRank) -> None:
    said = {"MessageSid": SID, "MessageStatus": word, "From": f"whatsapp:+{NUMBER}", "To": "whatsapp:+254700000001"}
    told = signed(said, f"{PATH}?key=dealer%2Fc1%3A3%3A0")
    assert channel().genuine(told)
    (status,) = channel().parse(told, SHOPS).statuses
    assert (status.rank, status.key, status.provider_id, status.shop) == (rank, "dealer/c1:3:0", SID, "dealer")
    assert bool(status.reason) is (rank is StatusRank.FAILED)


@pytest.mark.parametrize("word", ["queued", "sending", "accepted", "scheduled", "partially_delivered", "new"])
def test_a_status_that_says_nothing_new_is_passed_over(word: str) -> None:
    said = {"MessageSid": SID, "MessageStatus": word, "From": f"whatsapp:+{NUMBER}"}
    delivery = channel().parse(signed(said), SHOPS)
    assert (delivery.statuses, delivery.inbounds, delivery.refusals) == ((), (), ())


def test_a_failure_has_its_code_and_a_sentence_with_the_next_step() -> None:
    said = {"MessageSid": SID, "MessageStatus": "undelivered", "From": f"whatsapp:+{NUMBER}", "ErrorCode": "63016"}
    (status,) = channel().parse(signed(said), SHOPS).statuses
    assert (status.code, PUBLIC in status.reason) == (63016, False)
    assert "24 hours" in status.reason
