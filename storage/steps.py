"""How far a sent message has come, on a scale on which statuses may arrive in any order.

StatusRank puts FAILED at -1. Here it stands between SENT and DELIVERED, which makes "forward only" one comparison:
sent then failed is failed, failed then sent stays failed, and failed before or after delivered is delivered with a
note. Whatever the order of arrival, the row ends the same (quality.md 5).
"""

from __future__ import annotations

from typing import NamedTuple

from engine.address import Millis
from engine.messages import OutcomeClass, SendState, Status, StatusRank

SCALE = (
    StatusRank.NONE,
    StatusRank.SENT,
    StatusRank.FAILED,
    StatusRank.DELIVERED,
    StatusRank.READ,
    StatusRank.PLAYED,
)
"""A rank's step is its place here."""

STEP = {rank: step for step, rank in enumerate(SCALE)}
FAILED_STEP = STEP[StatusRank.FAILED]

UNSETTLED = (SendState.SENDING, SendState.UNKNOWN)
"""The states in which an outcome may still move a row; a row that a status has moved on stays where it is."""

AFTER: dict[OutcomeClass, SendState] = {
    OutcomeClass.SENT: SendState.SENT,
    OutcomeClass.RETRY: SendState.QUEUED,
    OutcomeClass.THROTTLE_NUMBER: SendState.QUEUED,
    OutcomeClass.THROTTLE_CUSTOMER: SendState.QUEUED,
    OutcomeClass.OPERATOR: SendState.QUEUED,
    OutcomeClass.NEEDS_TEMPLATE: SendState.HELD,
    OutcomeClass.HELD: SendState.HELD,
    OutcomeClass.SKIPPED: SendState.SKIPPED,
    OutcomeClass.NEVER: SendState.FAILED,
    OutcomeClass.STOPPED: SendState.FAILED,
    OutcomeClass.UNKNOWN: SendState.UNKNOWN,
}
"""Where an outcome leaves an unsettled row."""


class Progress(NamedTuple):
    """What one or several statuses say together about one message. ``noted``: one of them said FAILED."""

    step: int
    at: Millis
    noted: bool
    code: int
    reason: str
    provider_id: str

    @property
    def state(self) -> SendState:
        """Where a row stands that has come this far."""
        return SendState.FAILED if self.step == FAILED_STEP else SendState.SENT

    def merge(self, later: Progress) -> Progress:
        """Both together; of two failures the one that arrived later is told."""
        step, at = max((self.step, self.at), (later.step, later.at))
        failure = later if later.noted else self
        return Progress(step, at, failure.noted, failure.code, failure.reason, self.provider_id or later.provider_id)


def progress(status: Status) -> Progress:
    """One status as Progress."""
    step, noted = STEP[status.rank], status.rank is StatusRank.FAILED
    return Progress(
        step, status.at, noted, status.code if noted else 0, status.reason if noted else "", status.provider_id
    )
