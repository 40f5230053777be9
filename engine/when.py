"""Days as people say them: ``tonight``, ``saturday``, ``this weekend``, ``12 march``, in four languages.

    days, rest = read(("comedy", "this", "weekend"))        (Days(weekend=True, week=0),), ("comedy",)
    days[0].hold(the event's local time, now there)

A day is a coming one, on the venue's own calendar: what is "tonight" in Mumbai is not in Nairobi.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec
from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine.text import words

EVENING_FROM = 17
"""Hour of the day at which an evening begins: what "tonight" means."""

LANGUAGES = ("en", "sw", "hi", "ur")
SATURDAY = 5
WEEK = 7


class Days(msgspec.Struct, frozen=True):
    """Which days are meant; only the fields that are set count.

    ``first`` and ``last``: days from today on, both included. ``weekday``: 0 is Monday. ``weekend``: Saturday and
    Sunday. ``week``, ``months_on``: calendar weeks (from Monday) and months from the present one. ``evening``: only
    what begins in the evening.
    """

    first: int | None = None
    last: int | None = None
    weekday: int | None = None
    weekend: bool = False
    week: int | None = None
    day: int | None = None
    month: int | None = None
    year: int | None = None
    months_on: int | None = None
    evening: bool = False

    def hold(self, there: datetime, now: datetime) -> bool:
        """Whether something that begins at ``there`` is on one of these days; both are the venue's local times."""
        ahead = (there.date() - now.date()).days
        return all(
            (
                self.first is None or self.first <= ahead,
                self.last is None or ahead <= self.last,
                self.weekday is None or there.weekday() == self.weekday,
                not self.weekend or there.weekday() >= SATURDAY,
                self.week is None or _weeks(there.date(), now.date()) == self.week,
                self.day is None or there.day == self.day,
                self.month is None or there.month == self.month,
                self.year is None or there.year == self.year,
                self.months_on is None or _months(there.date(), now.date()) == self.months_on,
                not self.evening or there.hour >= EVENING_FROM,
            )
        )


def _weeks(day: date, today: date) -> int:
    return (_monday(day) - _monday(today)).days // WEEK


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _months(day: date, today: date) -> int:
    return (day.year - today.year) * 12 + day.month - today.month


# -- words ---------------------------------------------------------------------------------------------------------
def _set(spellings: str) -> frozenset[str]:
    return frozenset(words(spelling) for spelling in spellings.split(","))


def _phrases(written: Mapping[str, Days]) -> dict[tuple[str, ...], Days]:
    """Folded words → the days that they mean."""
    return {tuple(spelling.split()): days for spellings, days in written.items() for spelling in _set(spellings)}


TONIGHT = (
    "tonight, this evening, tonite, usiku wa leo, leo usiku, leo jioni, jioni ya leo, आज रात, आज शाम, "
    "aaj raat, aaj shaam, aaj sham, آج رات, آج شام"
)
WEEKEND = (
    "weekend, this weekend, wikendi, wikendi hii, mwisho wa wiki, mwisho wa wiki hii, वीकेंड, इस वीकेंड, "
    "सप्ताहांत, is weekend, ویک اینڈ, اس ویک اینڈ"
)
PHRASES = _phrases(
    {
        "today, leo, आज, aaj, آج": Days(first=0, last=0),
        TONIGHT: Days(first=0, last=0, evening=True),
        "tomorrow, tmrw, tomorow, tommorow, tommorrow, kesho, कल, kal, کل": Days(first=1, last=1),
        "day after tomorrow, kesho kutwa, परसों, parso, parson, پرسوں": Days(first=2, last=2),
        WEEKEND: Days(weekend=True, week=0),
        "next weekend, wikendi ijayo, अगले वीकेंड, agle weekend, اگلے ویک اینڈ": Days(weekend=True, week=1),
        "this week, wiki hii, इस हफ्ते, is hafte, اس ہفتے": Days(week=0),
        "next week, wiki ijayo, अगले हफ्ते, agle hafte, اگلے ہفتے": Days(week=1),
        "this month, mwezi huu, इस महीने, is mahine, اس مہینے": Days(months_on=0),
        "next month, mwezi ujao, अगले महीने, agle mahine, اگلے مہینے": Days(months_on=1),
    }
)
LONGEST = max(map(len, PHRASES))
EVENINGS = _set("night, evening, usiku, jioni, रात, शाम, raat, shaam, sham, رات, شام")
NEXT = _set("next, ijayo, अगले, agle, اگلے")
THIS = _set("this, coming, hii, इस, is, اس")
"""Before a weekday or month, or behind it in Swahili. A weekday alone is within the next seven days, a "next" one
within fourteen: people mean either of the two."""


def _named(kind: str) -> dict[str, int]:
    """CLDR's names of weekdays or months, folded. Abbreviations are English only; elsewhere they are other words.

    Not its "stand-alone" names: where a language has none of its own, Babel 2.18 may give another one's.
    """
    found: dict[str, int] = {}
    for language, width in (*((one, "wide") for one in LANGUAGES), ("en", "abbreviated")):
        for number, name in getattr(Locale.parse(language), kind)["format"][width].items():
            found.setdefault(words(name), number)
    return found


WEEKDAYS = _named("days") | {"tues": 1, "weds": 2, "wensday": 2, "thur": 3, "thurs": 3}
_HINDI = ("somvar", "mangalvar", "budhvar", "guruvar", "shukravar", "shanivar", "ravivar")
WEEKDAYS |= {name: number for number, name in enumerate(_HINDI)}
_ALSO = {"बृहस्पतिवार": 3, "इतवार": 6, "itvar": 6, "itwar": 6, "سوموار": 0, "سنیچر": 5}
WEEKDAYS |= {words(name): number for name, number in _ALSO.items()}
MONTHS = _named("months") | {"sept": 9}
SLIP_FROM = 6
"""Letters from which one may be wrong in a weekday ("saterday", "sundays"). Not in a month: "match" is no March."""

_DAY = re.compile(r"([0-9]{1,2})(st|nd|rd|th)?")
_YEAR = re.compile(r"20[0-9]{2}")
_NUMERIC = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})(?:[/.-](?:20)?([0-9]{2}))?")
_OF = _set("of, ya, wa, tarehe, की, ki, کی")


# -- reading -------------------------------------------------------------------------------------------------------
def read(tokens: tuple[str, ...]) -> tuple[tuple[Days, ...], tuple[str, ...]]:
    """The days that folded words name, and the other words. Where several are named all must hold."""
    named: list[Days] = []
    rest: list[str] = []
    at = 0
    while at < len(tokens):
        here = tokens[at:]
        days, taken = _phrase(here) or _evening_of(here) or _weekday(here) or _date(here) or (None, 1)
        if days is None:
            rest.append(tokens[at])
        else:
            named.append(days)
        at += taken
    return tuple(named), tuple(rest)


def _phrase(tokens: tuple[str, ...]) -> tuple[Days, int] | None:
    """Words such as "tomorrow night"; with how many of them were taken."""
    for length in range(min(LONGEST, len(tokens)), 0, -1):
        days = PHRASES.get(tokens[:length])
        if days is not None:
            return _evening(days, tokens, length) if days.last is not None else (days, length)
    return None


def _weekday(tokens: tuple[str, ...]) -> tuple[Days, int] | None:
    ahead = 1 if tokens[0] in NEXT | THIS else 0
    weekday = _slipped(tokens[ahead]) if ahead < len(tokens) else None
    if weekday is None:
        return None
    behind = ahead + 1
    taken = behind + (not ahead and tokens[behind : behind + 1] != () and tokens[behind] in NEXT | THIS)
    last = 2 * WEEK - 1 if NEXT & {tokens[0], tokens[taken - 1]} else WEEK - 1
    return _evening(Days(weekday=weekday, first=0, last=last), tokens, taken)


def _slipped(word: str) -> int | None:
    if word in WEEKDAYS or len(word) < SLIP_FROM:
        return WEEKDAYS.get(word)
    near = process.extractOne(word, WEEKDAYS.keys(), scorer=OSA.distance, score_cutoff=1)
    return WEEKDAYS[near[0]] if near is not None else None


def _evening(days: Days, tokens: tuple[str, ...], taken: int) -> tuple[Days, int]:
    """``saturday night``, ``शनिवार की शाम``."""
    at = taken + (tokens[taken : taken + 1] != () and tokens[taken] in _OF)
    if at < len(tokens) and tokens[at] in EVENINGS:
        return msgspec.structs.replace(days, evening=True), at + 1
    return days, taken


def _evening_of(tokens: tuple[str, ...]) -> tuple[Days, int] | None:
    """``usiku wa jumamosi``: in Swahili the day comes behind."""
    if len(tokens) < 3 or tokens[0] not in EVENINGS or tokens[1] not in _OF:
        return None
    found = _phrase(tokens[2:]) or _weekday(tokens[2:])
    return (msgspec.structs.replace(found[0], evening=True), found[1] + 2) if found else None


def _date(tokens: tuple[str, ...]) -> tuple[Days, int] | None:
    """``12 march``, ``march 12 2026``, ``12th of march``, ``12/3``, ``march``, ``12th``."""
    if found := _NUMERIC.fullmatch(tokens[0]):
        day, month = int(found[1]), int(found[2])
        year = 2000 + int(found[3]) if found[3] else None
        return (Days(day=day, month=month, year=year), 1) if 1 <= day <= 31 and 1 <= month <= 12 else None
    first = _DAY.fullmatch(tokens[0])
    if first is not None:
        return _after_day(int(first[1]), bool(first[2]), tokens)
    at = 1 if tokens[0] in THIS and len(tokens) > 1 else 0
    named = MONTHS.get(tokens[at])
    return None if named is None else _after_month(named, tokens, at + 1)


def _after_day(day: int, ordinal: bool, tokens: tuple[str, ...]) -> tuple[Days, int] | None:
    at = 2 if len(tokens) > 2 and tokens[1] in _OF else 1
    month = MONTHS.get(tokens[at]) if at < len(tokens) else None
    if not 1 <= day <= 31:
        return None
    if month is None:
        return (Days(day=day, first=0, last=31), 1) if ordinal else None
    return _with_year(Days(day=day, month=month), tokens, at + 1)


def _after_month(month: int, tokens: tuple[str, ...], at: int) -> tuple[Days, int]:
    found = _DAY.fullmatch(tokens[at]) if at < len(tokens) else None
    if found is not None and 1 <= int(found[1]) <= 31:
        return _with_year(Days(day=int(found[1]), month=month), tokens, at + 1)
    return _with_year(Days(month=month), tokens, at)


def _with_year(days: Days, tokens: tuple[str, ...], at: int) -> tuple[Days, int]:
    if at < len(tokens) and _YEAR.fullmatch(tokens[at]):
        return msgspec.structs.replace(days, year=int(tokens[at])), at + 1
    return days, at
