"""Ordering by number from a menu: what customers say while they fill a cart, and what they are answered.

Numbers are those that were shown: a ``menu`` here is always the tuple of skus as the customer saw them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine import cart as carts
from engine import text
from engine.cart import QUANTITY_AT_MOST, Cart
from engine.catalogue import Product
from engine.delivery import question
from engine.effects import AnyEffect, Option, Say
from engine.events import CartItem
from engine.facts import Facts
from engine.flow import FlowEvent
from engine.offering import price_of
from engine.phrases import phrase, say, say_count
from engine.shop import Shop
from engine.shopping import add, cart_line, cart_lines, joined, numbered, price
from engine.words import command

ITEMS_A_PAGE = 20
"""Menu items a message: about a screen and a half, and far inside every channel's text limit."""

SCARCE = 10
"""From this many down, the menu says how many are left."""


# -- what customers say --------------------------------------------------------------------------------------------
class Wanted(FlowEvent, frozen=True):
    """(item number, quantity) pairs; quantity 0 takes the item out."""

    label: ClassVar[str] = '"1, 2"'
    pairs: tuple[tuple[int, int], ...]


class Muddled(FlowEvent, frozen=True):
    """Numbers that are no order."""

    label: ClassVar[str] = '"1, 2.5"'
    why: text.Muddle


class Removed(FlowEvent, frozen=True):
    """An item is to go out of the cart, by its menu number."""

    label: ClassVar[str] = '"remove 1"'
    item: int


class CartAsked(FlowEvent, frozen=True):
    """The cart, line by line."""

    label: ClassVar[str] = '"cart"'


class Cleared(FlowEvent, frozen=True):
    """The cart is to be emptied."""

    label: ClassVar[str] = '"clear"'


class MoreAsked(FlowEvent, frozen=True):
    """The next page of the menu."""

    label: ClassVar[str] = '"more"'


class Done(FlowEvent, frozen=True):
    """Everything is in the cart."""

    label: ClassVar[str] = '"done"'


CHOICES: dict[str, FlowEvent] = {"done": Done(), "cart": CartAsked()}
"""Value of an Option of ours → what choosing it means."""

WORDS = {"done": Done(), "cart": CartAsked(), "clear": Cleared(), "more": MoreAsked()}
"""Flow command → what it means while a cart is filled."""


def read(said: str) -> FlowEvent | None:
    """What typed text means while a cart is filled; None when nothing."""
    meant = command(said)
    if meant in WORDS:
        return WORDS[meant]
    if meant.startswith("remove "):
        item = text.number(meant.removeprefix("remove ").removeprefix("#"))
        return Removed(item) if item is not None else None
    pairs = text.pairs(said)
    if isinstance(pairs, text.Muddle):
        return Muddled(pairs)
    return Wanted(pairs) if pairs is not None else None


# -- the menu ------------------------------------------------------------------------------------------------------
def first_page(cart: Cart, shop: Shop) -> tuple[str, ...]:
    """The first page's skus, with a number for everything in the cart: ``remove`` must reach it."""
    return with_cart(shop.catalogue.menu[:ITEMS_A_PAGE], cart)


def next_page(menu: tuple[str, ...], shop: Shop) -> tuple[str, ...]:
    """The menu with the next page's skus behind it; the same menu when all was shown."""
    seen = frozenset(menu)
    return (*menu, *[sku for sku in shop.catalogue.menu if sku not in seen][:ITEMS_A_PAGE])


def page(menu: Sequence[str], first: int, shop: Shop, facts: Facts) -> Say:
    """The menu from number ``first`` on (counted from 0), as a message of its own."""
    if first >= len(menu):
        return Say(say(facts.language, "That was the whole menu. {how}", how=how(facts)))
    return Say("\n".join((*menu_lines(menu, first, shop, facts), "", *below_menu(menu, shop, facts))))


def welcome(hello: str, menu: Sequence[str], cart: Cart, changed: list[str], shop: Shop, facts: Facts) -> Say:
    """The first page under ``hello``; a cart from before is mentioned, with what changed about it."""
    lines = [hello, "", *menu_lines(menu, 0, shop, facts), "", *below_menu(menu, shop, facts)]
    if not menu:
        lines = [hello, "", say(facts.language, "There is nothing on the menu today; please come back soon.")]
    lines += changed
    if cart.lines:
        kept = cart_line(cart, shop, facts)
        lines.append(say(facts.language, "Your cart is kept: {kept}. Say *cart* to see it.", kept=kept))
    return Say("\n".join(lines))


def menu_lines(skus: Sequence[str], first: int, shop: Shop, facts: Facts) -> list[str]:
    """The menu from number ``first`` on (counted from 0), with prices, and what is left of scarce items."""
    lines = []
    for number, sku in enumerate(skus[first:], first + 1):
        product = shop.catalogue.sold(sku)
        if product is None:
            lines.append(say(facts.language, "{number}. (not sold any more)", number=number))
        else:
            lines.append(numbered(number, _offered(product, shop, facts), facts))
    return lines


def _offered(product: Product, shop: Shop, facts: Facts) -> str:
    return say(
        facts.language,
        "{name} – {price}{remark}",
        name=product.name,
        price=price(price_of(product, shop, facts), shop),
        remark=_remark(product, facts),
    )


def _remark(product: Product, facts: Facts) -> str:
    left = carts.left_of(product, facts)
    if left is None or left > SCARCE:
        return ""
    if left < product.min_quantity:
        return say(facts.language, " (sold out)")
    return say_count(facts.language, " ({count} left)", " ({count} left)", left)


def how(facts: Facts) -> str:
    """How to order, in a sentence."""
    return say(facts.language, "Send an item number and how many you want: *1, 2* means two of item 1.")


def with_cart(menu: tuple[str, ...], cart: Cart) -> tuple[str, ...]:
    """The numbers, with one for everything in the cart: ``remove`` must reach it."""
    return menu + tuple([line.sku for line in cart.lines if line.sku not in menu])


def below_menu(menu: Sequence[str], shop: Shop, facts: Facts) -> list[str]:
    """What can be said under a menu."""
    lines = [how(facts)]
    rest = len(shop.catalogue.menu) - len(menu)
    if rest > 0:
        lines.append(say(facts.language, "Say *more* for {rest} more items.", rest=rest))
    lines.append(say(facts.language, "Say *done* when you have everything."))
    return lines


def change(
    cart: Cart, menu: Sequence[str], item: int, quantity: int, shop: Shop, facts: Facts
) -> tuple[Cart, str, bool]:
    """One "item, quantity" pair by the menu's numbers; quantity 0 takes the item out.

    Returns the cart after it, a sentence about it, and whether it did anything.
    """
    if not menu:
        return cart, say(facts.language, "There is nothing on the menu today."), False
    if not 1 <= item <= len(menu):
        said = say(
            facts.language,
            "There is no item {item}; the menu goes from 1 to {last}.",
            item=_short(item),
            last=len(menu),
        )
        return cart, said, False
    sku = menu[item - 1]
    have = cart.quantity(sku)
    if not quantity:
        return _taken_out(cart, sku, item, have, shop, facts)
    product = shop.catalogue.sold(sku)
    if product is None:
        known = shop.catalogue.product(sku)
        named = known.name if known is not None else say(facts.language, "Item {item}", item=item)
        return cart, say(facts.language, "{name} is not sold any more, sorry.", name=named), False
    return add(cart, product, quantity, shop, facts)


def change_all(
    cart: Cart, menu: Sequence[str], pairs: Sequence[tuple[int, int]], shop: Shop, facts: Facts
) -> tuple[Cart, list[str], bool]:
    """Several pairs: what can be done is done, and each gets its sentence. Last: whether anything was done."""
    said, good = [], False
    for item, quantity in pairs:
        cart, sentence, done = change(cart, menu, item, quantity, shop, facts)
        said.append(sentence)
        good = good or done
    return cart, said, good


def from_native(
    items: Sequence[CartItem], shop: Shop, facts: Facts, *, most: int = QUANTITY_AT_MOST
) -> tuple[Cart, list[str]]:
    """The provider's own cart at our prices and under our limits, and what could not be taken over. ``most``: of one
    item."""
    cart, problems = Cart(), []
    for item in items:
        product = shop.catalogue.sold(item.sku)
        if product is None:
            problems.append(say(facts.language, "One thing in it is not sold here any more."))
            continue
        cart, said, good = add(cart, product, item.quantity, shop, facts, most=most)
        problems += [] if good else [said]
    return cart, list(dict.fromkeys(problems))


def _taken_out(cart: Cart, sku: str, item: int, have: int, shop: Shop, facts: Facts) -> tuple[Cart, str, bool]:
    if not have:
        return cart, say(facts.language, "Item {item} is not in your cart.", item=item), False
    named = next(line.name for line in cart.lines if line.sku == sku)
    return carts.without(cart, sku), say(facts.language, "Removed {name}.", name=named), True


def _short(item: int) -> str:
    """A number as it is said back; text.HUGE stands for all that are absurd."""
    return str(item) if item < text.HUGE else "…"


MUDDLES = {
    text.Muddle.FRACTION: phrase("Whole numbers only, please: *1, 2* means two of item 1."),
    text.Muddle.NEGATIVE: phrase(
        "A quantity can't be below nothing: *1, 2* means two of item 1, *remove 1* takes it out."
    ),
    text.Muddle.THREE_NUMBERS: phrase("One item a line, please, or with a semicolon between: *1, 2; 3, 1*."),
    text.Muddle.TOO_MANY: phrase("That is a lot at once. Please send at most 40 lines in one message."),
}


# -- the cart ------------------------------------------------------------------------------------------------------
def empty(said: list[str], facts: Facts) -> Say:
    """The cart is empty, and how to fill it."""
    return Say(joined(*said, say(facts.language, "Your cart is empty. {how}", how=how(facts))))


def so_far(said: list[str], cart: Cart, shop: Shop, facts: Facts) -> AnyEffect:
    """An answer while choosing, with the cart in one line and the ways on."""
    if not cart.lines:
        return Say(joined(*said, say(facts.language, "Your cart is empty.")))
    line = say(facts.language, "Your cart: {cart}. Add more, or say *done*.", cart=cart_line(cart, shop, facts))
    return question(joined(*said, line), done_option(facts), Option("cart", say(facts.language, "View cart")))


def done_option(facts: Facts) -> Option:
    return Option("done", say(facts.language, "Done"))


def cart_shown(said: list[str], menu: tuple[str, ...], cart: Cart, shop: Shop, facts: Facts) -> AnyEffect:
    """The cart line by line, under the menu's numbers."""
    if not cart.lines:
        return empty(said, facts)
    numbers = [menu.index(line.sku) + 1 for line in cart.lines]
    body = joined(
        *said,
        say(facts.language, "Your cart:"),
        *(numbered(number, line, facts) for number, line in zip(numbers, cart_lines(cart, shop, facts), strict=True)),
        say(facts.language, "Total: {total}", total=price(cart.total, shop)),
        say(facts.language, "Say *remove {item}* to take item {item} out, *done* to go on.", item=numbers[0]),
    )
    return question(body, done_option(facts))
