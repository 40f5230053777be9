"""The memory store's answers to the Needs of one turn (engine.facts): one short rule each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.address import Address, Link, Millis
from engine.campaign_moves import CampaignSeen
from engine.campaigns import Campaign
from engine.facts import (
    COUNTED_TO,
    AnyNeed,
    AnyOrder,
    Availability,
    BookingNumbered,
    CampaignsAt,
    Day,
    DayOf,
    IntentOf,
    IntentsFor,
    InvoiceOf,
    Known,
    OpenOrders,
    OrderNumbered,
    OwnBookings,
    OwnCard,
    OwnEntries,
    OwnOrders,
    PaymentFor,
    PaymentOf,
    Reached,
    ReminderNamed,
    Seats,
)
from engine.invoices import Invoice
from engine.orders import Order, OrderStatus
from engine.payments import Intent, Payment, PaymentState
from engine.reminders import Reminder
from engine.tickets import TAKING, Booking, BookingStatus
from storage.ledger import Ledger
from storage.seats import Seats as BoxOffice
from storage.stock import Stock
from storage.till import Till

ENDED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)


@dataclass(slots=True)
class Knowing:
    """What one customer's turn asks for. Found things are kept by their name, so that none is told twice."""

    address: Address
    now: Millis
    stock: Stock
    ledger: Ledger
    till: Till
    seats: BoxOffice
    links: Mapping[tuple[str, Link], str]
    reminder: Callable[[str, str], Reminder | None]
    campaigns: Mapping[tuple[str, str], Campaign]
    _orders: dict[str, Order] = field(default_factory=dict)
    _bookings: dict[str, Booking] = field(default_factory=dict)
    _intents: dict[str, Intent] = field(default_factory=dict)
    _invoices: dict[str, Invoice] = field(default_factory=dict)
    _payment: Payment | None = None
    _reminders: dict[str, Reminder] = field(default_factory=dict)
    _day: Day | None = None
    _reached: str = ""
    _campaigns: tuple[CampaignSeen, ...] = ()

    def answer(self, needs: Sequence[AnyNeed]) -> Known:
        """All of them together."""
        for need in needs:
            self._find(need)
        shop, customer = self.address
        asked = {type(need) for need in needs}
        return Known(
            customer=self.ledger.cards.get(self.address) if OwnCard in asked else None,
            orders=tuple(self._orders.values()),
            left=self.stock.left(shop, customer, self.now) if Availability in asked else {},
            seats=self.seats.free_seats(shop, self.now) if Seats in asked else {},
            bookings=tuple(self._bookings.values()),
            entries=tuple(self.seats.waiting(self.address)) if OwnEntries in asked else (),
            payment=self._payment,
            intents=tuple(self._intents.values()),
            invoices=tuple(self._invoices.values()),
            day=self._day,
            reached=self._reached,
            campaigns=self._campaigns,
            reminders=tuple(self._reminders.values()),
        )

    def _find(self, need: AnyNeed) -> None:
        match need:
            case OwnOrders(limit):
                own = [one for one in self.ledger.newest(self.address.shop) if one.customer == self.address.customer]
                self._orders |= {one.number: one for one in own[: max(0, limit)] if one.number not in self._orders}
            case OrderNumbered(name) | BookingNumbered(name):
                self._numbered(name, orders=isinstance(need, OrderNumbered), bookings=isinstance(need, BookingNumbered))
            case OwnBookings(limit):
                booked = [one for one in self.seats.newest(self.address.shop) if one.customer == self.address.customer]
                self._bookings |= {one.id: one for one in booked[: max(0, limit)] if one.id not in self._bookings}
            case PaymentOf(name):
                self._payment = self.till.payments.get((self.address.shop, name))
                if self._payment is not None:
                    self._intents |= {one.id: one for one in self._own_intents() if one.id == self._payment.intent}
                    self._numbered(self._payment.order)
                    self._invoice(self._payment.order)
            case PaymentFor(name):
                if self._owns(name):
                    applied = self.till.payments_in(self.address.shop, (PaymentState.APPLIED,))
                    self._payment = next((one for one in applied if one.order == name), self._payment)
            case IntentOf(name):
                found = [one for one in self._own_intents() if one.id == name]
                for intent in found:
                    self._intents[intent.id] = intent
                    self._numbered(intent.order)
            case IntentsFor(name):
                self._intents |= {one.id: one for one in self._own_intents() if one.order == name}
            case InvoiceOf(name):
                self._invoice(name)
            case ReminderNamed(name):
                row = self.reminder(self.address.shop, name)
                if row is not None and row.customer == self.address.customer:
                    self._reminders[name] = row
            case AnyOrder() | OpenOrders() | DayOf() | Reached() | CampaignsAt():
                self._of_the_shop(need)

    def _of_the_shop(self, need: AnyOrder | OpenOrders | DayOf | Reached | CampaignsAt) -> None:
        """What only the shop's own people ask."""
        shop = self.address.shop
        match need:
            case AnyOrder(name):
                order, booking = self.ledger.orders.get((shop, name)), self.seats.bookings.get((shop, name))
                self._orders |= {} if order is None else {name: order}
                self._bookings |= {} if booking is None else {name: booking}
                asked = [one for one in self.till.intents.values() if (one.shop, one.order) == (shop, name)]
                self._intents |= {one.id: one for one in reversed(asked)}
            case OpenOrders(limit):
                waiting = [one for one in self.ledger.newest(shop) if one.status not in ENDED]
                self._orders |= {one.number: one for one in waiting[: max(0, limit)]}
                booked = [one for one in self.seats.newest(shop) if one.status is BookingStatus.CONFIRMED]
                self._bookings |= {one.id: one for one in booked[: max(0, limit)]}
            case DayOf(since, currency):
                self._day = self._figures(since, currency)
            case Reached(phone):
                self._reached = self.links.get((shop, Link("phone", phone)), "")
            case CampaignsAt(status, limit):
                made = [one for (of, _), one in [*self.campaigns.items()][::-1] if of == shop]
                meant = [one for one in made if one.status.value == status][: max(0, limit)]
                self._campaigns = tuple([CampaignSeen(one.id, one.plan.name, status) for one in meant])

    def _figures(self, since: Millis, currency: str) -> Day:
        shop = self.address.shop
        known = [one for one in self.ledger.orders.values() if one.shop == shop]
        placed = [one for one in known if one.placed_at >= since]
        standing = [one for one in placed if one.status is not OrderStatus.CANCELLED]
        made = [one for one in self.seats.newest(shop) if one.held_at >= since and one.status in TAKING]
        paid = [one for one in self.till.payments_in(shop, ()) if one.at >= since and one.currency == currency]
        return Day(
            orders=len(standing),
            sold=sum(one.total for one in standing if one.currency == currency),
            cancelled=len(placed) - len(standing),
            seats=sum(one.seats for one in made),
            booked=sum(one.total for one in made if one.currency == currency),
            received=sum(max(0, one.left) for one in paid),
            open=min(COUNTED_TO, sum(one.status not in ENDED for one in known)),
            desk=min(COUNTED_TO, len(self.till.payments_in(shop, (PaymentState.DESK,)))),
        )

    def _invoice(self, order: str) -> None:
        """The invoice of an order of the customer's own."""
        invoice = self.ledger.invoice(self.address.shop, order)
        if invoice is not None and invoice.customer == self.address.customer:
            self._invoices[invoice.number] = invoice

    def _owns(self, name: str) -> bool:
        """Whether an order or booking of this name is the customer's."""
        key = (self.address.shop, name)
        found = (self.ledger.orders.get(key), self.seats.bookings.get(key))
        return any(one is not None and one.customer == self.address.customer for one in found)

    def _numbered(self, name: str, *, orders: bool = True, bookings: bool = True) -> None:
        """The customer's own order or booking of this name."""
        order = self.ledger.orders.get((self.address.shop, name))
        if orders and order is not None and order.customer == self.address.customer:
            self._orders.setdefault(name, order)
        booking = self.seats.bookings.get((self.address.shop, name))
        if bookings and booking is not None and booking.customer == self.address.customer:
            self._bookings.setdefault(name, booking)

    def _own_intents(self) -> list[Intent]:
        return self.till.own(*self.address)
