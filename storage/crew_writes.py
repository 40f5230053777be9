"""What the shop's own people change from their phones, as rows of SQLite in the commit of their turn."""

from __future__ import annotations

from collections.abc import Sequence

from engine.campaigns import CampaignStatus
from engine.commit import Commit
from engine.deeds import Deed
from storage.notice_rows import write_notices
from storage.sql import Db, Row, read, read_all, write, write_rounds
from storage.sqlite_campaigns import move
from storage.telling import write_news


async def write_crew(db: Db, commits: Sequence[Commit]) -> None:
    """Counts, prices, money that was seen, and the log of who did it."""
    ours = [c for c in commits if c.deeds or c.recounts or c.reprices or c.taken_in or c.notices or c.campaign_moves]
    if not ours:
        return
    await write_rounds(
        db, COUNT, [((c.address.shop, sku), (c.address.shop, sku, n)) for c in ours for sku, n in c.recounts]
    )
    await write_rounds(
        db, PRICE, [((c.address.shop, sku), (c.address.shop, sku, n)) for c in ours for sku, n in c.reprices]
    )
    if taken := [(c.address.shop, news, c.at) for c in ours for news in c.taken_in]:
        await write_news(db, taken)
    for c in ours:
        for one in c.campaign_moves:
            await move(c.address.shop, one.id, CampaignStatus(one.frm), CampaignStatus(one.to), c.at, one.why)(db)
    await write_notices(db, [notice for c in ours for notice in c.notices])
    await write(db, DEED, [_row(deed) for c in ours for deed in c.deeds])


async def recounted(db: Db, commits: Sequence[Commit]) -> list[Row]:
    """What is on hand of all that these commits counted, (shop, sku, quantity)."""
    return await read_all(db, COUNTED, [(c.address.shop, sku) for c in commits for sku, _ in c.recounts])


async def deeds(db: Db, shop: str, limit: int, offset: int) -> list[Deed]:
    """See DeedBook.deeds."""
    sql = """SELECT json_group_array(json_array(seq, shop, at, phone, role, verb, about, detail)) FROM (
        SELECT * FROM deeds WHERE shop = ? ORDER BY seq DESC LIMIT ? OFFSET ?)"""
    found = await read(db, sql, (shop, max(0, limit), max(0, offset)))
    return [Deed(*row) for _, *row in sorted(found, key=lambda row: -int(row[0]))]


def _row(deed: Deed) -> Row:
    return (deed.shop, deed.at, deed.phone, deed.role, deed.verb, deed.about, deed.detail)


COUNT = """UPDATE products SET on_hand = v.column3 FROM ({values}) v
    WHERE products.shop = v.column1 AND products.sku = v.column2 AND products.track_stock"""
PRICE = """UPDATE products SET price = v.column3 FROM ({values}) v
    WHERE products.shop = v.column1 AND products.sku = v.column2"""
COUNTED = """SELECT json_group_array(json_array(shop, sku, on_hand)) FROM products
    WHERE track_stock AND (shop, sku) IN (SELECT * FROM ({values}))"""
DEED = "INSERT INTO deeds (shop, at, phone, role, verb, about, detail) {values}"
