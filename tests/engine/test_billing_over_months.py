"""A dealer's invoices over years of virtual time: whatever customers and the owner do, the books come out right."""

from __future__ import annotations

from random import Random

import pytest

from engine.accounts import EntryKind
from engine.address import DAY, Address
from engine.dates import day_began
from engine.invoices import Invoice, InvoiceStatus
from engine.orders import Order, OrderStatus, PaymentStatus
from engine.payments import PaymentState
from tests.engine.case_verbs import VERBS
from tests.engine.open_store import at_once
from tests.engine.shops import dealer
from tests.engine.world import World

SEEDS = 6
STEPS = 50
CARD = '{"name": "Sharma & Sons", "credit_days": 30}'
OPEN = (PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.FAILED)


class Months:
    """Two customers of a dealer, and what befalls their orders; steps lie up to three weeks apart."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World(dealer())
        self.customers = {name: self.world.as_customer(name).who for name in ("ann", "ben")}
        for name in self.customers:
            self.world.as_customer(name)
            self.do("card", CARD)

    def do(self, verb: str, rest: str = "") -> None:
        VERBS[verb](self.world, rest)

    def step(self) -> None:
        self.do("wait", f"{self.random.randint(1, 21 * 24)}h")
        self.world.as_customer(self.random.choice([*self.customers]))
        self.world.left["cement-opc-43"] = 10_000
        getattr(self, self.random.choice(("order", "order", "order", "pay", "pay", "cancel", "refund", "remind")))()

    def order(self) -> None:
        self.do(">", "menu")
        self.do(">", f"{self.random.randint(1, 90)} opc 43")
        self.do(">", "1")

    def pay(self) -> None:
        open_ones = [one.number for one in self.own_orders() if one.payment in OPEN]
        if open_ones:
            number = self.random.choice(open_ones)
            order = self.world.orders[number]
            reference = next(
                one.reference for one in self.world.store.intents_of(self.world.who) if one.order == number
            )
            self.do("pay", f"{order.total} INR {self.world.fresh('T')} for {reference}")

    def cancel(self) -> None:
        own = [one.number for one in self.own_orders() if one.status is OrderStatus.CONFIRMED]
        if own:
            self.do(">", f"cancel {self.random.choice(own)}")

    def refund(self) -> None:
        left = [
            one
            for one in self.world.store.payments_of(self.world.shop.name)
            if one.left and one.state in (PaymentState.APPLIED, PaymentState.DESK) and one.customer
        ]
        if left:
            payment = self.random.choice(left)
            self.world.who = Address(payment.shop, payment.customer)
            amount = self.random.choice((payment.left, self.random.randint(1, payment.left)))
            wish = f'"payment": "{payment.id}", "decision": "refund", "by": "asha", "amount": {amount}'
            self.do("post", f'{{"type": "DeskDecided", {wish}, "sent": {payment.refunded}}}')

    def remind(self) -> None:
        """Whatever reminders are due by now."""
        for kind, timer in list(self.world.store.timers(self.world.who).items()):
            if timer.due <= self.world.now and kind.startswith("reminder:"):
                self.do("fire", kind)

    def own_orders(self) -> list[Order]:
        return [one for one in self.world.orders.values() if one.customer == self.world.who.customer]

    # -- what must hold ----------------------------------------------------------------------------------------------
    def check(self) -> None:
        shop, now = self.world.shop, self.world.now
        today = day_began(now, shop.timezone)
        invoices = at_once(self.world.store.invoices(shop.name, 999, 0, today))
        notes = at_once(self.world.store.credit_notes(shop.name, 999))
        for numbers in ([one.number for one in invoices], [one.number for one in notes]):
            self.no_gap(numbers)
        for invoice in invoices:
            self.stands_as_it_should(invoice, today)
            assert invoice.credited == sum(one.amount for one in notes if one.order == invoice.order) <= invoice.total
        for customer in self.customers.values():
            self.account_agrees(customer, [one for one in invoices if one.customer == customer.customer], today)

    def no_gap(self, numbers: list[str]) -> None:
        years: dict[str, list[int]] = {}
        for number in numbers:
            _, year, count = number.split("-")
            years.setdefault(year, []).append(int(count))
        for counts in years.values():
            assert sorted(counts) == [*range(1, len(counts) + 1)]

    def stands_as_it_should(self, invoice: Invoice, today: int) -> None:
        order = self.world.orders[invoice.order]
        late = order.payment in OPEN and order.status is not OrderStatus.CANCELLED and order.due_at < today
        assert (invoice.status is InvoiceStatus.OVERDUE) is late

    def account_agrees(self, customer: Address, invoices: list[Invoice], today: int) -> None:
        account = at_once(self.world.store.account(customer, 0, self.world.now + 1, today, 9_999))
        owed = 0
        for invoice in invoices:
            order = self.world.orders[invoice.order]
            charged = 0 if order.status is OrderStatus.CANCELLED else order.total - invoice.credited
            owed += charged - (0 if order.payment in OPEN else order.total - invoice.credited)
        assert account.closing == owed
        assert sum(one.kind is EntryKind.INVOICE for one in account.entries) == len(invoices)
        late = [one.total for one in invoices if one.status is InvoiceStatus.OVERDUE]
        assert account.overdue == sum(late)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_numbers_states_and_accounts_hold_over_years(seed: int) -> None:
    months = Months(seed)
    began = months.world.now
    for _ in range(STEPS):
        months.step()
        months.check()
    assert months.world.now - began > 300 * DAY, "over a new year at least"
    invoices = at_once(months.world.store.invoices(months.world.shop.name, 999))
    assert len({one.number.split("-")[1] for one in invoices}) > 1
    assert {InvoiceStatus.PAID, InvoiceStatus.VOID} <= {one.status for one in invoices}
    assert at_once(months.world.store.credit_notes(months.world.shop.name, 9))
