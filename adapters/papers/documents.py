"""What stands on a receipt, an invoice and a credit note: the shop, the customer, the lines as sold, and every figure.

Everything comes from the order, which keeps what was sold whatever happened to the catalogue since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import msgspec
from babel.dates import format_date
from fpdf.enums import Align

from adapters.papers.sheet import Column, Sheet
from engine import money
from engine.address import Millis
from engine.dates import local
from engine.direction import right_to_left
from engine.invoices import CreditNote, Invoice
from engine.orders import Order, PaymentStatus
from engine.phrases import say
from engine.shop import Shop
from engine.totals import half_up


class Facts(msgspec.Struct, frozen=True):
    """All that a document needs. ``reference`` is the payment's transaction, "" where there is none."""

    order: Order
    shop: Shop
    language: str
    invoice: Invoice | None = None
    reference: str = ""


def receipt(facts: Facts) -> bytes:
    """The receipt of a paid order, as PDF."""
    order, speech = facts.order, facts.language
    told = [
        say(speech, "Order: {number}", number=order.number),
        say(speech, "Date: {date}", date=_day(order.placed_at, facts)),
        say(speech, "Payment reference: {reference}", reference=facts.reference) if facts.reference else "",
    ]
    return _document(say(speech, "Receipt"), told, facts)


def invoice(facts: Facts) -> bytes:
    """The invoice of an order, as PDF. ``facts.invoice`` is there."""
    assert facts.invoice is not None
    order, bill, speech = facts.order, facts.invoice, facts.language
    told = [
        say(speech, "Order: {number}", number=order.number),
        say(speech, "Date: {date}", date=_day(bill.issued_at, facts)),
        say(speech, "Due: {date}", date=_day(bill.due_at, facts)),
        _bank(facts),
    ]
    return _document(say(speech, "Invoice {number}", number=bill.number), told, facts)


def credit_note(facts: Facts, note: CreditNote) -> bytes:
    """A credit note of an order, as PDF: what of its invoice is not owed, with its share of the tax."""
    order, speech = facts.order, facts.language
    told = [
        say(speech, "Invoice {number}", number=note.invoice),
        say(speech, "Order: {number}", number=order.number),
        say(speech, "Date: {date}", date=_day(note.issued_at, facts)),
    ]
    tax = half_up(Fraction(order.tax * note.amount, order.total)) if order.total else 0
    sums = [(say(speech, "Invoice total"), _money(order.total, facts))]
    if tax:
        sums.append((say(speech, "Tax, included"), _money(tax, facts)))
    sums.append((say(speech, "Credited to you"), _money(note.amount, facts)))
    return _document(say(speech, "Credit note {number}", number=note.number), told, facts, sums)


def _bank(facts: Facts) -> str:
    if not facts.shop.terms.bank or facts.order.payment is PaymentStatus.PAID:
        return ""
    return say(facts.language, "Please pay to: {account}", account=facts.shop.terms.bank)


def _document(title: str, told: list[str], facts: Facts, sums: Sequence[tuple[str, str]] = ()) -> bytes:
    """``sums`` in place of the figures that make the order's total."""
    order, shop, speech = facts.order, facts.shop, facts.language
    tax_number = say(speech, "Tax number: {number}", number=shop.terms.tax_number) if shop.terms.tax_number else ""
    buyer = [order.name, order.address, f"+{order.phone}" if order.phone else ""]
    rows, sums = _rows(facts), sums or _sums(facts)
    heads = _heads(facts)
    thanks = say(speech, "Thank you!")
    every = [title, shop.title, tax_number, thanks, *told, *buyer, *heads, *(cell for row in rows for cell in row)]
    sheet = Sheet(
        f"{title} – {shop.title}",
        _moment(order.placed_at, facts),
        [*every, *(part for s in sums for part in s)],
        mirrored=right_to_left(speech),
    )
    sheet.head((shop.title, tax_number), title, told, buyer)
    quantity, name, unit, total = heads
    sheet.table(
        (
            Column(name, 0.46),
            Column(quantity, 0.16, Align.R),
            Column(unit, 0.19, Align.R),
            Column(total, 0.19, Align.R),
        ),
        rows,
    )
    sheet.space(2)
    sheet.figures(sums)
    sheet.space()
    sheet.text(thanks)
    return sheet.pdf()


def _heads(facts: Facts) -> tuple[str, str, str, str]:
    speech = facts.language
    return say(speech, "Quantity"), say(speech, "Item"), say(speech, "Price"), say(speech, "Amount")


def _rows(facts: Facts) -> list[tuple[str, str, str, str]]:
    order = facts.order
    return [
        (
            "\n".join(part for part in (line.name, line.note) if part),
            f"{line.quantity} {line.unit}".rstrip(),
            _money(line.unit_price, facts),
            _money(line.total, facts),
        )
        for line in order.lines
    ]


def _sums(facts: Facts) -> list[tuple[str, str]]:
    """Every figure that the total is made of; a figure of nothing is left out."""
    order, speech = facts.order, facts.language
    lines = [(say(speech, "Subtotal"), order.subtotal)]
    if order.discount:
        lines.append((say(speech, "Discount {code}", code=order.discount_code).rstrip(), -order.discount))
    if order.delivery:
        lines.append((say(speech, "Delivery"), order.delivery))
    if order.tax:
        named = say(speech, "Tax, included") if order.tax_included else say(speech, "Tax")
        lines.append((named, order.tax))
    if order.rounding:
        lines.append((say(speech, "Rounding"), order.rounding))
    if len(lines) == 1:
        lines = []
    return [
        *((name, _money(amount, facts)) for name, amount in lines),
        (say(speech, "Total"), _money(order.total, facts)),
    ]


def _money(amount: int, facts: Facts) -> str:
    return money.show(amount, facts.order.currency, facts.shop.locale)


def _moment(moment: Millis, facts: Facts) -> datetime:
    return local(moment, facts.shop.timezone)


def _day(moment: Millis, facts: Facts) -> str:
    return str(format_date(_moment(moment, facts), format="d MMMM y", locale=facts.language))
