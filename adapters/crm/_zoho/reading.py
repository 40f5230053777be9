"""Reading what Zoho has: items with their odd stock values, sales orders, contacts. Only here its JSON is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

from engine.catalogue import STOCK_AT_MOST

DIGITS_ALIKE = 9
"""So many last digits make two spellings of a phone number one: country codes and leading zeros come and go."""

Row = TypeVar("Row", bound=msgspec.Struct)


class Item(msgspec.Struct, frozen=True):
    """One item. Stock may be a number, a text, "" or absent, and negative (protocols.md 4.2)."""

    item_id: str | int
    sku: str | None = None
    status: str = "active"
    available_stock: Any = None
    actual_available_stock: Any = None
    stock_on_hand: Any = None


class SalesOrder(msgspec.Struct, frozen=True):
    """One sales order, as far as it matters here."""

    salesorder_id: str | int
    reference_number: str | None = None
    status: str | None = None


class Contact(msgspec.Struct, frozen=True):
    """One contact."""

    contact_id: str | int
    phone: str | None = None
    mobile: str | None = None


def rows(told: Mapping[str, Any], name: str, kind: type[Row]) -> Iterator[Row | None]:
    """The elements of a list in an answer; None for one that can't be read, which never drops the others."""
    found = told.get(name)
    for one in found if isinstance(found, list) else ():
        try:
            yield msgspec.convert(one, kind, strict=False)
        except msgspec.ValidationError:
            yield None


def is_last_page(told: Mapping[str, Any]) -> bool:
    """Whether no page follows."""
    context = told.get("page_context")
    return not (isinstance(context, dict) and context.get("has_more_page") is True)


def salesorder(told: Mapping[str, Any]) -> SalesOrder | None:
    """The sales order that an answer is about: documented as ``sales_order``, called ``salesorder`` by live ones."""
    for name in ("salesorder", "sales_order"):
        try:
            return msgspec.convert(told.get(name), SalesOrder, strict=False)
        except msgspec.ValidationError:
            continue
    return None


def figure(value: object) -> int | None:
    """A stock value as a whole number, parts of one rounded down; None where nothing is counted. Raises ValueError."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("no number")
    try:
        number = Decimal(str(value).replace(",", "").strip())
        whole = int(number.to_integral_value(ROUND_FLOOR)) if number.is_finite() else None
    except InvalidOperation:
        whole = None
    if whole is None or abs(whole) > STOCK_AT_MOST:
        raise ValueError("no number")
    return whole


def same_phone(one: str, other: str) -> bool:
    """Whether two spellings are one number."""
    a, b = digits(one), digits(other)
    return len(a) >= DIGITS_ALIKE and len(b) >= DIGITS_ALIKE and a[-DIGITS_ALIKE:] == b[-DIGITS_ALIKE:]


def digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isascii() and letter.isdigit())
