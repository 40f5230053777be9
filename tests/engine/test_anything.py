"""Whatever arrives, in whatever state: nothing raises, nobody leaves the diagram, no money and no stock is invented."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import flows, hearing
from engine.address import DAY, HOUR, MINUTE
from engine.catalogue import Product
from engine.events import (
    AnyEvent,
    CartItem,
    CartSent,
    ContactsSent,
    FormAnswered,
    LocationSent,
    MediaSent,
    MessageDeleted,
    MessageEdited,
    NumberChanged,
    OptionTapped,
    OwnerEchoed,
    PreferenceSet,
    Reacted,
    TextSaid,
    TimerFired,
    UnsupportedSent,
)
from engine.flow import Flow
from engine.messages import Limits
from tests.engine.cases import cases_of
from tests.engine.world import World, bakery, choices, shop_with, within

SKUS = ("choc-chip-cookie", "oatmeal-raisin", "brownie", "red-velvet-cake", "custom-cake", "unicorn")
LINES = sorted(
    {line[2:].replace("\\n", "\n") for case in cases_of("counter") for _, line in case.lines if line.startswith("> ")}
)
"""What people say in the cases: random text alone would hardly ever place an order."""

TEXTS = st.one_of(st.sampled_from(LINES), st.text(max_size=60), st.text(max_size=600))
EVENTS: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(TextSaid, TEXTS),
    st.builds(OptionTapped, st.from_regex(r"\A[0-9]{1,2}:(more:)?[0-9]{1,2}\Z"), st.text(max_size=20)),
    st.builds(OptionTapped, st.text(max_size=20), st.text(max_size=20)),
    st.builds(LocationSent, st.floats(), st.floats(), st.text(max_size=400), st.text(max_size=400)),
    st.builds(MediaSent, st.sampled_from(["image", "audio", "x"]), st.just("1"), TEXTS),
    st.builds(ContactsSent, st.just(("254700000002",))),
    st.builds(
        CartSent,
        st.lists(st.builds(CartItem, st.sampled_from(SKUS), st.integers(-5, 10**12)), max_size=60).map(tuple),
        st.text(max_size=20),
    ),
    st.builds(FormAnswered, st.text(max_size=20), st.text(max_size=20)),
    st.builds(Reacted, st.just("wamid.1"), st.text(max_size=2)),
    st.builds(MessageEdited, st.just("wamid.1")),
    st.builds(MessageDeleted, st.just("wamid.1")),
    st.builds(NumberChanged, st.sampled_from(["", "919800000077"]), st.sampled_from(["", "IN.7"])),
    st.builds(OwnerEchoed, st.text(max_size=20)),
    st.builds(PreferenceSet, st.booleans()),
    st.builds(UnsupportedSent, st.text(max_size=20)),
    st.builds(TimerFired, st.sampled_from(["session", "other"]), st.integers(0, 40)),
)
WHILES = st.one_of(
    st.just(("", 0)),
    st.tuples(st.just("wait"), st.sampled_from([1_000, MINUTE, 31 * MINUTE, 2 * HOUR, 3 * DAY])),
    st.tuples(st.just("left"), st.integers(0, 8)),
    st.tuples(st.just("price"), st.integers(1, 10**6)),
    st.tuples(st.just("inactive"), st.just(0)),
    st.tuples(st.just("active"), st.just(0)),
    st.tuples(st.just("tap"), st.integers(0, 3)),
    st.tuples(st.just("fire"), st.just(0)),
)
LIMITS = st.sampled_from([Limits(), Limits(buttons=0, rows=0, text=300, question=300, location_request=False)])
LANGUAGES = st.sampled_from([("en",), ("sw", "en"), ("en", "hi", "ur", "sw"), ("ur",)])


def meanwhile(world: World, what: str, amount: int, sku: str) -> None:
    """Something that the owner, the clock or a finger does between two messages."""
    match what:
        case "wait":
            world.now += amount
        case "left":
            world.left = {one: min(left, amount) if one == sku else left for one, left in world.left.items()}
        case "price":
            world.change(sku, price=amount)
        case "inactive" | "active":
            world.change(sku, active=what == "active")
        case "tap":
            shown = [choice for message in world.said for choice in choices(message)]
            if shown:
                world.send(OptionTapped(shown[amount % len(shown)].id))
        case "fire" if world.timers:
            world.fire(next(iter(world.timers)))


STATES = [
    ("initial", []),
    ("awaiting_order", ["hi", "1, 2; 4, 3"]),
    ("awaiting_name", ["hi", "1, 2; 4, 3", "done"]),
    ("awaiting_address", ["hi", "1, 2; 4, 3", "done", "Asha"]),
    ("awaiting_instructions", ["hi", "1, 2; 4, 3", "done", "Asha", "12 MG Road"]),
    ("awaiting_confirmation", ["hi", "1, 2; 4, 3", "done", "Asha", "12 MG Road", "skip"]),
    ("order_placed", ["hi", "1, 2; 4, 3", "done", "Asha", "12 MG Road", "skip", "confirm"]),
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    LIMITS,
    LANGUAGES,
    st.sampled_from([lines for _, lines in STATES]),
    st.lists(st.tuples(EVENTS, WHILES, st.sampled_from(SKUS[:5])), max_size=30),
)
def test_any_conversation_keeps_the_shops_promises(
    limits: Limits, languages: tuple[str, ...], lines: list[str], letters: list[tuple[AnyEvent, tuple[str, int], str]]
) -> None:
    world = World(bakery(limits, languages))
    opening = dict(world.left)
    given_away = dict.fromkeys(opening, 0)
    for said in lines:
        world.say(said)
    for event, (what, amount), sku in letters:
        before = dict(world.left)
        meanwhile(world, what, amount, sku)
        if what == "left":
            opening = {one: opening[one] - (before[one] - world.left[one]) for one in opening}
        world.send(event)
        world.invariants()
        for message in world.said:
            within(message, limits)
    for order in world.orders.values():
        for line in order.lines:
            if line.tracked and order.status.value != "cancelled":
                given_away[line.sku] += line.quantity
    assert world.left == {sku: opening[sku] - given_away[sku] for sku in opening}, "stock = start − sold"


@pytest.mark.parametrize("lines", [pytest.param(lines, id=state) for state, lines in STATES])
@settings(max_examples=150, deadline=None)
@given(event=EVENTS)
def test_anything_may_come_in_any_state(lines: list[str], event: AnyEvent) -> None:
    world = World()
    for line in lines:
        world.say(line)
    orders = len(world.orders)
    world.send(event)
    world.invariants()
    assert len(world.orders) - orders in (0, 1)


@pytest.mark.parametrize("lines", [pytest.param(lines, id=state) for state, lines in STATES])
def test_help_in_every_state_changes_nothing(lines: list[str]) -> None:
    world = World()
    for line in lines:
        world.say(line)
    before = world.conversation.state
    world.say("help")
    assert world.text
    assert world.conversation.state == before
    world.say("🙃🙃🙃")
    assert world.text


def test_every_choice_that_is_offered_leads_somewhere() -> None:
    """An option whose meaning has no arrow in its state would be a bug that only a customer finds."""
    flow: Flow = flows.flow_named("counter")
    offered = 0
    for _, lines in STATES:
        world = World()
        for line in lines:
            world.say(line)
        c = world.conversation
        for option in c.offer.options if c.offer is not None else ():
            heard = hearing._chosen(option, flow)
            if isinstance(heard, hearing.Meant):
                offered += 1
                assert flow.arrow_for(type(c.state), type(heard.event)) is not None
    assert offered >= 4


def test_two_thousand_products_make_no_turn_longer_than_the_channel_takes() -> None:
    world = World(shop_with([Product(f"p{n}", f"Product {n} " + "x" * 100, 1_000) for n in range(2_000)]))
    world.left = dict.fromkeys(world.left, 5)
    for line in ("hi", *["more"] * 3, "cart", "80, 5", "done"):
        world.say(line)
        for message in world.said:
            within(message, world.shop.limits)
        assert len(msgspec.json.encode(world.conversation)) < 2_048
