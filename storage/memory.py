"""The readable model of the store: plain dicts, one call after the other, nothing outlives the process.

For simulations and tests (deterministic, no threads), and to read what SQLite's statements mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import trio

from engine.address import Address, Link, Millis
from engine.campaigns import CampaignStatus
from engine.catalogue import Product
from engine.commit import Commit, Parked, Renamed, Snapshot, Timer
from engine.events import Letter, TimerFired
from engine.facts import AnyNeed, Conflict, ConflictKind, Known
from engine.messages import (
    HELD_AT_MOST,
    Outcome,
    OutcomeClass,
    Outgoing,
    Purpose,
    Refused,
    Reviewed,
    SendState,
    Status,
    StatusRank,
    Template,
)
from engine.ports import Clock, OutboxRow
from engine.window import FREE
from storage.errands import EARLY_KEPT, INBOUND_KEPT
from storage.issuing import with_numbers
from storage.judge import Standing, judge
from storage.knowing import Knowing
from storage.memory_audience import MemoryAudience
from storage.memory_crew import MemoryCrew
from storage.memory_desk import Pause
from storage.memory_processing import MemoryProcessing
from storage.memory_reminders import MemoryReminders
from storage.memory_results import MemoryResults
from storage.memory_templates import MemoryTemplates
from storage.sending import Sending
from storage.steps import UNSETTLED, Progress, progress


class MemoryStore(MemoryResults, MemoryAudience, MemoryProcessing, MemoryTemplates, MemoryCrew, MemoryReminders):
    """``engine.ports.Store`` in dicts. Every call takes one checkpoint, so callers interleave as with a disk."""

    def __init__(self, clock: Clock, pause: Pause = trio.lowlevel.checkpoint) -> None:
        """``pause``: one that never waits lets a caller without trio run each call to its end at once."""
        super().__init__(clock, pause)
        self._provided: dict[tuple[str, str], str] = {}
        self._early: dict[tuple[str, str], tuple[Progress, Millis]] = {}
        self._last_parked = 0
        self._digests: dict[str, str] = {}

    # -- turns -----------------------------------------------------------------------------------------------------
    async def wake(self, address: Address) -> Snapshot | None:
        await self._turn()
        return self._snapshots.get(address)

    async def know(self, address: Address, needs: Sequence[AnyNeed], now: Millis) -> Known:
        await self._turn()
        return Knowing(
            address,
            now,
            self._stock,
            self._ledger,
            self._till,
            self._seats,
            self._links,
            self._told_of,
            self._campaigns,
        ).answer(needs)

    async def commit(self, commit: Commit) -> Conflict | None:
        await self._turn()
        conflict = judge(commit, self._standing(commit)) or self._lacking(commit)
        if conflict is None:
            self._write(commit)
        return conflict

    def _standing(self, commit: Commit) -> Standing:
        address = commit.address
        snapshot = self._snapshots.get(address)
        return Standing(
            inbound=self._inbound,
            parked=self._parked,
            versions={address: snapshot.version} if snapshot is not None else {},
            numbers=self._ledger.orders,
            carts=self._ledger.carts,
            orders=self._ledger.standing(commit),
            payments=self._till.standing(commit),
            bookings=self._seats.standing(commit),
            forwards=self._forwards,
        )

    def _lacking(self, commit: Commit) -> Conflict | None:
        what = self._ledger.lacking(commit) or self._seats.lacking(commit)
        return Conflict(ConflictKind.SOLD_OUT, what) if what else None

    def _write(self, commit: Commit) -> None:
        shop = commit.address.shop
        if commit.inbound_id:
            self._inbound[shop, commit.inbound_id] = commit.at
            self._posted.pop((shop, commit.inbound_id), None)
        self._parked.pop(commit.parked_id, None)
        self._snapshots[commit.address] = Snapshot(commit.version, commit.snapshot)
        self._heard[commit.address] = commit.heard
        for one in commit.renamed:
            self._rename(commit.address, one)
        for link in commit.links:
            self._links.setdefault((shop, link), commit.address.customer)
        if commit.hush:
            self._hush(commit.address)
        marks = self._ledger.write(commit)
        self._seats.write(commit)
        self._till.write(commit)
        for outgoing in commit.outbox:
            if marks:
                message = with_numbers(outgoing.message, marks)
                outgoing = msgspec.structs.replace(outgoing, message=message)
            self._outbox[outgoing.key] = Sending(outgoing)
            self._sequence.append(outgoing.key)
        for kind in commit.timers_off:
            self._timers.pop((commit.address, kind), None)
        for timer in commit.timers:
            self._timers[timer.address, timer.kind] = timer
        self._hush_reminders(commit)
        self._note_reminders(commit)
        self._write_crew(commit)
        for moved in commit.campaign_moves:
            frm, to = CampaignStatus(moved.frm), CampaignStatus(moved.to)
            self._move_campaign(shop, moved.id, frm, to, commit.at, moved.why)
        for notice in commit.notices:
            self._put_notice(notice)
        self._keep(commit.posted)

    # -- outbox ----------------------------------------------------------------------------------------------------
    async def waiting(self, after: int, limit: int) -> tuple[int, list[Outgoing]]:
        await self._turn()
        cursor = after
        found: list[Outgoing] = []
        for place in range(after, len(self._sequence)):
            if len(found) >= limit:
                break
            row = self._outbox.get(self._sequence[place])
            if row is not None and row.state is SendState.QUEUED:
                cursor = place + 1
                found.append(row.outgoing)
        return cursor, found

    async def claim(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._turn()
        moved = {key for key in keys if self._stands(key, SendState.QUEUED)}
        for key in moved:
            row = self._outbox[key]
            row.state = SendState.SENDING
            row.outgoing = msgspec.structs.replace(row.outgoing, attempts=row.outgoing.attempts + 1)
        return moved

    async def settle(self, results: Sequence[tuple[str, Outcome]], at: Millis) -> None:
        await self._turn()
        for key, outcome in results:
            row = self._outbox.get(key)
            if row is None or row.state is SendState.QUEUED:
                continue
            row.settle(outcome, at)
            self._name(key, row)
            if outcome.kind is OutcomeClass.SENT and outcome.provider_id:
                self._apply_early(row)

    async def requeue(self, keys: Sequence[str], at: Millis) -> set[str]:
        await self._turn()
        moved = {key for key in keys if self._stands(key, SendState.UNKNOWN)}
        for key in moved:
            self._outbox[key].state, self._outbox[key].doubled = SendState.QUEUED, True
        return moved

    async def unknown(self, limit: int) -> list[tuple[Outgoing, Millis]]:
        await self._turn()
        rows = [self._outbox[key] for key in self._sequence if key in self._outbox]
        found = [(row.outgoing, row.unknown_since) for row in rows if row.state is SendState.UNKNOWN]
        return sorted(found, key=lambda one: one[1])[:limit]

    async def statuses(self, statuses: Sequence[Status]) -> set[str]:
        await self._turn()
        before: dict[str, SendState] = {}
        for status in statuses:
            if status.rank is StatusRank.NONE:
                continue
            key = self._key_of(status)
            if key is not None:
                row = self._outbox[key]
                before.setdefault(key, row.state)
                named = row.progress.provider_id
                row.advance(progress(status))
                self._name(key, row)
                if not named and row.progress.provider_id:
                    self._apply_early(row)
            elif status.provider_id:
                self._keep_early(status)
        sent = {key for key in before if self._outbox[key].state is SendState.SENT}
        return {key for key in sent if before[key] in UNSETTLED}

    def _rename(self, address: Address, renamed: Renamed) -> None:
        name = (address.shop, renamed.link)
        if self._links.get(name) != address.customer:
            return
        self._links[name] = renamed.next
        if renamed.link.kind == "phone":
            self._rename_recipients(address, renamed.link.value, renamed.becomes)
        for row in self._outbox.values():
            told = row.outgoing
            if row.state is SendState.HELD and told.address == address and Link("phone", told.phone) == renamed.link:
                row.outgoing = msgspec.structs.replace(told, phone=renamed.becomes)

    def _hush(self, address: Address) -> None:
        for row in self._outbox.values():
            reply = row.outgoing.address == address and row.outgoing.purpose is Purpose.REPLY
            if reply and row.state in (SendState.QUEUED, SendState.HELD):
                row.hush()

    async def heard_at(self, address: Address) -> Millis:
        await self._turn()
        return self._heard.get(address, 0)

    async def refused(self, statuses: Sequence[Status], at: Millis) -> Refused:
        await self._turn()
        done = Refused()
        for status in statuses:
            named = self._provided.get((status.shop, status.provider_id)) or self._key_of(status)
            row = self._outbox[named] if named is not None else None
            if row is None:
                done.strangers.append(status)
            elif not row.refusable(status):
                continue
            elif isinstance(row.outgoing.message, Template) and not status.template:
                done.strangers.append(status)
            else:
                row.refuse(status)
                self._provided.pop((status.shop, status.provider_id), None)
                done.queued += row.state is SendState.QUEUED
                done.held |= {row.outgoing.address} if row.state is SendState.HELD else set()
        return done

    async def let_go(self, addresses: Sequence[Address], at: Millis) -> int:
        await self._turn()
        rows = [row for row in self._held() if row.outgoing.address in addresses]
        for row in rows:
            row.state = SendState.QUEUED
        return len(rows)

    async def review_held(self, now: Millis) -> Reviewed:
        await self._turn()
        queued = 0
        for row in self._held():
            if row.outgoing.created_at < now - HELD_AT_MOST:
                row.give_up()
            elif self._may_go(row.outgoing, now):
                row.state = SendState.QUEUED
                queued += 1
        return Reviewed({row.outgoing.address for row in self._held()}, queued)

    def _may_go(self, held: Outgoing, now: Millis) -> bool:
        """Words once their customer has written; a template, or what one stands in for, once it may be sent."""
        template = held.message if isinstance(held.message, Template) else held.fallback
        written = self._heard.get(held.address, 0) > now - FREE and held.message is not template
        return written or (template is not None and self._may_be_sent(held.address.shop, template))

    def _held(self) -> list[Sending]:
        return [row for row in self._outbox.values() if row.state is SendState.HELD]

    async def keys_of(self, shop: str, provider_ids: Sequence[str]) -> dict[str, str]:
        await self._turn()
        return {one: self._provided[shop, one] for one in provider_ids if (shop, one) in self._provided}

    async def outbox_row(self, key: str) -> OutboxRow | None:
        await self._turn()
        return self._outbox[key].row() if key in self._outbox else None

    def _stands(self, key: str, state: SendState) -> bool:
        return key in self._outbox and self._outbox[key].state is state

    def _name(self, key: str, row: Sending) -> None:
        """Remember which row a provider id belongs to."""
        if row.progress.provider_id:
            self._provided[row.outgoing.address.shop, row.progress.provider_id] = key

    def _key_of(self, status: Status) -> str | None:
        row = self._outbox.get(status.key)
        if row is not None and row.outgoing.address.shop == status.shop:
            return status.key
        return self._provided.get((status.shop, status.provider_id))

    def _apply_early(self, row: Sending) -> None:
        """What waited for this row's provider id."""
        early = self._early.pop((row.outgoing.address.shop, row.progress.provider_id), None)
        if early is not None:
            row.advance(early[0])

    def _keep_early(self, status: Status) -> None:
        told, since = progress(status), self._clock.now()
        known = self._early.get((status.shop, status.provider_id))
        self._early[status.shop, status.provider_id] = (known[0].merge(told), known[1]) if known else (told, since)

    # -- timers ----------------------------------------------------------------------------------------------------
    async def due(self, now: Millis, limit: int) -> list[Timer]:
        await self._turn()
        due = [timer for timer in self._timers.values() if timer.due <= now]
        return sorted(due, key=lambda timer: (timer.due, timer.address, timer.kind))[:limit]

    async def next_due(self) -> Millis | None:
        await self._turn()
        return min((timer.due for timer in self._timers.values()), default=None)

    # -- letters that wait -----------------------------------------------------------------------------------------
    async def park(self, letter: Letter, dead: bool, why: str, at: Millis) -> bool:
        await self._turn()
        address, row = letter.address, letter.parked_id
        if row and row not in self._parked:
            return False
        if not row:
            if (address.shop, letter.inbound.id) in self._inbound:
                return False
            self._inbound[address.shop, letter.inbound.id] = at
            self._posted.pop((address.shop, letter.inbound.id), None)
            self._last_parked += 1
            row = self._last_parked
        self._parked[row] = Parked(row, address, dead, why, at, msgspec.json.encode(letter))
        event = letter.inbound.event
        if isinstance(event, TimerFired):
            timer = self._timers.get((address, event.kind))
            if timer is not None and timer.turn == event.turn:
                del self._timers[address, event.kind]
        return True

    async def parked(self, address: Address | None, dead: bool, limit: int) -> list[Parked]:
        await self._turn()
        rows = [row for row in self._parked.values() if row.dead is dead and address in (None, row.address)]
        return sorted(rows, key=lambda row: row.id)[:limit]

    async def quarantine(self, address: Address, why: str, at: Millis) -> None:
        await self._turn()
        self._quarantined[address] = why

    async def release(self, address: Address) -> None:
        await self._turn()
        self._quarantined.pop(address, None)

    async def quarantined(self) -> dict[Address, str]:
        await self._turn()
        return dict(self._quarantined)

    # -- catalogue and upkeep --------------------------------------------------------------------------------------
    async def import_catalogue(self, shop: str, digest: str, products: Sequence[Product], always: bool = False) -> bool:
        await self._turn()
        if self._digests.get(shop) == digest and not always:
            return False
        self._digests[shop] = digest
        known = self._products.get(shop, {})
        new = {product.sku: product for product in products}
        vanished = {sku: msgspec.structs.replace(known[sku], active=False) for sku in known if sku not in new}
        for sku, product in new.items():
            on_hand = self._stock.on_hand(shop, sku) if sku in known else product.stock
            self._stock.set(shop, sku, on_hand, product.track_stock)
        self._products[shop] = new | vanished
        return True

    async def products(self, shop: str) -> list[Product]:
        await self._turn()
        products = self._products.get(shop, {}).values()
        return [msgspec.structs.replace(one, stock=self._stock.on_hand(shop, one.sku)) for one in products]

    async def sweep(self, now: Millis) -> int:
        await self._turn()
        inbound = [key for key, at in self._inbound.items() if at < now - INBOUND_KEPT]
        early = [key for key, (_, at) in self._early.items() if at < now - EARLY_KEPT]
        for name in inbound:
            del self._inbound[name]
        for message in early:
            del self._early[message]
        rows = len(inbound) + len(early) + self._stock.sweep(now) + self._sweep_deeds(now)
        return rows + self._sweep_notices(now) + self._sweep_reminders(now)

    async def check(self) -> None:
        await self._turn()

    async def aclose(self) -> None:
        self._closed = True
