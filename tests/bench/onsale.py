"""A ticket on-sale: 5,000 phones race for 500 seats of one event, at 300 messages a second, through the real process.

What the database says afterwards counts: the history of every booking is played again, and at no commit may more seats
be sold and held than there are. And whoever wrote must have been answered.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import NamedTuple

from adapters.app.samples import TICKETS
from tests.bench.serving import Report, serving, traffic

PHONES, CAPACITY, RATE = 5_000, 500, 300
MOST_SECONDS = 240
"""The race ends when everybody has come to an end; this is below the five minutes of a hold, so that none lapses."""

EVENT = "arena-night"
EVENTS = """id,title,city,venue,starts_at,timezone,capacity,price
arena-night,Arena Night,Mumbai,The Arena,+30d 19:30,Asia/Kolkata,{capacity},0
"""

HISTORY = """
    SELECT held_at AS at, seats FROM bookings WHERE event = :event
    UNION ALL
    SELECT m.at, -b.seats FROM booking_moves m JOIN bookings b ON b.shop = m.shop AND b.id = m.booking
    WHERE b.event = :event AND m.dest IN ('cancelled', 'expired')
    ORDER BY at, seats
"""
"""What was taken and given back. Of one millisecond what was given back comes first: it can't be told which was first,
and nobody is accused without proof."""


class Seats(NamedTuple):
    """``most``: sold and held together at any commit; ``sold`` and ``held``: at the end."""

    most: int
    sold: int
    held: int


def seats_taken(database: Path, event: str = EVENT) -> Seats:
    """What the rows of a finished run say about one event; no hold may have lapsed in it."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as rows:
        most = taken = 0
        for _, seats in rows.execute(HISTORY, {"event": event}):
            taken += seats
            most = max(most, taken)
        ends = dict(rows.execute("SELECT status, sum(seats) FROM bookings WHERE event = ? GROUP BY status", (event,)))
    rows.close()
    return Seats(most, ends.get("confirmed", 0), ends.get("held", 0))


def race(phones: int, capacity: int, rate: int) -> tuple[Report, Seats]:
    """The race on a server of its own; and what its database says."""
    with tempfile.TemporaryDirectory(prefix="sokoni-onsale-") as folder:
        events, database = Path(folder) / "events.csv", Path(folder) / "bench.db"
        events.write_text(EVENTS.format(capacity=capacity), "utf-8")
        with serving("--shop", TICKETS.name, "--events", str(events), database=database) as (port, provider, secret, _):
            report = traffic(
                *(port, provider, secret, TICKETS, "tests.bench.race"), rate=rate, phones=phones, seconds=MOST_SECONDS
            )
        return report, seats_taken(database)


def onsale_figures(phones: int = PHONES, capacity: int = CAPACITY, rate: int = RATE) -> list[tuple[str, float, str]]:
    """RuntimeError when too much was sold or held, or somebody was not answered: then there is nothing to measure."""
    report, seats = race(phones, capacity, rate)
    ends = report["ends"]
    if seats.most > capacity:
        raise RuntimeError(f"{seats.most} of {capacity} seats were sold or held at one commit")
    unanswered = phones - sum(ends.values()) + report["missing"]
    if unanswered or "puzzled" in ends or report["doubled"] or report["unasked"]:
        raise RuntimeError(f"not everybody was answered, once and to the point: {report}")
    if report["pictures"] != ends.get("booked", 0):
        raise RuntimeError(f"{ends.get('booked', 0)} booked, and {report['pictures']} got their picture")
    name = f"{phones:,} phones, {capacity} seats, {rate} messages/s"
    return [
        (f"{name}: seats sold", seats.sold, "seats"),
        (f"{name}: seats held at the end", seats.held, "seats"),
        (f"{name}: sold and held at any commit, at most", seats.most, "seats"),
        (f"{name}: phones answered to the end", sum(ends.values()), "phones"),
        (f"{name}: of these booked, with their picture", ends.get("booked", 0), "phones"),
        (f"{name}: messages", report["messages"], "messages"),
        (f"{name}: replies delivered", report["replies_per_second"], "messages/s"),
        (f"{name}: turn, p50", report["reply_p50_ms"], "ms"),
        (f"{name}: turn, p99", report["reply_p99_ms"], "ms"),
        (f"{name}: generator at most behind", report["generator_lag_ms"], "ms"),
    ]
