"""Channel ``ghala`` without a network: signatures, what comes in, what goes out, and what answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from adapters.channels._ghala.codes import CODES
from adapters.channels.ghala import GhalaSettings, advice, build
from adapters.kinds import Site
from adapters.settings import Reader, Secret
from engine.errors import BadInput, ConfigError
from engine.messages import AnyMessage, Image, Message, Outcome, OutcomeClass, Template, Text
from engine.ports import Answer, AnswerLost, Delivery, NotSent
from tests.adapters.calls import call
from tests.adapters.ghala import CASES
from tests.adapters.ghala_channel import (
    KEY,
    NOW,
    SECRET,
    SHOPS,
    cases,
    channel,
    outgoing,
    read,
    settings,
    signed_v2,
)
from tests.adapters.whatsapp_cloud import Provider, answer

BODY = b'{"id":"x","status":"sent"}'
VECTOR = "f9a0f29fa21ac011f3289f97a4c1c83aac0e012bbc5a6fbb3d77c0a36159fcff"
"""protocols.md 3.1: of ``1790000000.`` and BODY under SECRET."""
CLASSIC = "ae7708a348e83053623388ccfa97f79a4d485d2ba037afc8c586169cd7da1c8a"
"""``printf '{"id":"x","status":"sent"}' | openssl dgst -sha256 -hmac ghala_test_secret``"""
DIALECTS = ("classic", "v2")
ACCEPTED = answer({"id": "01TESTULID", "status": "sent", "wa_message_id": "wamid.OUT0001"})


# -- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["api_key", "webhook_secret"])
def test_a_channel_does_not_start_without_its_secrets(name: str) -> None:
    bare = settings(**{name: Secret("")})
    with pytest.raises(ConfigError, match=rf"shop\.kiosk\.channel\.{name}"):
        build(Site("kiosk"), bare)
    assert build(Site("kiosk", insecure=True), bare).shop == "kiosk"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "incoming"),
        ("base_url", "http://api.example.test"),
        ("dialect", "v3"),
        ("number", "+254 20"),
        ("messages_per_second", 0),
        ("names", "sender=x"),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: object) -> None:
    reader = Reader({}, Path())
    reader.values(GhalaSettings, {"api_key": "k", "webhook_secret": "s", key: value}, "shop.kiosk.channel")
    assert [problem.partition(":")[0] for problem in reader.problems] == [f"shop.kiosk.channel.{key}"]


def test_a_wrong_name_is_named() -> None:
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.channel\.names: expected OURS=THEIRS .* found 'x=y'"):
        channel(names=("x=y",))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stranger_is_told_each_step_with_its_address_and_its_setting(dialect: str) -> None:
    steps = " ".join(advice("kiosk", settings(dialect), "https://shop.example.test/"))
    assert "https://shop.example.test/s/kiosk/api/messages/incoming" in steps
    for name in ("api_key", "webhook_secret", "names"):
        assert f"shop.kiosk.channel.{name}" in steps
    assert ("clock" in steps) is (dialect == "v2")
    assert KEY not in steps
    assert SECRET not in steps


# -- who signs -------------------------------------------------------------------------------------------------------
def test_the_vector_of_v2() -> None:
    genuine = call(BODY, {"x-ghala-timestamp": "1790000000", "x-ghala-signature": f"sha256={VECTOR}"}, at=NOW)
    assert channel("v2").genuine(genuine)
    assert channel("v2").genuine(signed_v2(BODY))


def test_classic_is_the_hexadecimal_hmac_of_the_raw_bytes() -> None:
    assert channel().genuine(call(BODY, {"x-ghala-signature": CLASSIC}))
    assert not channel().genuine(call(BODY + b" ", {"x-ghala-signature": CLASSIC}))


@pytest.mark.parametrize("given", ["", f"sha256={CLASSIC}", CLASSIC.upper(), CLASSIC + "\udc80", CLASSIC[:-1]])
def test_no_other_classic_signature_will_do(given: str) -> None:
    assert not channel().genuine(call(BODY, {"x-ghala-signature": given}))
    assert not channel().genuine(call(BODY))


@pytest.mark.parametrize(
    ("title", "stamp", "given"),
    [
        ("no prefix", "1790000000", VECTOR),
        ("upper case", "1790000000", f"sha256={VECTOR.upper()}"),
        ("another time than was signed", "1790000001", f"sha256={VECTOR}"),
        ("no time", "", f"sha256={VECTOR}"),
        ("not a text of this world", "1790000000\udc80", f"sha256={VECTOR}\udc80"),
        ("nothing", "1790000000", ""),
    ],
)
def test_no_other_v2_signature_will_do(title: str, stamp: str, given: str) -> None:
    headers = {"x-ghala-timestamp": stamp, "x-ghala-signature": given}
    assert not channel("v2").genuine(call(BODY, headers, at=NOW)), title


@pytest.mark.parametrize("stamp", ["", "x", "-1790000000", "1790000000.0", "१७९०००००००", "1" * 13])
def test_a_time_that_is_none_is_not_believed_though_it_is_signed(stamp: str) -> None:
    assert not channel("v2").genuine(signed_v2(BODY, stamp))


@pytest.mark.parametrize(("off", "good"), [(300_000, True), (300_001, False), (-300_000, True), (-300_001, False)])
def test_a_signature_is_good_for_five_minutes_either_way(off: int, good: bool) -> None:
    assert channel("v2").genuine(signed_v2(BODY, at=NOW + off)) is good


def test_where_nobody_looked_at_a_clock_no_dated_signature_is_good() -> None:
    assert not channel("v2").genuine(signed_v2(BODY, at=0))


def test_without_a_secret_only_an_insecure_server_believes_anything() -> None:
    assert build(Site("kiosk", insecure=True), settings(webhook_secret=Secret(""))).genuine(call(BODY))
    assert not build(Site("kiosk", insecure=True), settings()).genuine(call(BODY))


# -- in --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("channel_in"))
def test_what_comes_in(case: dict[str, Any]) -> None:
    found = channel(case["dialect"]).parse(read(case["body"], case.get("headers")), SHOPS)
    assert found == msgspec.convert(case["expect"], Delivery)


@pytest.mark.parametrize("raw", [b"", b"{", b"hello", b"[" * 100_000])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        channel().parse(call(raw), SHOPS)


def test_without_a_number_in_the_settings_every_message_is_the_shops_own() -> None:
    alone = channel(number="")
    assert alone.numbers() == frozenset()
    (inbound,) = alone.parse(read({"from": "254700000001", "id": "1", "to": "1", "text": "a"}), {}).inbounds
    assert inbound.shop == "kiosk"


def test_a_message_without_an_id_is_the_same_when_it_comes_again_and_another_at_another_time() -> None:
    def known(at: int) -> str:
        told = {"from": "254700000001", "text": "hi", "timestamp": at}
        (inbound,) = channel().parse(read(told), SHOPS).inbounds
        return inbound.id

    assert known(1_790_000_000) == known(1_790_000_000)
    assert known(1_790_000_000) != known(1_790_000_001)


def test_what_an_account_calls_differently_is_a_setting() -> None:
    one = channel(names=("event=kind", "received=in", "data=payload", "sender=who.msisdn", "words=says", "id=uid"))
    body = {"kind": "in", "payload": {"uid": "7", "who": {"msisdn": "254700000001"}, "says": "hi"}}
    (inbound,) = one.parse(read(body), SHOPS).inbounds
    assert (inbound.id, inbound.sender.phone, inbound.event.text) == ("7", "254700000001", "hi")  # type: ignore[union-attr]


# -- out -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", cases("channel_out"))
async def test_what_goes_out(case: dict[str, Any], dialect: str) -> None:
    http = Provider(ACCEPTED)
    message = msgspec.convert(case["message"], AnyMessage)
    sent = await channel(dialect, base_url="https://gh.example.test/x/").send(http, outgoing(message))
    assert sent == Outcome(OutcomeClass.SENT, "01TESTULID")
    ((url, headers, body),) = http.posts
    assert url == "https://gh.example.test/x" + {"classic": "/whatsapp/messages", "v2": "/messages"}[dialect]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(body) == case[dialect]


@pytest.mark.parametrize(
    ("dialect", "url"),
    [("classic", "https://api.ghala.io/v1/whatsapp/messages"), ("v2", "https://v2.ghala.io/api/v2/messages")],
)
async def test_each_dialect_knows_where_it_is_spoken(dialect: str, url: str) -> None:
    http = Provider(ACCEPTED)
    await channel(dialect).send(http, outgoing(Text("hi")))
    assert http.posts[0][0] == url


async def test_only_v2_has_a_key_and_it_is_the_same_for_the_same_row_however_often_it_goes() -> None:
    http = Provider(ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED)
    rows = [
        outgoing(Text("hi")),
        outgoing(Text("hi"), attempts=2),
        outgoing(Text("hi"), key="kiosk/c1:3:1"),
        outgoing(Text("hi"), created_at=NOW + 1),
    ]
    for row in rows:
        await channel("v2").send(http, row)
    first, again, other, anew = [headers["idempotency-key"] for _, headers, _ in http.posts]
    assert first == again
    assert len({first, other, anew}) == 3
    assert UUID(first).version == 5
    http = Provider(ACCEPTED)
    await channel().send(http, rows[0])
    assert "idempotency-key" not in http.posts[0][1]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", cases("channel_answers"))
async def test_what_an_answer_means(case: dict[str, Any], dialect: str) -> None:
    raw = case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()
    given = Answer(case["status"], case.get("headers", {}), raw)
    found = await channel(dialect).send(Provider(given), outgoing(Text("hi")))
    assert found.kind.value == (case.get(dialect) or case["kind"])
    assert found.provider_id == case.get("provider_id", "")
    if dialect not in case:
        assert (found.code, found.wait) == (case.get("code", 0), case.get("wait", 0))
    assert bool(found.reason) is not bool(found.provider_id), "whatever went wrong is said, with the next step"
    assert "…" not in found.reason, "never Ghala's own words"


@pytest.mark.parametrize(("number", "status"), [(132015, "paused"), (132016, "disabled"), (132001, "")])
async def test_whatsapps_number_says_which_status_a_template_is_in(number: int, status: str) -> None:
    error = {"code": "whatsapp_rejected", "whatsapp_code": number}
    refused = Answer(502, {}, json.dumps(error).encode())
    outcome = await channel("v2").send(Provider(refused), outgoing(Template("order_ready", "sw")))
    assert (outcome.code, outcome.template) == (number, status)
    told = {"event": "message.status", "data": {"id": "1", "status": "failed", "error": error}}
    (found,) = channel("v2").parse(read([told]), SHOPS).statuses
    assert (found.code, found.template) == (number, status)


def test_the_table_has_every_code_of_protocols_and_each_has_its_class_and_a_next_step() -> None:
    """protocols.md 3.1 names them all; its 429 has no word of its own, so ours does for it."""
    known = json.loads((CASES / "channel_codes.json").read_text("utf-8"))
    assert CODES.keys() == {one["code"] for one in known}
    for one in known:
        means = CODES[one["code"]]
        assert means.kind.value == one["class"], one["code"]
        sentences = [sentence for sentence in means.reason.split(".") if sentence.strip()]
        assert len(sentences) > 1, f"{one['code']}: what happened, then what to do"


@pytest.mark.parametrize(("dialect", "kind"), [("classic", OutcomeClass.UNKNOWN), ("v2", OutcomeClass.RETRY)])
async def test_a_lost_answer_is_unknown_unless_a_key_makes_asking_again_safe(dialect: str, kind: OutcomeClass) -> None:
    assert (await channel(dialect).send(Provider(AnswerLost()), outgoing(Text("hi")))).kind is kind
    assert (await channel(dialect).send(Provider(NotSent()), outgoing(Text("hi")))).kind is OutcomeClass.RETRY


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (Text("hi"), {"phone": "", "user_id": "KE.1"}),
        (Image(path="/srv/a.jpg"), {}),
        (Text(""), {}),
        (Text("x" * 4_097), {}),
    ],
)
async def test_what_can_not_be_sent_is_never_sent(message: Message, changes: dict[str, Any]) -> None:
    http = Provider()
    found = await channel().send(http, outgoing(message, **changes))  # type: ignore[arg-type]
    assert found.kind is OutcomeClass.NEVER
    assert found.reason
    assert http.posts == []


def test_a_request_for_a_place_is_asked_in_words() -> None:
    assert not channel().limits.location_request


async def test_development_mode_checks_everything_and_sends_nothing() -> None:
    http = Provider()
    dev = build(Site("kiosk", dev_mode=True), settings())
    found = await dev.send(http, outgoing(Text("hi")))
    assert found == Outcome(OutcomeClass.SENT, "dev:kiosk/c1:3:0", reason="Development mode: stored and not sent.")
    assert (await dev.send(http, outgoing(Text("")))).kind is OutcomeClass.NEVER
    assert http.posts == []


def test_no_secret_ever_shows() -> None:
    one = channel()
    shown = f"{one!r} {one} {one.settings!r} {one.settings}"
    assert KEY not in shown
    assert SECRET not in shown
