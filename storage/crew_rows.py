"""What the shop's own people ask of the SQLite file: anybody's orders, and the day's figures.

They ask seldom, so each is a statement of its own; all are bounded by an index and a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter

from engine.address import Millis
from engine.campaign_moves import CampaignSeen
from engine.facts import COUNTED_TO, AnyOrder, CampaignsAt, Day, DayOf, Known, Need, OpenOrders, Reached
from engine.orders import Order
from engine.tickets import Booking
from storage.asking import Answers, Asked, Lookup
from storage.money_rows import INTENT_OF, intent
from storage.order_rows import ORDER_OF, order
from storage.seat_rows import BOOKING_OF, booking
from storage.sql import Db, read, run

INTENTS_AT_MOST = 20


async def any_order(db: Db, asked: Sequence[Asked]) -> Answers:
    """AnyOrder."""
    return {(who, need): await _any(db, who.shop, need.number) for who, need in asked}


async def _any(db: Db, shop: str, number: str) -> Known:
    sql = f"SELECT json_group_array({ORDER_OF}) FROM orders o WHERE o.shop = ? AND o.number = ?"  # noqa: S608
    orders = tuple([order(row) for row in await read(db, sql, (shop, number))])
    sql = f"SELECT json_group_array({BOOKING_OF}) FROM bookings b WHERE b.shop = ? AND b.id = ?"  # noqa: S608
    bookings = tuple([booking(row) for row in await read(db, sql, (shop, number))])
    sql = f"""SELECT json_group_array(json_array(i.seq, {INTENT_OF})) FROM (
        SELECT * FROM intents WHERE shop = ? AND pays = ? ORDER BY seq DESC LIMIT ?) i"""  # noqa: S608
    rows = sorted(await read(db, sql, (shop, number, INTENTS_AT_MOST)), key=itemgetter(0), reverse=True)
    return Known(orders=orders, bookings=bookings, intents=tuple([intent(row) for _, row in rows]))


async def open_orders(db: Db, asked: Sequence[Asked]) -> Answers:
    """OpenOrders."""
    return {
        (who, need): Known(
            orders=await _open(db, who.shop, max(0, need.limit)),
            bookings=await _booked(db, who.shop, max(0, need.limit)),
        )
        for who, need in asked
    }


async def _open(db: Db, shop: str, limit: int) -> tuple[Order, ...]:
    sql = f"""SELECT json_group_array(json_array(o.placed_at, o.age, {ORDER_OF})) FROM (
        SELECT *, rowid AS age FROM orders
        WHERE shop = ? AND status IN ('pending', 'confirmed', 'processing', 'payment_failed')
        ORDER BY placed_at DESC, rowid DESC LIMIT ?) o"""  # noqa: S608
    found = sorted(await read(db, sql, (shop, limit)), key=itemgetter(0, 1), reverse=True)
    return tuple([order(row) for *_, row in found])


async def _booked(db: Db, shop: str, limit: int) -> tuple[Booking, ...]:
    sql = f"""SELECT json_group_array(json_array(b.held_at, b.age, {BOOKING_OF})) FROM (
        SELECT *, rowid AS age FROM bookings WHERE shop = ? AND status = 'confirmed'
        ORDER BY held_at DESC, rowid DESC LIMIT ?) b"""  # noqa: S608
    found = sorted(await read(db, sql, (shop, limit)), key=itemgetter(0, 1), reverse=True)
    return tuple([booking(row) for *_, row in found])


async def days(db: Db, asked: Sequence[Asked]) -> Answers:
    """DayOf."""
    return {(who, need): Known(day=await _day(db, who.shop, need.since, need.currency)) for who, need in asked}


async def _day(db: Db, shop: str, since: Millis, currency: str) -> Day:
    sql = """SELECT coalesce(sum(status <> 'cancelled'), 0),
        coalesce(sum(CASE WHEN status <> 'cancelled' AND currency = ? THEN total END), 0),
        coalesce(sum(status = 'cancelled'), 0) FROM orders WHERE shop = ? AND placed_at >= ?"""
    ((orders, sold, cancelled),) = await run(db, sql, (currency, shop, since))
    sql = """SELECT coalesce(sum(seats), 0), coalesce(sum(CASE WHEN currency = ? THEN seats * price END), 0)
        FROM bookings WHERE shop = ? AND held_at >= ? AND status IN ('confirmed', 'checked_in')"""
    ((seats, booked),) = await run(db, sql, (currency, shop, since))
    sql = """SELECT coalesce(sum(max(0, amount - refunded)), 0) FROM payments
        WHERE shop = ? AND at >= ? AND currency = ?"""
    ((received,),) = await run(db, sql, (shop, since, currency))
    sql = """SELECT count(*) FROM (SELECT 1 FROM orders
        WHERE shop = ? AND status IN ('pending', 'confirmed', 'processing', 'payment_failed') LIMIT ?)"""
    ((open_,),) = await run(db, sql, (shop, COUNTED_TO))
    sql = "SELECT count(*) FROM (SELECT 1 FROM payments WHERE shop = ? AND state = 'desk' LIMIT ?)"
    ((desk,),) = await run(db, sql, (shop, COUNTED_TO))
    return Day(orders, sold, cancelled, seats, booked, received, open_, desk)


async def reached(db: Db, asked: Sequence[Asked]) -> Answers:
    """Reached."""
    sql = "SELECT customer FROM links WHERE shop = ? AND kind = 'phone' AND value = ?"
    return {
        (who, need): Known(reached=found[0][0])
        for who, need in asked
        if (found := await run(db, sql, (who.shop, need.phone)))
    }


async def campaigns(db: Db, asked: Sequence[Asked]) -> Answers:
    """CampaignsAt."""
    sql = """SELECT json_group_array(json_array(seq, id, json_extract(plan, '$.name'), status)) FROM (
        SELECT * FROM campaigns WHERE shop = ? AND status = ? ORDER BY seq DESC LIMIT ?)"""
    answers: Answers = {}
    for who, need in asked:
        found = sorted(
            await read(db, sql, (who.shop, need.status, max(0, need.limit))), key=itemgetter(0), reverse=True
        )
        answers[who, need] = Known(campaigns=tuple([CampaignSeen(*row) for _, *row in found]))
    return answers


LOOKUPS: Mapping[type[Need], Lookup] = {
    AnyOrder: any_order,
    OpenOrders: open_orders,
    DayOf: days,
    Reached: reached,
    CampaignsAt: campaigns,
}
