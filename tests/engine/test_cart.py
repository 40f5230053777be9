"""Carts by themselves: what a cart is worth, and what the shelves make of it."""

from __future__ import annotations

import msgspec
import pytest

from engine import cart as carts
from engine import ordering, shopping
from engine.cart import Cart, CartLine, Change, ChangeKind
from engine.catalogue import Product
from engine.facts import Conflict, ConflictKind, Facts
from engine.shop import Shop
from tests.engine.world import ANN, NOON, shop_with

TEA = Product("tea", "Tea", 1_000, stock=20)
NAILS = Product("nails", "Nails", 900, stock=10_000, min_quantity=5)
SHOP = shop_with([TEA, NAILS])
FACTS = Facts(now=NOON, key=f"{ANN}:7", left={"tea": 20, "nails": 10_000})


def with_tea(quantity: int) -> Cart:
    return carts.put(Cart(), TEA, quantity, SHOP, FACTS)


def test_a_cart_takes_its_id_from_the_turn_that_began_it_and_loses_it_when_empty() -> None:
    cart = with_tea(1)
    assert cart.id == "bakery/c1:7"
    later = msgspec.structs.replace(FACTS, key=f"{ANN}:9")
    assert carts.put(cart, NAILS, 5, SHOP, later).id == "bakery/c1:7"
    assert carts.put(cart, TEA, 0, SHOP, later) == Cart()
    assert carts.without(cart, "tea") == Cart()
    assert carts.put(Cart(), TEA, 1, SHOP, later).id == "bakery/c1:9"


def test_a_cart_is_worth_the_sum_of_its_lines() -> None:
    cart = carts.put(with_tea(3), NAILS, 5, SHOP, FACTS)
    assert (cart.total, cart.count) == (3 * 1_000 + 5 * 900, 8)


def test_an_unchanged_cart_comes_back_itself() -> None:
    cart = with_tea(3)
    assert carts.revise(cart, SHOP, FACTS) == (cart, ())


def test_a_refused_commit_knows_better_than_any_count() -> None:
    """The store said sold out, and the facts read after it still say there is enough: the customer hears the truth."""
    refused = msgspec.structs.replace(FACTS, conflict=Conflict(ConflictKind.SOLD_OUT, "tea"), attempt=1)
    cart, changes = carts.revise(with_tea(3), SHOP, refused)
    assert cart.quantity("tea") == 2
    assert changes == (Change(ChangeKind.REDUCED, "Tea", 3, 2),)
    assert carts.revise(with_tea(1), SHOP, refused)[0] == Cart()


def test_a_new_price_and_too_little_of_it_are_both_named() -> None:
    shop = shop_with([msgspec.structs.replace(TEA, price=1_100)])
    few = msgspec.structs.replace(FACTS, left={"tea": 2})
    cart, changes = carts.revise(with_tea(3), shop, few)
    assert cart.lines == (CartLine("tea", "Tea", 2, 1_100),)
    assert [change.kind for change in changes] == [ChangeKind.REDUCED, ChangeKind.REPRICED]


def test_less_than_the_least_quantity_left_is_sold_out() -> None:
    few = msgspec.structs.replace(FACTS, left={"nails": 4})
    cart = carts.put(Cart(), NAILS, 5, SHOP, FACTS)
    assert carts.revise(cart, SHOP, few) == (Cart(), (Change(ChangeKind.SOLD_OUT, "Nails", 5, 4),))


ADDED: list[tuple[str, Product, int, int, str]] = [
    ("one", TEA, 0, 1, "Added 1 × Tea."),
    ("fifty at least allowed", NAILS, 0, 50, "Added 50 × Nails."),
    ("none", TEA, 0, 0, "1 to 50"),
    ("fewer than none", TEA, 0, -3, "1 to 50"),
    ("more than fifty", NAILS, 0, 51, "1 to 50"),
    ("more than fifty together", NAILS, 30, 21, "you have 30, so up to 20 more"),
    ("more than there is", TEA, 0, 21, "Only 20 × Tea left"),
    ("more than there is together", TEA, 15, 6, "you have 15, so up to 5 more"),
    ("fewer than the least", NAILS, 0, 4, "Nails is sold from 5 up."),
    ("the least in two steps", NAILS, 5, 1, "Added 1 × Nails."),
]


@pytest.mark.parametrize(("product", "have", "more", "said"), [pytest.param(*rest, id=title) for title, *rest in ADDED])
def test_adding_says_what_is_possible(product: Product, have: int, more: int, said: str) -> None:
    cart = carts.put(Cart(), product, have, SHOP, FACTS) if have else Cart()
    after, sentence, good = shopping.add(cart, product, more, SHOP, FACTS)
    assert said in sentence
    assert after.quantity(product.sku) == (have + more if good else have)
    assert good is sentence.startswith("Added")


def test_a_product_that_is_gone_keeps_its_place_in_the_menu() -> None:
    shop: Shop = shop_with([TEA])
    lines = ordering.menu_lines(("nails", "tea"), 0, shop, FACTS)
    assert lines == ["1. (not sold any more)", "2. Tea – ₹10.00"]


def test_order_numbers_are_the_shops_local_time_and_another_attempt_makes_them_unique() -> None:
    first = shopping.order_number("WA", SHOP, FACTS)
    assert first == "WA20251018123456"
    again = shopping.order_number("WA", SHOP, msgspec.structs.replace(FACTS, attempt=1))
    third = shopping.order_number("WA", SHOP, msgspec.structs.replace(FACTS, attempt=2))
    assert again.startswith("WA20251018123456-")
    assert len({first, again, third}) == 3
