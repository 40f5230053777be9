"""What a serving process under torture is told to do."""

from __future__ import annotations

import msgspec

from tests.torture.bakery import UNKNOWN_AFTER


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``slow``: seconds that the disk takes longer for a turn. ``without``: "" or what is taken away, "waiting" (200
    is said before the commit) or "uniqueness" (an inbound id may come twice)."""

    database: str
    provider: str
    unknown_after: int = UNKNOWN_AFTER
    slow: float = 0.0
    without: str = ""
