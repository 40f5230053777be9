"""Wishes to the world, in the imperative: plain data that a flow returns and the shell grants after the commit."""

from __future__ import annotations

import msgspec

from engine.address import Millis
from engine.campaign_moves import CampaignMove
from engine.deeds import Deed
from engine.events import AnyNews
from engine.invoices import CreditOf, IssueOf
from engine.messages import Purpose, Template
from engine.notices import OwnerNotice
from engine.orders import Customer, Hold, Order, OrderMove, PaymentMove
from engine.payments import Intent, IntentMove, PaymentNews, PaymentSettlement
from engine.reminders import Reminder
from engine.tickets import Booking, BookingMove, Entry


class Effect(msgspec.Struct, frozen=True, tag=True):
    """The root of every wish."""


class Say(Effect, frozen=True):
    """Show ``text``. Longer than the channel's limit: it goes out as several messages, split at line ends.
    ``stand_in``: the template that goes instead where only that may (engine.window)."""

    text: str
    purpose: Purpose = Purpose.REPLY
    stand_in: Template | None = None


class Option(msgspec.Struct, frozen=True):
    """One answer to a question. ``value`` is what the flow gets back in ``Chosen``; ``words`` are further spellings.

    ``hidden`` options are understood when typed but not shown.
    """

    value: str
    title: str
    description: str = ""
    words: tuple[str, ...] = ()
    hidden: bool = False


class Ask(Effect, frozen=True):
    """Show ``text`` with options to choose from. Titles are shortened to the channel's limits and kept distinct.

    ``numbered``: a typed number chooses too, as the customer sees them (``2`` = the second option ever shown for this
    question, across "more" pages). ``button`` is what a list opens on, "" for "Choose". ``stand_in`` as with Say.
    """

    text: str
    options: tuple[Option, ...]
    button: str = ""
    numbered: bool = True
    purpose: Purpose = Purpose.REPLY
    stand_in: Template | None = None


class AskLocation(Effect, frozen=True):
    """Ask for a place, with a map button where the channel has one."""

    text: str


class ShowImage(Effect, frozen=True):
    """Send a picture by public link, from a file of ours, or made when it is sent (``paper``: see papering.Papers)."""

    link: str = ""
    path: str = ""
    caption: str = ""
    paper: str = ""


class ShowDocument(Effect, frozen=True):
    """Send a file by public link, from a file of ours, or made when it is sent (``paper``: see papering.Papers)."""

    filename: str
    link: str = ""
    path: str = ""
    caption: str = ""
    paper: str = ""


class UseTemplate(Effect, frozen=True):
    """Send a message that the provider has approved before: for customers who have not written for a day."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    purpose: Purpose = Purpose.ORDER


class PlaceOrder(Effect, frozen=True):
    order: Order


class MoveOrder(Effect, frozen=True):
    move: OrderMove


class SaveCustomer(Effect, frozen=True):
    customer: Customer


class TakeHold(Effect, frozen=True):
    hold: Hold


class ReleaseHold(Effect, frozen=True):
    hold_id: str


class MovePayment(Effect, frozen=True):
    move: PaymentMove


class TakeStock(Effect, frozen=True):
    """Take the stock of an order that was placed ``held``: its own holds count as free and end. Refused SOLD_OUT when
    they were over and others have it; taking it twice is nothing."""

    number: str


class Charge(Effect, frozen=True):
    """Ask for money: the intent becomes a row, and the provider of its way is asked after the commit. An intent by bank
    or cash asks nobody and is PENDING at once."""

    intent: Intent


class MoveIntent(Effect, frozen=True):
    move: IntentMove


class SettlePayment(Effect, frozen=True):
    settlement: PaymentSettlement


class Book(Effect, frozen=True):
    """Hold seats, or book them at once when ``booking.status`` is CONFIRMED. Refused SOLD_OUT (``what``: the event)."""

    booking: Booking


class MoveBooking(Effect, frozen=True):
    move: BookingMove


class PutEntry(Effect, frozen=True):
    """Join, change or leave a waiting list: the entry is inserted, or replaces the one of the same id."""

    entry: Entry


class IssueInvoice(Effect, frozen=True):
    """Issue the invoice of an order placed in this turn or before; twice is nothing. invoices.NUMBER in texts of this
    turn becomes its number."""

    issue: IssueOf


class IssueCredit(Effect, frozen=True):
    """Issue a credit note for an order that has an invoice. invoices.CREDIT in this turn's texts becomes its number."""

    credit: CreditOf


class SyncOrder(Effect, frozen=True):
    """Tell the shop's CRM of an order (once; where the shop has none, nothing)."""

    number: str


class HushReplies(Effect, frozen=True):
    """A human answers from now on: replies of before that have not left yet are not sent (quality.md 10)."""


class TellCustomer(Effect, frozen=True):
    """Post a letter of our own to a customer of the same shop, due at once (Commit.posted)."""

    customer: str
    event: AnyNews


class TakeMoney(Effect, frozen=True):
    """Record money that one of the shop's own people has seen, as Till.record does with what a provider tells."""

    news: PaymentNews


class Recount(Effect, frozen=True):
    """So many of a product are on the shelf, as somebody has counted."""

    sku: str
    on_hand: int


class Reprice(Effect, frozen=True):
    """A product costs this from now on, minor units."""

    sku: str
    price: int


class MoveCampaign(Effect, frozen=True):
    move: CampaignMove


class NoteDeed(Effect, frozen=True):
    """A line in the log of who did what."""

    deed: Deed


class PutNotice(Effect, frozen=True):
    """A notice for the shop's board, and from there for the phones of its own people."""

    notice: OwnerNotice


class HushReminders(Effect, frozen=True):
    """Nobody needs to be reminded of this order or booking any more: what a reminder of it has said and has not left
    yet is not sent. Flows need not wish it: engine.reminding finds it from the turn."""

    about: str


class SetTimer(Effect, frozen=True):
    """Come back with ``TimerFired(kind)`` at ``due``; setting the same kind again moves it."""

    kind: str
    due: Millis


class ClearTimer(Effect, frozen=True):
    kind: str


class NoteReminder(Effect, frozen=True):
    """Tell the ledger how a reminder stands. Flows need not: engine.reminding finds it from the turn."""

    reminder: Reminder


class Unsaid(Effect, frozen=True):
    """Why a reminder that came due says nothing: a word of reminders.REASONS."""

    reason: str


AnyEffect = (
    Say
    | Ask
    | AskLocation
    | ShowImage
    | ShowDocument
    | UseTemplate
    | PlaceOrder
    | MoveOrder
    | SaveCustomer
    | TakeHold
    | ReleaseHold
    | MovePayment
    | TakeStock
    | Charge
    | MoveIntent
    | SettlePayment
    | Book
    | MoveBooking
    | PutEntry
    | IssueInvoice
    | IssueCredit
    | SyncOrder
    | HushReplies
    | HushReminders
    | TellCustomer
    | TakeMoney
    | Recount
    | Reprice
    | MoveCampaign
    | NoteDeed
    | PutNotice
    | SetTimer
    | ClearTimer
    | NoteReminder
    | Unsaid
)

VISIBLE = (Say, Ask, AskLocation, ShowImage, ShowDocument, UseTemplate)
"""The wishes that become messages; all others become rows."""
