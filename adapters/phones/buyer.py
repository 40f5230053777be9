"""What simulated customers of the bakery say, and how their answers are recognised. Data, and one function per person.

The bakery answers each message with one message, and the answer to a step is known by its words. So an answer that
comes twice, that belongs to an earlier step, or that nobody expected, is told apart without any help of the shop.

Who finds an item sold out takes the last one on the menu instead.

    buyer           hi → 1, 2 → done → name → address → skip → confirm
    double_tapper   the same, but taps Confirm twice in a row: still one order
    mind_changer    adds a second item, looks at the cart, takes it out, goes back from the summary once
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

ORDERED = re.compile(r"order \*(WA[0-9]{14}(?:-[0-9A-F]{4})?)\*")
MENU_LINE = re.compile(r"^([0-9]{1,3})\. ", re.MULTILINE)
SOLD_OUT = re.compile(r"Your cart is empty|confirm again|menu again|not sold any more")
"""Answers of a shop that has run out: no mistake, but no order either."""

NAMES = ("Asha", "José Núñez", "O'Neil", "प्रिया", "Anne-Marie", "محمد", "Wanjiru Kamau", "Dr. Li")
STREETS = ("Mlima Road", "Market Street", "Rue de l'Église", "Biashara Lane", "Station Approach")
NOTES = ("Ring twice, please", "Leave it at the gate", "No nuts!")


@dataclass(frozen=True)
class Step:
    """One message of a customer. ``tap``: tap the option with this title where the last answer offers it.

    ``twice``: send it again at once; both are answered. ``name`` is the row in the report.
    """

    name: str
    says: str
    expects: re.Pattern[str]
    tap: str = ""
    twice: bool = False


HI = Step("hi", "hi", re.compile(r"^Welcome|Send an item number"))
ADD = Step("add", "1, 2", re.compile(r"Your cart: "))
CART = Step("cart", "cart", re.compile(r"Your cart:\n"), tap="View cart")
REMOVE = Step("remove", "remove 2", re.compile(r"Removed |is not in your cart"))
DONE = Step("done", "done", re.compile(r"What name"), tap="Done")
NAME = Step("name", "Asha", re.compile(r"Where shall we deliver"))
ADDRESS = Step("address", "12 Market Street", re.compile(r"Any instructions"))
SKIP = Step("skip", "skip", re.compile(r"Shall I place this order"), tap="Skip")
NOTE = Step("note", "No nuts!", re.compile(r"Shall I place this order"))
EDIT = Step("edit", "edit", re.compile(r"Here is the menu again"), tap="Edit")
CONFIRM = Step("confirm", "confirm", ORDERED, tap="Confirm")
CANCEL = Step("cancel", "cancel", re.compile(r"Cancelled|Nothing was open"))

ALL = (HI, ADD, CART, REMOVE, DONE, NAME, ADDRESS, SKIP, EDIT, CONFIRM, CANCEL)


def last_item(menu: str) -> int:
    """The highest number on a menu, 0 when there is none: the sample bakery's last cake is made to order."""
    return max((int(number) for number in MENU_LINE.findall(menu)), default=0)


def _checkout(draw: random.Random) -> Iterator[Step]:
    yield DONE
    yield replace(NAME, says=draw.choice(NAMES))
    yield replace(ADDRESS, says=f"{draw.randrange(1, 200)} {draw.choice(STREETS)}")
    yield SKIP if draw.random() < 0.7 else replace(NOTE, says=draw.choice(NOTES))


def _maybe_tapped(step: Step, draw: random.Random) -> Step:
    """Half of the people type what they could tap."""
    return step if draw.random() < 0.5 else replace(step, tap="")


def _buyer(draw: random.Random) -> Iterator[Step]:
    yield HI
    yield ADD
    yield from _checkout(draw)
    yield CONFIRM


def _double_tapper(draw: random.Random) -> Iterator[Step]:
    yield HI
    yield ADD
    yield from _checkout(draw)
    yield replace(CONFIRM, twice=True)


def _mind_changer(draw: random.Random) -> Iterator[Step]:
    yield HI
    yield ADD
    yield replace(ADD, says="2, 1")
    yield CART
    yield REMOVE
    yield from _checkout(draw)
    yield EDIT
    yield from _checkout(draw)
    yield CONFIRM


PEOPLE: Mapping[str, Callable[[random.Random], Iterator[Step]]] = {
    "buyer": _buyer,
    "double_tapper": _double_tapper,
    "mind_changer": _mind_changer,
}
USUAL: Mapping[str, float] = {"buyer": 0.7, "double_tapper": 0.15, "mind_changer": 0.15}
"""How often each kind of person comes."""

REPLIES = 16
"""At most so many answers come to one visit; Meta's pace for one customer must have room for them."""


def somebody(draw: random.Random, people: Mapping[str, float]) -> tuple[str, list[Step]]:
    """A person, and everything that this person is going to say."""
    kind = draw.choices(list(people), weights=list(people.values()))[0]
    return kind, [_maybe_tapped(step, draw) if step.tap else step for step in PEOPLE[kind](draw)]
