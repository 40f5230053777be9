"""The memory store's campaigns: what storage/sqlite_campaigns.py means, in plain words (engine.campaigns)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from engine.address import Address, Millis
from engine.campaigns import (
    LIVE,
    MERGED,
    ON_WAY,
    TAKEN_BACK,
    Campaign,
    CampaignStatus,
    Claimed,
    Contact,
    Counts,
    Health,
    LedgerPart,
    Part,
    Plan,
    Recipient,
    RecipientRow,
    RecipientState,
    Skip,
    may_move,
    outgoing,
    ruling,
    stands,
    trial,
)
from engine.identity import Merge
from engine.messages import NOBODY_KNOWS, Outgoing, Purpose, SendState, StatusRank
from engine.ports import Clock
from engine.remembered import silent_until
from storage.campaign_rows import with_more
from storage.memory_desk import Pause, page
from storage.memory_people import MemoryPeople
from storage.sending import Sending
from storage.steps import SCALE

ENDED = (SendState.SENT, SendState.FAILED)
NOT_HAD = (SendState.FAILED, SendState.SKIPPED)


@dataclass(slots=True)
class Line:
    """One recipient, as they stand beside their row of the outbox."""

    recipient: Recipient
    due: Millis = 0
    claims: int = 0
    claimed_at: Millis = 0
    key: str = ""
    skipped: str = ""

    @property
    def left(self) -> bool:
        return not self.key and not self.skipped


class MemoryCampaigns(MemoryPeople):
    """See engine.campaigns.CampaignBook."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._sequence: list[str] = []  # keys of the outbox in order of commit; some are taken back
        self._campaigns: dict[tuple[str, str], Campaign] = {}
        self._recipients: dict[tuple[str, str], dict[str, Line]] = {}

    # -- plans and moves -------------------------------------------------------------------------------------------
    async def create_campaign(self, shop: str, campaign: str, plan: Plan, at: Millis) -> bool:
        await self._turn()
        fresh = (shop, campaign) not in self._campaigns
        self._campaigns.setdefault((shop, campaign), Campaign(shop, campaign, plan, created_at=at, moved_at=at))
        return fresh

    async def edit_campaign(self, shop: str, campaign: str, version: int, plan: Plan) -> bool:
        await self._turn()
        stood = self._campaigns.get((shop, campaign))
        if stood is None or stood.version != version or stood.status is not CampaignStatus.DRAFT:
            return False
        self._campaigns[shop, campaign] = replace(stood, plan=plan, version=version + 1)
        return True

    async def campaign(self, shop: str, campaign: str) -> Campaign | None:
        await self._turn()
        return self._campaigns.get((shop, campaign))

    async def campaigns(
        self, shop: str, limit: int, offset: int = 0, statuses: Sequence[CampaignStatus] = ()
    ) -> list[Campaign]:
        await self._turn()
        own = [one for one in self._campaigns.values() if one.shop == shop and (not statuses or one.status in statuses)]
        return page(own[::-1], limit, offset)

    async def live_campaigns(self, limit: int) -> list[Campaign]:
        await self._turn()
        return page([one for one in self._campaigns.values() if one.status in LIVE], limit)

    async def move_campaign(
        self, shop: str, campaign: str, frm: CampaignStatus, to: CampaignStatus, at: Millis, why: str = ""
    ) -> bool:
        await self._turn()
        return self._move_campaign(shop, campaign, frm, to, at, why)

    def _move_campaign(
        self, shop: str, campaign: str, frm: CampaignStatus, to: CampaignStatus, at: Millis, why: str
    ) -> bool:
        """The same in a turn's commit."""
        stood = self._campaigns.get((shop, campaign))
        if stood is None or stood.status is not frm or not may_move(frm, to):
            return False
        self._campaigns[shop, campaign] = replace(stood, status=to, moved_at=at, why=why)
        if frm is CampaignStatus.RUNNING:
            self._take_back(shop, campaign)
        return True

    # -- recipients ------------------------------------------------------------------------------------------------
    async def freeze(self, shop: str, campaign: str, after: str, part: Part, at: Millis) -> CampaignStatus | None:
        await self._turn()
        stood = self._campaigns.get((shop, campaign))
        if stood is None or stood.status is not CampaignStatus.STARTING or stood.cursor != after:
            return None
        lines = self._recipients.setdefault((shop, campaign), {})
        for one in part.recipients:
            lines.setdefault(one.customer, Line(one))
        stood = replace(stood, cursor=part.after, excluded=with_more(stood.excluded, part.excluded))
        if not part.after:
            stood = replace(stood, status=CampaignStatus.RUNNING, moved_at=at, started_at=at, why="")
        self._campaigns[shop, campaign] = stood
        return stood.status

    async def claim_recipients(self, shop: str, campaign: str, now: Millis, limit: int) -> Claimed:
        await self._turn()
        stood = self._campaigns.get((shop, campaign))
        if stood is None or stood.status is not CampaignStatus.RUNNING:
            return Claimed([], 0, 0)
        due = [line for line in self._lines(shop, campaign) if line.left and line.due <= now]
        lines = page(sorted(due, key=lambda line: line.due), limit)
        told = [(line, self._contact(shop, line.recipient, stood.plan, now)) for line in lines]
        rows, skipped, postponed = [], 0, 0
        for line, contact in told:
            match ruling(line.recipient, contact, stood.plan, now):
                case None:
                    rows.append(self._claim(shop, campaign, line, contact.heard, now))
                case Skip(reason):
                    line.skipped, skipped = reason, skipped + 1
                case wait:
                    line.due, postponed = wait.until, postponed + 1
        return Claimed(rows, skipped, postponed)

    def _claim(self, shop: str, campaign: str, line: Line, heard: Millis, now: Millis) -> Outgoing:
        line.claims += 1
        row = outgoing(shop, campaign, line.recipient, line.claims, heard, now)
        line.key, line.claimed_at = row.key, now
        self._put_out(row)
        return row

    def _contact(self, shop: str, to: Recipient, plan: Plan, now: Millis) -> Contact:
        address = Address(shop, to.customer)
        card, snapshot = self._ledger.cards.get(address), self._snapshots.get(address)
        return Contact(
            marketing=card is None or card.marketing,
            active=card is None or card.active,
            heard=self._heard.get(address, 0),
            silent_until=silent_until(snapshot.data) if snapshot is not None else 0,
            lately=sum(self._had_lately(row, address, now - plan.within) for row in self._outbox.values()),
        )

    def _had_lately(self, row: Sending, address: Address, since: Millis) -> bool:
        sent = row.outgoing
        bulk = sent.address == address and sent.purpose is Purpose.BULK
        return bulk and sent.created_at > since and row.state not in NOT_HAD

    async def take_back(self, shop: str, campaign: str, at: Millis) -> int:
        await self._turn()
        return self._take_back(shop, campaign)

    def _take_back(self, shop: str, campaign: str) -> int:
        claimed = [line for line in self._lines(shop, campaign) if line.key]
        taken = [line for line in claimed if self._outbox[line.key].state in TAKEN_BACK]
        for line in taken:
            del self._outbox[line.key]
            line.key = ""
        return len(taken)

    async def finish(self, shop: str, campaign: str, at: Millis) -> bool:
        await self._turn()
        stood = self._campaigns.get((shop, campaign))
        lines = self._lines(shop, campaign)
        open_still = any(line.left or (line.key and self._outbox[line.key].state in ON_WAY) for line in lines)
        if stood is None or stood.status is not CampaignStatus.RUNNING or open_still:
            return False
        self._campaigns[shop, campaign] = replace(stood, status=CampaignStatus.COMPLETED, moved_at=at, why="")
        return True

    async def recipients(
        self, shop: str, campaign: str, limit: int, after: str = "", states: Sequence[RecipientState] = ()
    ) -> LedgerPart:
        await self._turn()
        lines = sorted(self._lines(shop, campaign), key=lambda line: line.recipient.customer)
        some = page([line for line in lines if line.recipient.customer > after], limit)
        rows = [self._row(line, self._campaigns[shop, campaign]) for line in some]
        told = [row for row in rows if not states or row.state in states]
        return LedgerPart(told, some[-1].recipient.customer if some and len(some) == limit else "")

    def _row(self, line: Line, stood: Campaign) -> RecipientRow:
        sent = self._outbox.get(line.key)
        progress = sent.progress if sent else None
        rank = SCALE[progress.step] if progress else StatusRank.NONE
        told = (sent.state if sent else None, rank, progress.reason if progress else "")
        state, reason = stands(*told, line.skipped, stood.status)
        return RecipientRow(line.recipient, state, reason, line.key, line.due, line.claimed_at)

    async def campaign_counts(self, shop: str, campaign: str) -> Counts:
        await self._turn()
        stood = self._campaigns.get((shop, campaign))
        return dict(Counter(self._row(line, stood).state for line in self._lines(shop, campaign))) if stood else {}

    async def campaign_health(self, shop: str, campaign: str, since: Millis, limit: int) -> Health:
        await self._turn()
        claimed = [line for line in self._lines(shop, campaign) if line.key and line.claimed_at >= since]
        last = page(sorted(claimed, key=lambda line: -line.claimed_at), limit)
        ended = [line for line in last if self._outbox[line.key].state in ENDED]
        cards = [self._ledger.cards.get(Address(shop, line.recipient.customer)) for line in ended]
        sends = [self._outbox[line.key] for line in ended]
        failed = [one for one in sends if one.state is SendState.FAILED and one.progress.reason != NOBODY_KNOWS]
        return Health(len(ended), len(failed), sum(card is not None and not card.marketing for card in cards))

    async def try_campaign(
        self, shop: str, campaign: str, recipients: Sequence[Recipient], at: Millis
    ) -> list[Outgoing]:
        await self._turn()
        if (shop, campaign) not in self._campaigns:
            return []
        heard = self._heard
        rows = [trial(shop, campaign, one, heard.get(Address(shop, one.customer), 0), at) for one in recipients]
        for row in rows:
            self._put_out(row)
        return rows

    # -- who is who ------------------------------------------------------------------------------------------------
    def _make_one(self, merge: Merge, gone: Address, survivor: Address) -> None:
        super()._make_one(merge, gone, survivor)
        for (shop, _), lines in self._recipients.items():
            one = lines.get(gone.customer) if shop == gone.shop else None
            other = lines.get(survivor.customer)
            if one is not None and other is not None:
                self._leave_out(one, other)
            elif one is not None:
                one.recipient = replace(one.recipient, customer=survivor.customer)
                lines[survivor.customer] = lines.pop(gone.customer)

    def _leave_out(self, gone: Line, survivor: Line) -> None:
        """The one who is not claimed yet."""
        if gone.left:
            gone.skipped = MERGED
        elif gone.key and survivor.left:
            survivor.skipped = MERGED

    def _rename_recipients(self, address: Address, phone: str, becomes: str) -> None:
        """A number is this customer's no more: what was not claimed yet goes to the new one."""
        for (shop, _), lines in self._recipients.items():
            line = lines.get(address.customer) if shop == address.shop else None
            if line is not None and not line.key and line.recipient.phone == phone:
                line.recipient = replace(line.recipient, phone=becomes)

    def _lines(self, shop: str, campaign: str) -> list[Line]:
        return list(self._recipients.get((shop, campaign), {}).values())

    def _put_out(self, row: Outgoing) -> None:
        if row.key not in self._outbox:
            self._outbox[row.key] = Sending(row)
            self._sequence.append(row.key)
