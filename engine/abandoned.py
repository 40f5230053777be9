"""A cart that its customer has left behind: kept where the shop reminds of carts, and reminded of once.

    session over, with a cart, and terms.cart_reminder → the cart stays, the timer ``cart:<customer>:<turn>`` is set
    the customer writes → the timer goes, and the cart is where it was
    the timer → what was left, once; then for CARTS_AT_MOST nothing of the kind, whatever else they leave

It is an offer, not service: whoever has opted out of offers hears nothing of it.
"""

from __future__ import annotations

import msgspec

from engine.address import DAY, Millis
from engine.cart import Cart
from engine.effects import AnyEffect, ClearTimer, Say, SetTimer, Unsaid
from engine.facts import AnyNeed, Facts, OwnCard
from engine.flow import Flow, State, customer_of
from engine.messages import Purpose
from engine.phrases import say
from engine.remembered import Conversation
from engine.shop import Shop
from engine.shopping import cart_line, cart_lines, joined
from engine.timers import policy_of
from engine.turn import Turn
from engine.window import told

KIND = "cart"
NEEDS: tuple[AnyNeed, ...] = (OwnCard(),)
LINES_SHOWN = 5
CARTS_AT_MOST: Millis = 7 * DAY
"""How long nobody is reminded of another cart."""


def is_one(kind: str) -> bool:
    """Whether a timer is one of these."""
    return kind.partition(":")[0] == KIND


def cart_in(state: State) -> Cart | None:
    """What a customer has put together and not ordered; None where there is nothing."""
    ordered = getattr(state, "order", "") or getattr(state, "number", "")
    cart = getattr(getattr(state, "basket", state), "cart", None)
    return cart if isinstance(cart, Cart) and cart.lines and not ordered else None


def kept(state: State, flow: Flow, shop: Shop) -> State | None:
    """Where a customer begins again whose session ends in this state, with the cart; None where it goes."""
    return flow.begun_with(state) if shop.terms.cart_reminder and cart_in(state) is not None else None


def timer(c: Conversation, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The reminder of a cart that was just kept, counted from when its customer fell silent."""
    if cart_in(c.state) is None or not shop.terms.cart_reminder:
        return ()
    due = max(c.heard_at + shop.terms.cart_reminder, facts.now)
    lately = c.nudged_at and due < c.nudged_at + CARTS_AT_MOST
    return () if lately else (SetTimer(f"{KIND}:{customer_of(facts)}:{c.turn}", due),)


def fired(kind: str, due: Millis, c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """It came due: what is left behind still, for whoever wants to hear of it."""
    cart = cart_in(c.state)
    if cart is None:
        return Turn(c, (ClearTimer(kind), Unsaid("over")))
    if facts.customer is not None and not facts.customer.marketing:
        return Turn(c, (ClearTimer(kind), Unsaid("opted_out")))
    if facts.now - due > policy_of(kind).useful:
        return Turn(c, (ClearTimer(kind), Unsaid("late")))
    lines = cart_lines(cart, shop, facts)
    text = joined(
        say(facts.language, "You have left something in your cart:"),
        *lines[:LINES_SHOWN],
        *(["…"] if len(lines) > LINES_SHOWN else []),
        say(facts.language, "Say *menu* to go on with it, or *stop* for no more such messages."),
    )
    said = told((Say(text, Purpose.BULK),), KIND, (cart_line(cart, shop, facts),), shop, facts, Purpose.BULK)
    return Turn(msgspec.structs.replace(c, nudged_at=facts.now), (ClearTimer(kind), *said))
