"""What every store promises about the ledger of reminders."""

from __future__ import annotations

from engine.address import DAY, Address
from engine.facts import ReminderNamed
from engine.messages import Outcome, OutcomeClass
from engine.ports import Store
from engine.reminders import REMINDERS_KEPT, SETTLED, Reminder, ReminderState
from tests.storage.values import ANN, BEN, NOW, SHOP, STALE, Talk, out

SCHEDULED, SENT = ReminderState.SCHEDULED, ReminderState.SENT
CANCELLED, SKIPPED = ReminderState.CANCELLED, ReminderState.SKIPPED


def ids(found: list[Reminder]) -> list[str]:
    return [one.id for one in found]


class Reminders:
    async def test_a_reminder_is_told_as_it_stands(self, store: Store) -> None:
        ann = Talk(store)
        assert await store.reminder(SHOP, "reminder:a:0") is None
        note = Reminder("reminder:a:0", SCHEDULED, NOW + DAY, text="Tea is back")
        assert await ann.commit(reminders=(note,)) is None
        kept = Reminder("reminder:a:0", SCHEDULED, NOW + DAY, "", "", "Tea is back", ANN.customer, NOW, NOW)
        assert await store.reminder(SHOP, "reminder:a:0") == kept
        assert await store.reminders(SHOP, 9) == [kept]
        assert await store.reminder("kiosk", "reminder:a:0") is None
        assert await store.reminders("kiosk", 9) == []

    async def test_it_is_moved_and_then_comes_to_its_end_with_what_was_said(self, store: Store) -> None:
        ann = Talk(store)
        await ann.commit(reminders=(Reminder("note:1", SCHEDULED, NOW, text="Tea"),))
        await ann.commit(at=NOW + 5, reminders=(Reminder("note:1", SCHEDULED, NOW + DAY, "human"),))
        moved = await store.reminder(SHOP, "note:1")
        assert moved is not None
        assert (moved.due, moved.reason, moved.text, moved.at, moved.created_at) == (
            *(NOW + DAY, "human", "Tea", NOW + 5, NOW),
        )
        said = out("3:0")
        await ann.commit(at=NOW + 9, outbox=(said,), reminders=(Reminder("note:1", SENT, message=said.key),))
        sent = await store.reminder(SHOP, "note:1")
        assert sent is not None
        assert (sent.state, sent.due, sent.reason, sent.text, sent.went) == (SENT, NOW + DAY, "", "Tea", "queued")
        await store.claim([said.key], NOW)
        await store.settle([(said.key, Outcome(OutcomeClass.SENT, "wamid.1"))], NOW)
        assert [one.went for one in await store.reminders(SHOP, 9)] == ["sent"]
        assert await store.reminds(said.key)
        assert not await store.reminds("another")
        assert not await store.reminds("")

    async def test_what_has_come_to_its_end_stays_so(self, store: Store) -> None:
        ann = Talk(store)
        await ann.commit(reminders=(Reminder("note:1", SKIPPED, NOW, "late"),))
        await ann.commit(reminders=(Reminder("note:1", SCHEDULED, NOW + DAY), Reminder("note:2", CANCELLED)))
        first = await store.reminder(SHOP, "note:1")
        assert first is not None
        assert (first.state, first.reason, first.due) == (SKIPPED, "late", NOW)

    async def test_they_are_listed_the_latest_due_first_all_or_of_one_state(self, store: Store) -> None:
        ann, ben = Talk(store), Talk(store, BEN)
        await ann.commit(reminders=tuple(Reminder(f"note:{n}", SCHEDULED, NOW + n) for n in (2, 1)))
        await ben.commit(reminders=(Reminder("note:3", SKIPPED, NOW + 3, "late"), Reminder("note:0", SCHEDULED, 1)))
        assert ids(await store.reminders(SHOP, 9)) == ["note:3", "note:2", "note:1", "note:0"]
        assert ids(await store.reminders(SHOP, 2, 1)) == ["note:2", "note:1"]
        assert ids(await store.reminders(SHOP, 9, 0, SKIPPED)) == ["note:3"]
        assert ids(await store.reminders(SHOP, 9, 1, SCHEDULED)) == ["note:1", "note:0"]
        assert await store.reminders(SHOP, 0) == []

    async def test_what_was_said_of_something_settled_and_has_not_left_yet_stays_unsaid(self, store: Store) -> None:
        ann = Talk(store)
        names = ("reminder:ORD-1:0", "reminder:ORD-10:0", "pay-half:ORD-1", "reminder:ORD-1:3", "event:ORD-1", "note:1")
        said = [out(f"1:{n}") for n in range(len(names))]
        notes = tuple(Reminder(name, SENT, NOW, message=one.key) for name, one in zip(names, said, strict=True))
        await ann.commit(outbox=tuple(said), reminders=notes)
        await store.claim([said[3].key], NOW)
        await Talk(store, Address("kiosk", "ann")).commit(hushed=("ORD-1",))
        assert {one.went for one in await store.reminders(SHOP, 9)} == {"queued", "sending"}
        await Talk(store, BEN).commit(at=NOW + 1, hushed=("ORD-1", "ORD-2"))
        went = {one.id: one.went for one in await store.reminders(SHOP, 9)}
        assert went == dict(zip(names, ("skipped", "queued", "skipped", "sending", "skipped", "queued"), strict=True))
        row = await store.outbox_row(said[0].key)
        assert row is not None
        assert row.reason == SETTLED
        assert await store.claim([said[0].key], NOW) == set()

    async def test_a_turn_knows_its_customers_own(self, store: Store) -> None:
        await Talk(store).commit(reminders=(Reminder("note:1", SCHEDULED, NOW, text="Tea"),))
        known = await store.know(ANN, (ReminderNamed("note:1"), ReminderNamed("note:2")), NOW)
        assert [(one.id, one.text) for one in known.reminders] == [("note:1", "Tea")]
        assert (await store.know(BEN, (ReminderNamed("note:1"),), NOW)).reminders == ()

    async def test_a_refused_turn_leaves_none(self, store: Store) -> None:
        assert await Talk(store).commit(version=7, reminders=(Reminder("note:1", SENT),)) == STALE
        assert await store.reminders(SHOP, 9) == []

    async def test_the_old_ones_are_swept_those_to_come_never(self, store: Store) -> None:
        ann = Talk(store)
        await ann.commit(reminders=(Reminder("note:1", SCHEDULED, NOW), Reminder("note:2", SENT, NOW)))
        await ann.commit(at=NOW + 1, reminders=(Reminder("note:3", CANCELLED, NOW),))
        assert await store.sweep(NOW + REMINDERS_KEPT) == 2  # inbound ids of both turns
        assert await store.sweep(NOW + REMINDERS_KEPT + 1) == 1
        assert sorted(ids(await store.reminders(SHOP, 9))) == ["note:1", "note:3"]
