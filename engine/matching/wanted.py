"""What a line of an order wants, as read from its text."""

from __future__ import annotations

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """One wanted thing."""

    text: str
    """The words that name it, as written (trimmed), for saying back."""
    quantity: int
    """How many of ``unit``: a whole number of at least 1; 1 where none can be told."""
    unit: str = ""
    """A canonical unit (engine.matching.units) or "" when none was said."""
    counted: bool = True
    """Whether a quantity was said."""
    problem: str = ""
    """"quantity" when what was said is no number of things to order: zero, a fraction, a range, absurdly much."""
