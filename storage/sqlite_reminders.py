"""ReminderBook of ``engine.ports.Store`` on SQLite: what became of each reminder."""

from __future__ import annotations

from engine.reminders import Reminder, ReminderState
from storage.reminder_rows import REMINDER_OF, reminder
from storage.sql import Db, read, run
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
