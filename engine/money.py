"""Money as customers read it and as files write it. Inside, it is always an integer of minor units with a currency.

The locale is the shop's, not the customer's: an amount looks the same in every language, as on the shop's own papers.
How it looks is the locale's business (Babel's CLDR data): ₹1,20,000.00 in en_IN, ₦5,500.00 in en_NG. Kenya is
the one exception (flows.md, "Money"): KES 3,000, and KES 2,999.50 where there are cents.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from engine.errors import BadInput, ConfigError

AMOUNTS_REMEMBERED = 8_192
"""Formatting takes 12 µs, remembering it 0.1 µs; a shop's prices and totals are few."""

LARGEST = 10**12
"""Minor units. No price or total of a shop is as large, and sums of it stay far inside SQLite's 64 bits."""

_MAJOR = re.compile(r"[0-9]+(?:\.[0-9]+)?")

PLAIN_CODE = {"KES": "¤¤\N{NO-BREAK SPACE}#,##0"}
"""Currencies shown by their code, without minor digits when those are zero (flows.md, "Money")."""


def digits(currency: str) -> int:
    """How many minor digits the currency has: 2 for INR, 0 for JPY. ConfigError for no ISO 4217 code."""
    if currency not in get_global("all_currencies"):
        raise ConfigError(f"{currency!r} is not a currency code; expected one like INR, NGN or KES")
    places: int = get_currency_precision(currency)
    return places


@lru_cache(maxsize=AMOUNTS_REMEMBERED)
def show(amount: int, currency: str, locale: str) -> str:
    """``amount`` minor units as the locale writes them. ConfigError for an unknown currency or locale."""
    places = digits(currency)
    value = Decimal(amount).scaleb(-places)
    spoken = _locale(locale)
    plain = PLAIN_CODE.get(currency)
    if plain is None:
        usual: str = format_currency(value, currency, locale=spoken)
        return usual
    decimals = "." + "0" * places if amount % 10**places else ""
    shown: str = format_currency(value, currency, format=plain + decimals, locale=spoken, currency_digits=False)
    return shown.replace("\N{NO-BREAK SPACE}", " ")


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        raise ConfigError(f"{name!r} is not a locale; expected one like en_IN") from None


def whole(amount: int, currency: str) -> int:
    """``amount`` minor units rounded half-up to whole major ones, at least one where there is anything to pay: what
    M-Pesa takes (flows.md, "Money"). Not for amounts below nothing."""
    unit: int = 10 ** digits(currency)
    return max(unit, (amount + unit // 2) // unit * unit) if amount else 0


def read(text: str, currency: str) -> int:
    """A price as files write it, in major units ("50", "50.00"), as minor units.

    BadInput says what is wrong: only digits and one point are allowed, so no sign, exponent, NaN or thousands
    separator, and no more decimals than the currency has.
    """
    written = text.strip()
    if not _MAJOR.fullmatch(written):
        raise BadInput(f"{_clip(written)!r} is not a price; write it like 50 or 50.00")
    places = digits(currency)
    whole, _, decimals = written.partition(".")
    if len(decimals) > places:
        raise BadInput(f"{_clip(written)!r} has {len(decimals)} decimals; {currency} has {places}")
    if len(whole.lstrip("0")) > len(str(LARGEST)):
        raise BadInput(f"{_clip(written)!r} is too large for a price")
    amount: int = int(whole) * 10**places + int(decimals.ljust(places, "0") or "0")
    if amount > LARGEST:
        raise BadInput(f"{_clip(written)!r} is too large for a price")
    return amount


def _clip(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
