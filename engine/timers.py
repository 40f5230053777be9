"""What each kind of timer is for, and what becomes of one that fires late: one table for all of them.

A process may be down for a day, and a clock may be set. Then everything that was due meanwhile is due at once, and what
was worth saying yesterday may be a nuisance today (quality.md 15). The rule stands here per kind, and is kept where the
kind fires, which reads again what it speaks of.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from engine.address import DAY, HOUR, MINUTE, Millis


class Lateness(Enum):
    """What becomes of a timer that fires after it was due."""

    LATE = "fire late"
    """It does its work however late: an end that is still to come about."""
    DROP = "drop after its latest useful time"
    """It speaks, and only while that is of use to its reader."""


class Policy(msgspec.Struct, frozen=True):
    """``useful``: how long after its time it is still worth saying; 0: while what it speaks of stands, which it reads
    again. ``quiet``: it waits for the end of the shop's quiet hours; what belongs to a purchase that its customer is
    in the middle of does not, for its time would be over. ``reminder``: it reminds of something, so the ledger tells
    what became of it (engine.reminders)."""

    lateness: Lateness
    useful: Millis = 0
    quiet: bool = False
    reminder: bool = False


END_OF_SESSION = Policy(Lateness.LATE)

POLICIES: Mapping[str, Policy] = {
    "session": END_OF_SESSION,
    "pay-end": Policy(Lateness.LATE),
    "pay-half": Policy(Lateness.DROP, reminder=True),
    "pay-wait": Policy(Lateness.DROP),
    "hold-warning": Policy(Lateness.DROP, reminder=True),
    "digest": Policy(Lateness.DROP, 3 * HOUR),
    "cart": Policy(Lateness.DROP, 18 * HOUR, quiet=True, reminder=True),
    "note": Policy(Lateness.DROP, DAY, quiet=True, reminder=True),
    "event": Policy(Lateness.DROP, quiet=True, reminder=True),
    "reminder": Policy(Lateness.DROP, DAY, quiet=True, reminder=True),
}
"""By the first word of a timer's kind (``pay-end:ORD-1`` is a ``pay-end``): a session's end, the end of an order that
nobody paid, its reminder at half time, news of a payment that takes long, the warning before a hold ends, a
cart that was left, a reminder that the owner wrote, one of an event to come, and one of an open invoice."""

JUMP_AT_LEAST: Millis = 2_000
"""A clock that is only kept in step moves by milliseconds."""
JUMP_TOLD: Millis = MINUTE
"""From here on customers may notice: timers came early, or come late."""


def policy_of(kind: str) -> Policy:
    """A kind that is not in the table does its work however late it is."""
    return POLICIES.get(kind.partition(":")[0], END_OF_SESSION)


class Jump(msgspec.Struct, frozen=True):
    """The wall clock was set: ``by`` so much (back: below 0), at ``at`` by what it showed then."""

    by: Millis
    at: Millis


class ClockWatch:
    """Holds the wall clock against a monotonic one. Both run alike but when the first is set, or the machine slept."""

    def __init__(self) -> None:
        self.jumps = 0
        self.last: Jump | None = None
        self._ahead: Millis | None = None

    def look(self, wall: Millis, monotonic: float) -> Jump | None:
        """Compare both (``monotonic`` in seconds); the jump since the last look, if there was one. One that is smaller
        than JUMP_AT_LEAST is none, nor are many small ones in a row: that is a clock being kept in step."""
        ahead, before = wall - round(monotonic * 1000), self._ahead
        self._ahead = ahead
        if before is None or abs(ahead - before) < JUMP_AT_LEAST:
            return None
        self.jumps += 1
        self.last = Jump(ahead - before, wall)
        return self.last


def told(jump: Jump) -> str:
    """What the owner reads of it."""
    size = abs(jump.by)
    length = f"{size / HOUR:.1f} hours" if size >= HOUR else f"{size // MINUTE} minutes"
    if jump.by > 0:
        return (
            f"The machine's clock jumped {length} ahead, or the machine slept so long. What was due meanwhile is done "
            "now; reminders that are too late are dropped. Please see that the machine keeps its time (NTP)."
        )
    return (
        f"The machine's clock was set back by {length}. Nothing is done twice, but timers and reminders come that much "
        "later. Please see that the machine keeps its time (NTP)."
    )
