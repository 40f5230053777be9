"""Letters on their way: the mailbox of one address, and the receipt that whoever handed them in waits for."""

from __future__ import annotations

from collections import deque

import trio

from engine.events import Letter

MAILBOX_SIZE = 1_000
"""Letters of one address that may wait; one more is refused, and its provider sends it again."""


class Receipt:
    """What one delivery waits for: every letter of it kept (committed, known already, or parked), or not.

    ``kept`` is True once all are; False as soon as one could not be made durable, so that the provider is answered
    503 and delivers again.
    """

    __slots__ = ("_event", "_pending", "kept")

    def __init__(self, letters: int) -> None:
        self._pending = letters
        self._event = trio.Event()
        self.kept = True
        if letters == 0:
            self._event.set()

    def settle(self, kept: bool) -> None:
        """One letter's end. Safe to call when nobody waits any more."""
        self._pending -= 1
        self.kept = self.kept and kept
        if self._pending == 0:
            self._event.set()

    async def wait(self) -> bool:
        """Whether all letters were kept; returns once every one has met its end."""
        await self._event.wait()
        return self.kept


class Envelope:
    """A letter with its receipt and how often it crashed its actor."""

    __slots__ = ("crashes", "letter", "receipt")

    def __init__(self, letter: Letter, receipt: Receipt) -> None:
        self.letter = letter
        self.receipt = receipt
        self.crashes = 0


class Mailbox:
    """The letters of one address, in order of arrival, and a place for its one reader to park.

    A deque and a parked task ran half as many turns again as trio's memory channels (design.md).
    """

    __slots__ = ("_parked", "letters")

    def __init__(self) -> None:
        self.letters: deque[Envelope] = deque()
        self._parked: trio.lowlevel.Task | None = None

    def put(self, envelope: Envelope) -> bool:
        """Add a letter and wake the reader; False when the mailbox is full."""
        if len(self.letters) >= MAILBOX_SIZE:
            return False
        self.letters.append(envelope)
        self.nudge()
        return True

    def nudge(self) -> None:
        """Wake the reader if it is parked."""
        if self._parked is not None:
            trio.lowlevel.reschedule(self._parked)
            self._parked = None

    async def park(self) -> None:
        """Sleep until the next ``put`` or ``nudge``."""
        self._parked = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._parked = None
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)
