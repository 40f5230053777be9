"""What a turn does to reminders, for all flows alike: kept out of quiet hours, taken back, and told to the ledger.

Flows set and clear timers and say what they have to say; whether that was a reminder, and what became of it, is found
here from the turn as a whole, so no flow can forget to tell. A reminder that nobody could read in time says nothing:
held until its customer writes, it would remind of what has long been paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine import abandoned
from engine.address import Millis
from engine.effects import (
    VISIBLE,
    AnyEffect,
    Ask,
    ClearTimer,
    HushReminders,
    MoveBooking,
    MoveOrder,
    MovePayment,
    NoteReminder,
    Say,
    SetTimer,
    Unsaid,
    UseTemplate,
)
from engine.events import AnyEvent, ReminderUnwanted, ReminderWanted, TimerFired
from engine.facts import Facts
from engine.orders import OrderStatus, PaymentStatus
from engine.remembered import Conversation
from engine.reminders import Reminder, ReminderState
from engine.shop import Shop
from engine.tickets import BookingStatus
from engine.timers import policy_of
from engine.turn import Turn
from engine.window import closed

STILL_OWED = frozenset({PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.FAILED})
GONE = frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED})

_replace = msgspec.structs.replace


def about(kind: str) -> str:
    """The order's number, or the booking's id, that a reminder's timer speaks of."""
    name, _, rest = kind.partition(":")
    return rest.rpartition(":")[0] if name == "reminder" else rest


def waits_until(kind: str, c: Conversation, shop: Shop, facts: Facts) -> Millis:
    """When a timer that came due may do its work: after the human, and where its policy says so after quiet hours."""
    return _out_of_quiet(kind, max(facts.now, c.silent_until), shop)


def noted(before: Conversation, event: AnyEvent, turn: Turn, shop: Shop, facts: Facts) -> Turn:
    """The turn with what it does to reminders; most turns do nothing to any."""
    settled = _settled(turn.effects)
    ended = [kind for kind in before.timers if kind in turn.conversation.timers and about(kind) in settled]
    ended = [kind for kind in ended if policy_of(kind).reminder]
    if turn.conversation.heard_at > before.heard_at:  # whoever writes need not be told what they left
        ended += [kind for kind in before.timers if kind in turn.conversation.timers and abandoned.is_one(kind)]
    turn = _without(ended, turn)
    if settled:
        turn = _replace(turn, effects=(*turn.effects, *map(HushReminders, settled)))
    if not any(isinstance(effect, SetTimer | ClearTimer) for effect in turn.effects):
        return turn
    fired = event.kind if isinstance(event, TimerFired) and before.timers.get(event.kind) == event.turn else ""
    unsaid = next((effect.reason for effect in turn.effects if isinstance(effect, Unsaid)), "")
    if policy_of(fired).reminder and not unsaid and _unreadable(turn.effects, facts):
        turn, unsaid = _unspoken(before, turn), "no_template"
    said = any(isinstance(effect, VISIBLE) for effect in turn.effects)
    effects: list[AnyEffect] = []
    for effect in turn.effects:
        match effect:
            case SetTimer(kind, due) if policy_of(kind).reminder:
                moved = "" if kind != fired or said else _why_later(before, facts)
                later = _out_of_quiet(kind, due, shop)
                text = event.text if isinstance(event, ReminderWanted) else ""
                effects += (SetTimer(kind, later), NoteReminder(Reminder(kind, SCHEDULED, later, moved, text=text)))
            case ClearTimer(kind) if policy_of(kind).reminder and kind in before.timers:
                end = _fired(kind, said, unsaid, facts) if kind == fired else _cancelled(kind, event, settled)
                effects += (effect, NoteReminder(end))
            case Unsaid():
                pass
            case _:
                effects.append(effect)
    return _replace(turn, effects=tuple(effects))


SCHEDULED = ReminderState.SCHEDULED


def _fired(kind: str, said: bool, unsaid: str, facts: Facts) -> Reminder:
    if said:
        return Reminder(kind, ReminderState.SENT, message=f"{facts.key}:0")
    return Reminder(kind, ReminderState.SKIPPED, reason=unsaid or "over")


def _cancelled(kind: str, event: AnyEvent, settled: Mapping[str, str]) -> Reminder:
    reason = "owner" if isinstance(event, ReminderUnwanted) else settled.get(about(kind), "over")
    return Reminder(kind, ReminderState.CANCELLED, reason=reason)


def _why_later(before: Conversation, facts: Facts) -> str:
    return "human" if facts.now < before.silent_until else "quiet_hours"


def _out_of_quiet(kind: str, due: Millis, shop: Shop) -> Millis:
    return shop.terms.quiet.over(due, shop.timezone) if policy_of(kind).quiet else due


# -- what ends a reminder ------------------------------------------------------------------------------------------
def _settled(effects: Iterable[AnyEffect]) -> dict[str, str]:
    """Orders and bookings that nobody needs to be reminded of after this turn, each with the reason."""
    found: dict[str, str] = {}
    for effect in effects:
        match effect:
            case MovePayment(move) if move.to not in STILL_OWED:
                found[move.number] = "paid"
            case MoveOrder(move) if move.to is OrderStatus.CANCELLED:
                found.setdefault(move.number, "cancelled")
            case MoveBooking(move) if move.to in GONE:
                found.setdefault(move.id, "cancelled")
            case _:
                pass
    return found


def _without(kinds: list[str], turn: Turn) -> Turn:
    """The turn with these timers off, where it does not turn them off, or set them, by itself."""
    named = {effect.kind for effect in turn.effects if isinstance(effect, SetTimer | ClearTimer)}
    off = [kind for kind in kinds if kind not in named]
    if not off:
        return turn
    timers = {kind: at for kind, at in turn.conversation.timers.items() if kind not in off}
    cleared = tuple([ClearTimer(kind) for kind in off])
    return _replace(turn, conversation=_replace(turn.conversation, timers=timers), effects=(*turn.effects, *cleared))


# -- what nobody could read ----------------------------------------------------------------------------------------
def _unreadable(effects: Iterable[AnyEffect], facts: Facts) -> bool:
    """Whether something is said, and all of it would be held until the customer writes."""
    shown = [effect for effect in effects if isinstance(effect, VISIBLE)]
    ready = any(isinstance(one, UseTemplate) or (isinstance(one, Say | Ask) and one.stand_in) for one in shown)
    return bool(shown) and closed(facts) and not ready


def _unspoken(before: Conversation, turn: Turn) -> Turn:
    """The turn without its words; a question that is not shown is not open either."""
    wishes = tuple([effect for effect in turn.effects if not isinstance(effect, VISIBLE)])
    stays = type(turn.conversation.state) is type(before.state)
    return _replace(
        turn, conversation=_replace(turn.conversation, offer=before.offer if stays else None), effects=wishes
    )
