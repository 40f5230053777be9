"""Marks of "read": shown when a lane has nothing better to do, and given up before anything else is."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping

from engine.lines import Desk
from engine.ports import Http, Sending

log = logging.getLogger("sokoni.outbox")

WAITING_MOST = 256
"""Marks that may wait for a free lane; more are dropped, oldest first: they are only courtesy."""


class Courtesies:
    """What waits to be shown. ``dropped`` counts what never was for want of room."""

    def __init__(self, channels: Mapping[str, Sending], desks: Mapping[str, Desk]) -> None:
        self._channels = channels
        self._desks = desks
        self._waiting: deque[tuple[str, str]] = deque()
        self.dropped = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, shop: str, inbound_id: str) -> None:
        if len(self._waiting) >= WAITING_MOST:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((shop, inbound_id))

    async def show(self, http: Http) -> None:
        """Show the oldest; it is dropped where the channel does not work just now."""
        shop, inbound_id = self._waiting.popleft()
        if self._desks[shop].gate.closed:
            try:
                await self._channels[shop].mark_read(http, inbound_id)
            except Exception as error:  # a bug in a channel must not end a lane
                log.error("mark_read_crashed", exc_info=error, extra={"shop": shop})
