"""Letters on their way: the mailbox of one address, and the receipt that whoever handed them in waits for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import trio

from engine.events import Letter

MAILBOX_SIZE = 1_000
"""Letters of one address that may wait; one more is refused, and its provider sends it again."""
LETTERS_AT_MOST = 50_000
"""Letters of all addresses together that may wait."""


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
    """A letter with its receipt and how often it crashed its actor.

    ``insists``: nobody would send it again, so it waits at a busy store rather than give up.
    """

    __slots__ = ("crashes", "insists", "letter", "receipt")

    def __init__(self, letter: Letter, receipt: Receipt, *, insists: bool = False) -> None:
        self.letter = letter
        self.receipt = receipt
        self.crashes = 0
        self.insists = insists


class Backlog:
    """How many letters wait in all mailboxes that share it."""

    __slots__ = ("letters",)

    def __init__(self) -> None:
        self.letters = 0


class Mailbox:
    """The letters of one address, in order of arrival, and a place for its one reader to park.

    ``current`` is the letter that the reader has taken out and not brought to its end: a crash leaves it there.

    A deque and a parked task ran half as many turns again as trio's memory channels (design.md).
    """

    __slots__ = ("_backlog", "_parked", "current", "letters")

    def __init__(self, backlog: Backlog) -> None:
        self.letters: deque[Envelope] = deque()
        self.current: Envelope | None = None
        self._backlog = backlog
        self._parked: trio.lowlevel.Task | None = None

    def put(self, envelope: Envelope) -> bool:
        """Add a letter and wake the reader; False when this mailbox, or all of them together, are full."""
        if len(self.letters) >= MAILBOX_SIZE or self._backlog.letters >= LETTERS_AT_MOST:
            return False
        self._backlog.letters += 1
        self.letters.append(envelope)
        self.nudge()
        return True

    def put_first(self, envelopes: Sequence[Envelope]) -> None:
        """Add letters that are on disk already, in their order and before all that wait; they are never refused."""
        self._backlog.letters += len(envelopes)
        self.letters.extendleft(reversed(envelopes))
        self.nudge()

    def take_all(self) -> list[Envelope]:
        """All letters, the one that a crash interrupted first; whoever takes them puts them elsewhere (``put_last``) or
        settles their receipts."""
        letters = [*([self.current] if self.current is not None else ()), *self.letters]
        self._backlog.letters -= len(letters)
        self.current = None
        self.letters.clear()
        return letters

    def put_last(self, envelopes: Sequence[Envelope]) -> None:
        """Add letters that wait already, in their order and behind all that wait; they are never refused."""
        self._backlog.letters += len(envelopes)
        self.letters.extend(envelopes)
        self.nudge()

    def settle(self, kept: bool) -> None:
        """The current letter met its end."""
        if self.current is not None:
            self.current.receipt.settle(kept)
            self.current = None
            self._backlog.letters -= 1

    def refuse_all(self) -> None:
        """The reader is gone: leave no letter unanswered."""
        self.settle(False)
        while self.letters:
            self.current = self.letters.popleft()
            self.settle(False)

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
