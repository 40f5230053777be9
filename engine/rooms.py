"""Waiting rooms: how the HTTP edge holds new work of a number while too much of it is due (design.md, overload)."""

from __future__ import annotations

import trio

from engine.lines import Desk

DUE_AT_MOST = 64
"""Customers who wait for a message of one number, over which new webhooks of that number wait. A campaign does not
hold up those who write: its messages go when no reply is due."""
HOLD_PAUSE_MOST = 10_000.0
"""A pause of the number that is longer than this (ms) does not hold webhooks: their replies wait on disk instead.
Neither does a channel that does not work."""


class Room:
    """Where the webhooks of one number wait, first come, first served."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._door = trio.StrictFIFOLock()
        self._first = trio.lowlevel.ParkingLot()

    def crowded(self) -> bool:
        """Whether too much is due."""
        desk = self._desk
        soon = desk.paused_until <= trio.current_time() * 1000.0 + HOLD_PAUSE_MOST
        return desk.pressing >= DUE_AT_MOST and soon and desk.gate.closed

    async def pass_through(self) -> None:
        """Wait until it is not crowded and everybody who came before has passed."""
        async with self._door:
            while self.crowded():
                await self._first.park()

    def look(self) -> None:
        """What is due has changed: let in who waits, if there is room now."""
        if not self.crowded():
            self._first.unpark()
