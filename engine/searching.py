"""Finding events by what people type: title, city, venue, category and days, with typos (flows.md §5).

    search("mumbay comedy on saturday", programme, now, seats)

Every word must fit an event; where none has them all, the events that fit best are given as such, for "nothing like
that, but" beats silence. What can be booked comes first. Past and cancelled events are never found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine import when
from engine.address import Millis
from engine.dates import local
from engine.text import words
from engine.tickets import EventStatus, Programme, TicketEvent

FOUND_AT_MOST = 30
"""Events of one search: ten pages. They lie in the conversation, so that numbers stay what they were."""

TOKENS_AT_MOST = 12
"""Words of one search that are looked at."""

TITLE, CITY, CATEGORY, VENUE = 1.0, 1.0, 0.9, 0.8
"""What a word counts by where it stands."""

BEGINNING, TYPO = 0.9, 0.7
"""What a word counts that only begins like the event's, or is one of its typos."""

BEGINNING_FROM = 3
"""Letters from which a word stands for one that begins so."""

FREE = tuple(map(words, ("free", "bure", "मुफ़्त", "फ़्री", "निःशुल्क", "muft", "مفت", "فری")))
"""What an event that costs nothing is found by."""

_NOISE = (
    "a an the in at on for of to me my we us is are any some and or with near by from about do you have there "
    "show shows see find search looking look want book booking please pls event events ticket tickets seat seats pass "
    "passes something anything what whats going happening i im would like hi hello kwa ya na wa za katika nataka "
    "tiketi tukio matukio onyesha kuna gani nini la cha pale "
    "में के का की को लिए पर टिकट कार्यक्रम कोई क्या है हैं चाहिए दिखाओ दिखाएँ मुझे "
    "mein ke ka ki ko liye par chahiye koi kya hai hain karyakram "
    "میں کے کا کی کو لیے پر ٹکٹ پروگرام کوئی کیا ہے ہیں چاہیے دکھاؤ دکھائیں مجھے"
)
NOISE = frozenset(map(words, _NOISE.split()))
"""Words that say nothing about which event is meant."""

_SEPARATORS = re.compile(r"[\s,;:!?()\[\]\"“”„«»&+|…।۔،؟*_#@]+")
_DATE = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}(?:[/.-][0-9]{2,4})?")


class Found(msgspec.Struct, frozen=True):
    """Ids in the order in which they are shown. ``whole``: each fits all that was asked for; else they are the
    closest, and none was a fit. Without ids nothing was like it at all."""

    ids: tuple[str, ...]
    whole: bool = True


def tokens(said: str) -> tuple[str, ...]:
    """The words of a text, folded; hyphens part them, but not the numbers of a date."""
    found: list[str] = []
    for part in _SEPARATORS.split(words(said)):
        if _DATE.fullmatch(part):
            found.append(part)
        else:
            found += [one for raw in re.split(r"[-–/.]+", part) if (one := raw.replace("'", "").replace("’", ""))]
    return tuple(found)


# -- what there is ---------------------------------------------------------------------------------------------------
class _Index:
    """A programme's events by their words; made once per programme."""

    def __init__(self, programme: Programme) -> None:
        active = [event for event in programme.events if event.status is EventStatus.ACTIVE]
        self.events = sorted(active, key=lambda event: (event.starts_at, event.id))
        self.starts = [event.starts_at for event in self.events]
        self.there = [local(event.starts_at, event.timezone) for event in self.events]
        self.words: dict[str, dict[int, float]] = {}
        for at, event in enumerate(self.events):
            for word, weight in _words_of(event):
                known = self.words.setdefault(word, {})
                known[at] = max(weight, known.get(at, 0.0))
        self.sorted = sorted(self.words)

    def fits(self, word: str) -> Mapping[int, float]:
        """Events that have this word, with what it counts there: as it is, as a beginning, else as a typo."""
        fits: dict[int, float] = {}
        for known, share in self._like(word):
            for at, weight in self.words[known].items():
                fits[at] = max(weight * share, fits.get(at, 0.0))
        return fits

    def _like(self, word: str) -> list[tuple[str, float]]:
        like = [(word, 1.0)] if word in self.words else []
        if len(word) >= BEGINNING_FROM:
            start = bisect_left(self.sorted, word)
            end = bisect_right(self.sorted, word + "\U0010ffff")
            like += [(known, BEGINNING) for known in self.sorted[start:end] if known != word]
        return like or [(known, TYPO) for known in self._typos(word)]

    def _typos(self, word: str) -> list[str]:
        """Words of the programme that differ by a slip or two; the first letter is hardly ever wrong."""
        slips = slips_in(len(word))
        if not slips:
            return []
        near = process.extract(word, self.sorted, scorer=OSA.distance, score_cutoff=slips, limit=None)
        return [known for known, distance, _ in near if known[0] == word[0] and slips_in(len(known)) >= distance]


def slips_in(letters: int) -> int:
    """How many letters of a word may be wrong, missing, too many or swapped: none in short ones."""
    return 0 if letters < 4 else 1 if letters < 6 else 2 if letters < 9 else 3


def _words_of(event: TicketEvent) -> list[tuple[str, float]]:
    """The words that an event is found by, two of its title together too ("foodfest")."""
    title = tokens(event.title)
    pairs = [first + second for first, second in pairwise(title)]
    parts = (title, TITLE), (pairs, TITLE), (tokens(event.city), CITY), (tokens(event.venue), VENUE)
    found = [(word, weight) for part, weight in parts for word in part]
    found += [(word, CATEGORY) for word in tokens(event.category)]
    return [*found, *((word, CATEGORY) for word in FREE)] if not event.price else found


def _index(programme: Programme) -> _Index:
    kept = vars(programme)
    found = kept.get("_index")
    if not isinstance(found, _Index):
        found = kept["_index"] = _Index(programme)
    return found


# -- searching -------------------------------------------------------------------------------------------------------
def upcoming(programme: Programme, now: Millis, seats: Mapping[str, int]) -> tuple[str, ...]:
    """What is on, the next first; what is sold out comes behind what can be booked."""
    index = _index(programme)
    free: list[str] = []
    gone: list[str] = []
    for event in index.events[bisect_right(index.starts, now) :]:
        (free if seats.get(event.id, 0) else gone).append(event.id)
        if len(free) == FOUND_AT_MOST:
            break
    return tuple((*free, *gone)[:FOUND_AT_MOST])


def search(said: str, programme: Programme, now: Millis, seats: Mapping[str, int]) -> Found:
    """The upcoming events that are like what was said. ``seats``: event id → what is free (facts.Seats)."""
    index = _index(programme)
    named = tokens(said)[:TOKENS_AT_MOST]
    days, rest = when.read(named)
    wanted = _telling(rest, index, days)
    if not days and not wanted:
        return Found(upcoming(programme, now, seats))
    whole = _whole(days, wanted, index, now)
    if not whole and days:
        # "March" and "Sunday" may stand in a title as well.
        whole = _whole((), _telling(named, index, ()), index, now)
    if whole:
        return Found(_sorted(whole, index, seats))
    return Found(_sorted(_closest(wanted, index, now), index, seats), whole=False)


def _telling(found: tuple[str, ...], index: _Index, days: tuple[when.Days, ...]) -> tuple[str, ...]:
    """The words that tell events apart; one like "show" only where nothing else is said, and an event is called so."""
    telling = tuple(word for word in found if word not in NOISE)
    if telling or days:
        return telling
    return tuple(word for word in found if len(word) >= BEGINNING_FROM and word in index.words)


def _whole(days: tuple[when.Days, ...], wanted: tuple[str, ...], index: _Index, now: Millis) -> dict[int, float]:
    """Upcoming events on these days that have every word, with what the words count together."""
    first = bisect_right(index.starts, now)
    if not wanted:
        scores: dict[int, float] = dict.fromkeys(range(first, len(index.events)), 0.0)
    else:
        scores = {at: score for at, score in index.fits(wanted[0]).items() if at >= first}
        for word in wanted[1:]:
            fits = index.fits(word)
            scores = {at: score + fits[at] for at, score in scores.items() if at in fits}
    clocks: dict[str, datetime] = {}
    return {at: score for at, score in scores.items() if _on(days, at, index, now, clocks)}


def _on(days: tuple[when.Days, ...], at: int, index: _Index, now: Millis, clocks: dict[str, datetime]) -> bool:
    if not days:
        return True
    zone = index.events[at].timezone
    if zone not in clocks:
        clocks[zone] = local(now, zone)
    return all(one.hold(index.there[at], clocks[zone]) for one in days)


def _closest(wanted: tuple[str, ...], index: _Index, now: Millis) -> dict[int, float]:
    """Upcoming events that have the most of the words, whatever their day."""
    first = bisect_right(index.starts, now)
    counts: dict[int, int] = {}
    scores: dict[int, float] = {}
    for word in wanted:
        for at, weight in index.fits(word).items():
            if at >= first:
                counts[at] = counts.get(at, 0) + 1
                scores[at] = scores.get(at, 0.0) + weight
    most = max(counts.values(), default=0)
    return {at: scores[at] for at, count in counts.items() if count == most}


def _sorted(scores: Mapping[int, float], index: _Index, seats: Mapping[str, int]) -> tuple[str, ...]:
    """Bookable ones first, then by how well they fit, then by start."""
    events = index.events
    order = sorted(scores, key=lambda at: (not seats.get(events[at].id, 0), -round(scores[at], 3), at))
    return tuple(events[at].id for at in order[:FOUND_AT_MOST])
