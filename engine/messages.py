"""What leaves: neutral messages, the outbox rows that carry them, what became of a send, and statuses.

A Message says what to show; the channel decides how (buttons, list, numbered text). Everything here already fits the
channel's Limits: ``engine.fit`` has split and shortened it inside the turn, so one Message is exactly one send.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from engine.address import DAY, Address, Millis
from engine.template_states import TemplateState

WINDOW: Millis = DAY
"""How long after a customer's last message free text may be sent; later it takes a template that the provider has
approved (protocols.md 1.10, quality.md 7)."""


class Limits(msgspec.Struct, frozen=True):
    """What one channel can show, in characters (code points) and counts. Zero buttons or rows means: it has none."""

    text: int = 4096
    question: int = 1024
    list_question: int = 4096
    buttons: int = 3
    button_title: int = 20
    rows: int = 10
    row_title: int = 24
    row_description: int = 72
    list_button: int = 20
    caption: int = 1024
    location_request: bool = True


class Message(msgspec.Struct, frozen=True, tag=True):
    """The root of everything that can be sent."""


class Text(Message, frozen=True):
    body: str


class Choice(msgspec.Struct, frozen=True):
    """One thing to choose: ``id`` comes back in OptionTapped; the texts are within the channel's limits."""

    id: str
    title: str
    description: str = ""


class Buttons(Message, frozen=True):
    body: str
    choices: tuple[Choice, ...]


class ChoiceList(Message, frozen=True):
    """A list that opens on ``button``; at most Limits.rows choices, the last may be "more"."""

    body: str
    button: str
    choices: tuple[Choice, ...]


class Image(Message, frozen=True):
    """A picture by public ``link``, or by ``path`` of a file of ours that the channel uploads first.

    ``paper`` names one that is made when it is sent: the outbox asks papering.Papers for its ``content`` (bytes, never
    stored), which the channel uploads, and for its public ``link``, for a channel that can't upload.
    """

    link: str = ""
    path: str = ""
    caption: str = ""
    paper: str = ""
    content: bytes = b""


class Document(Message, frozen=True):
    """A file by public ``link``, or by ``path`` of a file of ours that the channel uploads first; ``paper`` and
    ``content`` as with Image."""

    filename: str
    link: str = ""
    path: str = ""
    caption: str = ""
    paper: str = ""
    content: bytes = b""


class Template(Message, frozen=True):
    """A message the provider has approved before: the only kind that may open a conversation."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


class LocationRequest(Message, frozen=True):
    body: str


AnyMessage = Text | Buttons | ChoiceList | Image | Document | Template | LocationRequest


class Purpose(str, Enum):
    """Why a message is sent. It decides priority, and what is done when nobody knows whether it went out."""

    REPLY = "reply"
    ORDER = "order"
    PAYMENT = "payment"
    BULK = "bulk"


class Outgoing(msgspec.Struct, frozen=True):
    """One outbox row. ``key`` is derived, ``<address>:<turn>:<n>``, unique, and echoed by providers that can.

    ``attempts`` counts sends begun; ``created_at`` orders one customer's messages together with ``key``'s numbers.
    ``free_until``: until when free text may be sent, as far as the turn knew (0: it did not); ``fallback``: the
    template that stands in for the message after that.
    """

    key: str
    address: Address
    phone: str
    user_id: str
    message: AnyMessage
    purpose: Purpose
    created_at: Millis
    attempts: int = 0
    free_until: Millis = 0
    fallback: Template | None = None


class SendState(str, Enum):
    """Where an outbox row stands. Only ``queued`` may be claimed; ``sending`` found at start is an unknown send.
    ``held`` waits until its customer writes, ``skipped`` was not sent on purpose."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    SKIPPED = "skipped"


class OutcomeClass(str, Enum):
    """What a provider's answer means for us. Provider codes are mapped to these as data, in the channel's file.

    STOPPED: the customer wants no marketing any more. HELD and SKIPPED are our own (engine.ruling)."""

    SENT = "sent"
    RETRY = "retry"
    THROTTLE_NUMBER = "throttle_number"
    THROTTLE_CUSTOMER = "throttle_customer"
    NEEDS_TEMPLATE = "needs_template"
    NEVER = "never"
    STOPPED = "stopped"
    OPERATOR = "operator"
    UNKNOWN = "unknown"
    HELD = "held"
    SKIPPED = "skipped"


class Outcome(msgspec.Struct, frozen=True):
    """What became of one send.

    ``provider_id`` is set when it was accepted. ``code`` is the provider's, ``reason`` a plain sentence with the next
    step. ``wait`` is how long the provider asks us to wait (ms, 0 when it says nothing). ``unknown`` means that the
    request may have arrived but its answer was lost. ``template``: it was refused because its template is in this
    status ("paused", "disabled", "rejected"), "" for every other reason.
    """

    kind: OutcomeClass
    provider_id: str = ""
    code: int = 0
    reason: str = ""
    wait: Millis = 0
    template: str = ""


class StatusRank(int, Enum):
    """How far a sent message has come. A status never moves a message backwards (quality.md 5)."""

    NONE = 0
    SENT = 1
    DELIVERED = 2
    READ = 3
    PLAYED = 4
    FAILED = -1


class Status(msgspec.Struct, frozen=True):
    """One provider status. ``key`` is our own outbox key where the provider echoes it, else "". ``kind``: what the code
    of a failure means, where its channel knows; ``template`` as in Outcome."""

    shop: str
    provider_id: str
    rank: StatusRank
    at: Millis
    key: str = ""
    code: int = 0
    reason: str = ""
    kind: OutcomeClass | None = None
    template: str = ""

    @property
    def refused(self) -> bool:
        """Whether an accepted message was refused in a way after which it goes otherwise, or later (Store.refused)."""
        return self.kind is OutcomeClass.NEEDS_TEMPLATE or self.template != ""


class Refused(msgspec.Struct):
    """What became of messages that were accepted and then refused for the window or for their template's status:
    ``held`` are the addresses that hold some now, ``queued`` counts stand-ins that go instead, ``strangers`` are
    statuses of messages that nobody knows, or that can go no other way."""

    held: set[Address] = msgspec.field(default_factory=set)
    queued: int = 0
    strangers: list[Status] = msgspec.field(default_factory=list)


class Reviewed(msgspec.Struct, frozen=True):
    """What a review of held messages found: ``holding`` are the addresses that hold some still, ``queued`` counts
    messages that go now. One address may have both: a template waits for its provider, words for their customer."""

    holding: set[Address]
    queued: int


HELD_AT_MOST: Millis = 30 * DAY
"""A message that has waited so long for its customer to write is not sent any more."""
HUSHED = "A person answers this customer now, so the bot's reply was not sent. Nothing to do."
OPTED_OUT = "The customer has asked for no more offers. Nothing to do: messages about orders still go."
NOBODY_KNOWS = "Nobody knows whether it arrived. Nothing to do: bulk messages are never sent twice."
"""Why a bulk message failed whose send had no known end: that may have been a success."""
TOO_OLD = "The customer did not write for 30 days, so the message was not sent. Write to them another way."


class Notice(msgspec.Struct, frozen=True):
    """Something about the account rather than a customer (quality, template, account events): for log and owner.

    ``account``: the provider's id of the account, where it is told. ``template``: of which one it is, as far as it has
    changed (engine.template_states.noted)."""

    shop: str
    kind: str
    detail: str = ""
    account: str = ""
    template: TemplateState | None = None


class Refusal(msgspec.Struct, frozen=True):
    """One item of a batch that could not be read. It never drops the others."""

    where: str
    why: str
