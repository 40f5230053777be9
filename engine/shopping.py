"""What flows that sell by the piece have in common: menus, carts and their changes in words, and the rule of adding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from engine import cart as carts
from engine import money, text
from engine.address import Millis
from engine.cart import LINES_AT_MOST, QUANTITY_AT_MOST, Cart, Change, ChangeKind
from engine.catalogue import Product
from engine.facts import Facts
from engine.phrases import say, say_count
from engine.shop import Shop

SCARCE = 10
"""From this many down, the menu says how many are left."""

SUFFIX_BYTES = 2
"""Of the digest behind an order number that was taken in the same second: four hexadecimal digits."""


def price(amount: int, shop: Shop) -> str:
    """Minor units as the shop's customers read them."""
    return money.show(amount, shop.currency, shop.locale)


def joined(*parts: str) -> str:
    """The parts that say something, a line each."""
    return "\n".join([part for part in parts if part])


def menu_lines(skus: Sequence[str], first: int, shop: Shop, facts: Facts) -> list[str]:
    """The menu from number ``first`` on (counted from 0), with prices, and what is left of scarce items."""
    lines = []
    for number, sku in enumerate(skus[first:], first + 1):
        product = shop.catalogue.sold(sku)
        if product is None:
            lines.append(say(facts.language, "{number}. (not sold any more)", number=number))
        else:
            lines.append(f"{number}. {product.name} – {price(product.price, shop)}{_remark(product, facts)}")
    return lines


def _remark(product: Product, facts: Facts) -> str:
    left = carts.left_of(product, facts)
    if left is None or left > SCARCE:
        return ""
    if left < product.min_quantity:
        return say(facts.language, " (sold out)")
    return say_count(facts.language, " ({count} left)", " ({count} left)", left)


def cart_line(cart: Cart, shop: Shop, facts: Facts) -> str:
    """The cart in one line: how many items, and what they cost."""
    total = price(cart.total, shop)
    return say_count(facts.language, "{count} item, {total}", "{count} items, {total}", cart.count, total=total)


def cart_lines(cart: Cart, shop: Shop) -> list[str]:
    """Line by line: quantity, name and what that makes."""
    return [f"{line.quantity} × {line.name} – {price(line.total, shop)}" for line in cart.lines]


def news(changes: Sequence[Change], shop: Shop, facts: Facts) -> list[str]:
    """A sentence for each line of a cart that is no longer as shown."""
    return [_news(change, shop, facts) for change in changes]


def _news(change: Change, shop: Shop, facts: Facts) -> str:
    match change.kind:
        case ChangeKind.GONE:
            return say(facts.language, "{name} is not sold any more, so I took it out.", name=change.name)
        case ChangeKind.SOLD_OUT:
            return say(facts.language, "{name} is sold out now, so I took it out.", name=change.name)
        case ChangeKind.REDUCED:
            return say(
                facts.language,
                "Only {now} × {name} left, so I changed your {was} to {now}.",
                name=change.name,
                was=change.was,
                now=change.now,
            )
        case ChangeKind.REPRICED:
            return say(
                facts.language,
                "The price of {name} changed from {was} to {now}.",
                name=change.name,
                was=price(change.was, shop),
                now=price(change.now, shop),
            )


def add(cart: Cart, product: Product, quantity: int, shop: Shop, facts: Facts) -> tuple[Cart, str, bool]:
    """Put ``quantity`` more of a product into the cart: the cart, a sentence about it, and whether it went in.

    Each refusal says what is possible.
    """
    refused = _refused(cart, product, quantity, facts)
    if refused:
        return cart, refused, False
    after = carts.put(cart, product, cart.quantity(product.sku) + quantity, facts)
    said = say(facts.language, "Added {quantity} × {name}.", quantity=quantity, name=product.name)
    return after, said, True


def _refused(cart: Cart, product: Product, quantity: int, facts: Facts) -> str:
    """Why it can't be added, as a sentence; "" when it can."""
    speech, have, name = facts.language, cart.quantity(product.sku), product.name
    if not 1 <= quantity <= QUANTITY_AT_MOST:
        return say(
            speech,
            "You can have 1 to {most} of one item; for {name}, please send a number in that range.",
            most=QUANTITY_AT_MOST,
            name=name,
        )
    if have + quantity > QUANTITY_AT_MOST:
        return say(
            speech,
            "You can have at most {most} × {name}; you have {have}, so up to {possible} more.",
            most=QUANTITY_AT_MOST,
            name=name,
            have=have,
            possible=QUANTITY_AT_MOST - have,
        )
    left = carts.left_of(product, facts)
    if left is not None and left < product.min_quantity:
        return say(speech, "{name} is sold out, sorry.", name=name)
    if left is not None and have + quantity > left:
        if have:
            return say(
                speech,
                "Only {left} × {name} left; you have {have}, so up to {possible} more.",
                left=left,
                name=name,
                have=have,
                possible=max(0, left - have),
            )
        return say(speech, "Only {left} × {name} left, so you can have up to {left}.", left=left, name=name)
    if have + quantity < product.min_quantity:
        return say(speech, "{name} is sold from {least} up.", name=name, least=product.min_quantity)
    if not have and len(cart.lines) >= LINES_AT_MOST:
        return say(speech, "Your cart is full: it holds {most} different items.", most=LINES_AT_MOST)
    return ""


def how(facts: Facts) -> str:
    """How to order, in a sentence."""
    return say(facts.language, "Send an item number and how many you want: *1, 2* means two of item 1.")


def with_cart(menu: tuple[str, ...], cart: Cart) -> tuple[str, ...]:
    """The numbers, with one for everything in the cart: ``remove`` must reach it."""
    return menu + tuple([line.sku for line in cart.lines if line.sku not in menu])


def below_menu(menu: tuple[str, ...], shop: Shop, facts: Facts) -> list[str]:
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


def _taken_out(cart: Cart, sku: str, item: int, have: int, shop: Shop, facts: Facts) -> tuple[Cart, str, bool]:
    if not have:
        return cart, say(facts.language, "Item {item} is not in your cart.", item=item), False
    named = next(line.name for line in cart.lines if line.sku == sku)
    return carts.without(cart, sku), say(facts.language, "Removed {name}.", name=named), True


def _short(item: int) -> str:
    """A number as it is said back; text.HUGE stands for all that are absurd."""
    return str(item) if item < text.HUGE else "…"


MUDDLES = {
    text.Muddle.FRACTION: "Whole numbers only, please: *1, 2* means two of item 1.",
    text.Muddle.NEGATIVE: "A quantity can't be below nothing: *1, 2* means two of item 1, *remove 1* takes it out.",
    text.Muddle.THREE_NUMBERS: "One item a line, please, or with a semicolon between: *1, 2; 3, 1*.",
    text.Muddle.TOO_MANY: "That is a lot at once. Please send at most 40 lines in one message.",
}


def order_number(prefix: str, shop: Shop, facts: Facts) -> str:
    """``prefix`` and the shop's local date and time to the second (flows.md §1).

    When somebody else took that number in the same second, the store says so and the next attempt adds a suffix of its
    own, derived from the turn's key.
    """
    number = prefix + local(facts.now, shop).strftime("%Y%m%d%H%M%S")
    if not facts.attempt:
        return number
    return f"{number}-{blake2b(f'{facts.key}:{facts.attempt}'.encode(), digest_size=SUFFIX_BYTES).hexdigest().upper()}"


def local(moment: Millis, shop: Shop) -> datetime:
    """A moment on the shop's own clock."""
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(shop.timezone))
