"""A number that is changed: the customer stays, under the new one; whoever has the old one next is somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from engine.actor import Surroundings
from engine.address import Address, Link, Sender
from engine.conversation import load
from engine.events import AnyEvent, Inbound, NumberChanged, TextSaid
from engine.mailbox import Receipt
from engine.orders import Customer
from engine.pace import Pace
from engine.router import Router
from engine.supervisor import Supervisor
from tests.engine.scripted import START, TrioClock, TroubledStore, customer_of, settled, store
from tests.engine.shops import bakery
from tests.engine.world import World

__all__ = ["store"]

OLD, NEW = "254700000001", "254700000099"
ASHA = Sender(phone=OLD, user_id="KE.1")
SHOP = "bakery"


class Street:
    """A bakery's router and actors with the real core; ``say`` waits for the turn."""

    def __init__(self, store: TroubledStore) -> None:
        around = Surroundings(store, {SHOP: bakery()}, TrioClock(), lambda commit: None, pace=lambda: Pace(0, 1))
        self.supervisor = Supervisor(around)
        self.router = Router(self.supervisor)
        self.store = store
        self._count = 0

    async def post(self, sender: Sender, event: AnyEvent) -> None:
        self._count += 1
        receipt = Receipt(1)
        self.router.post(Inbound(f"w{self._count}", SHOP, sender, START, event), receipt)
        assert await receipt.wait()

    async def say(self, sender: Sender, *texts: str) -> None:
        for text in texts:
            await self.post(sender, TextSaid(text))

    async def whose(self, *links: Link) -> list[str]:
        return await self.store.customers_for(SHOP, links)

    async def state(self, address: Address) -> str:
        return type(load(await self.store.wake(address), bakery()).state).__name__

    async def told(self) -> list[tuple[Address, str, str]]:
        """Whom each message is for, and the names that it goes to."""
        rows = [row for commit in self.store.commits for row in commit.outbox]
        return [(row.address, row.phone, row.user_id) for row in rows]


@asynccontextmanager
async def street(store: TroubledStore) -> AsyncIterator[Street]:
    made = Street(store)
    await store.import_catalogue(SHOP, "1", bakery().catalogue.products)
    async with trio.open_nursery() as nursery:
        await nursery.start(made.supervisor.run)
        await nursery.start(made.router.run)
        yield made
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("asleep", [False, True])
async def test_the_customer_goes_on_under_the_new_number_and_a_stranger_under_the_old(
    store: TroubledStore, asleep: bool
) -> None:
    asha = customer_of(Link("phone", OLD))
    async with street(store) as made:
        await made.say(ASHA, "hi", "1, 2")
        await made.post(ASHA, NumberChanged(NEW, "KE.2"))
        if asleep:
            await settled()
            made.supervisor.retire(trio.current_time() + 1)
        await made.say(Sender(phone=OLD, user_id="KE.777"), "hi")
        await made.say(Sender(phone=NEW, user_id="KE.2"), "done")
        (stranger,) = await made.whose(Link("phone", OLD))
        assert await made.whose(Link("phone", NEW), Link("user", "KE.2")) == [asha.customer]
        assert await made.whose(Link("user", "KE.1")) not in ([asha.customer], [stranger])
        assert stranger != asha.customer
        assert await made.state(asha) == "AwaitingName"
        assert await made.state(Address(SHOP, stranger)) == "AwaitingOrder"
        assert (await made.told())[-2:] == [(Address(SHOP, stranger), OLD, "KE.777"), (asha, NEW, "KE.2")]
        assert store.calls["merge"] == 0


async def test_a_new_user_id_alone_leaves_the_phone_alone(store: TroubledStore) -> None:
    async with street(store) as made:
        await made.say(ASHA, "hi")
        await made.post(Sender(user_id="KE.1"), NumberChanged("", "KE.2"))
        assert await made.whose(Link("phone", OLD), Link("user", "KE.2")) == [customer_of(Link("phone", OLD)).customer]
        await made.say(Sender(user_id="KE.2"), "1, 2", "done")
        assert await made.state(customer_of(Link("phone", OLD))) == "AwaitingName"
        assert (await made.told())[-1][1:] == (OLD, "KE.2")


async def test_a_change_told_twice_or_after_the_first_word_from_the_new_number_is_one(store: TroubledStore) -> None:
    """The new number wrote before the news of it came: then both are one from that news on."""
    asha = customer_of(Link("phone", OLD))
    async with street(store) as made:
        await made.say(ASHA, "hi", "1, 2")
        await made.say(Sender(phone=NEW, user_id="KE.2"), "help")
        for _ in range(2):
            await made.post(ASHA, NumberChanged(NEW, "KE.2"))
        assert await made.whose(Link("phone", NEW), Link("user", "KE.2")) == [asha.customer]
        await made.say(Sender(phone=NEW), "done")
        assert await made.state(asha) == "AwaitingName", "the cart is there"
        assert set((await store.forwards()).values()) == {asha}


async def test_a_change_of_somebody_unknown_makes_the_new_number_known(store: TroubledStore) -> None:
    async with street(store) as made:
        await made.post(Sender(phone=OLD), NumberChanged(NEW))
        (known,) = await made.whose(Link("phone", NEW))
        await made.say(Sender(phone=OLD), "hi")
        await made.say(Sender(phone=NEW), "hi")
        (stranger,) = await made.whose(Link("phone", OLD))
        assert stranger != known


async def test_a_number_that_comes_back_is_the_customers_again(store: TroubledStore) -> None:
    """Two changes, there and back: the old number was nobody's in between."""
    asha = customer_of(Link("phone", OLD))
    async with street(store) as made:
        await made.say(ASHA, "hi", "1, 2")
        await made.post(ASHA, NumberChanged(NEW, "KE.2"))
        await made.post(Sender(phone=NEW, user_id="KE.2"), NumberChanged(OLD, "KE.3"))
        await made.say(Sender(phone=OLD, user_id="KE.3"), "done")
        assert await made.whose(Link("phone", OLD)) == [asha.customer]
        assert await made.state(asha) == "AwaitingName"


async def test_the_card_says_the_new_number_and_orders_keep_theirs() -> None:
    world = World()
    for text in ("hi", "1, 2", "done", "Ann", "12 Moi Avenue", "skip", "confirm"):
        world.say(text)
    world.send(NumberChanged(NEW))
    card = world.card
    assert isinstance(card, Customer)
    assert (card.phone, card.name) == (NEW, "Ann")
    assert [order.phone for order in world.orders.values()] == ["919800000001"]
    assert world.said == ()
    world.sender = Sender(phone=NEW)
    world.say("my orders")
    assert [row.phone for row in world.outbox][-1] == NEW
