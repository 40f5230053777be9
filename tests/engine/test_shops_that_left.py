"""A shop leaves the configuration while its customers' timers are outstanding."""

from __future__ import annotations

import trio.testing

from engine.actor import NO_SHOP
from engine.address import HOUR, Address
from engine.commit import Commit, Timer
from engine.supervisor import TOTAL_RESTARTS
from tests.engine.scripted import ANN, START, Core, TroubledStore, core, store
from tests.engine.test_scheduler import scheduling

__all__ = ["core", "store"]

CUSTOMERS = TOTAL_RESTARTS + 1


async def test_timers_of_a_shop_that_left_are_kept_aside_and_nobody_crashes(
    core: Core, store: TroubledStore, autojump_clock: trio.testing.MockClock
) -> None:
    for number in range(CUSTOMERS):
        address = Address("florist", f"c{number}")
        timer = Timer(address, "tick", START - HOUR, 1)
        commit = Commit(address, 1, b'{"turn":1}', START, f"wamid.{number}", timers=(timer,))
        assert await store.commit(commit) is None
    async with scheduling(store) as keeper:
        await trio.sleep(60)
        assert await keeper.say("hi")
    assert keeper.counters.crashes == 0
    assert await store.said_to(ANN) == ("hi",)
    assert await store.next_due() is None
    dead = await store.parked(None, dead=True, limit=CUSTOMERS + 1)
    assert len(dead) == CUSTOMERS
    assert {letter.why for letter in dead} == {NO_SHOP}
