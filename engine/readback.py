"""What a customer who orders in bulk is shown: the read-back, an order that is being changed, what there is to buy."""

from __future__ import annotations

from collections.abc import Sequence

from engine import cart as carts
from engine import money
from engine.cart import Cart
from engine.catalogue import Product
from engine.delivery import question
from engine.doubts import unit_price
from engine.dues import when_said
from engine.effects import AnyEffect, Ask, Option, Say
from engine.facts import Facts
from engine.offering import price_of
from engine.ordering import ITEMS_A_PAGE, done_option
from engine.orders import Customer
from engine.phrases import alone, say
from engine.shop import Shop
from engine.shopping import joined, price
from engine.totals import totals

TOTAL_AT_MOST = 1_000 * money.LARGEST
"""Minor units. Nobody orders for as much; with tax on top it still is a number that every store can keep."""


# -- the order so far ----------------------------------------------------------------------------------------------
def lines(cart: Cart, shop: Shop, facts: Facts) -> list[str]:
    """The order line by line: its number, how many at which price, what that makes, and whether it is there."""
    shown = []
    for number, line in enumerate(cart.lines, 1):
        product = shop.catalogue.by_sku[line.sku]
        shown.append(
            say(
                facts.language,
                "{number}. {quantity} × {name} at {price} = {total}, {available}",
                number=number,
                quantity=line.quantity,
                name=line.name,
                price=unit_price(product, line.price, shop),
                total=price(line.total, shop),
                available=_available(product, facts),
            )
        )
    return shown


def _available(product: Product, facts: Facts) -> str:
    if carts.left_of(product, facts) is None:
        return say(facts.language, "to order")
    return say(facts.language, "in stock")


def total_lines(cart: Cart, shop: Shop, facts: Facts) -> list[str]:
    """What it comes to, with the tax in it or on top of it."""
    made = totals(cart.order_lines(shop), shop.terms)
    total = say(facts.language, "*Total: {total}*", total=price(made.total, shop))
    if not made.tax:
        return [total]
    tax = price(made.tax, shop)
    if made.tax_included:
        return [say(facts.language, "*Total: {total}* (with {tax} tax in it)", total=price(made.total, shop), tax=tax)]
    subtotal = say(facts.language, "Subtotal: {subtotal}", subtotal=price(made.subtotal, shop))
    return [subtotal, say(facts.language, "Tax: {tax}", tax=tax), total]


def refused(cart: Cart, shop: Shop, facts: Facts) -> str:
    """Why this can't be ordered as it is; "" when it can."""
    if cart.total > TOTAL_AT_MOST:
        return say(facts.language, "That is more than we can take on one order; please make it less.")
    least = shop.terms.minimum_order
    if cart.total >= least:
        return ""
    return say(
        facts.language,
        "Our smallest order is {least}; please add something for {missing} more.",
        least=price(least, shop),
        missing=price(least - cart.total, shop),
    )


# -- questions -----------------------------------------------------------------------------------------------------
def read_back(said: Sequence[str], cart: Cart, changed: bool, shop: Shop, facts: Facts) -> Ask:
    """The whole order, to be confirmed, changed or dropped. ``changed``: by itself, as ``said`` says."""
    speech = facts.language
    body = joined(
        *said,
        say(speech, "Please check your order:"),
        *lines(cart, shop, facts),
        *total_lines(cart, shop, facts),
        when_said(facts.customer, shop, facts),
        say(speech, "Please confirm again.") if changed else say(speech, "Is it right like this?"),
    )
    options = (
        Option("confirm", say(speech, "Confirm")),
        Option("change", say(speech, "Change")),
        Option("drop", say(speech, "Cancel")),
    )
    return Ask(body, options)


def changing(said: Sequence[str], cart: Cart, shop: Shop, facts: Facts) -> AnyEffect:
    """The order while it is changed, and how that is done."""
    speech = facts.language
    body = joined(
        *said,
        say(speech, "Your order so far:"),
        *lines(cart, shop, facts),
        *total_lines(cart, shop, facts),
        say(
            speech,
            "Send more goods to add them, *1, 50* to make line 1 fifty, *remove 1* to take it out. "
            "Say *done* when it is right.",
        ),
    )
    return question(body, done_option(facts))


def nothing_yet(said: Sequence[str], shop: Shop, facts: Facts) -> Say:
    """There is nothing on the order: how to begin."""
    return Say(joined(*said, how(shop, facts)))


def dropped(facts: Facts) -> Say:
    """There is no order any more."""
    return Say(say(facts.language, "Cancelled; nothing was ordered. Send me a list whenever you need something."))


def how(shop: Shop, facts: Facts) -> str:
    """How to order, in a sentence, with goods of this very shop."""
    return say(
        facts.language, "Write what you need, one item a line or all at once, like *{example}*.", example=example(shop)
    )


def example(shop: Shop) -> str:
    """An order that this shop understands."""
    goods = [shop.catalogue.by_sku[sku] for sku in shop.catalogue.menu[:2]]
    return ", ".join(f"{product.name} x {max(10, product.min_quantity)}" for product in goods) or "Cement x 100"


def greeting(card: Customer | None, shop: Shop, facts: Facts) -> str:
    """The welcome, by name where the dealer knows the shop."""
    if card is not None and card.name:
        return say(facts.language, "Welcome back to {title}, {name}! 👋", title=shop.title, name=card.name)
    return say(facts.language, "Welcome to {title}! 👋", title=shop.title)


# -- what there is to buy ------------------------------------------------------------------------------------------
def products(seen: int, shop: Shop, facts: Facts) -> tuple[str, int]:
    """A page of what is sold behind the first ``seen`` products, at this customer's prices, and how many were seen
    with it."""
    page = shop.catalogue.menu[seen : seen + ITEMS_A_PAGE]
    if not page:
        return say(facts.language, "That was everything we have."), seen
    shown = []
    category = shop.catalogue.by_sku[shop.catalogue.menu[seen - 1]].category if seen else ""
    for sku in page:
        product = shop.catalogue.by_sku[sku]
        if product.category != category:
            category = product.category
            shown.append(alone(facts.language, f"*{category}*") if category else "")
        shown.append(_offered(product, shop, facts))
    rest = len(shop.catalogue.menu) - seen - len(page)
    more = say(facts.language, "Say *more* for {rest} more items.", rest=rest) if rest else ""
    return joined(*shown, more, how(shop, facts)), seen + len(page)


def _offered(product: Product, shop: Shop, facts: Facts) -> str:
    left, remark = carts.left_of(product, facts), ""
    if left is not None and left < product.min_quantity:
        remark = say(facts.language, " (sold out)")
    elif product.min_quantity > 1:
        remark = say(facts.language, " (from {least} up)", least=product.min_quantity)
    return say(
        facts.language,
        "• {name} – {price}{remark}",
        name=product.name,
        price=unit_price(product, price_of(product, shop, facts), shop),
        remark=remark,
    )
