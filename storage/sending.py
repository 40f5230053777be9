"""One outbox row of the memory store, and what outcomes and statuses do to it: storage/sends.py in plain words."""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import Millis
from engine.messages import HUSHED, TOO_OLD, Outcome, OutcomeClass, Outgoing, SendState, Status
from engine.ports import OutboxRow
from storage.steps import AFTER, FAILED_STEP, SCALE, UNSETTLED, Progress

REFUSABLE = (SendState.SENT, SendState.UNKNOWN, SendState.FAILED)


class Sending:
    """One outbox row, as it changes."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.state = SendState.QUEUED
        self.progress = Progress(0, 0, False, 0, "", "")
        self.unknown_since: Millis = 0
        self.doubled = False

    def settle(self, outcome: Outcome, at: Millis) -> None:
        """What became of a send; a row that a status has moved on only learns its provider id."""
        sent_as = outcome.provider_id if outcome.kind is OutcomeClass.SENT else ""
        if self.state in UNSETTLED:
            if AFTER[outcome.kind] is SendState.UNKNOWN and self.state is not SendState.UNKNOWN:
                self.unknown_since = at
            self.state = AFTER[outcome.kind]
            told = (0, "") if outcome.kind is OutcomeClass.SENT else (outcome.code, outcome.reason)
            self._note(*told)
            if sent_as:
                self.progress = self.progress._replace(provider_id=sent_as)
        elif self.state is not SendState.QUEUED and not self.progress.provider_id:
            self.progress = self.progress._replace(provider_id=sent_as)

    def advance(self, told: Progress) -> None:
        """Forward only; a failure is noted in any case."""
        news = (told.step, told.at) > (self.progress.step, self.progress.at)
        if not news and not told.noted:
            return
        if told.noted:
            self._note(told.code, told.reason)
        elif self.state not in (SendState.SENT, SendState.FAILED):
            self._note(0, "")
        if news:
            self.progress = self.progress._replace(step=told.step, at=told.at)
        if not self.progress.provider_id:
            self.progress = self.progress._replace(provider_id=told.provider_id)
        self.state = self.progress.state

    def refusable(self, status: Status) -> bool:
        """Whether this status is about its last send, and nothing more is known of that."""
        now = self.progress
        known = now.provider_id in ("", status.provider_id) and now.step <= FAILED_STEP
        return known and self.state in REFUSABLE

    def refuse(self, status: Status) -> None:
        """Refused after it was accepted: see Store.refused."""
        stand_in = self.outgoing.fallback
        if stand_in is None or status.template:
            self.state = SendState.HELD
        else:
            self.state = SendState.QUEUED
            self.outgoing = replace(self.outgoing, message=stand_in, fallback=None)
        self.progress = Progress(0, 0, False, status.code, status.reason, "")
        self.unknown_since = 0

    def hush(self, why: str = HUSHED) -> None:
        """A human answers instead, or it is not true any more."""
        self.state = SendState.SKIPPED
        self._note(0, why)

    def give_up(self) -> None:
        """It was held for too long."""
        self.state = SendState.FAILED
        self.progress = self.progress._replace(reason=TOO_OLD)

    def row(self) -> OutboxRow:
        """As the port shows it."""
        now = self.progress
        rank = SCALE[now.step].value
        return OutboxRow(self.outgoing, self.state.value, now.provider_id, rank, now.code, now.reason, self.doubled)

    def _note(self, code: int, reason: str) -> None:
        self.progress = self.progress._replace(code=code, reason=reason)
