"""The flow ``wholesale`` where its conversations can't reach: its diagram, its limits, and what is kept of it."""

from __future__ import annotations

import msgspec
import pytest

from engine import bulk, conversation, diagram, flows, matcher, readback
from engine.cart import Cart, CartLine
from engine.catalogue import Catalogue, Product
from engine.commit import Snapshot
from engine.facts import Facts
from engine.flow import Started
from engine.flows.wholesale import Greeting, Matching, ReadBack
from engine.listing import Listed
from engine.messages import Limits
from engine.shop import Shop
from tests.engine.shops import dealer
from tests.engine.world import World, within

FLOW = flows.flow_named("wholesale")
FACTS = Facts(now=0, key="dealer/c1:1")


def test_its_diagram_is_the_one_of_the_contract() -> None:
    """flows.md §3, arrow by arrow."""
    edges = {(frm, to): set(labels) for frm, to, labels in diagram.edges(FLOW)}
    assert '"100 bags cement"' in edges["greeting", "matching"]
    assert "choice" in edges["matching", "matching"]
    assert {"choice", '"none of these"', '"done"'} <= edges["matching", "read_back"]
    assert '"1"' in edges["read_back", "ordered"]
    assert '"2"' in edges["read_back", "matching"]
    assert '"3"' in edges["read_back", "greeting"]
    assert "timer fired" in edges["any state", "any state"]


# -- limits ----------------------------------------------------------------------------------------------------------
def shop_of(count: int) -> Shop:
    """A dealer of so many goods, each of a name of its own."""
    goods = [Product(f"g{n}", f"Gadget{n:03} " + "x" * 60, 1_000, unit="pc", track_stock=False) for n in range(count)]
    return msgspec.structs.replace(dealer(), catalogue=Catalogue(tuple(goods)))


@pytest.mark.parametrize("limits", [Limits(), Limits(buttons=0, rows=0, text=300, question=300)])
def test_the_longest_order_fits_the_channel_and_the_snapshot(limits: Limits) -> None:
    world = World(msgspec.structs.replace(shop_of(70), limits=limits))
    for first in (0, 35):
        world.say("\n".join(f"Gadget{n:03} {'x' * 60} x 5" for n in range(first, first + 35)))
    assert "Your order is full" in world.text
    state = world.conversation.state
    assert isinstance(state, ReadBack)
    assert len(state.cart.lines) == bulk.LINES_AT_MOST
    for line in ("2", "help", "done"):
        for message in world.said:
            within(message, limits)
        world.say(line)
    assert len(msgspec.json.encode(world.conversation)) < 8_192


def test_as_many_questions_wait_as_lines_are_read_and_no_more() -> None:
    world = World(dealer())
    for _ in range(3):
        world.say("\n".join(["sand"] * matcher.LINES_AT_MOST))
    state = world.conversation.state
    assert isinstance(state, Matching)
    assert len(state.doubts) == matcher.LINES_AT_MOST
    assert len(msgspec.json.encode(world.conversation)) < 16_384


def test_more_than_can_be_counted_is_no_order() -> None:
    lines = tuple(CartLine(f"g{n}", f"Gadget{n}", bulk.QUANTITY_AT_MOST, 10**10) for n in range(2))
    assert "please make it less" in readback.refused(Cart("c", lines), dealer(), FACTS)
    assert readback.refused(Cart("c", lines[:0]), dealer(), FACTS) == ""


def test_many_names_that_are_nowhere_are_not_all_named() -> None:
    world = World(dealer())
    world.say("\n".join(f"unicorn{n} x 5" for n in range(bulk.MISSING_AT_MOST + 3)))
    assert "and 3 more" in world.text
    assert world.text.count("unicorn") == bulk.MISSING_AT_MOST


# -- what is kept ----------------------------------------------------------------------------------------------------
def test_an_order_with_open_questions_survives_a_restart() -> None:
    world = World(dealer())
    world.say("100 cement, sand")
    snapshot = Snapshot(1, conversation.dump(world.conversation))
    assert conversation.load(snapshot, world.shop) == world.conversation


def test_an_order_is_kept_when_its_state_can_not_be_read() -> None:
    cart = {"id": "dealer/c1:1", "lines": [["cement-opc-43", "Cement OPC 43", 10, 38_000]]}
    kept = FLOW.restore(99, {"type": "Loading", "cart": cart, "lorry": 3})
    assert kept == Greeting(cart=Cart("dealer/c1:1", (CartLine("cement-opc-43", "Cement OPC 43", 10, 38_000),)))


def test_what_was_kept_so_is_shown_with_the_next_hello() -> None:
    world = World(dealer())
    cart = Cart("dealer/c1:1", (CartLine("cement-opc-43", "Cement OPC 43", 10, 38_000),))
    hello = FLOW.run(Greeting(cart=cart), Started(), world.shop, FACTS)
    assert isinstance(hello.state, Matching)
    assert hello.state.cart == cart
    more = FLOW.run(Greeting(cart=cart), Listed("5 sand"), world.shop, FACTS)
    assert isinstance(more.state, ReadBack)
    assert [line.sku for line in more.state.cart.lines] == ["cement-opc-43", "river-sand"]
