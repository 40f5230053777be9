"""A simulated phone between its visits, and whether Meta's pace for one customer has room for another one.

Meta lets a shop send one message per 6 s to a customer, 45 of them in a burst. A load test that sent the same customer
back too soon would measure the shop keeping that pace, not the shop.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.phones.sim import Received, SimPhone
from adapters.phones.visit import End

BURST = 45
SECONDS = 6.0


class RestedPhone:
    """``last`` is the latest answer that it got, all its messages; ``end`` how its last visit ended. Times are
    seconds."""

    def __init__(self, sim: SimPhone) -> None:
        self.sim = sim
        self.last: Sequence[Received] = ()
        self.end = End.ORDERED
        self._tokens = float(BURST)
        self._at = 0.0

    def has_room(self, replies: int, now: float) -> bool:
        """Whether so many messages could come to it in a burst."""
        return self._left(now) >= replies

    def used(self, replies: int, now: float) -> None:
        """So many messages came by ``now``."""
        self._tokens = self._left(now) - replies
        self._at = now

    def _left(self, now: float) -> float:
        return min(float(BURST), self._tokens + max(0.0, now - self._at) / SECONDS)
