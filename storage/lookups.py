"""Every question the store answers, as SQL: each takes many keys and answers as many as it can.

They run on ``query_only`` connections. Blobs travel as hexadecimal, because JSON has no bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import msgspec

from engine.address import Address, Millis
from engine.catalogue import Product
from engine.commit import Parked, Snapshot, Timer
from engine.messages import AnyMessage, Outgoing, Purpose, Template
from engine.ports import OutboxRow
from engine.tickets import Booking
from storage.seat_rows import BOOKING_OF, booking
from storage.sql import Db, Row, blanks, read, read_all
from storage.steps import SCALE

decode_message = msgspec.json.Decoder(AnyMessage).decode
decode_template = msgspec.json.Decoder(Template).decode

# -- what actors ask -------------------------------------------------------------------------------------------------


async def snapshots(db: Db, addresses: Sequence[Address]) -> dict[Address, Snapshot]:
    """The last snapshot of each."""
    sql = """SELECT json_group_array(json_array(shop, customer, version, hex(data)))
        FROM snapshots WHERE (shop, customer) IN (SELECT * FROM ({values}))"""
    found = await read_all(db, sql, addresses)
    return {Address(shop, who): Snapshot(version, bytes.fromhex(data)) for shop, who, version, data in found}


async def linked(db: Db, links: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """(shop, kind, value) → customer."""
    sql = """SELECT json_group_array(json_array(shop, kind, value, customer))
        FROM links WHERE (shop, kind, value) IN (SELECT * FROM ({values}))"""
    return {(shop, kind, value): who for shop, kind, value, who in await read_all(db, sql, links)}


# -- what the outbox and the scheduler ask ---------------------------------------------------------------------------

OUTGOING = """json_array(
    key, shop, customer, phone, user_id, message, purpose, created_at, attempts, free_until, fallback)"""


async def waiting(db: Db, after: int, limit: int) -> tuple[int, list[Outgoing]]:
    """See Store.waiting."""
    sql = f"""SELECT json_group_array(json_array(seq, {OUTGOING})) FROM (
        SELECT * FROM outbox WHERE state = 'queued' AND seq > ? ORDER BY seq LIMIT ?)"""  # noqa: S608
    found = sorted(await read(db, sql, (after, limit)), key=itemgetter(0))
    return (found[-1][0] if found else after), [_outgoing(row) for _, row in found]


async def unknown(db: Db, limit: int) -> list[tuple[Outgoing, Millis]]:
    """See Store.unknown."""
    sql = f"""SELECT json_group_array(json_array(unknown_since, seq, {OUTGOING})) FROM (
        SELECT * FROM outbox WHERE state = 'unknown' ORDER BY unknown_since, seq LIMIT ?)"""  # noqa: S608
    found = sorted(await read(db, sql, (limit,)), key=itemgetter(0, 1))
    return [(_outgoing(row), since) for since, _, row in found]


async def keys_of(db: Db, shop: str, provider_ids: Sequence[str]) -> dict[str, str]:
    """See Store.keys_of."""
    sql = f"""SELECT json_group_array(json_array(provider_id, key)) FROM outbox
        WHERE shop = ? AND provider_id <> '' AND provider_id IN ({blanks(provider_ids)})"""  # noqa: S608
    return dict(await read(db, sql, (shop, *provider_ids)))


async def outbox_row(db: Db, key: str) -> OutboxRow | None:
    """See Store.outbox_row."""
    sql = f"""SELECT json_group_array(json_array({OUTGOING}, state, provider_id, step, code, reason, doubled))
        FROM outbox WHERE key = ?"""  # noqa: S608
    for row, state, provider_id, step, code, reason, doubled in await read(db, sql, (key,)):
        return OutboxRow(_outgoing(row), state, provider_id, SCALE[step].value, code, reason, bool(doubled))
    return None


def _outgoing(row: list[Any]) -> Outgoing:
    key, shop, customer, phone, user_id, message, purpose, created_at, attempts, free_until, fallback = row
    address, shown = Address(shop, customer), decode_message(message)
    stand_in = decode_template(fallback) if fallback is not None else None
    return Outgoing(
        *(key, address, phone, user_id, shown, Purpose(purpose), created_at, attempts, free_until, stand_in)
    )


async def due(db: Db, now: Millis, limit: int) -> list[Timer]:
    """See Store.due."""
    sql = """SELECT json_group_array(json_array(due, shop, customer, kind, turn)) FROM (
        SELECT * FROM timers WHERE due <= ? ORDER BY due, shop, customer, kind LIMIT ?)"""
    found = sorted(await read(db, sql, (now, limit)))
    return [Timer(Address(shop, customer), kind, at, turn) for at, shop, customer, kind, turn in found]


async def next_due(db: Db) -> Millis | None:
    """See Store.next_due."""
    (first,) = await read(db, "SELECT json_array(min(due)) FROM timers")
    return None if first is None else int(first)


# -- what the supervisor and the owner ask ---------------------------------------------------------------------------


async def parked(db: Db, address: Address | None, dead: bool, limit: int) -> list[Parked]:
    """See Store.parked."""
    whose = "dead = ?" if address is None else "dead = ? AND shop = ? AND customer = ?"
    sql = f"""SELECT json_group_array(json_array(id, shop, customer, dead, why, at, hex(letter))) FROM (
        SELECT * FROM parked WHERE {whose} ORDER BY id LIMIT ?)"""  # noqa: S608
    found = sorted(await read(db, sql, (int(dead), *(address or ()), limit)), key=itemgetter(0))
    return [
        Parked(row, Address(shop, who), bool(is_dead), why, at, bytes.fromhex(letter))
        for row, shop, who, is_dead, why, at, letter in found
    ]


async def quarantined(db: Db) -> dict[Address, str]:
    """See Store.quarantined."""
    found = await read(db, "SELECT json_group_array(json_array(shop, customer, why)) FROM quarantined")
    return {Address(shop, customer): why for shop, customer, why in found}


async def products(db: Db, shop: str) -> list[Product]:
    """See Store.products."""
    sql = """SELECT json_group_array(json_array(position, sku, name, price, description, on_hand, category, aliases,
        unit, pack, min_quantity, tax_rate, image, active, track_stock, variant_of, variant))
        FROM products WHERE shop = ?"""
    found = sorted(await read(db, sql, (shop,)), key=itemgetter(0, 1))
    return [_product(row) for row in found]


def _product(row: list[Any]) -> Product:
    _, sku, name, price, description, stock, category, aliases, *more = row
    unit, pack, min_quantity, tax_rate, image, active, track_stock, variant_of, variant = more
    return Product(
        sku=sku,
        name=name,
        price=price,
        description=description,
        stock=stock,
        category=category,
        aliases=tuple(msgspec.json.decode(aliases)),
        unit=unit,
        pack=pack,
        min_quantity=min_quantity,
        tax_rate=tax_rate,
        image=image,
        active=bool(active),
        track_stock=bool(track_stock),
        variant_of=variant_of,
        variant=variant,
    )


# -- what the store itself asks at the start -------------------------------------------------------------------------


async def all_stock(db: Db) -> list[Row]:
    """(shop, sku, on hand, tracked) of every product."""
    return await read(db, "SELECT json_group_array(json_array(shop, sku, on_hand, track_stock)) FROM products")


async def all_holds(db: Db) -> list[Row]:
    """(shop, id, customer, sku, quantity, expires at) of every hold."""
    sql = "SELECT json_group_array(json_array(shop, id, customer, sku, quantity, expires_at)) FROM holds"
    return await read(db, sql)


async def all_events(db: Db) -> list[Row]:
    """(Shop, id, capacity, active, seats taken for good) of every event."""
    sql = """SELECT json_group_array(json_array(e.shop, e.id, e.capacity, e.status = 'active',
        (SELECT coalesce(sum(seats), 0) FROM bookings b
         WHERE b.shop = e.shop AND b.event = e.id AND b.status IN ('confirmed', 'checked_in')))) FROM events e"""
    return await read(db, sql)


async def all_held_bookings(db: Db) -> list[Booking]:
    """Every booking that is held, over or not."""
    sql = f"SELECT json_group_array({BOOKING_OF}) FROM bookings b WHERE b.status = 'held'"  # noqa: S608
    return [booking(row) for row in await read(db, sql)]
