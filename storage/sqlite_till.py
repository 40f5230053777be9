"""Till and Post of ``engine.ports.Store`` on SQLite: money, and letters of our own."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from engine.address import Millis
from engine.books import Charged
from engine.commit import Posted
from engine.events import Letter
from engine.payments import Intent, Payment, PaymentNews, PaymentState, RefundNews
from storage import charging, post, refunding, telling
from storage.money_rows import INTENT_OF, PAYMENT_OF, intent, payment
from storage.sql import Db, blanks, read
from storage.sqlite_desk import SqliteDesk


class SqliteTill(SqliteDesk):
    """See engine.books.Till and Post."""

    # -- money -----------------------------------------------------------------------------------------------------
    async def record(self, shop: str, news: PaymentNews, at: Millis) -> bool:
        return await self._put(telling.write_news, (shop, news, at))

    async def charges(self, limit: int) -> list[Intent]:
        return await self._list(_created, limit)

    async def claim_charges(self, ids: Sequence[str], at: Millis) -> set[str]:
        return await self._put(charging.write_claims, (ids, at))

    async def settle_charges(self, results: Sequence[Charged], at: Millis) -> None:
        await self._put(charging.write_answers, (results, at))

    async def silent_charges(self, before: Millis, limit: int) -> list[Intent]:
        return await self._list(_silent, before, limit)

    async def asked_about(self, ids: Sequence[str], at: Millis) -> None:
        await self._put(charging.write_questions, (ids, at))

    async def asked_enough(self, ids: Sequence[str]) -> None:
        await self._put(charging.write_enough, ids)

    async def overheard(self, shop: str, news: PaymentNews, at: Millis) -> bool | None:
        return await self._put(telling.write_hearsay, (shop, news, at))

    async def meant(self, shop: str, news: PaymentNews) -> Intent | None:
        return await self._look(telling.meant, shop, news)

    async def record_refund(self, shop: str, news: RefundNews, at: Millis) -> bool:
        return await self._put(refunding.write_refunds, (shop, news, at))

    async def refunds_due(self, now: Millis, limit: int) -> list[Payment]:
        return await self._list(refunding.refunds_due, now, limit)

    async def claim_refunds(self, names: Sequence[tuple[str, str]], now: Millis, until: Millis) -> set[tuple[str, str]]:
        return await self._put(refunding.write_claims, (names, now, until))

    async def payment(self, shop: str, payment_id: str) -> Payment | None:
        return await self._look(_payment, shop, payment_id)

    async def payment_of(self, shop: str, order: str) -> Payment | None:
        return await self._look(_payment_of, shop, order)

    async def payments(self, shop: str, states: Sequence[PaymentState], limit: int, offset: int = 0) -> list[Payment]:
        return await self._look(_payments, shop, tuple(states), limit, offset)

    # -- letters of our own ----------------------------------------------------------------------------------------
    async def post(self, letters: Sequence[Posted]) -> None:
        await self._put(post.write_posts, letters)

    async def posted(self, now: Millis, limit: int) -> list[Letter]:
        return await self._list(post.posted, now, limit)

    async def next_posted(self) -> Millis | None:
        return await self._list(post.next_posted)


async def _created(db: Db, limit: int) -> list[Intent]:
    sql = f"""SELECT json_group_array(json_array(i.created_at, i.seq, {INTENT_OF})) FROM (
        SELECT * FROM intents WHERE status = 'created' ORDER BY created_at, seq LIMIT ?) i"""  # noqa: S608
    return [intent(row) for *_, row in sorted(await read(db, sql, (max(0, limit),)), key=itemgetter(0, 1))]


async def _silent(db: Db, before: Millis, limit: int) -> list[Intent]:
    sql = f"""SELECT json_group_array(json_array(i.touched_at, i.seq, {INTENT_OF})) FROM (
        SELECT * FROM intents
        WHERE way NOT IN ('bank', 'cash')
          AND (status = 'pending' OR status = 'cancelled' AND provider <> '' OR told <> '')
          AND touched_at < ? ORDER BY touched_at, seq LIMIT ?) i"""  # noqa: S608
    return [intent(row) for *_, row in sorted(await read(db, sql, (before, max(0, limit))), key=itemgetter(0, 1))]


async def _payment(db: Db, shop: str, name: str) -> Payment | None:
    sql = f"SELECT json_group_array({PAYMENT_OF}) FROM payments p WHERE p.shop = ? AND p.id = ?"  # noqa: S608
    return next((payment(row) for row in await read(db, sql, (shop, name))), None)


async def _payment_of(db: Db, shop: str, order: str) -> Payment | None:
    """Applied, or on the desk because it was more than was asked for (storage/till.py, ``pays``)."""
    sql = f"""SELECT json_group_array({PAYMENT_OF}) FROM (
        SELECT * FROM payments WHERE shop = ? AND pays = ? AND pays <> ''
          AND (state = 'applied' OR state = 'desk' AND why = 'over') ORDER BY at DESC, seq DESC LIMIT 1) p"""  # noqa: S608
    return next((payment(row) for row in await read(db, sql, (shop, order))), None)


async def _payments(db: Db, shop: str, states: tuple[PaymentState, ...], limit: int, offset: int) -> list[Payment]:
    which = f"AND state IN ({blanks(states)})" if states else ""
    sql = f"""SELECT json_group_array(json_array(p.at, p.seq, {PAYMENT_OF})) FROM (
        SELECT * FROM payments WHERE shop = ? {which} ORDER BY at DESC, seq DESC LIMIT ? OFFSET ?) p"""  # noqa: S608
    named = [state.value for state in states]
    found = await read(db, sql, (shop, *named, max(0, limit), max(0, offset)))
    return [payment(row) for *_, row in sorted(found, key=itemgetter(0, 1), reverse=True)]
