"""The tables of a shop's terms: promotions, price lists, discount codes, delivery zones (engine.table).

Amounts are in major units as in catalogue files. Days are the shop's own: one that starts on a day starts as that day
does, one that ends on a day holds to its end; empty means without end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine import money, table
from engine.address import Millis
from engine.errors import BadInput
from engine.table import Sheet
from engine.terms import Discount, Promotion, Zone

PROMOTIONS = Sheet(
    ("id", "title", "sku", "price", "percent", "starts", "ends", "description"),
    ("id", "title", "sku"),
    {"id": 40, "title": 60, "sku": 64},
    "promotions",
)
PRICES = Sheet(("list", "sku", "price"), ("list", "sku", "price"), {"list": 40, "sku": 64}, "prices")
DISCOUNTS = Sheet(("code", "percent", "amount", "least", "starts", "ends"), ("code",), {"code": 24}, "discount codes")
ZONES = Sheet(("name", "fee", "words"), ("name", "fee"), {"name": 60}, "delivery zones")


class Days:
    """Days of one shop, as moments."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def span(self, cells: Mapping[str, str]) -> tuple[Millis, Millis]:
        """(starts, ends) of a row, 0 for none. BadInput when they are no days, or the wrong way round."""
        first, last = (_day(column, cells.get(column, "")) for column in ("starts", "ends"))
        if first and last and last < first:
            raise BadInput(f"it ends on {last}, before it starts on {first}")
        starts = self._moment(first) if first else 0
        return starts, self._moment(last + timedelta(days=1)) if last else 0

    def _moment(self, day: date) -> Millis:
        return round(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)


def _day(column: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{column} must be a day like 2026-03-31, not {text[:24]!r}") from None


def promotions(currency: str, timezone: str) -> Callable[[Mapping[str, str]], Promotion]:
    """How a row of PROMOTIONS becomes one."""
    days, seen = Days(timezone), set[str]()

    def build(cells: Mapping[str, str]) -> Promotion:
        _once(seen, "id", cells["id"])
        price, percent = _reduction(cells, "price", currency)
        starts, ends = days.span(cells)
        about = cells.get("description", "")
        return Promotion(cells["id"], cells["title"], cells["sku"], price, percent, starts, ends, about)

    return build


def prices(currency: str) -> Callable[[Mapping[str, str]], tuple[str, str, int]]:
    """How a row of PRICES becomes (list, sku, minor units)."""
    seen = set[str]()

    def build(cells: Mapping[str, str]) -> tuple[str, str, int]:
        _once(seen, "price", f"{cells['list']} of {cells['sku']}")
        return cells["list"], cells["sku"], money.read(cells["price"], currency)

    return build


def discounts(currency: str, timezone: str) -> Callable[[Mapping[str, str]], Discount]:
    """How a row of DISCOUNTS becomes one. Codes are compared without regard to case, so they are kept in capitals."""
    days, seen = Days(timezone), set[str]()

    def build(cells: Mapping[str, str]) -> Discount:
        code = cells["code"].upper()
        if not code.isalnum():
            raise BadInput(f"code must be letters and digits, not {code!r}")
        _once(seen, "code", code)
        amount, percent = _reduction(cells, "amount", currency)
        least = money.read(cells.get("least") or "0", currency)
        return Discount(code, percent, amount, least, *days.span(cells))

    return build


def zones(currency: str) -> Callable[[Mapping[str, str]], Zone]:
    """How a row of ZONES becomes one; its words are separated by ``|``."""
    seen = set[str]()

    def build(cells: Mapping[str, str]) -> Zone:
        _once(seen, "name", cells["name"])
        words = tuple(word.strip().casefold() for word in cells.get("words", "").split("|") if word.strip())
        return Zone(cells["name"], money.read(cells["fee"], currency), words)

    return build


def _reduction(cells: Mapping[str, str], column: str, currency: str) -> tuple[int, str]:
    """(minor units, per cent): exactly one of them is given."""
    amount, percent = cells.get(column, ""), table.per_cent("percent", cells.get("percent", ""))
    if bool(amount) is bool(percent):
        raise BadInput(f"give either {column} or percent")
    return (money.read(amount, currency) if amount else 0), percent


def _once(seen: set[str], column: str, name: str) -> None:
    if name in seen:
        raise BadInput(f"the {column} {name!r} stands above already")
    seen.add(name)
