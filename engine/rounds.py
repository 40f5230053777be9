"""What the shop does again and again by itself, so that it can be seen that it does: a round that has stopped coming is
trouble that nothing else shows.

They are no timers in the store: each looks at the store for what there is to do, so one that was missed while nobody
ran is made up for by the next, once.
"""

from __future__ import annotations

import msgspec

from engine.address import Millis

LATE_AFTER = 3
"""So many rounds that did not come make one late."""


class Round(msgspec.Struct, frozen=True):
    """``what``: a word; ``shop``: whose, "" for all. ``every``: how often it comes (ms); ``at``: when it last began."""

    what: str
    shop: str
    every: Millis
    at: Millis

    def late(self, now: Millis) -> bool:
        """Whether it should long have come again."""
        return now - self.at > LATE_AFTER * self.every


class Rounds:
    """All of one process, each since its first round."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Round] = {}

    def begun(self, what: str, every: Millis, now: Millis, shop: str = "") -> None:
        """One begins now and comes again after ``every``."""
        self._known[what, shop] = Round(what, shop, every, now)

    def listed(self) -> list[Round]:
        """In the order of their names."""
        return [self._known[name] for name in sorted(self._known)]
