"""Channel ``ghala`` against the fake over a real connection: two readings that must agree, in both dialects."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import trio

from adapters.channels.ghala import Ghala
from adapters.http import LaneHttp, shared_tls
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.ghala import keys as keys_module
from adapters.phones.ghala.keys import Keys
from adapters.phones.ghala.refused import Refused
from adapters.phones.meta.faults import Batch, Delay, Fault, Faults, ServerError
from adapters.phones.meta.rules import FakeNumber, Rules, TemplateRule
from adapters.phones.sim import open_phone
from engine.messages import AnyMessage, Choice, ChoiceList, Outcome, OutcomeClass, StatusRank, Template, Text
from engine.ports import Call, Delivery
from tests.adapters.calls import call
from tests.adapters.fake_world import serve_hook
from tests.adapters.ghala_channel import KEY, NOW, PHONE, SECRET, SHOPS, cases, channel, outgoing

TLS = shared_tls()
ID = "200000000000005"
OPEN = Rules(
    window=False, retry_first=0.001, templates=(TemplateRule("order_ready", "sw", 1), TemplateRule("hello", "en"))
)
BASES = {"classic": "/ghala", "v2": "/ghala/v2"}
DIALECTS = tuple(BASES)
ONCE, ALWAYS = Fault(next=1), Fault(rate=1)


class StillClock:
    def now(self) -> int:
        return NOW


class Hook:
    """The shop's webhook as the channel reads it: what genuine calls brought; ``answers`` first, then 200."""

    def __init__(self, reads: Ghala) -> None:
        self.reads = reads
        self.calls: list[Call] = []
        self.refused = 0
        self.answers: list[int] = []
        self._more = trio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        told = call(raw, {name.decode(): value.decode() for name, value in scope["headers"]}, at=NOW)
        genuine = self.reads.genuine(told)
        self.refused += not genuine
        status = 401 if not genuine else self.answers.pop(0) if self.answers else 200
        if genuine:
            self.calls.append(told)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        self._more.set()

    def read(self) -> list[Delivery]:
        """What each genuine call brought, in order of arrival; nothing of it was refused."""
        read = [self.reads.parse(one, SHOPS) for one in self.calls]
        assert [one.refusals for one in read if one.refusals] == []
        return read

    def texts(self) -> list[str]:
        return [getattr(one.event, "text", "") for delivery in self.read() for one in delivery.inbounds]

    def ranks(self) -> list[StatusRank]:
        return [status.rank for delivery in self.read() for status in delivery.statuses]

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until ``enough()`` holds; asked after each webhook."""
        while not enough():
            self._more = trio.Event()
            await self._more.wait()


class Line:
    """A channel whose messages arrive at the fake, the lane between them, and the shop's webhook."""

    def __init__(self, fake: FakeMeta, url: str, dialect: str, hook: Hook, http: LaneHttp, **settings: Any) -> None:
        self.fake = fake
        self.url = url
        self.hook = hook
        self.http = http
        self.channel = channel(dialect, base_url=url + BASES[dialect], **settings)

    async def outcome(self, message: AnyMessage, **changes: Any) -> Outcome:
        return await self.channel.send(self.http, outgoing(message, **changes))

    async def send(self, message: AnyMessage, **changes: Any) -> OutcomeClass:
        return (await self.outcome(message, **changes)).kind

    def arrived(self) -> list[dict[str, Any]]:
        return [json.loads(bytes(sent.body)) for sent in self.fake.sent(ID)]

    def phone(self) -> Any:
        return open_phone(self.url, ID, PHONE, name="Asha")


@asynccontextmanager
async def line(
    dialect: str, rules: Rules = OPEN, faults: Faults | None = None, deadline: float = 10.0, **settings: Any
) -> AsyncIterator[Line]:
    hook = Hook(channel(dialect))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery, LaneHttp(TLS, deadline=deadline) as http:
            port = await nursery.start(serve_hook, hook)
            provider = {"classic": "ghala", "v2": "ghala-v2"}[dialect]
            number = FakeNumber(
                *(ID, "+254 20 000 0005", "Kiosk", "1", KEY, SECRET, f"http://127.0.0.1:{port}/hook"), provider=provider
            )
            fake = FakeMeta([number], clock=StillClock(), rules=rules, faults=faults)
            here = await nursery.start(fake.serve, "127.0.0.1", 0)
            yield Line(fake, f"http://127.0.0.1:{here}", dialect, hook, http, **settings)
            nursery.cancel_scope.cancel()


# -- out -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_kind_of_message_is_taken(dialect: str) -> None:
    async with line(dialect) as made:
        given = [case.values[0]["message"] for case in cases("channel_out")]
        for place, message in enumerate(given):
            found = await made.outcome(msgspec.convert(message, AnyMessage), key=f"kiosk/c1:{place}:0")
            assert (found.kind, bool(found.provider_id)) == (OutcomeClass.SENT, True), message
        kinds = [body["type"] for body in made.arrived()]
        assert kinds == ["text", "interactive", "interactive", "image", "document", "template", "template"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_wrong_key_is_the_operators(dialect: str) -> None:
    async with line(dialect, api_key="another") as made:
        assert await made.send(Text("hi")) is OutcomeClass.OPERATOR
        assert made.arrived() == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_closed_window_asks_for_a_template_and_a_template_passes(dialect: str) -> None:
    async with line(dialect, msgspec.structs.replace(OPEN, window=True)) as made:
        assert await made.send(Text("hi")) is OutcomeClass.NEEDS_TEMPLATE
        assert await made.send(Template("hello", "en"), key="kiosk/c1:4:0") is OutcomeClass.SENT
        assert await made.send(Template("goodbye", "en"), key="kiosk/c1:5:0") is OutcomeClass.NEVER


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_numbers_pace_is_kept_with_429(dialect: str) -> None:
    async with line(dialect, msgspec.structs.replace(OPEN, per_second=1.0)) as made:
        assert await made.send(Text("one")) is OutcomeClass.SENT
        found = await made.outcome(Text("two"), key="kiosk/c1:4:0")
        assert (found.kind, found.code, found.wait) == (OutcomeClass.THROTTLE_NUMBER, 429, 2_000)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [500, 503])
async def test_what_is_broken_is_tried_again(dialect: str, status: int) -> None:
    async with line(dialect, faults=Faults(server_error=ServerError(next=1, status=status))) as made:
        assert await made.send(Text("one")) is OutcomeClass.RETRY
        assert await made.send(Text("one"), attempts=2) is OutcomeClass.SENT
        assert len(made.arrived()) == 1


async def test_a_lost_answer_in_classic_is_told_of_by_its_status() -> None:
    async with line("classic", faults=Faults(lost_answer=ONCE)) as made:
        assert await made.send(Text("one")) is OutcomeClass.UNKNOWN
        await made.hook.until(lambda: bool(made.hook.calls))
        (status,) = made.hook.read()[0].statuses
        assert (status.key, status.rank) == ("kiosk/c1:3:0", StatusRank.SENT)


async def test_a_lost_answer_in_v2_is_asked_for_again_and_the_message_arrives_once() -> None:
    async with line("v2", faults=Faults(lost_answer=Fault(next=2))) as made:
        assert await made.send(Text("one")) is OutcomeClass.RETRY
        assert await made.send(Text("one"), attempts=2) is OutcomeClass.RETRY
        found = await made.outcome(Text("one"), attempts=3)
        assert found.kind is OutcomeClass.SENT
        assert len(made.arrived()) == 1
        assert made.fake.stats()["counts"]["sends_repeated"] == 2


@pytest.mark.parametrize(("dialect", "kind"), [("classic", OutcomeClass.UNKNOWN), ("v2", OutcomeClass.RETRY)])
async def test_a_server_that_hangs_is_given_up_in_time(dialect: str, kind: OutcomeClass) -> None:
    async with line(dialect, faults=Faults(hang=ONCE), deadline=0.1) as made:
        assert await made.send(Text("one")) is kind
        assert await made.send(Text("one"), attempts=2) is OutcomeClass.SENT


async def test_a_key_that_is_in_progress_is_tried_again_under_the_same_key() -> None:
    async with line("v2", faults=Faults(late_answer=Delay(next=1, ms=300))) as made, LaneHttp(TLS) as second:
        found: list[Outcome] = []

        async def first() -> None:
            found.append(await made.outcome(Text("one")))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await made.hook.until(lambda: bool(made.hook.calls))  # accepted, told of, and not yet answered
            busy = await made.channel.send(second, outgoing(Text("one"), attempts=2))
            assert (busy.kind, busy.code) == (OutcomeClass.RETRY, 409)
        again = await made.outcome(Text("one"), attempts=3)
        assert found == [again], "the same answer"
        assert len(made.arrived()) == 1


async def test_the_same_key_with_another_body_is_refused_for_good() -> None:
    async with line("v2") as made:
        assert await made.send(Text("one")) is OutcomeClass.SENT
        found = await made.outcome(Text("two"))
        assert (found.kind, found.code) == (OutcomeClass.NEVER, 422)


async def test_a_key_whose_request_was_refused_is_free_again() -> None:
    async with line("v2", faults=Faults(throttle=ONCE)) as made:
        assert await made.send(Text("one")) is OutcomeClass.THROTTLE_NUMBER
        assert await made.send(Text("one"), attempts=2) is OutcomeClass.SENT


def test_keys_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "KEYS", 2)
    keys = Keys()
    for name in ("a", "b", "c"):
        assert keys.begin(name, b"x") is None
        keys.end(name, b"x", b"done")
    assert keys.begin("c", b"x") == b"done"
    assert keys.begin("a", b"y") is None
    with pytest.raises(Refused):
        keys.begin("c", b"y")


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"),
    [
        ("/ghala/nothing", {}, b"{}", 404, "not_found"),
        ("/ghala/whatsapp/messages", {}, b"{}", 401, "not_authenticated"),
        ("/ghala/v2/messages", {"idempotency-key": ""}, b"{}", 422, "invalid_request"),
        ("/ghala/v2/messages", {"idempotency-key": "k"}, b"nonsense", 422, "invalid_request"),
        ("/ghala/v2/messages", {"idempotency-key": "k"}, b'{"to":"+254700000001"}', 422, "invalid_request"),
        (
            "/ghala/v2/messages",
            {"idempotency-key": "k"},
            b'{"to":"254700000001","type":"text"}',
            422,
            "invalid_request",
        ),
        (
            "/ghala/v2/messages",
            {"idempotency-key": "k"},
            b'{"to":"254700000001","type":"dance"}',
            502,
            "whatsapp_rejected",
        ),
        ("/ghala/v2/messages", {"idempotency-key": "k"}, b'{"to":"' + b"1" * 1_100_000 + b'"}', 413, "too_large"),
    ],
)
async def test_the_fake_says_what_is_wrong(
    path: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    async with line("v2") as made, httpx.AsyncClient(base_url=made.url) as client:
        answer = await client.post(path, content=body, headers={"authorization": f"Bearer {KEY}", **headers})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["message"]
        assert made.arrived() == []


# -- in --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_a_customer_does_is_signed_told_and_read(dialect: str) -> None:
    async with line(dialect) as made, made.phone() as phone:
        await made.send(ChoiceList("Pick", "View", (Choice("sku:1", "Honey", "KES 800"),)))
        shown = await phone.wait_for("Pick")
        await phone.read(shown)
        await phone.tap(shown, "Honey")
        await phone.say("नमस्ते 1/2 🙏")
        await phone.do({"type": "location", "latitude": -1.28, "longitude": 36.82})
        await made.hook.until(lambda: len([1 for one in made.hook.read() if one.inbounds]) == 3)
        said = [one for delivery in made.hook.read() for one in delivery.inbounds]
        assert [type(one.event).__name__ for one in said] == ["OptionTapped", "TextSaid", "LocationSent"]
        assert [(one.shop, one.sender.phone, one.sender.name) for one in said] == [("kiosk", PHONE, "Asha")] * 3
        assert said[0].quoted_id == shown.id
        assert all(one.sent_at == NOW for one in said)
        await made.hook.until(lambda: StatusRank.READ in made.hook.ranks())
        keys = {status.key for delivery in made.hook.read() for status in delivery.statuses}
        assert keys == ({"kiosk/c1:3:0"} if dialect == "classic" else {""})


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_statuses_name_the_message_as_the_answer_did(dialect: str) -> None:
    async with line(dialect) as made:
        sent = await made.outcome(Text("one"))
        await made.hook.until(lambda: bool(made.hook.calls))
        assert made.hook.read()[0].statuses[0].provider_id == sent.provider_id


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_late_refusal_is_a_failed_status_with_its_sentence(dialect: str) -> None:
    async with line(dialect, msgspec.structs.replace(OPEN, window=True, late_refusals=True)) as made:
        assert await made.send(Text("hi")) is OutcomeClass.SENT
        await made.hook.until(lambda: bool(made.hook.calls))
        (status,) = made.hook.read()[0].statuses
        assert (status.rank, status.code) == (StatusRank.FAILED, 131047)
        assert "Only a template may go" in status.reason


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_webhook_comes_again_until_it_is_kept_and_is_the_same_message(dialect: str) -> None:
    async with line(dialect) as made, made.phone() as phone:
        made.hook.answers = [503, 500]
        await phone.say("hi")
        await made.hook.until(lambda: len(made.hook.calls) == 3)
        assert len({one.raw for one in made.hook.calls}) == 1
        assert len({inbound.id for delivery in made.hook.read() for inbound in delivery.inbounds}) == 1
        if dialect == "v2":
            assert len({one.headers["x-ghala-delivery"] for one in made.hook.calls}) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_wrong_signature_is_refused_and_the_right_one_comes(dialect: str) -> None:
    async with line(dialect, faults=Faults(wrong_signature=ONCE)) as made, made.phone() as phone:
        await phone.say("hi")
        await made.hook.until(lambda: bool(made.hook.calls))
        assert (made.hook.refused, made.hook.texts()) == (1, ["hi"])


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_doubles_are_the_same_and_two_messages_are_not(dialect: str) -> None:
    async with line(dialect, faults=Faults(duplicate=ALWAYS)) as made, made.phone() as phone:
        await phone.say("one")
        await phone.say("two")
        await made.hook.until(lambda: len(made.hook.calls) == 4)
        assert sorted(made.hook.texts()) == ["one", "one", "two", "two"]
        assert len({inbound.id for delivery in made.hook.read() for inbound in delivery.inbounds}) == 2
        if dialect == "v2":
            assert len({one.headers["x-ghala-delivery"] for one in made.hook.calls}) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_batch_is_read_whole(dialect: str) -> None:
    async with line(dialect, faults=Faults(batch=Batch(rate=1, count=3))) as made, made.phone() as phone:
        for text in ("one", "two", "three"):
            await phone.say(text)
        await made.hook.until(lambda: bool(made.hook.calls))
        assert made.hook.texts() == ["one", "two", "three"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_messages_may_overtake_each_other_and_are_told_once_each(dialect: str) -> None:
    async with line(dialect, faults=Faults(reorder=ONCE)) as made, made.phone() as phone:
        await phone.say("one")
        await phone.say("two")
        await made.hook.until(lambda: len(made.hook.calls) == 2)
        assert made.hook.texts() == ["two", "one"]


async def test_meta_and_ghala_numbers_share_the_phones_and_not_the_doors() -> None:
    ghala = FakeNumber(ID, "+254 20 000 0005", "Kiosk", "1", KEY, SECRET, provider="ghala")
    meta = FakeNumber("9", "+254 20 000 0009", "Bakery", "1", "token", SECRET)
    fake = FakeMeta([ghala, meta], clock=StillClock(), rules=OPEN)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        body = {"to": PHONE, "type": "text", "text": {"body": "hi"}}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for token, status in ((KEY, 200), ("token", 401)):
                headers = {"authorization": f"Bearer {token}"}
                assert (await client.post("/ghala/whatsapp/messages", json=body, headers=headers)).status_code == status
        nursery.cancel_scope.cancel()
