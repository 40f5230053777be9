"""Reminders that the owner writes: a text for a customer, at a moment, in any flow.

ReminderWanted("fitting-7", "Your suit can be tried on tomorrow.", due, "owner")
    → the timer ``note:fitting-7`` and its row in the ledger, which holds the text until it is said
"""

from __future__ import annotations

from engine.address import Millis
from engine.effects import AnyEffect, ClearTimer, Say, SetTimer, Unsaid
from engine.events import ReminderUnwanted, ReminderWanted
from engine.facts import AnyNeed, Facts, ReminderNamed
from engine.messages import Purpose
from engine.remembered import Conversation
from engine.shop import Shop
from engine.silence import noted
from engine.timers import policy_of
from engine.turn import Turn
from engine.window import told

KIND = "note"
TEMPLATE = "note"
"""What a shop's template for it is called in its terms; it has one parameter, the text."""


def is_note(kind: str) -> bool:
    """Whether a timer is one of these."""
    return kind.partition(":")[0] == KIND


def kind_of(name: str) -> str:
    """The timer, and the ledger's row, of the reminder that the owner calls so."""
    return f"{KIND}:{name}"


def needs(kind: str) -> tuple[AnyNeed, ...]:
    """Its row, which has the text."""
    return (ReminderNamed(kind),)


def wished(event: ReminderWanted | ReminderUnwanted, c: Conversation) -> Turn:
    """The owner wants a reminder, or takes one back that is not due yet; taking back whatever else is nothing."""
    match event:
        case ReminderWanted(name, due=due):
            return noted(Turn(c, (SetTimer(kind_of(name), due),)))
        case ReminderUnwanted(kind) if kind in c.timers and policy_of(kind).reminder:
            return noted(Turn(c, (ClearTimer(kind),)))
        case _:
            return Turn(c)


def fired(kind: str, due: Millis, c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """It came due."""
    row = next((one for one in facts.reminders if one.id == kind), None)
    late = facts.now - due > policy_of(kind).useful
    effects: tuple[AnyEffect, ...] = (Unsaid("late" if late else "over"),)
    if row is not None and row.text and not late:
        effects = told((Say(row.text, Purpose.ORDER),), TEMPLATE, (" ".join(row.text.split()),), shop, facts)
    return noted(Turn(c, (ClearTimer(kind), *effects)))
