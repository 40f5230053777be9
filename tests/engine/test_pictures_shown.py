"""Pictures in conversations: a link is shown as a link, a file of the shop's as a file, wherever any is shown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from engine.catalogue import Catalogue
from engine.messages import Image
from engine.shop import Shop
from engine.tickets import Programme
from tests.engine.shops import box_office, burgers, coffee
from tests.engine.world import World

LINK, FILE = "https://shop.example.test/a.png", "/etc/sokoni/images/a.png"
SHOWN = [
    ("cart", burgers(), ("hi", "double")),
    ("micro_sales", coffee(), ("hi", "honey")),
    ("ticketing", box_office(), ("search mumbai", "1")),
]


def with_picture(shop: Shop, image: str) -> Shop:
    products = [replace(one, image=image) for one in shop.catalogue.products]
    events = [replace(one, image=image) for one in shop.programme.events]
    return replace(shop, catalogue=Catalogue(tuple(products)), programme=Programme(tuple(events)))


@pytest.mark.parametrize(
    ("image", "sent"),
    [(LINK, [Image(link=LINK)]), (FILE, [Image(path=FILE)]), ("", [])],
    ids=["a link", "a file", "none"],
)
@pytest.mark.parametrize(("shop", "said"), [pytest.param(shop, said, id=flow) for flow, shop, said in SHOWN])
def test_what_is_chosen_is_shown_with_its_picture(
    shop: Shop, said: Sequence[str], image: str, sent: list[Image]
) -> None:
    world = World(with_picture(shop, image))
    for text in said:
        world.say(text)
    assert [one.message for one in world.outbox if isinstance(one.message, Image)] == sent
    assert not isinstance(world.outbox[-1].message, Image), "the question stands below the picture"
