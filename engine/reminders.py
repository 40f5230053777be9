"""The ledger of reminders: what became of each, a row per step, written in the commit of the turn that decided it.

A reminder is a timer (engine.timers) that speaks. Its row says when it is due, and afterwards whether it was sent,
cancelled because there was nothing to remind of any more, or skipped when it came due, and why. What became of the
message itself stands in the outbox, which the row names: it is told from there, never copied.

    scheduled → sent | cancelled(reason) | skipped(reason)
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec

from engine.address import DAY, Millis

REMINDERS_KEPT: Millis = 400 * DAY
"""After their end: a shop's year, and somewhat more."""


class ReminderState(str, Enum):
    """The last three are ends: a step that has come to one is never taken again."""

    SCHEDULED = "scheduled"
    SENT = "sent"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Reminder(msgspec.Struct, frozen=True):
    """``id``: the kind of its timer, unique in the shop (``reminder:ORD-1:-3``). ``due``: 0 in a commit that does not
    move it. ``reason``: why it was cancelled, skipped or moved, one of the words in REASONS, or "". ``message``: the
    outbox key of what was said, and ``went`` that row's SendState; "" where nothing was. ``text``: the owner's words,
    of a reminder that the owner wrote. ``at``: when it came to stand so."""

    id: str
    state: ReminderState
    due: Millis = 0
    reason: str = ""
    message: str = ""
    text: str = ""
    customer: str = ""
    at: Millis = 0
    created_at: Millis = 0
    went: str = ""


REASONS = {
    "paid": "It is paid.",
    "cancelled": "What it would have reminded of was cancelled.",
    "opted_out": "The customer wants no offers.",
    "over": "What it would have reminded of is over, or settled another way.",
    "at_the_door": "It is paid when it comes, and has not come yet.",
    "late": "It came due while nothing could be sent, and would have been too late to be of use.",
    "no_template": "The customer has not written for a day, and the shop has no template for this.",
    "owner": "The owner took it back.",
    "human": "It waits: a person is talking to the customer.",
    "quiet_hours": "It waits for the end of the shop's quiet hours.",
}
"""Every reason with its sentence."""


SETTLED = "What it reminds of is paid or called off, so it was not sent. Nothing to do."
"""Why a reminder's message was not sent after all."""


def said_of(about: str) -> tuple[tuple[str, str], ...]:
    """Ids of reminders of an order or a booking: each (first, behind the last) in the order of texts."""
    return (
        (f"reminder:{about}:", f"reminder:{about};"),
        *((f"{kind}:{about}", f"{kind}:{about}!") for kind in ("pay-half", "hold-warning", "event")),
    )


class ReminderBook(Protocol):
    """A part of ``engine.ports.Store``. Reminders are written by commits (Commit.reminders): one that has come to an
    end stays as it is."""

    async def reminders(
        self, shop: str, limit: int, offset: int = 0, state: ReminderState | None = None
    ) -> list[Reminder]:
        """A shop's reminders, the latest due first; only those in ``state``, where one is given. A sweep deletes those
        that came to their end REMINDERS_KEPT ago."""

    async def reminder(self, shop: str, reminder_id: str) -> Reminder | None:
        """One of them."""

    async def reminds(self, key: str) -> bool:
        """Whether the outbox row of this key was said by a reminder."""
