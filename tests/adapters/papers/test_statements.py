"""A statement of account as a person reads it, in each language that the shops speak."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.papers.statements import Facts, statement
from engine.accounts import Account, Entry, EntryKind
from engine.address import DAY
from engine.orders import Customer
from tests.adapters.papers.test_documents import PLACED, SHOP, text

CARD = Customer("c1", "dealer", "Sharma & Sons", "919800000001", address="12 MG Road")
ACCOUNT = Account(
    (
        Entry(PLACED, EntryKind.INVOICE, "INV-2025-0002", "WS2", 4_100_000),
        Entry(PLACED + DAY, EntryKind.PAYMENT, "INV-2025-0002", "WS2", -4_100_000),
        Entry(PLACED + 2 * DAY, EntryKind.CREDIT_NOTE, "CN-2025-0001", "WS2", -100_000),
        Entry(PLACED + 2 * DAY, EntryKind.REFUND, "CN-2025-0001", "WS2", 100_000),
    ),
    250_000,
    250_000,
    150_000,
)


def facts(language: str = "en", account: Account = ACCOUNT) -> Facts:
    return Facts(account, CARD, SHOP, language, date(2025, 10, 1), date(2025, 12, 31), 30, PLACED + 9 * DAY)


def test_it_shows_each_entry_with_the_balance_after_it_and_what_is_owed() -> None:
    said = text(statement(facts()))
    for wanted in (
        *("Statement of account", "Mehta Building Materials", "Sharma & Sons", "12 MG Road", "+919800000001"),
        *("From 1 Oct 2025 to 31 Dec 2025", "Days of credit: 30", "HDFC 1234567", "Brought forward", "₹2,500.00"),
        *("18 Oct 2025", "Invoice INV-2025-0002", "₹41,000.00", "₹43,500.00", "Payment of INV-2025-0002"),
        *("-₹41,000.00", "Credit note CN-2025-0001", "Sent back, CN-2025-0001"),
        *("Overdue", "₹1,500.00", "To be paid", "₹2,500.00"),
    ):
        assert wanted in said, wanted


def test_what_the_shop_owes_is_in_the_customers_favour() -> None:
    said = text(statement(facts(account=Account((), -9_900, -9_900, 0))))
    assert "In your favour" in said
    assert "₹99.00" in said.rpartition("In your favour")[2]
    assert "Overdue" not in said


@pytest.mark.parametrize("language", ["sw", "hi", "ur"])
def test_it_is_made_in_every_language(language: str) -> None:
    assert statement(facts(language)).startswith(b"%PDF")
