"""Reminders as rows of the SQLite file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.commit import Commit
from engine.reminders import Reminder, ReminderState
from storage.sql import Db, Row, write


async def write_reminders(db: Db, commits: Sequence[Commit]) -> None:
    """The reminders of these commits; one that has come to its end stays as it is."""
    rows = [_row(c, one) for c in commits for one in c.reminders]
    await write(db, REMINDER, rows)


def _row(c: Commit, one: Reminder) -> Row:
    ended = None if one.state is ReminderState.SCHEDULED else c.at
    told = (one.state.value, one.due, one.reason, one.message, one.text)
    return (c.address.shop, one.id, c.address.customer, *told, c.at, c.at, ended)


def reminder(row: Sequence[Any]) -> Reminder:
    """One row as REMINDER_OF tells it."""
    name, state, *rest = row
    return Reminder(name, ReminderState(state), *rest)


REMINDER_OF = """json_array(r.id, r.state, r.due, r.reason, r.message, r.text, r.customer, r.at, r.created_at,
    coalesce(o.state, ''))"""
REMINDER = """INSERT INTO reminders
    (shop, id, customer, state, due, reason, message, text, at, created_at, ended_at) {values}
    ON CONFLICT (shop, id) DO UPDATE SET customer = excluded.customer, state = excluded.state,
    due = iif(excluded.due = 0, reminders.due, excluded.due), reason = excluded.reason, message = excluded.message,
    text = iif(excluded.text = '', reminders.text, excluded.text), at = excluded.at, ended_at = excluded.ended_at
    WHERE reminders.state = 'scheduled'"""
