"""Invoices as rows of SQLite. A number is allocated when it is written, so a commit that is refused leaves no gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.address import Millis
from engine.commit import Commit
from engine.invoices import Invoice, InvoiceStatus, credit_number, invoice_number
from engine.messages import StatusRank
from storage.sql import Db, Row, read_all, write
from storage.steps import STEP

Numbers = dict[tuple[str, str], str]
"""Shop and order → the number of its invoice."""


async def write_invoices(db: Db, commits: Sequence[Commit]) -> Numbers:
    """Issue what these commits wish, in their order; the numbers of all of them, those that were issued before too."""
    issues = [(c.address.shop, issue, c.at) for c in commits for issue in c.invoices]
    if not issues:
        return {}
    known = await read_all(db, KNOWN, [(shop, issue.order) for shop, issue, _ in issues])
    numbers: Numbers = {(shop, order): number for shop, order, number in known}
    years = list(dict.fromkeys((shop, issue.year) for shop, issue, _ in issues))
    counts = {(shop, year): count for shop, year, count in await read_all(db, COUNTS, years)}
    rows: list[Row] = []
    for shop, issue, at in issues:
        if (shop, issue.order) in numbers:
            continue
        counts[shop, issue.year] += 1
        count = counts[shop, issue.year]
        number = numbers[shop, issue.order] = invoice_number(issue.year, count)
        rows.append((shop, number, issue.order, issue.year, count, at, issue.due_at))
    await write(db, INVOICE, rows)
    return numbers


async def write_credits(db: Db, commits: Sequence[Commit]) -> Numbers:
    """Issue the credit notes that these commits wish, in their order; an order has one in a batch at most."""
    wishes = [(c.address.shop, credit, c.at) for c in commits for credit in c.credits]
    if not wishes:
        return {}
    years = list(dict.fromkeys((shop, credit.year) for shop, credit, _ in wishes))
    counts = {(shop, year): count for shop, year, count in await read_all(db, CREDITED, years)}
    numbers: Numbers = {}
    rows: list[Row] = []
    for shop, credit, at in wishes:
        counts[shop, credit.year] += 1
        count = counts[shop, credit.year]
        number = credit_number(credit.year, count)
        numbers.setdefault((shop, credit.order), number)
        rows.append((shop, number, credit.order, credit.year, count, at, credit.amount))
    await write(db, NOTE, rows)
    return numbers


KNOWN = """SELECT json_group_array(json_array(shop, invoiced, number))
    FROM invoices WHERE (shop, invoiced) IN (SELECT * FROM ({values}))"""
COUNTS = """
WITH asked(shop, year) AS ({values})
SELECT json_group_array(json_array(a.shop, a.year, coalesce(
    (SELECT max(count) FROM invoices i WHERE i.shop = a.shop AND i.year = a.year), 0))) FROM asked a"""
CREDITED = COUNTS.replace("invoices", "credit_notes")
NOTE = "INSERT INTO credit_notes (shop, number, invoiced, year, count, issued_at, amount) {values}"
INVOICE = "INSERT INTO invoices (shop, number, invoiced, year, count, issued_at, due_at) {values}"

STATUS_OF = """CASE WHEN o.status = 'cancelled' OR o.payment = 'refunded' THEN 'void'
         WHEN o.payment IN ('paid', 'partly_refunded') THEN 'paid' ELSE {open} END"""
"""How invoice ``v`` of order ``o`` stands: it follows from the order, as engine.invoices.status_of says."""

COLUMNS = """json_array(v.number, v.shop, o.customer, v.invoiced, v.issued_at, v.due_at, o.total, o.currency,
    {status}, (SELECT coalesce(sum(n.amount), 0) FROM credit_notes n
               WHERE n.shop = v.shop AND n.invoiced = v.invoiced))"""
INVOICE_OF = COLUMNS.format(status=STATUS_OF.format(open="'issued'"))
"""An invoice as a turn reads it."""

_SENT = f"""(SELECT max(CASE WHEN x.step >= {STEP[StatusRank.READ]} THEN 2 WHEN x.state = 'sent' THEN 1 ELSE 0 END)
    FROM papers_sent s JOIN outbox x ON x.key = s.key
    WHERE s.shop = v.shop AND s.paper = 'invoice:' || v.invoiced)"""  # noqa: S608
_OPENED = """EXISTS (SELECT 1 FROM papers_opened w WHERE w.shop = v.shop AND w.paper = 'invoice:' || v.invoiced)"""


def status_on(today: Millis) -> str:
    """How an invoice stands on the day that began at ``today``, as engine.invoices.standing says."""
    how = f"""CASE WHEN v.due_at < {int(today)} THEN 'overdue' WHEN {_OPENED} THEN 'viewed'
        ELSE CASE {_SENT} WHEN 2 THEN 'viewed' WHEN 1 THEN 'sent' ELSE 'issued' END END"""
    return STATUS_OF.format(open=how)


def invoice(row: list[Any]) -> Invoice:
    """What INVOICE_OF reads."""
    number, shop, customer, order, issued_at, due_at, total, currency, status, credited = row
    return Invoice(number, shop, customer, order, issued_at, due_at, total, currency, InvoiceStatus(status), credited)


NOTE_OF = """json_array(n.number, n.shop, o.customer, n.invoiced, v.number, n.issued_at, n.amount, o.currency)"""
"""Credit note ``n`` of invoice ``v`` of order ``o``, as ``CreditNote`` has it."""
