"""Whatever arrives, in whatever state: nothing raises, nobody leaves the diagram, no money and no stock is invented."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import flows, hearing
from engine.catalogue import Product
from engine.diagram import state_name
from engine.events import AnyEvent
from engine.flows import flow_named
from engine.messages import Limits
from tests.engine.fuzz import DOINGS, LANGUAGES, LIMITS, MEANWHILES, Count, events, money_holds, skus
from tests.engine.openings import OPENINGS, opened
from tests.engine.shops import shop_of
from tests.engine.world import World, choices, shop_with, within

FLOWS = sorted(OPENINGS)
Letter = tuple[AnyEvent, tuple[str, int], str]
"""What a customer sends, what happens before, and to which product."""

PLACES = [(flow, state) for flow in FLOWS for state in OPENINGS[flow]]


@pytest.mark.parametrize("flow", flows.names())
def test_every_state_of_a_flow_has_its_opening(flow: str) -> None:
    """What has no opening would never be thrown anything at."""
    assert {state_name(state) for state in flow_named(flow).states} == set(OPENINGS[flow])


@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_an_opening_leads_where_it_says(flow: str, state: str) -> None:
    assert state_name(type(opened(flow, state).conversation.state)) == state


@pytest.mark.parametrize("flow", FLOWS)
def test_any_conversation_keeps_the_shops_promises(flow: str) -> None:
    letters = st.lists(st.tuples(events(flow), MEANWHILES, st.sampled_from(skus(flow))), min_size=5, max_size=30)

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(LIMITS, LANGUAGES, st.sampled_from(sorted(OPENINGS[flow])), letters)
    def keeps(limits: Limits, languages: tuple[str, ...], state: str, letters: list[Letter]) -> None:
        shop = msgspec.structs.replace(shop_of(flow), limits=limits, languages=languages)
        world = opened(flow, state, shop)
        count = Count(world)
        for event, (what, amount), sku in letters:
            before = dict(world.left)
            DOINGS[what](world, amount, sku)
            if what == "left":
                count.changed(before, world)
            world.send(event)
            world.invariants()
            for message in world.said:
                within(message, limits)
        count.holds(world)
        money_holds(world)

    keeps()


@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_anything_may_come_in_any_state(flow: str, state: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(events(flow), MEANWHILES)
    def may_come(event: AnyEvent, doing: tuple[str, int]) -> None:
        world = opened(flow, state)
        orders = len(world.orders)
        DOINGS[doing[0]](world, doing[1], skus(flow)[0])
        world.send(event)
        world.invariants()
        assert len(world.orders) - orders in (0, 1, 2)

    may_come()


@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_help_in_every_state_changes_nothing(flow: str, state: str) -> None:
    world = opened(flow, state)
    before = world.conversation.state
    world.say("help")
    assert world.text
    assert world.conversation.state == before
    world.say("🙃🙃🙃")
    assert world.text


@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_every_choice_that_is_offered_leads_somewhere(flow: str, state: str) -> None:
    """An option whose meaning has no arrow in its state would be a bug that only a customer finds."""
    made = flow_named(flow)
    c = opened(flow, state).conversation
    for option in c.offer.options if c.offer is not None else ():
        heard = hearing._chosen(option, made)
        if isinstance(heard, hearing.Meant):
            assert made.arrow_for(type(c.state), type(heard.event)) is not None, option


@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_every_choice_that_is_offered_can_be_tapped(flow: str, state: str) -> None:
    shown = [choice for message in opened(flow, state).said for choice in choices(message)]
    for choice in shown:
        world = opened(flow, state)
        world.tap(choice.title)
        world.invariants()
        assert world.text


def test_two_thousand_products_make_no_turn_longer_than_the_channel_takes() -> None:
    world = World(shop_with([Product(f"p{n}", f"Product {n} " + "x" * 100, 1_000) for n in range(2_000)]))
    world.left = dict.fromkeys(world.left, 5)
    for line in ("hi", *["more"] * 3, "cart", "80, 5", "done"):
        world.say(line)
        for message in world.said:
            within(message, world.shop.limits)
        assert len(msgspec.json.encode(world.conversation)) < 2_048
