"""Choosing one thing by buttons: what is shown and asked on the way to an order. The sentences of micro_sales.

What follows from the order and its money stands in engine.prepaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from babel.dates import format_date

from engine import matcher, paying, shopping, text
from engine.address import Millis
from engine.cart import Cart, left_of
from engine.catalogue import Product
from engine.delivery import KnownUsed, Skipped, Told, place_as_address, read_instructions
from engine.effects import (
    AnyEffect,
    Ask,
    Option,
    Say,
)
from engine.events import LocationSent
from engine.facts import Facts
from engine.flow import AnyFlowEvent, FlowEvent, Hint
from engine.offering import best_promotion, price_of, running_promotions, usual_price
from engine.payments import Way
from engine.phrases import alone, phrase, say
from engine.shop import Shop
from engine.shopping import cart_lines, joined, local, picture_of, price
from engine.terms import Promotion
from engine.words import command

QUANTITY_AT_MOST = 99
SHOWN_AT_MOST = 30
"""Products in one list: what a thumb scrolls through, and a snapshot should hold. The rest is found by name."""
SCARCE = 10
ITEM, PROMOTION = "item:", "promo:"
"""What values of options begin with that are no skus; no sku has a colon."""


# -- what customers say --------------------------------------------------------------------------------------------
class ProductsAsked(FlowEvent, frozen=True):
    label: ClassVar[str] = '"View products"'


class PromotionsAsked(FlowEvent, frozen=True):
    label: ClassVar[str] = '"View promotions"'


class Named(FlowEvent, frozen=True):
    """A product, as typed."""

    label: ClassVar[str] = "product name"
    said: str


class Singled(FlowEvent, frozen=True):
    """Of all products it is this one."""

    label: ClassVar[str] = "one product"


class QuantityTold(FlowEvent, frozen=True):
    label: ClassVar[str] = "quantity"
    said: str


CHOICES: dict[str, FlowEvent] = {
    "products": ProductsAsked(),
    "promotions": PromotionsAsked(),
    "skip": Skipped(),
    "same": KnownUsed(),
}
"""Value of an Option of ours → what choosing it means; other values are products."""


def read(said: str) -> FlowEvent | None:
    """What text means while looking around: a list, or a product by its name."""
    match command(said):
        case "browse" | "products" | "more":
            return ProductsAsked()
        case "promotions":
            return PromotionsAsked()
        case _:
            return Named(said) if text.plain(said) else None


# -- looking around ------------------------------------------------------------------------------------------------
def two_buttons(said: str, facts: Facts) -> Ask:
    return Ask(
        joined(said, say(facts.language, "What would you like to see?")),
        (
            Option("products", say(facts.language, "View products")),
            Option("promotions", say(facts.language, "View promotions")),
        ),
    )


def products(said: Sequence[str], shop: Shop, facts: Facts) -> Ask:
    """The list of products; an item in variants is one row."""
    rows: dict[str, Option] = {}
    for sku in shop.catalogue.menu:
        product = shop.catalogue.by_sku[sku]
        if product.variant_of:
            value = ITEM + product.variant_of
            rows.setdefault(value, Option(value, product.variant_of, say(facts.language, "in several kinds")))
        else:
            rows[sku] = _row(product, shop, facts)
        if len(rows) > SHOWN_AT_MOST:
            break
    shown = tuple(rows.values())[:SHOWN_AT_MOST]
    if not shown:
        return two_buttons(joined(*said, say(facts.language, "There is nothing for sale today, sorry.")), facts)
    more = (
        say(facts.language, "There is more: just say the name of what you look for.") if len(rows) > len(shown) else ""
    )
    asked = say(facts.language, "Which product would you like?")
    return Ask(joined(*said, asked, more), shown, say(facts.language, "Products"))


def _row(product: Product, shop: Shop, facts: Facts) -> Option:
    cost = price(price_of(product, shop, facts), shop)
    if not available(product, facts):
        cost = say(facts.language, "{price}, sold out", price=cost)
    return Option(product.sku, product.name, cost, words=tuple([text.words(alias) for alias in product.aliases]))


def promotions(shop: Shop, facts: Facts) -> Ask:
    """The offers of the day with their dates; each leads to its product."""
    running = running_promotions(shop, facts.now)
    if not running:
        return two_buttons(say(facts.language, "There are no offers just now, but all our products are here."), facts)
    lines = [_offer(one, shop, facts) for one in running]
    options = tuple([Option(PROMOTION + one.id, one.title, _offer_price(one, shop, facts)) for one in running])
    return Ask(joined(say(facts.language, "Our offers:"), *lines), options, say(facts.language, "Offers"))


def _offer(one: Promotion, shop: Shop, facts: Facts) -> str:
    return say(
        facts.language,
        "• {title}: {price}{until}",
        title=one.title,
        price=_offer_price(one, shop, facts),
        until=say(facts.language, " (until {day})", day=_last_day(one.ends, shop, facts)) if one.ends else "",
    )


def _offer_price(one: Promotion, shop: Shop, facts: Facts) -> str:
    product = shop.catalogue.by_sku[one.sku]
    return price(price_of(product, shop, facts), shop)


def _last_day(ends: Millis, shop: Shop, facts: Facts) -> str:
    return str(format_date(local(ends - 1, shop), format="d MMMM y", locale=facts.language))


def meant(said: str, shop: Shop) -> tuple[str, ...]:
    """The skus that typed words may mean: the one that they must, or several to ask about."""
    found = matcher.find(said, shop.catalogue)
    if found and found[0][1] > matcher.TAKEN_FROM:
        return (found[0][0],)
    return tuple([sku for sku, _ in found])


def which(skus: Sequence[str], shop: Shop, facts: Facts) -> Ask:
    rows = tuple([_row(shop.catalogue.by_sku[sku], shop, facts) for sku in skus])
    return Ask(say(facts.language, "Which one do you mean?"), rows, say(facts.language, "Choose"))


def unknown(facts: Facts) -> Ask:
    return two_buttons(say(facts.language, "I don't know that product."), facts)


def chosen(value: str, shop: Shop, facts: Facts) -> tuple[str, ...]:
    """The skus behind an option: one, several variants of an item, or none any more."""
    if value.startswith(PROMOTION):
        running = running_promotions(shop, facts.now)
        return tuple([one.sku for one in running if PROMOTION + one.id == value][:1])
    if value.startswith(ITEM):
        item = value.removeprefix(ITEM)
        menu = (shop.catalogue.by_sku[sku] for sku in shop.catalogue.menu)
        return tuple([product.sku for product in menu if product.variant_of == item])
    return (value,) if shop.catalogue.sold(value) is not None else ()


def gone(facts: Facts) -> str:
    return say(facts.language, "That product is not sold any more, sorry.")


def sold_out(product: Product, facts: Facts) -> str:
    return say(facts.language, "{name} is sold out, sorry.", name=product.name)


def available(product: Product, facts: Facts) -> bool:
    """Whether any of it can be bought now."""
    left = left_of(product, facts)
    return left is None or left >= product.min_quantity


# -- how many, and where -------------------------------------------------------------------------------------------
def ask_quantity(product: Product, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The product, with its picture where it has one, and the question."""
    left = left_of(product, facts)
    usual = usual_price(product, shop, facts)
    offer = best_promotion(product, usual, shop.terms, facts.now)
    said = joined(
        say(facts.language, "*{name}* – {price}", name=product.name, price=price(price_of(product, shop, facts), shop)),
        say(facts.language, "{title}: instead of {price}", title=offer.title, price=price(usual, shop))
        if offer
        else "",
        alone(facts.language, product.description),
        say(facts.language, "Only {left} left.", left=left) if left is not None and left <= SCARCE else "",
        say(facts.language, "How many would you like? For example *2*."),
    )
    return (*picture_of(product), Say(said))


def in_cart(product: Product, said: str, shop: Shop, facts: Facts) -> tuple[Cart, str]:
    """The cart with as many as were typed, or why that can't be."""
    wanted = text.number(said)
    if wanted is None:
        return Cart(), say(
            facts.language, "Please send a whole number from 1 to {most}, for example *2*.", most=QUANTITY_AT_MOST
        )
    cart, sentence, good = shopping.add(Cart(), product, wanted, shop, facts, most=QUANTITY_AT_MOST)
    return cart, "" if good else sentence


def ask_address(known: str, facts: Facts) -> Ask:
    asked = say(facts.language, "Where shall we deliver? Type the address or send your location; *skip* to pick it up.")
    again = say(facts.language, "Or use this one again: {address}", address=known) if known else ""
    same = (Option("same", say(facts.language, "Same address"), words=("same",)),) if known else ()
    return Ask(joined(asked, again), (*same, Option("skip", say(facts.language, "Skip"))), numbered=False)


def read_address(said: str) -> FlowEvent:
    """An address as typed, or none: "pickup" is one word for it."""
    return Skipped() if command(said) == "pickup" else read_instructions(said)


def address_in(event: AnyFlowEvent, known: str) -> str | text.Refused:
    """The address that was sent; "" to pick it up."""
    match event:
        case Told(said):
            return text.address(said)
        case LocationSent():
            return place_as_address(event)
        case KnownUsed():
            return known
        case _:
            return ""


def refused_address(refused: text.Refused, facts: Facts) -> Say:
    why = say(facts.language, refused.phrase, **refused.values)
    return Say(say(facts.language, "{why} Please send the address once more, or say *skip* to pick it up.", why=why))


def summary(changed: Sequence[str], cart: Cart, address: str, shop: Shop, facts: Facts) -> Ask:
    """What is about to be ordered, with the ways to pay as buttons."""
    where = say(facts.language, "Deliver to: {address}", address=address)
    lines = [
        *changed,
        say(facts.language, "Your order:"),
        *cart_lines(cart, shop, facts),
        say(facts.language, "*Total: {total}*", total=price(cart.total, shop)),
        where if address else say(facts.language, "You pick it up."),
    ]
    return ask_way(lines, shop, facts)


def ask_way(said: Sequence[str], shop: Shop, facts: Facts) -> Ask:
    ways = paying.offered(shop, facts)
    asked = say(facts.language, "How would you like to pay?")
    return Ask(joined(*said, asked), paying.options(ways, facts), say(facts.language, "Ways to pay"), numbered=True)


def impossible(way: Way, shop: Shop, facts: Facts) -> str:
    """Why this way can't be taken, "" when it can."""
    if way not in paying.offered(shop, facts):
        return say(facts.language, "That way to pay is not offered here.")
    return ""


# -- what is expected ----------------------------------------------------------------------------------------------
_PRODUCTS = phrase("*products* – what we sell")
HINTS = (
    Hint(
        phrase("please choose a product, or say its name"),
        phrase("products"),
        (_PRODUCTS, phrase("*promotions* – our offers")),
    ),
    Hint(
        phrase("please choose which one you would like"),
        "1",
        (phrase("The number or the name of the one you want"), _PRODUCTS),
    ),
    Hint(phrase("please tell me how many you would like"), "2", (phrase("A whole number, like *2*"),)),
    Hint(
        phrase("please send the address to deliver to, or say *skip* to pick it up"),
        phrase("Moi Avenue 12, Nairobi"),
        (phrase("The address to deliver to, typed or as a location"), phrase("*skip* – you pick it up")),
    ),
    Hint(phrase("please choose how to pay"), phrase("M-Pesa"), (phrase("One of the ways to pay, *M-Pesa*"),)),
    Hint(
        phrase("please finish the payment; I'll tell you as soon as it is through"),
        phrase("cancel"),
        (phrase("*cancel* – cancel the order"),),
    ),
    Hint(
        phrase("your order is complete; please say *menu* to order again"),
        phrase("menu"),
        (phrase("*menu* – order again"),),
    ),
)
"""Of each state in the flow's order: what is expected, an example, and what can be said."""
