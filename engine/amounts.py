"""What an order comes to, as lines that customers read: in the summary, and on the receipt.

An order whose lines alone make its total needs no more than the total; with tax on top, a discount or delivery every
amount stands on a line of its own, so that they add up on paper too.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.orders import OrderLine
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import price
from engine.totals import Totals


def amount_lines(
    made: Totals, lines: Sequence[OrderLine], shop: Shop, language: str, *, code: str = "", zone: str = ""
) -> list[str]:
    """From the subtotal to the total. ``code``: of the discount; ``zone``: where it is delivered to, "" for nowhere."""
    on_top = made.tax if not made.tax_included else 0
    plain = not (made.discount or made.delivery or zone or on_top or made.rounding)
    shown = [
        "" if plain else say(language, "Subtotal: {amount}", amount=price(made.subtotal, shop)),
        _discount(made.discount, code, shop, language),
        _delivery(made.delivery, zone, shop, language),
        _tax_on_top(made, lines, shop, language),
        say(language, "Rounding: {amount}", amount=price(made.rounding, shop)) if made.rounding else "",
        say(language, "*Total: {total}*", total=price(made.total, shop)),
        say(language, "(tax of {amount} is included)", amount=price(made.tax, shop))
        if made.tax and made.tax_included
        else "",
    ]
    return [line for line in shown if line]


def _discount(amount: int, code: str, shop: Shop, language: str) -> str:
    if not amount:
        return ""
    return say(language, "Discount {code}: −{amount}", code=code, amount=price(amount, shop))


def _delivery(amount: int, zone: str, shop: Shop, language: str) -> str:
    if not amount and not zone:
        return ""
    if not amount:
        return say(language, "Delivery ({zone}): free", zone=zone)
    if not zone:
        return say(language, "Delivery: {amount}", amount=price(amount, shop))
    return say(language, "Delivery ({zone}): {amount}", zone=zone, amount=price(amount, shop))


def _tax_on_top(made: Totals, lines: Sequence[OrderLine], shop: Shop, language: str) -> str:
    """The tax, with its rate where all lines have one."""
    if made.tax_included or not made.tax:
        return ""
    rates = {line.tax_rate for line in lines}
    if len(rates) > 1:
        return say(language, "Tax: {amount}", amount=price(made.tax, shop))
    return say(language, "Tax ({rate} %): {amount}", rate=rates.pop(), amount=price(made.tax, shop))
