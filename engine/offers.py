"""What was offered, kept with the conversation, so that a tap, a row, a typed number and the words are one choice.

Each question has a number of its own, the turn that asked it. A choice goes over the wire as "<question>:<index>", so
that an old button is known as old, and "<question>:more:<page>" turns the page of a long list.
"""

from __future__ import annotations

import re

import msgspec

from engine import fit, text
from engine.effects import Ask, Option
from engine.messages import Limits
from engine.words import command, is_command

_CHOICE = re.compile(r"([0-9]{1,10}):([0-9]{1,5})")
_MORE = re.compile(r"([0-9]{1,10}):more:([0-9]{1,5})")


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A live question. ``page`` is on the screen now; beyond ``furthest`` no number was ever seen.

    ``below`` is the flow's own question under one of the conversation's (which language? a human?): it stays open.
    """

    question: int
    options: tuple[Option, ...]
    numbered: bool = True
    button: str = ""
    page: int = 0
    furthest: int = 0
    below: Offer | None = None

    @property
    def shown(self) -> tuple[tuple[int, Option], ...]:
        """What is visible, each with its index on the wire."""
        return tuple((index, option) for index, option in enumerate(self.options) if not option.hidden)


class Picked(msgspec.Struct, frozen=True):
    """An option of a live question was chosen, however."""

    option: Option


class Turned(msgspec.Struct, frozen=True):
    """A further page of a live question is wanted."""

    page: int


class Old(msgspec.Struct, frozen=True):
    """A tap on a question that is no longer open."""


def offer_of(ask: Ask, question: int, below: Offer | None = None) -> Offer:
    """The offer that an Ask makes."""
    return Offer(question, ask.options, ask.numbered, ask.button, below=below)


def ask_again(offer: Offer, said: str) -> Ask:
    """The same question in other words; its earlier buttons stay good."""
    return Ask(said, offer.options, offer.button, offer.numbered)


def tapped(offer: Offer | None, option: str, limits: Limits) -> Picked | Turned | Old | None:
    """What the tap on ``option`` means; None when the id is not one of ours (a template's button)."""
    if found := _CHOICE.fullmatch(option):
        live = _asked(offer, int(found[1]))
        if live is None or int(found[2]) >= len(live.options):
            return Old()
        return Picked(live.options[int(found[2])])
    if found := _MORE.fullmatch(option):
        return _turned(offer, int(found[1]), int(found[2]), limits)
    return None


def _turned(offer: Offer | None, question: int, page: int, limits: Limits) -> Turned | Old:
    """A page of the top question; one below would come up under the wrong words."""
    if offer is None or offer.question != question or page >= fit.pages(len(offer.shown), limits)[1]:
        return Old()
    return Turned(page)


def _asked(offer: Offer | None, question: int) -> Offer | None:
    while offer is not None and offer.question != question:
        offer = offer.below
    return offer


def typed(offer: Offer | None, folded: str, limits: Limits) -> Picked | None:
    """What typed words choose: an option's number as the customer sees it, its title, or another of its words.

    Where those are commands, any spelling of them in any language does: "haan" for "हाँ", "yes" for "Ndiyo".
    """
    meant = command(folded)
    known = is_command(meant)
    while offer is not None:
        for option in offer.options:
            if folded in option.words or folded == text.words(option.title):
                return Picked(option)
            if known and (meant in option.words or meant == command(option.title)):
                return Picked(option)
        if offer.numbered and (number := text.number(folded)) is not None:
            shown = offer.shown
            if 1 <= number <= min(len(shown), seen(offer, limits)):
                return Picked(shown[number - 1][1])
        offer = offer.below
    return None


def seen(offer: Offer, limits: Limits) -> int:
    """How many of the shown options the customer has seen so far."""
    size, _ = fit.pages(len(offer.shown), limits)
    return size * (offer.furthest + 1)


def next_page(offer: Offer | None, limits: Limits) -> int | None:
    """The page behind the furthest one shown, or None when all was shown."""
    if offer is None:
        return None
    _, last = fit.pages(len(offer.shown), limits)
    return offer.page + 1 if offer.page + 1 < last else None


def turn_to(offer: Offer, page: int) -> Offer:
    """The offer with another page on the screen."""
    return msgspec.structs.replace(offer, page=page, furthest=max(page, offer.furthest))
