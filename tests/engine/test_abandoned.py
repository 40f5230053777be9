"""A cart that is left behind is kept in every flow that has one, and none is seen where it was ordered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine import abandoned
from engine.address import HOUR, MINUTE
from engine.events import TextSaid
from tests.engine.shops import shop_of
from tests.engine.world import World

CARTS = {
    "cart": ("2 cola",),
    "counter": ("1",),
    "wholesale": ("10 opc 43",),
}
"""Flow → what puts something into a cart there."""
ORDERS = {
    "counter": ("1, 2", "done", "Asha Rao", "12 MG Road, Bengaluru", "please ring twice", "confirm"),
    "wholesale": ("10 opc 43", "1", "Sharma & Sons"),
}
"""And what makes an order of one."""


def world(flow: str, hours: int = 2) -> World:
    shop = shop_of(flow)
    made = World(replace(shop, terms=replace(shop.terms, cart_reminder=hours * HOUR)))
    made.send(TextSaid("hi"))
    return made


def left(flow: str, hours: int = 2) -> World:
    made = world(flow, hours)
    for words in CARTS[flow]:
        made.say(words)
    assert abandoned.cart_in(made.conversation.state) is not None
    made.now += 31 * MINUTE
    made.fire("session")
    return made


@pytest.mark.parametrize("flow", CARTS)
def test_a_cart_that_is_left_is_kept_reminded_of_once_and_gone_on_with(flow: str) -> None:
    made = left(flow)
    (kind,) = [kind for kind in made.timers if abandoned.is_one(kind)]
    cart = abandoned.cart_in(made.conversation.state)
    made.now = made.timers[kind].due
    made.fire(kind)
    assert "You have left something in your cart" in made.text
    assert abandoned.cart_in(made.conversation.state) == cart
    made.say("menu")
    assert abandoned.cart_in(made.conversation.state) is not None
    assert "cleared" not in made.text
    assert made.timers.keys() == {"session"}


@pytest.mark.parametrize("flow", CARTS)
def test_where_no_shop_asks_for_it_the_cart_goes(flow: str) -> None:
    made = left(flow, hours=0)
    assert abandoned.cart_in(made.conversation.state) is None
    assert not made.timers


@pytest.mark.parametrize("flow", CARTS)
def test_a_message_that_comes_before_the_session_timer_runs_finds_the_cart_too(flow: str) -> None:
    made = world(flow)
    for words in CARTS[flow]:
        made.say(words)
    made.now += 31 * MINUTE
    made.say("menu")
    assert abandoned.cart_in(made.conversation.state) is not None
    assert not [kind for kind in made.timers if abandoned.is_one(kind)]


@pytest.mark.parametrize("flow", ORDERS)
def test_what_was_ordered_is_no_cart_that_was_left(flow: str) -> None:
    made = world(flow)
    for words in ORDERS[flow]:
        made.say(words)
    assert len(made.orders) == 1
    made.now += 31 * MINUTE
    made.fire("session")
    assert not [kind for kind in made.timers if abandoned.is_one(kind)]


def test_tickets_have_no_cart() -> None:
    made = world("ticketing")
    made.say("search food")
    made.now += 31 * MINUTE
    made.fire("session")
    assert not made.timers
