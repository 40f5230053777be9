"""Browsing a catalogue by category or by name: what is shown, and what customers say while they look around.

What is shown is always a question whose options are stored with the conversation, so a number, a tap and the words are
one choice (engine.offers). An option's value says what it stands for:

    shelf:<category>   the items of a category        item:<sku>       an item; which variant is asked
    buy:<sku>:<n>      a product; n of it, 0: ask     line:<sku>       a line of the cart, to be changed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from engine import cart as carts
from engine import matcher, text
from engine.catalogue import Item, Product
from engine.effects import AnyEffect, Ask, Option, Say
from engine.facts import Facts
from engine.flow import FlowEvent
from engine.offering import pack_of, price_of, unit_price
from engine.phrases import alone, say, say_count
from engine.shop import Shop
from engine.shopping import joined, picture_of, price
from engine.words import command

PAGE = 15
"""Items or categories in one question: with the ways on, two pages of a list, and a small snapshot."""

SCARCE = 10
"""From this many down, an item says how many are left."""

NAMED_AT_MOST = 80
"""Characters of what a customer typed that are said back."""


# -- what customers say --------------------------------------------------------------------------------------------
class Named(FlowEvent, frozen=True):
    """Goods by their names, maybe with quantities: "2 cola"."""

    label: ClassVar[str] = "name"
    said: str


class MoreAsked(FlowEvent, frozen=True):
    """The next page of what is shown."""

    label: ClassVar[str] = '"more"'


class WentBack(FlowEvent, frozen=True):
    """To what was shown before."""

    label: ClassVar[str] = '"back"'


class ReviewAsked(FlowEvent, frozen=True):
    """The cart, and what it comes to."""

    label: ClassVar[str] = '"cart"'


class Cleared(FlowEvent, frozen=True):
    """The cart is to be emptied."""

    label: ClassVar[str] = '"clear"'


class AgainAsked(FlowEvent, frozen=True):
    """The last order once more."""

    label: ClassVar[str] = '"order again"'


CHOICES: dict[str, FlowEvent] = {
    "more": MoreAsked(),
    "back": WentBack(),
    "review": ReviewAsked(),
    "again": AgainAsked(),
}
"""Value of an Option of ours → what choosing it means; all others come as Chosen."""

WORDS: dict[str, FlowEvent] = {
    "more": MoreAsked(),
    "next": MoreAsked(),
    **dict.fromkeys(("back", "products", "browse"), WentBack()),
    **dict.fromkeys(("cart", "checkout", "done", "confirm"), ReviewAsked()),
    "clear": Cleared(),
    **dict.fromkeys(("order again", "again"), AgainAsked()),
}


def read(said: str) -> FlowEvent | None:
    """What typed text means while a customer looks around: a command, else the name of something."""
    return WORDS.get(command(said)) or read_name(said)


def read_name(said: str) -> Named | None:
    """The name of something, as far as can be told without looking."""
    return Named(said) if any(one.isalpha() for one in said) else None


def kind_of(value: str) -> tuple[str, str, int]:
    """(kind, name, quantity) of a chosen option's value; quantity 0 where it has none."""
    kind, _, rest = value.partition(":")
    if kind != "buy":
        return kind, rest, 0
    sku, _, quantity = rest.rpartition(":")
    return kind, sku, text.number(quantity) or 0


# -- finding by name -----------------------------------------------------------------------------------------------
class Found(msgspec.Struct, frozen=True):
    """What a typed text wants. One clear thing: ``value``, as if its option had been chosen. Else ``clear`` is what can
    be added as it is, (sku, quantity); ``options`` what one name may mean (``said``, so many of it: ``quantity``, 0 to
    ask); ``unknown`` the names of all else."""

    value: str = ""
    clear: tuple[tuple[str, int], ...] = ()
    options: tuple[str, ...] = ()
    said: str = ""
    quantity: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether any of it is something that is sold."""
        return bool(self.value or self.clear or self.options)


def find(said: str, shop: Shop) -> Found:
    """The goods that a text names (engine.matcher). A list without numbers means one of each."""
    several = shop.catalogue.several.get(text.words(said))
    if several is not None:
        return Found(f"item:{several.skus[0]}")
    matches = matcher.match(said, shop.catalogue)
    if len(matches) < 2:
        return _one(matches[0], shop) if matches else Found(unknown=(said,))
    clear = tuple([(one.sku, one.quantity or 1) for one in matches if one.sku and _countable(one)])
    doubtful = [one for one in matches if not one.sku or not _countable(one)]
    asked = next((one for one in doubtful if one.options), None)
    unknown = tuple([one.wanted.text for one in doubtful if one is not asked])
    if asked is None:
        return Found(clear=clear, unknown=unknown)
    return Found("", clear, asked.options, asked.wanted.text, _counted(asked), unknown)


def _one(match: matcher.Match, shop: Shop) -> Found:
    if match.sku:
        return Found(f"buy:{match.sku}:{match.quantity}")
    item = _one_item(match.options, shop)
    if item is not None:
        return Found(f"item:{item.skus[0]}")
    if match.options:
        return Found(options=match.options, said=match.wanted.text, quantity=_counted(match))
    return Found(unknown=(match.wanted.text,))


def _countable(match: matcher.Match) -> bool:
    return not match.problem or not match.wanted.counted


def _counted(match: matcher.Match) -> int:
    """The quantity that was typed with a name; 0 where there was none that can be taken as it is."""
    return 0 if match.problem or not match.wanted.counted or match.wanted.unit else match.wanted.quantity


def _one_item(skus: Sequence[str], shop: Shop) -> Item | None:
    """The item of which all of these are variants; None when they are different things."""
    items = [shop.catalogue.items[sku] for sku in skus if sku in shop.catalogue.items]
    return items[0] if items and len(items[0].skus) > 1 and all(item is items[0] for item in items) else None


# -- what is shown -------------------------------------------------------------------------------------------------
def everything(head: str, first: int, ahead: Sequence[Option], shop: Shop, facts: Facts) -> AnyEffect:
    """The categories from number ``first`` on (counted from 0), behind the options ``ahead``; where there is only one,
    its items."""
    speech, shelves = facts.language, list(shop.catalogue.shelves)
    if not shelves:
        return Say(joined(head, say(speech, "There is nothing to order today; please come back soon.")))
    if len(shelves) == 1:
        return shelf(head, shelves[0], first, ahead, (), shop, facts)
    page = shelves[first : first + PAGE]
    options = [*ahead, *(Option(f"shelf:{one}", shelf_name(one, facts)) for one in page)]
    if first + PAGE < len(shelves):
        options.append(Option("more", say(speech, "More categories")))
    hint = say(speech, "Choose a category, or type what you would like.")
    return Ask(joined(head, hint), tuple(options))


def shelf(
    head: str, category: str, first: int, ahead: Sequence[Option], behind: Sequence[Option], shop: Shop, facts: Facts
) -> Ask:
    """The items of a category from number ``first`` on (counted from 0), between other options."""
    speech, items = facts.language, shop.catalogue.shelves[category]
    options = [item_option(item, shop, facts) for item in items[first : first + PAGE]]
    if first + PAGE < len(items):
        options.append(Option("more", say(speech, "More {category}", category=shelf_name(category, facts))))
    hint = say(speech, "Choose one, or type what you would like.")
    return Ask(joined(head, hint), (*ahead, *options, *behind))


def next_page(first: int, category: str | None, shop: Shop) -> int:
    """The first number of the page behind ``first``, of a category or (None) of all of them; 0 behind the last."""
    shelves = shop.catalogue.shelves
    if category is None and len(shelves) == 1:
        category = next(iter(shelves))
    count = len(shelves) if category is None else len(shelves.get(category, ()))
    return first + PAGE if first + PAGE < count else 0


def variants(item: Item, shop: Shop, facts: Facts) -> Ask:
    """Which one of an item."""
    options = [product_option(shop.catalogue.by_sku[sku], shop, facts, variant=True) for sku in item.skus]
    asked = say(facts.language, "Which {name} would you like?", name=item.name)
    return Ask(asked, (*options, all_option(shop, facts)))


def candidates(said: Sequence[str], found: Found, shop: Shop, facts: Facts) -> Ask:
    """What a typed name may mean; the quantity that was typed with it is kept."""
    options = [product_option(shop.catalogue.by_sku[sku], shop, facts, found.quantity) for sku in found.options]
    asked = say(facts.language, "Which one do you mean by “{said}”?", said=clipped(found.said))
    return Ask(joined(*said, asked), (*options, all_option(shop, facts)))


def how_many(product: Product, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The question for a quantity, under the product's picture where it has one."""
    speech = facts.language
    asked = joined(
        say(speech, "*{name}* – {price}", name=product.name, price=about(product, shop, facts)),
        alone(speech, product.description),
        say(speech, "How many? Send a number.")
        if product.min_quantity == 1
        else say(speech, "How many? It is sold from {least} up.", least=product.min_quantity),
    )
    few = range(1, 4) if product.min_quantity == 1 and shop.limits.buttons else ()
    question = Ask(asked, tuple([Option(f"n:{count}", str(count)) for count in few]), numbered=False)
    return (*picture_of(product), question if few else Say(asked))


def shelf_name(category: str, facts: Facts) -> str:
    return category or say(facts.language, "Other things")


def all_option(shop: Shop, facts: Facts) -> Option:
    many = len(shop.catalogue.shelves) > 1
    title = say(facts.language, "All categories") if many else say(facts.language, "All products")
    return Option("back", title, words=("back",))


def review_option(facts: Facts) -> Option:
    return Option("review", say(facts.language, "Review order"), words=("review",))


def more_option(category: str, shop: Shop, facts: Facts) -> Option:
    """On with the same category."""
    title = say(facts.language, "More {category}", category=shelf_name(category, facts))
    return Option(f"shelf:{category}", title if category else say(facts.language, "Add more"))


def item_option(item: Item, shop: Shop, facts: Facts) -> Option:
    """An item as an option: with its price, or the lowest of its variants'."""
    first = shop.catalogue.by_sku[item.skus[0]]
    if len(item.skus) == 1:
        return Option(f"item:{first.sku}", item.name, about(first, shop, facts))
    prices = [price_of(shop.catalogue.by_sku[sku], shop, facts) for sku in item.skus]
    least = price(min(prices), shop)
    shown = say(facts.language, "from {least}", least=least) if len(set(prices)) > 1 else least
    return Option(f"item:{first.sku}", item.name, shown)


def product_option(product: Product, shop: Shop, facts: Facts, quantity: int = 0, *, variant: bool = False) -> Option:
    """A product as an option; ``variant``: called by what tells it from its like."""
    words = (text.words(product.name),) if variant else ()
    title = product.variant if variant else product.name
    return Option(f"buy:{product.sku}:{quantity}", title, about(product, shop, facts), words=words)


def about(product: Product, shop: Shop, facts: Facts) -> str:
    """Price, pack and what is left of it, in one line."""
    parts = [unit_price(product, shop, facts), pack_of(product, facts.language), scarcity(product, facts)]
    return " · ".join([part for part in parts if part])


def scarcity(product: Product, facts: Facts) -> str:
    """What is left of a scarce product; "" where there is plenty."""
    left = carts.left_of(product, facts)
    if left is None or left > max(SCARCE, product.min_quantity):
        return ""
    if left < product.min_quantity:
        return say(facts.language, "sold out")
    return say_count(facts.language, "{count} left", "{count} left", left)


# -- what can't be had ---------------------------------------------------------------------------------------------
def gone(sku: str, shop: Shop, facts: Facts) -> str:
    """Something that was offered a moment ago is not sold any more."""
    product = shop.catalogue.product(sku)
    if product is None:
        return say(facts.language, "That is not sold any more, sorry.")
    return say(facts.language, "{name} is not sold any more, sorry.", name=product.name)


def out(product: Product, facts: Facts) -> str:
    return say(facts.language, "{name} is sold out, sorry.", name=product.name)


def is_out(product: Product, facts: Facts) -> bool:
    left = carts.left_of(product, facts)
    return left is not None and left < product.min_quantity


def not_found(said: str, facts: Facts) -> str:
    return say(facts.language, "I couldn't find “{said}”. Say *products* to see what we have.", said=clipped(said))


def unclear(said: str, name: str, facts: Facts) -> str:
    """What was typed where a quantity of ``name`` is asked is neither a number nor the name of something."""
    asked = say(facts.language, "How many {name} would you like? Send a number.", name=name)
    return joined(not_found(said, facts), asked if name else "")


def clipped(said: str) -> str:
    """What was typed, as it is said back."""
    line = text.one_line(said)
    return line if len(line) <= NAMED_AT_MOST else line[: NAMED_AT_MOST - 1] + "…"
