"""Files of events: what they may say, and one sentence for each fault."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import dates, programme, table
from engine.errors import ConfigError
from engine.tickets import EventStatus, TicketEvent

NOW = round(datetime(2025, 10, 18, 7, 4, tzinfo=UTC).timestamp() * 1000)
"""12:34 in Kolkata."""
SAMPLE = Path(__file__).parents[2] / "engine/flows/samples/ticketing.csv"
HEADER = "id,title,city,venue,starts_at,timezone,capacity,price,category,description,image,cancel_hours,status"


def moment(year: int, month: int, day: int, hour: int, minute: int) -> int:
    return round(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def read(row: str, header: str = HEADER) -> tuple[list[TicketEvent], list[str]]:
    return programme.read_csv(f"{header}\n{row}\n".encode(), "INR", NOW)


def test_the_sample_has_the_five_events_of_the_contract_and_all_are_upcoming() -> None:
    events, faults = programme.read_csv(SAMPLE.read_bytes(), "INR", NOW)
    assert faults == []
    assert [(one.title, one.city, one.capacity, one.price) for one in events] == [
        ("Mumbai Indie Night", "Mumbai", 120, 79_900),
        ("Mumbai Food Fest", "Mumbai", 500, 0),
        ("Bengaluru Tech Meetup", "Bengaluru", 60, 0),
        ("Delhi Comedy Hour", "Delhi", 80, 49_900),
        ("Goa Sunset Concert", "Goa", 200, 150_000),
    ]
    assert all(one.starts_at > NOW and one.timezone == "Asia/Kolkata" for one in events)
    assert all(one.status is EventStatus.ACTIVE for one in events)


@pytest.mark.parametrize(
    ("written", "timezone", "starts_at"),
    [
        ("2026-03-12 19:30", "Asia/Kolkata", moment(2026, 3, 12, 14, 0)),
        ("2026-03-12T19:30:00", "Africa/Nairobi", moment(2026, 3, 12, 16, 30)),
        ("+0d 19:30", "Asia/Kolkata", moment(2025, 10, 18, 14, 0)),
        ("+3d 19:30", "Asia/Kolkata", moment(2025, 10, 21, 14, 0)),
        ("+3d 19:30", "Pacific/Kiritimati", moment(2025, 10, 21, 5, 30)),
        ("+14d 20:00", "Europe/Berlin", moment(2025, 11, 1, 19, 0)),
    ],
)
def test_a_start_is_the_venues_own_time(written: str, timezone: str, starts_at: int) -> None:
    (event,), faults = read(f"a,A,Goa,Beach,{written},{timezone},10,,,,,,")
    assert faults == []
    assert event.starts_at == starts_at


def test_what_a_row_leaves_out() -> None:
    (event,), _ = read("a,A  B,Goa,2026-03-12 19:30,Asia/Kolkata,10", "id,title,city,starts_at,timezone,capacity")
    assert (event.title, event.venue, event.price, event.cancel_hours) == ("A B", "", 0, 24)
    assert event.status is EventStatus.ACTIVE


def test_a_cancelled_event_keeps_its_row() -> None:
    (event,), _ = read("a,A,Goa,Beach,2026-03-12 19:30,Asia/Kolkata,10,,,,,,Cancelled")
    assert event.status is EventStatus.CANCELLED


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,", "id is empty"),
        ("a b,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,", "the id 'a b' has a space, a colon or a | in it"),
        ("a|b,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,", "the id 'a|b' has a space, a colon or a | in it"),
        ("a,,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,", "title is empty"),
        (
            "a,A,Goa,,12/03/2026 19:30,Asia/Kolkata,10,,,,,,",
            "starts_at must be like 2026-03-12 19:30, or +3d 19:30, not '12/03/2026 19:30'",
        ),
        (
            "a,A,Goa,,2026-02-30 19:30,Asia/Kolkata,10,,,,,,",
            "starts_at '2026-02-30 19:30' is no day and time that there is",
        ),
        ("a,A,Goa,,+3d 25:00,Asia/Kolkata,10,,,,,,", "starts_at '+3d 25:00' is no day and time that there is"),
        ("a,A,Goa,,9999-12-31 23:59,Pacific/Honolulu,10,,,,,,", "starts_at must be like 2026-03-12 19:30"),
        ("a,A,Goa,,2026-03-12 19:30,Kolkata,10,,,,,,", "timezone must be like Asia/Kolkata, not 'Kolkata'"),
        ("a,A,Goa,,2026-03-12 19:30,../etc/passwd,10,,,,,,", "timezone must be like Asia/Kolkata"),
        (
            "a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,0,,,,,,",
            "capacity must be a whole number from 1 to 1000000, not '0'",
        ),
        ("a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,-5,,,,,", "'-5' is not a price; write it like 50 or 50.00"),
        ("a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,ftp://x,,", "image must be a link that starts with https://"),
        ("a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,9999,", "cancel_hours must be a whole number from 0 to 8760"),
        ("a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,gone", "status must be active or cancelled, not 'gone'"),
    ],
)
def test_a_fault_is_a_sentence_with_its_line(row: str, fault: str) -> None:
    events, faults = read(row)
    assert events == []
    assert len(faults) == 1
    assert faults[0].startswith("Line 2: ")
    assert fault in faults[0]


def test_an_id_stands_only_once() -> None:
    row = "a,A,Goa,,2026-03-12 19:30,Asia/Kolkata,10,,,,,,"
    events, faults = read(f"{row}\n{row}")
    assert len(events) == 1
    assert faults == ["Line 3: the id 'a' stands above already."]


def test_a_file_of_something_else_is_refused() -> None:
    assert programme.read_csv(b"sku,name,price\n1,a,1\n", "INR", NOW)[1][0].startswith("Line 1: the header needs")
    with pytest.raises(ConfigError):
        programme.read_csv(b"", "RUPEES", NOW)


def test_what_is_written_reads_back_as_it_was() -> None:
    events, _ = programme.read_csv(SAMPLE.read_bytes(), "INR", NOW)
    written = table.write_csv(programme.SHEET, [programme.row_of(one, "INR") for one in events])
    assert programme.read_csv(written, "INR", NOW + 10**9) == (events, [])


CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "a", "2026-03-12 19:30", "+9999d 23:59", "Asia/Kolkata", "Pacific/Apia", "10", "0.5", "active"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=13, max_size=13), max_size=5))
def test_any_rows_are_read_and_what_is_good_can_be_shown(rows: list[list[str]]) -> None:
    numbered = enumerate([list(programme.COLUMNS), *rows], 1)
    events, faults = programme.read_rows(numbered, "INR", NOW)
    assert len(events) + len(faults) <= max(len(rows), 1)
    for event in events:
        assert dates.day_and_time(event.starts_at, event.timezone, "en")
        assert event.capacity > 0
        assert event.price >= 0
