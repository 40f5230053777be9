"""Campaigns and their recipients as rows: what is read of them, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from engine.campaigns import Campaign, CampaignStatus, Plan, Recipient
from engine.messages import Outgoing
from storage.lookups import decode_message, decode_template
from storage.outbox_rows import OUTBOX, outbox_row
from storage.sql import Db, Row, read, run, write

encode = msgspec.json.encode
decode_plan = msgspec.json.Decoder(Plan).decode
decode_excluded = msgspec.json.Decoder(dict[str, int]).decode

CAMPAIGN_OF = """json_array(seq, shop, id, plan, status, version, created_at, moved_at, started_at, why, cursor,
    excluded)"""
RECIPIENT_OF = "json_array(r.customer, r.phone, r.user_id, r.variant, r.message, r.fallback)"


def campaign(row: Sequence[Any]) -> Campaign:
    """What CAMPAIGN_OF reads, the number of its row left out."""
    shop, name, plan, status, version, created, moved, started, why, cursor, excluded = row[1:]
    moments = (created, moved, started)
    told = (decode_plan(plan), CampaignStatus(status), version)
    return Campaign(shop, name, *told, *moments, why, cursor, decode_excluded(excluded))


def recipient(row: Sequence[Any]) -> Recipient:
    """What RECIPIENT_OF reads."""
    customer, phone, user_id, variant, message, fallback = row
    stand_in = decode_template(fallback) if fallback is not None else None
    return Recipient(customer, phone, user_id, variant, decode_message(message), stand_in)


def recipient_row(campaign_seq: int, shop: str, one: Recipient) -> Row:
    """As RECIPIENT takes it."""
    fallback = encode(one.fallback).decode() if one.fallback is not None else None
    whom = (campaign_seq, shop, one.customer, one.phone, one.user_id)
    return (*whom, one.variant, encode(one.message).decode(), fallback)


async def find(db: Db, shop: str, name: str) -> tuple[int, Campaign] | None:
    """A campaign, and the number of its row."""
    sql = f"SELECT json_group_array({CAMPAIGN_OF}) FROM campaigns WHERE shop = ? AND id = ?"  # noqa: S608
    return next(((row[0], campaign(row)) for row in await read(db, sql, (shop, name))), None)


async def put_out(db: Db, rows: Sequence[Outgoing]) -> None:
    """Queue messages that no turn has said."""
    await write(db, f"{OUTBOX} ON CONFLICT (key) DO NOTHING", [outbox_row(o, encode(o.message)) for o in rows])


async def take_back(db: Db, seq: int, shop: str) -> int:
    """See CampaignBook.take_back. The few that wait are looked through, not the many that were sent."""
    taken = [*await run(db, QUEUED, (seq,)), *await run(db, HELD, (shop, seq))]
    await write(db, "DELETE FROM outbox WHERE key IN ({values})", [(key,) for _, key in taken])
    await write(db, "UPDATE recipients SET key = '' WHERE seq IN ({values})", [(line,) for line, _ in taken])
    return len(taken)


def with_more(excluded: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """The sums of both."""
    return {reason: excluded.get(reason, 0) + more.get(reason, 0) for reason in (*excluded, *more)}


async def rename(db: Db, shop: str, customer: str, phone: str, becomes: str) -> None:
    """A number is this customer's no more: what was not claimed yet goes to the new one."""
    sql = "UPDATE recipients SET phone = ? WHERE shop = ? AND customer = ? AND phone = ? AND key = ''"
    await run(db, sql, (becomes, shop, customer, phone))


async def merge(db: Db, shop: str, gone: str, survivor: str, merged: str) -> None:
    """Two customers are one: where both are recipients, the one who is not claimed yet is left out."""
    await run(db, LEAVE_OUT, (merged, shop, gone, survivor, 1))
    await run(db, LEAVE_OUT, (merged, shop, survivor, gone, 0))
    await run(db, OTHERS, (survivor, shop, gone))


RECIPIENT = """INSERT INTO recipients (campaign, shop, customer, phone, user_id, variant, message, fallback) {values}
    ON CONFLICT DO NOTHING"""
QUEUED = """SELECT r.seq, o.key FROM outbox o INDEXED BY outbox_queued CROSS JOIN recipients r ON r.key = o.key
    WHERE o.state = 'queued' AND r.campaign = ? AND r.key <> ''"""
HELD = """SELECT r.seq, o.key FROM outbox o INDEXED BY outbox_held CROSS JOIN recipients r ON r.key = o.key
    WHERE o.state = 'held' AND o.shop = ? AND r.campaign = ? AND r.key <> ''"""
OTHERS = "UPDATE OR IGNORE recipients SET customer = ? WHERE shop = ? AND customer = ?"
LEAVE_OUT = """UPDATE recipients SET skipped = ? WHERE shop = ? AND customer = ? AND key = '' AND skipped = ''
    AND EXISTS (SELECT 1 FROM recipients o WHERE o.campaign = recipients.campaign AND o.customer = ?
                AND (? OR o.key <> ''))"""
"""Whom another line of the same campaign stands for; that one counts in any case, or only once it is claimed."""
