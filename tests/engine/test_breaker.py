"""A service that fails again and again is left alone: what it would do waits or is done otherwise, nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from engine import breaker as breaker_module
from engine.address import Address
from engine.books import Charged
from engine.breaker import (
    IN_A_ROW,
    LATEST,
    REST_FIRST,
    REST_MOST,
    TRIAL_MOST,
    Breaker,
    BreakerState,
    Watched,
    service_of,
)
from engine.facts import IntentOf
from engine.lines import Desk
from engine.messages import Outcome, Outgoing
from engine.payments import Failure, Intent, IntentStatus, PaymentNews
from engine.ports import Answer, AnswerLost, Http, NotSent
from engine.rooms import DUE_AT_MOST, Room
from tests.engine.cash import ScriptedProvider, intent, paid, taken
from tests.engine.cash import keep as keep_wish
from tests.engine.scripted import SHOP, START, TroubledStore, settled, store
from tests.engine.sending import RETRY, ScriptedChannel, keep, moment, row
from tests.engine.test_running import running

__all__ = ["store"]

Clock = trio.testing.MockClock
OK = Answer(200, {}, b"")
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


# -- by itself -------------------------------------------------------------------------------------------------------
class Bench:
    """A breaker with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[BreakerState] = []
        self.breaker = Breaker("svc", SHOP, lambda: self.now, lambda one: self.told.append(one.state))

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.failed("it answered HTTP 503")

    def open(self) -> Breaker:
        self.fail(IN_A_ROW)
        return self.breaker


def test_it_opens_at_five_failures_in_a_row() -> None:
    bench = Bench()
    bench.fail(IN_A_ROW - 1)
    bench.breaker.succeeded()
    bench.fail(IN_A_ROW - 1)
    assert bench.breaker.allow()
    bench.fail()
    assert (bench.breaker.state, bench.breaker.allow(), bench.told) == (OPEN, False, [OPEN])


def test_it_opens_when_half_of_the_last_twenty_failed_and_not_before_twenty_were_seen() -> None:
    bench = Bench()
    for _ in range(LATEST // 2 - 1):
        bench.fail()
        bench.breaker.succeeded()
    bench.fail()
    assert bench.breaker.state is CLOSED, "of nineteen"
    bench.breaker.succeeded()
    bench.fail()
    assert bench.breaker.state is OPEN


def test_fewer_than_half_failing_never_opens_it() -> None:
    bench = Bench()
    for _ in range(20 * LATEST):
        bench.fail()
        bench.breaker.succeeded()
        bench.breaker.succeeded()
    assert bench.breaker.state is CLOSED


def test_after_its_rest_one_trial_decides() -> None:
    bench = Bench()
    breaker = bench.open()
    bench.now = REST_FIRST - 1
    assert (breaker.allow(), breaker.wait()) == (False, 1)
    bench.now = REST_FIRST
    assert (breaker.allow(), breaker.allow()) == (True, False), "one at a time"
    breaker.succeeded()
    assert (breaker.state, breaker.reason, bench.told) == (CLOSED, "", [OPEN, CLOSED])
    bench.fail(IN_A_ROW - 1)
    assert breaker.state is CLOSED, "it begins anew"


def test_each_trial_that_fails_makes_the_rest_longer_up_to_its_most_and_a_success_short_again() -> None:
    bench = Bench()
    breaker = bench.open()
    rests = []
    for _ in range(9):
        bench.now += breaker.wait()
        assert breaker.allow()
        bench.fail()
        rests.append(breaker.wait())
    assert rests[:3] == [2 * REST_FIRST, 4 * REST_FIRST, 8 * REST_FIRST]
    assert max(rests) == rests[-1] == REST_MOST
    assert bench.told == [OPEN], "the owner hears of it once"
    bench.now += breaker.wait()
    assert breaker.allow()
    breaker.succeeded()
    assert bench.open().wait() == REST_FIRST


def test_what_was_begun_before_it_opened_changes_nothing() -> None:
    bench = Bench()
    breaker = bench.open()
    breaker.succeeded()
    bench.fail(3)
    assert (breaker.state, breaker.wait()) == (OPEN, REST_FIRST)


def test_a_trial_that_made_no_call_or_was_never_reported_of_is_lent_again() -> None:
    bench = Bench()
    breaker = bench.open()
    bench.now = REST_FIRST
    assert breaker.allow()
    breaker.returned()
    assert breaker.allow()
    assert not breaker.allow()
    bench.now += TRIAL_MOST
    assert breaker.allow()
    assert breaker.state is HALF_OPEN


def test_its_report_says_why_and_until_when() -> None:
    bench = Bench()
    report = bench.open().report()
    assert (report.service, report.shop, report.state, report.reason) == ("svc", SHOP, OPEN, "it answered HTTP 503")
    assert (report.next_try, report.opened) == (REST_FIRST, 1)


# -- what is a failure -----------------------------------------------------------------------------------------------
class Service:
    """An ``Http`` that answers as it is told to, and counts its calls."""

    def __init__(self) -> None:
        self.reply: Answer | Exception = OK
        self.calls: list[int] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.calls.append(moment())
        await trio.lowlevel.checkpoint()
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        return await self.post(url, headers, b"")

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Http]:
        yield self


FAILURES = [
    (NotSent("ConnectError"), "it could not be reached (ConnectError)"),
    (AnswerLost("no answer within 10 s"), "it did not answer (no answer within 10 s)"),
    (Answer(500, {}, b""), "it answered HTTP 500"),
    (Answer(503, {}, b""), "it answered HTTP 503"),
]


@pytest.mark.parametrize(("reply", "reason"), FAILURES, ids=[reason for _, reason in FAILURES])
async def test_no_connection_no_answer_and_server_errors_are_failures(reply: Answer | Exception, reason: str) -> None:
    bench, service = Bench(), Service()
    watched = Watched(service, bench.breaker)
    service.reply = reply
    for _ in range(IN_A_ROW):
        if isinstance(reply, Exception):
            with pytest.raises(type(reply)):
                await watched.post("", {}, b"")
        else:
            assert await watched.post("", {}, b"") is reply
    assert (bench.breaker.state, bench.breaker.reason) == (OPEN, reason)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 429])
async def test_every_other_answer_is_none(status: int) -> None:
    bench, service = Bench(), Service()
    service.reply = Answer(status, {}, b"")
    for _ in range(3 * LATEST):
        await Watched(service, bench.breaker).get("", {})
    assert bench.breaker.state is CLOSED


# -- messages --------------------------------------------------------------------------------------------------------
class CallingChannel(ScriptedChannel):
    """A channel that calls its provider."""

    async def send(self, http: Http, row: Outgoing) -> Outcome:  # type: ignore[override]
        try:
            answer = await http.post("", {}, b"")
        except NotSent:
            return Outcome(RETRY)
        return await super().send(http, row) if answer.status == 200 else Outcome(RETRY)


async def outage(store: TroubledStore, seconds: float) -> tuple[Service, CallingChannel]:
    """Forty customers are written to, one a second, while the service is out for so long."""
    service, channel = Service(), CallingChannel()
    async with running(store, channel, connect=service.connect) as made:
        service.reply = NotSent("ConnectError")
        for number in range(40):
            await keep_one(store, made.outbox.offer, number)
            await trio.sleep(1)
        await trio.sleep(seconds - 40)
        service.reply = OK
        await trio.sleep(2 * REST_MOST / 1000)
        assert (await store.waiting(0, 100))[1] == []
    return service, channel


async def keep_one(store: TroubledStore, offer: Callable[..., None], number: int) -> None:
    for turn in await keep(store, [row(f"c{number}x", 1)]):
        offer(turn)


async def test_messages_wait_while_their_channel_is_out_and_all_go_out_once_afterwards(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    service, channel = await outage(store, 600)
    assert sorted(channel.accepted) == sorted(f"c{number}x1" for number in range(40))
    assert len([at for at in service.calls if at < 600_000]) < 20, "the service was left alone"


async def test_without_a_breaker_a_channel_that_is_out_is_called_again_and_again(
    store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker_module, "IN_A_ROW", 10**9)
    monkeypatch.setattr(Breaker, "_half_failed", lambda _: False)
    service, _ = await outage(store, 600)
    assert len([at for at in service.calls if at < 600_000]) > 300


async def test_the_owner_hears_when_a_service_fails_and_when_it_works_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await outage(store, 600)
    closed, opened = await store.owner_notices(SHOP, 9)
    assert (opened.kind, closed.kind) == ("breaker_open", "breaker_closed")
    assert "it could not be reached (ConnectError). Messages are kept" in opened.detail
    assert "works again" in closed.detail


async def test_webhooks_are_not_held_while_a_channel_is_out() -> None:
    bench, desk = Bench(), Desk(80)
    desk.on_way = DUE_AT_MOST
    desk.gate = bench.breaker
    room = Room(desk)
    assert room.crowded()
    bench.open()
    assert not room.crowded()


async def test_a_mark_of_read_is_not_shown_while_a_channel_is_out(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = CallingChannel()
    async with running(store, channel) as made:
        made.outbox.mark_read(SHOP, "w1")
        await settled()
        (breaker,) = made.breakers._all.values()
        for _ in range(IN_A_ROW):
            breaker.failed("it is out")
        made.outbox.mark_read(SHOP, "w2")
        await settled()
    assert channel.read == ["w1"]


async def test_whoever_is_not_allowed_does_not_end_the_trial_of_somebody_else(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    service, channel = Service(), CallingChannel()
    async with running(store, channel, connect=service.connect) as made:
        (breaker,) = made.breakers._all.values()
        for _ in range(IN_A_ROW):
            breaker.failed("it is out")
        await trio.sleep(REST_FIRST / 1000)
        assert breaker.allow(), "the messages that were missed are fetched, to try"
        async with service.connect() as http:
            for number in range(3):  # claimed before it opened
                await made.outbox._send(http, row("ann", number))
        assert channel.order == []
        assert breaker.wait() > 0


# -- money -----------------------------------------------------------------------------------------------------------
class CallingProvider(ScriptedProvider):
    """A payment provider that is called; ``charges`` and ``questions`` count the calls."""

    charges = questions = 0

    async def charge(self, http: Http, intent: Intent) -> Charged:
        self.charges += 1
        try:
            await http.post("", {}, b"")
        except NotSent:
            return Charged(intent.id, asked=False, again=True, reason="not reached")
        return taken(intent)

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        self.questions += 1
        try:
            await http.get("", {})
        except NotSent:
            return None
        return paid(intent.id)


async def wish(store: TroubledStore, name: str) -> Intent:
    wanted = intent(name)
    await keep_wish(store, (wanted,))
    return wanted


async def test_while_a_provider_is_out_customers_hear_at_once_and_nobody_calls_it(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    service, provider = Service(), CallingProvider()
    async with running(store, CallingChannel(), provider, connect=service.connect) as made:
        breaker = made.breakers.of(service_of(provider), SHOP, "")
        for _ in range(IN_A_ROW):
            breaker.failed("it is out")
        await wish(store, "a")
        await trio.sleep(6)  # the cashier looks every 5 s
        known = await stands(store, "a")
        assert (known.status, provider.charges) == (IntentStatus.FAILED, 0)
        assert known.reason.startswith(Failure.UNREACHABLE.value) or "it is out" in known.reason
        await trio.sleep(REST_FIRST / 1000)
        await wish(store, "b")
        await trio.sleep(6)
        assert (await stands(store, "b")).status is IntentStatus.PENDING
        assert breaker.closed, "the trial was a customer's own request"


async def test_a_provider_that_is_out_is_not_asked_what_became_of_payments(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    service, provider = Service(), CallingProvider()
    async with running(store, CallingChannel(), provider, connect=service.connect) as made:
        await wish(store, "a")
        await trio.sleep(6)
        service.reply = NotSent("ConnectError")
        breaker = made.breakers.of(service_of(provider), SHOP, "")
        for _ in range(IN_A_ROW):
            breaker.failed("it is out")
        await trio.sleep(600)
        assert 0 < provider.questions < 8, "its trials"
        service.reply = OK
        await trio.sleep(3_600)
        assert (await stands(store, "a")).status is IntentStatus.PAID


async def stands(store: TroubledStore, name: str) -> Intent:
    known = await store.know(Address(SHOP, "ann"), (IntentOf(name),), START)
    return known.intents[0]
