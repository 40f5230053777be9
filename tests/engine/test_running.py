"""All of it wired: a message becomes a turn, a turn becomes a send and a timer, and what fails ends the run bare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from engine.address import Link
from engine.errors import StoreFailed
from engine.messages import Status, StatusRank
from engine.outbox import OutboxSettings
from engine.running import FORGET_SECONDS, Running
from engine.supervisor import IDLE_SECONDS
from tests.engine.scripted import (
    BAKERY,
    SHOP,
    Core,
    TrioClock,
    TroubledStore,
    core,
    customer_of,
    inbound,
    leaves,
    settled,
    store,
)
from tests.engine.sending import FAST, UNKNOWN, ScriptedChannel, channel, no_http

__all__ = ["channel", "core", "store"]

Clock = trio.testing.MockClock
ANN = customer_of(Link("phone", "254700000001"))


@asynccontextmanager
async def running(store: TroubledStore, channel: ScriptedChannel) -> AsyncIterator[Running]:
    made = Running(store, {SHOP: BAKERY}, {SHOP: channel}, {SHOP: FAST}, no_http, TrioClock(), OutboxSettings(lanes=4))
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


@pytest.mark.parametrize("call", ["commit", "claim", "settle", "customer_for", "due"])
async def test_wherever_the_store_fails_the_run_ends_with_that_and_nothing_else(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, call: str
) -> None:
    failed = StoreFailed("the disk refused")

    async def run() -> None:
        async with running(store, channel) as made:
            await settled()
            store.always[call] = failed
            made.post([inbound("in 1000")])
            await trio.sleep(600)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert set(leaves(caught.value)) == {failed}
