"""Two orders of one customer wait for their money, and the payment of the earlier one fails: it is said and noted, and
the later one, at which the customer stands, is not touched by it.
"""

from __future__ import annotations

import pytest

from engine.orders import PaymentStatus
from tests.engine import news
from tests.engine.shops import shop_of
from tests.engine.world import World

BUYING = {
    "micro_sales": ("hi", "soap", "1", "skip", "Card"),
    "cart": ("hi", "2 classic", "cart", "checkout", "card"),
}
WAITING = {"micro_sales": "PaymentProcessing", "cart": "PaymentConfirmation"}


@pytest.mark.parametrize("flow", BUYING)
def test_a_failure_of_an_earlier_order_is_said_while_a_later_one_is_being_paid(flow: str) -> None:
    world = World(shop_of(flow))
    for words in BUYING[flow] * 2:
        world.say(words)
    earlier, later = world.orders
    before = world.conversation.state
    assert type(before).__name__ == WAITING[flow]

    news.tell(world, news.unpaid(world, "no_funds", earlier))

    assert "not enough money" in world.text
    assert earlier in world.text
    assert world.orders[earlier].payment is PaymentStatus.FAILED
    assert world.orders[later].payment is PaymentStatus.PENDING
    assert world.conversation.state == before
