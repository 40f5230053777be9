"""Messages that no webhook brought: fetched, answered once, and never from before the shop was here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from engine.address import DAY, MINUTE, Millis, Sender
from engine.events import Inbound, TextSaid
from engine.fetching import LOOKS_BACK, OVERLAP, Fetching
from engine.mailbox import Receipt
from engine.ports import AnswerLost, Delivery, Http, NotSent
from tests.engine.scripted import SHOP, START, TrioClock, TroubledStore, store
from tests.engine.sending import ScriptedChannel, no_http

__all__ = ["store"]

Clock = trio.testing.MockClock
EVERY = 5 * MINUTE


class Listing(ScriptedChannel):
    """A channel that lists what a test says; keeps since when it was asked."""

    def __init__(self, every: Millis = EVERY) -> None:
        super().__init__()
        self.every = every
        self.asked: list[Millis] = []
        self.lists: list[tuple[Inbound, ...] | Exception] = []

    @property
    def fetch_every(self) -> Millis:
        return self.every

    async def fetch(self, http: Http, since: Millis) -> Delivery:
        self.asked.append(since)
        found = self.lists.pop(0) if self.lists else ()
        if isinstance(found, Exception):
            raise found
        return Delivery(found)


class Desk:
    """Takes what is handed in; ``keeps`` says whether it was kept."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.keeps = True

    def post(self, inbounds: Sequence[Inbound]) -> Receipt:
        self.ids += [one.id for one in inbounds]
        receipt = Receipt(1)
        receipt.settle(self.keeps)
        return receipt


def said(id: str) -> Inbound:
    return Inbound(id, SHOP, Sender(phone="254700000001"), START, TextSaid("hi"))


@asynccontextmanager
async def fetching(store: TroubledStore, channel: Listing) -> AsyncIterator[Desk]:
    desk = Desk()
    async with trio.open_nursery() as nursery:
        await nursery.start(Fetching(store, [channel], no_http, TrioClock(), desk.post).run)
        await trio.sleep(1)
        yield desk
        nursery.cancel_scope.cancel()


async def test_the_first_time_nothing_is_fetched_and_then_what_came_since(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = Listing()
    channel.lists = [(said("SM1"), said("SM2"))]
    async with fetching(store, channel) as desk:
        assert channel.asked == []
        assert await store.fetched(SHOP) == START
        await trio.sleep(EVERY / 1000)
        assert (channel.asked, desk.ids) == ([START - OVERLAP], ["SM1", "SM2"])
        assert await store.fetched(SHOP) == START + EVERY


async def test_after_a_restart_it_begins_where_it_was_but_never_before_a_day(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await store.note_fetched(SHOP, START - 10 * MINUTE)
    channel = Listing()
    async with fetching(store, channel):
        assert channel.asked == [START - 10 * MINUTE - OVERLAP], "at the start, at once"
    await store.note_fetched(SHOP, START - 3 * DAY)
    long_out = Listing()
    async with fetching(store, long_out):
        assert long_out.asked[0] >= START - LOOKS_BACK


@pytest.mark.parametrize("trouble", [NotSent("x"), AnswerLost("x"), RuntimeError("a bug")])
async def test_what_could_not_be_listed_is_asked_for_again(
    store: TroubledStore, autojump_clock: Clock, trouble: Exception
) -> None:
    await store.note_fetched(SHOP, START)
    channel = Listing()
    channel.lists = [trouble, (said("SM1"),)]
    async with fetching(store, channel) as desk:
        assert (desk.ids, await store.fetched(SHOP)) == ([], START)
        await trio.sleep(EVERY / 1000)
        assert desk.ids == ["SM1"]
    assert channel.asked == [START - OVERLAP] * 2


async def test_what_could_not_be_kept_does_not_move_the_mark(store: TroubledStore, autojump_clock: Clock) -> None:
    await store.note_fetched(SHOP, START - MINUTE)
    channel = Listing()
    channel.lists = [(said("SM1"),), (said("SM2"),)]
    async with fetching(store, channel) as desk:
        assert await store.fetched(SHOP) == START
        desk.keeps = False
        await trio.sleep(EVERY / 1000)
        assert (desk.ids, await store.fetched(SHOP)) == (["SM1", "SM2"], START)


async def test_a_channel_that_has_nothing_to_ask_for_is_left_alone(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listing(every=0)
    async with fetching(store, channel):
        await trio.sleep(DAY / 1000)
    assert channel.asked == []
