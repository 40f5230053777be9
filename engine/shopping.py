"""What flows that sell by the piece have in common: carts and their changes in words, the rule of adding, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from engine import cart as carts
from engine import dates, money
from engine.address import Millis
from engine.cart import LINES_AT_MOST, QUANTITY_AT_MOST, Cart, CartLine, Change, ChangeKind
from engine.catalogue import Product
from engine.effects import ShowImage, SyncOrder
from engine.facts import Facts
from engine.orders import Order, OrderLine
from engine.phrases import say, say_count
from engine.shop import Shop
from engine.table import is_link
from engine.tickets import TicketEvent

SUFFIX_BYTES = 2
"""Of the digest behind an order number that was taken in the same second: four hexadecimal digits."""


def price(amount: int, shop: Shop) -> str:
    """Minor units as the shop's customers read them."""
    return money.show(amount, shop.currency, shop.locale)


def joined(*parts: str) -> str:
    """The parts that say something, a line each."""
    return "\n".join([part for part in parts if part])


def picture_of(thing: Product | TicketEvent) -> tuple[ShowImage, ...]:
    """Its picture, from a public link or a file of ours; nothing where it has none. A file that is gone when the
    message leaves fails that one message, and what follows it is sent."""
    if not thing.image:
        return ()
    return (ShowImage(link=thing.image) if is_link(thing.image) else ShowImage(path=thing.image),)


def synced(order: Order, shop: Shop) -> tuple[SyncOrder, ...]:
    """The wish that the shop's CRM hears of an order, which goes with placing it; one that is held is told when it is
    paid. Without it the CRM's figures would bring the order's goods back."""
    return (SyncOrder(order.number),) if shop.terms.crm else ()


def cart_line(cart: Cart, shop: Shop, facts: Facts) -> str:
    """The cart in one line: how many items, and what they cost."""
    total = price(cart.total, shop)
    return say_count(facts.language, "{count} item, {total}", "{count} items, {total}", cart.count, total=total)


def cart_lines(cart: Cart, shop: Shop, facts: Facts) -> list[str]:
    """Line by line: quantity, name and what that makes."""
    return [sold_line(line, shop, facts) for line in cart.lines]


def sold_line(line: CartLine | OrderLine, shop: Shop, facts: Facts) -> str:
    """A line of a cart or an order with what it makes."""
    total = price(line.total, shop)
    return say(facts.language, "{quantity} × {name} – {total}", quantity=line.quantity, name=line.name, total=total)


def named_line(line: CartLine | OrderLine, language: str) -> str:
    """The same without its price."""
    return say(language, "{quantity} × {name}", quantity=line.quantity, name=line.name)


def numbered(number: int, line: str, facts: Facts) -> str:
    """A line under its number."""
    return say(facts.language, "{number}. {line}", number=number, line=line)


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


def add(
    cart: Cart, product: Product, quantity: int, shop: Shop, facts: Facts, *, most: int = QUANTITY_AT_MOST
) -> tuple[Cart, str, bool]:
    """Put ``quantity`` more of a product into the cart: the cart, a sentence about it, and whether it went in.

    Each refusal says what is possible. ``most``: of one item in the cart.
    """
    refused = _refused(cart, product, quantity, most, facts)
    if refused:
        return cart, refused, False
    after = carts.put(cart, product, cart.quantity(product.sku) + quantity, shop, facts)
    said = say(facts.language, "Added {quantity} × {name}.", quantity=quantity, name=product.name)
    return after, said, True


def _refused(cart: Cart, product: Product, quantity: int, most: int, facts: Facts) -> str:
    """Why it can't be added, as a sentence; "" when it can."""
    speech, have, name = facts.language, cart.quantity(product.sku), product.name
    if not 1 <= quantity <= most:
        return say(
            speech,
            "You can have 1 to {most} of one item; for {name}, please send a number in that range.",
            most=most,
            name=name,
        )
    if have + quantity > most:
        return say(
            speech,
            "You can have at most {most} × {name}; you have {have}, so up to {possible} more.",
            most=most,
            name=name,
            have=have,
            possible=most - have,
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
    return dates.local(moment, shop.timezone)
