"""Pace: how fast one number, or one pair of number and customer, may send.

GCRA (the generic cell rate algorithm): one number instead of a bucket and a clock, exact over any span.
"""

from __future__ import annotations

from engine.address import Millis


class Pace:
    """At most one send per ``interval`` ms sustained, with ``burst`` sends that may go at once after a rest."""

    __slots__ = ("_burst", "_interval", "_tat")

    def __init__(self, interval: float, burst: int) -> None:
        self._interval = interval
        self._burst = (burst - 1) * interval
        self._tat = 0.0  # theoretical arrival time: when the next send would be due at the sustained pace

    def wait(self, now: float) -> float:
        """How long (ms) until the next send may go; 0 when it may go now."""
        left = self._tat - self._burst - now
        return left if left > 0 else 0.0

    def taken(self, now: float) -> bool:
        """Count one send at ``now`` if it may go; whether it may."""
        if self._tat - self._burst > now:
            return False
        self._tat = (self._tat if self._tat > now else now) + self._interval
        return True

    def take(self, now: float) -> None:
        """Count one send at ``now``."""
        self._tat = max(self._tat, now) + self._interval

    def owe(self, sends: int, now: float) -> None:
        """Count so many sends at ``now``."""
        self._tat = max(self._tat, now) + sends * self._interval

    def rested(self, now: float) -> bool:
        """Whether everything borrowed is paid back, so that this pace need not be remembered."""
        return self._tat <= now


def number_pace(per_second: float) -> Pace:
    """A business number's pace (Meta: 80/s, up to 1,000/s). The small burst only evens out scheduling."""
    return Pace(1000.0 / per_second, max(1, round(per_second / 20)))


PAIR_INTERVAL: Millis = 6_000
PAIR_BURST = 45
"""Meta's pair limit: one message per 6 s to one customer, of which up to 45 may be borrowed (protocols.md 1.9)."""


def pair_pace() -> Pace:
    return Pace(PAIR_INTERVAL, PAIR_BURST)
