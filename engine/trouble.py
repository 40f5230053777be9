"""How long something outside is left alone after it failed, and when its failing is worth telling the owner.

Times are seconds of whatever clock the caller has; nothing here reads one.
"""

from __future__ import annotations

from engine.messages import Outcome, OutcomeClass

FIRST_SECONDS = 2.0
MOST_SECONDS = 300.0
TOLD_FROM = 3
"""So many failures in a row are no hiccup any more."""


class Trouble:
    """One kind of call to one service. ``failures``: in a row, 0 while all is well; ``reason``: of the last one."""

    __slots__ = ("_asked_to_wait", "_operators", "failures", "reason", "retry_at")

    def __init__(self) -> None:
        self.over()

    def over(self) -> None:
        """It worked."""
        self.failures = 0
        self.reason = ""
        self.retry_at = 0.0
        self._asked_to_wait = False
        self._operators = False

    def failed(self, outcome: Outcome, now: float) -> None:
        """It did not: tried again after twice as long each time, or when it was asked to be; what only the operator can
        mend, seldom."""
        self.failures += 1
        self.reason = outcome.reason
        self._operators = outcome.kind is OutcomeClass.OPERATOR
        self._asked_to_wait = outcome.wait > 0
        doubled = FIRST_SECONDS * 2.0 ** min(self.failures - 1, 20)
        pause = MOST_SECONDS if self._operators else min(MOST_SECONDS, doubled)
        self.retry_at = now + max(pause, outcome.wait / 1000)

    def hurry(self) -> None:
        """Somebody asks for a try now; not before the time that the service asked for."""
        if not self._asked_to_wait:
            self.retry_at = 0.0

    @property
    def worth_telling(self) -> bool:
        """Whether the owner should know: it goes on, or will not end by itself."""
        return self._operators or self.failures >= TOLD_FROM
