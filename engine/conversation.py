"""One letter, one turn: what a customer's conversation becomes, purely.

Everything that holds in every flow (flows.md) happens here and in no flow: global words, choices, stale taps, what is
not understood, silence, handing over to a human. What is particular to a kind of shop is an arrow of its flow.
"""

from __future__ import annotations

import msgspec

from engine import hearing, service
from engine.address import MINUTE, Link
from engine.effects import (
    VISIBLE,
    AnyEffect,
    Ask,
    AskLocation,
    ClearTimer,
    Option,
    Say,
    SetTimer,
    ShowDocument,
    ShowImage,
)
from engine.errors import FlowError
from engine.events import (
    AnyEvent,
    CartSent,
    ContactsSent,
    FormAnswered,
    Inbound,
    LocationSent,
    MediaSent,
    MessageDeleted,
    MessageEdited,
    NumberChanged,
    OptionTapped,
    OwnerEchoed,
    PreferenceSet,
    Reacted,
    TimerFired,
)
from engine.facts import AnyNeed, Facts, OrderNumbered, OwnCard, OwnOrders
from engine.flow import AnyFlowEvent, Cancelled, Expired, Flow, Started
from engine.flows import flow_named
from engine.hearing import Aside, Heard, Meant, Unclear
from engine.offers import Old, Turned, ask_again, offer_of
from engine.phrases import say, say_count
from engine.remembered import Conversation, dump, load
from engine.shop import Shop
from engine.turn import Turn
from engine.words import Word

__all__ = ["Conversation", "advance", "dump", "load", "needs"]

SESSION = "session"
"""The kind of the timer that ends a silent session. At most one is outstanding; it is not moved by every message, it
is set again when it fires too early: so an ordinary turn writes no timer row."""

MISSES_BEFORE_HUMAN = 3
"""The third time in a row that a customer is not understood, a human is offered."""

REPEATED_AT_MOST = 1_500
"""Characters of a tap's result that are kept for the same tap once more; a longer one is answered with where the
customer stands. Keeps an awake conversation small."""

_replace = msgspec.structs.replace


# -- what a turn needs to know -------------------------------------------------------------------------------------
def needs(c: Conversation, inbound: Inbound, shop: Shop) -> tuple[AnyNeed, ...]:
    """What has to be read before ``advance``. As little as possible: most needs cost a read."""
    event = inbound.event
    flow = flow_named(c.flow)
    match event:
        case PreferenceSet():
            return (OwnCard(),)
        case Reacted() | NumberChanged() | OwnerEchoed():
            return ()
        case TimerFired():
            arrow = flow.arrow_for(type(c.state), TimerFired)
            return flow.needs + (arrow.needs if arrow is not None else ())
    return _needs_of(hearing.hear(event, c.state, c.offer, flow, shop), c, flow)


def _needs_of(heard: Heard, c: Conversation, flow: Flow) -> tuple[AnyNeed, ...]:
    match heard:
        case Meant(meant):
            arrow = flow.arrow_for(type(c.state), type(meant))
            return flow.needs + arrow.needs if arrow is not None and arrow.needs else flow.needs
        case Word("my orders"):
            return (OwnOrders(),)
        case Word("stop" | "subscribe"):
            return (OwnCard(),)
        case Word("track" | "cancel", rest) if rest:
            number = service.order_number(rest, flow)
            return (OrderNumbered(number),) if number is not None else ()
        case _:
            return flow.needs


# -- one turn ------------------------------------------------------------------------------------------------------
def advance(c: Conversation, inbound: Inbound, shop: Shop, facts: Facts) -> Turn:
    """What this letter does. Pure: ``facts.now`` is the only clock, ``facts.key`` the only source of ids.

    FlowError when the flow breaks its contract; nothing that a customer can send raises anything.
    """
    c, links = _addressed(c, inbound)
    event = inbound.event
    match event:
        case Reacted():
            turn = Turn(c)
        case TimerFired():
            turn = _timer(c, event, shop, facts)
        case NumberChanged():
            turn = Turn(c)
        case OwnerEchoed():
            turn = Turn(_replace(c, silent_until=facts.now + shop.handover))
        case PreferenceSet(wants_marketing):
            turn = Turn(c, (service.prefer(wants_marketing, c, shop, facts),))
        case _:
            turn = _heard(c, event, shop, facts)
    return Turn(turn.conversation, turn.effects, links) if links else turn


def _addressed(c: Conversation, inbound: Inbound) -> tuple[Conversation, tuple[Link, ...]]:
    """The next turn's conversation, replies going to whoever wrote last; and the links that are new with it."""
    sender, event = inbound.sender, inbound.event
    phone, user_id = sender.phone or c.phone, sender.user_id or c.user_id
    if isinstance(event, NumberChanged):
        phone, user_id = event.new_phone or phone, event.new_user_id or user_id
    if phone == c.phone and user_id == c.user_id:
        return _replace(c, turn=c.turn + 1), ()
    links = dict.fromkeys((*sender.links(), Link("phone", phone), Link("user", user_id)))
    return (
        _replace(c, turn=c.turn + 1, phone=phone, user_id=user_id),
        tuple(link for link in links if link.value),
    )


def _heard(c: Conversation, event: AnyEvent, shop: Shop, facts: Facts) -> Turn:
    """A customer's message: first whatever silence did, then what it means, then what follows from every turn."""
    flow = flow_named(c.flow)
    before: tuple[AnyEffect, ...] = ()
    if facts.now - c.heard_at >= shop.session and type(c.state) is not type(flow.initial):
        c, before = _expire(c, flow, shop, facts)
    if c.phone != facts.phone:
        facts = _replace(facts, phone=c.phone)
    c = _replace(c, heard_at=facts.now)
    if facts.now < c.silent_until:
        return _silently(c, event, flow, shop, facts, before)
    turn = _answer(c, event, flow, shop, facts)
    return _finish(turn, before, flow, shop, facts)


def _silently(
    c: Conversation, event: AnyEvent, flow: Flow, shop: Shop, facts: Facts, before: tuple[AnyEffect, ...]
) -> Turn:
    """A human answers: nothing is said. Only an opt-out still counts at once (flows.md, ``stop``)."""
    heard = hearing.hear(event, c.state, c.offer, flow, shop)
    if isinstance(heard, Word) and heard.name in ("stop", "subscribe"):
        return Turn(c, (*before, service.prefer(heard.name == "subscribe", c, shop, facts)))
    return Turn(c, before)


def _answer(c: Conversation, event: AnyEvent, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    tapped = event.option if isinstance(event, OptionTapped) else ""
    if tapped and tapped == c.tapped:
        return _same_tap(c, shop, facts)
    heard = hearing.hear(event, c.state, c.offer, flow, shop)
    match heard:
        case Old():
            return _where_you_are(c, "That button belongs to an earlier message, so I changed nothing", shop, facts)
        case Aside(aside):
            return _where_you_are(c, _aside(aside), shop, facts)
        case Unclear():
            return _missed(c, shop, facts)
    turn = _understood(_replace(c, tapped="", again=()), heard, flow, shop, facts)
    return _remember_tap(turn, tapped) if tapped else turn


def _understood(c: Conversation, heard: Heard, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    match heard:
        case Meant(event):
            return _follow(c, event, flow, shop, facts)
        case Word("menu"):
            return _follow(c, Started(), flow, shop, facts)
        case Word("cancel", ""):
            return _follow(c, Cancelled(), flow, shop, facts)
        case Word(name, rest):
            return service.ANSWERS[name](_replace(c, missed=0), rest, shop, facts)
        case Turned(page):
            return _page(c, page)
        case _:
            raise FlowError(f"nothing is done about {heard!r}")


def _follow(c: Conversation, event: AnyFlowEvent, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """Let the flow take its step. A question that it asks replaces the open one; another state closes it."""
    step = flow.run(c.state, event, shop, facts)
    asks = [effect for effect in step.effects if isinstance(effect, Ask)]
    if len(asks) > 1:
        raise FlowError(f"flow {flow.name!r}: more than one question in a turn, for {event!r}")
    stays = type(step.state) is type(c.state)
    offer = offer_of(asks[0], c.turn) if asks else service.flows_offer(c.offer) if stays else None
    missed = c.missed + 1 if step.missed else 0
    effects = step.effects
    if missed >= MISSES_BEFORE_HUMAN:
        effects = _with_text(effects, "", "\n\n" + say(c.language, "Or say *agent* to talk to a person."))
    return Turn(_replace(c, state=step.state, offer=offer, missed=missed), effects)


def _page(c: Conversation, page: int) -> Turn:
    """Another page of the open question; numbers go on from the page before."""
    if c.offer is None:
        return Turn(c)
    offer = _replace(c.offer, page=page)
    return Turn(
        _replace(c, offer=offer, missed=0), (ask_again(offer, say(c.language, "There is more to choose from:")),)
    )


# -- what is not a step forward ------------------------------------------------------------------------------------
def _missed(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """Not understood: the state stays, and the customer hears what is expected, with an example."""
    here = service.guide(c, shop, facts)
    text = say(
        c.language,
        "Sorry, I didn't get that: {expected}, for example *{example}*. Say *help* to see what else you can say.",
        expected=here.expected,
        example=here.example,
    )
    c = _replace(c, missed=c.missed + 1, tapped="", again=())
    if c.missed < MISSES_BEFORE_HUMAN:
        return service.remark(c, text)
    human = Option("word:agent", say(c.language, "Talk to a person"))
    helping = Option("word:help", say(c.language, "Help"))
    text += "\n\n" + say(c.language, "Or would you like to talk to a person? Say *agent*.")
    return service.question(c, text, (human, helping), say(c.language, "Choose"), numbered=False)


def _where_you_are(c: Conversation, why: str, shop: Shop, facts: Facts) -> Turn:
    """One polite sentence: why nothing happened, and what is expected in this state."""
    here = service.guide(c, shop, facts)
    return service.remark(c, f"{say(c.language, why)}: {here.expected}.")


def _aside(event: AnyEvent) -> str:
    match event:
        case MediaSent(kind):
            return MEDIA.get(kind, MEDIA["document"])
        case MessageEdited():
            return "I saw that you changed an earlier message, but I only go by new ones"
        case MessageDeleted():
            return "I saw that you deleted an earlier message; nothing changed here"
        case _:
            return ASIDES.get(type(event), "Thank you, but I can't read that kind of message here")


MEDIA = {
    "image": "Thank you for the picture, but I can't look at pictures here",
    "video": "Thank you for the video, but I can't watch videos here",
    "audio": "Thank you for the voice message, but I can't listen to it here",
    "sticker": "Nice sticker, but I can't read it here",
    "document": "Thank you for the file, but I can't open files here",
}
ASIDES: dict[type[AnyEvent], str] = {
    ContactsSent: "Thank you for the contact, but I have no use for it here",
    LocationSent: "Thank you for the place, but I don't need one now",
    CartSent: "Thank you for the cart, but I can't take one here",
    FormAnswered: "Thank you for the form, but I can't take one here",
}
"""What can't be used, by kind: the first half of a sentence; the second says what is expected."""


def _same_tap(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """The choice that was just made, tapped again: its result once more, and nothing is done twice."""
    if c.again:
        return Turn(c, c.again)
    return _where_you_are(c, "That is done already, so I changed nothing", shop, facts)


def _remember_tap(turn: Turn, tapped: str) -> Turn:
    again = tuple([effect for effect in turn.effects if isinstance(effect, Say | Ask | AskLocation)])
    pictures = any(isinstance(effect, ShowImage | ShowDocument) for effect in turn.effects)
    if pictures or sum([len(effect.text) for effect in again]) > REPEATED_AT_MOST:
        again = ()
    return Turn(_replace(turn.conversation, tapped=tapped, again=again), turn.effects)


# -- silence and timers --------------------------------------------------------------------------------------------
def _expire(c: Conversation, flow: Flow, shop: Shop, facts: Facts) -> tuple[Conversation, tuple[AnyEffect, ...]]:
    """End a silent session: the cart and its holds go. Nothing is said until the customer writes again."""
    step = flow.run(c.state, Expired(), shop, facts)
    news = c.expired or type(c.state) not in flow.resting
    c = _replace(c, state=step.state, offer=None, missed=0, tapped="", again=(), expired=news)
    return c, tuple(effect for effect in step.effects if not isinstance(effect, VISIBLE))


def _timer(c: Conversation, event: TimerFired, shop: Shop, facts: Facts) -> Turn:
    """A timer came due. One that another has replaced is ignored here, for all flows."""
    if c.timers.get(event.kind) != event.turn:
        return Turn(c, () if event.kind in c.timers else (ClearTimer(event.kind),))
    flow = flow_named(c.flow)
    if event.kind == SESSION:
        return _session(c, flow, shop, facts)
    if facts.now < c.silent_until:
        # A human is talking to the customer: the flow's reminders wait until they are done.
        return _timed(Turn(c, (SetTimer(event.kind, c.silent_until),)))
    c = _without_timer(c, event.kind)
    cleared = ClearTimer(event.kind)
    if flow.arrow_for(type(c.state), TimerFired) is None:
        return Turn(c, (cleared,))
    turn = _follow(c, event, flow, shop, facts)
    if any(isinstance(effect, SetTimer) and effect.kind == event.kind for effect in turn.effects):
        return _finish(turn, (), flow, shop, facts)
    return _finish(turn, (cleared,), flow, shop, facts)


def _session(c: Conversation, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """The session timer: expire when the silence was long enough, else come back when it would be."""
    due = c.heard_at + shop.session
    if type(c.state) is not type(flow.initial) and facts.now < due:
        return _timed(Turn(c, (SetTimer(SESSION, due),)))
    effects: tuple[AnyEffect, ...] = ()
    if type(c.state) is not type(flow.initial):
        c, effects = _expire(c, flow, shop, facts)
    return _timed(Turn(_without_timer(c, SESSION), (*effects, ClearTimer(SESSION))))


def _finish(turn: Turn, before: tuple[AnyEffect, ...], flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """What follows every answer: news of an expired session, the session timer, the timers' turns."""
    c, effects = turn.conversation, turn.effects
    if c.expired and any(isinstance(effect, VISIBLE) for effect in effects):
        c = _replace(c, expired=False)
        effects = _with_text(effects, _expiry_news(c.language, shop) + "\n\n", "")
    if any(isinstance(effect, SetTimer | ClearTimer) and effect.kind == SESSION for effect in effects):
        raise FlowError(f"flow {flow.name!r}: the timer {SESSION!r} is not for flows")
    effects = before + effects
    if SESSION not in c.timers and type(c.state) is not type(flow.initial):
        effects = (*effects, SetTimer(SESSION, facts.now + shop.session))
    elif not any(isinstance(effect, SetTimer | ClearTimer) for effect in effects):
        return Turn(c, effects)
    return _timed(Turn(c, effects))


def _timed(turn: Turn) -> Turn:
    """Note in the conversation which timers are outstanding, and let the last word on each kind stand alone."""
    last: dict[str, SetTimer | ClearTimer] = {}
    for effect in turn.effects:
        if isinstance(effect, SetTimer | ClearTimer):
            last[effect.kind] = effect
    timers = {kind: at for kind, at in turn.conversation.timers.items() if kind not in last}
    timers |= {kind: turn.conversation.turn for kind, effect in last.items() if isinstance(effect, SetTimer)}
    others = tuple([effect for effect in turn.effects if not isinstance(effect, SetTimer | ClearTimer)])
    return Turn(_replace(turn.conversation, timers=timers), (*others, *last.values()))


def _without_timer(c: Conversation, kind: str) -> Conversation:
    return _replace(c, timers={one: turn for one, turn in c.timers.items() if one != kind})


def _expiry_news(language: str, shop: Shop) -> str:
    return say_count(
        language,
        "It was quiet for {count} minute, so what we had begun is cleared and we start anew.",
        "It was quiet for {count} minutes, so what we had begun is cleared and we start anew.",
        max(1, shop.session // MINUTE),
    )


def _with_text(effects: tuple[AnyEffect, ...], ahead: str, behind: str) -> tuple[AnyEffect, ...]:
    """Put words before the first text or behind the last one: one message stays one message."""
    texts = [at for at, effect in enumerate(effects) if isinstance(effect, Say | Ask | AskLocation)]
    if not texts:
        return (*((Say(ahead),) if ahead else ()), *effects, *((Say(behind),) if behind else ()))
    at = texts[0] if ahead else texts[-1]
    effect = effects[at]
    if not isinstance(effect, Say | Ask | AskLocation):
        return effects
    return (*effects[:at], _replace(effect, text=ahead + effect.text + behind), *effects[at + 1 :])
