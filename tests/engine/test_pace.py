"""Pace is kept exactly over any span, and a burst is only borrowed."""

from __future__ import annotations

import pytest

from engine.pace import Pace, number_pace, pair_pace


def sends_within(pace: Pace, span: float) -> list[float]:
    """When an eager sender gets to send, starting at 0, within ``span`` ms."""
    now = 0.0
    moments: list[float] = []
    while True:
        now += pace.wait(now)
        if now > span:
            return moments
        pace.take(now)
        moments.append(now)


@pytest.mark.parametrize("per_second", [20, 80, 250, 1_000])
def test_a_number_keeps_its_pace_within_two_percent_over_a_minute(per_second: int) -> None:
    assert len(sends_within(number_pace(per_second), 60_000)) == pytest.approx(60 * per_second, rel=0.02)


@pytest.mark.parametrize("per_second", [20, 80, 1_000])
def test_no_second_of_a_number_sees_more_than_its_pace_and_the_small_burst(per_second: int) -> None:
    moments = sends_within(number_pace(per_second), 5_000)
    fullest = max(sum(1 for moment in moments if start <= moment < start + 1_000) for start in range(0, 4_000, 250))
    assert fullest <= per_second * 1.06 + 1


def test_a_pair_may_borrow_45_messages_at_once_and_then_waits_six_seconds_each() -> None:
    moments = sends_within(pair_pace(), 60_000)
    assert sum(1 for moment in moments if moment == 0) == 45
    assert moments[45:] == [6_000.0 * step for step in range(1, 11)]


def test_a_rested_pair_need_not_be_remembered_but_one_in_debt_must() -> None:
    pace = pair_pace()
    for _ in range(10):
        pace.take(0)
    assert not pace.rested(59_999)
    assert pace.rested(60_000)
