"""A customer's account as SQL: engine.accounts.entries_of over all of their invoices at once."""

from __future__ import annotations

from engine.accounts import ORDER, Account, Entry, EntryKind
from engine.address import Address, Millis
from storage.sql import Db, read, run


async def account(db: Db, address: Address, since: Millis, until: Millis, today: Millis, limit: int) -> Account:
    """See engine.invoice_book.InvoiceBook."""
    ((closing,),) = await run(db, CLOSING, (*address, until))
    found = await read(db, LATEST, (*address, since, until, max(0, limit)))
    entries = tuple(_entry(*row) for row in sorted(found))
    ((overdue,),) = await run(db, OVERDUE, (*address, today))
    return Account(entries, closing - sum(one.amount for one in entries), closing, overdue)


def _entry(at: Millis, rank: int, number: str, order: str, amount: int) -> Entry:
    return Entry(at, ORDER[rank], number, order, amount)


def _ranked(kind: EntryKind) -> int:
    return ORDER.index(kind)


MINE = """
WITH mine AS MATERIALIZED (
    SELECT v.shop, v.number, v.invoiced, v.issued_at, o.total,
        (SELECT min(m.at) FROM order_moves m WHERE m.shop = v.shop AND m.number = v.invoiced
            AND m.what = 'payment' AND m.dest = 'paid') AS paid_at,
        (SELECT min(m.at) FROM order_moves m WHERE m.shop = v.shop AND m.number = v.invoiced
            AND m.what = 'order' AND m.dest = 'cancelled') AS cancelled_at
    FROM orders o JOIN invoices v ON v.shop = o.shop AND v.invoiced = o.number
    WHERE o.shop = ? AND o.customer = ?
), noted AS MATERIALIZED (
    SELECT i.invoiced, max(n.issued_at, i.issued_at) AS at, n.number, n.amount,
        i.cancelled_at IS NULL OR n.issued_at < i.cancelled_at AS lessens
    FROM mine i JOIN credit_notes n ON n.shop = i.shop AND n.invoiced = i.invoiced
)"""
LINES = f"""{MINE}, lines AS (
    SELECT issued_at AS at, {_ranked(EntryKind.INVOICE)} AS rank, number, invoiced, total AS amount FROM mine
    UNION ALL SELECT max(paid_at, issued_at), {_ranked(EntryKind.PAYMENT)}, number, invoiced, -total
        FROM mine WHERE paid_at IS NOT NULL
    UNION ALL SELECT at, {_ranked(EntryKind.CREDIT_NOTE)}, number, invoiced, -amount FROM noted WHERE lessens
    UNION ALL SELECT at, {_ranked(EntryKind.REFUND)}, number, invoiced, amount FROM noted
    UNION ALL SELECT max(cancelled_at, issued_at), {_ranked(EntryKind.CANCELLED)}, number, invoiced,
        coalesce((SELECT sum(amount) FROM noted WHERE lessens AND noted.invoiced = mine.invoiced), 0) - total
        FROM mine WHERE cancelled_at IS NOT NULL
)"""  # noqa: S608 - of constants
CLOSING = f"{LINES} SELECT coalesce(sum(amount), 0) FROM lines WHERE at < ?"  # noqa: S608
LATEST = f"""{LINES} SELECT json_group_array(json_array(at, rank, number, invoiced, amount)) FROM (
    SELECT * FROM lines WHERE at >= ? AND at < ? ORDER BY at DESC, rank DESC, number DESC LIMIT ?)"""  # noqa: S608
OVERDUE = """SELECT coalesce(sum(o.total), 0) FROM orders o JOIN invoices v ON v.shop = o.shop AND v.invoiced = o.number
    WHERE o.shop = ? AND o.customer = ? AND o.status <> 'cancelled' AND v.due_at < ?
    AND o.payment NOT IN ('paid', 'partly_refunded', 'refunded')"""
