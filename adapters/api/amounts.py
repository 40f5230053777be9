"""Money in bodies: major units there, integer minor units inside."""

from __future__ import annotations

from decimal import Decimal

from adapters.api.answers import faulty
from engine import money
from engine.errors import BadInput


def major(amount: int, currency: str) -> int | float:
    """Minor units as bodies show them: 3000, or 2999.5."""
    value = Decimal(amount).scaleb(-money.digits(currency))
    return int(value) if value == value.to_integral_value() else float(value)


def minor(amount: float, currency: str, field: str) -> int:
    """An amount of a body as minor units; ``field`` is named where it has more decimals than the currency."""
    try:
        return money.read(f"{Decimal(repr(amount)).normalize():f}", currency)
    except BadInput as error:
        raise faulty({field: str(error)}) from None
