"""What arrives from outside, in the past tense, after an adapter has normalised it.

Only an adapter's ``parse`` ever sees provider JSON; from here on everything is one of these frozen structs. An
``Inbound`` is one Event with its sender and the provider's own id, which is the de-duplication key.
"""

from __future__ import annotations

import msgspec

from engine.address import Address, Link, Millis, Sender


class Event(msgspec.Struct, frozen=True, tag=True):
    """The root of everything that can arrive."""


class TextSaid(Event, frozen=True):
    """The customer wrote ``text``; may be empty or only spaces."""

    text: str


class OptionTapped(Event, frozen=True):
    """A button or list row was tapped. ``option`` is the id that our message carried; ``title`` what it showed."""

    option: str
    title: str = ""


class LocationSent(Event, frozen=True):
    """A place, in degrees; ``name`` and ``address`` may be empty."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class MediaSent(Event, frozen=True):
    """An image, document, audio, video or sticker (``kind``). A non-empty caption is treated as text."""

    kind: str
    media_id: str
    caption: str = ""
    mime_type: str = ""
    filename: str = ""


class ContactsSent(Event, frozen=True):
    """Contact cards; ``phones`` are digits without +."""

    phones: tuple[str, ...]


class CartItem(msgspec.Struct, frozen=True):
    """One line of a native cart. The provider's price is not trusted and so not kept."""

    sku: str
    quantity: int


class CartSent(Event, frozen=True):
    """The provider's native cart was sent; it becomes our cart, re-priced from our catalogue."""

    items: tuple[CartItem, ...]
    text: str = ""


class FormAnswered(Event, frozen=True):
    """A native form (Meta: nfm_reply) came back; ``answer`` is the JSON text of the provider, "" when unreadable."""

    name: str
    answer: str


class Reacted(Event, frozen=True):
    """An emoji on one of our messages; "" takes it back. Noted, never a turn of the flow."""

    message_id: str
    emoji: str


class MessageEdited(Event, frozen=True):
    """The customer changed an earlier message; never taken as a new order."""

    original_id: str


class MessageDeleted(Event, frozen=True):
    """The customer deleted an earlier message for everyone."""

    original_id: str


class NumberChanged(Event, frozen=True):
    """The provider says that this customer has a new phone and/or user id ("" where it does not say)."""

    new_phone: str = ""
    new_user_id: str = ""

    def links(self) -> tuple[Link, ...]:
        """The new outside names."""
        return Sender(phone=self.new_phone, user_id=self.new_user_id).links()

    def replaced(self, before: Sender) -> tuple[Link, ...]:
        """The outside names that ``before`` has no more: of each kind that there is a new name of, the old one."""
        new = {link.kind: link for link in self.links()}
        return tuple(link for link in before.links() if link.kind in new and link != new[link.kind])


class OwnerEchoed(Event, frozen=True):
    """The owner answered this customer from the phone itself (Meta: smb_message_echoes)."""

    text: str


class PreferenceSet(Event, frozen=True):
    """The customer used the provider's own control: ``wants_marketing`` False for stop, True for resume."""

    wants_marketing: bool


class UnsupportedSent(Event, frozen=True):
    """Something that no adapter can read (``kind`` in the provider's words): polls, unknown types, errors."""

    kind: str


class News(Event, frozen=True):
    """The root of what our own house tells an actor: no word of the customer's, so it neither begins nor prolongs a
    session. Its letter is durable before it is posted (commit.Posted)."""


class TimerFired(Event, frozen=True):
    """A durable timer came due. ``turn`` is the turn that set it; the conversation ignores a stale one, once."""

    kind: str
    turn: int


class PaymentSettled(News, frozen=True):
    """Money is recorded for this customer (``payment`` is its id): apply it, or lay it on the payment desk."""

    payment: str


class PaymentFailed(News, frozen=True):
    """A provider says that an intent of this customer's will not be paid. ``failure`` is a payments.Failure value."""

    intent: str
    failure: str
    detail: str = ""


class ChargeAnswered(News, frozen=True):
    """The provider took the request to pay; ``link`` is where to pay, "" where the phone itself asks (M-Pesa)."""

    intent: str
    link: str = ""


class OrderRequested(News, frozen=True):
    """An order came by the shop's API (flows.md §4) and the customer shall be asked to pay. Checked in form only.

    Its cart is ``api:<request>``, by which whoever asked finds the order, and the same request is one order only.
    """

    request: str
    sku: str
    quantity: int
    address: str = ""
    name: str = ""


class OrderMoveWanted(News, frozen=True):
    """The owner (``by``) moves an order of this customer: ``status`` is an OrderStatus value. ``quiet``: it is a step
    on the way, of which the customer is not told."""

    number: str
    status: str
    by: str
    quiet: bool = False


class InvoiceWanted(News, frozen=True):
    """The owner (``by``) wants the customer to have the invoice of their order ``number``: it is issued where there is
    none, and sent, once more where it was sent before."""

    number: str
    by: str


class StatementWanted(News, frozen=True):
    """The owner (``by``) wants the customer to have the statement of their account from the day ``first`` to ``last``
    (``2026-01-31``)."""

    first: str
    last: str
    by: str


class DeskDecided(News, frozen=True):
    """The owner (``by``) decided about a payment on the desk: ``decision`` is ``match`` (with ``order``), ``refund``
    (of ``amount``, minor units; 0: of all that is to go back) or ``credit``. ``sent`` is how much of it had gone back
    when the owner looked: deciding twice refunds once. Or its provider (``by``) told what became of a refund:
    ``refunded``, or ``unrefunded`` when it could not be made."""

    payment: str
    decision: str
    by: str
    order: str = ""
    amount: int = 0
    sent: int = 0


class HoldEnded(News, frozen=True):
    """A hold of this customer's ran out and was swept."""

    booking: str


class SeatsOffered(News, frozen=True):
    """Seats became free for a waiting-list entry and are held for this customer (``booking``)."""

    entry: str
    booking: str


class BookingCancelWanted(News, frozen=True):
    """The owner (``by``) cancels a booking of this customer's, or its whole event."""

    booking: str
    by: str
    why: str = ""


class MessageWanted(News, frozen=True):
    """The owner (``by``) wants this text said to the customer; ``menu`` means the flow's first menu instead."""

    text: str
    by: str
    menu: bool = False


class ReminderWanted(News, frozen=True):
    """The owner (``by``) wants the customer to read ``text`` at ``due``; ``name`` is the reminder's own."""

    name: str
    text: str
    due: Millis
    by: str


class ReminderUnwanted(News, frozen=True):
    """The owner (``by``) takes back a reminder that is not due yet, by its id (reminders.Reminder)."""

    reminder: str
    by: str


class TooFast(News, frozen=True):
    """The customer writes faster than can be read: some of their messages wait, and they shall hear so."""


class HandoverWanted(News, frozen=True):
    """The owner (``by``) takes a conversation into human hands, or gives it back to the bot."""

    human: bool
    by: str


class Noticed(News, frozen=True):
    """One of the shop's own people shall hear of a notice on its board (engine.notices)."""

    kind: str
    detail: str
    about: str = ""


class CrewCalled(News, frozen=True):
    """An owner's phone is called to make sure that it gets its digest."""


AnyNews = (
    PaymentSettled
    | PaymentFailed
    | ChargeAnswered
    | OrderRequested
    | OrderMoveWanted
    | InvoiceWanted
    | StatementWanted
    | DeskDecided
    | HoldEnded
    | SeatsOffered
    | BookingCancelWanted
    | MessageWanted
    | HandoverWanted
    | ReminderWanted
    | ReminderUnwanted
    | TooFast
    | Noticed
    | CrewCalled
)

AnyEvent = (
    TextSaid
    | OptionTapped
    | LocationSent
    | MediaSent
    | ContactsSent
    | CartSent
    | FormAnswered
    | Reacted
    | MessageEdited
    | MessageDeleted
    | NumberChanged
    | OwnerEchoed
    | PreferenceSet
    | UnsupportedSent
    | TimerFired
    | PaymentSettled
    | PaymentFailed
    | ChargeAnswered
    | OrderRequested
    | OrderMoveWanted
    | InvoiceWanted
    | StatementWanted
    | DeskDecided
    | HoldEnded
    | SeatsOffered
    | BookingCancelWanted
    | MessageWanted
    | HandoverWanted
    | ReminderWanted
    | ReminderUnwanted
    | TooFast
    | Noticed
    | CrewCalled
)
"""The closed union, for decoding a stored letter."""


class Inbound(msgspec.Struct, frozen=True):
    """One fact from outside.

    ``id`` is unique per shop for ever: the provider's message id ("wamid.…"), ``timer:<customer>:<kind>:<turn>`` for
    our own timers, or one derived from its cause for our own News. It goes into the turn's commit under a unique key,
    so a redelivery is harmless.
    ``sent_at`` is the provider's time (the 24-hour window counts from it); it never decides order.
    """

    id: str
    shop: str
    sender: Sender
    sent_at: Millis
    event: AnyEvent
    quoted_id: str = ""


class Letter(msgspec.Struct, frozen=True):
    """An Inbound with the address it was routed to: what lies in a mailbox, and what is parked when it must wait.

    ``parked_id`` is the row it was parked under when this is a replay, else 0. ``late``: the customer wrote faster than
    we read, so it was kept until its turn came (engine.slowing).
    """

    address: Address
    inbound: Inbound
    parked_id: int = 0
    late: bool = False
