"""Turn commits as SQL: the rows of a whole batch, one statement per table.

``write_turns`` first looks up what the commits contend for and leaves the refused ones out, so that a duplicate among
five hundred costs nothing; the tables' own keys and triggers remain the truth, and when one of them still objects, the
writer takes the batch again unit by unit and asks ``blame`` for the Conflict's name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from engine.commit import Commit
from engine.errors import StoreError
from engine.facts import Conflict, ConflictKind
from engine.invoices import CREDIT, NUMBER, filed
from engine.messages import HUSHED
from engine.tickets import Booking
from storage import order_rows, seat_rows
from storage.crew_writes import recounted, write_crew
from storage.invoice_rows import Numbers, write_credits, write_invoices
from storage.issuing import Marks, named, with_numbers_in
from storage.judge import Standing, judge
from storage.money_rows import write_money
from storage.outbox_rows import OUTBOX, outbox_row
from storage.people import write_renamed
from storage.post import write_posted
from storage.reminder_rows import hush_reminders, write_reminders
from storage.sql import Db, Row, write
from storage.standings import look_up

encode = msgspec.json.encode


@dataclass(slots=True)
class Turn:
    """A commit on its way to the disk. ``lacking``: the sku or event that a cache found wanting, else "".

    ``rich``: it has more than a conversation, messages and timers. Most have not, and cost no look at what they lack.
    """

    commit: Commit
    lacking: str = ""
    rich: bool = field(init=False)

    def __post_init__(self) -> None:
        self.rich = is_rich(self.commit)


def is_rich(c: Commit) -> bool:
    """Whether there is anything in ``c`` that only few commits have."""
    goods = c.customer or c.releases or c.moves or c.payment_moves or c.orders or c.takes or c.holds
    seats = c.booking_moves or c.bookings or c.entries
    money = c.intents or c.intent_moves or c.settlements or c.invoices or c.credits
    crew = c.deeds or c.recounts or c.reprices or c.taken_in or c.notices or c.campaign_moves
    return bool(goods or seats or money or crew or c.synced or c.posted or c.renamed or c.reminders or c.hushed)


@dataclass(slots=True)
class Moved:
    """What a batch did to stock and seats, for the caches.

    ``on_hand``: (shop, sku, quantity). ``ended``: (shop, id) of holds that a taking ended. ``booked``: bookings as they
    stand now. ``sold``: (shop, event, seats taken for good).
    """

    on_hand: Sequence[Row] = ()
    ended: Sequence[Row] = ()
    booked: Sequence[Booking] = ()
    sold: Sequence[Row] = ()


@dataclass(slots=True)
class Written:
    """What became of one commit; what the whole batch moved is told once, with its first rich one."""

    conflict: Conflict | None
    moved: Moved = field(default_factory=Moved)


async def write_turns(db: Db, turns: Sequence[Turn]) -> list[Written]:
    """Write these commits within the transaction that is open. Raises sqlite3.IntegrityError for a guilty one."""
    commits, rich = [turn.commit for turn in turns], [turn.commit for turn in turns if turn.rich]
    standing = await look_up(db, commits, rich)
    written = [Written(_refusal(turn, standing)) for turn in turns]
    good = [turn for turn, one in zip(turns, written, strict=True) if one.conflict is None]
    if good:
        rich = [turn.commit for turn in good if turn.rich]
        await _write(db, [turn.commit for turn in good], rich)
        if rich:
            on_hand, ended = await order_rows.stock_after(db, rich)
            counted = await recounted(db, rich)
            moved = Moved([*on_hand, *counted], ended, *await seat_rows.seats_after(db, rich))
            next(one for turn, one in zip(turns, written, strict=True) if turn.rich).moved = moved
    return written


def _refusal(turn: Turn, standing: Standing) -> Conflict | None:
    conflict = judge(turn.commit, standing)
    if conflict is None and turn.lacking:
        return Conflict(ConflictKind.SOLD_OUT, turn.lacking)
    return conflict


async def blame(db: Db, turn: Turn, error: Exception) -> Written | StoreError:
    """Which Conflict a commit was that a constraint refused by itself; an error when it is none of them."""
    commit = turn.commit
    conflict = judge(commit, await look_up(db, [commit], [commit]))
    if conflict is None and isinstance(error, sqlite3.IntegrityError):
        what = await order_rows.short(db, commit) or await seat_rows.short(db, commit)
        conflict = Conflict(ConflictKind.SOLD_OUT, what) if what else None
    if conflict is not None:
        return Written(conflict)
    return StoreError(f"The turn of {commit.address} breaks a rule of the store ({error}); nothing of it was written.")


async def _write(db: Db, commits: Sequence[Commit], rich: Sequence[Commit]) -> None:
    """Every table in turn; no rows, no statement. The order within a commit is the one that Commit promises."""
    await write(db, INBOUND, [(c.address.shop, c.inbound_id, c.at) for c in commits if c.inbound_id])
    await write(db, UNPARK, [(c.parked_id,) for c in commits if c.parked_id])
    await write(db, SNAPSHOT, [(*c.address, c.version, c.snapshot, c.heard) for c in commits])
    await write_renamed(db, rich)
    await write(db, LINK, [(c.address.shop, *link, c.address.customer) for c in commits for link in c.links])
    hushed = [(*c.address, HUSHED, c.at) for c in commits if c.hush]
    for state in ("queued", "held") if hushed else ():  # each has an index of its own
        await write(db, HUSH.replace("{state}", state), hushed)
    await order_rows.write_orders(db, rich)
    await seat_rows.write_seats(db, rich)
    await write_money(db, rich)
    numbers = await write_invoices(db, rich)
    credits = await write_credits(db, rich)
    await write(db, SYNCED, [(c.address.shop, number) for c in rich for number in c.synced])
    marks = {id(c): _marks_of(c, numbers, credits) for c in rich if c.invoices or c.credits}
    await write(db, OUTBOX, [row for c in commits for row in _outbox_rows(c, marks.get(id(c), {}))])
    await write(db, PAPER, [row for c in commits for row in _paper_rows(c, marks.get(id(c), {}))])
    await write(db, TIMER_OFF, [(*c.address, kind) for c in commits for kind in c.timers_off])
    await write(db, TIMER, [(*t.address, t.kind, t.due, t.turn) for c in commits for t in c.timers])
    await hush_reminders(db, rich)
    await write_reminders(db, rich)
    await write_crew(db, rich)
    await write_posted(db, [letter for c in rich for letter in c.posted])


def _marks_of(commit: Commit, numbers: Numbers, credits: Numbers) -> Marks:
    """What stands in a commit's messages for numbers that it has only now."""
    shop = commit.address.shop
    invoiced = [(NUMBER, numbers[shop, one.order]) for one in commit.invoices[:1]]
    return dict(invoiced + [(CREDIT, credits[shop, one.order]) for one in commit.credits[:1]])


def _outbox_rows(commit: Commit, marks: Marks) -> list[Row]:
    if not marks:
        return [outbox_row(o, encode(o.message)) for o in commit.outbox]
    return [outbox_row(o, with_numbers_in(encode(o.message), marks)) for o in commit.outbox]


def _paper_rows(commit: Commit, marks: Marks) -> list[Row]:
    """Messages that carry a paper of which it is asked how it was sent."""
    shop = commit.address.shop
    return [(shop, named(paper, marks), o.key) for o in commit.outbox if (paper := filed(o.message))]


INBOUND = "INSERT INTO inbound (shop, id, at) {values}"
UNPARK = "DELETE FROM parked WHERE id IN ({values})"
SNAPSHOT = """INSERT INTO snapshots (shop, customer, version, data, heard) {values}
    ON CONFLICT (shop, customer) DO UPDATE SET version = excluded.version, data = excluded.data,
    heard = excluded.heard"""
HUSH = """
WITH h(shop, customer, reason, at) AS ({values})
UPDATE outbox SET state = 'skipped', code = 0, reason = h.reason, changed_at = h.at
FROM h WHERE outbox.state = '{state}' AND outbox.shop = h.shop AND outbox.customer = h.customer
    AND outbox.purpose = 'reply'"""
LINK = "INSERT INTO links (shop, kind, value, customer) {values} ON CONFLICT DO NOTHING"
SYNCED = "INSERT INTO crm_queue (shop, number) {values} ON CONFLICT DO NOTHING"
PAPER = "INSERT INTO papers_sent (shop, paper, key) {values}"
TIMER_OFF = "DELETE FROM timers WHERE (shop, customer, kind) IN (SELECT * FROM ({values}))"
TIMER = """INSERT INTO timers (shop, customer, kind, due, turn) {values}
    ON CONFLICT (shop, customer, kind) DO UPDATE SET due = excluded.due, turn = excluded.turn"""
