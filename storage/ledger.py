"""The memory store's ledger: cards, orders with their history and stock, invoices, and what the CRM shall hear of.

Pure and without a pause: ``lacking`` says beforehand whether a commit's stock suffices, ``write`` books one that was
judged good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from engine.accounts import Entry, entries_of
from engine.address import Address, Millis
from engine.books import Stats
from engine.commit import Commit
from engine.invoices import (
    CREDIT,
    NUMBER,
    CreditNote,
    CreditOf,
    Invoice,
    IssueOf,
    credit_number,
    invoice_number,
    issued,
    status_of,
)
from engine.orders import Customer, Order, OrderMove, OrderStatus, PaymentMove, PaymentStatus
from engine.processing import Sync
from storage.issuing import Marks
from storage.judge import Key, Ordered, billed, ordered
from storage.stock import Stock

History: TypeAlias = list[tuple[str, str, str, Millis]]


@dataclass(slots=True)
class _Sync:
    """An order that the CRM shall hear of: whether it may know of it, and whether it has heard how it stands."""

    tried: bool = False
    heard: bool = False


class Ledger:
    """Orders and what hangs on them, of all shops."""

    def __init__(self, stock: Stock) -> None:
        self.orders: dict[Key, Order] = {}
        self.carts: dict[Key, str] = {}
        self.cards: dict[Address, Customer] = {}
        self._stock = stock
        self._history: dict[Key, History] = {}
        self._invoices: dict[Key, Invoice] = {}
        self._issued: Counter[tuple[str, int]] = Counter()
        """Shop and year → how many invoices."""
        self._notes: list[CreditNote] = []
        self._noted: Counter[tuple[str, int]] = Counter()
        """Shop and year → how many credit notes."""
        self._synced: dict[Key, _Sync] = {}

    # -- a turn's commit -------------------------------------------------------------------------------------------
    def standing(self, commit: Commit) -> dict[Key, Ordered]:
        """What ``commit`` contends for here."""
        shop = commit.address.shop
        moved = [move.number for move in commit.moves] + [move.number for move in commit.payment_moves]
        named = [*moved, *commit.takes, *billed(commit), *commit.synced]
        return {key: ordered(self.orders[key]) for number in named if (key := (shop, number)) in self.orders}

    def lacking(self, commit: Commit) -> str:
        """The sku that does not suffice, else "". What the commit's own cancellations give back counts for it."""
        besides: Counter[Key] = Counter()
        for move in commit.moves:
            for sku, quantity in self._given_back(commit.address.shop, move).items():
                besides[commit.address.shop, sku] -= quantity
        return self._stock.lacking(commit, besides, self._taken(commit))

    def write(self, commit: Commit) -> Marks:
        """Book all of it; what its messages' marks become."""
        shop, taken = commit.address.shop, self._taken(commit)
        if commit.customer is not None:
            self.save(commit.customer)
        for move in commit.moves:
            self._move(shop, move, commit.at)
        for payment in commit.payment_moves:
            self._move_payment(shop, payment, commit.at)
        for order in commit.orders:
            self._place(order)
        for order in taken:
            self._take(order)
            self.orders[shop, order.number] = replace(self.orders[shop, order.number], held=False)
        self._stock.book_holds(commit, taken)
        numbers = [self._issue(shop, issue, commit.at) for issue in commit.invoices]
        credits = [self._credit(shop, credit, commit.at) for credit in commit.credits]
        for number in commit.synced:
            self._synced.setdefault((shop, number), _Sync())
        return dict([(NUMBER, one) for one in numbers[:1]] + [(CREDIT, one) for one in credits[:1]])

    def _taken(self, commit: Commit) -> list[Order]:
        """The orders that are held still and whose stock the commit takes."""
        placed = {order.number: order for order in commit.orders}
        shop = commit.address.shop
        named = [placed.get(number) or self.orders[shop, number] for number in dict.fromkeys(commit.takes)]
        return [order for order in named if order.held]

    def _place(self, order: Order) -> None:
        key = (order.shop, order.number)
        self.orders[key] = order
        if order.cart:
            self.carts[order.shop, order.cart] = order.number
        self._history[key] = [
            ("", order.status.value, order.source, order.placed_at),
            ("", order.payment.value, order.source, order.placed_at),
        ]
        if not order.held:
            self._take(order)

    def _take(self, order: Order) -> None:
        for line in order.lines:
            if line.tracked:
                self._add(order.shop, line.sku, -line.quantity)

    def _move(self, shop: str, move: OrderMove, at: Millis) -> None:
        order = self.orders[shop, move.number]
        back = self._given_back(shop, move)
        self.orders[shop, move.number] = replace(order, status=move.to)
        self._history[shop, move.number].append((order.status.value, move.to.value, move.by, at))
        for sku, quantity in back.items():
            self._add(shop, sku, quantity)
        if move.to is OrderStatus.CANCELLED and (sync := self._synced.get((shop, move.number))) is not None:
            sync.heard = not sync.tried

    def _move_payment(self, shop: str, move: PaymentMove, at: Millis) -> None:
        order = self.orders[shop, move.number]
        self.orders[shop, move.number] = replace(order, payment=move.to)
        self._history[shop, move.number].append((order.payment.value, move.to.value, move.by, at))

    def _given_back(self, shop: str, move: OrderMove) -> Counter[str]:
        """What a cancellation gives back: what was taken, so nothing of an order that is held still."""
        back: Counter[str] = Counter()
        order = self.orders[shop, move.number]
        if move.to is OrderStatus.CANCELLED and not order.held:
            for line in order.lines:
                if line.tracked and self._stock.knows(shop, line.sku):
                    back[line.sku] += line.quantity
        return back

    def _add(self, shop: str, sku: str, quantity: int) -> None:
        self._stock.count(shop, sku, self._stock.on_hand(shop, sku) + quantity)

    def _issue(self, shop: str, issue: IssueOf, at: Millis) -> str:
        known = self._invoices.get((shop, issue.order))
        if known is not None:
            return known.number
        self._issued[shop, issue.year] += 1
        number = invoice_number(issue.year, self._issued[shop, issue.year])
        self._invoices[shop, issue.order] = issued(issue, number, self.orders[shop, issue.order], at)
        return number

    def _credit(self, shop: str, credit: CreditOf, at: Millis) -> str:
        self._noted[shop, credit.year] += 1
        number = credit_number(credit.year, self._noted[shop, credit.year])
        invoice, order = self._invoices[shop, credit.order], self.orders[shop, credit.order]
        note = CreditNote(number, shop, order.customer, order.number, invoice.number, at, credit.amount, order.currency)
        assert self._credited(shop, order.number) + credit.amount <= order.total, "no more than was invoiced"
        self._notes.append(note)
        return number

    def _credited(self, shop: str, order: str) -> int:
        return sum(note.amount for note in self._notes if (note.shop, note.order) == (shop, order))

    # -- what is looked up -----------------------------------------------------------------------------------------
    def save(self, card: Customer) -> None:
        """Insert or replace a card; a known one keeps its place."""
        self.cards[Address(card.shop, card.id)] = card

    def newest(self, shop: str) -> list[Order]:
        """The shop's orders, newest first; of one moment, the one written last."""
        own = [order for order in self.orders.values() if order.shop == shop]
        own.reverse()
        own.sort(key=lambda order: order.placed_at, reverse=True)
        return own

    def like(self, shop: str, statuses: Collection[OrderStatus], payments: Collection[PaymentStatus]) -> list[Order]:
        """Those in these statuses; none named: in any."""
        return [
            order
            for order in self.newest(shop)
            if (not statuses or order.status in statuses) and (not payments or order.payment in payments)
        ]

    def history(self, shop: str, number: str) -> History:
        """See Books.order_history."""
        return list(self._history.get((shop, number), ()))

    def invoice(self, shop: str, order: str) -> Invoice | None:
        """The invoice of an order, standing where the order stands now."""
        invoice = self._invoices.get((shop, order))
        if invoice is None:
            return None
        return replace(invoice, status=status_of(self.orders[shop, order]), credited=self._credited(shop, order))

    def move_invoices(self, of: Address, to: str) -> None:
        """One customer's invoices and credit notes are another's."""
        self._notes = [replace(one, customer=to) if (one.shop, one.customer) == of else one for one in self._notes]
        for key, invoice in self._invoices.items():
            if key[0] == of.shop and invoice.customer == of.customer:
                self._invoices[key] = replace(invoice, customer=to)

    def invoices(self, shop: str) -> list[Invoice]:
        """All of a shop, the latest issued first."""
        numbers = [order for of, order in self._invoices if of == shop]
        found = [self.invoice(shop, order) for order in reversed(numbers)]
        return [invoice for invoice in found if invoice is not None]

    def credit_notes(self, shop: str) -> list[CreditNote]:
        """All of a shop, the latest issued first."""
        return [note for note in reversed(self._notes) if note.shop == shop]

    def account_entries(self, invoice: Invoice) -> list[Entry]:
        """What an invoice puts on its customer's account."""
        moves = self._history[invoice.shop, invoice.order]
        paid = [at for _, to, _, at in moves if to == PaymentStatus.PAID]
        cancelled = [at for _, to, _, at in moves if to == OrderStatus.CANCELLED]
        notes = [one for one in self._notes if (one.shop, one.order) == (invoice.shop, invoice.order)]
        return entries_of(invoice, min(paid, default=None), min(cancelled, default=None), notes)

    def cards_of(self, shop: str) -> list[Customer]:
        """All of a shop, the latest made first."""
        return [card for address, card in reversed(self.cards.items()) if address.shop == shop]

    def stats(self, shop: str) -> Stats:
        """See Books.stats."""
        orders = self.newest(shop)
        over = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
        return Stats(
            orders=len(orders),
            completed=sum(order.status is OrderStatus.COMPLETED for order in orders),
            revenue=sum(order.total for order in orders if order.payment is PaymentStatus.PAID),
            customers=len(self.cards_of(shop)),
            pending=sum(order.status not in over for order in orders),
        )

    # -- the CRM -------------------------------------------------------------------------------------------------------
    def unsynced(self, shop: str) -> list[str]:
        """See BackOffice.unsynced."""
        return [number for (of, number), sync in self._synced.items() if of == shop and self._to_be_told(of, number)]

    def sync_of(self, shop: str, number: str) -> Sync | None:
        """Where telling the CRM of an order stands."""
        sync = self._synced.get((shop, number))
        return Sync(sync.tried, sync.heard) if sync is not None else None

    def sync_again(self, shop: str, number: str) -> bool:
        """See ProcessBook.sync_again."""
        sync = self._synced.get((shop, number))
        if sync is not None:
            sync.heard = False
        return sync is not None

    def begin_sync(self, shop: str, number: str) -> bool:
        """See BackOffice.begin_sync."""
        sync = self._synced.get((shop, number), _Sync())
        before, sync.tried = sync.tried, True
        return before

    def note_synced(self, shop: str, numbers: Sequence[str], cancelled: bool) -> None:
        """See BackOffice.note_synced."""
        for number in numbers:
            sync = self._synced.get((shop, number))
            if sync is not None and (self.orders[shop, number].status is OrderStatus.CANCELLED) is cancelled:
                sync.heard = True

    def promised(self, shop: str) -> Counter[str]:
        """What was taken here and the CRM does not know of, by sku."""
        found: Counter[str] = Counter()
        for (of, number), sync in self._synced.items():
            order = self.orders[of, number]
            if of == shop and not sync.heard and not order.held and order.status is not OrderStatus.CANCELLED:
                for line in order.lines:
                    found[line.sku] += line.quantity if line.tracked else 0
        return found

    def _to_be_told(self, shop: str, number: str) -> bool:
        sync, order = self._synced[shop, number], self.orders[shop, number]
        return not sync.heard and (sync.tried if order.status is OrderStatus.CANCELLED else not order.held)
