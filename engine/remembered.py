"""What an actor remembers of one customer between two letters, and how that is kept on disk.

Small on purpose: tens of thousands are awake at once. A snapshot is JSON, so that it can be read by people and by the
next version of a flow.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.address import Address, Millis
from engine.books import Session
from engine.commit import Snapshot
from engine.diagram import state_name
from engine.effects import Ask, AskLocation, Say
from engine.flow import Flow, State, tag_of
from engine.flows import flow_named, names
from engine.offers import Offer
from engine.shop import Shop


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One customer's conversation after ``turn`` committed turns; the snapshot's version is the same number.

    ``phone`` and ``user_id``: where replies go, from whoever wrote last; ``provider_id``: what else they are called.
    ``language_chosen``: by the customer; until then it is the shop's own, or guessed from how they greet. ``heard_at``:
    when we last heard the customer.
    ``written_at``: when by the provider's clock they wrote that, which may be long before. ``told_at``: when our own
    house last moved them to another state (an offer of seats, a failed payment); silence is measured from the later of
    ``heard_at`` and that. ``missed``: how often in a row they were not understood.
    ``silent_until``: the bot says nothing before that (a human answers). ``expired``: the last session ended in
    silence, and they have not been told. ``nudged_at``: when they were last reminded of a cart.
    ``timers``: outstanding timers, kind → the turn that set it. ``tapped`` and ``again``: the choice that made the last
    turn and what it showed, for the same tap once more.
    ``shopping``: one of the shop's own people tries it as a customer does (engine.cockpit).
    """

    flow: str
    version: int
    state: State
    turn: int = 0
    phone: str = ""
    user_id: str = ""
    provider_id: str = ""
    language: str = "en"
    language_chosen: bool = False
    heard_at: Millis = 0
    written_at: Millis = 0
    told_at: Millis = 0
    missed: int = 0
    silent_until: Millis = 0
    expired: bool = False
    nudged_at: Millis = 0
    offer: Offer | None = None
    timers: dict[str, int] = {}
    tapped: str = ""
    again: tuple[Say | Ask | AskLocation, ...] = ()
    shopping: bool = False

    @property
    def last_written(self) -> Millis:
        """``written_at``; a snapshot of before it was noted has only ``heard_at``."""
        return self.written_at or self.heard_at


class _Stored(Conversation, frozen=True):
    """A snapshot as decoded: its state is only plain fields until the flow has read them."""

    state: Any


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Stored)


def dump(conversation: Conversation) -> bytes:
    """The snapshot's bytes: JSON, with the flow's name and version inside."""
    return _encoder.encode(conversation)


def load(snapshot: Snapshot | None, shop: Shop) -> Conversation:
    """The conversation as it was committed; a new one without a snapshot.

    A state of an older version is upgraded. One that can't be read (a newer version, another flow, damage) starts
    again, with the cart kept where the flow can find it; who the customer is, and the turn count, always stay.
    """
    flow = flow_named(shop.flow)
    if snapshot is None:
        return _fresh(flow, shop, 0)
    try:
        stored = _decoder.decode(snapshot.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _fresh(flow, shop, snapshot.version)
    ours = stored.flow == flow.name
    state = flow.restore(stored.version if ours else flow.version + 1, stored.state)
    fields = {name: getattr(stored, name) for name in Conversation.__struct_fields__}
    fields |= {"flow": flow.name, "version": flow.version, "state": state, "turn": snapshot.version}
    kind = stored.state.get("type") if isinstance(stored.state, dict) else None
    if not ours or stored.version != flow.version or kind != tag_of(type(state)):
        # What was offered belonged to the state that is gone.
        fields |= {"offer": None, "tapped": "", "again": ()}
    return Conversation(**fields)


def _fresh(flow: Flow, shop: Shop, turn: int) -> Conversation:
    return Conversation(flow.name, flow.version, flow.initial, turn, language=shop.languages[0])


def session_of(address: Address, snapshot: Snapshot, now: Millis) -> Session | None:
    """The conversation as the owner sees it; None where it stands at its flow's beginning and the bot answers, or can't
    be read."""
    try:
        stored = _decoder.decode(snapshot.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if stored.flow not in names() or not isinstance(stored.state, dict):
        return None
    flow = flow_named(stored.flow)
    kind = stored.state.get("type")
    state = next((one for one in flow.states if tag_of(one) == kind), None)
    human_until = stored.silent_until if stored.silent_until > now else 0
    if state is None or (state is type(flow.initial) and not human_until):
        return None
    return Session(address.customer, stored.phone, state_name(state), stored.heard_at, human_until)


class _Silence(msgspec.Struct):
    """The one field of a snapshot that a campaign asks for."""

    silent_until: Millis = 0


_silence = msgspec.json.Decoder(_Silence)


def silent_until(data: bytes) -> Millis:
    """Until when the bot says nothing to this customer, a person answering them; 0 where a snapshot can't be read."""
    try:
        return _silence.decode(data).silent_until
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
