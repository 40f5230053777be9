"""A customer's statement of account: every entry with what was owed after it, and what is owed in the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec
from babel.dates import format_date
from fpdf.enums import Align

from adapters.papers.sheet import Column, Sheet
from engine import money
from engine.accounts import Account, Entry, EntryKind, balances
from engine.address import Millis
from engine.dates import local
from engine.direction import right_to_left
from engine.orders import Customer
from engine.phrases import phrase, say
from engine.shop import Shop

KINDS: Mapping[EntryKind, str] = {
    EntryKind.INVOICE: phrase("Invoice {number}"),
    EntryKind.PAYMENT: phrase("Payment of {number}"),
    EntryKind.CREDIT_NOTE: phrase("Credit note {number}"),
    EntryKind.REFUND: phrase("Sent back, {number}"),
    EntryKind.CANCELLED: phrase("Cancelled, {number}"),
}


class Facts(msgspec.Struct, frozen=True):
    """All that a statement needs. ``days``: of credit, 0 for none. ``made_at``: moment."""

    account: Account
    card: Customer
    shop: Shop
    language: str
    first: date
    last: date
    days: int
    made_at: Millis


def statement(facts: Facts) -> bytes:
    """The statement, as PDF."""
    shop, speech, card = facts.shop, facts.language, facts.card
    title = say(speech, "Statement of account")
    told = [
        say(speech, "From {first} to {last}", first=_day(facts.first, facts), last=_day(facts.last, facts)),
        say(speech, "Date: {date}", date=_day(local(facts.made_at, shop.timezone).date(), facts)),
        say(speech, "Days of credit: {days}", days=facts.days) if facts.days else "",
        say(speech, "Please pay to: {account}", account=shop.terms.bank) if shop.terms.bank else "",
    ]
    buyer = [card.name, card.address, f"+{card.phone}" if card.phone else ""]
    heads = [say(speech, "Date"), say(speech, "Item"), say(speech, "Amount"), say(speech, "Balance")]
    rows, sums = _rows(facts), _sums(facts)
    texts = [title, shop.title, *told, *buyer, *heads, *(cell for row in (*rows, *sums) for cell in row)]
    sheet = Sheet(f"{title} – {shop.title}", local(facts.made_at, shop.timezone), texts, mirrored=right_to_left(speech))
    sheet.head((shop.title, ""), title, told, buyer)
    shares = ((0.2, Align.L), (0.4, Align.L), (0.2, Align.R), (0.2, Align.R))
    sheet.table([Column(head, share, align) for head, (share, align) in zip(heads, shares, strict=True)], rows)
    sheet.space(2)
    sheet.figures(sums)
    return sheet.pdf()


def _rows(facts: Facts) -> list[tuple[str, str, str, str]]:
    """What was brought forward, then each entry."""
    account, speech = facts.account, facts.language
    brought = (_day(facts.first, facts), say(speech, "Brought forward"), "", _money(account.opening, facts))
    return [brought, *(_row(one, owed, facts) for one, owed in zip(account.entries, balances(account), strict=True))]


def _row(entry: Entry, owed: int, facts: Facts) -> tuple[str, str, str, str]:
    on = _day(local(entry.at, facts.shop.timezone).date(), facts)
    what = say(facts.language, KINDS[entry.kind], number=entry.number)
    return on, what, _money(entry.amount, facts), _money(owed, facts)


def _sums(facts: Facts) -> list[tuple[str, str]]:
    """What is overdue of it, and what is owed, to whichever side."""
    account, speech = facts.account, facts.language
    overdue = [(say(speech, "Overdue"), _money(account.overdue, facts))] if account.overdue else []
    named = say(speech, "In your favour") if account.closing < 0 else say(speech, "To be paid")
    return [*overdue, (named, _money(abs(account.closing), facts))]


def _money(amount: int, facts: Facts) -> str:
    return money.show(amount, facts.shop.currency, facts.shop.locale)


def _day(on: date, facts: Facts) -> str:
    return str(format_date(on, format="d MMM y", locale=facts.language))
