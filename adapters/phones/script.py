"""What simulated customers say, and how the shop's answers are recognised: the words in which buyers/ is written.

A step is one thing that a customer does. The answer to it is known by its words, so one that comes twice, that belongs
to an earlier step, or that nobody expected, is told apart without any help of the shop.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

Words = re.Pattern[str]
Answer = tuple[Words, ...]
"""The messages that answer one step, each by its words, in the order in which they come."""

SPARE = 4
"""Messages of a visit that no script foresees: something is sold out, a cart is cancelled."""


def answer(*messages: str) -> Answer:
    """An answer of these messages, each a regular expression for ``Received.shown``."""
    return tuple(re.compile(message) for message in messages)


@dataclass(frozen=True)
class Step:
    """One thing that a customer does; ``name`` is its row in the report.

    ``says``: one of these is said. ``tap``: the option with this title is tapped, where the last answer offers it.
    ``answers``: the ways in which the shop may answer; the first message shows which one it is.
    ``twice``: said again at once, without waiting; that is answered too, by ``again`` (nothing given: by any message).
    ``pays``: nothing is said, but the money that was asked for last is paid, or refused: "approve", or a way to say no
    (pay/requests.py), at the link in the last answer, else on the phone that asks for a PIN.
    ``when``: only if the last answer has these words. ``instead``: what is said once where the shop has run out of what
    was wanted; ``{last}`` is the last number on the menu.
    """

    name: str
    says: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    tap: str = ""
    twice: bool = False
    again: Answer = ()
    pays: str = ""
    when: Words | None = None
    instead: str = ""

    @property
    def messages(self) -> int:
        """At most so many messages answer it."""
        return max(map(len, self.answers), default=0) + (max(1, len(self.again)) if self.twice else 0)


@dataclass(frozen=True)
class Person:
    """A kind of customer. ``often``: how often it comes, beside the others. ``dawdles``: seconds that it takes before
    each step after the first, on average."""

    often: float
    steps: tuple[Step, ...]
    dawdles: float = 0.0


@dataclass(frozen=True)
class Buyers:
    """The customers of one flow.

    ``done``: what ends a visit well; its group is the number of the order or booking. ``sold_out``: the answers of a
    shop that has run out, which is no mistake. ``asides``: what a shop may say unasked. ``leave``: how a customer goes
    home who can't have what was wanted. ``most``: nobody asks for more than that of one item.
    """

    flow: str
    people: Mapping[str, Person]
    done: Words
    sold_out: Words
    leave: Step
    asides: Words | None = None
    most: int = 10

    @property
    def replies(self) -> int:
        """At most so many messages come to one visit; Meta's pace for one customer must have room for them."""
        visits = (sum(step.messages for step in person.steps) for person in self.people.values())
        return max(visits) + SPARE

    @property
    def words(self) -> Iterator[Words]:
        """All that is ever expected."""
        for person in self.people.values():
            for step in (*person.steps, self.leave):
                yield from (message for one in (*step.answers, step.again) for message in one)


def somebody(draw: random.Random, people: Mapping[str, Person]) -> tuple[str, Person]:
    """Somebody who comes, with everything that they are going to say: half of the people type what they could tap."""
    kind = draw.choices(list(people), weights=[person.often for person in people.values()])[0]
    person = people[kind]
    return kind, replace(person, steps=tuple(_drawn(step, draw) for step in person.steps))


def _drawn(step: Step, draw: random.Random) -> Step:
    says = (draw.choice(step.says),) if step.says else ()
    return replace(step, says=says, tap=step.tap if draw.random() < 0.5 else "")
