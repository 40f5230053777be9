"""What every store promises about orders that are held until they are paid, and about the moves of their payment."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from engine.address import MINUTE, Address
from engine.facts import Conflict, ConflictKind
from engine.orders import PAYMENT_MOVES, Order, OrderStatus, PaymentStatus, holds_of, order_moves
from engine.ports import Store
from tests.storage.things import order_of, pay_move
from tests.storage.values import (
    NOW,
    SHOP,
    SOLD_OUT,
    Everything,
    Talk,
    hold,
    line,
    move,
    order,
    plain,
    together,
)

PENDING, CONFIRMED, CANCELLED = OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.CANCELLED
MOVED = Conflict(ConflictKind.ORDER_MOVED, "WA1")
LATER = NOW + 31 * MINUTE


def held(quantity: int = 2, number: str = "WA1", customer: str = "ann") -> Order:
    lines = (line("cake", quantity), line("custom", tracked=False))
    return msgspec.structs.replace(order(number, *lines, customer=customer), held=True)


async def place(talk: Talk, placed: Order) -> Conflict | None:
    """As flows do: the order, and the holds that keep it for half an hour."""
    return await talk.commit(orders=(placed,), holds=holds_of(placed, NOW + 30 * MINUTE))


class HeldOrders:
    async def cakes(self, store: Store) -> int:
        return next(product.stock for product in await store.products(SHOP) if product.sku == "cake")

    # -- taking ----------------------------------------------------------------------------------------------------
    async def test_an_order_that_is_held_takes_nothing_yet(self, store: Store, ann: Talk, ben: Talk) -> None:
        assert await place(ann, held(4)) is None
        assert await order_of(store) == held(4)
        assert await self.cakes(store) == 6
        assert (await ben.left())["cake"] == 2
        assert (await ben.left(LATER))["cake"] == 6, "the hold ends by itself"

    async def test_taking_its_stock_ends_its_holds_and_its_being_held(self, store: Store, ann: Talk, ben: Talk) -> None:
        await place(ann, held(4))
        assert await ann.commit(takes=("WA1",)) is None
        assert await self.cakes(store) == 2
        assert (await ben.left())["cake"] == 2
        assert await order_of(store) == msgspec.structs.replace(held(4), held=False)

    async def test_taking_twice_is_nothing(self, store: Store, ann: Talk) -> None:
        await place(ann, held(2))
        await ann.commit(takes=("WA1",))
        assert await ann.commit(takes=("WA1",)) is None
        assert await self.cakes(store) == 4
        await ann.commit(orders=(order("WA2", line("cake", 1)),))
        assert await ann.commit(takes=("WA2",)) is None
        assert await self.cakes(store) == 3, "nor is there anything to take for an order that was never held"

    async def test_what_others_took_after_the_hold_is_gone(self, ann: Talk, ben: Talk, everything: Everything) -> None:
        await place(ann, held(4))
        ann.at = ben.at = LATER
        assert await ben.commit(orders=(order("WB1", line("cake", 3), customer="ben"),)) is None
        before = await everything()
        assert await ann.commit(takes=("WA1",)) == SOLD_OUT
        assert await everything() == before

    async def test_late_money_takes_what_is_free_still(self, store: Store, ann: Talk, ben: Talk) -> None:
        await place(ann, held(4))
        ann.at = ben.at = LATER
        await ben.commit(orders=(order("WB1", line("cake", 2), customer="ben"),))
        assert await ann.commit(takes=("WA1",)) is None
        assert await self.cakes(store) == 0

    async def test_what_others_hold_cannot_be_taken(self, ann: Talk, ben: Talk) -> None:
        await place(ann, held(4))
        ann.at = LATER
        ben.at = LATER
        late = msgspec.structs.replace(hold("h1", 3), expires_at=LATER + MINUTE)
        assert await ben.commit(holds=(late,)) is None
        assert await ann.commit(takes=("WA1",)) == SOLD_OUT
        ann.at = LATER + MINUTE
        assert await ann.commit(takes=("WA1",)) is None

    async def test_whose_turn_it_is_makes_no_hold_of_theirs_count_less(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(orders=(held(4),))
        await ben.commit(holds=(hold("h1", 3),))
        assert await ben.commit(takes=("WA1",)) == SOLD_OUT, "others' holds are those of others than who ordered"
        assert await ben.commit(takes=("WA1",), releases=("h1",)) is None

    async def test_what_is_not_there_or_cancelled_cannot_be_taken(self, store: Store, ann: Talk) -> None:
        assert await ann.commit(takes=("WA1",)) == MOVED
        await place(ann, held(2))
        cancel = move("WA1", PENDING, CANCELLED)
        assert await ann.commit(moves=(cancel,), takes=("WA1",)) == MOVED
        assert await ann.commit(moves=(cancel,)) is None
        assert await ann.commit(takes=("WA1",)) == MOVED
        assert await self.cakes(store) == 6

    async def test_an_order_can_be_placed_and_taken_in_one_turn(self, store: Store, ann: Talk) -> None:
        assert await ann.commit(orders=(held(6),), takes=("WA1",)) is None
        assert await self.cakes(store) == 0
        assert (await order_of(store)).held is False
        assert await ann.commit(orders=(held(1, "WA2"),), takes=("WA2",)) == SOLD_OUT

    async def test_what_is_placed_and_taken_in_one_turn_is_summed(self, ann: Talk) -> None:
        await place(ann, held(4))
        assert await ann.commit(takes=("WA1",), orders=(order("WA2", line("cake", 3)),)) == SOLD_OUT
        assert await ann.commit(takes=("WA1",), orders=(order("WA2", line("cake", 2)),)) is None

    async def test_holds_that_end_by_taking_make_no_room_twice(self, ann: Talk) -> None:
        await place(ann, held(4))
        assert await ann.commit(takes=("WA1",), holds=(hold("h1", 3),)) == SOLD_OUT
        assert await ann.commit(takes=("WA1",), holds=(hold("h1", 2),)) is None

    async def test_a_cancelled_order_gives_back_only_what_was_taken(self, store: Store, ann: Talk) -> None:
        await place(ann, held(2))
        await ann.commit(moves=(move("WA1", PENDING, CANCELLED),), releases=("WA1:cake",))
        assert await ann.left() == {"cake": 6, "tea": 3}
        await place(ann, held(3, "WA2"))
        await ann.commit(takes=("WA2",))
        assert await self.cakes(store) == 3
        await ann.commit(moves=(move("WA2", PENDING, CANCELLED),))
        assert await self.cakes(store) == 6

    async def test_what_a_cancelled_order_gives_back_can_be_taken_by_one_that_is_held(self, ann: Talk) -> None:
        await place(ann, held(6))
        await ann.commit(takes=("WA1",))
        again = held(6, "WA2")
        moves = (move("WA1", PENDING, CANCELLED),)
        assert await ann.commit(moves=moves, orders=(again,), takes=("WA2",)) is None
        assert (await ann.left())["cake"] == 0

    async def test_a_hundred_who_pay_late_at_once_get_six_cakes(self, store: Store, ann: Talk) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(100)]
        for n, talk in enumerate(talks):
            await talk.commit(orders=(held(1, f"W{n}", f"c{n}"),))
        ends = await together(*(partial(talk.commit, takes=(f"W{n}",)) for n, talk in enumerate(talks)))
        assert ends.count(None) == 6
        assert ends.count(SOLD_OUT) == 94
        assert await self.cakes(store) == 0

    # -- moves -----------------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("frm", PaymentStatus)
    @pytest.mark.parametrize("to", PaymentStatus)
    async def test_a_payment_moves_only_as_the_table_allows(
        self, store: Store, ann: Talk, frm: PaymentStatus, to: PaymentStatus
    ) -> None:
        await ann.commit(orders=(msgspec.structs.replace(plain("WA1"), payment=frm),))
        refused = await ann.commit(payment_moves=(pay_move("WA1", frm, to),))
        assert refused == (None if to in PAYMENT_MOVES[frm] else MOVED)
        assert (await order_of(store)).payment is (to if refused is None else frm)

    @pytest.mark.parametrize("flow", ["", "counter", "micro_sales"])
    async def test_an_order_moves_by_the_table_of_its_flow(self, ann: Talk, flow: str) -> None:
        for n, to in enumerate(OrderStatus):
            await ann.commit(orders=(plain(f"W{n}", flow=flow),))
            refused = await ann.commit(moves=(move(f"W{n}", PENDING, to),))
            assert (refused is None) == (to in order_moves(flow)[PENDING])

    async def test_a_payment_move_that_is_refused_leaves_no_trace(self, ann: Talk, everything: Everything) -> None:
        await ann.commit(orders=(plain("WA1"),))
        before = await everything()
        late = pay_move("WA1", PaymentStatus.PENDING, PaymentStatus.PAID)
        assert await ann.commit(moves=(move("WA1", PENDING, CONFIRMED),), payment_moves=(late,)) == MOVED
        elsewhere = pay_move("WA1", PaymentStatus.FAILED, PaymentStatus.PENDING)
        assert await ann.commit(payment_moves=(elsewhere,)) == MOVED, "the table allows it, but not from here"
        unknown = pay_move("WA9", PaymentStatus.UNPAID, PaymentStatus.PENDING)
        assert await ann.commit(payment_moves=(unknown,)) == Conflict(ConflictKind.ORDER_MOVED, "WA9")
        assert await everything() == before

    async def test_a_payment_may_move_twice_in_one_turn(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),))
        unpaid, pending, paid = PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.PAID
        steps = (pay_move("WA1", unpaid, pending), pay_move("WA1", pending, paid))
        assert await ann.commit(payment_moves=steps) is None
        assert (await order_of(store)).payment is paid

    async def test_of_two_moves_of_one_payment_at_once_one_is_refused(self, ann: Talk, ben: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),))
        step = pay_move("WA1", PaymentStatus.UNPAID, PaymentStatus.PENDING)
        ends = await together(*(partial(one.commit, payment_moves=(step,)) for one in (ann, ben)))
        assert sorted(ends, key=str) == sorted([None, MOVED], key=str)
