"""What the cases of the flow ``cart`` can't say: old snapshots, large catalogues, and lines that differ in tax."""

from __future__ import annotations

import msgspec
import pytest

from engine.catalogue import Catalogue, Product
from engine.commit import Snapshot
from engine.diagram import state_name
from engine.messages import Limits
from tests.engine.shops import shop_of
from tests.engine.world import World, within

SHOPPING = "hi, more, more, 1, more, more, 2, 1, 3, 1, cart, change, back, checkout, checkout"
TEXT_ONLY = Limits(buttons=0, rows=0, text=1_600, question=1_600, location_request=False)


def many(count: int) -> Catalogue:
    """So many products, in forty categories, each third one a variant of another."""
    return Catalogue(
        tuple(
            Product(
                f"p{n}",
                f"Product {n} " + "of a rather long name " * 4,
                1_000 + n,
                "A description. " * 20,
                stock=5,
                category=f"Category {n % 40}",
                variant_of=f"Item {n // 3}" if n % 3 else "",
                variant=f"{n % 3}" if n % 3 else "",
            )
            for n in range(count)
        )
    )


@pytest.mark.parametrize("limits", [Limits(), TEXT_ONLY], ids=["lists", "text only"])
def test_two_thousand_products_make_no_turn_longer_than_the_channel_takes(limits: Limits) -> None:
    world = World(msgspec.structs.replace(shop_of("cart"), catalogue=many(2_000), limits=limits))
    heard: list[str] = []
    for line in SHOPPING.split(", "):
        world.say(line)
        heard.append(world.text)
        world.invariants()
        for message in world.said:
            within(message, limits)
        assert len(msgspec.json.encode(world.conversation)) < 6_000
    assert "16. More categories" in heard[1]
    assert ("[1]" in heard[7]) is bool(limits.buttons), "quantities to tap, where anything can be tapped"
    assert "• 1" not in heard[7]
    assert world.orders


def test_a_conversation_that_can_not_be_read_whole_keeps_its_cart() -> None:
    world = World(shop_of("cart"))
    for line in ("hi", "2 cola", "cart"):
        world.say(line)
    assert world.snapshot is not None
    stored = msgspec.json.decode(world.snapshot.data)
    stored["version"] = 99
    world.snapshot = Snapshot(world.snapshot.version, msgspec.json.encode(stored))
    assert state_name(type(world.conversation.state)) == "greeting"
    world.say("hi")
    assert "Your cart is kept: 2 items, ₦1,800.00." in world.text


def test_lines_of_several_rates_show_one_tax_and_each_keeps_its_own() -> None:
    world = World(shop_of("cart"))
    world.change("water", tax_rate="0")
    for line in ("hi", "1 cola, 2 water", "cart"):
        world.say(line)
    assert "\nTax: ₦67.50\n*Total: ₦1,967.50*" in world.text
    world.say("checkout")
    (order,) = world.orders.values()
    assert [(line.tax_rate, line.tax) for line in order.lines] == [("7.5", 67_50), ("0", 0)]
