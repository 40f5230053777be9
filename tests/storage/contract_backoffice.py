"""What every store promises about a CRM: what it shall hear of, and how its figures become stock."""

from __future__ import annotations

from functools import partial

from engine.address import Address
from engine.backoffice import Counted, LastStocktake
from engine.facts import Conflict, ConflictKind
from engine.orders import OrderStatus
from engine.ports import Store
from tests.storage.values import NOW, SHOP, Everything, Talk, hold, line, move, order, plain, together

PENDING, CANCELLED = OrderStatus.PENDING, OrderStatus.CANCELLED


class BackOffices:
    # -- what it shall hear of -------------------------------------------------------------------------------------
    async def test_orders_wait_for_the_crm_until_it_has_heard_of_them(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA2"),), synced=("WA2",))
        await ann.commit(orders=(plain("WA1"),))
        await ann.commit(synced=("WA1",))
        assert await ann.commit(synced=("WA2",)) is None
        assert await store.unsynced(SHOP, 9) == ["WA2", "WA1"]
        assert await store.unsynced(SHOP, 1) == ["WA2"]
        await store.note_synced(SHOP, ["WA2", "WA9"])
        assert await ann.commit(synced=("WA2",)) is None
        assert await store.unsynced(SHOP, 9) == ["WA1"], "once"
        assert await store.unsynced("kiosk", 9) == []

    async def test_an_order_that_is_not_there_cannot_wait_for_the_crm(
        self, store: Store, ann: Talk, everything: Everything
    ) -> None:
        before = await everything()
        assert await ann.commit(synced=("WA9",)) == Conflict(ConflictKind.ORDER_MOVED, "WA9")
        assert await everything() == before

    async def test_a_held_order_waits_until_its_stock_is_taken(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", held=True),), synced=("WA1",))
        assert await store.unsynced(SHOP, 9) == []
        await ann.commit(takes=("WA1",))
        assert await store.unsynced(SHOP, 9) == ["WA1"]

    async def test_a_second_try_is_known_as_one(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), synced=("WA1", "WA2"))
        assert not await store.begin_sync(SHOP, "WA1")
        assert await store.begin_sync(SHOP, "WA1")
        assert not await store.begin_sync(SHOP, "WA2")
        assert not await store.begin_sync(SHOP, "WA9")
        assert await store.unsynced(SHOP, 9) == ["WA1", "WA2"], "a try is no answer"

    async def test_a_cancelled_order_is_told_of_only_where_the_crm_may_know_it(self, store: Store, ann: Talk) -> None:
        numbers = ("WA1", "WA2", "WA3")
        await ann.commit(orders=tuple(map(plain, numbers)), synced=numbers)
        await store.begin_sync(SHOP, "WA2")
        await store.begin_sync(SHOP, "WA3")
        await store.note_synced(SHOP, ["WA3"])
        await ann.commit(moves=tuple(move(number, PENDING, CANCELLED) for number in numbers))
        assert await store.unsynced(SHOP, 9) == ["WA2", "WA3"]
        await store.note_synced(SHOP, ["WA2", "WA3"], cancelled=True)
        assert await store.unsynced(SHOP, 9) == []
        await ann.commit(orders=(plain("WA4"),))
        await ann.commit(moves=(move("WA4", PENDING, CANCELLED),))
        await ann.commit(synced=("WA4",))
        assert await store.unsynced(SHOP, 9) == [], "wished for too late"

    async def test_a_cancellation_while_the_order_is_told_is_told_too(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), synced=("WA1", "WA2"))
        await store.begin_sync(SHOP, "WA1")
        await ann.commit(moves=(move("WA1", PENDING, CANCELLED),))
        await store.note_synced(SHOP, ["WA1"])
        assert await store.unsynced(SHOP, 9) == ["WA1", "WA2"], "it heard of the order, not of its end"
        await store.note_synced(SHOP, ["WA2"], cancelled=True)
        assert await store.unsynced(SHOP, 9) == ["WA1", "WA2"], "nor of an end that is none"

    # -- stock -----------------------------------------------------------------------------------------------------
    async def test_the_crms_figures_become_stock(self, store: Store, ann: Talk) -> None:
        told = await store.set_stock(SHOP, {"cake": 9, "tea": 3, "pie": 4, "custom": 5}, NOW, "m1")
        assert told == Counted(1, ("pie",), ())
        assert [one.stock for one in await store.products(SHOP)] == [9, 3, 0], "what is not counted stays so"
        assert await ann.left() == {"cake": 9, "tea": 3}
        assert await store.last_stocktake(SHOP) == LastStocktake(NOW, "m1")
        assert await store.set_stock(SHOP, {"cake": -2}, NOW + 5) == Counted(1, (), ("tea",))
        assert await ann.left() == {"cake": 0, "tea": 3}, "more is promised there than there is; tea keeps what it had"
        assert await store.last_stocktake(SHOP) == LastStocktake(NOW + 5, "")
        assert await store.last_stocktake("kiosk") is None

    async def test_orders_that_the_crm_has_not_heard_of_stay_taken_off(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 2), line("cake", 1), line("tea", 1)),), synced=("WA1",))
        await store.set_stock(SHOP, {"cake": 6, "tea": 3}, NOW)
        assert await ann.left() == {"cake": 3, "tea": 2}
        await store.begin_sync(SHOP, "WA1")
        await store.set_stock(SHOP, {"cake": 6, "tea": 3}, NOW)
        assert await ann.left() == {"cake": 3, "tea": 2}, "perhaps it was told: not counted on"
        await store.note_synced(SHOP, ["WA1"])
        assert await ann.left() == {"cake": 3, "tea": 2}, "to be heard moves nothing here"
        await store.set_stock(SHOP, {"cake": 3, "tea": 2}, NOW)
        assert await ann.left() == {"cake": 3, "tea": 2}, "once there, not twice"

    async def test_what_is_held_is_taken_off_once(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(
            holds=(hold("WA1:cake", 2),), orders=(order("WA1", line("cake", 2), held=True),), synced=("WA1",)
        )
        await store.set_stock(SHOP, {"cake": 6}, NOW)
        assert (await ben.left())["cake"] == 4
        await ann.commit(takes=("WA1",))
        await store.set_stock(SHOP, {"cake": 6}, NOW)
        assert (await ben.left())["cake"] == 4

    async def test_what_was_cancelled_is_not_taken_off(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 2)), order("WA2", line("cake"))), synced=("WA1", "WA2"))
        await store.begin_sync(SHOP, "WA1")
        await ann.commit(moves=(move("WA1", PENDING, CANCELLED),))
        await store.set_stock(SHOP, {"cake": 6}, NOW)
        assert (await ann.left())["cake"] == 5

    async def test_stock_and_orders_at_once_end_as_one_after_the_other(self, store: Store, ann: Talk) -> None:
        """In whatever order they are written, and in whatever batches: what is left is what the rule says."""
        people = [Talk(store, Address(SHOP, f"c{n}")) for n in range(3)]
        await store.set_stock(SHOP, {"cake": 500}, NOW)

        async def buys(talk: Talk, number: str) -> None:
            bought = order(number, line("cake", 2), customer=talk.address.customer)
            assert await talk.commit(orders=(bought,), synced=(number,)) is None

        for n in range(1, 21):
            tell = partial(store.tell_owner, SHOP, "crm_down", "It is down.", NOW)
            count = partial(store.set_stock, SHOP, {"cake": 500 + n}, NOW)
            await together(tell, *(partial(buys, talk, f"WA{n}{who}") for who, talk in enumerate(people)), count)
            assert (await ann.left())["cake"] == 500 + n - 6 * n
            assert (await store.products(SHOP))[0].stock == 500 + n - 6 * n
