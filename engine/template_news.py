"""What one shop's owner is told of its message templates: each change once, whoever found it and across restarts."""

from __future__ import annotations

from typing import NamedTuple

import trio

from engine.notices import Noticeboard
from engine.ports import Clock
from engine.template_states import well

PAUSED, UNKNOWN, WELL = "template_paused", "templates_unknown", "template_well"
"""Kinds of notices. PAUSED: one can't be sent, soon can't, or is not there. UNKNOWN: the provider refuses to list them.
WELL: what was told before is over."""
KINDS = frozenset({PAUSED, UNKNOWN, WELL})

REMEMBERED = 500
"""So many of the owner's latest notices are looked through, once after a start, for what was told last."""

LISTING = "The list of message templates "
REFUSED = f"{LISTING}could not be had, so their status and quality are not known. "
LISTED = f"{LISTING}can be had again. Nothing to do."


class Told(NamedTuple):
    kind: str
    detail: str


NEVER = Told(WELL, "")


class TemplateNews:
    """One shop's. Its calls raise StoreBusy and StoreFailed, and may then be made again."""

    def __init__(self, board: Noticeboard, shop: str, clock: Clock) -> None:
        self._board = board
        self._shop = shop
        self._clock = clock
        self._told: dict[str, Told] = {}
        self._one_by_one = trio.Lock()

    async def of(self, head: str, trouble: str) -> None:
        """The template whose sentences begin with ``head`` has this trouble, or none."""
        await self._hear(head, Told(PAUSED, trouble) if trouble else Told(WELL, well(head)))

    async def listing(self, refused: str = "") -> None:
        """The provider has listed the templates, or refused for this reason."""
        await self._hear(LISTING, Told(UNKNOWN, REFUSED + refused) if refused else Told(WELL, LISTED))

    async def _hear(self, head: str, news: Told) -> None:
        """Tell what differs from what was told last; that all is well only where it was not."""
        async with self._one_by_one:
            if head not in self._told:
                self._told[head] = await self._told_last(head)
            before = self._told[head]
            if news == before or news.kind == before.kind == WELL:
                return
            await self._board.tell_owner(self._shop, *news, self._clock.now())
            self._told[head] = news

    async def _told_last(self, head: str) -> Told:
        told = await self._board.owner_notices(self._shop, REMEMBERED)
        found = [one for one in told if one.kind in KINDS and one.detail.startswith(head)]
        latest = max(found, key=lambda one: one.last_at, default=None)  # of equals the first, which was told last
        return NEVER if latest is None else Told(latest.kind, latest.detail)
