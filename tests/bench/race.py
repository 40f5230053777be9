"""The race of a ticket on-sale: thousands of phones want seats of one event at once, as fast as they are answered.

    python -m tests.bench.race --server http://127.0.0.1:9000/webhook --secret S --port 9001 --phones 5000 --rate 300

Like traffic.py, of which it is made, only that each phone says what follows from the answer that it got. Who speaks
next is drawn among those who have an answer, so that people stand at every step at the same time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
from collections import Counter
from typing import NamedTuple

from tests.bench.traffic import PHONE, Blaster, Book, Provider, arguments, measured

FIRST = "search arena"
SEATS = (1, 2, 2, 2, 3, 4)
QUITTERS, SLEEPERS = 0.06, 0.06
"""So many say no at the end, and so many go to bed with their seats held."""

FOUND = re.compile(rb"Here is what I found")
HOW_MANY = re.compile(rb"How many seats would you like")
NAME = re.compile(rb"What name shall I put")
SUMMARY = re.compile(rb"Shall I book it")
FEWER = re.compile(rb"Only [0-9]+ seats? (?:is|are) left")
ENDS = {
    "booked": re.compile(rb"Booked!"),
    "sold_out": re.compile(rb"is sold out, sorry"),
    "let_go": re.compile(rb"Fine, I let"),
}


class Racer(NamedTuple):
    """One customer; ``at_the_end`` is what is said to the summary, "" for somebody who sleeps by then."""

    seats: int
    at_the_end: str


def racer(draw: random.Random) -> Racer:
    """Somebody who wants seats."""
    chance = draw.random()
    at_the_end = "no" if chance < QUITTERS else "" if chance < QUITTERS + SLEEPERS else "yes"
    return Racer(draw.choice(SEATS), at_the_end)


def reacts(who: Racer, answer: bytes) -> tuple[str, str]:
    """What somebody says to an answer, or how it ended for them: one of the two is ""."""
    steps = ((FOUND, "1"), (NAME, "Asha Rao"), (SUMMARY, who.at_the_end), (FEWER, "1"), (HOW_MANY, str(who.seats)))
    ended = next((end for end, words in ENDS.items() if words.search(answer)), "")
    said = next((said for words, said in steps if words.search(answer)), None)
    if said is None or (ended and not FOUND.search(answer)):
        return "", ended or "puzzled"
    return (said, "") if said else ("", "asleep")


class Race(Blaster):
    """The phones. ``ends``: how many have come to which end; ``pictures``: how many tickets each has on its screen."""

    def __init__(self, options: argparse.Namespace, book: Book) -> None:
        super().__init__(options, book)
        self._draw = random.Random(options.seed)
        self._racers = [racer(self._draw) for _ in range(options.phones)]
        self._ready = [(phone, FIRST) for phone in range(options.phones)]
        self.ends: Counter[str] = Counter()
        self.pictures: Counter[int] = Counter()

    def enough(self) -> bool:
        return self.ends.total() == len(self._racers)

    def settled(self) -> bool:
        return len(self.pictures) >= self.ends["booked"]

    def next_words(self) -> tuple[int, str] | None:
        if not self._ready:
            return None
        at = self._draw.randrange(len(self._ready))
        self._ready[at], self._ready[-1] = self._ready[-1], self._ready[at]
        return self._ready.pop()

    def heard(self, phone: int, answer: bytes) -> None:
        """An answer came to this phone."""
        said, end = reacts(self._racers[phone], answer)
        if end:
            self.ends[end] += 1
        else:
            self._ready.append((phone, said))


class BoxOffice(Provider):
    """The provider, which also takes pictures. They follow an answer, and are no answer themselves."""

    def __init__(self, book: Book, race: Race) -> None:
        super().__init__(book)
        self._race = race

    def content(self, body: bytes) -> bytes:
        return b'{"id":"300000000000001"}' if body.startswith(b"--") else super().content(body)

    def count(self, phone: int, key: bytes, body: bytes) -> None:
        if b'"type":"image"' in body:
            self._race.pictures[phone] += 1
            return
        super().count(phone, key, body)
        self._race.heard(phone - PHONE, body)


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the race to its end, and report."""
    book = Book()
    race = Race(options, book)
    report = await measured(options, book, race, lambda: BoxOffice(book, race))
    pictures = race.pictures.total()
    return report | {"messages": sum(book.statuses.values()), "ends": dict(race.ends), "pictures": pictures}


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    json.dump(asyncio.run(measure(parser.parse_args())), sys.stdout)
