"""What providers tell of refunds, as writes of SQLite: a batch in a few statements, by the rules of the memory store
(storage/refunds.py)."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from engine.address import Millis
from engine.commit import Posted
from engine.payments import Payment, RefundNews, refund_told
from storage import letters
from storage.money_rows import PAYMENT_OF, payment
from storage.post import write_posted
from storage.sql import Db, Row, read, read_all, write

Told = tuple[str, RefundNews, Millis]
"""Shop, what was told, and when."""
Key = tuple[str, str]
Claims = tuple[Sequence[Key], Millis, Millis]
"""Shops and payments, now, and until when they are put off."""


async def write_refunds(db: Db, told: Sequence[Told]) -> list[bool]:
    """See Till.record_refund: for each whether it was news."""
    known = {
        (shop, name): (amount, bool(ok), pays)
        for shop, name, amount, ok, pays in await read_all(db, KNOWN, _names(told))
    }
    rows = [payment(row) for row in await read_all(db, REFUNDED_OF, [_of(shop, news) for shop, news, _ in told])]
    payments = {(one.shop, one.id): one for one in rows}
    changed: dict[Key, Payment] = {}
    heard: dict[Key, Row] = {}
    posted: list[Posted] = []
    fresh: list[bool] = []
    for shop, news, at in told:
        name, of = (shop, f"{news.provider}:{news.id}"), _of(shop, news)
        before, now = known.get(name), payments.get(of)
        fails_now = before is not None and now is not None and before[1:] == (True, now.id) and not news.ok
        fresh.append(now is not None and (before is None or fails_now))
        if now is None or not fresh[-1]:
            continue
        known[name] = (news.amount, news.ok, now.id)
        heard[name] = (*name, now.id, news.amount, int(news.ok), at)
        after = refund_told(now, news, before[0] if before is not None else 0)
        if after is not None:
            payments[of] = changed[of] = after
            posted.append(letters.refund(after, news, at))
    await write(db, REFUND, list(heard.values()))
    await write(db, CHANGED, [_changed(one) for one in changed.values()])
    await write_posted(db, posted)
    return fresh


def _names(told: Sequence[Told]) -> list[Row]:
    return [(shop, f"{news.provider}:{news.id}") for shop, news, _ in told]


def _of(shop: str, news: RefundNews) -> Key:
    return (shop, f"{news.provider}:{news.payment}")


def _changed(one: Payment) -> Row:
    return (one.shop, one.id, one.refunded, one.refunding, one.refund_ref, one.refund_problem)


async def write_claims(db: Db, claims: Sequence[Claims]) -> list[set[Key]]:
    """See Till.claim_refunds; of two callers who want one the first gets it."""
    moved: list[set[Key]] = []
    for names, now, until in claims:
        found = await read_all(db, CLAIMABLE, [(*name, now) for name in dict.fromkeys(names)]) if names else []
        moved.append({(shop, name) for shop, name in found})
        await write(db, CLAIM, [(*name, until) for name in moved[-1]])
    return moved


async def refunds_due(db: Db, now: Millis, limit: int) -> list[Payment]:
    """See Till.refunds_due."""
    found = await read(db, DUE, (now, max(0, limit)))
    return [payment(row) for *_, row in sorted(found, key=itemgetter(0, 1))]


KNOWN = """
SELECT json_group_array(json_array(shop, id, amount, ok, pays)) FROM refunds
WHERE (shop, id) IN (SELECT * FROM ({values}))"""
REFUNDED_OF = f"""
SELECT json_group_array({PAYMENT_OF}) FROM payments p
WHERE (p.shop, p.id) IN (SELECT * FROM ({{values}}))"""  # noqa: S608
REFUND = """INSERT INTO refunds (shop, id, pays, amount, ok, at) {values}
    ON CONFLICT (shop, id) DO UPDATE SET ok = excluded.ok, amount = excluded.amount"""
CHANGED = """
WITH c(shop, id, refunded, refunding, ref, problem) AS ({values})
UPDATE payments SET refunded = c.refunded, refunding = c.refunding, refund_ref = c.ref, refund_problem = c.problem
FROM c WHERE payments.shop = c.shop AND payments.id = c.id"""
CLAIMABLE = """
WITH c(shop, id, now) AS ({values})
SELECT json_group_array(json_array(p.shop, p.id)) FROM c JOIN payments p ON p.shop = c.shop AND p.id = c.id
    AND p.state = 'refunding' AND p.refunding > 0 AND p.refund_due <= c.now"""
CLAIM = """
WITH c(shop, id, until) AS ({values})
UPDATE payments SET refund_due = c.until FROM c WHERE payments.shop = c.shop AND payments.id = c.id"""
DUE = f"""
SELECT json_group_array(json_array(p.refund_due, p.seq, {PAYMENT_OF})) FROM (
    SELECT * FROM payments WHERE state = 'refunding' AND refunding > 0 AND refund_due <= ?
    ORDER BY refund_due, seq LIMIT ?) p"""  # noqa: S608
