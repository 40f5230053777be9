"""Moments as customers read them: in a time zone, in their language (Babel's CLDR data), each formatted once."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

from engine.address import Millis
from engine.phrases import say

MOMENTS_REMEMBERED = 4_096
"""Formatting takes 40 µs, remembering it 0.1 µs; a shop's events are few, its listings many."""


def local(moment: Millis, timezone: str) -> datetime:
    """A moment on the clock of an IANA time zone."""
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(timezone))


def moment_of(day: date, at: time, timezone: str) -> Millis:
    """When the clock of a time zone shows this, of a time that comes twice the first one; where the clock is put
    forward over it, as much later as that."""
    return round(datetime.combine(day, at, ZoneInfo(timezone)).timestamp() * 1000)


def day_began(now: Millis, timezone: str) -> Millis:
    """When the day of a place began. Where a clock is put forward over midnight it begins with its first moment."""
    return moment_of(local(now, timezone).date(), time.min, timezone)


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def day_and_time(moment: Millis, timezone: str, language: str) -> str:
    """``Sat 18 Oct 2025, 19:30``, in the words of ``language``."""
    there = local(moment, timezone)
    day = str(format_date(there, "EEE d MMM y", locale=language))
    return say(language, "{day}, {time}", day=day, time=f"{there:%H:%M}")
