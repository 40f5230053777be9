"""What a line of an order wants, and what that is in a catalogue."""

from __future__ import annotations

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """One wanted thing, as read from the text."""

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


class Match(msgspec.Struct, frozen=True):
    """What one wanted thing is in a catalogue: taken (``sku``), to be asked (``options``), or not found (neither).

    A taken product may still have a problem: its quantity must be asked then.
    """

    wanted: Wanted
    sku: str = ""
    """The product that is meant, or ""."""
    quantity: int = 0
    """In the product's selling unit, packs and units converted; 0 without ``sku`` or with a problem."""
    options: tuple[str, ...] = ()
    """Skus to ask about, best first; at least one where the customer must choose, else none."""
    problem: str = ""
    """"" | "quantity" (missing, zero, absurd, a fraction) | "unit" (one that can't be converted to the product's)."""
