"""Lines of a free-text order that are not clear yet, asked one by one: which product is meant, and how many of it.

A line is never guessed: what could be two products, or can't be counted in the product's own unit, waits here while
the clear lines are on the order already (flows.md §3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from engine import matcher, text
from engine.catalogue import Catalogue, Product
from engine.effects import Ask, Option
from engine.facts import Facts
from engine.fit import shorten
from engine.matcher import Wanted
from engine.offering import price_of
from engine.phrases import phrase, say, say_count
from engine.shop import Shop
from engine.shopping import joined, price

QUANTITY, UNIT, LEAST = "quantity", "unit", "least"
"""Why it is asked how many: none or an impossible number was said; in a unit that can't be converted; too few."""

NONE = "none"
"""The value of the Option that means: leave this line out."""

_BARE = re.compile(r"\w+")
"""A number without a unit: nothing has to be converted."""

PRODUCT, COUNT = "sku:", "count:"
"""What an Option's value begins with. No sku has a colon in it, so none is taken for anything else."""

SAID_AT_MOST = 40
"""Characters of a customer's own words when they are said back."""


class Doubt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wanted thing. Without ``sku`` it is asked which of ``options`` it is; with it, how many, because of
    ``problem``. ``sets``: the answer is what shall stand on the order, instead of coming on top of what does."""

    wanted: Wanted
    options: tuple[str, ...] = ()
    sku: str = ""
    problem: str = ""
    sets: bool = False


def quoted(said: str) -> str:
    """A customer's words for a thing, short enough to be said back, and never bold by themselves."""
    return shorten(text.one_line(said).replace("*", ""), SAID_AT_MOST)


# -- asking --------------------------------------------------------------------------------------------------------
def ask(doubt: Doubt, said: Sequence[str], after: int, has: int, shop: Shop, facts: Facts) -> Ask:
    """The question about one line, under ``said``; ``after`` is how many further ones wait, ``has`` how many of its
    product are on the order."""
    speech = facts.language
    more = (
        say_count(speech, "({count} more question after this.)", "({count} more questions after this.)", after)
        if after
        else ""
    )
    if doubt.sku:
        product = shop.catalogue.by_sku[doubt.sku]
        kept = has if doubt.sets else 0
        title = say(speech, "Keep {quantity}", quantity=kept) if kept else say(speech, "Leave it out")
        left_out = Option(NONE, title, words=LEFT_OUT)
        body = joined(*said, _how_many(doubt, product, shop, facts), more)
        return Ask(body, (*_least(doubt, product), left_out), numbered=False)
    asked = say(speech, "Which one do you mean by *{said}*?", said=quoted(doubt.wanted.text))
    options = [_option(product, shop, facts) for product in products(doubt, shop)]
    none = Option(NONE, say(speech, "None of these"), words=LEFT_OUT)
    return Ask(joined(*said, asked, more), (*options, none))


LEFT_OUT = ("none", "no", "none of these", "leave it out", "skip", "remove")
"""What people type for it, in English; other languages come by ``words.command``."""


def _option(product: Product, shop: Shop, facts: Facts) -> Option:
    return Option(PRODUCT + product.sku, product.name, unit_price(product, price_of(product, shop, facts), shop))


def _least(doubt: Doubt, product: Product) -> tuple[Option, ...]:
    if doubt.problem != LEAST:
        return ()
    return (Option(f"{COUNT}{product.min_quantity}", str(product.min_quantity)),)


HOW_MANY = {
    QUANTITY: phrase("How many would you like of *{name}* ({price})? Please send a whole number."),
    UNIT: phrase("*{name}* is sold by the {unit} ({price}), and I can't convert what you wrote. How many of those?"),
    LEAST: phrase("*{name}* is sold from {least} up ({price}), and you wanted {wanted}. How many would you like?"),
}


def _how_many(doubt: Doubt, product: Product, shop: Shop, facts: Facts) -> str:
    return say(
        facts.language,
        HOW_MANY[doubt.problem],
        name=product.name,
        unit=product.unit or say(facts.language, "piece"),
        price=unit_price(product, price_of(product, shop, facts), shop),
        least=product.min_quantity,
        wanted=doubt.wanted.quantity,
    )


def unit_price(product: Product, amount: int, shop: Shop) -> str:
    """A price with what it is for: ₹380.00/bag."""
    return f"{price(amount, shop)}/{product.unit}" if product.unit else price(amount, shop)


WHICH_GUIDE = (
    phrase("please choose which one you mean, or say *none*"),
    "1",
    (phrase("The number or name of the one you mean"), phrase("*none* – leave this line out")),
)
HOW_MANY_GUIDE = (
    phrase("please send how many you would like, or say *none*"),
    "50",
    (phrase("*50* – how many you would like"), phrase("*none* – leave this line out")),
)


def guide_for(doubt: Doubt) -> tuple[str, str, tuple[str, ...]]:
    """What is expected while this is asked, an example, and what can be said."""
    return HOW_MANY_GUIDE if doubt.sku else WHICH_GUIDE


# -- reading the answer --------------------------------------------------------------------------------------------
def narrowed(doubt: Doubt, said: str, shop: Shop) -> str:
    """The one option that an answer in words means ("53", "the grey one"), or "". Goods with a quantity are no answer:
    they are another line of the order."""
    if any(one.sku and one.wanted.counted for one in matcher.match(said, shop.catalogue)):
        return ""
    among = Catalogue(products(doubt, shop))
    for words in (said, f"{doubt.wanted.text} {said}"):
        found = matcher.find(words, among)
        if found and (len(found) == 1 or found[0][1] > matcher.TAKEN_FROM):
            return found[0][0]
    return ""


def counted(doubt: Doubt, said: str, shop: Shop) -> tuple[int, str] | None:
    """How many of the doubt's product an answer means ("50", "2 ton"), and the problem with that; None for no answer.

    It is read like a line of an order about that one product.
    """
    product = shop.catalogue.by_sku[doubt.sku]
    if _BARE.fullmatch(text.words(said)) and (number := text.number(said)) is not None:
        return (number, "") if 1 <= number < text.HUGE else (0, QUANTITY)
    found = matcher.match(f"{product.name} {said}", Catalogue((product,)))
    if len(found) != 1 or found[0].sku != product.sku or not found[0].wanted.counted:
        return None
    return found[0].quantity, found[0].problem


def still_open(doubts: Sequence[Doubt], shop: Shop, facts: Facts) -> tuple[tuple[Doubt, ...], list[str]]:
    """The doubts that can still be asked, and a sentence for each whose products went out of the catalogue."""
    kept = tuple([doubt for doubt in doubts if products(doubt, shop)])
    gone = [doubt for doubt in doubts if not products(doubt, shop)]
    said = phrase("What you called *{said}* is not sold any more, sorry.")
    return kept, [say(facts.language, said, said=quoted(doubt.wanted.text)) for doubt in gone]


def products(doubt: Doubt, shop: Shop) -> tuple[Product, ...]:
    """What it may be, as far as it is sold now."""
    skus = (doubt.sku,) if doubt.sku else doubt.options
    return tuple([product for sku in skus if (product := shop.catalogue.sold(sku)) is not None])
