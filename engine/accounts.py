"""A customer's account: what was invoiced, paid, credited and sent back, and what is owed; found when it is read.

    an invoice is issued        + its total
    its order is paid           - its total     (never before the invoice is there)
    something is sent back      - the credit note, + the refund
    its order is cancelled      - what of it was not credited before; what is sent back later is only + the refund

So an account whose invoices are all paid, or cancelled and sent back, comes to nothing, and an order that is cancelled
and whose money the shop still has stands in its customer's favour. Orders without an invoice, and money that waits on
the payment desk, are not on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import msgspec

from engine.address import Millis
from engine.dates import moment_of
from engine.invoices import CreditNote, Invoice

ENTRIES_AT_MOST = 300
"""Of one statement, the latest; what came before is brought forward."""
DAYS_AT_MOST = 3_660
DAYS_USUALLY = 90
"""Of a statement for which nobody says from when."""


class EntryKind(str, Enum):
    """Entries of one moment come in this order."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    CANCELLED = "cancelled"


ORDER = tuple(EntryKind)


class Entry(msgspec.Struct, frozen=True):
    """``number``: the invoice's or credit note's. ``amount``: minor units, above 0 where more is owed by it."""

    at: Millis
    kind: EntryKind
    number: str
    order: str
    amount: int


class Account(msgspec.Struct, frozen=True):
    """An account over some time, oldest entry first. ``opening`` and ``closing``: what the customer owed before the
    entries and after them, below 0 what the shop owes them. ``overdue``: how much of what is open *now* was due before
    today."""

    entries: tuple[Entry, ...]
    opening: int
    closing: int
    overdue: int


def entries_of(
    invoice: Invoice, paid_at: Millis | None, cancelled_at: Millis | None, notes: Iterable[CreditNote]
) -> list[Entry]:
    """What one invoice puts on its customer's account. None: that did not happen."""
    found = [Entry(invoice.issued_at, EntryKind.INVOICE, invoice.number, invoice.order, invoice.total)]

    def put(at: Millis, kind: EntryKind, amount: int, number: str = invoice.number) -> None:
        found.append(Entry(max(at, invoice.issued_at), kind, number, invoice.order, amount))

    if paid_at is not None:
        put(paid_at, EntryKind.PAYMENT, -invoice.total)
    credited = 0
    for note in notes:
        if cancelled_at is None or note.issued_at < cancelled_at:
            put(note.issued_at, EntryKind.CREDIT_NOTE, -note.amount, note.number)
            credited += note.amount
        put(note.issued_at, EntryKind.REFUND, note.amount, note.number)
    if cancelled_at is not None:
        put(cancelled_at, EntryKind.CANCELLED, credited - invoice.total)
    return found


def account_of(entries: Iterable[Entry], since: Millis, until: Millis, limit: int, overdue: int) -> Account:
    """The account from ``since`` to before ``until``; of more entries than ``limit`` the latest."""
    known = sorted((one for one in entries if one.at < until), key=_place)
    inside = [one for one in known if one.at >= since]
    shown = tuple(inside[max(0, len(inside) - limit) :])
    closing = sum(one.amount for one in known)
    return Account(shown, closing - sum(one.amount for one in shown), closing, overdue)


def _place(entry: Entry) -> tuple[Millis, int, str]:
    return entry.at, ORDER.index(entry.kind), entry.number


def balances(account: Account) -> Sequence[int]:
    """What the customer owed after each entry."""
    found, owed = [], account.opening
    for entry in account.entries:
        owed += entry.amount
        found.append(owed)
    return found


# -- its days ------------------------------------------------------------------------------------------------------
def span(first: date, last: date, timezone: str) -> tuple[Millis, Millis]:
    """From the beginning of the first day to the end of the last, by the clock of a place."""
    return moment_of(first, time.min, timezone), moment_of(last + timedelta(days=1), time.min, timezone)


def paper_of(customer: str, first: date, last: date) -> str:
    """The paper that is a customer's statement over these days."""
    return f"statement:{customer}-{first:%Y%m%d}-{last:%Y%m%d}"


def read_paper(what: str) -> tuple[str, date, date] | None:
    """Customer and days of such a paper's name, behind its colon; None where it is none."""
    customer, *days = what.rsplit("-", 2)
    try:
        first, last = (datetime.strptime(day, "%Y%m%d").replace(tzinfo=ZoneInfo("UTC")).date() for day in days)
    except ValueError:
        return None
    return customer, first, last
