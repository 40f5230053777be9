"""Who belongs to an audience, as rows of SQLite: what is known of a part of the shop's people, gathered in one step.

engine.audience decides what follows from it; here is only what it takes to decide. What an audience does not ask for is
not computed: each condition's sums stand behind a CASE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.address import Link, customer_id, stranger_id
from engine.audience import NOT_BOUGHT, Audience, AudiencePart, Bought, Cap, Profile, person
from storage.errands import Errand
from storage.sql import Db, Row, read, run, write

FOR_EVER = 1 << 62


async def people(db: Db, shop: str, audience: Audience, cap: Cap, after: str, limit: int) -> AudiencePart:
    """See Audiences.people."""
    limit = max(1, limit)
    if audience.phones:
        listed = phones_behind(audience, after, limit)
        pairs = [(phone, customer_id(shop, Link("phone", phone))) for phone in listed]
        who, last = msgspec.json.encode(pairs).decode(), listed[-1] if listed else ""
        rows = await read(db, LISTED, (shop, who, limit, *_asked(audience, cap)))
    else:
        rows = sorted(await read(db, EVERYBODY, (shop, after, limit, *_asked(audience, cap))))
        last = rows[-1][0] if rows else ""
    found = [person(_profile(row), audience, cap) for row in rows]
    return AudiencePart(
        tuple({one.customer: one for one in found if one is not None}.values()), last if len(rows) == limit else ""
    )


def phones_behind(audience: Audience, after: str, limit: int) -> list[str]:
    """The next of the listed numbers, in an order of their own."""
    return sorted({one for one in audience.phones if one > after})[:limit]


def _asked(audience: Audience, cap: Cap) -> Row:
    """The parameters from ?4 on."""
    bought = audience.bought or Bought()
    spans = (bought.sku, bought.since, bought.until or FOR_EVER)
    wants = (int(audience.bought is not None), int(bool(audience.tags or audience.without_tags)))
    return (*wants, *spans, audience.attended, cap.most, cap.since)


def _profile(row: list[Any]) -> Profile:
    """What PROFILE_OF reads. A listed number that leads to nobody is a stranger's; where it would make somebody who is
    known by other names by now, it is nobody's whom we could name."""
    who, listed, known, card, talk, heard, tags, (orders, spent), attended, campaigned = row
    if listed and known == MOVED_ON:
        return Profile(stranger_id("listed", Link("phone", listed)))
    name, phone, language, address, region, marketing, active = card or ("", "", "", "", "", 1, 1)
    user_id = ""
    if talk is not None:  # where replies go, and in which language; a snapshot leaves out what is as usual
        user_id, language = talk[1] or "", talk[2] or "en"
        phone = talk[0] or ("" if user_id else phone)
    return Profile(
        who,
        phone or ("" if user_id else listed),
        user_id,
        name,
        language,
        address,
        region,
        bool(marketing),
        bool(active),
        heard or 0,
        tuple(tags or ()),
        orders or 0,
        spent or 0,
        bool(attended),
        campaigned or 0,
    )


def tag(shop: str, customers: Sequence[str], add: Sequence[str], drop: Sequence[str]) -> Errand:
    """See Audiences.tag."""

    async def errand(db: Db) -> None:
        gone = [(shop, who, one) for who in customers for one in drop]
        await write(db, "DELETE FROM customer_tags WHERE (shop, customer, tag) IN (SELECT * FROM ({values}))", gone)
        given = [(shop, who, one) for who in customers for one in add]
        await write(db, "INSERT INTO customer_tags (shop, customer, tag) {values} ON CONFLICT DO NOTHING", given)

    return errand


async def tags_of(db: Db, shop: str, customer: str) -> tuple[str, ...]:
    """See Audiences.tags_of."""
    sql = "SELECT json_group_array(tag) FROM customer_tags WHERE shop = ? AND customer = ?"
    return tuple(sorted(await read(db, sql, (shop, customer))))


async def tags(db: Db, shop: str) -> dict[str, int]:
    """See Audiences.tags."""
    return dict(
        await run(db, "SELECT tag, count(*) FROM customer_tags WHERE shop = ? GROUP BY tag ORDER BY tag", (shop,))
    )


async def move_tags(db: Db, shop: str, gone: str, survivor: str) -> None:
    """Two customers are one: the survivor has the tags of both."""
    sql = """INSERT INTO customer_tags (shop, customer, tag)
        SELECT shop, ?, tag FROM customer_tags WHERE shop = ? AND customer = ? ON CONFLICT DO NOTHING"""
    await run(db, sql, (survivor, shop, gone))
    await run(db, "DELETE FROM customer_tags WHERE shop = ? AND customer = ?", (shop, gone))


MOVED_ON = 2
"""A listed number that leads nowhere, though the customer whom it would make is known."""

_NOT_BOUGHT = ", ".join(f"'{status.value}'" for status in NOT_BOUGHT)
_ORDERS = f"""FROM orders o WHERE o.shop = ?1 AND o.customer = p.id
    AND o.placed_at >= ?7 AND o.placed_at < ?8 AND o.status NOT IN ({_NOT_BOUGHT})"""
_LINES = _ORDERS.replace(
    "FROM orders o", "FROM orders o JOIN order_lines l ON l.shop = o.shop AND l.number = o.number AND l.sku = ?6"
)
PROFILE_OF = f"""json_array(p.id, p.listed, p.known,
    CASE WHEN c.id IS NOT NULL THEN
        json_array(c.name, c.phone, c.language, c.address, c.region, c.marketing, c.active) END,
    CASE WHEN s.customer IS NOT NULL AND json_valid(CAST(s.data AS TEXT)) THEN
        json_extract(CAST(s.data AS TEXT), '$.phone', '$.user_id', '$.language') END,
    s.heard,
    CASE WHEN ?5 THEN
        (SELECT json_group_array(t.tag) FROM customer_tags t WHERE t.shop = ?1 AND t.customer = p.id) END,
    CASE WHEN NOT ?4 THEN json_array(0, 0)
        WHEN ?6 = '' THEN (SELECT json_array(count(*), sum(o.total)) {_ORDERS})
        ELSE (SELECT json_array(count(DISTINCT o.number), sum(l.quantity * l.unit_price)) {_LINES}) END,
    CASE WHEN ?9 <> '' THEN EXISTS (SELECT 1 FROM bookings k WHERE k.shop = ?1 AND k.customer = p.id
        AND k.event = ?9 AND k.status = 'checked_in') END,
    CASE WHEN ?10 THEN (SELECT count(*) FROM outbox x WHERE x.shop = ?1 AND x.customer = p.id AND x.purpose = 'bulk'
        AND x.created_at >= ?11 AND x.state NOT IN ('failed', 'skipped')) END)"""  # noqa: S608
_WITH_ALL = f"""SELECT json_group_array({PROFILE_OF}) FROM p
    LEFT JOIN customers c ON c.shop = ?1 AND c.id = p.id
    LEFT JOIN snapshots s ON s.shop = ?1 AND s.customer = p.id"""  # noqa: S608
EVERYBODY = f"""
WITH p(id, listed, known) AS (
    SELECT id, '', 1 FROM customers WHERE shop = ?1 AND id > ?2
    UNION SELECT customer, '', 1 FROM snapshots WHERE shop = ?1 AND customer > ?2
    ORDER BY 1 LIMIT ?3)
{_WITH_ALL}"""  # noqa: S608
LISTED = f"""
WITH asked(phone, made) AS (SELECT json_extract(j.value, '$[0]'), json_extract(j.value, '$[1]') FROM json_each(?2) j),
led(phone, made, leads) AS (
    SELECT a.phone, a.made, n.customer
    FROM asked a LEFT JOIN links n ON n.shop = ?1 AND n.kind = 'phone' AND n.value = a.phone),
p(id, listed, known) AS (
    SELECT coalesce(leads, made), phone, CASE WHEN leads IS NOT NULL THEN 1
        WHEN EXISTS (SELECT 1 FROM snapshots WHERE shop = ?1 AND customer = made)
          OR EXISTS (SELECT 1 FROM forwards WHERE shop = ?1 AND customer = made) THEN {MOVED_ON} ELSE 0 END
    FROM led LIMIT ?3)
{_WITH_ALL}"""  # noqa: S608
