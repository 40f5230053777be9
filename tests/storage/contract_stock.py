"""What every store promises about stock and orders: never oversold, one order per cart, only moves that are allowed."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from engine.address import Address
from engine.facts import Conflict, ConflictKind
from engine.orders import USUAL_MOVES, Hold, OrderMove, OrderStatus
from engine.ports import Store
from tests.storage.values import (
    CAKE,
    CATALOGUE,
    CUSTOM,
    NOW,
    SHOP,
    SOLD_OUT,
    TEA,
    Everything,
    Talk,
    hold,
    line,
    move,
    order,
    together,
)

PENDING, CONFIRMED, CANCELLED = OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.CANCELLED
PROCESSING = OrderStatus.PROCESSING


class Stock:
    async def on_hand(self, store: Store, sku: str = "cake") -> int:
        return next(product.stock for product in await store.products(SHOP) if product.sku == sku)

    # -- stock -----------------------------------------------------------------------------------------------------
    async def test_only_tracked_products_are_counted(self, ann: Talk) -> None:
        assert await ann.left() == {"cake": 6, "tea": 3}

    async def test_an_order_takes_the_stock_of_its_tracked_lines(self, store: Store, ann: Talk) -> None:
        lines = (line("cake", 2), line("tea", 3), line("custom", 9, tracked=False))
        assert await ann.commit(orders=(order("WA1", *lines),)) is None
        assert await ann.left() == {"cake": 4, "tea": 0}
        assert [product.stock for product in await store.products(SHOP)] == [4, 0, 0]

    async def test_an_order_for_more_than_there_is_leaves_no_trace(self, ann: Talk, everything: Everything) -> None:
        before = await everything()
        assert await ann.commit(orders=(order("WA1", line("tea", 1), line("cake", 7)),)) == SOLD_OUT
        assert await everything() == before

    async def test_lines_of_one_product_are_summed(self, ann: Talk) -> None:
        twice = (line("cake", 4, note="for Ann"), line("tea", 1), line("cake", 4, note="for Ben"))
        assert await ann.commit(orders=(order("WA1", *twice),)) == SOLD_OUT
        exact = (line("cake", 4), line("cake", 2))
        assert await ann.commit(orders=(order("WA1", *exact),)) is None

    async def test_lines_are_summed_over_the_orders_of_one_turn(self, ann: Talk) -> None:
        two = (order("WA1", line("cake", 4)), order("WA2", line("cake", 4)))
        assert await ann.commit(orders=two) == SOLD_OUT

    async def test_a_tracked_line_of_an_unknown_product_is_sold_out(self, ann: Talk) -> None:
        assert await ann.commit(orders=(order("WA1", line("pie")),)) == Conflict(ConflictKind.SOLD_OUT, "pie")

    async def test_what_others_hold_cannot_be_bought(self, ann: Talk, ben: Talk) -> None:
        assert await ann.commit(holds=(hold("h1", 4),)) is None
        assert (await ann.left())["cake"] == 6
        assert (await ben.left())["cake"] == 2
        assert await ben.commit(orders=(order("WB1", line("cake", 3), customer="ben"),)) == SOLD_OUT
        assert await ben.commit(orders=(order("WB1", line("cake", 2), customer="ben"),)) is None
        assert await ann.commit(orders=(order("WA1", line("cake", 4)),), releases=("h1",)) is None

    async def test_ones_own_hold_does_not_stand_in_ones_own_way(self, ann: Talk) -> None:
        await ann.commit(holds=(hold("h1", 6),))
        assert await ann.commit(orders=(order("WA1", line("cake", 6)),)) is None

    async def test_a_hold_for_more_than_is_free_is_refused(self, ann: Talk, ben: Talk, everything: Everything) -> None:
        await ann.commit(holds=(hold("h1", 4),))
        before = await everything()
        assert await ben.commit(holds=(hold("h2", 3),)) == SOLD_OUT
        assert await everything() == before
        assert await ben.commit(holds=(hold("h2", 2),)) is None

    async def test_ones_own_holds_of_one_product_are_summed(self, ann: Talk) -> None:
        assert await ann.commit(holds=(hold("h1", 4),)) is None
        assert await ann.commit(holds=(hold("h2", 3),)) == SOLD_OUT
        assert await ann.commit(holds=(hold("h2", 1), hold("h3", 2))) == SOLD_OUT
        assert await ann.commit(holds=(hold("h1", 6),)) is None

    async def test_a_hold_released_in_the_same_turn_makes_room(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(holds=(hold("h1", 6),))
        assert await ann.commit(releases=("h1",), holds=(hold("h2", 6),)) is None
        assert await ben.commit(releases=("h2",), holds=(hold("h3", 1),)) == SOLD_OUT

    async def test_an_expired_hold_counts_no_more_though_nobody_cleaned_up(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(holds=(hold("h1", 6, lasts=1_000),))
        ben.at = NOW + 999
        assert (await ben.left())["cake"] == 0
        assert await ben.commit(orders=(order("WB1", customer="ben"),)) == SOLD_OUT
        ben.at = NOW + 1_000
        assert (await ben.left())["cake"] == 6
        assert await ben.commit(orders=(order("WB1", line("cake", 6), customer="ben"),)) is None

    async def test_untracked_products_can_be_held_without_end(self, ann: Talk) -> None:
        assert await ann.commit(holds=(hold("h1", 999, "custom"),)) is None
        assert await ann.commit(holds=(hold("h2", 1, "pie"),)) == Conflict(ConflictKind.SOLD_OUT, "pie")

    async def test_a_hundred_buyers_at_once_get_six_cakes(self, store: Store, ann: Talk) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(100)]
        ends = await together(
            *(partial(one.commit, orders=(order(f"W{n}", customer=f"c{n}"),)) for n, one in enumerate(talks))
        )
        assert ends.count(None) == 6
        assert ends.count(SOLD_OUT) == 94
        assert await self.on_hand(store) == 0

    async def test_a_hundred_holders_at_once_hold_six_seats(self, store: Store, ann: Talk) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(100)]
        ends = await together(*(partial(one.commit, holds=(hold(f"h{n}", 2),)) for n, one in enumerate(talks)))
        assert ends.count(None) == 3
        assert (await ann.left())["cake"] == 0

    # -- orders ----------------------------------------------------------------------------------------------------
    async def test_a_number_can_be_taken_once(self, ann: Talk, ben: Talk, everything: Everything) -> None:
        await ann.commit(orders=(order("WA1"),))
        before = await everything()
        refused = await ben.commit(orders=(order("WA1", customer="ben", cart="another"),))
        assert refused == Conflict(ConflictKind.NUMBER_TAKEN, "WA1")
        twice = (order("WA2", cart="b"), order("WA2", cart="c"))
        assert await ben.commit(orders=twice) == Conflict(ConflictKind.NUMBER_TAKEN, "WA2")
        assert await everything() == before

    async def test_of_two_who_propose_one_number_at_once_one_gets_it(self, ann: Talk, ben: Talk) -> None:
        ends = await together(
            partial(ann.commit, orders=(order("WA1", cart="a"),)),
            partial(ben.commit, orders=(order("WA1", cart="b", customer="ben"),)),
        )
        assert sorted(ends, key=str) == sorted([None, Conflict(ConflictKind.NUMBER_TAKEN, "WA1")], key=str)

    async def test_a_cart_becomes_one_order(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", cart="c1"),))
        ordered = Conflict(ConflictKind.CART_ORDERED, "WA1")
        assert await ann.commit(orders=(order("WA2", cart="c1"),)) == ordered
        assert await ann.commit(orders=(order("WA1", cart="c1"),)) == ordered
        twice = (order("WA3", cart="c3"), order("WA4", cart="c3"))
        assert await ann.commit(orders=twice) == Conflict(ConflictKind.CART_ORDERED, "WA3")
        assert await self.on_hand(store) == 5

    async def test_orders_without_a_cart_do_not_clash(self, ann: Talk) -> None:
        assert await ann.commit(orders=(order("WA1", cart=""), order("WA2", cart=""))) is None

    async def test_orders_come_newest_first(self, store: Store, ann: Talk) -> None:
        placed = [order(f"WA{n}", placed_at=NOW + n // 2) for n in range(4)]
        for one in placed:
            await ann.commit(orders=(one,))
        assert await store.orders(SHOP, 3) == placed[:0:-1]
        assert await store.orders("kiosk", 3) == []
        await ann.commit(orders=(order("WA9", placed_at=NOW - 1),))
        assert [one.number for one in await store.orders(SHOP, 9)][-1] == "WA9"

    @pytest.mark.parametrize("frm", OrderStatus)
    @pytest.mark.parametrize("to", OrderStatus)
    async def test_an_order_moves_only_as_the_table_allows(
        self, store: Store, ann: Talk, frm: OrderStatus, to: OrderStatus
    ) -> None:
        await ann.commit(orders=(order("WA1", status=frm),))
        refused = await ann.commit(moves=(move("WA1", frm, to),))
        assert (refused is None) == (to in USUAL_MOVES[frm])
        assert (await store.orders(SHOP, 1))[0].status is (to if refused is None else frm)

    async def test_a_move_that_is_refused_leaves_no_trace(self, ann: Talk, everything: Everything) -> None:
        await ann.commit(orders=(order("WA1", status=CONFIRMED),))
        before = await everything()
        moved = Conflict(ConflictKind.ORDER_MOVED, "WA1")
        assert await ann.commit(moves=(move("WA1", PENDING, CANCELLED),)) == moved
        assert await ann.commit(moves=(move("WA1", CONFIRMED, CANCELLED, customer="ben"),)) == moved
        assert await ann.commit(moves=(move("WA9", PENDING, CANCELLED),)) == Conflict(ConflictKind.ORDER_MOVED, "WA9")
        assert await everything() == before

    async def test_an_order_may_move_twice_in_one_turn(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1"),))
        moves = (move("WA1", PENDING, CONFIRMED), move("WA1", CONFIRMED, CANCELLED, customer="ann"))
        assert await ann.commit(moves=moves) is None
        assert (await store.orders(SHOP, 1))[0].status is CANCELLED

    async def test_of_two_moves_at_once_one_is_refused(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(orders=(order("WA1", status=PENDING),))
        step = OrderMove("WA1", (PENDING,), CANCELLED, "owner")
        ends = await together(*(partial(one.commit, moves=(step,)) for one in (ann, ben)))
        assert ends.count(None) == 1
        assert await self.on_hand(store) == 6

    async def test_a_cancelled_order_gives_its_stock_back(self, store: Store, ann: Talk) -> None:
        lines = (line("cake", 2), line("tea"), line("cake", 3), line("custom", 2, tracked=False))
        await ann.commit(orders=(order("WA1", *lines),))
        assert await ann.left() == {"cake": 1, "tea": 2}
        assert await ann.commit(moves=(move("WA1", PENDING, CANCELLED),)) is None
        assert await ann.left() == {"cake": 6, "tea": 3}
        assert [product.stock for product in await store.products(SHOP)] == [6, 3, 0]

    async def test_no_other_move_gives_anything_back(self, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 2)),))
        for frm, to in ((PENDING, CONFIRMED), (CONFIRMED, PROCESSING), (PROCESSING, OrderStatus.COMPLETED)):
            await ann.commit(moves=(move("WA1", frm, to),))
            assert (await ann.left())["cake"] == 4

    async def test_what_a_cancelled_order_gives_back_can_be_taken_in_the_same_turn(self, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 6)),))
        again = (order("WA2", line("cake", 6)),)
        assert await ann.commit(moves=(move("WA1", PENDING, CANCELLED),), orders=again) is None
        assert (await ann.left())["cake"] == 0

    # -- catalogue -------------------------------------------------------------------------------------------------
    async def test_a_catalogue_comes_back_as_it_was(self, store: Store) -> None:
        assert await store.import_catalogue(SHOP, "first", CATALOGUE) is True
        assert await store.products(SHOP) == list(CATALOGUE)
        assert await store.products("kiosk") == []

    async def test_a_file_is_imported_once(self, store: Store, ann: Talk) -> None:
        changed = (msgspec.structs.replace(CAKE, price=1),)
        assert await store.import_catalogue(SHOP, "first", changed) is False
        assert await store.products(SHOP) == list(CATALOGUE)
        assert await store.import_catalogue("kiosk", "first", CATALOGUE) is True

    async def test_going_back_to_an_earlier_file_brings_it_back(self, store: Store, ann: Talk) -> None:
        dearer = (msgspec.structs.replace(CAKE, price=99), TEA, CUSTOM)
        assert await store.import_catalogue(SHOP, "second", dearer) is True
        assert await store.import_catalogue(SHOP, "first", CATALOGUE) is True
        assert await store.products(SHOP) == list(CATALOGUE)

    async def test_another_file_can_stand_in_for_the_configured_one(self, store: Store, ann: Talk) -> None:
        """Somebody imports a file of their own: the configured one, whose digest is named, is done with until it
        changes."""
        dearer = (msgspec.structs.replace(CAKE, price=99), TEA, CUSTOM)
        assert await store.import_catalogue(SHOP, "first", dearer, always=True) is True
        assert await store.import_catalogue(SHOP, "first", CATALOGUE) is False
        assert await store.products(SHOP) == list(dearer)
        assert await store.import_catalogue(SHOP, "edited", CATALOGUE) is True
        assert await store.products(SHOP) == list(CATALOGUE)

    async def test_the_files_stock_is_an_opening_value(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 2)),))
        await store.import_catalogue(SHOP, "second", (TEA, CAKE))
        assert [(one.sku, one.stock, one.active) for one in await store.products(SHOP)] == [
            ("tea", 3, True),
            ("cake", 4, True),
            ("custom", 0, False),
        ]
        assert await ann.left() == {"cake": 4, "tea": 3}

    async def test_a_hold_keeps_its_time_when_it_is_taken_again(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(holds=(hold("h1", 6, lasts=1_000),))
        await ann.commit(holds=(Hold("h1", "cake", 5, NOW + 9_000),))
        assert (await ben.left(NOW + 5_000))["cake"] == 1
        assert CUSTOM.stock == 0
