"""What orders come to: tax by hand for the tricky cases, and for all others that nothing is invented or lost."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import money
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus
from engine.terms import Rounding, Terms
from engine.totals import exact_tax, half_up, percent_of, reckoned, share, totals, totals_of

ON_TOP = Terms(tax_included=False)
INSIDE = Terms(tax_included=True)


def line(unit_price: int, quantity: int = 1, rate: str = "") -> OrderLine:
    return OrderLine("x", "Thing", quantity, unit_price, tracked=False, tax_rate=rate)


TAXES = [
    ("7.5 % of ₦5,500.00", ON_TOP, "7.5", [5_500_00], [412_50], 5_912_50),
    ("7.5 % of ₦7,200.00 and ₦900.00", ON_TOP, "7.5", [7_200_00, 900_00], [540_00, 67_50], 8_707_50),
    ("7.5 % of ₦0.20 is exactly 1.5 kobo, which goes up", ON_TOP, "7.5", [20], [2], 22),
    ("7.5 % of ₦0.06 is 0.45 kobo, which is nothing", ON_TOP, "7.5", [6], [0], 6),
    ("7.5 % of ₦0.07 is 0.525 kobo, which is one", ON_TOP, "7.5", [7], [1], 8),
    ("18 % inside ₹118.00", INSIDE, "18", [118_00], [18_00], 118_00),
    ("18 % inside ₹50.00 is 762.71 paise", INSIDE, "18", [50_00], [7_63], 50_00),
    ("18 % inside ₹45.00 is 686.44 paise", INSIDE, "18", [45_00], [6_86], 45_00),
    ("20 % inside 3 is exactly a half, which goes up", INSIDE, "20", [3], [1], 3),
    ("10 % of ¥1,005, which has no smaller unit", ON_TOP, "10", [1_005], [101], 1_106),
    ("8 % inside ¥1,000 is 74.07 yen", INSIDE, "8", [1_000], [74], 1_000),
    ("a rate with four decimals", ON_TOP, "8.8755", [100_00], [8_88], 108_88),
    ("no rate at all", ON_TOP, "", [100_00], [0], 100_00),
    ("a rate of nothing", ON_TOP, "0", [100_00], [0], 100_00),
]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "rate", "prices", "taxes", "total"), [pytest.param(*rest, id=title) for title, *rest in TAXES]
)
def test_tax_by_hand(terms: Terms, rate: str, prices: list[int], taxes: list[int], total: int) -> None:
    made = totals([line(price, rate=rate) for price in prices], terms)
    assert list(made.taxes) == taxes
    assert (made.tax, made.total) == (sum(taxes), total)


def test_yen_are_shown_as_they_are_reckoned() -> None:
    assert money.show(totals([line(1_005, rate="10")], ON_TOP).total, "JPY", "ja_JP") == "￥1,106"


def test_the_same_lines_rounded_each_or_once() -> None:
    """Three times 1.5: each goes up to 2, together they are 4.5 and go up to 5, which the lines share."""
    lines = [line(20, rate="7.5")] * 3
    assert totals(lines, ON_TOP).taxes == (2, 2, 2)
    once = totals(lines, msgspec.structs.replace(ON_TOP, tax_rounding=Rounding.ORDER))
    assert (once.tax, once.taxes, once.total) == (5, (2, 2, 1), 65)


def test_once_per_order_adds_up_what_no_line_can_show() -> None:
    """A sixth, three times, is exactly a half: nothing is lost on the way."""
    once = Terms(tax_included=True, tax_rounding=Rounding.ORDER)
    assert totals([line(1, rate="20")] * 3, once).tax == 1
    assert totals([line(1, rate="20")] * 3, INSIDE).tax == 0


def test_each_product_has_its_own_rate() -> None:
    made = totals([line(100_00, rate="7.5"), line(100_00, rate="0"), line(100_00, rate="20")], ON_TOP)
    assert made.taxes == (7_50, 0, 20_00)


def test_a_discount_lowers_what_is_taxed_and_delivery_is_not() -> None:
    made = totals([line(75_00, rate="10"), line(25_00, rate="10")], ON_TOP, discount=10_00, delivery=5_00)
    assert made.taxes == (6_75, 2_25)
    assert made.total == 100_00 - 10_00 + 5_00 + 9_00


def test_a_discount_takes_off_no_more_than_there_is() -> None:
    made = totals([line(75_00, rate="10")], ON_TOP, discount=100_00)
    assert (made.discount, made.tax, made.total) == (75_00, 0, 0)
    assert totals([line(75_00)], ON_TOP, discount=-5).discount == 0


WHOLE = [(2_999_50, 50, 3_000_00), (2_999_49, -49, 2_999_00), (3_000_00, 0, 3_000_00), (40, 60, 1_00), (0, 0, 0)]


@pytest.mark.parametrize(("amount", "rounding", "total"), WHOLE)
def test_m_pesa_takes_whole_shillings(amount: int, rounding: int, total: int) -> None:
    made = totals([line(amount)], INSIDE, whole_in="KES")
    assert (made.rounding, made.total) == (rounding, total)


def test_a_percentage_of_an_amount_goes_up_at_a_half() -> None:
    assert [percent_of(amount, "10") for amount in (4, 5, 14, 15)] == [0, 1, 1, 2]
    assert percent_of(33, "33.3333") == 11


def test_an_order_keeps_what_was_reckoned() -> None:
    order = order_of((line(75_00, 2, "7.5"), line(25_00)))
    made = reckoned(order, ON_TOP, discount=50_00, discount_code="TEN", delivery=3_00, whole=True)
    assert [one.tax for one in made.lines] == [8_04, 0]
    assert (made.tax, made.discount, made.discount_code, made.delivery) == (8_04, 50_00, "TEN", 3_00)
    assert (made.rounding, made.total) == (-4, 136_00)
    assert totals_of(made).total == made.total
    assert reckoned(order, ON_TOP, discount_code="TEN").discount_code == "", "a code that took nothing off"


def order_of(lines: tuple[OrderLine, ...]) -> Order:
    return Order(
        *("N1", "shop", "c1", "cart", lines, 0, "NGN"),
        *(OrderStatus.PENDING, PaymentStatus.UNPAID, "delivery", "WhatsApp", 0),
    )


# -- for all orders --------------------------------------------------------------------------------------------------
RATES = st.sampled_from(["", "0", "5", "7.5", "18", "20", "8.8755", "99.9999"])
LINES = st.lists(st.builds(line, st.integers(0, 10**9), st.integers(1, 99), RATES), min_size=1, max_size=12)
TERMS = st.builds(Terms, tax_included=st.booleans(), tax_rounding=st.sampled_from(Rounding))
AMOUNTS = st.integers(0, 10**11)


@settings(deadline=None)
@given(LINES, TERMS, AMOUNTS, st.integers(0, 10**6), st.booleans())
def test_every_total_is_the_sum_of_its_lines_and_never_negative(
    lines: list[OrderLine], terms: Terms, discount: int, delivery: int, whole: bool
) -> None:
    order = reckoned(order_of(tuple(lines)), terms, discount=discount, delivery=delivery, whole=whole)
    on_top = 0 if order.tax_included else order.tax
    assert order.total == order.subtotal - order.discount + order.delivery + on_top + order.rounding
    assert order.subtotal == sum(one.quantity * one.unit_price for one in lines)
    assert order.tax == sum(one.tax for one in order.lines)
    assert order.total >= 0
    assert order.total % (100 if whole else 1) == 0
    assert all(one.tax >= 0 for one in order.lines)
    assert 0 <= order.discount <= order.subtotal
    assert -50 < order.rounding < 100 if whole else order.rounding == 0
    if order.tax_included:
        assert order.tax <= order.subtotal - order.discount


@settings(deadline=None)
@given(LINES, TERMS)
def test_tax_is_never_further_from_the_exact_one_than_its_rounding(lines: list[OrderLine], terms: Terms) -> None:
    made = totals(lines, terms)
    exact = [exact_tax(one.total, one.tax_rate, included=terms.tax_included) for one in lines]
    if terms.tax_rounding is Rounding.ORDER:
        assert abs(made.tax - sum(exact, Fraction(0))) <= Fraction(1, 2)
        assert all(abs(tax - one) <= 1 for tax, one in zip(made.taxes, exact, strict=True))
    else:
        assert all(abs(tax - one) <= Fraction(1, 2) for tax, one in zip(made.taxes, exact, strict=True))


@settings(deadline=None)
@given(st.integers(0, 10**12), RATES.filter(bool))
def test_tax_on_top_is_what_decimals_say(amount: int, rate: str) -> None:
    """An independent reckoning, in the arithmetic of accountants."""
    expected = (Decimal(amount) * Decimal(rate) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert totals([line(amount, rate=rate)], ON_TOP).tax == int(expected)


@settings(deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_what_is_shared_out_is_shared_out_whole(whole: int, weights: list[int]) -> None:
    shares = share(whole, weights)
    together = sum(weights)
    assert sum(shares) == (whole if together else 0)
    if together:
        assert all(
            abs(one - Fraction(whole * weight, together)) < 1 for one, weight in zip(shares, weights, strict=True)
        )
    if whole <= together:
        assert all(one <= weight for one, weight in zip(shares, weights, strict=True))


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=10**9))
def test_half_goes_up(exact: Fraction) -> None:
    off = 2 * (half_up(exact) - exact)
    assert abs(off) <= 1
    assert off != -1
