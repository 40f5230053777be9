"""One letter, one turn: what a customer's conversation becomes, purely.

Everything that holds in every flow (flows.md) happens here and in no flow: global words, choices, stale taps, what is
not understood, silence, handing over to a human. What is particular to a kind of shop is an arrow of its flow.
"""

from __future__ import annotations

import msgspec

from engine import (
    abandoned,
    aftermath,
    announcing,
    asides,
    billing,
    cockpit,
    digest,
    hearing,
    naming,
    notes,
    owner,
    reminding,
    service,
    silence,
    tongues,
)
from engine.address import Millis
from engine.effects import (
    VISIBLE,
    AnyEffect,
    Ask,
    AskLocation,
    ClearTimer,
    MoveOrder,
    Say,
    SetTimer,
    ShowDocument,
    ShowImage,
    UseTemplate,
)
from engine.errors import FlowError
from engine.events import (
    AnyEvent,
    CrewCalled,
    HandoverWanted,
    Inbound,
    MessageWanted,
    News,
    Noticed,
    NumberChanged,
    OptionTapped,
    OwnerEchoed,
    PreferenceSet,
    Reacted,
    ReminderUnwanted,
    ReminderWanted,
    TimerFired,
    TooFast,
)
from engine.facts import AnyNeed, Facts, OrderNumbered, OwnCard, OwnOrders
from engine.flow import AnyFlowEvent, Cancelled, Expired, Flow, OrderEnded, Started, State
from engine.flows import flow_named
from engine.hearing import Aside, Heard, Meant, Unclear
from engine.invoices import NUMBER
from engine.messages import Purpose
from engine.offers import Old, Turned, ask_again, offer_of, turn_to
from engine.orders import OrderStatus
from engine.phrases import phrase, say
from engine.remembered import Conversation, dump, load
from engine.shop import Shop
from engine.silence import SESSION
from engine.turn import Turn, with_text
from engine.words import Word

__all__ = ["Conversation", "advance", "dump", "load", "needs"]

REPEATED_AT_MOST = 1_500
"""Characters of a tap's result that are kept for the same tap once more; a longer one is answered with where the
customer stands. Keeps an awake conversation small."""

_replace = msgspec.structs.replace


# -- what a turn needs to know -------------------------------------------------------------------------------------
def needs(c: Conversation, inbound: Inbound, shop: Shop, now: Millis) -> tuple[AnyNeed, ...]:
    """What has to be read before ``advance`` at the same ``now``. As little as possible: most needs cost a read."""
    c, inbound = cockpit.steered(c, inbound, shop)
    if cockpit.concerns(c, inbound, shop):
        return cockpit.needs(c, inbound, shop, now)
    needed = announcing.needs(_needs(c, inbound, shop, now), shop)
    if shop.terms.price_lists and needed:
        # Whoever looks at prices must know whose they are.
        return tuple(dict.fromkeys((*needed, OwnCard())))
    return needed


def _needs(c: Conversation, inbound: Inbound, shop: Shop, now: Millis) -> tuple[AnyNeed, ...]:
    event = inbound.event
    flow = flow_named(c.flow)
    match event:
        case PreferenceSet():
            return (OwnCard(),)
        case NumberChanged():
            return (OwnCard(),)
        case Reacted() | OwnerEchoed() | HandoverWanted():
            return ()
        case Noticed() | CrewCalled():
            return ()
        case TimerFired(kind) if digest.is_one(kind):
            return digest.needs(shop, now)
        case TimerFired(kind) if abandoned.is_one(kind):
            return abandoned.NEEDS
        case TimerFired(kind) if notes.is_note(kind):
            return notes.needs(kind)
        case ReminderWanted() | ReminderUnwanted():
            return ()
        case TimerFired(kind):
            return flow.needs_of(c.state, Expired() if kind == SESSION else event)
        case MessageWanted(menu=True):
            return flow.needs_of(c.state, Started())
        case TooFast():
            return ()
        case News():
            own = flow.arrow_for(type(c.state), type(event)) is not None
            return flow.needs_of(c.state, event) if own else owner.needs(event)
    wanted = _needs_of(hearing.hear(event, c.state, c.offer, flow, shop), c.state, flow)
    if not silence.over(c, flow, shop, now):
        return wanted
    # The session ends first, and the letter is then heard anew where that led.
    anew = _needs_of(hearing.hear(event, flow.initial, None, flow, shop), flow.initial, flow)
    return tuple(dict.fromkeys((*wanted, *flow.needs_of(c.state, Expired()), *anew)))


def _needs_of(heard: Heard, state: State, flow: Flow) -> tuple[AnyNeed, ...]:
    match heard:
        case Meant(meant):
            return flow.needs_of(state, meant)
        case Word("menu"):
            return flow.needs_of(state, Started())
        case Word("cancel", ""):
            return flow.needs_of(state, Cancelled())
        case Word("my orders"):
            return (OwnOrders(),)
        case Word("stop" | "subscribe" | "statement"):
            return (OwnCard(),)
        case Word("language", rest) if rest:
            return tuple(dict.fromkeys((*flow.needs, OwnCard())))
        case Word("track" | "cancel" as name, rest) if rest:
            number = service.order_number(rest, flow)
            if number is None:
                return ()
            return (OrderNumbered(number),) if name == "track" else owner.cancelling(number)
        case _:
            return flow.needs


# -- one turn ------------------------------------------------------------------------------------------------------
def advance(c: Conversation, inbound: Inbound, shop: Shop, facts: Facts) -> Turn:
    """What this letter does. Pure: ``facts.now`` is the only clock, ``facts.key`` the only source of ids.

    FlowError when the flow breaks its contract; nothing that a customer can send raises anything.
    """
    before = c
    c, links = naming.addressed(c, inbound)
    c, inbound = cockpit.steered(c, inbound, shop)
    event = inbound.event
    match event:
        case _ if cockpit.concerns(c, inbound, shop):
            turn = cockpit.turn(c, inbound, shop, facts)
        case Reacted():
            turn = Turn(c)
        case TimerFired():
            turn = _timer(c, event, inbound.sent_at, shop, facts)
        case TooFast():
            turn = asides.too_fast(c, facts)
        case HandoverWanted(human):
            turn = service.handed_over(c, shop, facts) if human else service.handed_back(c)
        case Noticed():
            turn = announcing.said(c, event, shop, facts)
        case CrewCalled():
            turn = silence.noted(digest.called(c, shop, facts))
        case ReminderWanted() | ReminderUnwanted():
            turn = notes.wished(event, c)
        case News():
            turn = _news(c, event, shop, facts)
        case NumberChanged():
            turn = naming.changed(c, event, inbound.sender, facts)
        case OwnerEchoed(text):
            back = " ".join(text.split()).casefold() == shop.handover_word.casefold()
            turn = service.handed_back(c) if back else service.handed_over(c, shop, facts)
        case PreferenceSet(wants_marketing):
            turn = Turn(c, (service.prefer(wants_marketing, c, shop, facts),))
        case _:
            turn = _heard(c, inbound, shop, facts)
    turn = billing.billed(turn, shop, facts)
    turn = reminding.noted(before, event, turn, shop, facts)
    turn = announcing.noted(turn, event, shop, facts)
    return _replace(turn, links=links) if links else turn


def _heard(c: Conversation, inbound: Inbound, shop: Shop, facts: Facts) -> Turn:
    """A customer's message: first whatever silence did, then what it means, then what follows from every turn."""
    flow, event = flow_named(c.flow), inbound.event
    before: tuple[AnyEffect, ...] = ()
    if silence.over(c, flow, shop, facts.now):
        c, before = silence.expire(c, flow, shop, facts)
        facts = aftermath.seen(facts, before)
    if c.phone != facts.phone:
        facts = _replace(facts, phone=c.phone)
    first = not c.heard_at
    c = _replace(c, heard_at=facts.now, written_at=max(c.written_at, min(inbound.sent_at, facts.now)))
    if facts.now < c.silent_until:
        return _silently(c, event, flow, shop, facts, before)
    c = tongues.adopted(c, event, flow, shop)
    if c.language != facts.language:
        facts = _replace(facts, language=c.language)
    turn = _answer(c, event, flow, shop, facts)
    if first:
        turn = tongues.introduced(turn, shop)
    return _finish(turn, before, flow, shop, facts)


def _silently(
    c: Conversation, event: AnyEvent, flow: Flow, shop: Shop, facts: Facts, before: tuple[AnyEffect, ...]
) -> Turn:
    """A human answers: nothing is said. Only an opt-out still counts at once (flows.md, ``stop``)."""
    heard = hearing.hear(event, c.state, c.offer, flow, shop)
    if isinstance(heard, Word) and heard.name in ("stop", "subscribe"):
        before = (*before, service.prefer(heard.name == "subscribe", c, shop, facts))
    return silence.noted(Turn(c, before))


def _answer(c: Conversation, event: AnyEvent, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    tapped = event.option if isinstance(event, OptionTapped) else ""
    if tapped and tapped == c.tapped:
        return asides.same_tap(c, shop, facts)
    heard = hearing.hear(event, c.state, c.offer, flow, shop)
    match heard:
        case Old():
            return asides.where_you_are(
                c, phrase("That button belongs to an earlier message, so I changed nothing"), shop, facts
            )
        case Aside(aside):
            return asides.where_you_are(c, asides.aside(aside), shop, facts)
        case Unclear():
            return asides.missed(c, shop, facts)
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
            turn = service.ANSWERS[name](_replace(c, missed=0), rest, shop, facts)
            return _without_order(turn, flow, shop, facts) if name == "cancel" else turn
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
    if missed >= asides.MISSES_BEFORE_HUMAN:
        effects = with_text(effects, "", "\n\n" + say(c.language, "Or say *agent* to talk to a person."))
    return Turn(_replace(c, state=step.state, offer=offer, missed=missed), effects)


def _without_order(turn: Turn, flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """Where the turn cancelled an order, its flow goes on without it: what stood at that order would be stale."""
    c = turn.conversation
    moves = [effect.move for effect in turn.effects if isinstance(effect, MoveOrder)]
    ended = [move.number for move in moves if move.to is OrderStatus.CANCELLED]
    if not ended or flow.arrow_for(type(c.state), OrderEnded) is None:
        return turn
    step = flow.run(c.state, OrderEnded(ended[0]), shop, facts)
    if type(step.state) is type(c.state):
        return silence.noted(Turn(_replace(c, state=step.state), turn.effects + step.effects))
    shown = [Say(one.text, one.purpose) if isinstance(one, Ask) else one for one in turn.effects]
    left = _replace(c, state=step.state, offer=None, told_at=facts.now)
    return silence.noted(Turn(left, (*shown, *step.effects)))


def _page(c: Conversation, page: int) -> Turn:
    """Another page of the open question; numbers go on from the page before."""
    if c.offer is None:
        return Turn(c)
    offer = turn_to(c.offer, page)
    return Turn(
        _replace(c, offer=offer, missed=0), (ask_again(offer, say(c.language, "There is more to choose from:")),)
    )


def _remember_tap(turn: Turn, tapped: str) -> Turn:
    again = tuple([effect for effect in turn.effects if isinstance(effect, Say | Ask | AskLocation)])
    pictures = any(isinstance(effect, ShowImage | ShowDocument) for effect in turn.effects)
    said = "".join([effect.text for effect in again])
    # An invoice's number is put into what is sent, not into what is remembered.
    if pictures or len(said) > REPEATED_AT_MOST or NUMBER in said:
        again = ()
    return Turn(_replace(turn.conversation, tapped=tapped, again=again), turn.effects)


# -- silence and timers --------------------------------------------------------------------------------------------
def _timer(c: Conversation, event: TimerFired, due: Millis, shop: Shop, facts: Facts) -> Turn:
    """A timer came due. One that another has replaced is ignored here, for all flows."""
    if c.timers.get(event.kind) != event.turn:
        return Turn(c, () if event.kind in c.timers else (ClearTimer(event.kind),))
    if digest.is_one(event.kind):
        return silence.noted(digest.fired(event.kind, c, shop, facts))
    flow = flow_named(c.flow)
    if event.kind == SESSION:
        return silence.session_timer(c, flow, shop, facts)
    if (later := reminding.waits_until(event.kind, c, shop, facts)) > facts.now:
        # A human is talking to the customer, or it is night there: the flow's reminders wait for the end of it.
        return silence.noted(Turn(c, (SetTimer(event.kind, later),)))
    if abandoned.is_one(event.kind):
        return silence.noted(abandoned.fired(event.kind, due, c, shop, facts))
    if notes.is_note(event.kind):
        return notes.fired(event.kind, due, c, shop, facts)
    c = _replace(silence.without_timer(c, event.kind), tapped="", again=())
    cleared = ClearTimer(event.kind)
    if flow.arrow_for(type(c.state), TimerFired) is None:
        return Turn(c, (cleared,))
    turn = _follow(c, event, flow, shop, facts)
    if any(isinstance(effect, SetTimer) and effect.kind == event.kind for effect in turn.effects):
        return _finish(turn, (), flow, shop, facts)
    return _finish(turn, (cleared,), flow, shop, facts)


def _news(c: Conversation, event: News, shop: Shop, facts: Facts) -> Turn:
    """Something that our own house tells: the flow's business where it has an arrow for it, else the owner's wish that
    is the same in all flows, else nothing.

    It is no word of the customer's, so silence goes on being measured from their last one. While a human talks to the
    customer only orders and payments are spoken of.
    """
    flow = flow_named(c.flow)
    meant: AnyFlowEvent = Started() if isinstance(event, MessageWanted) and event.menu else event
    if flow.arrow_for(type(c.state), type(meant)) is None:
        return _without_order(Turn(c, owner.effects(event, c.language, shop, facts)), flow, shop, facts)
    before = type(c.state)
    turn = _follow(_replace(c, tapped="", again=()), meant, flow, shop, facts)
    if type(turn.conversation.state) is not before:
        turn = Turn(_replace(turn.conversation, told_at=facts.now), turn.effects)
    turn = _finish(turn, (), flow, shop, facts)
    if facts.now >= c.silent_until:
        return turn
    stays = type(turn.conversation.state) is before  # the question of another state would be answered in this one
    told = tuple([one for effect in turn.effects for one in _told_aside(effect)])
    return Turn(_replace(turn.conversation, offer=c.offer if stays else None), told, turn.links)


def _told_aside(effect: AnyEffect) -> tuple[AnyEffect, ...]:
    """What of an effect remains while a human answers: every wish, and what is told of orders and payments, with their
    papers. A question among that is told without its choices, for nobody would hear the answer."""
    match effect:
        case Ask(text, purpose=Purpose.ORDER | Purpose.PAYMENT as purpose):
            return (Say(text, purpose),)
        case Say(purpose=purpose) | UseTemplate(purpose=purpose):
            return (effect,) if purpose in (Purpose.ORDER, Purpose.PAYMENT) else ()
        case ShowImage(paper=paper) | ShowDocument(paper=paper):
            return (effect,) if paper else ()
        case _:
            return () if isinstance(effect, VISIBLE) else (effect,)


def _finish(turn: Turn, before: tuple[AnyEffect, ...], flow: Flow, shop: Shop, facts: Facts) -> Turn:
    """What follows every answer: news of an expired session, the session timer, the timers' turns."""
    c, effects = turn.conversation, turn.effects
    if c.expired and any(isinstance(effect, VISIBLE) for effect in effects):
        c = _replace(c, expired=False)
        effects = with_text(effects, silence.expiry_news(c.language, shop) + "\n\n", "")
    if any(isinstance(effect, SetTimer | ClearTimer) and effect.kind == SESSION for effect in effects):
        raise FlowError(f"flow {flow.name!r}: the timer {SESSION!r} is not for flows")
    effects = before + effects
    if SESSION not in c.timers and silence.begun(c, flow):
        effects = (*effects, SetTimer(SESSION, facts.now + shop.session))
    elif not any(isinstance(effect, SetTimer | ClearTimer) for effect in effects):
        return Turn(c, effects)
    return silence.noted(Turn(c, effects))
