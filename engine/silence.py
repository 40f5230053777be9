"""When a customer says nothing for long: the end of a session, and the one timer that watches for it.

At most one session timer is outstanding. It is not moved by every message; it is set again when it fires too early, so
that an ordinary turn writes no timer row. And nothing depends on it: a message that comes after the silence ends the
session first, whether the timer ran, runs late or never runs.
"""

from __future__ import annotations

import msgspec

from engine import abandoned
from engine.address import MINUTE, Millis
from engine.effects import VISIBLE, AnyEffect, ClearTimer, SetTimer
from engine.facts import Facts
from engine.flow import Expired, Flow
from engine.phrases import say_count
from engine.remembered import Conversation
from engine.shop import Shop
from engine.turn import Turn

SESSION = "session"
"""The kind of the timer that ends a silent session; not for flows."""


def begun(c: Conversation, flow: Flow) -> bool:
    """Whether there is a session that could end."""
    return type(c.state) is not type(flow.initial)


def since(c: Conversation) -> Millis:
    """Where the silence began."""
    return max(c.heard_at, c.told_at)


def over(c: Conversation, flow: Flow, shop: Shop, now: Millis) -> bool:
    """Whether the customer was silent for the shop's session time."""
    return now - since(c) >= shop.session and begun(c, flow)


def expire(c: Conversation, flow: Flow, shop: Shop, facts: Facts) -> tuple[Conversation, tuple[AnyEffect, ...]]:
    """End a silent session: the cart and its holds go, but for a cart that the shop wants to remind of. Nothing is said
    until the customer writes again."""
    step = flow.run(c.state, Expired(), shop, facts)
    kept = abandoned.kept(c.state, flow, shop)
    news = c.expired or (kept is None and type(c.state) not in flow.resting)
    c = msgspec.structs.replace(c, state=kept or step.state, offer=None, missed=0, tapped="", again=(), expired=news)
    return c, tuple(effect for effect in step.effects if not isinstance(effect, VISIBLE))


def session_timer(c: Conversation, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """The session timer: expire when the silence was long enough, else come back when it would be."""
    if begun(c, flow) and not over(c, flow, shop, facts.now):
        return noted(Turn(c, (SetTimer(SESSION, since(c) + shop.session),)))
    effects: tuple[AnyEffect, ...] = ()
    if begun(c, flow):
        c, effects = expire(c, flow, shop, facts)
        effects = (*effects, *abandoned.timer(c, shop, facts))
    return noted(Turn(without_timer(c, SESSION), (*effects, ClearTimer(SESSION))))


def noted(turn: Turn) -> Turn:
    """Note in the conversation which timers are outstanding, and let the last word on each kind stand alone."""
    last: dict[str, SetTimer | ClearTimer] = {}
    for effect in turn.effects:
        if isinstance(effect, SetTimer | ClearTimer):
            last[effect.kind] = effect
    timers = {kind: at for kind, at in turn.conversation.timers.items() if kind not in last}
    timers |= {kind: turn.conversation.turn for kind, effect in last.items() if isinstance(effect, SetTimer)}
    others = tuple([effect for effect in turn.effects if not isinstance(effect, SetTimer | ClearTimer)])
    return Turn(msgspec.structs.replace(turn.conversation, timers=timers), (*others, *last.values()))


def without_timer(c: Conversation, kind: str) -> Conversation:
    return msgspec.structs.replace(c, timers={one: turn for one, turn in c.timers.items() if one != kind})


def expiry_news(language: str, shop: Shop) -> str:
    return say_count(
        language,
        "It was quiet for {count} minute, so what we had begun is cleared and we start anew.",
        "It was quiet for {count} minutes, so what we had begun is cleared and we start anew.",
        max(1, shop.session // MINUTE),
    )
