"""Quiet hours by the shop's own clock, on the days on which clocks are set too."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import DAY, HOUR, MINUTE
from engine.errors import BadInput
from engine.quiet import NEVER, Quiet, read

NIGHT = read("21:00-08:00")
ZONES = ("Africa/Nairobi", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")
"""Among them one whose clock is set by half an hour, and one that once left out a whole day."""


def at(text: str, zone: str, fold: int = 0) -> int:
    there = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(there.timestamp() * 1000)


def shown(moment: int, zone: str) -> str:
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("moment", "goes"),
    [
        ("2026-03-02T20:59:59.999", "2026-03-02T20:59:59.999"),
        ("2026-03-02T21:00", "2026-03-03T08:00"),
        ("2026-03-03T07:59:59.999", "2026-03-03T08:00"),
        ("2026-03-03T08:00", "2026-03-03T08:00"),
        ("2028-02-28T22:00", "2028-02-29T08:00"),
        ("2028-02-29T22:00", "2028-03-01T08:00"),
        ("2026-12-31T23:59", "2027-01-01T08:00"),
    ],
)
def test_what_comes_at_night_goes_in_the_morning(moment: str, goes: str) -> None:
    assert NIGHT.over(at(moment, "Africa/Nairobi"), "Africa/Nairobi") == at(goes, "Africa/Nairobi")


def test_hours_within_one_day() -> None:
    noon = read("12:30-14:00")
    assert noon.over(at("2026-03-02T13:00", "Asia/Kolkata"), "Asia/Kolkata") == at("2026-03-02T14:00", "Asia/Kolkata")
    assert not noon.holds(at("2026-03-02T22:00", "Asia/Kolkata"), "Asia/Kolkata")


@pytest.mark.parametrize(
    ("quiet", "moment", "goes"),
    [
        ("21:00-08:00", "2026-03-28T22:00+01:00", "2026-03-29T08:00+02:00"),
        ("21:00-08:00", "2026-10-24T22:00+02:00", "2026-10-25T08:00+01:00"),
        ("21:00-02:30", "2026-03-29T00:00+01:00", "2026-03-29T03:00+02:00"),  # the clock never shows 02:30
        ("21:00-02:30", "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00"),
        ("21:00-02:30", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"),  # quiet once more, as the clock says
        ("02:30-08:00", "2026-03-29T03:00+02:00", "2026-03-29T08:00+02:00"),
    ],
)
def test_on_days_on_which_the_clock_is_set(quiet: str, moment: str, goes: str) -> None:
    start, end = (round(datetime.fromisoformat(one).timestamp() * 1000) for one in (moment, goes))
    assert shown(read(quiet).over(start, "Europe/Berlin"), "Europe/Berlin") == shown(end, "Europe/Berlin")


minutes = st.integers(0, 24 * 60 - 1).map(lambda one: one * MINUTE)
SET = [  # when clocks are set, and when a day was left out
    at("2026-03-29T01:00", "UTC"),
    at("2026-10-25T01:00", "UTC"),
    at("2026-04-04T15:00", "UTC"),
    at("2011-12-30T10:00", "UTC"),
]
moments = st.one_of(
    st.integers(at("2024-01-01", "UTC"), at("2033-01-01", "UTC")),
    st.builds(int.__add__, st.sampled_from(SET), st.integers(-DAY, DAY)),
)


@given(st.builds(Quiet, minutes, minutes), moments, st.sampled_from(ZONES))
def test_it_is_the_first_moment_that_the_clock_on_the_wall_calls_free(quiet: Quiet, moment: int, zone: str) -> None:
    def by_the_wall(then: int) -> bool:
        there = datetime.fromtimestamp(then // 1000, ZoneInfo(zone))
        shows = (there.hour * 60 + there.minute) * MINUTE
        if quiet.starts <= quiet.ends:
            return quiet.starts <= shows < quiet.ends
        return shows >= quiet.starts or shows < quiet.ends

    goes = quiet.over(moment, zone)
    assert quiet.holds(moment, zone) is by_the_wall(moment) is (goes != moment)
    assert not by_the_wall(goes)
    assert goes - moment <= DAY + 2 * HOUR
    if goes != moment:
        assert by_the_wall(goes - 1)
    assert all(by_the_wall(then) for then in range(moment, goes, 7 * MINUTE))


def test_an_hour_that_is_never_quiet() -> None:
    assert read("") == NEVER
    assert NEVER.over(12_345, "Europe/Berlin") == 12_345


@pytest.mark.parametrize("text", ["night", "21-08", "24:00-08:00", "21:00-21:00", "21:00 - 08:00", "21:60-08:00"])
def test_what_are_no_hours_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(BadInput, match="expected hours of a day like"):
        read(text)
