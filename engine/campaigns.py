"""Campaigns: one message to many, each of them at most once, and exactly accounted for.

    DRAFT ⇄ SCHEDULED
      └───┬───┘
          ▼
       STARTING ──▶ RUNNING ──▶ COMPLETED         STARTING: the audience is being frozen, a part at a time
                     ▲  ▼
                    PAUSED                        from everywhere but COMPLETED ──▶ CANCELLED

A recipient is a row that is frozen before the start, with the message as it will be sent. Claiming one writes its row
of the outbox in the same commit; from there on that row alone says how it stands, so no counter can go astray:

    queued ─claim─▶ (outbox) queued ▶ sending ▶ sent ▶ delivered ▶ read | failed | skipped | held | unknown
       ▲                       │
       └── pause takes back ───┘   what no lane has begun, in the commit that pauses: nothing is begun after it

Rejected: a state of its own on each recipient, moved along with the outbox (two truths, and a job to repair the one);
all rows in the outbox at once (pausing 100,000 would be one long transaction, and replies would wait behind them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from engine.address import DAY, MINUTE, Address, Millis
from engine.messages import NOBODY_KNOWS, OPTED_OUT, AnyMessage, Outgoing, Purpose, SendState, StatusRank, Template
from engine.window import FREE


class CampaignStatus(str, Enum):
    """Where a campaign stands; see the module's picture."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


S = CampaignStatus
MOVES: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    S.DRAFT: frozenset({S.SCHEDULED, S.STARTING, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.DRAFT, S.STARTING, S.CANCELLED}),
    S.STARTING: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.PAUSED, S.COMPLETED, S.CANCELLED}),
    S.PAUSED: frozenset({S.RUNNING, S.CANCELLED}),
    S.COMPLETED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Every way that a campaign can go."""
BY_ITSELF = frozenset({(S.STARTING, S.RUNNING), (S.RUNNING, S.COMPLETED)})
"""What follows from its recipients (CampaignBook.freeze, finish) and is nobody's to decide."""
LIVE = (S.SCHEDULED, S.STARTING, S.RUNNING)
"""Where a campaign goes on by itself."""

BUSY: Millis = 10 * MINUTE
"""Who wrote so lately is in a conversation; an offer would come between, and waits."""


def may_move(frm: CampaignStatus, to: CampaignStatus) -> bool:
    """Whether somebody may decide so (CampaignBook.move_campaign)."""
    return to in MOVES[frm] and (frm, to) not in BY_ITSELF


class Variant(msgspec.Struct, frozen=True):
    """One of the texts that are tried against each other. ``share``: of all shares, how much of the audience gets it.

    ``text`` is free text with fields (engine.fields), which only who has written within a day may get; ``template``
    (with ``language`` and ``parameters``, fields in them too) is for everybody. With both, the template stands in for
    the text where only that may go."""

    name: str = "A"
    share: int = 1
    text: str = ""
    template: str = ""
    language: str = ""
    parameters: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """A campaign as its owner wrote it. ``audience``: who is meant, as JSON of its own (engine.audience); "": nobody.

    ``pace``: messages per second at most, 0: as fast as the number may. ``starts_at``: when a scheduled one starts;
    after ``latest_start`` (0: never too late) it does not any more, and is a draft again. ``cap``: nobody gets more
    than so many campaign messages, of all campaigns, ``within`` so long (0: no matter). An hour that the shop calls
    quiet (Terms.quiet) is quiet for campaigns."""

    name: str
    variants: tuple[Variant, ...] = ()
    audience: str = ""
    pace: float = 0.0
    starts_at: Millis = 0
    latest_start: Millis = 0
    cap: int = 2
    within: Millis = 7 * DAY


class Campaign(msgspec.Struct, frozen=True):
    """A campaign as it stands. ``version`` counts changes of the plan, from 1. ``why``: a plain sentence about its last
    move, "" where there is nothing to say; ``moved_at`` when that was. ``started_at``: when all recipients were frozen,
    0 before. ``cursor``: behind whom freezing goes on. ``excluded``: whom the conditions fit and who are no
    recipients all the same, reason → how many."""

    shop: str
    id: str
    plan: Plan
    status: CampaignStatus = CampaignStatus.DRAFT
    version: int = 1
    created_at: Millis = 0
    moved_at: Millis = 0
    started_at: Millis = 0
    why: str = ""
    cursor: str = ""
    excluded: Mapping[str, int] = {}


class Recipient(msgspec.Struct, frozen=True):
    """Somebody who shall get it, and what: ``message`` as it will be sent, ``fallback`` the template that goes instead
    where only that may. One of ``phone`` and ``user_id`` is needed."""

    customer: str
    phone: str
    user_id: str
    variant: str
    message: AnyMessage
    fallback: Template | None = None


class RecipientState(str, Enum):
    """How a recipient stands. ``held``: a template that the provider has stopped; it goes by itself once it may.
    ``unknown``: nobody can say whether it arrived; it is never sent again."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    HELD = "held"
    UNKNOWN = "unknown"


class RecipientRow(msgspec.Struct, frozen=True):
    """A line of a campaign's ledger. ``key``: its row of the outbox, "" while it has none. ``due``: not to be claimed
    before (somebody was busy). ``claimed_at``: 0 for never."""

    recipient: Recipient
    state: RecipientState
    reason: str = ""
    key: str = ""
    due: Millis = 0
    claimed_at: Millis = 0


class LedgerPart(NamedTuple):
    """Some lines, and the cursor behind them; "" after the last. A part may be empty though more follow."""

    rows: list[RecipientRow]
    after: str


Counts = Mapping[RecipientState, int]
"""How many recipients stand how, those of all states together being all there are; states without any are left out."""


class Part(msgspec.Struct, frozen=True):
    """Some of an audience on its way to be frozen: ``excluded`` counts, by reason, who are no recipients though the
    conditions fit them. ``after``: the cursor behind these; "" after the last."""

    recipients: tuple[Recipient, ...]
    excluded: Mapping[str, int]
    after: str


class Gathering(Protocol):
    """Who knows whom a plan means, and how its messages read."""

    async def part(self, campaign: Campaign, after: str, limit: int) -> Part:
        """Up to ``limit`` people behind the cursor ``after`` ("": from the start). Asked again, it gives the same
        people the same variant. Raises StoreBusy and StoreFailed."""


class Claimed(NamedTuple):
    """What became of the next recipients: rows that are in the outbox now, and how many were left out for good, or
    wait until later. All three empty: nobody is due."""

    rows: list[Outgoing]
    skipped: int
    postponed: int


class Health(NamedTuple):
    """Of the messages that went out last: how many met an end, how many of these failed, and how many of those who got
    one have opted out."""

    ended: int
    failed: int
    opted_out: int


class CampaignBook(Protocol):
    """A part of ``engine.ports.Store``. A campaign is named by its shop and an id that is never used again."""

    # -- plans and moves ---------------------------------------------------------------------------------------------
    async def create_campaign(self, shop: str, campaign: str, plan: Plan, at: Millis) -> bool:
        """Keep a draft; False where the id is taken already."""

    async def edit_campaign(self, shop: str, campaign: str, version: int, plan: Plan) -> bool:
        """Replace the plan of a DRAFT whose plan is of this version; False where it is another's by now, or no
        draft."""

    async def campaign(self, shop: str, campaign: str) -> Campaign | None:
        """It as it stands."""

    async def campaigns(
        self, shop: str, limit: int, offset: int = 0, statuses: Sequence[CampaignStatus] = ()
    ) -> list[Campaign]:
        """Campaigns that stand so (none named: anyhow), the latest created first."""

    async def live_campaigns(self, limit: int) -> list[Campaign]:
        """Those of all shops that are LIVE, the earliest created first."""

    async def move_campaign(
        self, shop: str, campaign: str, frm: CampaignStatus, to: CampaignStatus, at: Millis, why: str = ""
    ) -> bool:
        """Compare and set: False where it does not stand at ``frm``, or ``may_move`` says no. Leaving RUNNING takes
        back, in the same commit, what ``take_back`` does."""

    # -- recipients --------------------------------------------------------------------------------------------------
    async def freeze(self, shop: str, campaign: str, after: str, part: Part, at: Millis) -> CampaignStatus | None:
        """Keep one part of the audience of a campaign that is STARTING and whose cursor is ``after``; the last part
        makes it RUNNING. Who is among the recipients already stays as they are. Where it stands now; None where it
        stood otherwise, and nothing was kept."""

    async def claim_recipients(self, shop: str, campaign: str, now: Millis, limit: int) -> Claimed:
        """Of a RUNNING campaign: put the messages of the next recipients who are due into the outbox, as ``ruling``
        says. Looks at ``limit`` of them at most."""

    async def take_back(self, shop: str, campaign: str, at: Millis) -> int:
        """Take from the outbox what is queued or held of this campaign: its recipients are queued again. How many."""

    async def finish(self, shop: str, campaign: str, at: Millis) -> bool:
        """A RUNNING campaign of which no recipient is queued, nor any message on its way, becomes COMPLETED; whether
        it did."""

    async def recipients(
        self, shop: str, campaign: str, limit: int, after: str = "", states: Sequence[RecipientState] = ()
    ) -> LedgerPart:
        """Look at up to ``limit`` lines behind the cursor ``after`` ("": from the start), in order of the customers'
        ids; those of these states (none named: all) are told."""

    async def campaign_counts(self, shop: str, campaign: str) -> Counts:
        """How many recipients stand how, at one moment."""

    async def campaign_health(self, shop: str, campaign: str, since: Millis, limit: int) -> Health:
        """Of the last ``limit`` messages that were claimed at ``since`` or later."""

    async def try_campaign(
        self, shop: str, campaign: str, recipients: Sequence[Recipient], at: Millis
    ) -> list[Outgoing]:
        """Put a test message to these into the outbox. They count nowhere. The rows, for the outbox; none for a
        campaign that is not there."""


# -- who gets it now ---------------------------------------------------------------------------------------------------
class Contact(msgspec.Struct, frozen=True):
    """What is known of a recipient in the moment of claiming. ``heard``: the provider's time of their last message (0:
    never); ``silent_until``: until when a person answers them; ``lately``: campaign messages that they got within
    ``Plan.within``, of all campaigns."""

    marketing: bool = True
    active: bool = True
    heard: Millis = 0
    silent_until: Millis = 0
    lately: int = 0


class Skip(NamedTuple):
    reason: str


class Wait(NamedTuple):
    until: Millis


INACTIVE = "The customer's card is not active any more. Nothing to do."
CAPPED = "The customer has had as many campaign messages lately as the plan allows. Nothing to do."
UNREACHABLE = "Only a template may go to a customer who has not written for a day, and the variant names none."
MERGED = "Is the same person as another recipient, who gets it. Nothing to do."
CANCELLED = "The campaign was cancelled before."


def ruling(recipient: Recipient, contact: Contact, plan: Plan, now: Millis) -> Skip | Wait | None:
    """Why a recipient does not get it now; None: they do."""
    if not contact.marketing:
        return Skip(OPTED_OUT)
    if not contact.active:
        return Skip(INACTIVE)
    if plan.cap and contact.lately >= plan.cap:
        return Skip(CAPPED)
    busy_until = max(contact.heard + BUSY, contact.silent_until)
    if busy_until > now:
        return Wait(busy_until)
    free = contact.heard + FREE > now
    anyway = isinstance(recipient.message, Template) or recipient.fallback is not None
    return None if free or anyway else Skip(UNREACHABLE)


def outgoing(shop: str, campaign: str, recipient: Recipient, attempt: int, heard: Millis, now: Millis) -> Outgoing:
    """The message of a recipient who is claimed for the ``attempt``-th time: one that was taken back is another row."""
    return _row(shop, f"campaign:{campaign}:{attempt}", recipient, Purpose.BULK, heard, now)


def trial(shop: str, campaign: str, recipient: Recipient, heard: Millis, now: Millis) -> Outgoing:
    """A test message; somebody waits for it, so it goes as an answer does."""
    return _row(shop, f"trial:{campaign}:{now}", recipient, Purpose.REPLY, heard, now)


def _row(shop: str, name: str, to: Recipient, purpose: Purpose, heard: Millis, now: Millis) -> Outgoing:
    """Its key begins with the address, as all do: two customers who are made one are found by that."""
    address = Address(shop, to.customer)
    free_until = 0 if isinstance(to.message, Template) else max(1, heard + FREE)
    return Outgoing(
        key=f"{address}:{name}",
        address=address,
        phone=to.phone,
        user_id=to.user_id,
        message=to.message,
        purpose=purpose,
        created_at=now,
        free_until=free_until,
        fallback=to.fallback,
    )


# -- how a recipient stands --------------------------------------------------------------------------------------------
BY_SEND: Mapping[SendState, RecipientState] = {
    SendState.QUEUED: RecipientState.QUEUED,
    SendState.SENDING: RecipientState.SENDING,
    SendState.SENT: RecipientState.SENT,
    SendState.FAILED: RecipientState.FAILED,
    SendState.UNKNOWN: RecipientState.UNKNOWN,
    SendState.HELD: RecipientState.HELD,
    SendState.SKIPPED: RecipientState.SKIPPED,
}
BY_RANK: Mapping[StatusRank, RecipientState] = {
    StatusRank.DELIVERED: RecipientState.DELIVERED,
    StatusRank.READ: RecipientState.READ,
    StatusRank.PLAYED: RecipientState.READ,
}
ON_WAY = (SendState.QUEUED, SendState.SENDING)
"""A message that stands so will still meet its end."""
TAKEN_BACK = (SendState.QUEUED, SendState.HELD)
"""What no send is under way for."""


def stands(
    send: SendState | None, rank: StatusRank, reason: str, skipped: str, status: CampaignStatus
) -> tuple[RecipientState, str]:
    """How a recipient stands, and why: ``send``, ``rank`` and ``reason`` are those of its row of the outbox (None:
    it has none), ``skipped`` why it was left out, ``status`` that of its campaign."""
    if send is None and skipped:
        return RecipientState.SKIPPED, skipped
    if send is None:
        over = status is CampaignStatus.CANCELLED
        return (RecipientState.SKIPPED, CANCELLED) if over else (RecipientState.QUEUED, "")
    if send is SendState.FAILED and reason == NOBODY_KNOWS:
        return RecipientState.UNKNOWN, reason
    if send is SendState.SENT:
        return BY_RANK.get(rank, RecipientState.SENT), reason
    return BY_SEND[send], reason
