"""What comes again and again is seen to come, and to have stopped."""

from __future__ import annotations

from engine.address import MINUTE
from engine.rounds import LATE_AFTER, Round, Rounds


def test_each_round_is_listed_as_it_last_began() -> None:
    rounds = Rounds()
    rounds.begun("sweep", MINUTE, 5)
    rounds.begun("fetch", 2 * MINUTE, 7, "bakery")
    rounds.begun("sweep", MINUTE, 5 + MINUTE)
    assert rounds.listed() == [Round("fetch", "bakery", 2 * MINUTE, 7), Round("sweep", "", MINUTE, 5 + MINUTE)]


def test_one_that_does_not_come_any_more_is_late() -> None:
    one = Round("sweep", "", MINUTE, 0)
    assert not one.late(LATE_AFTER * MINUTE)
    assert one.late(LATE_AFTER * MINUTE + 1)
