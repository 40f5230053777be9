"""A customer's account: it comes to what is open, whatever happened to the invoices in whatever order."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accounts import account_of, balances, entries_of, paper_of, read_paper, span
from engine.address import DAY, HOUR
from engine.invoices import CreditNote, Invoice

TOTAL = 1_000


class Fate:
    """What happened to one invoice: when it was paid and cancelled (None: never), and what was sent back when."""

    def __init__(self, number: int, paid: int | None, cancelled: int | None, refunds: list[tuple[int, int]]) -> None:
        self.invoice = Invoice(f"INV-2025-{number:04}", "dealer", "c1", f"WS{number}", 0, 9, TOTAL, "INR")
        self.paid, self.cancelled = paid, cancelled
        self.sent_back = 0
        self.notes: list[CreditNote] = []
        for at, amount in refunds if paid is not None else []:
            part = min(amount, TOTAL - self.sent_back)
            if part:
                self.sent_back += part
                name = f"CN-{number}-{len(self.notes)}"
                self.notes.append(CreditNote(name, "dealer", "c1", f"WS{number}", self.invoice.number, at, part, "INR"))

    @property
    def owed(self) -> int:
        """What its customer owes of it in the end, below 0 what the shop owes them."""
        charged = 0 if self.cancelled is not None else TOTAL - self.sent_back
        return charged - (TOTAL - self.sent_back if self.paid is not None else 0)


MOMENT = st.one_of(st.none(), st.integers(0, 50))
FATES = st.builds(
    Fate,
    st.integers(1, 9),
    MOMENT,
    MOMENT,
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, TOTAL)), max_size=4),
)


@given(st.lists(FATES, max_size=5), st.integers(0, 70), st.integers(0, 70), st.integers(0, 30))
def test_it_comes_to_what_is_open_and_its_parts_to_the_whole(
    fates: list[Fate], since: int, until: int, limit: int
) -> None:
    entries = [one for fate in fates for one in entries_of(fate.invoice, fate.paid, fate.cancelled, fate.notes)]
    whole = account_of(entries, 0, 99, 999, 0)
    assert whole.closing == sum(fate.owed for fate in fates)
    assert whole.opening == 0
    part = account_of(entries, since, until, limit, 0)
    assert part.opening + sum(one.amount for one in part.entries) == part.closing
    assert part.closing == sum(one.amount for one in entries if one.at < until)
    assert len(part.entries) <= limit
    assert [*balances(part)][-1:] in ([], [part.closing])
    assert sorted(one.at for one in part.entries) == [one.at for one in part.entries]


def test_its_days_begin_and_end_by_the_shops_clock_whatever_that_does() -> None:
    begins, ends = span(date(2026, 3, 29), date(2026, 3, 29), "Europe/Berlin")
    assert ends - begins == DAY - HOUR, "the day on which the clocks are put forward"
    leap, after = span(date(2024, 2, 29), date(2024, 3, 1), "Asia/Kolkata"), date(2024, 3, 2)
    assert leap[1] - leap[0] == 2 * DAY
    assert leap[1] == span(after, after, "Asia/Kolkata")[0]


def test_its_paper_is_named_by_customer_and_days() -> None:
    paper = paper_of("c-1_x", date(2026, 1, 1), date(2026, 12, 31))
    assert paper == "statement:c-1_x-20260101-20261231"
    assert read_paper(paper.partition(":")[2]) == ("c-1_x", date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("what", ["", "c1", "c1-20260101", "c1-20260132-20260201", "c1-2026-01"])
def test_another_name_is_none(what: str) -> None:
    assert read_paper(what) is None
