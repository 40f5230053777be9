"""Reminders as rows of the SQLite file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.commit import Commit
from engine.reminders import SETTLED, Reminder, ReminderState, said_of
from storage.sql import Db, Row, write


async def write_reminders(db: Db, commits: Sequence[Commit]) -> None:
    """The reminders of these commits; one that has come to its end stays as it is."""
    rows = [_row(c, one) for c in commits for one in c.reminders]
    await write(db, REMINDER, rows)


async def hush_reminders(db: Db, commits: Sequence[Commit]) -> None:
    """What reminders have said of things that are settled now, and has not left yet, stays unsaid."""
    rows = [(c.address.shop, *ids, SETTLED, c.at) for c in commits for about in c.hushed for ids in said_of(about)]
    await write(db, HUSH, rows)


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
HUSH = """WITH u(shop, first, behind, reason, at) AS ({values})
UPDATE outbox SET state = 'skipped', code = 0, reason = (SELECT max(reason) FROM u),
    changed_at = (SELECT max(at) FROM u)
WHERE state IN ('queued', 'held') AND key IN (SELECT r.message FROM u CROSS JOIN reminders r
    ON r.shop = u.shop AND r.id >= u.first AND r.id < u.behind)"""
"""By the outbox's key: joined the other way round, SQLite reads the whole outbox for each payment."""
