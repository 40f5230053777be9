"""What every store promises about an order's steps: their rows, read together, of one order and of many."""

from __future__ import annotations

from msgspec.structs import replace

from engine.announcing import ORDER
from engine.invoice_book import PaperSent
from engine.invoices import IssueOf
from engine.messages import Document, Outcome, OutcomeClass, SendState, StatusRank
from engine.notices import OwnerNotice
from engine.orders import OrderStatus
from engine.ports import Store
from engine.processing import Progress, Sync
from tests.storage.values import NOW, SHOP, Talk, move, out, plain, sent

PLACED = OrderStatus.PENDING


def notice(about: str, kind: str = ORDER) -> OwnerNotice:
    return OwnerNotice(SHOP, kind, f"{about}: 1 × Cake", NOW, NOW, about=about)


class Processes:
    async def test_an_order_without_wishes_has_no_steps(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),))
        assert await store.progress(SHOP, "WA1") == Progress("WA1", NOW, PLACED, False)
        assert await store.progress(SHOP, "WA9") is None
        assert await store.progress("kiosk", "WA1") is None

    async def test_each_step_is_as_far_as_its_own_rows_say(self, store: Store, ann: Talk) -> None:
        paper = Document("i.pdf", paper="invoice:WA1")
        first, again = replace(out("1:0"), message=paper), replace(out("2:0"), message=paper, created_at=NOW + 5)
        await ann.commit(
            orders=(plain("WA1"),),
            invoices=(IssueOf("WA1", 2025, NOW),),
            synced=("WA1",),
            outbox=(first,),
            notices=(notice("WA1"), notice("WA1", "stock_low")),
        )
        began = Progress(
            *("WA1", NOW, PLACED, False, "INV-2025-0001"),
            PaperSent(first.key, NOW, SendState.QUEUED, StatusRank.NONE),
            Sync(tried=False, heard=False),
            told=False,
        )
        assert await store.progress(SHOP, "WA1") == began
        await store.claim([first.key], NOW)
        await store.settle([(first.key, Outcome(OutcomeClass.NEVER, reason="No such number."))], NOW)
        await store.begin_sync(SHOP, "WA1")
        untold = await store.untold_notices(9)
        await store.note_told([seq for seq, one in untold if one.kind == ORDER])
        failed = PaperSent(first.key, NOW, SendState.FAILED, StatusRank.NONE, "No such number.")
        later = replace(began, sent=failed, sync=Sync(tried=True, heard=False), told=True)
        assert await store.progress(SHOP, "WA1") == later
        await ann.commit(outbox=(again,))
        await store.claim([again.key], NOW)
        await store.settle([(again.key, sent("w2"))], NOW)
        await store.note_synced(SHOP, ["WA1"])
        gone = PaperSent(again.key, NOW + 5, SendState.SENT, StatusRank.NONE)
        assert await store.progress(SHOP, "WA1") == replace(later, sent=gone, sync=Sync(tried=True, heard=True))

    async def test_many_are_read_newest_first_and_not_those_of_long_ago(self, store: Store, ann: Talk) -> None:
        for n, at in enumerate((NOW - 9, NOW, NOW, NOW + 3)):
            await ann.commit(orders=(plain(f"WA{n}", placed_at=at),))
        found = await store.progresses(SHOP, NOW, 9)
        assert [one.order for one in found] == ["WA3", "WA2", "WA1"]
        assert [one.order for one in await store.progresses(SHOP, NOW, 1, 1)] == ["WA2"]
        assert found[0] == await store.progress(SHOP, "WA3")
        assert await store.progresses("kiosk", NOW, 9) == []

    async def test_those_that_are_unfinished_are_found_among_many(self, store: Store, ann: Talk) -> None:
        paper = replace(out("1:0"), message=Document("i.pdf", paper="invoice:WA1"))
        placed = tuple(plain(f"WA{n}") for n in range(1, 6))
        bills = (IssueOf("WA1", 2025, NOW), IssueOf("WA5", 2025, NOW))
        told = (notice("WA3"), notice("WA4", "stock_low"))
        await ann.commit(orders=placed, invoices=bills, outbox=(paper,), synced=("WA2",), notices=told)

        async def unfinished() -> list[str]:
            return [one.order for one in await store.progresses(SHOP, NOW, 9, unfinished=True)]

        assert await unfinished() == ["WA3", "WA2", "WA1"]
        assert [one.order for one in await store.progresses(SHOP, NOW, 1, 1, unfinished=True)] == ["WA2"]
        await store.claim([paper.key], NOW)
        await store.settle([(paper.key, sent("w1"))], NOW)
        await store.note_synced(SHOP, ["WA2"])
        assert await unfinished() == ["WA3"]
        await store.note_told([seq for seq, _ in await store.untold_notices(9)])
        assert await unfinished() == []

    async def test_a_crm_is_told_once_more_of_what_it_was_to_hear(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), synced=("WA1",))
        await store.begin_sync(SHOP, "WA1")
        await store.note_synced(SHOP, ["WA1"])
        assert await store.unsynced(SHOP, 9) == []
        assert await store.sync_again(SHOP, "WA1") is True
        assert await store.unsynced(SHOP, 9) == ["WA1"]
        assert await store.sync_again(SHOP, "WA2") is False
        assert await store.sync_again("kiosk", "WA1") is False

    async def test_one_that_was_cancelled_before_the_crm_knew_of_it_stays_untold(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),), synced=("WA1",))
        await ann.commit(moves=(move("WA1", PLACED, OrderStatus.CANCELLED),))
        assert await store.sync_again(SHOP, "WA1") is True
        assert await store.unsynced(SHOP, 9) == []
