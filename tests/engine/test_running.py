"""All of it wired: a message becomes a turn, a turn becomes a send and a timer, and what fails ends the run bare."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest
import trio
import trio.testing

from engine import actor as actor_module
from engine.address import Link
from engine.commit import Commit, Posted
from engine.errors import StoreFailed
from engine.events import Letter
from engine.facts import Facts
from engine.invoices import NUMBER
from engine.messages import Outcome, Outgoing, Status, StatusRank
from engine.outbox import OutboxSettings
from engine.ports import Http
from engine.running import FORGET_SECONDS, Running
from engine.shop import Shop
from engine.supervisor import IDLE_SECONDS
from tests.engine.cash import ScriptedProvider, intent, keep, paid
from tests.engine.scripted import (
    BAKERY,
    SHOP,
    Core,
    SaidTurn,
    TrioClock,
    TroubledStore,
    core,
    customer_of,
    inbound,
    leaves,
    letter,
    settled,
    store,
)
from tests.engine.sending import FAST, UNKNOWN, ScriptedChannel, channel, no_http
from tests.engine.shops import dealer

__all__ = ["channel", "core", "store"]

Clock = trio.testing.MockClock
Connect = Callable[[], AbstractAsyncContextManager[Http]]
ANN = customer_of(Link("phone", "254700000001"))


@asynccontextmanager
async def running(
    store: TroubledStore,
    channel: ScriptedChannel,
    *providers: ScriptedProvider,
    shop: Shop = BAKERY,
    connect: Connect = no_http,
) -> AsyncIterator[Running]:
    lanes = OutboxSettings(lanes=4)
    made = Running(
        *(store, {SHOP: shop}, {SHOP: channel}, {SHOP: FAST}, connect, TrioClock(), lanes), providers=providers
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        try:
            yield made
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


async def test_a_message_becomes_a_durable_turn_and_one_reply(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        assert await made.post([inbound("one"), inbound("two")]).wait()
        await settled()
    assert await store.said_to(ANN) == ("one", "two")
    assert channel.accepted == [f"{ANN.customer}1", f"{ANN.customer}2"]


async def test_nothing_leaves_before_the_commit_that_wishes_it(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    gate = store.linger("commit")
    async with running(store, channel) as made:
        made.post([inbound("one")])
        await settled()
        assert channel.begun == []
        gate.set()
        await settled()
        assert len(channel.begun) == 1


async def test_a_timer_of_a_turn_comes_back_as_a_letter_and_is_answered(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post([inbound("in 7000")]).wait()
        await trio.sleep(60)
    assert [at for at, _ in channel.begun] == [0, 7_000]
    assert await store.said_to(ANN) == ("in 7000", "tick")


async def test_the_same_message_delivered_by_two_processes_is_one_turn(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made, running(store, channel) as other:
        first, second = made.post([inbound("one", id="w1")]), other.post([inbound("one", id="w1")])
        assert await first.wait()
        assert await second.wait()
        await settled()
    assert await store.said_to(ANN) == ("one",)
    assert len(channel.begun) == 1


async def test_a_status_reaches_the_send_that_waits_for_it(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers[f"{ANN.customer}1"].append(UNKNOWN)
    async with running(store, channel) as made:
        await made.post([inbound("one"), inbound("two")]).wait()
        await trio.sleep(5)
        await made.statuses([Status(SHOP, "p.1", StatusRank.SENT, 0, f"{ANN}:1:0")])
        await settled()
    assert [at for at, _ in channel.begun] == [0, 5_000]


async def test_what_is_sent_has_the_invoice_number_that_only_the_commit_knew(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    class Phones(ScriptedChannel):
        async def send(self, http: object, row: Outgoing) -> Outcome:
            texts.append(getattr(row.message, "body", ""))
            return await super().send(http, row)

    texts: list[str] = []
    shop = msgspec.structs.replace(dealer(), name=SHOP)
    await store.import_catalogue(SHOP, "dealer", shop.catalogue.products)
    async with running(store, Phones(), shop=shop) as made:
        for said in ("10 opc 43", "1", "Sharma & Sons", "hi"):
            await made.post([inbound(said)]).wait()
            await trio.sleep(10)  # longer than what follows a document waits for it
    [told] = [text for text in texts if "invoice *" in text]
    assert "invoice *INV-" in told
    assert not any(NUMBER in text for text in texts)
    assert texts[-1].startswith("Welcome"), "what was said later leaves later"


async def test_a_customer_who_sleeps_leaves_nothing_behind_in_memory(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post([inbound("one")]).wait()
        await trio.sleep(IDLE_SECONDS + 2 * FORGET_SECONDS)
        assert made.supervisor.actors == {}
        assert made.router._routes == {}
        assert made.outbox.lines._lines == {}
        assert made.around.backlog.letters == 0
        assert await made.post([inbound("two")]).wait()
    assert await store.said_to(ANN) == ("one", "two")


async def test_money_that_came_is_told_to_its_customer_at_once(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    await keep(store, (intent("a"),))
    async with running(store, channel, ScriptedProvider()) as made:
        await trio.sleep(5)
        assert channel.order == ["ann2"], "the provider has it"
        assert await made.record(SHOP, paid("a"))
        await settled()
        assert channel.order == ["ann2", "ann3"]
        assert not await made.record(SHOP, paid("a"))
        await trio.sleep(60)
    assert channel.order == ["ann2", "ann3"]


async def test_a_turn_that_wishes_for_money_gets_its_provider_asked(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wishing(turn: SaidTurn, letter: Letter, shop: Shop, facts: Facts) -> Commit:
        intents = (intent("a"),) if turn.conversation.said == ("pay",) else ()
        return msgspec.structs.replace(core.commit_of(turn, letter, shop, facts), intents=intents)

    monkeypatch.setattr(actor_module, "commit_of", wishing)
    provider = ScriptedProvider()
    async with running(store, channel, provider) as made:
        await trio.sleep(7)
        await made.post([inbound("pay")]).wait()
        await settled()
    assert provider.charges_of("a") == [7_000]


async def test_the_owners_letter_is_kept_and_brought_at_once(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await trio.sleep(5)
        await made.post_letters([Posted(letter("a word from the owner"), 0)])
        await settled()
    assert core.heard == ["a word from the owner"]


@pytest.mark.parametrize("call", ["commit", "claim", "settle", "customers_for", "due", "posted", "charges"])
async def test_wherever_the_store_fails_the_run_ends_with_that_and_nothing_else(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, call: str
) -> None:
    failed = StoreFailed("the disk refused")

    async def run() -> None:
        async with running(store, channel, ScriptedProvider()) as made:
            await settled()
            store.always[call] = failed
            made.post([inbound("in 1000")])
            await trio.sleep(600)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert set(leaves(caught.value)) == {failed}
