"""What customers say to a dealer: lists of goods, changes of a line, and the words around an order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, TypeAlias

from engine import doubts, matcher, text, words
from engine.flow import FlowEvent
from engine.folding import TEXTS_REMEMBERED
from engine.ordering import Done, MoreAsked
from engine.phrases import phrase


# -- what customers say --------------------------------------------------------------------------------------------
class Listed(FlowEvent, frozen=True):
    """Goods by name, or the answer to the question that is open. ``adds``: said to come on top of what is there."""

    label: ClassVar[str] = '"100 bags cement"'
    said: str
    adds: bool = False


class Removed(FlowEvent, frozen=True):
    """Lines are to go, by their numbers or a name."""

    label: ClassVar[str] = '"remove 2"'
    what: str


class LinesSet(FlowEvent, frozen=True):
    """(line number, quantity) pairs; quantity 0 takes the line out."""

    label: ClassVar[str] = '"2, 50"'
    pairs: tuple[tuple[int, int], ...]


class LeftOut(FlowEvent, frozen=True):
    """None of the options: the line that was asked about is dropped."""

    label: ClassVar[str] = '"none of these"'


class ProductsAsked(FlowEvent, frozen=True):
    """What is sold, with this customer's prices."""

    label: ClassVar[str] = '"products"'


class Confirmed(FlowEvent, frozen=True):
    """The order is right as it was read back."""

    label: ClassVar[str] = '"1"'


class Changed(FlowEvent, frozen=True):
    """It is to be changed."""

    label: ClassVar[str] = '"2"'


class Dropped(FlowEvent, frozen=True):
    """It is not wanted any more."""

    label: ClassVar[str] = '"3"'


class PayAsked(FlowEvent, frozen=True):
    """How to pay for what is owed."""

    label: ClassVar[str] = '"pay"'


class Thanked(FlowEvent, frozen=True):
    """A friendly word after the order."""

    label: ClassVar[str] = '"thanks"'


CHOICES: dict[str, FlowEvent] = {
    doubts.NONE: LeftOut(),
    "done": Done(),
    "confirm": Confirmed(),
    "change": Changed(),
    "drop": Dropped(),
}
"""Value of an Option of ours → what choosing it means."""

WORDS: Mapping[str, FlowEvent] = {
    "done": Done(),
    "cart": Done(),
    "ok": Done(),
    "products": ProductsAsked(),
    "browse": ProductsAsked(),
    "more": MoreAsked(),
    "none": LeftOut(),
    "no": LeftOut(),
    "skip": LeftOut(),
}


BEFORE: Mapping[str, FlowEvent] = {
    "products": ProductsAsked(),
    "browse": ProductsAsked(),
    "more": MoreAsked(),
    "pay": PayAsked(),
}
ANSWERS: Mapping[str, FlowEvent] = {
    **dict.fromkeys(("confirm", "yes", "ok"), Confirmed()),
    **dict.fromkeys(("change", "edit"), Changed()),
    "no": Dropped(),
}
AFTERWARDS: Mapping[str, FlowEvent] = {
    **dict.fromkeys(("confirm", "yes", "1"), Confirmed()),
    **dict.fromkeys(("thanks", "ok", "👍", "🙏"), Thanked()),
}


def read_list(said: str) -> FlowEvent | None:
    """What typed text means before there is an order: a list of goods, or a wish to see what there is."""
    command = words.command(said)
    if command in BEFORE or command in WORDS:
        return BEFORE.get(command)
    return Listed(said) if _names_goods(said) else None


def read(said: str, asked: bool) -> FlowEvent | None:
    """What typed text means while an order is made; None when nothing. ``asked``: a question about a line is open, to
    which a number or any words may be the answer ("50", "the 53 grade")."""
    command = words.command(said)
    if command in WORDS:
        return WORDS[command]
    verb, _, rest = command.partition(" ")
    if verb == "remove" and rest:
        return Removed(rest)
    if text.number(said) is not None:
        return Listed(said) if asked else None
    pairs = text.pairs(said)
    if isinstance(pairs, tuple):
        return LinesSet(pairs)
    if _names_goods(said) or (asked and any(one.isalnum() for one in said)):
        return Listed(said, adds=verb == "add")
    return None


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _names_goods(said: str) -> bool:
    """Asked twice in a turn: what must be read for it is decided before it is taken."""
    return bool(matcher.read(said))


def read_answer(said: str) -> FlowEvent | None:
    """What typed text means when the order was read back; no question about a line is open then."""
    meant = ANSWERS.get(words.command(said)) or read(said, asked=False)
    return None if isinstance(meant, LeftOut | Done) else meant


def read_afterwards(said: str) -> FlowEvent | None:
    """What typed text means when the order is placed."""
    return AFTERWARDS.get(words.command(said)) or read_list(said)


# -- what is expected ----------------------------------------------------------------------------------------------
Expected: TypeAlias = tuple[str, str, tuple[str, ...]]
"""What is expected, as the second half of a sentence; an example; and everything that can be said, a line each."""

_LIST = phrase("*{example}* – what you need and how much, all at once or one item a line")
_PRODUCTS = phrase("*products* – what we have, with your prices")
_BUYING = (_LIST, _PRODUCTS, phrase("*pay* – pay for an order"))
_CHANGING = (_LIST, phrase("*1, 50* – make line 1 fifty; *remove 1* – take line 1 out"), _PRODUCTS)

A_LIST: Expected = (phrase("please write what you need and how much"), "{example}", _BUYING)
CHANGES: Expected = (
    phrase("please send more goods, change a line, or say *done*"),
    phrase("done"),
    (*_CHANGING, phrase("*done* – see the whole order")),
)
AN_ANSWER: Expected = (
    phrase("please say *confirm* to order, *change* to change it, or *cancel*"),
    phrase("confirm"),
    (phrase("*confirm* – place the order"), phrase("*change* – change it"), *_CHANGING),
)
A_NAME: Expected = (
    phrase("please tell me the name of your business"),
    phrase("Sharma & Sons"),
    (phrase("The name of your business, as it shall stand on the invoice"),),
)
ANOTHER_LIST: Expected = (
    phrase("your order *{number}* is placed; please write what you need next"),
    "{example}",
    (phrase("*track {number}* – see how your order goes"), *_BUYING),
)
