"""Reviewing an order before it is placed: what customers say there, the summary, and the questions on the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from engine import basket as baskets
from engine import browsing, delivery, text
from engine.amounts import amount_lines
from engine.basket import Basket, PickedUp, Reviewed
from engine.browsing import Cleared, ReviewAsked, WentBack
from engine.cart import Cart, CartLine
from engine.delivery import KnownUsed, Told
from engine.effects import AnyEffect, Ask, AskLocation, Option
from engine.facts import Facts
from engine.flow import Chosen, FlowEvent
from engine.ordering import Muddled, Removed, Wanted
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined, numbered, price, sold_line
from engine.words import command


# -- what customers say --------------------------------------------------------------------------------------------
class Counted(FlowEvent, frozen=True):
    """How many."""

    label: ClassVar[str] = "quantity"
    quantity: int


class AddressAsked(FlowEvent, frozen=True):
    """Another place to deliver to."""

    label: ClassVar[str] = '"delivery"'


class ChangeAsked(FlowEvent, frozen=True):
    """A line of the order is to be changed."""

    label: ClassVar[str] = '"change"'


class LineAsked(FlowEvent, frozen=True):
    """Which one, by its number."""

    label: ClassVar[str] = "line number"
    line: int


class CodeGiven(FlowEvent, frozen=True):
    """A discount code; "" when only the word was said."""

    label: ClassVar[str] = '"code …"'
    code: str


class CheckedOut(FlowEvent, frozen=True):
    """The order is right."""

    label: ClassVar[str] = '"checkout"'


CHOICES: dict[str, FlowEvent] = {
    **{f"n:{quantity}": Counted(quantity) for quantity in range(4)},
    "pickup": PickedUp(),
    "change": ChangeAsked(),
    "checkout": CheckedOut(),
}
"""Value of an Option of ours → what choosing it means."""

WORDS: dict[str, FlowEvent] = {
    **dict.fromkeys(("checkout", "confirm", "yes", "ok", "done", "pay"), CheckedOut()),
    **dict.fromkeys(("back", "add", "more", "products", "browse", "no"), WentBack()),
    **dict.fromkeys(("change", "edit"), ChangeAsked()),
    **dict.fromkeys(("delivery", "address"), AddressAsked()),
    "pickup": PickedUp(),
    "clear": Cleared(),
    "cart": ReviewAsked(),
}


def read(said: str) -> FlowEvent | None:
    """What typed text means under a reviewed order."""
    meant = command(said)
    if meant in WORDS:
        return WORDS[meant]
    if meant == "code" or meant.startswith("code "):
        return CodeGiven(meant.removeprefix("code").strip())
    if meant.startswith("remove "):
        line = text.number(meant.removeprefix("remove ").removeprefix("#"))
        return Removed(line) if line is not None else None
    if (line := text.number(meant)) is not None:
        return LineAsked(line)
    pairs = text.pairs(said)
    if pairs is None:
        return browsing.read_name(said)
    return Muddled(pairs) if isinstance(pairs, text.Muddle) else Wanted(pairs)


def read_quantity(said: str) -> FlowEvent | None:
    """How many, or what can't be a number of things; else the name of something else."""
    meant = command(said)
    if meant == "remove":
        return Counted(0)
    if (quantity := text.number(meant)) is not None:
        return Counted(quantity)
    pairs = text.pairs(said)
    return Muddled(pairs) if isinstance(pairs, text.Muddle) else browsing.read(said)


def read_address(said: str) -> FlowEvent:
    """An address as typed, or none."""
    meant = command(said)
    if meant in ("pickup", "skip", "none"):
        return PickedUp()
    return KnownUsed() if meant == delivery.SAME else WentBack() if meant == "back" else Told(said)


# -- the summary -----------------------------------------------------------------------------------------------------
def summary(review: Reviewed, shop: Shop, facts: Facts) -> str:
    """The lines with their numbers, every amount up to the total, and where it goes."""
    speech, basket = facts.language, review.basket
    lines = [numbered(number, sold_line(line, shop, facts), facts) for number, line in enumerate(basket.cart.lines, 1)]
    zone = review.zone.name if review.zone is not None else ""
    sold = basket.cart.order_lines(shop)
    return joined(
        say(speech, "Your order:"),
        *lines,
        *amount_lines(review.totals, sold, shop, speech, code=basket.code, zone=zone),
        say(speech, "Deliver to: {address}", address=basket.address) if basket.address else "",
        say(speech, "You collect it yourself.") if basket.pickup else "",
    )


# -- questions -----------------------------------------------------------------------------------------------------
def ask_review(said: Sequence[str], review: Reviewed, shop: Shop, facts: Facts, *, again: bool) -> Ask:
    """The order with everything that can be said about it; what changed stands above it. ``again``: it is not what the
    customer saw before."""
    speech = facts.language
    ask = (
        say(speech, "Something changed: please check it once more.")
        if again
        else say(speech, "Shall I place this order?")
    )
    hints = say(speech, "Say *remove 1* to take line 1 out, *1, 3* for three of line 1.")
    code = say(speech, "A discount code? Say *code* and the code.") if shop.terms.discounts else ""
    ahead = joined(*said, *review.changed)
    body = "\n\n".join([part for part in (ahead, summary(review, shop, facts), joined(hints, code, ask)) if part])
    options = (
        Option("checkout", say(speech, "Checkout"), words=("checkout",)),
        Option("change", say(speech, "Change"), words=("change",)),
        Option("back", say(speech, "Add more"), words=("add more",)),
    )
    return Ask(body, options, numbered=False)


def ask_line(cart: Cart, shop: Shop, facts: Facts) -> Ask:
    """Which line is to be changed."""
    lines = [Option(f"line:{line.sku}", line.name, _counted(line, shop)) for line in cart.lines]
    back = Option("review", say(facts.language, "Leave it as it is"))
    return Ask(say(facts.language, "Which line would you like to change?"), (*lines, back))


def _counted(line: CartLine, shop: Shop) -> str:
    return f"{line.quantity} × {price(line.price, shop)}"


def ask_address(said: Sequence[str], known: str, facts: Facts) -> AnyEffect:
    """Where to; ``known``: the address of last time, offered again."""
    speech = facts.language
    asked = say(speech, "Where shall we deliver? Type the address or send your location; or say *pickup*.")
    if not known and not said:
        return AskLocation(asked)
    again = say(speech, "Or use this one again: {address}", address=known) if known else ""
    same = (Option(delivery.SAME, say(speech, "Same address"), words=(delivery.SAME,)),) if known else ()
    collect = Option("pickup", say(speech, "I'll collect it"), words=("pickup",))
    return Ask(joined(*said, asked, again), (*same, collect), numbered=False)


def ask_quantity(line: CartLine, facts: Facts) -> Ask:
    """How many of a line it shall be."""
    speech = facts.language
    asked = say(speech, "You have {quantity} × {name}. How many shall it be?", quantity=line.quantity, name=line.name)
    options = (Option("n:0", say(speech, "Remove")), Option("back", say(speech, "Leave it as it is"), words=("back",)))
    return Ask(asked, options, numbered=False)


# -- changing lines ------------------------------------------------------------------------------------------------
def line_of(cart: Cart, asked: LineAsked | Chosen) -> CartLine | None:
    """The line that is meant, by its number or its option; None when there is none."""
    if isinstance(asked, LineAsked):
        return cart.lines[asked.line - 1] if 1 <= asked.line <= len(cart.lines) else None
    return next((line for line in cart.lines if asked.value == f"line:{line.sku}"), None)


def set_lines(
    basket: Basket, pairs: Sequence[tuple[int, int]], shop: Shop, facts: Facts
) -> tuple[Basket, list[str], bool]:
    """(line number, quantity) pairs as they were shown; 0 takes a line out. The basket, a sentence for each, and
    whether any was done."""
    said, good, shown = [], False, basket.cart.lines
    for number, quantity in pairs:
        if not 1 <= number <= len(shown):
            said.append(no_line(basket.cart, facts))
            continue
        basket, sentence, done = baskets.set_quantity(basket, shown[number - 1].sku, quantity, shop, facts)
        said.append(sentence)
        good = good or done
    return basket, said, good


def no_line(cart: Cart, facts: Facts) -> str:
    return say(facts.language, "There is no such line; they go from 1 to {last}.", last=len(cart.lines))


MUDDLES = {
    text.Muddle.FRACTION: phrase("Whole numbers only, please."),
    text.Muddle.NEGATIVE: phrase("A quantity can't be below nothing. To take line 1 out, say *remove 1*."),
    text.Muddle.THREE_NUMBERS: phrase("One line at a time, please: *1, 3* means three of line 1."),
    text.Muddle.TOO_MANY: phrase("That is a lot at once. Please send at most 40 lines in one message."),
}


def muddled(why: text.Muddle, facts: Facts) -> str:
    return say(facts.language, MUDDLES[why])
