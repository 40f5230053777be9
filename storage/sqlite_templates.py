"""TemplateBook of ``engine.ports.Store`` on SQLite: message templates with their status and quality."""

from __future__ import annotations

from collections.abc import Sequence

from engine.address import Millis
from engine.template_states import BLOCKED, PAUSED, UNSURE, TemplateState, listed, noted
from storage.errands import Errand
from storage.sql import Db, blanks, read, run, write
from storage.sqlite_desk import SqliteDesk


class SqliteTemplates(SqliteDesk):
    """See engine.template_states.TemplateBook."""

    async def save_templates(self, shop: str, states: Sequence[TemplateState], at: Millis) -> None:
        await self._errand(_save(shop, states, at))

    async def note_template(self, shop: str, state: TemplateState, at: Millis) -> TemplateState:
        return await self._errand(_note(shop, state, at))

    async def template_states(self, shop: str) -> list[TemplateState]:
        return await self._look(_states, shop)

    async def template_state(self, shop: str, name: str, language: str) -> TemplateState | None:
        return await self._look(_state, shop, name, (language, ""))

    async def doubt_templates(self, shop: str, before: Millis) -> None:
        await self._errand(_doubt(shop, before))


def _save(shop: str, states: Sequence[TemplateState], at: Millis) -> Errand:
    async def errand(db: Db) -> None:
        known = {(one.name, one.language): one for one in await _states(db, shop)}
        await run(db, "DELETE FROM templates WHERE shop = ? AND at <= ?", (shop, at))
        told = {(one.name, one.language): one for one in states}  # a provider may tell one twice
        kept = [listed(known.get(key), one) for key, one in told.items()]
        rows = [(shop, one.name, one.language, one.status, one.quality, one.reason, at) for one in kept]
        await write(db, f"INSERT INTO templates ({COLUMNS}) {{values}} ON CONFLICT DO NOTHING", rows)

    return errand


def _note(shop: str, state: TemplateState, at: Millis) -> Errand:
    async def errand(db: Db) -> TemplateState:
        now = noted(await _state(db, shop, state.name, (state.language,)), state)
        row = (shop, now.name, now.language, now.status, now.quality, now.reason, at)
        await run(db, f"INSERT OR REPLACE INTO templates ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        return now

    return errand


async def _states(db: Db, shop: str) -> list[TemplateState]:
    sql = """SELECT json_group_array(json_array(name, language, status, quality, reason))
        FROM templates WHERE shop = ?"""
    return [TemplateState(*row) for row in sorted(await read(db, sql, (shop,)))]


async def _state(db: Db, shop: str, name: str, languages: Sequence[str]) -> TemplateState | None:
    """What is known of it in the first of these languages of which anything is."""
    sql = "SELECT name, language, status, quality, reason FROM templates WHERE shop = ? AND name = ? AND language = ?"
    for language in languages:
        if found := await run(db, sql, (shop, name, language)):
            return TemplateState(*found[0])
    return None


def _doubt(shop: str, before: Millis) -> Errand:
    async def errand(db: Db) -> None:
        sql = "UPDATE templates SET status = ? WHERE shop = ? AND status = ? AND at < ?"
        await run(db, sql, (UNSURE, shop, PAUSED, before))

    return errand


async def free_templates(db: Db, now: Millis) -> int:
    """Queue what was held for a template that may be sent again: itself a message, or standing in for one; how many."""
    return len(await run(db, FREED, (now, *BLOCKED)))


COLUMNS = "shop, name, language, status, quality, reason, at"
FREED = f"""UPDATE outbox SET state = 'queued', changed_at = ? WHERE state = 'held'
    AND (json_extract(message, '$.type') = 'Template' OR fallback IS NOT NULL) AND coalesce((
        SELECT t.status FROM templates t WHERE t.shop = outbox.shop
        AND t.name = json_extract(coalesce(fallback, message), '$.name')
        AND t.language IN (json_extract(coalesce(fallback, message), '$.language'), '')
        ORDER BY t.language DESC LIMIT 1), '') NOT IN ({blanks(BLOCKED)})
    RETURNING 1"""  # noqa: S608
