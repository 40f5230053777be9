"""CampaignBook of ``engine.ports.Store`` on SQLite: plans and moves, and the ledger of recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.address import Millis
from engine.campaigns import (
    LIVE,
    Campaign,
    CampaignStatus,
    Claimed,
    Counts,
    Health,
    LedgerPart,
    Part,
    Plan,
    Recipient,
    RecipientRow,
    RecipientState,
    may_move,
    stands,
    trial,
)
from engine.messages import NOBODY_KNOWS, Outgoing, SendState
from storage.campaign_claims import claim
from storage.campaign_rows import (
    CAMPAIGN_OF,
    RECIPIENT,
    RECIPIENT_OF,
    campaign,
    encode,
    find,
    put_out,
    recipient,
    recipient_row,
    take_back,
    with_more,
)
from storage.errands import Errand
from storage.sql import Db, blanks, read, run, write
from storage.sqlite_desk import SqliteDesk
from storage.steps import SCALE

RUNNING, COMPLETED, STARTING = CampaignStatus.RUNNING, CampaignStatus.COMPLETED, CampaignStatus.STARTING


class SqliteCampaigns(SqliteDesk):
    """See engine.campaigns.CampaignBook."""

    # -- plans and moves -------------------------------------------------------------------------------------------
    async def create_campaign(self, shop: str, campaign: str, plan: Plan, at: Millis) -> bool:
        return await self._errand(_create(shop, campaign, plan, at))

    async def edit_campaign(self, shop: str, campaign: str, version: int, plan: Plan) -> bool:
        return await self._errand(_edit(shop, campaign, version, plan))

    async def campaign(self, shop: str, campaign: str) -> Campaign | None:
        found = await self._look(find, shop, campaign)
        return found[1] if found else None

    async def campaigns(
        self, shop: str, limit: int, offset: int = 0, statuses: Sequence[CampaignStatus] = ()
    ) -> list[Campaign]:
        return await self._look(_campaigns, shop, limit, offset, tuple(statuses))

    async def live_campaigns(self, limit: int) -> list[Campaign]:
        return await self._list(_live, limit)

    async def move_campaign(
        self, shop: str, campaign: str, frm: CampaignStatus, to: CampaignStatus, at: Millis, why: str = ""
    ) -> bool:
        return await self._errand(move(shop, campaign, frm, to, at, why))

    # -- recipients ------------------------------------------------------------------------------------------------
    async def freeze(self, shop: str, campaign: str, after: str, part: Part, at: Millis) -> CampaignStatus | None:
        return await self._errand(_freeze(shop, campaign, after, part, at))

    async def claim_recipients(self, shop: str, campaign: str, now: Millis, limit: int) -> Claimed:
        return await self._errand(claim(shop, campaign, now, limit))

    async def take_back(self, shop: str, campaign: str, at: Millis) -> int:
        return await self._errand(_take_back(shop, campaign))

    async def finish(self, shop: str, campaign: str, at: Millis) -> bool:
        return await self._errand(_finish(shop, campaign, at))

    async def recipients(
        self, shop: str, campaign: str, limit: int, after: str = "", states: Sequence[RecipientState] = ()
    ) -> LedgerPart:
        return await self._look(_ledger, shop, campaign, limit, after, tuple(states))

    async def campaign_counts(self, shop: str, campaign: str) -> Counts:
        return await self._look(_counts, shop, campaign)

    async def campaign_health(self, shop: str, campaign: str, since: Millis, limit: int) -> Health:
        return await self._look(_health, shop, campaign, since, limit)

    async def try_campaign(
        self, shop: str, campaign: str, recipients: Sequence[Recipient], at: Millis
    ) -> list[Outgoing]:
        return await self._errand(_try(shop, campaign, tuple(recipients), at))


# -- plans and moves ---------------------------------------------------------------------------------------------------


def _create(shop: str, name: str, plan: Plan, at: Millis) -> Errand:
    async def errand(db: Db) -> bool:
        sql = """INSERT INTO campaigns (shop, id, plan, created_at, moved_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING RETURNING 1"""
        return bool(await run(db, sql, (shop, name, encode(plan).decode(), at, at)))

    return errand


def _edit(shop: str, name: str, version: int, plan: Plan) -> Errand:
    async def errand(db: Db) -> bool:
        sql = """UPDATE campaigns SET plan = ?, version = version + 1
            WHERE shop = ? AND id = ? AND version = ? AND status = 'draft' RETURNING 1"""
        return bool(await run(db, sql, (encode(plan).decode(), shop, name, version)))

    return errand


async def _campaigns(
    db: Db, shop: str, limit: int, offset: int, statuses: tuple[CampaignStatus, ...]
) -> list[Campaign]:
    which = f"AND status IN ({blanks(statuses)})" if statuses else ""
    sql = f"""SELECT json_group_array({CAMPAIGN_OF}) FROM (
        SELECT * FROM campaigns WHERE shop = ? {which} ORDER BY seq DESC LIMIT ? OFFSET ?)"""  # noqa: S608
    named = [status.value for status in statuses]
    found = await read(db, sql, (shop, *named, max(0, limit), max(0, offset)))
    return [campaign(row) for row in sorted(found, reverse=True)]


async def _live(db: Db, limit: int) -> list[Campaign]:
    named = ", ".join(f"'{status.value}'" for status in LIVE)  # as the index has them
    sql = f"""SELECT json_group_array({CAMPAIGN_OF}) FROM (
        SELECT * FROM campaigns WHERE status IN ({named}) ORDER BY seq LIMIT ?)"""  # noqa: S608
    return [campaign(row) for row in sorted(await read(db, sql, (max(0, limit),)))]


def move(shop: str, name: str, frm: CampaignStatus, to: CampaignStatus, at: Millis, why: str) -> Errand:
    """See CampaignBook.move_campaign; for a turn's commit too."""

    async def errand(db: Db) -> bool:
        found = await find(db, shop, name)
        if found is None or found[1].status is not frm or not may_move(frm, to):
            return False
        await run(db, MOVE, (to.value, at, why, found[0]))
        if frm is RUNNING:
            await take_back(db, found[0], shop)
        return True

    return errand


# -- recipients --------------------------------------------------------------------------------------------------------


def _freeze(shop: str, name: str, after: str, part: Part, at: Millis) -> Errand:
    async def errand(db: Db) -> CampaignStatus | None:
        found = await find(db, shop, name)
        if found is None or found[1].status is not STARTING or found[1].cursor != after:
            return None
        seq, stood = found
        await write(db, RECIPIENT, [recipient_row(seq, shop, one) for one in part.recipients])
        excluded = encode(with_more(stood.excluded, part.excluded)).decode()
        await run(db, "UPDATE campaigns SET cursor = ?, excluded = ? WHERE seq = ?", (part.after, excluded, seq))
        if part.after:
            return STARTING
        await run(db, MOVE, (RUNNING.value, at, "", seq))
        await run(db, "UPDATE campaigns SET started_at = ? WHERE seq = ?", (at, seq))
        return RUNNING

    return errand


def _take_back(shop: str, name: str) -> Errand:
    async def errand(db: Db) -> int:
        found = await find(db, shop, name)
        return await take_back(db, found[0], shop) if found else 0

    return errand


def _finish(shop: str, name: str, at: Millis) -> Errand:
    async def errand(db: Db) -> bool:
        found = await find(db, shop, name)
        if found is None or found[1].status is not RUNNING:
            return False
        seq = found[0]
        for sql in (LEFT, *ON_WAY):
            if await run(db, sql, (seq,)):
                return False
        await run(db, MOVE, (COMPLETED.value, at, "", seq))
        return True

    return errand


async def _ledger(
    db: Db, shop: str, name: str, limit: int, after: str, states: tuple[RecipientState, ...]
) -> LedgerPart:
    found = await find(db, shop, name)
    if found is None:
        return LedgerPart([], "")
    seq, stood = found
    lines = sorted(await read(db, LEDGER, (seq, after, max(0, limit))), key=lambda line: str(line[0][0]))
    rows = [_row(line, stood) for line in lines]
    told = [row for row in rows if not states or row.state in states]
    return LedgerPart(told, lines[-1][0][0] if lines and len(lines) == limit else "")


def _row(line: list[Any], stood: Campaign) -> RecipientRow:
    who, key, due, claimed_at, skipped, send, step, reason = line
    state, why = stands(SendState(send) if send else None, SCALE[step or 0], reason or "", skipped, stood.status)
    return RecipientRow(recipient(who), state, why, key, due, claimed_at)


async def _counts(db: Db, shop: str, name: str) -> Counts:
    found = await find(db, shop, name)
    counts: Counter[RecipientState] = Counter()
    if found is not None:
        for skipped, send, step, lost, many in await read(db, COUNTS, (NOBODY_KNOWS, found[0])):
            told = (SendState(send) if send else None, SCALE[step or 0], NOBODY_KNOWS if lost else "")
            counts[stands(*told, "skipped" if skipped else "", found[1].status)[0]] += many
    return dict(counts)


async def _health(db: Db, shop: str, name: str, since: Millis, limit: int) -> Health:
    found = await find(db, shop, name)
    if found is None:
        return Health(0, 0, 0)
    ((ended, failed, opted_out),) = await run(db, HEALTH, (NOBODY_KNOWS, found[0], since, max(0, limit)))
    return Health(ended, failed, opted_out)


def _try(shop: str, name: str, recipients: tuple[Recipient, ...], at: Millis) -> Errand:
    async def errand(db: Db) -> list[Outgoing]:
        if await find(db, shop, name) is None:
            return []
        sql = "SELECT customer, heard FROM snapshots WHERE shop = ? AND customer = ?"
        heard: dict[str, Millis] = {}
        for one in recipients:
            heard |= dict(await run(db, sql, (shop, one.customer)))
        rows = [trial(shop, name, one, heard.get(one.customer, 0), at) for one in recipients]
        await put_out(db, rows)
        return rows

    return errand


MOVE = "UPDATE campaigns SET status = ?, moved_at = ?, why = ? WHERE seq = ?"
LEFT = "SELECT 1 FROM recipients WHERE campaign = ? AND key = '' AND skipped = '' LIMIT 1"
ON_WAY = tuple(
    f"""SELECT 1 FROM outbox o INDEXED BY outbox_{state} CROSS JOIN recipients r ON r.key = o.key
    WHERE o.state = '{state}' AND r.campaign = ? AND r.key <> '' LIMIT 1"""  # noqa: S608
    for state in ("queued", "sending")
)
LEDGER = f"""SELECT json_group_array(json_array({RECIPIENT_OF}, r.key, r.due, r.claimed_at, r.skipped,
    o.state, o.step, o.reason)) FROM (
    SELECT * FROM recipients WHERE campaign = ? AND customer > ? ORDER BY customer LIMIT ?) r
    LEFT JOIN outbox o ON o.key = r.key AND r.key <> ''"""  # noqa: S608
COUNTS = """SELECT json_group_array(json_array(skipped, state, step, lost, many)) FROM (
    SELECT r.skipped <> '' AS skipped, o.state, o.step, o.state = 'failed' AND o.reason = ? AS lost, count(*) AS many
    FROM recipients r LEFT JOIN outbox o ON o.key = r.key AND r.key <> ''
    WHERE r.campaign = ? GROUP BY 1, 2, 3, 4)"""
HEALTH = """SELECT coalesce(sum(o.state IN ('sent', 'failed')), 0),
    coalesce(sum(o.state = 'failed' AND o.reason <> ?), 0),
    coalesce(sum(o.state IN ('sent', 'failed') AND c.marketing = 0), 0)
    FROM (SELECT * FROM recipients WHERE campaign = ? AND key <> '' AND claimed_at >= ?
          ORDER BY claimed_at DESC LIMIT ?) r
    JOIN outbox o ON o.key = r.key LEFT JOIN customers c ON c.shop = r.shop AND c.id = r.customer"""
