"""From who wrote to whose mailbox: looked up once, in order of arrival, under whatever name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from engine import router as router_module
from engine.actor import Surroundings
from engine.address import Address, Link
from engine.errors import StoreFailed
from engine.events import Inbound
from engine.mailbox import Receipt
from engine.router import Router
from engine.supervisor import Supervisor
from tests.engine.scripted import (
    BAKERY,
    SHOP,
    Core,
    TrioClock,
    TroubledStore,
    core,
    customer_of,
    inbound,
    leaves,
    settled,
    store,
)

__all__ = ["core", "store"]

PHONE, USER = Link("phone", "254700000001"), Link("user", "KE.1001")


class Door:
    """A router at work over real actors."""

    def __init__(self, router: Router, supervisor: Supervisor) -> None:
        self.router = router
        self.supervisor = supervisor

    def post(self, *inbounds: Inbound) -> Receipt:
        receipt = Receipt(len(inbounds))
        for one in inbounds:
            self.router.post(one, receipt)
        return receipt


@asynccontextmanager
async def routing(store: TroubledStore) -> AsyncIterator[Door]:
    supervisor = Supervisor(Surroundings(store, {SHOP: BAKERY}, TrioClock(), lambda commit: None))
    router = Router(supervisor)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        await nursery.start(router.run)
        try:
            yield Door(router, supervisor)
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


def by_phone(text: str) -> Inbound:
    return inbound(text, phone=PHONE.value)


def by_user(text: str) -> Inbound:
    return inbound(text, phone="", user=USER.value)


def by_both(text: str) -> Inbound:
    return inbound(text, phone=PHONE.value, user=USER.value)


async def who_said(store: TroubledStore) -> dict[Address, tuple[str, ...]]:
    addresses = dict.fromkeys(commit.address for commit in store.commits)
    return {address: await store.said_to(address) for address in addresses}


async def test_messages_that_arrive_during_the_look_up_keep_their_order(core: Core, store: TroubledStore) -> None:
    gate = store.gate("customers_for")
    async with routing(store) as door:
        first, second = door.post(by_phone("one")), door.post(by_phone("two"), by_phone("three"))
        await settled()
        assert core.heard == []
        gate.set()
        assert await first.wait()
        assert await second.wait()
        assert await door.post(by_phone("four")).wait()
    assert await who_said(store) == {customer_of(PHONE): ("one", "two", "three", "four")}
    assert store.calls["customers_for"] == 1, "who is awake is not looked up again"


async def test_a_customer_is_known_again_by_phone_and_by_user_id(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(by_both("one")).wait()
    async with routing(store) as door:
        assert await door.post(by_user("two")).wait()
    async with routing(store) as door:
        assert await door.post(by_phone("three")).wait()
    assert await who_said(store) == {customer_of(PHONE): ("one", "two", "three")}


async def test_somebody_without_a_phone_is_a_customer_too(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(by_user("one"), by_user("two")).wait()
    assert await who_said(store) == {customer_of(USER): ("one", "two")}


@pytest.mark.parametrize(
    "arrivals",
    [
        pytest.param([by_both, by_user], id="both, then the user id"),
        pytest.param([by_both, by_phone], id="both, then the phone"),
        pytest.param([by_phone, by_both, by_user], id="phone, both, user id"),
        pytest.param([by_user, by_both, by_phone], id="user id, both, phone"),
        pytest.param([by_user, by_both, by_user], id="user id, both, user id"),
    ],
)
@pytest.mark.parametrize("held", ["customers_for", "commit"])
async def test_both_names_seen_in_one_message_are_one_customer_before_any_commit_says_so(
    core: Core, store: TroubledStore, arrivals: list[Callable[[str], Inbound]], held: str
) -> None:
    gate = store.gate(held)
    async with routing(store) as door:
        receipts = []
        for number, arrival in enumerate(arrivals):
            receipts.append(door.post(arrival(str(number))))
            if held == "commit":
                await settled()
        await settled()
        gate.set()
        for receipt in receipts:
            assert await receipt.wait()
    assert list((await who_said(store)).values()) == [tuple(str(number) for number in range(len(arrivals)))]


async def test_a_known_customer_and_one_who_is_only_awake_are_one_who_was_here_first(
    core: Core, store: TroubledStore
) -> None:
    async with routing(store) as door:
        await door.post(by_phone("long ago")).wait()
    async with routing(store) as door:
        await door.post(by_user("who?")).wait()
        await door.post(by_both("it is me")).wait()
    assert (await who_said(store))[customer_of(PHONE)] == ("long ago", "who?", "it is me")


async def test_look_ups_are_bounded_and_one_more_is_refused(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_module, "LOOKUPS_AT_MOST", 2)
    gate = store.gate("customers_for")
    store.trouble["customers_for"].append(gate)
    async with routing(store) as door:
        taken = [door.post(inbound("hi", phone="1")), door.post(inbound("hi", phone="2"))]
        refused = door.post(inbound("hi", phone="3"))
        assert not await refused.wait()
        gate.set()
        for receipt in taken:
            assert await receipt.wait()
        assert await door.post(inbound("hi", phone="3")).wait()


async def test_what_waits_for_one_look_up_is_bounded(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_module, "MAILBOX_SIZE", 2)
    gate = store.gate("customers_for")
    async with routing(store) as door:
        taken = door.post(by_phone("one"), by_phone("two"))
        assert not await door.post(by_phone("three")).wait()
        gate.set()
        assert await taken.wait()


async def test_routes_of_sleeping_actors_cost_nothing(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        for number in range(50):
            await door.post(inbound("hi", phone=str(number), user=f"KE.{number}")).wait()
        await settled()
        assert len(door.router._routes) == 100
        door.supervisor.retire(trio.current_time() + 1)
        door.router.forget_sleeping()
        assert door.router._routes == {}
        assert await door.post(inbound("again", phone="7")).wait(), "and they are found again"
    assert (await who_said(store))[customer_of(Link("phone", "7"))] == ("hi", "again")


async def test_a_sleeping_actor_is_woken_by_a_look_up_not_by_an_old_route(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await door.post(by_phone("one")).wait()
        await settled()
        door.supervisor.retire(trio.current_time() + 1)
        assert await door.post(by_phone("two")).wait()
    assert store.calls["customers_for"] == 2


async def test_a_sender_without_any_name_is_let_go(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(inbound("hi", phone="")).wait()
    assert core.heard == []


async def test_a_failing_store_ends_the_router_and_refuses_everybody_who_waits(
    core: Core, store: TroubledStore
) -> None:
    gate = store.gate("customers_for")
    router: list[Router] = []

    async def run() -> None:
        async with routing(store) as door:
            router.append(door.router)
            waiting = door.post(by_phone("one"), by_phone("two"))
            other = door.post(inbound("hi", phone="2"))
            store.trouble["customers_for"].append(StoreFailed("gone"))
            await settled()
            assert not await other.wait()
            gate.set()
            assert not await waiting.wait()

    store.trouble["customers_for"].append(StoreFailed("gone"))
    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert {type(error) for error in leaves(caught.value)} == {StoreFailed}
    late = Receipt(1)
    router[0].post(by_phone("late"), late)
    assert not await late.wait()
