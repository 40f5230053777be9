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
from engine.messages import AnyMessage, Outgoing, Purpose
from engine.orders import Customer, Order, OrderLine, OrderStatus, PaymentStatus
from engine.ports import OutboxRow
from storage.sql import Db, Row, read, read_all
from storage.steps import SCALE

decode_message = msgspec.json.Decoder(AnyMessage).decode

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


async def cards(db: Db, addresses: Sequence[Address]) -> dict[Address, Customer]:
    """What the shop knows of each."""
    sql = """SELECT json_group_array(json_array(
            id, shop, name, phone, email, address, language, marketing, active))
        FROM customers WHERE (shop, id) IN (SELECT * FROM ({values}))"""
    return {Address(row[1], row[0]): _card(row) for row in await read_all(db, sql, addresses)}


def _card(row: list[Any]) -> Customer:
    who, shop, name, phone, email, address, language, marketing, active = row
    return Customer(who, shop, name, phone, email, address, language, bool(marketing), bool(active))


ORDER = """json_array(o.number, o.shop, o.customer, o.cart, o.total, o.currency, o.status, o.payment, o.kind, o.source,
    o.placed_at, o.name, o.phone, o.address, o.instructions, o.cashier, o.store,
    (SELECT json_group_array(json_array(l.sku, l.name, l.quantity, l.unit_price, l.tracked, l.note, l.position))
     FROM order_lines l WHERE l.shop = o.shop AND l.number = o.number))"""


async def own_orders(db: Db, asked: Sequence[tuple[Address, int]]) -> dict[tuple[Address, int], list[Order]]:
    """(address, limit) → that customer's latest orders, newest first."""
    most = max(limit for _, limit in asked)
    sql = f"""
        WITH a(shop, customer) AS ({{values}}),
        mine AS (SELECT o.rowid AS id, row_number() OVER
            (PARTITION BY o.shop, o.customer ORDER BY o.placed_at DESC, o.rowid DESC) AS place
            FROM a JOIN orders o ON o.shop = a.shop AND o.customer = a.customer)
        SELECT json_group_array(json_array(mine.place, {ORDER}))
        FROM mine JOIN orders o ON o.rowid = mine.id WHERE mine.place <= {int(most)}"""  # noqa: S608
    found = await read_all(db, sql, list({address: None for address, _ in asked}))
    orders: dict[Address, list[Order]] = {}
    for _, row in sorted(found, key=itemgetter(0)):
        order = _order(row)
        orders.setdefault(Address(order.shop, order.customer), []).append(order)
    return {(address, limit): orders[address][: max(0, limit)] for address, limit in asked if address in orders}


async def numbered(db: Db, asked: Sequence[tuple[Address, str]]) -> dict[tuple[Address, str], list[Order]]:
    """(address, number) → the order, if it is that customer's own."""
    sql = f"""
        WITH a(shop, customer, number) AS ({{values}})
        SELECT json_group_array({ORDER}) FROM a
        JOIN orders o ON o.shop = a.shop AND o.number = a.number AND o.customer = a.customer"""  # noqa: S608
    orders = [_order(row) for row in await read_all(db, sql, [(*address, number) for address, number in asked])]
    return {(Address(order.shop, order.customer), order.number): [order] for order in orders}


def _order(row: list[Any]) -> Order:
    number, shop, customer, cart, total, currency, status, payment, kind, source, *told, lines = row
    placed_at, name, phone, address, instructions, cashier, store = told
    lines.sort(key=itemgetter(6))
    return Order(
        number=number,
        shop=shop,
        customer=customer,
        cart=cart,
        lines=tuple(OrderLine(sku, n, quantity, price, bool(t), note) for sku, n, quantity, price, t, note, _ in lines),
        total=total,
        currency=currency,
        status=OrderStatus(status),
        payment=PaymentStatus(payment),
        kind=kind,
        source=source,
        placed_at=placed_at,
        name=name,
        phone=phone,
        address=address,
        instructions=instructions,
        cashier=cashier,
        store=store,
    )


# -- what the outbox and the scheduler ask ---------------------------------------------------------------------------

OUTGOING = "json_array(key, shop, customer, phone, user_id, message, purpose, created_at, attempts)"


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


async def outbox_row(db: Db, key: str) -> OutboxRow | None:
    """See Store.outbox_row."""
    sql = f"""SELECT json_group_array(json_array({OUTGOING}, state, provider_id, step, code, reason, doubled))
        FROM outbox WHERE key = ?"""  # noqa: S608
    for row, state, provider_id, step, code, reason, doubled in await read(db, sql, (key,)):
        return OutboxRow(_outgoing(row), state, provider_id, SCALE[step].value, code, reason, bool(doubled))
    return None


def _outgoing(row: list[Any]) -> Outgoing:
    key, shop, customer, phone, user_id, message, purpose, created_at, attempts = row
    address, shown = Address(shop, customer), decode_message(message)
    return Outgoing(key, address, phone, user_id, shown, Purpose(purpose), created_at, attempts)


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


async def orders(db: Db, shop: str, limit: int) -> list[Order]:
    """See Store.orders."""
    sql = f"""SELECT json_group_array(json_array(o.place, {ORDER})) FROM (
        SELECT *, row_number() OVER (ORDER BY placed_at DESC, rowid DESC) AS place FROM orders
        WHERE shop = ? ORDER BY placed_at DESC, rowid DESC LIMIT ?) o"""  # noqa: S608
    return [_order(row) for _, row in sorted(await read(db, sql, (shop, limit)), key=itemgetter(0))]


# -- what the store itself asks at the start -------------------------------------------------------------------------


async def all_stock(db: Db) -> list[Row]:
    """(shop, sku, on hand, tracked) of every product."""
    return await read(db, "SELECT json_group_array(json_array(shop, sku, on_hand, track_stock)) FROM products")


async def all_holds(db: Db) -> list[Row]:
    """(shop, id, customer, sku, quantity, expires at) of every hold."""
    sql = "SELECT json_group_array(json_array(shop, id, customer, sku, quantity, expires_at)) FROM holds"
    return await read(db, sql)
