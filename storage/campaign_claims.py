"""Claiming recipients on SQLite: who is next, what is known of them, their messages into the outbox, in one step."""

from __future__ import annotations

from typing import Any

from engine.address import Millis
from engine.campaigns import CampaignStatus, Claimed, Contact, Plan, Skip, outgoing, ruling
from engine.messages import Outgoing
from engine.remembered import silent_until
from storage.campaign_rows import RECIPIENT_OF, find, put_out, recipient
from storage.errands import Errand
from storage.sql import Db, Row, read, write


def claim(shop: str, name: str, now: Millis, limit: int) -> Errand:
    """See CampaignBook.claim_recipients."""

    async def errand(db: Db) -> Claimed:
        found = await find(db, shop, name)
        if found is None or found[1].status is not CampaignStatus.RUNNING:
            return Claimed([], 0, 0)
        seq, plan = found[0], found[1].plan
        lines = await read(db, NEXT, (now - plan.within, seq, now, max(0, limit)))
        return await _write(db, _sorted_out(shop, name, plan, lines, now), now)

    return errand


class _Sorted:
    """What is to be written of the next recipients."""

    def __init__(self) -> None:
        self.rows: list[Outgoing] = []
        self.claimed: list[Row] = []
        self.skipped: list[Row] = []
        self.waits: list[Row] = []


def _sorted_out(shop: str, name: str, plan: Plan, lines: list[Any], now: Millis) -> _Sorted:
    found = _Sorted()
    for _, seq, claims, who, marketing, active, heard, data, lately in sorted(lines):
        to = recipient(who)
        contact = Contact(marketing != 0, active != 0, heard or 0, silent_until(bytes.fromhex(data or "")), lately)
        told = ruling(to, contact, plan, now)
        if told is None:
            row = outgoing(shop, name, to, claims + 1, contact.heard, now)
            found.rows.append(row)
            found.claimed.append((seq, row.key))
        elif isinstance(told, Skip):
            found.skipped.append((seq, told.reason))
        else:
            found.waits.append((seq, told.until))
    return found


async def _write(db: Db, found: _Sorted, now: Millis) -> Claimed:
    await put_out(db, found.rows)
    await write(db, CLAIM.replace("{now}", str(now)), found.claimed)
    await write(db, SKIP, found.skipped)
    await write(db, WAIT, found.waits)
    return Claimed(found.rows, len(found.skipped), len(found.waits))


NEXT = f"""SELECT json_group_array(json_array(r.due, r.seq, r.claims, {RECIPIENT_OF}, c.marketing, c.active,
    s.heard, hex(s.data), (SELECT count(*) FROM outbox o WHERE o.shop = r.shop AND o.customer = r.customer
        AND o.purpose = 'bulk' AND o.created_at > ? AND o.state NOT IN ('failed', 'skipped')))) FROM (
    SELECT * FROM recipients WHERE campaign = ? AND key = '' AND skipped = '' AND due <= ?
    ORDER BY due, seq LIMIT ?) r
    LEFT JOIN customers c ON c.shop = r.shop AND c.id = r.customer
    LEFT JOIN snapshots s ON s.shop = r.shop AND s.customer = r.customer"""  # noqa: S608
CLAIM = """
WITH n(seq, key) AS ({values})
UPDATE recipients SET key = n.key, claims = claims + 1, claimed_at = {now} FROM n WHERE recipients.seq = n.seq"""
SKIP = "WITH n(seq, why) AS ({values}) UPDATE recipients SET skipped = n.why FROM n WHERE recipients.seq = n.seq"
WAIT = "WITH n(seq, until) AS ({values}) UPDATE recipients SET due = n.until FROM n WHERE recipients.seq = n.seq"
