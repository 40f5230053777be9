"""The channel against the fake provider over a real connection: two readings of Meta's rules that must agree."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import trio

from adapters.channels.whatsapp_cloud import WhatsAppCloud
from adapters.http import LaneHttp, shared_tls
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta import payloads as meta_payloads
from adapters.phones.meta.faults import Fault, Faults
from adapters.phones.meta.rules import FakeNumber, Rules, TemplateRule
from engine.address import Sender
from engine.events import TextSaid
from engine.messages import AnyMessage, Document, Image, OutcomeClass, Status, StatusRank, Template, Text
from tests.adapters.calls import call
from tests.adapters.test_whatsapp_cloud_out import FITS, PNG
from tests.adapters.whatsapp_cloud import CASES, NUMBER, SECRET, TOKEN, channel, outgoing

TLS = shared_tls()
OPEN = Rules(
    window=False,
    templates=(TemplateRule("order_ready", "sw", 2), TemplateRule("hello", "en"), TemplateRule("n" * 512, "en")),
)


class StillClock:
    def now(self) -> int:
        return 1_790_000_000_000


@dataclass
class Link:
    """A channel whose messages arrive at a fake, and the lane between them."""

    fake: FakeMeta
    channel: WhatsAppCloud
    http: LaneHttp

    async def send(self, message: AnyMessage, **changes: Any) -> OutcomeClass:
        return (await self.channel.send(self.http, outgoing(message, **changes))).kind

    def arrived(self) -> list[dict[str, Any]]:
        return [json.loads(bytes(sent.body)) for sent in self.fake.sent(NUMBER)]


BAKERY = FakeNumber(NUMBER, "+254 700 000 900", "Bakery", "100000000000001", TOKEN, SECRET)


@asynccontextmanager
async def link(rules: Rules = OPEN, faults: Faults | None = None, **settings: Any) -> AsyncIterator[Link]:
    fake = FakeMeta([BAKERY], clock=StillClock(), rules=rules, faults=faults)
    async with trio.open_nursery() as nursery, LaneHttp(TLS) as http:
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        yield Link(fake, channel(base_url=f"http://127.0.0.1:{port}", **settings), http)
        nursery.cancel_scope.cancel()


async def test_every_kind_of_message_is_taken() -> None:
    cases = json.loads((CASES / "sends.json").read_text("utf-8"))
    async with link() as line:
        for case in cases:
            assert await line.send(msgspec.convert(case["message"], AnyMessage)) is OutcomeClass.SENT, case["title"]
        assert [body["type"] for body in line.arrived()] == [case["body"]["type"] for case in cases]


async def test_what_is_just_within_our_limits_is_within_theirs() -> None:
    async with link() as line:
        for title, message in FITS:
            assert await line.send(message) is OutcomeClass.SENT, title


async def test_files_of_ours_arrive_whole(tmp_path: Path) -> None:
    picture, paper = tmp_path / "qr.png", tmp_path / "invoice.pdf"
    picture.write_bytes(PNG)
    paper.write_bytes(b"%PDF-1.7")
    async with link() as line:
        assert await line.send(Image(path=str(picture), caption="Your ticket")) is OutcomeClass.SENT
        assert await line.send(Document("Invoice 17.pdf", path=str(paper))) is OutcomeClass.SENT
        image, document = line.arrived()
        assert line.fake.stats()["media"] == 2
    assert image["image"]["caption"] == "Your ticket"
    assert document["document"]["filename"] == "Invoice 17.pdf"


async def test_a_customer_without_a_phone_is_reached_by_user_id() -> None:
    async with link() as line:
        user_id = line.fake.phone(NUMBER, "254700000001").user_id
        assert await line.send(Text("hi"), phone="", user_id=user_id) is OutcomeClass.SENT
        assert [sent.to for sent in line.fake.sent(NUMBER)] == ["254700000001"]


async def test_a_wrong_token_and_a_wrong_number_are_the_operators() -> None:
    async with link(access_token="another") as line:
        assert await line.send(Text("hi")) is OutcomeClass.OPERATOR
    async with link(phone_number_id="299999999999999") as line:
        assert await line.send(Text("hi")) is OutcomeClass.OPERATOR


async def test_a_closed_window_asks_for_a_template_and_a_template_passes() -> None:
    async with link(msgspec.structs.replace(OPEN, window=True)) as line:
        assert await line.send(Text("hi")) is OutcomeClass.NEEDS_TEMPLATE
        assert await line.send(Template("hello", "en")) is OutcomeClass.SENT
        assert await line.send(Template("goodbye", "en")) is OutcomeClass.NEVER


async def test_too_many_messages_to_one_customer_throttle_that_customer() -> None:
    async with link(msgspec.structs.replace(OPEN, pair_burst=1)) as line:
        assert await line.send(Text("one")) is OutcomeClass.SENT
        assert await line.send(Text("two")) is OutcomeClass.THROTTLE_CUSTOMER


async def test_a_lost_answer_is_unknown_and_the_message_did_arrive() -> None:
    async with link(faults=Faults(lost_answer=Fault(next=1))) as line:
        assert await line.send(Text("one")) is OutcomeClass.UNKNOWN
        assert await line.send(Text("two")) is OutcomeClass.SENT
        assert [body["text"]["body"] for body in line.arrived()] == ["one", "two"]


def test_what_the_fake_signs_is_genuine_and_what_it_posts_is_read() -> None:
    at = StillClock().now()
    asha = FakeMeta([BAKERY], clock=StillClock()).phone(NUMBER, "254700000001")
    part = {"type": "text", "text": {"body": "नमस्ते 1/2 🙏"}}
    values = [
        meta_payloads.message_value(BAKERY, asha, "wamid.IN1", at, part),
        meta_payloads.value_of(BAKERY)
        | {"statuses": [meta_payloads.status(asha, "wamid.OUT1", "read", at, "bakery/c1:3:0", "service")]},
    ]
    raw = meta_payloads.to_bytes(meta_payloads.envelope(BAKERY, values))
    bakery = channel()
    assert bakery.genuine(call(raw, {"x-hub-signature-256": meta_payloads.signature(SECRET, raw)}))
    found = bakery.parse(call(raw), {NUMBER: "bakery"})
    assert [inbound.event for inbound in found.inbounds] == [TextSaid("नमस्ते 1/2 🙏")]
    assert found.inbounds[0].sender == Sender(asha.digits, asha.user_id, asha.name, asha.username)
    assert found.statuses == (Status("bakery", "wamid.OUT1", StatusRank.READ, at, "bakery/c1:3:0"),)
    assert found.refusals == ()
