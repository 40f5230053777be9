"""A provider says that a customer has stopped offers: their own actor hears of it, and notes it on their card.

The letter is kept before the message is settled, under an id of the message's, so that a crash in between loses nothing
and a second telling changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.address import Sender
from engine.commit import Posted
from engine.events import Inbound, Letter, PreferenceSet
from engine.messages import OutcomeClass, Outgoing, Status
from engine.patience import patiently
from engine.ports import Clock, Store


class OptingOut:
    """``posted`` is called when letters were kept."""

    def __init__(self, store: Store, clock: Clock, posted: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._posted = posted

    async def told(self, rows: Sequence[Outgoing]) -> None:
        """The customers of these messages want no offers any more."""
        if not rows:
            return
        now = self._clock.now()
        letters = [Posted(self._letter(row, now), now) for row in rows]
        await patiently(lambda: self._store.post(letters))
        self._posted()

    async def heard(self, statuses: Sequence[Status]) -> None:
        """The same, by status; only our own key names the message for certain."""
        keys = [one.key for one in statuses if one.kind is OutcomeClass.STOPPED and one.key]
        found = [await self._store.outbox_row(key) for key in keys]
        await self.told([one.outgoing for one in found if one is not None])

    def _letter(self, row: Outgoing, now: int) -> Letter:
        who = Sender(phone=row.phone, user_id=row.user_id)
        return Letter(row.address, Inbound(f"stopped:{row.key}", row.address.shop, who, now, PreferenceSet(False)))
