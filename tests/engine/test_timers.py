"""The table of timers' kinds, and the watch that notices when the wall clock is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import abandoned, awaiting, booking, digest, dues, notes, prepaid, silence
from engine.address import HOUR, MINUTE
from engine.timers import JUMP_AT_LEAST, POLICIES, ClockWatch, Jump, Lateness, policy_of, told


def test_every_kind_of_timer_that_is_set_stands_in_the_table() -> None:
    set_somewhere = (
        *(silence.SESSION, awaiting.HALF, awaiting.END, prepaid.WAIT, prepaid.END),
        *(abandoned.KIND, booking.TIMER, booking.EVENT, digest.KIND, dues.KIND, notes.KIND),
    )
    assert {kind.partition(":")[0] for kind in set_somewhere} == set(POLICIES)


def test_a_kind_is_the_first_word() -> None:
    assert policy_of("reminder:ORD-1:-3") == POLICIES["reminder"]
    assert policy_of("tick").lateness is Lateness.LATE


def test_what_waits_for_the_morning_is_of_use_longer_than_a_night() -> None:
    assert all(not one.useful or one.useful > 12 * HOUR for one in POLICIES.values() if one.quiet)


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(-400, 400))))
def test_a_clock_that_is_only_kept_in_step_never_jumps(steps: list[tuple[int, int]]) -> None:
    watch, wall, monotonic = ClockWatch(), 1_000_000_000, 5.0
    for passed, slewed in steps:
        wall, monotonic = wall + passed + slewed, monotonic + passed / 1000
        assert watch.look(wall, monotonic) is None
    assert watch.jumps == 0


@given(st.integers(-(10**10), 10**10), st.integers(0, 40_000))
def test_a_jump_is_told_once_with_its_size(by: int, passed: int) -> None:
    watch = ClockWatch()
    assert watch.look(10**12, 7.0) is None
    wall = 10**12 + passed + by
    expected = Jump(by, wall) if abs(by) >= JUMP_AT_LEAST else None
    assert watch.look(wall, 7.0 + passed / 1000) == expected
    assert watch.look(wall + 500, 7.5 + passed / 1000) is None
    assert watch.last == expected


@pytest.mark.parametrize(
    ("by", "words"),
    [(90 * MINUTE, "jumped 1.5 hours ahead"), (5 * MINUTE, "jumped 5 minutes ahead"), (-HOUR, "set back by 1.0 hours")],
)
def test_the_owner_reads_by_how_much_and_what_to_do(by: int, words: str) -> None:
    assert words in told(Jump(by, 0))
    assert "(NTP)" in told(Jump(by, 0))
