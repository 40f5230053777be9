"""What the owner of a shop should know: something outside is broken, paused or refused, and what to do about it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from engine.address import DAY, HOUR, Millis

ONCE_IN: Millis = HOUR
"""The same notice again within this time is counted, not listed anew."""
NOTICES_KEPT: Millis = 90 * DAY


class OwnerNotice(msgspec.Struct, frozen=True):
    """``kind``: a machine word (``breaker_open``). ``detail``: a plain sentence with the next step. ``at``: when it was
    told first, ``last_at`` last, ``count`` how often."""

    shop: str
    kind: str
    detail: str
    at: Millis
    last_at: Millis
    count: int = 1


class Noticeboard(Protocol):
    """A part of ``engine.ports.Store``."""

    async def tell_owner(self, shop: str, kind: str, detail: str, at: Millis) -> bool:
        """Keep a notice for the owner; False when the same kind and detail was told less than ONCE_IN ago, counted
        from its first time: then it is only counted."""

    async def owner_notices(self, shop: str, limit: int, offset: int = 0) -> list[OwnerNotice]:
        """Notices, the latest first by when they were told first. A sweep deletes those of NOTICES_KEPT ago."""
