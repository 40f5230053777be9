"""What every store promises about a customer's account: each entry in order, and sums that agree whatever is shown."""

from __future__ import annotations

from engine.accounts import Account, Entry, EntryKind
from engine.address import DAY, Address
from engine.identity import Merge
from engine.invoices import CreditOf, IssueOf
from engine.orders import OrderStatus, PaymentStatus
from engine.ports import Store
from tests.storage.things import pay_move
from tests.storage.values import ANN, NOW, SHOP, Talk, move, plain

UNPAID, PENDING, PAID, PARTLY = (
    PaymentStatus.UNPAID,
    PaymentStatus.PENDING,
    PaymentStatus.PAID,
    PaymentStatus.PARTLY_REFUNDED,
)
TOTAL = plain("WA1").total
EVER = NOW + 99 * DAY


class Accounts:
    async def account(self, store: Store, since: int = 0, until: int = EVER, limit: int = 99) -> Account:
        return await store.account(ANN, since, until, NOW + 40 * DAY, limit)

    async def pay(self, talk: Talk, number: str, at: int) -> None:
        for frm, to in ((UNPAID, PENDING), (PENDING, PAID)):
            await talk.commit(payment_moves=(pay_move(number, frm, to),), at=at)

    async def test_everything_that_befell_its_invoices_stands_on_it_in_order(self, store: Store, ann: Talk) -> None:
        due = NOW + 30 * DAY
        issues = tuple(IssueOf(number, 2025, due) for number in ("WA1", "WA2", "WA3"))
        await ann.commit(orders=tuple(plain(f"WA{n}") for n in (1, 2, 3, 4)), invoices=issues, at=NOW + 1)
        await self.pay(ann, "WA1", NOW + 2)
        partly = pay_move("WA1", PAID, PARTLY)
        await ann.commit(payment_moves=(partly,), credits=(CreditOf("WA1", 2025, 7),), at=NOW + 3)
        await ann.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),), at=NOW + 4)
        await ann.commit(credits=(CreditOf("WA1", 2025, TOTAL - 7),), at=NOW + 5)
        await ann.commit(moves=(move("WA2", OrderStatus.PENDING, OrderStatus.CANCELLED),), at=NOW + 6)
        account = await self.account(store)
        assert account.entries == (
            *(Entry(NOW + 1, EntryKind.INVOICE, f"INV-2025-000{n}", f"WA{n}", TOTAL) for n in (1, 2, 3)),
            Entry(NOW + 2, EntryKind.PAYMENT, "INV-2025-0001", "WA1", -TOTAL),
            Entry(NOW + 3, EntryKind.CREDIT_NOTE, "CN-2025-0001", "WA1", -7),
            Entry(NOW + 3, EntryKind.REFUND, "CN-2025-0001", "WA1", 7),
            Entry(NOW + 4, EntryKind.CANCELLED, "INV-2025-0001", "WA1", 7 - TOTAL),
            Entry(NOW + 5, EntryKind.REFUND, "CN-2025-0002", "WA1", TOTAL - 7),
            Entry(NOW + 6, EntryKind.CANCELLED, "INV-2025-0002", "WA2", -TOTAL),
        )
        assert (account.opening, account.closing, account.overdue) == (0, TOTAL, TOTAL), "the third is open, and late"
        assert (await store.account(ANN, 0, EVER, due, 99)).overdue == 0, "on its day it is not late"

    async def test_what_came_before_is_brought_forward_whatever_is_shown(self, store: Store, ann: Talk) -> None:
        for n in range(1, 7):
            await ann.commit(orders=(plain(f"WA{n}"),), invoices=(IssueOf(f"WA{n}", 2025, NOW),), at=NOW + n)
        await self.pay(ann, "WA2", NOW + 9)
        shown = await self.account(store, since=NOW + 3, until=NOW + 6)
        assert [one.at - NOW for one in shown.entries] == [3, 4, 5]
        assert (shown.opening, shown.closing) == (2 * TOTAL, 5 * TOTAL)
        latest = await self.account(store, limit=2)
        assert [(one.at - NOW, one.kind) for one in latest.entries] == [(6, EntryKind.INVOICE), (9, EntryKind.PAYMENT)]
        assert (latest.opening, latest.closing) == (5 * TOTAL, 5 * TOTAL)

    async def test_a_payment_of_before_counts_from_its_invoice_on(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),))
        await self.pay(ann, "WA1", NOW + 2)
        await ann.commit(invoices=(IssueOf("WA1", 2025, NOW),), at=NOW + 9)
        account = await self.account(store)
        assert [(one.at, one.amount) for one in account.entries] == [(NOW + 9, TOTAL), (NOW + 9, -TOTAL)]
        assert account.overdue == 0

    async def test_it_is_one_customers_of_one_shop_and_follows_them(self, store: Store, ann: Talk) -> None:
        cy = Talk(store, Address(SHOP, "cy"))
        await ann.commit(orders=(plain("WA1"),), invoices=(IssueOf("WA1", 2025, NOW),))
        await cy.commit(orders=(plain("WA2", customer="cy"),), invoices=(IssueOf("WA2", 2025, NOW),))
        assert await store.account(Address("kiosk", "ann"), 0, EVER, EVER, 9) == Account((), 0, 0, 0)
        assert (await self.account(store)).closing == TOTAL
        assert await store.merge(Merge(SHOP, "ann", "cy", ann.version + 1, cy.version, b"", NOW)) is None
        assert (await self.account(store)).closing == 2 * TOTAL
