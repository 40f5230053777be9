"""What every store promises about what the owner looks up: orders and their history, cards, figures, sessions."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec.structs import replace

from engine.address import Address
from engine.books import Session, Stats
from engine.cart import Cart
from engine.conversation import Conversation, dump
from engine.facts import OwnCard
from engine.flow import State
from engine.flows import flow_named
from engine.flows.counter import AwaitingOrder
from engine.orders import Customer, Order, OrderLine, OrderStatus, PaymentStatus
from engine.ports import Store
from tests.storage.things import known, pay_move
from tests.storage.values import ANN, BEN, NOW, SHOP, Talk, move, order, plain, together

PENDING, CONFIRMED, CANCELLED = OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.CANCELLED
COMPLETED, FAILED = OrderStatus.COMPLETED, OrderStatus.PAYMENT_FAILED


def paying(number: str, payment: PaymentStatus, **more: Any) -> Order:
    return replace(plain(number, **more), payment=payment)


def card(name: str, **more: Any) -> Customer:
    return Customer(name, SHOP, name.title(), **more)


class OwnersBooks:
    # -- orders ----------------------------------------------------------------------------------------------------
    async def test_an_order_keeps_everything_that_was_sold(self, store: Store, ann: Talk) -> None:
        lines = (
            OrderLine("cem", "Cement", 10, 38_000, False, "dry", "bag", 68_400, "18"),
            OrderLine("tmt", "TMT", 3, 1, False),
        )
        placed = replace(
            order("WA1", *lines),
            flow="wholesale",
            tax=68_400,
            tax_included=False,
            delivery=5_000,
            discount=100,
            discount_code="FEST",
            rounding=-3,
            held=True,
            due_at=NOW + 9,
            payment=PaymentStatus.PENDING,
        )
        await ann.commit(orders=(placed,))
        assert await store.order(SHOP, "WA1") == placed
        assert await store.orders(SHOP, 1) == [placed]
        assert await store.order_of_cart(SHOP, placed.cart) == placed
        assert await store.order("kiosk", "WA1") is None
        assert await store.order_of_cart(SHOP, "no cart") is None

    async def test_orders_without_a_cart_are_not_found_by_one(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1", cart=""),))
        assert await store.order_of_cart(SHOP, "") is None

    async def test_an_orders_history_says_what_happened(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1", placed_at=NOW - 5),))
        unpaid, pending, paid = PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.PAID
        ann.at = NOW + 1
        await ann.commit(payment_moves=(pay_move("WA1", unpaid, pending),), moves=(move("WA1", PENDING, CONFIRMED),))
        ann.at = NOW + 2
        await ann.commit(payment_moves=(pay_move("WA1", pending, paid),))
        assert await store.order_history(SHOP, "WA1") == [
            ("", "pending", "WhatsApp", NOW - 5),
            ("", "unpaid", "WhatsApp", NOW - 5),
            ("pending", "confirmed", "owner", NOW + 1),
            ("unpaid", "pending", "mpesa", NOW + 1),
            ("pending", "paid", "mpesa", NOW + 2),
        ]
        assert await store.order_history(SHOP, "WA9") == []

    async def test_orders_are_listed_by_status_payment_and_page(self, store: Store, ann: Talk) -> None:
        stand = [
            (PENDING, PaymentStatus.UNPAID),
            (CONFIRMED, PaymentStatus.PAID),
            (PENDING, PaymentStatus.PAID),
            (CANCELLED, PaymentStatus.REFUNDED),
        ]
        for n, (status, payment) in enumerate(stand):
            await ann.commit(orders=(paying(f"WA{n}", payment, status=status, placed_at=NOW + n // 2),))

        async def numbers(limit: int, offset: int = 0, **more: Any) -> list[str]:
            return [one.number for one in await store.orders_like(SHOP, limit, offset, **more)]

        assert await numbers(9) == ["WA3", "WA2", "WA1", "WA0"]
        assert await numbers(2, 1) == ["WA2", "WA1"]
        assert await numbers(9, statuses=(PENDING, CANCELLED)) == ["WA3", "WA2", "WA0"]
        assert await numbers(9, payments=(PaymentStatus.PAID,)) == ["WA2", "WA1"]
        assert await numbers(9, statuses=(PENDING,), payments=(PaymentStatus.PAID,)) == ["WA2"]
        assert await numbers(9, 1, statuses=(PENDING, CANCELLED)) == ["WA2", "WA0"]
        assert await numbers(0) == []
        assert await store.orders_like("kiosk", 9) == []

    # -- customers -------------------------------------------------------------------------------------------------
    async def test_a_card_keeps_everything(self, store: Store, ann: Talk) -> None:
        whole = card("ann", phone="1", email="a@x.test", address="12 Moi", language="sw", marketing=False)
        whole = replace(whole, price_list="gold", credit_days=30, region="North", active=False)
        await ann.commit(customer=whole)
        assert await store.customer(ANN) == whole
        assert (await known(store, OwnCard())).customer == whole
        assert await store.customer(BEN) is None

    async def test_the_owner_brings_cards_whole(self, store: Store, ann: Talk) -> None:
        await ann.commit(customer=card("ann", phone="1"))
        brought = [card("ann", price_list="gold"), card("ben", credit_days=30)]
        await store.save_customers(SHOP, brought)
        assert await store.customer(ANN) == brought[0]
        assert await store.customer(BEN) == brought[1]

    async def test_cards_are_listed_the_latest_made_first(self, store: Store, ann: Talk) -> None:
        await store.save_customers(SHOP, [card("a"), card("b"), card("c")])
        await store.save_customers("kiosk", [replace(card("d"), shop="kiosk")])
        await Talk(store, Address(SHOP, "a")).commit(customer=card("a", phone="7"))
        assert [one.id for one in await store.customers(SHOP, 9)] == ["c", "b", "a"], "a change keeps its place"
        assert [one.id for one in await store.customers(SHOP, 1, 1)] == ["b"]

    # -- figures ---------------------------------------------------------------------------------------------------
    async def test_stats_count_paid_orders_only_as_revenue(self, store: Store, ann: Talk) -> None:
        assert await store.stats(SHOP) == Stats(0, 0, 0, 0, 0)
        total = plain("x").total
        await store.save_customers(SHOP, [card("ann"), card("ben")])
        orders = (
            paying("WA1", PaymentStatus.UNPAID),
            paying("WA2", PaymentStatus.PAID, status=COMPLETED),
            paying("WA3", PaymentStatus.PAID, status=CONFIRMED),
            paying("WA4", PaymentStatus.REFUNDED, status=CANCELLED),
            paying("WA5", PaymentStatus.FAILED, status=FAILED),
            paying("WA6", PaymentStatus.PARTLY_REFUNDED, status=COMPLETED),
            paying("WA7", PaymentStatus.PENDING),
        )
        await ann.commit(orders=orders)
        assert await store.stats(SHOP) == Stats(orders=7, completed=2, revenue=2 * total, customers=2, pending=4)
        assert await store.stats("kiosk") == Stats(0, 0, 0, 0, 0)

    async def test_sessions_are_those_that_have_begun(self, store: Store) -> None:
        await self.stands(store, "c1", flow_named("counter").initial, NOW)
        await self.stands(store, "c2", AwaitingOrder(("cake",), Cart()), NOW + 1)
        await self.stands(store, "c3", AwaitingOrder(("cake",), Cart()), NOW + 3)
        await Talk(store, Address(SHOP, "c4")).commit(snapshot=b"\x00 damaged")
        await Talk(store, Address(SHOP, "c5")).commit(snapshot=b'{"flow":"no such","version":1,"state":{}}')
        await self.stands(store, "c6", AwaitingOrder(("cake",), Cart()), NOW + 2, shop="kiosk")
        assert await store.sessions(SHOP, 9) == [
            Session("c3", "254700000001", "awaiting_order", NOW + 3),
            Session("c2", "254700000001", "awaiting_order", NOW + 1),
        ]
        assert [one.customer for one in await store.sessions(SHOP, 1)] == ["c3"]

    async def stands(self, store: Store, who: str, state: State, heard_at: int, shop: str = SHOP) -> None:
        flow = flow_named("counter")
        c = Conversation(flow.name, flow.version, state, 1, phone="254700000001", heard_at=heard_at)
        await Talk(store, Address(shop, who)).commit(snapshot=dump(c))

    # -- what was fetched ------------------------------------------------------------------------------------------
    async def test_until_when_messages_were_fetched_is_kept_by_shop(self, store: Store) -> None:
        assert await store.fetched(SHOP) == 0
        await store.note_fetched(SHOP, NOW)
        await store.note_fetched(SHOP, NOW + 1)
        assert (await store.fetched(SHOP), await store.fetched("other")) == (NOW + 1, 0)

    # -- keys ------------------------------------------------------------------------------------------------------
    async def test_a_key_is_made_once_under_its_name(self, store: Store) -> None:
        keys = await together(*(partial(store.key, "tickets") for _ in range(9)))
        assert len(set(keys)) == 1
        assert len(keys[0]) == 32
        assert await store.key("tickets") == keys[0]
        assert await store.key("papers") != keys[0]
