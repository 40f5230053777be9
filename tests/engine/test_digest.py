"""When the day's figures are due, on the shop's own clock, over years and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import digest
from engine.address import DAY, HOUR
from engine.crew import Crew
from engine.shop import Shop
from tests.engine.shops import bakery

ZONES = ("Asia/Kolkata", "Africa/Nairobi", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = st.integers(1_700_000_000_000, 1_900_000_000_000)


def shop(zone: str, minute: int) -> Shop:
    return replace(bakery(), timezone=zone, crew=Crew(owners=("1",), digest=minute))


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 1439))
def test_the_next_one_is_ahead_within_a_day_and_a_bit_and_the_last_is_not(now: int, zone: str, minute: int) -> None:
    here = shop(zone, minute)
    last, coming = digest.last_until(now, here), digest.next_after(now, here)
    assert last <= now < coming
    assert DAY - 2 * HOUR <= coming - last <= DAY + 2 * HOUR
    assert digest.next_after(last, here) == coming, "none is left out, and none comes twice"


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 1439))
def test_it_is_at_its_minute_but_for_hours_that_clocks_leave_out(now: int, zone: str, minute: int) -> None:
    there = datetime.fromtimestamp(digest.next_after(now, shop(zone, minute)) / 1000, ZoneInfo(zone))
    shown = there.hour * 60 + there.minute
    moved = there.utcoffset() != datetime.fromtimestamp(there.timestamp() - 7_200, ZoneInfo(zone)).utcoffset()
    assert shown == minute or moved


def test_an_hour_that_is_left_out_is_moved_and_one_that_comes_twice_counts_once() -> None:
    here = shop("Europe/Berlin", 150)  # 02:30
    spring = round(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp() * 1000)
    autumn = round(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp() * 1000)
    assert datetime.fromtimestamp(digest.next_after(spring, here) / 1000, UTC) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    first = digest.next_after(autumn, here)
    assert datetime.fromtimestamp(first / 1000, UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert digest.next_after(first, here) - first == 25 * HOUR
