"""Invoices as the owner looks them up in the SQLite file (engine.invoice_book)."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from engine.accounts import Account
from engine.address import Address, Millis
from engine.invoice_book import PaperSent
from engine.invoices import CreditNote, Invoice, InvoiceStatus
from engine.messages import SendState
from storage.account_rows import account
from storage.errands import Errand
from storage.invoice_rows import COLUMNS, NOTE_OF, invoice, status_on
from storage.sql import Db, blanks, read, run
from storage.sqlite_desk import SqliteDesk
from storage.steps import SCALE


class SqliteInvoices(SqliteDesk):
    """See engine.invoice_book.InvoiceBook."""

    async def invoice_of(self, shop: str, order: str, today: Millis = 0) -> Invoice | None:
        return await self._look(_invoice, "invoiced", shop, order, today)

    async def invoice(self, shop: str, number: str, today: Millis = 0) -> Invoice | None:
        return await self._look(_invoice, "number", shop, number, today)

    async def invoices(
        self, shop: str, limit: int, offset: int = 0, today: Millis = 0, statuses: Sequence[InvoiceStatus] = ()
    ) -> list[Invoice]:
        return await self._look(_invoices, shop, limit, offset, today, tuple(statuses))

    async def credit_notes(self, shop: str, limit: int, offset: int = 0, order: str = "") -> list[CreditNote]:
        return await self._look(_credit_notes, shop, limit, offset, order)

    async def credit_note(self, shop: str, number: str) -> CreditNote | None:
        return await self._look(_credit_note, shop, number)

    async def account(self, address: Address, since: Millis, until: Millis, today: Millis, limit: int) -> Account:
        return await self._look(account, address, since, until, today, limit)

    async def paper_sent(self, shop: str, paper: str, limit: int) -> list[PaperSent]:
        return await self._look(_paper_sent, shop, paper, limit)

    async def note_opened(self, shop: str, paper: str, at: Millis) -> bool:
        return await self._errand(_note_opened(shop, paper, at))


async def _invoice(db: Db, by: str, shop: str, value: str, today: Millis) -> Invoice | None:
    sql = f"""SELECT json_group_array({COLUMNS.format(status=status_on(today))}) FROM invoices v
        JOIN orders o ON o.shop = v.shop AND o.number = v.invoiced WHERE v.shop = ? AND v.{by} = ?"""  # noqa: S608
    return next((invoice(row) for row in await read(db, sql, (shop, value))), None)


async def _invoices(
    db: Db, shop: str, limit: int, offset: int, today: Millis, statuses: tuple[InvoiceStatus, ...]
) -> list[Invoice]:
    stands = status_on(today)
    which = f"AND {stands} IN ({blanks(statuses)})" if statuses else ""
    sql = f"""SELECT json_group_array(json_array(seq, json(shown))) FROM (
        SELECT v.seq AS seq, {COLUMNS.format(status=stands)} AS shown FROM invoices v
        JOIN orders o ON o.shop = v.shop AND o.number = v.invoiced WHERE v.shop = ? {which}
        ORDER BY v.seq DESC LIMIT ? OFFSET ?)"""  # noqa: S608
    found = await read(db, sql, (shop, *[one.value for one in statuses], max(0, limit), max(0, offset)))
    return [invoice(row) for _, row in sorted(found, key=itemgetter(0), reverse=True)]


async def _credit_notes(db: Db, shop: str, limit: int, offset: int, order: str) -> list[CreditNote]:
    which, named = ("AND invoiced = ?", (order,)) if order else ("", ())
    sql = f"""SELECT json_group_array(json_array(n.seq, {NOTE_OF})) FROM (
        SELECT * FROM credit_notes WHERE shop = ? {which} ORDER BY seq DESC LIMIT ? OFFSET ?) n {OF_INVOICE}"""  # noqa: S608
    found = await read(db, sql, (shop, *named, max(0, limit), max(0, offset)))
    return [CreditNote(*row) for _, row in sorted(found, key=itemgetter(0), reverse=True)]


async def _credit_note(db: Db, shop: str, number: str) -> CreditNote | None:
    sql = f"""SELECT json_group_array({NOTE_OF}) FROM credit_notes n {OF_INVOICE}
        WHERE n.shop = ? AND n.number = ?"""  # noqa: S608
    return next((CreditNote(*row) for row in await read(db, sql, (shop, number))), None)


OF_INVOICE = """JOIN invoices v ON v.shop = n.shop AND v.invoiced = n.invoiced
    JOIN orders o ON o.shop = n.shop AND o.number = n.invoiced"""


async def _paper_sent(db: Db, shop: str, paper: str, limit: int) -> list[PaperSent]:
    sql = """SELECT json_group_array(json_array(seq, key, created_at, state, step, reason)) FROM (
        SELECT x.* FROM papers_sent s JOIN outbox x ON x.key = s.key WHERE s.shop = ? AND s.paper = ?
        ORDER BY x.seq DESC LIMIT ?)"""
    found = sorted(await read(db, sql, (shop, paper, max(0, limit))), key=itemgetter(0), reverse=True)
    return [PaperSent(key, at, SendState(state), SCALE[step], reason) for _, key, at, state, step, reason in found]


def _note_opened(shop: str, paper: str, at: Millis) -> Errand:
    async def errand(db: Db) -> bool:
        sql = "INSERT INTO papers_opened (shop, paper, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        return bool(await run(db, sql, (shop, paper, at)))

    return errand
