"""How a conversation comes to each state of each flow, as lines of cases: where the tests of anything begin.

A flow adds one entry with a row for every state that it has; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.shop import Shop
from tests.engine.case_checks import newest
from tests.engine.case_verbs import VERBS
from tests.engine.cases import NAMED
from tests.engine.shops import shop_of
from tests.engine.world import World

Lines = tuple[str, ...]

_BAKED: Lines = ("> hi", "> 1, 2; 4, 3")
_BURGERS: Lines = ("> hi", "> 2 classic, 3 cola")
_DELIVERING = 'terms {"zones": [{"name": "Mainland", "fee": 80000, "words": ["ikeja"]}]}'
_SHIRTS = (
    'shop {"catalogue": {"products": ['
    '{"sku": "s", "name": "Shirt S", "price": 90000, "variant_of": "Shirt", "variant": "S", "track_stock": false}, '
    '{"sku": "l", "name": "Shirt L", "price": 95000, "variant_of": "Shirt", "variant": "L", "track_stock": false}]}}'
)
_SOAP: Lines = ("> hi", "> soap", "> 2")

OPENINGS: Mapping[str, Mapping[str, Lines]] = {
    "cart": {
        "greeting": (),
        "browsing_products": ("> hi",),
        "adding_to_cart": _BURGERS,
        "collecting_quantity": (*_BURGERS, "> double"),
        "collecting_address": (_DELIVERING, *_BURGERS, "> cart"),
        "reviewing_order": (*_BURGERS, "> cart"),
        "awaiting_payment": (*_BURGERS, "> cart", "> checkout"),
        "payment_confirmation": (*_BURGERS, "> cart", "> checkout", "> card", "charged https://pay.test/1"),
        "order_complete": (*_BURGERS, "> cart", "> checkout", "> bank", "pay"),
    },
    "counter": {
        "initial": (),
        "awaiting_order": _BAKED,
        "awaiting_name": (*_BAKED, "> done"),
        "awaiting_address": (*_BAKED, "> done", "> Asha"),
        "awaiting_instructions": (*_BAKED, "> done", "> Asha", "> 12 MG Road"),
        "awaiting_confirmation": (*_BAKED, "> done", "> Asha", "> 12 MG Road", "> skip"),
        "order_placed": (*_BAKED, "> done", "> Asha", "> 12 MG Road", "> skip", "> confirm"),
    },
    "micro_sales": {
        "greeting": ("> hi",),
        "product_selected": (_SHIRTS, "> hi", "> products", "> 1"),
        "quantity_input": ("> hi", "> soap"),
        "address_input": _SOAP,
        "payment_selection": (*_SOAP, "> skip"),
        "payment_processing": (*_SOAP, "> skip", "> M-Pesa"),
        "completed": (*_SOAP, "> skip", "> M-Pesa", "pay"),
    },
    "ticketing": {
        "none": (),
        "search": ("> hi",),
        "event_selected": ("> search food", "> 1"),
        "qty": ("> search food", "> 1", "> 2"),
        "hold": ("> search food", "> 1", "> 2", "> Asha Rao"),
        "awaiting_payment": ("> search indie", "> 1", "> 2", "> Asha Rao", "> yes", "charged https://pay.test/1"),
        "confirmed": ("> search indie", "> 1", "> 2", "> Asha Rao", "> yes", "pay"),
    },
    "wholesale": {
        "greeting": (),
        "matching": ("> 10 opc 43, 20 cement",),
        "read_back": ("> 10 opc 43, 5 sand",),
        "awaiting_name": ("> 10 opc 43, 5 sand", "> confirm"),
        "ordered": ("> 10 opc 43, 5 sand", "> confirm", "> Sharma & Sons"),
    },
}
"""Flow → state → the lines that lead there."""


def opened(flow: str, state: str, shop: Shop | None = None) -> World:
    """A world whose Ann stands in this state."""
    world = World(shop or shop_of(flow))
    for line in OPENINGS[flow][state]:
        verb, _, rest = NAMED.sub(lambda name: newest(world, name[1]), line).partition(" ")
        VERBS[verb](world, rest.strip())
    return world
