"""How an invoice stands, and when a shop's day begins."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import DAY, HOUR
from engine.dates import day_began
from engine.invoices import Invoice, InvoiceStatus, standing

ZONES = ("Asia/Kolkata", "Africa/Nairobi", "America/New_York", "Europe/Berlin", "America/Santiago", "America/Havana")
OPEN = Invoice("INV-2025-0001", "dealer", "c1", "WS1", 0, 10 * DAY, 100, "INR")


@pytest.mark.parametrize(("sent", "viewed"), [(False, False), (False, True), (True, False), (True, True)])
def test_what_is_paid_or_void_is_nothing_else_any_more(sent: bool, viewed: bool) -> None:
    for ended in (InvoiceStatus.PAID, InvoiceStatus.VOID):
        paid = Invoice("INV-2025-0001", "dealer", "c1", "WS1", 0, 10 * DAY, 100, "INR", ended)
        assert standing(paid, sent=sent, viewed=viewed, today=99 * DAY) is ended


@pytest.mark.parametrize(
    ("sent", "viewed", "today", "stands"),
    [
        (False, False, 10 * DAY, InvoiceStatus.ISSUED),
        (True, False, 10 * DAY, InvoiceStatus.SENT),
        (True, True, 10 * DAY, InvoiceStatus.VIEWED),
        (False, True, 10 * DAY, InvoiceStatus.VIEWED),
        (True, True, 10 * DAY + 1, InvoiceStatus.OVERDUE),
        (False, False, 10 * DAY + 1, InvoiceStatus.OVERDUE),
    ],
)
def test_an_open_one_is_as_far_as_it_came_until_its_day_is_over(
    sent: bool, viewed: bool, today: int, stands: InvoiceStatus
) -> None:
    assert standing(OPEN, sent=sent, viewed=viewed, today=today) is stands


@given(st.integers(1_704_067_200_000, 1_893_456_000_000), st.sampled_from(ZONES))
def test_a_day_begins_with_its_first_moment_whatever_the_clocks_do(now: int, zone: str) -> None:
    began = day_began(now, zone)
    there = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    assert began <= now < began + DAY + HOUR
    assert datetime.fromtimestamp(began / 1000, ZoneInfo(zone)).date() == there.date()
    assert datetime.fromtimestamp(began / 1000 - 1, ZoneInfo(zone)).date() < there.date()
