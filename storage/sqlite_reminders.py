"""ReminderBook of ``engine.ports.Store`` on SQLite: what became of each reminder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.commit import Commit
from engine.reminders import Reminder, ReminderState
from storage.sql import Db, Row, read, run, write
from storage.sqlite_desk import SqliteDesk


class SqliteReminders(SqliteDesk):
    """See engine.reminders.ReminderBook."""

    async def reminders(
        self, shop: str, limit: int, offset: int = 0, state: ReminderState | None = None
    ) -> list[Reminder]:
        return await self._look(_listed, shop, limit, offset, state)

    async def reminder(self, shop: str, reminder_id: str) -> Reminder | None:
        return await self._look(_one, shop, reminder_id)

    async def reminds(self, key: str) -> bool:
        return await self._list(_reminds, key)


async def write_reminders(db: Db, commits: Sequence[Commit]) -> None:
    """The reminders of these commits; one that has come to its end stays as it is."""
    rows = [_row(c, one) for c in commits for one in c.reminders]
    await write(db, REMINDER, rows)


def _row(c: Commit, one: Reminder) -> Row:
    ended = None if one.state is ReminderState.SCHEDULED else c.at
    told = (one.state.value, one.due, one.reason, one.message, one.text)
    return (c.address.shop, one.id, c.address.customer, *told, c.at, c.at, ended)


async def _listed(db: Db, shop: str, limit: int, offset: int, state: ReminderState | None) -> list[Reminder]:
    where, wanted = ("AND state = ?", (state.value,)) if state is not None else ("", ())
    sql = f"""SELECT json_group_array({REMINDER_OF}) FROM (
        SELECT * FROM reminders WHERE shop = ? {where} ORDER BY due DESC, id DESC LIMIT ? OFFSET ?) r
        LEFT JOIN outbox o ON o.key = r.message"""  # noqa: S608
    found = [reminder(row) for row in await read(db, sql, (shop, *wanted, max(0, limit), max(0, offset)))]
    return sorted(found, key=lambda one: (one.due, one.id), reverse=True)


async def _one(db: Db, shop: str, reminder_id: str) -> Reminder | None:
    sql = f"""SELECT json_group_array({REMINDER_OF}) FROM reminders r LEFT JOIN outbox o ON o.key = r.message
        WHERE r.shop = ? AND r.id = ?"""  # noqa: S608
    return next((reminder(row) for row in await read(db, sql, (shop, reminder_id))), None)


async def _reminds(db: Db, key: str) -> bool:
    return bool(key and await run(db, "SELECT 1 FROM reminders WHERE message <> '' AND message = ?", (key,)))


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
