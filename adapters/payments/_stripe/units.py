"""Stripe's smallest unit of each currency, which is not everybody's (docs.stripe.com/currencies).

Most have two digits. The currencies of NONE are told in whole units; UGX and ISK have no minor unit any more, but
Stripe kept two digits for them; those of THREE take three digits of which the last must be 0.
"""

from __future__ import annotations

from engine import money
from engine.errors import BadInput, ConfigError

NONE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
NO_CURRENCY = 3 * "X"
"""ISO 4217's code for "no currency": money in one that nobody knows is recorded all the same, for the owner to see."""


def digits(currency: str) -> int:
    """How many digits Stripe's unit of ``currency`` (upper case) has."""
    return 0 if currency in NONE else 3 if currency in THREE else 2


def theirs(amount: int, currency: str) -> int:
    """Our minor units in Stripe's. Raises BadInput for a part of a unit that Stripe does not know."""
    shift = digits(currency) - money.digits(currency)
    value, rest = divmod(amount * power(shift), power(-shift))
    if rest or (currency in THREE and value % 10):
        raise BadInput(f"Stripe takes no such part of a {currency}")
    return value


def ours(amount: int, currency: str) -> tuple[int, str]:
    """Stripe's amount and currency (any case) as ours. A part of a unit that we do not know is rounded half up."""
    code = currency.upper()
    try:
        shift = money.digits(code) - digits(code)
    except ConfigError:
        return amount, NO_CURRENCY
    unit = power(-shift)
    return (2 * amount * power(shift) + unit) // (2 * unit), code


def power(places: int) -> int:
    """Ten to the ``places``; 1 below that."""
    return int(10 ** max(0, places))
