"""Messages that no webhook brought: asked for at the start and every so often, where a provider gives up early.

    every fetch_every:  channel.fetch(since) ─▶ router ─▶ turns      then note that all until now is here

What came by webhook too is told apart by its id, in the turn's own commit. The first fetch of a shop only notes the
time: what was said before it was here is not answered now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

import trio

from engine.address import DAY, MINUTE, Millis
from engine.breaker import Breaker, Watched
from engine.errors import StoreFailed
from engine.events import Inbound
from engine.mailbox import Receipt
from engine.patience import patiently
from engine.ports import AnswerLost, Channel, Clock, Http, NotSent, Store
from engine.rounds import Rounds

log = logging.getLogger("sokoni.fetching")

OVERLAP: Millis = 2 * MINUTE
"""Asked for once more each time, for messages that were still on their way and for clocks that differ."""
LOOKS_BACK: Millis = DAY
"""After a longer outage only the last day is asked for: who wrote before has an answer elsewhere by now."""


class Fetching:
    """``run`` is its life. ``post`` hands messages in, as webhooks do."""

    def __init__(
        self,
        store: Store,
        channels: Iterable[Channel],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        post: Callable[[Sequence[Inbound]], Receipt],
        breakers: Mapping[str, Breaker] = MappingProxyType({}),
        rounds: Rounds | None = None,
    ) -> None:
        self._rounds = rounds or Rounds()
        self._store = store
        self._channels = [channel for channel in channels if channel.fetch_every]
        self._connect = connect
        self._clock = clock
        self._post = post
        self._breakers = breakers
        self.fetched = 0

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            for channel in self._channels:
                nursery.start_soon(self._again_and_again, channel)
            task_status.started()
            await trio.sleep_forever()

    async def _again_and_again(self, channel: Channel) -> None:
        async with self._connect() as http:
            while True:
                self._rounds.begun("fetch", channel.fetch_every, self._clock.now(), channel.shop)
                try:
                    await self._allowed(channel, http)
                except StoreFailed:
                    raise
                except (NotSent, AnswerLost):
                    log.warning("not_fetched", extra={"shop": channel.shop})
                except Exception as error:  # a bug in a channel must not stop the others
                    log.error("fetch_crashed", exc_info=error, extra={"shop": channel.shop})
                await trio.sleep(channel.fetch_every / 1000)

    async def _allowed(self, channel: Channel, http: Http) -> None:
        """One round, unless the channel rests; its breaker hears how its provider answers."""
        breaker = self._breakers.get(channel.shop)
        if breaker is None:
            await self._fetch(channel, http)
        elif breaker.allow():
            try:
                await self._fetch(channel, Watched(http, breaker))
            finally:
                breaker.returned()

    async def _fetch(self, channel: Channel, http: Http) -> None:
        """One round. What could not be kept is asked for again: only what is done moves the mark."""
        began = self._clock.now()
        until = await self._store.fetched(channel.shop)
        if until:
            found = await channel.fetch(http, max(until - OVERLAP, began - LOOKS_BACK))
            self.fetched += len(found.inbounds)
            if found.inbounds and not await self._post(found.inbounds).wait():
                return
        await patiently(lambda: self._store.note_fetched(channel.shop, began))
