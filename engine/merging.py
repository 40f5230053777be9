"""One conversation of two, when two customers are found to be one (engine.identity); purely.

The survivor's stays as it is, unless it rests while the other is in the midst of something: nobody shall lose a cart
because the shop learns their phone. Questions are numbered by turns, and both have counted theirs from 1: a number that
the other may have used too is changed, so that its old buttons are known as old.
"""

from __future__ import annotations

import msgspec

from engine import silence
from engine.address import Millis
from engine.flow import Flow
from engine.flows import flow_named
from engine.identity import Identity, Merge
from engine.remembered import Conversation, dump, load
from engine.service import flows_offer
from engine.shop import Shop

_replace = msgspec.structs.replace


def one_person(elder: Identity, younger: Identity) -> bool:
    """Whether two customers who were named together may be made one. Two phones are two people as long as nobody says
    that a number was changed: what else would tell the buyer of a used number from its owner of before?"""
    return not (elder.called("phone") and younger.called("phone"))


def merge_of(elder: Identity, younger: Identity, shop: Shop, now: Millis) -> Merge:
    """What makes one of both."""
    ours, theirs = load(elder.snapshot, shop), load(younger.snapshot, shop)
    both = united(ours, theirs, shop, now)
    return Merge(
        shop=shop.name,
        survivor=elder.customer,
        gone=younger.customer,
        version=both.turn,
        gone_version=younger.version,
        snapshot=dump(both),
        at=now,
        heard=both.last_written,
    )


def united(ours: Conversation, theirs: Conversation, shop: Shop, now: Millis) -> Conversation:
    """The survivor's conversation after the merge, which counts as a turn of it."""
    flow, turn = flow_named(shop.flow), ours.turn + 1
    last, first = (theirs, ours) if theirs.last_written > ours.last_written else (ours, theirs)
    stays, other = (theirs, ours) if _busy(theirs, flow, shop, now) > _busy(ours, flow, shop, now) else (ours, theirs)
    speaks = theirs if theirs.language_chosen and not ours.language_chosen else ours
    c = _replace(
        stays,
        turn=turn,
        phone=last.phone or first.phone,
        user_id=last.user_id or first.user_id,
        provider_id=last.provider_id or first.provider_id,
        language=speaks.language,
        language_chosen=speaks.language_chosen,
        heard_at=max(ours.heard_at, theirs.heard_at),
        written_at=last.last_written,
        told_at=max(ours.told_at, theirs.told_at),
        silent_until=max(ours.silent_until, theirs.silent_until),
        timers=dict.fromkeys(theirs.timers, turn) | ours.timers,
    )
    return _renumbered(c, other.turn)


def _busy(c: Conversation, flow: Flow, shop: Shop, now: Millis) -> int:
    """How much would be lost with a conversation: nothing, where it stands, or what was begun."""
    if c.state == flow.initial or silence.over(c, flow, shop, now):
        return 0
    return 1 if type(c.state) in flow.resting else 2


def _renumbered(c: Conversation, others: int) -> Conversation:
    """With no open question whose number is among the ``others``: the flow's own, whose buttons are shown anew when an
    old one is tapped."""
    own = flows_offer(c.offer)
    if own is None or own.question > others:
        return c
    return _replace(c, offer=_replace(own, question=c.turn), tapped="", again=())
