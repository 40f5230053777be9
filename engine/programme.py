"""A shop's events as a table: one row an event, as spreadsheets keep them (engine.table).

``starts_at`` is the venue's local time: ``2026-03-12 19:30``, or ``+3d 19:30`` for so many days after the day on which
the file is read there, so that a sample is always upcoming.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine import money, table
from engine.address import Millis
from engine.dates import local
from engine.errors import BadInput
from engine.tickets import EventStatus, TicketEvent

CAPACITY_AT_MOST = 1_000_000
CANCEL_HOURS_AT_MOST = 24 * 365

NEEDED = ("id", "title", "city", "starts_at", "timezone", "capacity")
COLUMNS = (
    *("id", "title", "city", "venue", "starts_at", "timezone", "capacity"),
    *("price", "category", "description", "image", "cancel_hours", "status"),
)
LENGTHS = {"id": 64, "title": 120, "city": 60, "venue": 120, "category": 60, "description": 1_000, "image": 2_000}
"""Characters at most, by column."""

SHEET = table.Sheet(COLUMNS, NEEDED, LENGTHS, "events")

_ID = re.compile(r"[^\s:|]+")
"""A colon parts options' values, and "|" the parts of a ticket's token (adapters/papers/tokens.py)."""
_DAY = re.compile(r"(2[0-9]{3})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::00)?")
_LATER = re.compile(r"\+([0-9]{1,4})d ([0-9]{2}):([0-9]{2})")


def read_csv(
    data: bytes, currency: str, now: Millis, picture: table.Picture = table.links
) -> tuple[list[TicketEvent], list[str]]:
    """Read a file of events: its good ones, and one sentence per fault. ConfigError when ``currency`` is none."""
    return table.read_csv(data, SHEET, _Reading(currency, now, picture).event)


def read_rows(
    rows: Iterable[tuple[int, list[str]]], currency: str, now: Millis, picture: table.Picture = table.links
) -> tuple[list[TicketEvent], list[str]]:
    """The same of a spreadsheet's rows, each with its line's number."""
    return table.read_rows(rows, SHEET, _Reading(currency, now, picture).event)


def row_of(event: TicketEvent, currency: str) -> Mapping[str, str]:
    """The row that reads back as this event."""
    cells = {name: str(getattr(event, name)) for name in COLUMNS}
    return cells | {
        "starts_at": f"{local(event.starts_at, event.timezone):%Y-%m-%d %H:%M}",
        "price": f"{Decimal(event.price).scaleb(-money.digits(currency)):f}",
        "status": event.status.value,
    }


class _Reading:
    """One file as it is read: what stands above in it."""

    def __init__(self, currency: str, now: Millis, picture: table.Picture) -> None:
        money.digits(currency)
        self._currency = currency
        self._now = now
        self._picture = picture
        self._ids: set[str] = set()

    def event(self, cells: Mapping[str, str]) -> TicketEvent:
        event = self._event(cells)
        if event.id in self._ids:
            raise BadInput(f"the id {event.id!r} stands above already")
        self._ids.add(event.id)
        return event

    def _event(self, cells: Mapping[str, str]) -> TicketEvent:
        zone = _zone(cells["timezone"])
        return TicketEvent(
            id=_id(cells["id"]),
            title=_line(cells["title"]),
            city=_line(cells["city"]),
            venue=_line(cells.get("venue", "")),
            starts_at=self._moment(cells["starts_at"], zone),
            timezone=zone.key,
            capacity=table.whole("capacity", cells["capacity"], 1, CAPACITY_AT_MOST),
            price=money.read(cells.get("price") or "0", self._currency),
            category=_line(cells.get("category", "")),
            description=cells.get("description", ""),
            image=self._picture(cells.get("image", "")),
            cancel_hours=table.whole("cancel_hours", cells.get("cancel_hours") or "24", 0, CANCEL_HOURS_AT_MOST),
            status=_status(cells.get("status", "")),
        )

    def _moment(self, text: str, zone: ZoneInfo) -> Millis:
        """A local time as a moment; one that a clock change skips is read as if it had not."""
        try:
            if found := _DAY.fullmatch(text):
                year, month, day, hour, minute = map(int, found.groups())
                there = datetime(year, month, day, hour, minute, tzinfo=zone)
            elif found := _LATER.fullmatch(text):
                days, hour, minute = map(int, found.groups())
                day_then = local(self._now, zone.key) + timedelta(days=days)
                there = day_then.replace(hour=hour, minute=minute, second=0, microsecond=0)
            else:
                raise BadInput(f"starts_at must be like 2026-03-12 19:30, or +3d 19:30, not {text[:24]!r}")
            return round(there.timestamp() * 1000)
        except (ValueError, OverflowError):
            raise BadInput(f"starts_at {text[:24]!r} is no day and time that there is") from None


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise BadInput(f"the id {text!r} has a space, a colon or a | in it")
    return text


def _line(text: str) -> str:
    return " ".join(text.split())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise BadInput(f"timezone must be like Asia/Kolkata, not {name[:40]!r}") from None


def _status(text: str) -> EventStatus:
    word = text.lower() or EventStatus.ACTIVE.value
    found = next((status for status in EventStatus if status.value == word), None)
    if found is None:
        raise BadInput(f"status must be active or cancelled, not {text[:24]!r}")
    return found
