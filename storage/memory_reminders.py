"""The memory store's ledger of reminders."""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import Address, Millis
from engine.commit import Commit
from engine.messages import SendState
from engine.reminders import REMINDERS_KEPT, SETTLED, Reminder, ReminderState, said_of
from storage.memory_desk import page
from storage.memory_people import MemoryPeople


class MemoryReminders(MemoryPeople):
    """See engine.reminders.ReminderBook."""

    async def reminders(
        self, shop: str, limit: int, offset: int = 0, state: ReminderState | None = None
    ) -> list[Reminder]:
        await self._turn()
        own = [one for (whose, _), one in self._reminders.items() if whose == shop and state in (None, one.state)]
        found = sorted(own, key=lambda one: (one.due, one.id), reverse=True)
        return [self._told(one) for one in page(found, limit, offset)]

    async def reminder(self, shop: str, reminder_id: str) -> Reminder | None:
        await self._turn()
        return self._told_of(shop, reminder_id)

    async def reminds(self, key: str) -> bool:
        await self._turn()
        return bool(key) and any(one.message == key for one in self._reminders.values())

    def _told_of(self, shop: str, reminder_id: str) -> Reminder | None:
        one = self._reminders.get((shop, reminder_id))
        return self._told(one) if one is not None else None

    def _told(self, one: Reminder) -> Reminder:
        row = self._outbox.get(one.message)
        return replace(one, went=row.state.value) if row is not None else one

    def _hush_reminders(self, commit: Commit) -> None:
        ranges = [ids for about in commit.hushed for ids in said_of(about)]
        for (shop, name), one in self._reminders.items():
            row = self._outbox.get(one.message)
            over = shop == commit.address.shop and any(first <= name < behind for first, behind in ranges)
            if over and row is not None and row.state in (SendState.QUEUED, SendState.HELD):
                row.hush(SETTLED)

    def _note_reminders(self, commit: Commit) -> None:
        for one in commit.reminders:
            key = (commit.address.shop, one.id)
            known = self._reminders.get(key)
            if known is None:
                made = replace(one, customer=commit.address.customer, at=commit.at, created_at=commit.at)
            elif known.state is ReminderState.SCHEDULED:
                kept = {"due": one.due or known.due, "text": one.text or known.text, "created_at": known.created_at}
                made = replace(one, customer=commit.address.customer, at=commit.at, **kept)
            else:
                continue
            self._reminders[key] = made

    def _sweep_reminders(self, now: Millis) -> int:
        old = [
            key
            for key, one in self._reminders.items()
            if one.state is not ReminderState.SCHEDULED and one.at < now - REMINDERS_KEPT
        ]
        for key in old:
            del self._reminders[key]
        return len(old)

    def reminders_of(self, address: Address) -> list[Reminder]:
        """All of one customer's."""
        own = [(key, one) for key, one in self._reminders.items() if (key[0], one.customer) == address]
        return [self._told(one) for _, one in own]
