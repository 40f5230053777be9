"""An outage of the store: since when it lasts, and who is told. Each customer who waits hears one apology, sent
directly, best effort, and only when it lasts (design.md, "A storage failure")."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import trio

from adapters.web.webhooks import Engine
from engine.address import Address, Millis, Sender
from engine.messages import Outgoing, Purpose, Text
from engine.phrases import phrase, say
from engine.ports import Channel, Clock, Http

log = logging.getLogger("sokoni.process")

APOLOGY_AFTER = 30.0
APOLOGY_SECONDS = 10.0
"""How long one round of apologies may take before the store is tried again."""
STEADY_SECONDS = 30.0
"""An engine that fails sooner than this after its start did not end the outage: the store opens, but takes nothing."""
IN_FLIGHT = 10.0
"""Who wrote this long (s) before the failure was noticed waits because of it."""
APOLOGY = phrase(
    "Sorry, the shop has a technical problem right now. Your message is not lost: we will answer as soon as we can."
)
"""Said in the shop's first language: the customer's own stands in the store that can't be read."""


class Outage:
    """One process's outages, one after the other. ``channels`` and ``languages`` go by the shop's name; times are
    seconds of trio's clock."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        languages: Mapping[str, str],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._languages = languages
        self._connect = connect
        self._clock = clock
        self._since: float | None = None
        self._up: float | None = None
        self._apologised: set[tuple[str, Sender]] = set()

    def engine_up(self) -> None:
        """The engine takes messages again; whether that lasts will be seen."""
        self._up = trio.current_time()

    def engine_down(self) -> None:
        """The engine failed, or could not be started."""
        now = trio.current_time()
        steady = self._up is not None and now - self._up >= STEADY_SECONDS
        if self._since is None or steady:
            self._since = now
            self._apologised.clear()
        self._up = None

    async def apologise(self) -> None:
        """Tell those who wait, when it has lasted long enough; who could not be told in time is told next time."""
        if self._since is None or trio.current_time() - self._since <= APOLOGY_AFTER:
            return
        recent = self._since - IN_FLIGHT
        waiting = [who for who, at in self._engine.waiting.items() if at >= recent and who not in self._apologised]
        with trio.move_on_after(APOLOGY_SECONDS):
            async with self._connect() as http:
                for shop, sender in waiting:
                    await self._tell(http, shop, sender)

    async def _tell(self, http: Http, shop: str, sender: Sender) -> None:
        self._apologised.add((shop, sender))
        try:
            await self._channels[shop].send(http, _apology(shop, sender, self._languages[shop], self._clock.now()))
        except Exception as error:  # a bug in a channel must not keep the store closed
            log.error("send_crashed", exc_info=error, extra={"shop": shop})


def _apology(shop: str, sender: Sender, language: str, now: Millis) -> Outgoing:
    address = Address(shop, sender.phone or sender.user_id)
    key = f"apology:{address}:{now}"
    return Outgoing(key, address, sender.phone, sender.user_id, Text(say(language, APOLOGY)), Purpose.REPLY, now)
