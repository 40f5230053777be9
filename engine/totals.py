"""What an order comes to: discount, delivery, tax, rounding, and a total that is the sum of its lines, always.

Tax is rounded half-up to the minor unit, per line or once per order as the shop says (flows.md, "Money"). A discount
on the whole order lowers what each line is taxed on, in proportion; delivery carries no tax of its own. Whatever is
shared out over lines (a discount, a tax that was rounded once) is shared out to the last minor unit.

Integers and exact fractions only: a rate like 7.5 is never a binary number, and nothing is rounded twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import msgspec

from engine import money
from engine.orders import Order, OrderLine
from engine.terms import Rounding, Terms


class Totals(msgspec.Struct, frozen=True):
    """All amounts in minor units, none negative but ``rounding``. ``taxes``: of each line, summing up to ``tax``.

    ``tax`` is contained in the prices or comes on top of them, as ``tax_included`` says.
    """

    subtotal: int
    discount: int = 0
    delivery: int = 0
    tax: int = 0
    tax_included: bool = True
    rounding: int = 0
    taxes: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """What is to be paid."""
        on_top = 0 if self.tax_included else self.tax
        return self.subtotal - self.discount + self.delivery + on_top + self.rounding


def totals(
    lines: Sequence[OrderLine], terms: Terms, *, discount: int = 0, delivery: int = 0, whole_in: str = ""
) -> Totals:
    """What these lines come to. Each is taxed at its own ``tax_rate``; "" means none.

    ``discount`` takes off at most all that the lines make. ``whole_in`` is the currency whose whole units alone can be
    paid ("KES" with M-Pesa): the total is rounded to one.
    """
    amounts = [line.total for line in lines]
    subtotal = sum(amounts)
    discount = min(max(discount, 0), subtotal)
    shares = share(discount, amounts) if discount else [0] * len(amounts)
    taxed = [(amount - off, line.tax_rate) for amount, off, line in zip(amounts, shares, lines, strict=True)]
    taxes = _taxes(taxed, terms)
    exact = Totals(subtotal, discount, delivery, sum(taxes), terms.tax_included, taxes=taxes)
    rounding = money.whole(exact.total, whole_in) - exact.total if whole_in else 0
    return msgspec.structs.replace(exact, rounding=rounding) if rounding else exact


def reckoned(
    order: Order, terms: Terms, *, discount: int = 0, discount_code: str = "", delivery: int = 0, whole: bool = False
) -> Order:
    """The order with everything that follows from its lines: their tax, and all its amounts up to ``total``. ``whole``:
    it is paid in whole units of its currency."""
    currency = order.currency if whole else ""
    made = totals(order.lines, terms, discount=discount, delivery=delivery, whole_in=currency)
    lines = tuple(
        [
            line if line.tax == tax else msgspec.structs.replace(line, tax=tax)
            for line, tax in zip(order.lines, made.taxes, strict=True)
        ]
    )
    return msgspec.structs.replace(
        order,
        lines=lines,
        total=made.total,
        tax=made.tax,
        tax_included=made.tax_included,
        delivery=made.delivery,
        discount=made.discount,
        discount_code=discount_code if made.discount else "",
        rounding=made.rounding,
    )


def totals_of(order: Order) -> Totals:
    """An order's amounts as they were when it was placed."""
    return Totals(
        order.subtotal,
        order.discount,
        order.delivery,
        order.tax,
        order.tax_included,
        order.rounding,
        tuple([line.tax for line in order.lines]),
    )


# -- tax -----------------------------------------------------------------------------------------------------------
def _taxes(taxed: Sequence[tuple[int, str]], terms: Terms) -> tuple[int, ...]:
    """The tax of each (amount, rate)."""
    if terms.tax_rounding is Rounding.LINE:
        return tuple([_rounded(*_ratio(amount, rate, terms.tax_included)) for amount, rate in taxed])
    exact = [exact_tax(amount, rate, included=terms.tax_included) for amount, rate in taxed]
    return tuple(_summed_up(exact))


def _summed_up(exact: Sequence[Fraction]) -> list[int]:
    """Whole numbers that come to the rounded sum, each less than one away from its exact amount (or just one, where all
    are rounded up): rounded down, and what is left goes to those who lost most by it. Sharing the rounded sum out in
    proportion was rejected: it can end more than one away."""
    taxes = [one.numerator // one.denominator for one in exact]
    most_lost = sorted(range(len(taxes)), key=lambda at: taxes[at] - exact[at])
    for at in most_lost[: half_up(sum(exact, Fraction(0))) - sum(taxes)]:
        taxes[at] += 1
    return taxes


def exact_tax(amount: int, rate: str, *, included: bool) -> Fraction:
    """The tax on an amount before any rounding; ``included``: as much of the amount itself as is tax."""
    return Fraction(*_ratio(amount, rate, included))


def _ratio(amount: int, rate: str, included: bool) -> tuple[int, int]:
    """The exact tax as a ratio of whole numbers, which is quicker by far than a Fraction."""
    part, of = _part(rate)
    return amount * part, of + part if included else of


@lru_cache(maxsize=256)
def _part(rate: str) -> tuple[int, int]:
    """Per cent as text, as a ratio: "7.5" is (3, 40)."""
    return (Fraction(rate) / 100).as_integer_ratio() if rate else (0, 1)


def percent_of(amount: int, percent: str) -> int:
    """So many per cent of an amount, half-up."""
    return _rounded(*_ratio(amount, percent, included=False))


def half_up(exact: Fraction) -> int:
    """The nearest whole number; half goes up. For amounts that are not negative."""
    return _rounded(exact.numerator, exact.denominator)


def _rounded(above: int, below: int) -> int:
    return (2 * above + below) // (2 * below)


def share(whole: int, weights: Sequence[int | Fraction]) -> list[int]:
    """``whole`` shared out in proportion to ``weights``, to the last unit: what is left over after rounding down goes
    to those who lost most by it, the first among equals. Nothing to share by: all is nothing."""
    together = sum(weights)
    if not together:
        return [0] * len(weights)
    parts = [divmod(whole * weight, together) for weight in weights]
    shares = [int(part) for part, _ in parts]
    most_lost = sorted(range(len(shares)), key=lambda at: -parts[at][1])
    for at in most_lost[: whole - sum(shares)]:
        shares[at] += 1
    return shares
