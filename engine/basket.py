"""A basket: a cart, where it goes, and a discount code; what it comes to, and the order that it becomes.

Whatever a customer thought over may have changed meanwhile (a price, stock, a code that is over, a zone). ``reviewed``
brings a basket up to date and names each change; only one that comes back unchanged may become an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from engine import cart as carts
from engine import delivery, ordering, paying, shopping, text
from engine.address import Millis
from engine.cart import Cart, Change, ChangeKind
from engine.catalogue import Product
from engine.delivery import KnownUsed, Told
from engine.effects import Say
from engine.events import CartItem, LocationSent
from engine.facts import Facts
from engine.flow import FlowEvent, customer_of
from engine.offering import delivery_fee, discount_for, price_of, taken_off, zone_of
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.payments import Way
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import joined, news, order_number, price
from engine.terms import Zone
from engine.totals import Totals, totals

QUANTITY_AT_MOST = 99
"""Of one item in a basket (flows.md §2)."""

PREFIX = "CT"
ORDER_FORM = PREFIX + r"[0-9]{14}(?:-[0-9A-F]{4})?"
ORDER_EXAMPLE = "CT20251018123456"


class PickedUp(FlowEvent, frozen=True):
    """No delivery: the customer comes for it."""

    label: ClassVar[str] = '"pickup"'


class Basket(msgspec.Struct, frozen=True, omit_defaults=True):
    """``address`` is where it is delivered; "" while nobody knows, or when it is ``pickup``. ``code`` is a discount
    code that held when it was last looked at."""

    cart: Cart = Cart()
    address: str = ""
    pickup: bool = False
    code: str = ""

    def with_cart(self, cart: Cart) -> Basket:
        return msgspec.structs.replace(self, cart=cart)


class Reviewed(msgspec.Struct, frozen=True):
    """A basket as it can be ordered now. ``changed``: a sentence for each thing that is no longer as it was shown."""

    basket: Basket
    totals: Totals
    changed: tuple[str, ...] = ()
    zone: Zone | None = None


# -- filling it ----------------------------------------------------------------------------------------------------
def set_quantity(basket: Basket, sku: str, quantity: int, shop: Shop, facts: Facts) -> tuple[Basket, str, bool]:
    """Exactly so many of a line; 0 takes it out. The basket, a sentence, and whether it was done."""
    cart = basket.cart
    line = next((one for one in cart.lines if one.sku == sku), None)
    if not quantity:
        gone = say(facts.language, "Removed {name}.", name=line.name) if line is not None else ""
        return basket.with_cart(carts.without(cart, sku)), gone, line is not None
    product = shop.catalogue.sold(sku)
    if product is None or line is None:
        return basket, say(facts.language, "That is not sold any more, sorry."), False
    _, said, good = shopping.add(carts.without(cart, sku), product, quantity, shop, facts, most=QUANTITY_AT_MOST)
    if not good:
        return basket, said, False
    now = say(facts.language, "Now it is {quantity} × {name}.", quantity=quantity, name=product.name)
    return basket.with_cart(carts.put(cart, product, quantity, shop, facts)), now, True


def again(basket: Basket, last: Order, shop: Shop, facts: Facts) -> tuple[Basket, list[str]]:
    """The lines of an earlier order at today's prices, as far as they can be had, and what can't."""
    cart, missing = basket.cart, []
    for line in last.lines:
        product = shop.catalogue.sold(line.sku)
        if product is None:
            missing.append(say(facts.language, "{name} is not sold any more, sorry.", name=line.name))
            continue
        left = carts.left_of(product, facts)
        wanted = line.quantity if left is None else min(line.quantity, max(left, 1))
        cart, said, good = shopping.add(cart, product, wanted, shop, facts, most=QUANTITY_AT_MOST)
        if not good:
            missing.append(said)
        elif wanted < line.quantity:
            missing.append(say(facts.language, "Only {left} × {name} left this time.", left=wanted, name=product.name))
    return basket.with_cart(cart), list(dict.fromkeys(missing))


def from_native(basket: Basket, items: tuple[CartItem, ...], shop: Shop, facts: Facts) -> tuple[Basket, list[str]]:
    """The provider's own cart in place of ours, at our prices."""
    cart, problems = ordering.from_native(items, shop, facts, most=QUANTITY_AT_MOST)
    return basket.with_cart(cart), problems


def add_all(
    basket: Basket, wanted: Sequence[tuple[str, int]], shop: Shop, facts: Facts
) -> tuple[Basket, list[str], bool]:
    """Add (sku, quantity) pairs: the basket, a sentence for each, and whether any went in."""
    cart, said = basket.cart, []
    for sku, quantity in wanted:
        product = shop.catalogue.sold(sku)
        if product is None:
            said.append(say(facts.language, "That is not sold any more, sorry."))
            continue
        cart, sentence, _ = shopping.add(cart, product, quantity, shop, facts, most=QUANTITY_AT_MOST)
        said.append(sentence)
    return basket.with_cart(cart), said, cart != basket.cart


def repriced(product: Product, shown: int, shop: Shop, facts: Facts) -> list[str]:
    """That a product's price is another than the one that was shown; nothing where it is not."""
    now = price_of(product, shop, facts)
    return [] if now == shown else news([Change(ChangeKind.REPRICED, product.name, shown, now)], shop, facts)


def going_to(
    basket: Basket, where: Told | KnownUsed | LocationSent | PickedUp, known: str, shop: Shop, facts: Facts
) -> tuple[Basket, Say | None]:
    """The basket with the place it goes to, or why it can't go there. ``known``: the address of last time."""
    match where:
        case PickedUp():
            return msgspec.structs.replace(basket, address="", pickup=True), None
        case Told(typed):
            said = text.address(typed)
        case LocationSent():
            said = delivery.place_as_address(where)
        case KnownUsed():
            said = text.address(known)
    if isinstance(said, text.Refused):
        return basket, delivery.refusal(said, delivery.EXPECT_ADDRESS, facts)
    if zone_of(said, shop.terms) is None:
        sorry = not_there(said, facts)
        other = say(facts.language, "Please send another address, or say *pickup* to collect it yourself.")
        return basket, Say(joined(sorry, other))
    return msgspec.structs.replace(basket, address=said, pickup=False), None


def with_code(basket: Basket, code: str, shop: Shop, facts: Facts) -> tuple[Basket, str]:
    """The basket with a discount code, or why that does not hold."""
    found, why = discount_for(code, basket.cart.total, shop, facts)
    return (basket, why) if found is None else (msgspec.structs.replace(basket, code=found.code), "")


# -- what it comes to ----------------------------------------------------------------------------------------------
def needs_address(basket: Basket, shop: Shop) -> bool:
    """Whether it is not known yet where to deliver, in a shop that does."""
    return bool(shop.terms.zones) and not basket.pickup and not basket.address


def reviewed(basket: Basket, shop: Shop, facts: Facts) -> Reviewed:
    """The basket as it stands now."""
    cart, changes = carts.revise(basket.cart, shop, facts)
    changed = news(changes, shop, facts)
    subtotal, discount, code, fee = cart.total, 0, basket.code, 0
    if code and cart.lines:
        found, why = discount_for(code, subtotal, shop, facts)
        if found is None:
            changed.append(why)
            code = ""
        else:
            discount = taken_off(found, subtotal)
    zone = zone_of(basket.address, shop.terms) if basket.address else None
    if basket.address and zone is None:
        changed.append(not_there(basket.address, facts))
    if zone is not None:
        fee = delivery_fee(zone, subtotal - discount, shop.terms)
    whole = shop.currency if Way.MPESA in paying.offered(shop, facts) else ""
    made = totals(cart.order_lines(shop), shop.terms, discount=discount, delivery=fee, whole_in=whole)
    now = Basket(cart, basket.address if zone is not None else "", basket.pickup, code)
    return Reviewed(now if now != basket else basket, made, tuple(changed), zone)


def not_there(address: str, facts: Facts) -> str:
    return say(facts.language, "Sorry, we don't deliver to {address} yet.", address=address)


def too_little(review: Reviewed, shop: Shop, facts: Facts) -> str:
    """Why so small an order can't be placed; "" when it can."""
    goods = review.totals.subtotal - review.totals.discount
    if goods >= shop.terms.minimum_order:
        return ""
    missing = shop.terms.minimum_order - goods
    return say(
        facts.language,
        "We take orders from {least} up; {missing} is missing. Say *back* to add something.",
        least=price(shop.terms.minimum_order, shop),
        missing=price(missing, shop),
    )


# -- what it becomes -----------------------------------------------------------------------------------------------
def order_of(review: Reviewed, payment: PaymentStatus, due: Millis, shop: Shop, facts: Facts) -> Order:
    """The confirmed order. ``due``: when it must be paid, its stock only held until then; 0: its stock is taken now."""
    made, basket = review.totals, review.basket
    lines = tuple(
        [
            msgspec.structs.replace(line, tax=tax) if tax else line
            for line, tax in zip(basket.cart.order_lines(shop), made.taxes, strict=True)
        ]
    )
    return Order(
        number=order_number(PREFIX, shop, facts),
        shop=shop.name,
        customer=customer_of(facts),
        cart=basket.cart.id,
        lines=lines,
        total=made.total,
        currency=shop.currency,
        status=OrderStatus.CONFIRMED,
        payment=payment,
        kind="delivery" if basket.address else "pickup",
        source="WhatsApp",
        placed_at=facts.now,
        name=name_of(facts),
        phone=facts.phone,
        address=basket.address,
        store=shop.store,
        flow=shop.flow,
        tax=made.tax,
        tax_included=made.tax_included,
        delivery=made.delivery,
        discount=made.discount,
        discount_code=basket.code if made.discount else "",
        rounding=made.rounding,
        held=bool(due),
        due_at=due,
    )


def card_of(order: Order, shop: Shop, facts: Facts) -> Customer:
    """The customer's card, with what this order says; the rest of it stays as it was."""
    card = facts.customer or Customer(customer_of(facts), shop.name)
    return msgspec.structs.replace(
        card,
        name=order.name,
        phone=order.phone or card.phone,
        address=order.address or card.address,
        language=facts.language,
    )


def name_of(facts: Facts) -> str:
    """What the customer is called: as the card says, else as the provider does where that is a name."""
    if facts.customer is not None and facts.customer.name:
        return facts.customer.name
    name = text.name(facts.profile)
    return "" if isinstance(name, text.Refused) else name
