"""Codes that stand on paper and in banks' statements: what was given out once must come out the same ever after."""

from __future__ import annotations

from engine.codes import LETTERS, code, spelled


def test_a_seed_always_gives_the_same_letters() -> None:
    assert code("soko:m1:0", 6) == "Y7BAZP"
    assert code("soko:m1:0", 8).startswith("Y7BAZP")
    assert code("soko:m1:1", 6) != code("soko:m1:0", 6)


def test_a_number_is_spelled_with_its_lowest_digit_first() -> None:
    assert spelled(0, 3) == "222"
    assert spelled(1 + 2 * len(LETTERS), 3) == "342"
