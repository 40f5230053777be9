"""Wishes to the world, in the imperative: plain data that a flow returns and the shell grants after the commit."""

from __future__ import annotations

import msgspec

from engine.address import Millis
from engine.messages import Purpose
from engine.orders import Customer, Hold, Order, OrderMove


class Effect(msgspec.Struct, frozen=True, tag=True):
    """The root of every wish."""


class Say(Effect, frozen=True):
    """Show ``text``. Longer than the channel's limit: it goes out as several messages, split at line ends."""

    text: str
    purpose: Purpose = Purpose.REPLY


class Option(msgspec.Struct, frozen=True):
    """One answer to a question. ``value`` is what the flow gets back in ``Chosen``; ``words`` are further spellings.

    ``hidden`` options are understood when typed but not shown.
    """

    value: str
    title: str
    description: str = ""
    words: tuple[str, ...] = ()
    hidden: bool = False


class Ask(Effect, frozen=True):
    """Show ``text`` with options to choose from. Titles are shortened to the channel's limits and kept distinct.

    ``numbered``: a typed number chooses too, as the customer sees them (``2`` = the second option ever shown for this
    question, across "more" pages). ``button`` is what a list opens on.
    """

    text: str
    options: tuple[Option, ...]
    button: str = "Choose"
    numbered: bool = True
    purpose: Purpose = Purpose.REPLY


class AskLocation(Effect, frozen=True):
    """Ask for a place, with a map button where the channel has one."""

    text: str


class ShowImage(Effect, frozen=True):
    """Send a picture by public link or from a file of ours."""

    link: str = ""
    path: str = ""
    caption: str = ""


class ShowDocument(Effect, frozen=True):
    """Send a file by public link or from a file of ours."""

    filename: str
    link: str = ""
    path: str = ""
    caption: str = ""


class PlaceOrder(Effect, frozen=True):
    order: Order


class MoveOrder(Effect, frozen=True):
    move: OrderMove


class SaveCustomer(Effect, frozen=True):
    customer: Customer


class TakeHold(Effect, frozen=True):
    hold: Hold


class ReleaseHold(Effect, frozen=True):
    hold_id: str


class SetTimer(Effect, frozen=True):
    """Come back with ``TimerFired(kind)`` at ``due``; setting the same kind again moves it."""

    kind: str
    due: Millis


class ClearTimer(Effect, frozen=True):
    kind: str


AnyEffect = (
    Say
    | Ask
    | AskLocation
    | ShowImage
    | ShowDocument
    | PlaceOrder
    | MoveOrder
    | SaveCustomer
    | TakeHold
    | ReleaseHold
    | SetTimer
    | ClearTimer
)

VISIBLE = (Say, Ask, AskLocation, ShowImage, ShowDocument)
"""The wishes that become messages; all others become rows."""
