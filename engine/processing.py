"""What is done for an order once it is placed: its invoice, sending that, telling the CRM, telling the shop's people.

    step      done by                       wished for in           a row of
    invoice   the turn's own commit         the turn                invoices
    send      the outbox, until it is out   the turn                the outbox, by papers_sent
    crm       engine.crm, until it is told  the turn                crm_queue
    notice    engine.announcer              the turn                owner_notices, and letters to the phones

Each step is wished for in the commit of the turn that is its cause, so none is lost and none comes twice; each has its
own worker, which retries it on its own, so that a CRM that is down delays no invoice. There is no job of orders beside
these rows that could disagree with them: this file only reads them together, and says how an order stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

import msgspec

from engine.address import DAY, Millis
from engine.invoice_book import PaperSent
from engine.messages import SendState
from engine.orders import OrderStatus

LOOKED_BACK: Millis = 30 * DAY
"""Orders that were placed before are not looked through."""
READ_AT_ONCE = 200
READ_AT_MOST = 4_000
"""Orders that are looked through for one question; of those that wait or failed, of which there are few."""


class StepName(str, Enum):
    """In the order in which they follow from each other."""

    INVOICE = "invoice"
    SEND = "send"
    CRM = "crm"
    NOTICE = "notice"


class StepState(str, Enum):
    """NONE: nobody wishes for it. FAILED: it will not be done unless somebody does something."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Step(msgspec.Struct, frozen=True):
    """One step; ``reason``: a plain sentence, why it waits or failed, "" where that is clear."""

    name: StepName
    state: StepState
    reason: str = ""


class Sync(msgspec.Struct, frozen=True):
    """An order that the CRM shall hear of: whether it may know of it, and whether it has heard how it stands."""

    tried: bool
    heard: bool


class Progress(msgspec.Struct, frozen=True):
    """The rows of an order's steps. ``invoice``: its number, "" for none; ``sent``: the last message with it. ``told``:
    whether the notice of it was taken to the phones, None where there is none."""

    order: str
    placed_at: Millis
    status: OrderStatus
    held: bool
    invoice: str = ""
    sent: PaperSent | None = None
    sync: Sync | None = None
    told: bool | None = None


class ProcessBook(Protocol):
    """A part of ``engine.ports.Store``."""

    async def progress(self, shop: str, number: str) -> Progress | None:
        """One order's; None where there is no such order."""

    async def progresses(
        self, shop: str, since: Millis, limit: int, offset: int = 0, unfinished: bool = False
    ) -> list[Progress]:
        """Of orders that were placed since then, newest first. ``unfinished``: only those of which the last message
        with the invoice has not left, the CRM has not heard, or the notice was not taken to the phones."""

    async def sync_again(self, shop: str, number: str) -> bool:
        """The CRM shall hear of an order once more, as it stands; False for one that it was never to hear of."""


# -- how an order stands -------------------------------------------------------------------------------------------
SENDS: Mapping[SendState, tuple[StepState, str]] = {
    SendState.QUEUED: (StepState.WAITING, ""),
    SendState.SENDING: (StepState.WAITING, ""),
    SendState.SENT: (StepState.DONE, ""),
    SendState.UNKNOWN: (StepState.WAITING, "Nobody knows yet whether the provider has it."),
    SendState.HELD: (StepState.WAITING, "It goes when the customer writes."),
    SendState.SKIPPED: (StepState.FAILED, "It was not sent on purpose."),
    SendState.FAILED: (StepState.FAILED, "The provider refused it."),
}
UNPAID_YET = "The CRM hears of it once it is paid."


def steps(one: Progress, refused: Mapping[str, str]) -> tuple[Step, ...]:
    """All of them, in order. ``refused``: orders that the CRM does not take, with the reason."""
    return (
        Step(StepName.INVOICE, StepState.DONE if one.invoice else StepState.NONE),
        _sending(one),
        _syncing(one, refused.get(one.order, "")),
        _telling(one),
    )


def _sending(one: Progress) -> Step:
    if one.sent is None:
        return Step(StepName.SEND, StepState.NONE)
    state, reason = SENDS[one.sent.state]
    if state is StepState.FAILED and one.status is OrderStatus.CANCELLED:
        return Step(StepName.SEND, StepState.NONE, "The order is cancelled.")
    return Step(StepName.SEND, state, (one.sent.reason or reason) if state is not StepState.DONE else "")


def _syncing(one: Progress, refusal: str) -> Step:
    sync, cancelled = one.sync, one.status is OrderStatus.CANCELLED
    if sync is None or (cancelled and not sync.tried):
        return Step(StepName.CRM, StepState.NONE)
    if sync.heard:
        return Step(StepName.CRM, StepState.DONE)
    if refusal:
        return Step(StepName.CRM, StepState.FAILED, refusal)
    return Step(StepName.CRM, StepState.WAITING, UNPAID_YET if one.held and not cancelled else "")


def _telling(one: Progress) -> Step:
    states = {None: StepState.NONE, False: StepState.WAITING, True: StepState.DONE}
    return Step(StepName.NOTICE, states[one.told])


def whole(found: Sequence[Step]) -> StepState:
    """How the order stands: FAILED where a step did, else WAITING where one waits, else DONE; NONE without any."""
    states = {one.state for one in found}
    worst = (StepState.FAILED, StepState.WAITING, StepState.DONE)
    return next((state for state in worst if state in states), StepState.NONE)


class Job(msgspec.Struct, frozen=True):
    """An order with its steps."""

    progress: Progress
    steps: tuple[Step, ...]

    @property
    def state(self) -> StepState:
        return whole(self.steps)


async def jobs(
    book: ProcessBook,
    shop: str,
    refused: Mapping[str, str],
    wanted: Sequence[StepState],
    now: Millis,
    limit: int,
    offset: int = 0,
) -> list[Job]:
    """Orders of the last LOOKED_BACK that stand so (none named: anyhow), newest first. What stands how follows from the
    rows and is kept nowhere, so they are looked through, some at a time, and READ_AT_MOST in all."""
    unfinished = bool(wanted) and {StepState.WAITING, StepState.FAILED}.issuperset(wanted)
    found: list[Job] = []
    read = 0
    while len(found) < limit + offset and read < READ_AT_MOST:
        some = await book.progresses(shop, now - LOOKED_BACK, READ_AT_ONCE, read, unfinished)
        made = [Job(one, steps(one, refused)) for one in some]
        found += [job for job in made if not wanted or job.state in wanted]
        read += len(some)
        if len(some) < READ_AT_ONCE:
            break
    return found[offset : offset + limit]
