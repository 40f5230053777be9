"""Orders in bulk: what becomes of each line of a list of wanted goods.

Clear lines go on the order at once, at this customer's price, never more than is there; what is doubtful waits in
engine.doubts; what is nowhere in the catalogue is named. Numbers of lines are those of the read-back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from engine import cart as carts
from engine import doubts, matcher, money, text
from engine.cart import Cart, CartLine
from engine.catalogue import Catalogue, Product
from engine.doubts import LEAST, QUANTITY, Doubt, quoted
from engine.events import CartItem
from engine.facts import Facts
from engine.matcher import Match, Wanted, in_selling_units
from engine.offering import price_of
from engine.phrases import phrase, say
from engine.shop import Shop

QUANTITY_AT_MOST = 1_000_000
"""Of one item: more is a slip of the finger, or a telephone number."""

LINES_AT_MOST = 60
"""Different items on one order: as many as the matcher reads of one message."""

MISSING_AT_MOST = 10
"""Things not found that are named one by one."""


# -- from wanted goods to lines ------------------------------------------------------------------------------------
class Taken(msgspec.Struct, frozen=True):
    """What became of some lines: the order, what must be asked, and a sentence for each that is not as wanted."""

    cart: Cart
    doubts: tuple[Doubt, ...] = ()
    said: tuple[str, ...] = ()


def take(cart: Cart, found: Sequence[Match], sets: bool, shop: Shop, facts: Facts) -> Taken:
    """Put everything on the order that is clear. Lines of one product are summed, with what is on the order too unless
    this ``sets`` it (a change of what stands there)."""
    clear: dict[str, int] = {}
    asked: list[Doubt] = []
    missing: list[str] = []
    for one in found:
        one = _meant_on_order(one, cart, shop) if sets else one
        if one.sku and not one.problem:
            clear[one.sku] = clear.get(one.sku, 0) + one.quantity
        elif one.sku or one.options:
            asked.append(
                Doubt(one.wanted, () if one.sku else one.options, one.sku, one.problem if one.sku else "", sets)
            )
        else:
            missing.append(one.wanted.text)
    taken = Taken(cart, tuple(asked), _missing(missing, facts))
    for sku, quantity in clear.items():
        taken = put(taken, sku, quantity + (0 if sets else cart.quantity(sku)), shop, facts)
    return taken


def put(taken: Taken, sku: str, quantity: int, shop: Shop, facts: Facts) -> Taken:
    """Exactly ``quantity`` of a product on the order; as many as there are, with a sentence; or ask how many."""
    product = shop.catalogue.sold(sku)
    if product is None:
        return _saying(taken, say(facts.language, "One thing in it is not sold here any more."))
    left = carts.left_of(product, facts)
    if left is not None and left < product.min_quantity:
        return _saying(taken, say(facts.language, "{name} is sold out, sorry.", name=product.name))
    absurd = quantity > QUANTITY_AT_MOST or quantity * price_of(product, shop, facts) > money.LARGEST
    if absurd or quantity < product.min_quantity:
        wanted = Wanted(product.name, quantity)
        return _asking(taken, Doubt(wanted, (), sku, QUANTITY if absurd else LEAST, sets=True))
    if not taken.cart.quantity(sku) and len(taken.cart.lines) >= LINES_AT_MOST:
        full = phrase("Your order is full: it holds {most} different items, so I left out {name}.")
        return _saying(taken, say(facts.language, full, most=LINES_AT_MOST, name=product.name))
    possible = quantity if left is None else min(quantity, left)
    after = msgspec.structs.replace(taken, cart=carts.put(taken.cart, product, possible, shop, facts))
    return after if possible == quantity else _saying(after, _scarce(product, quantity, possible, facts))


def _scarce(product: Product, wanted: int, left: int, facts: Facts) -> str:
    said = phrase("Only {left} × {name} available, so I put {left} instead of {wanted}.")
    return say(facts.language, said, left=left, name=product.name, wanted=wanted)


def _meant_on_order(one: Match, cart: Cart, shop: Shop) -> Match:
    """``cement 50`` changes the one cement that is on the order, however many others there are."""
    skus = [sku for sku in one.options if cart.quantity(sku)]
    if one.sku or len(skus) != 1:
        return one
    quantity, problem = in_selling_units(one.wanted, shop.catalogue.by_sku[skus[0]])
    return Match(one.wanted, skus[0], quantity, problem=problem)


def _missing(missing: Sequence[str], facts: Facts) -> tuple[str, ...]:
    if not missing:
        return ()
    named = ", ".join([f"*{quoted(said)}*" for said in missing[:MISSING_AT_MOST]])
    rest = len(missing) - MISSING_AT_MOST
    more = say(facts.language, "{named} and {rest} more", named=named, rest=rest) if rest > 0 else named
    return (say(facts.language, "I could not find {named}. Say *products* to see what we have.", named=more),)


def _saying(taken: Taken, sentence: str) -> Taken:
    return msgspec.structs.replace(taken, said=(*taken.said, sentence))


def _asking(taken: Taken, doubt: Doubt) -> Taken:
    return msgspec.structs.replace(taken, doubts=(*taken.doubts, doubt))


# -- answers to doubts ---------------------------------------------------------------------------------------------
def answered(cart: Cart, doubt: Doubt, said: str, shop: Shop, facts: Facts) -> Taken | None:
    """What typed words answer to the question about one line; None when they are no answer to it."""
    if not doubt.sku:
        sku = doubts.narrowed(doubt, said, shop)
        return meant(cart, doubt, sku, shop, facts) if sku else None
    if text.number(said) == 0:
        line = next((line for line in cart.lines if line.sku == doubt.sku and doubt.sets), None)
        return Taken(cart) if line is None else _without(Taken(cart), line, facts)
    count = doubts.counted(doubt, said, shop)
    return None if count is None else many(cart, doubt, count[0], count[1], shop, facts)


def chosen(cart: Cart, doubt: Doubt, value: str, shop: Shop, facts: Facts) -> Taken:
    """The customer chose the Option with this value: which product the line means, or how many of it."""
    if value.startswith(doubts.COUNT):
        return many(cart, doubt, int(value.removeprefix(doubts.COUNT)), "", shop, facts)
    return meant(cart, doubt, value.removeprefix(doubts.PRODUCT), shop, facts)


def meant(cart: Cart, doubt: Doubt, sku: str, shop: Shop, facts: Facts) -> Taken:
    """It is known which product a line means; its quantity counts in that product's own unit."""
    product = shop.catalogue.sold(sku)
    if product is None:
        return put(Taken(cart), sku, 0, shop, facts)
    quantity, problem = in_selling_units(doubt.wanted, product)
    return many(cart, msgspec.structs.replace(doubt, sku=sku, options=()), quantity, problem, shop, facts)


def many(cart: Cart, doubt: Doubt, quantity: int, problem: str, shop: Shop, facts: Facts) -> Taken:
    """The customer said how many; a ``problem`` with that is asked again."""
    if problem:
        return Taken(cart, (msgspec.structs.replace(doubt, problem=problem),))
    return put(Taken(cart), doubt.sku, quantity + (0 if doubt.sets else cart.quantity(doubt.sku)), shop, facts)


# -- changes by line -----------------------------------------------------------------------------------------------
def set_lines(cart: Cart, pairs: Sequence[tuple[int, int]], shop: Shop, facts: Facts) -> Taken:
    """``2, 50``: the second line is fifty; nothing of it takes it out. All numbers are those that were shown."""
    taken, shown = Taken(cart), cart.lines
    for number, quantity in pairs:
        if not 1 <= number <= len(shown):
            taken = _saying(taken, _no_line(number, len(shown), facts))
        elif quantity:
            taken = put(taken, shown[number - 1].sku, quantity, shop, facts)
        else:
            taken = _without(taken, shown[number - 1], facts)
    return taken


def remove(cart: Cart, what: str, shop: Shop, facts: Facts) -> Taken:
    """Lines by number ("2", "2 and 3") or by name; a name that fits several is not guessed."""
    numbers = [text.number(one.removeprefix("#")) for one in _NUMBERS.split(what)]
    if None not in numbers:
        return set_lines(cart, [(number, 0) for number in numbers if number is not None], shop, facts)
    lines = Catalogue(tuple([Product(line.sku, line.name, line.price) for line in cart.lines]))
    found = matcher.find(what, lines)
    if not found or (len(found) > 1 and found[0][1] <= matcher.TAKEN_FROM):
        said = phrase("Which line shall go? Say *remove* and its number, for example *remove 1*.")
        return Taken(cart, (), (say(facts.language, said),))
    return _without(Taken(cart), next(line for line in cart.lines if line.sku == found[0][0]), facts)


_NUMBERS = re.compile(r"(?:\s*[,;&+]\s*|\s+(?:and|n)\s+|\s+)")


def _without(taken: Taken, line: CartLine, facts: Facts) -> Taken:
    after = msgspec.structs.replace(taken, cart=carts.without(taken.cart, line.sku))
    return _saying(after, say(facts.language, "Removed {name}.", name=line.name))


def _no_line(number: int, last: int, facts: Facts) -> str:
    shown = str(number) if number < text.HUGE else "…"
    return say(facts.language, "There is no line {number}; they go from 1 to {last}.", number=shown, last=last)


# -- the provider's own cart ---------------------------------------------------------------------------------------
def from_native(items: Sequence[CartItem], shop: Shop, facts: Facts) -> Taken:
    """The provider's own cart as an order at our prices and under our limits."""
    return take(Cart(), [_native(item, shop) for item in items[: matcher.LINES_AT_MOST]], False, shop, facts)


def _native(item: CartItem, shop: Shop) -> Match:
    product = shop.catalogue.sold(item.sku)
    if product is None:
        return Match(Wanted(item.sku, 1))
    wanted = Wanted(product.name, max(1, item.quantity))
    return Match(wanted, item.sku, item.quantity, problem="" if item.quantity >= 1 else QUANTITY)
