"""The race of a ticket on-sale in small, and that it would notice what it is there to notice."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from tests.bench.onsale import onsale_figures, seats_taken
from tests.bench.race import Racer, racer, reacts

TABLES = """
    CREATE TABLE bookings (shop TEXT, id TEXT, event TEXT, seats INTEGER, status TEXT, held_at INTEGER);
    CREATE TABLE booking_moves (seq INTEGER PRIMARY KEY, shop TEXT, booking TEXT, dest TEXT, at INTEGER);
"""


def database(folder: Path, bookings: list[tuple[str, int, str, int]], moves: list[tuple[str, str, int]]) -> Path:
    """Bookings (id, seats, status, held at) and moves (id, to, at) of one event."""
    file = folder / "race.db"
    with sqlite3.connect(file) as rows:
        rows.executescript(TABLES)
        rows.executemany("INSERT INTO bookings VALUES ('tickets', ?, 'arena-night', ?, ?, ?)", bookings)
        rows.executemany("INSERT INTO booking_moves (shop, booking, dest, at) VALUES ('tickets', ?, ?, ?)", moves)
    rows.close()
    return file


def test_a_small_race_is_run_answered_and_checked() -> None:
    figures = {what.partition(": ")[2]: value for what, value, _ in onsale_figures(60, 12, 200)}
    assert figures["phones answered to the end"] == 60
    assert figures["sold and held at any commit, at most"] <= 12
    assert 0 < figures["seats sold"] + figures["seats held at the end"] <= 12


def test_seats_are_counted_over_the_whole_history(tmp_path: Path) -> None:
    bookings = [("a", 3, "confirmed", 1), ("b", 2, "cancelled", 2), ("c", 2, "held", 5)]
    taken = seats_taken(database(tmp_path, bookings, [("a", "confirmed", 3), ("b", "cancelled", 5)]))
    assert taken == (5, 3, 2)


def test_one_seat_too_many_at_one_commit_is_seen_whatever_came_later(tmp_path: Path) -> None:
    bookings = [("a", 3, "confirmed", 1), ("b", 2, "cancelled", 2), ("c", 2, "held", 4)]
    assert seats_taken(database(tmp_path, bookings, [("b", "cancelled", 5)])).most == 7


@pytest.mark.parametrize(
    ("answer", "reaction"),
    [
        ("Here is what I found for “arena”:\\n1. *Arena Night* (sold out – waiting list)", ("1", "")),
        ("*Arena Night*\\nHow many seats would you like, 1 to 10?", ("3", "")),
        ("Only 2 seats are left for *Arena Night*. Would you like them?", ("1", "")),
        ("I'm keeping 3 seats. What name shall I put on the tickets?", ("Asha Rao", "")),
        ("Your booking: … Shall I book it?", ("yes", "")),
        ("Booked! Your code is *BKG-123456*.", ("", "booked")),
        ("*Arena Night* is sold out, sorry. Shall I put you on the waiting list?", ("", "sold_out")),
        ("How is the weather?", ("", "puzzled")),
    ],
)
def test_a_phone_says_what_follows_from_the_answer(answer: str, reaction: tuple[str, str]) -> None:
    assert reacts(Racer(3, "yes"), answer.encode()) == reaction


def test_some_say_no_and_some_fall_asleep_with_their_seats() -> None:
    ends = [racer(random.Random(seed)).at_the_end for seed in range(500)]
    assert {"yes", "no", ""} == set(ends)
    assert reacts(Racer(1, ""), b"Shall I book it?") == ("", "asleep")
