"""Channel ``twilio`` and the fake Twilio over real HTTP: what one writes the other reads, whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from adapters.channels.twilio import Twilio, TwilioSettings, build
from adapters.http import LaneHttp, shared_tls
from adapters.kinds import Site
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.faults import Fault, Faults
from adapters.phones.meta.rules import FakeNumber, Rules, TemplateRule
from adapters.phones.sim import SimPhone, open_phone
from adapters.phones.twilio.names import PROVIDER, account_sid
from adapters.settings import Secret
from engine.events import LocationSent, TextSaid
from engine.messages import OutcomeClass, StatusRank, Template, Text
from engine.ports import Call, Delivery
from tests.adapters.fake_world import START, Clock, serve_hook
from tests.adapters.twilio_channel import outgoing

ID, TOKEN, ASHA = "200000000000003", "token", "254700000001"
PATH = "/api/twilio/webhook"
NUMBER = FakeNumber(ID, "+234 1 000 0003", "Burgers", "1", TOKEN, TOKEN, name="burgers", provider=PROVIDER)


class Town:
    """A fake, the channel that sends through it, and every call that the channel was made."""

    def __init__(self, fake: FakeMeta, channel: Twilio, http: LaneHttp, url: str) -> None:
        self.fake = fake
        self.channel = channel
        self.http = http
        self.url = url
        self.heard: list[Delivery] = []
        self.refused = 0
        self.answers: list[int] = []
        self.more = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raw = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        call = Call(target, PATH, headers, raw, START)
        status = self.answers.pop(0) if self.answers else 200
        if not self.channel.genuine(call):
            self.refused, status = self.refused + 1, 401
        elif status == 200:
            self.heard.append(self.channel.parse(call, {NUMBER.digits: "burgers"}))
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        self.more.set()

    async def until(self, enough: Any) -> None:
        with trio.fail_after(10):
            while not enough():
                self.more = trio.Event()
                await self.more.wait()

    def phone(self) -> Any:
        return open_phone(self.url, ID, ASHA, name="Asha")

    @property
    def events(self) -> list[object]:
        return [inbound.event for one in self.heard for inbound in one.inbounds]

    @property
    def ranks(self) -> list[tuple[StatusRank, str]]:
        return [(status.rank, status.key) for one in self.heard for status in one.statuses]


@asynccontextmanager
async def town(*, retries: str = "", rules: Rules | None = None) -> AsyncIterator[Town]:
    fake = FakeMeta([NUMBER], clock=Clock(), rules=rules or Rules(retry_first=0.01, status_wait=0.0))
    async with trio.open_nursery() as nursery:
        url = f"http://127.0.0.1:{await nursery.start(fake.serve, '127.0.0.1', 0)}"
        here = Town(fake, None, None, url)  # type: ignore[arg-type]
        port = await nursery.start(serve_hook, here)
        settings = TwilioSettings(
            path=PATH,
            account_sid=account_sid(NUMBER),
            auth_token=Secret(TOKEN),
            number=NUMBER.digits,
            base_url=f"{url}/twilio",
            typing_url=f"{url}/twilio/v3/Indicators/Typing.json",
            content_url=f"{url}/twilio",
        )
        here.channel = build(Site("burgers", f"http://127.0.0.1:{port}"), settings)
        fake.set_webhook(ID, f"http://127.0.0.1:{port}{PATH}{retries}")
        async with LaneHttp(shared_tls()) as here.http:
            yield here
        nursery.cancel_scope.cancel()


async def greeted(here: Town, phone: SimPhone) -> None:
    await phone.say("hi")
    await here.until(lambda: here.events)


async def test_what_a_customer_does_arrives_signed_and_read() -> None:
    async with town() as here, here.phone() as phone:
        await phone.say("2 kg unga & sukari café")
        await phone.do({"type": "location", "latitude": -1.29, "longitude": 36.82, "name": "Home"})
        await here.until(lambda: len(here.events) == 2)
        assert here.events == [TextSaid("2 kg unga & sukari café"), LocationSent(-1.29, 36.82, "Home")]
        assert here.heard[0].inbounds[0].sender.phone == ASHA
        assert here.refused == 0


async def test_a_send_is_seen_on_the_phone_and_its_statuses_name_its_row() -> None:
    async with town() as here, here.phone() as phone:
        await greeted(here, phone)
        outcome = await here.channel.send(here.http, outgoing(Text("Karibu")))
        assert (await phone.wait_for("Karibu")).text == "Karibu"
        await here.until(lambda: len(here.ranks) == 2)
        assert set(here.ranks) == {(StatusRank.SENT, "dealer/c1:3:0"), (StatusRank.DELIVERED, "dealer/c1:3:0")}
        assert {status.provider_id for one in here.heard for status in one.statuses} == {outcome.provider_id}


async def test_a_template_goes_by_its_sid() -> None:
    rules = Rules(templates=(TemplateRule("hx1", "en", 1),), status_wait=0.0)
    async with town(rules=rules) as here, here.phone() as phone:
        outcome = await here.channel.send(here.http, outgoing(Template("HX1", "sw", ("42",))))
        assert outcome.kind is OutcomeClass.SENT
        await phone.wait_for()
        unknown = await here.channel.send(here.http, outgoing(Template("HX9", "sw")))
        assert (unknown.kind, unknown.code) == (OutcomeClass.NEVER, 21656)


async def test_outside_the_window_twilio_accepts_and_says_so_later() -> None:
    async with town() as here:
        assert (await here.channel.send(here.http, outgoing(Text("hi")))).kind is OutcomeClass.SENT
        await here.until(lambda: here.heard)
        (status,) = here.heard[0].statuses
        assert (status.rank, status.code) == (StatusRank.FAILED, 63016)


async def test_who_opted_out_with_twilio_gets_nothing_until_they_write_start() -> None:
    async with town(rules=Rules(opt_out=True, status_wait=0.0)) as here, here.phone() as phone:
        for word, kind, code in (("STOP", OutcomeClass.STOPPED, 21610), ("start", OutcomeClass.SENT, 0)):
            heard = len(here.events)
            await phone.say(word)
            await here.until(lambda heard=heard: len(here.events) > heard)
            outcome = await here.channel.send(here.http, outgoing(Text("Karibu")))
            assert (outcome.kind, outcome.code) == (kind, code)
        assert len(here.fake.sent(ID, ASHA)) == 1


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        (Faults(throttle=Fault(next=1)), OutcomeClass.THROTTLE_NUMBER),
        (Faults(lost_answer=Fault(next=1)), OutcomeClass.UNKNOWN),
    ],
)
async def test_trouble_is_an_outcome_and_a_lost_send_is_found_again(faults: Faults, kind: OutcomeClass) -> None:
    async with town() as here, here.phone() as phone:
        await greeted(here, phone)
        here.fake.faults = faults
        assert (await here.channel.send(here.http, outgoing(Text("Karibu")))).kind is kind
        again = outgoing(Text("Karibu"), attempts=2)
        if not await here.channel.found(here.http, again):
            assert (await here.channel.send(here.http, again)).kind is OutcomeClass.SENT
        await phone.wait_for("Karibu")
        assert len(here.fake.sent(ID, ASHA)) == 1, "twice asked, once sent"


async def test_what_a_webhook_missed_is_fetched_under_the_same_id() -> None:
    async with town() as here, here.phone() as phone:
        here.answers = [503]
        await phone.say("lost")
        await here.until(lambda: not here.answers)
        await phone.say("heard")
        await here.until(lambda: here.events)
        assert here.events == [TextSaid("heard")], "Twilio does not come again after a 503"
        found = await here.channel.fetch(here.http, START - 60_000)
        assert sorted(str(one.event) for one in found.inbounds) == sorted(
            map(str, [TextSaid("lost"), TextSaid("heard")])
        )
        assert here.heard[0].inbounds[0].id in {one.id for one in found.inbounds}


async def test_with_the_documented_address_it_does_come_again() -> None:
    async with town(retries="#rc=5&rp=all") as here, here.phone() as phone:
        here.answers = [503, 503]
        await phone.say("hi")
        await here.until(lambda: here.events)
        assert here.events == [TextSaid("hi")]


async def test_a_wrong_signature_is_refused_and_typing_is_shown() -> None:
    async with town() as here, here.phone() as phone:
        here.fake.faults = Faults(wrong_signature=Fault(next=1))
        await phone.say("forged")
        await here.until(lambda: here.refused)
        await greeted(here, phone)
        inbound = here.heard[0].inbounds[0]
        assert (await here.channel.mark_read(here.http, inbound.id)).kind is OutcomeClass.SENT
        with trio.fail_after(10):
            while not phone.typing:
                await trio.lowlevel.checkpoint()


async def test_a_wrong_token_and_too_long_a_body_are_refused_as_twilio_does() -> None:
    async with town() as here, httpx.AsyncClient(base_url=here.url) as client:
        path = f"/twilio/2010-04-01/Accounts/{account_sid(NUMBER)}/Messages.json"
        assert (await client.post(path, data={}, auth=("AC1", "x"))).json()["code"] == 20003
        auth = (account_sid(NUMBER), TOKEN)
        long = {"To": f"whatsapp:+{ASHA}", "From": "whatsapp:+1", "Body": "x" * 1_601}
        assert (await client.post(path, data=long, auth=auth)).json()["code"] == 21617
        assert (await client.post(path, data={"To": f"whatsapp:+{ASHA}"}, auth=auth)).json()["code"] == 21211
