"""Quiet hours: when a shop writes nothing that nobody has asked for, by its own clock.

    QUIET = read("21:00-08:00")
    QUIET.over(moment, "Africa/Nairobi")        the moment itself by day, else the coming 08:00 there

What is quiet is said by the clock on the shop's wall alone, so it holds on the days on which that clock is set, too:
an end that is skipped in spring is over when the clock jumps past it, and an hour that comes twice in autumn is quiet
twice. Adding hours to a moment, or asking for the coming 08:00 as a date, is wrong on just these days.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from engine.address import DAY, HOUR, MINUTE, Millis
from engine.errors import BadInput

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
SECOND: Millis = 1_000
"""Clocks are set at whole seconds."""


class Quiet(msgspec.Struct, frozen=True):
    """From ``starts`` until before ``ends``: milliseconds of the day, by the shop's clock; over midnight where it
    starts later than it ends. Where both are the same, no hour is quiet."""

    starts: Millis = 0
    ends: Millis = 0

    def holds(self, moment: Millis, timezone: str) -> bool:
        """Whether it is quiet then, in an IANA time zone."""
        return self._lasts(_clock(moment, ZoneInfo(timezone))) > 0

    def over(self, moment: Millis, timezone: str) -> Millis:
        """The first moment from this one on that is not quiet: mostly this one itself."""
        zone = ZoneInfo(timezone)
        while lasts := self._lasts(_clock(moment, zone)):
            moment = _change(moment, moment + lasts, zone) or moment + lasts
        return moment

    def _lasts(self, clock: Millis) -> Millis:
        """How long it is still quiet, on a day on which no clock is set, when a clock shows this; 0: it is not."""
        since, length = (clock - self.starts) % DAY, (self.ends - self.starts) % DAY
        return max(0, length - since)


NEVER = Quiet()
"""No hour is quiet."""


def read(text: str) -> Quiet:
    """Quiet hours as their owner writes them, ``21:00-08:00``; "" for none. BadInput says what is expected."""
    if not text:
        return NEVER
    found = HOURS.fullmatch(text)
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise BadInput(f'expected hours of a day like "21:00-08:00", or "" for none, found {text[:24]!r}')
    hour, minute, until_hour, until_minute = map(int, found.groups())
    return Quiet(hour * HOUR + minute * MINUTE, until_hour * HOUR + until_minute * MINUTE)


def _offset(moment: Millis, zone: ZoneInfo) -> Millis:
    """How far the clock there is ahead of UTC."""
    there = datetime.fromtimestamp(moment // SECOND, UTC).astimezone(zone).utcoffset()
    return round(there.total_seconds() * SECOND) if there is not None else 0


def _clock(moment: Millis, zone: ZoneInfo) -> Millis:
    """What the clock there shows, in milliseconds since its midnight."""
    return (moment + _offset(moment, zone)) % DAY


def _change(start: Millis, end: Millis, zone: ZoneInfo) -> Millis | None:
    """When the clock there is set within these, the end included, which lie less than a day apart; None: it is not."""
    before = _offset(start, zone)
    if _offset(end, zone) == before:
        return None
    low, high = start // SECOND, -(-end // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle * SECOND, zone) == before else (low, middle)
    return high * SECOND
