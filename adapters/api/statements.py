"""A customer's statement of account: to be read, and to be sent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major
from adapters.api.answers import Done, Later, Refusal
from adapters.api.customers import card_of
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import YEARS, CustomerId, checked, shown
from adapters.api.letters import letter, told
from engine.accounts import (
    DAYS_AT_MOST,
    DAYS_USUALLY,
    ENTRIES_AT_MOST,
    Account,
    Entry,
    EntryKind,
    balances,
    paper_of,
    span,
)
from engine.address import Address
from engine.dates import day_began, local
from engine.dues import credit_days
from engine.events import StatementWanted
from engine.orders import Customer

statements = Noun("statements", "Customers' accounts: what was invoiced, paid, credited and sent back.")


def _day_problem(value: str) -> str:
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError:
        return "there is no such day"
    return "" if day is None or YEARS[0] < day.year < YEARS[1] else f"expected a year between {YEARS[0]} and {YEARS[1]}"


Day = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$",
        description="a day like 2026-01-31, by the shop's clock; empty for the usual one",
        examples=["2026-01-31"],
        extra=checked(_day_problem),
    ),
]


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Which days: up to and with ``to``, today where it is empty; from 90 days before where ``from`` is."""

    first: Day = msgspec.field(default="", name="from")
    last: Day = msgspec.field(default="", name="to")


class EntryShown(msgspec.Struct, frozen=True):
    """One entry. ``number``: the invoice's or credit note's. ``amount``: above 0 where the customer owes so much more.
    ``balance``: what they owed after it."""

    at: datetime
    kind: EntryKind
    number: str
    order: str
    amount: float
    balance: float


class StatementShown(msgspec.Struct, frozen=True, rename="camel"):
    """An account, oldest entry first, the latest 300 of these days; what came before is in ``opening``. ``closing``:
    what the customer owes, below 0 what you owe them. ``overdue``: how much of what is open now was due before today.
    Orders without an invoice are not on it. ``link``: the statement as a document, for you to pass on."""

    customer_id: str
    name: str
    credit_days: int
    first: date
    last: date
    currency: str
    opening: float
    closing: float
    overdue: float
    entries: list[EntryShown]
    link: str


@statements.get("/api/admin/customers/<customer>/statement", "A customer's statement of account", home=HOME)
async def statement(call: Call, customer: CustomerId, query: Days) -> StatementShown:
    return await _statement(call, await card_of(call, customer), *_days(call, query))


@statements.post("/api/admin/customers/<customer>/statement", "Send a customer the statement of account", home=HOME)
async def send(call: Call, customer: CustomerId, body: Days) -> Done[StatementShown] | Later:
    """As a document. After the customer's 24 hours it waits until they write."""
    card, days = await card_of(call, customer), _days(call, body)
    first, last = (day.isoformat() for day in days)
    if not await told(call, letter(call, Address(call.shop.name, card.id), StatementWanted(first, last, call.by))):
        return Later()
    return Done("The statement is on its way.", await _statement(call, card, *days))


def _days(call: Call, asked: Days) -> tuple[date, date]:
    """Raises Refusal, 400, where they are the wrong way round, or too many."""
    today = local(call.running.around.clock.now(), call.shop.timezone).date()
    last = date.fromisoformat(asked.last) if asked.last else today
    first = date.fromisoformat(asked.first) if asked.first else last - timedelta(days=DAYS_USUALLY)
    if first > last or (last - first).days > DAYS_AT_MOST:
        why = f"expected a day up to {last} and not more than {DAYS_AT_MOST} days before it"
        raise Refusal(400, "Please correct: from.", {"from": why})
    return first, last


async def _statement(call: Call, card: Customer, first: date, last: date) -> StatementShown:
    shop, zone = call.shop, call.shop.timezone
    today = day_began(call.running.around.clock.now(), zone)
    whose = Address(shop.name, card.id)
    account = await call.store.account(whose, *span(first, last, zone), today, ENTRIES_AT_MOST)
    papers = call.running.papers
    return StatementShown(
        customer_id=card.id,
        name=card.name,
        credit_days=credit_days(card, shop),
        first=first,
        last=last,
        currency=shop.currency,
        opening=major(account.opening, shop.currency),
        closing=major(account.closing, shop.currency),
        overdue=major(account.overdue, shop.currency),
        entries=_entries(account, shop.currency, zone),
        link=papers.link(shop.name, paper_of(card.id, first, last)) if papers is not None else "",
    )


def _entries(account: Account, currency: str, zone: str) -> list[EntryShown]:
    def entry_shown(one: Entry, owed: int) -> EntryShown:
        amount, balance = major(one.amount, currency), major(owed, currency)
        return EntryShown(shown(one.at, zone), one.kind, one.number, one.order, amount, balance)

    return [entry_shown(one, owed) for one, owed in zip(account.entries, balances(account), strict=True)]
