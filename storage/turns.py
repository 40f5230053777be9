"""Turn commits as SQL: the rows of a whole batch, one statement per table.

``write_turns`` first looks up what the commits contend for and leaves the refused ones out, so that a duplicate among
five hundred costs nothing; the tables' own keys and triggers remain the truth, and when one of them still objects, the
writer takes the batch again unit by unit and asks ``blame`` for the Conflict's name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from engine.address import Address, Millis
from engine.commit import Commit
from engine.errors import StoreError
from engine.facts import Conflict, ConflictKind
from engine.orders import Order, OrderStatus
from storage.judge import Ordered, Standing, judge
from storage.sql import Db, Row, flat, parts, read, read_all, values, write

encode = msgspec.json.encode


@dataclass(slots=True)
class Turn:
    """A commit on its way to the disk. ``lacking``: the sku that the stock cache found wanting, else ""."""

    commit: Commit
    lacking: str = ""


@dataclass(slots=True)
class Written:
    """What became of one commit; ``on_hand`` is (shop, sku, quantity) of products whose stock it moved."""

    conflict: Conflict | None
    on_hand: Sequence[tuple[str, str, int]] = ()


async def write_turns(db: Db, turns: Sequence[Turn]) -> list[Written]:
    """Write these commits within the transaction that is open. Raises sqlite3.IntegrityError for a guilty one."""
    standing = await look_up(db, [turn.commit for turn in turns])
    written = [Written(_refusal(turn, standing)) for turn in turns]
    good = [turn.commit for turn, one in zip(turns, written, strict=True) if one.conflict is None]
    if good:
        await _write(db, good)
        moved = [(order.shop, order.number) for commit in good for order in commit.orders]
        moved += [(commit.address.shop, move.number) for commit in good for move in commit.moves]
        written[-1].on_hand = await read_all(db, ON_HAND, moved)
    return written


def _refusal(turn: Turn, standing: Standing) -> Conflict | None:
    conflict = judge(turn.commit, standing)
    if conflict is None and turn.lacking:
        return Conflict(ConflictKind.SOLD_OUT, turn.lacking)
    return conflict


async def blame(db: Db, turn: Turn, error: Exception) -> Written | StoreError:
    """Which Conflict a commit was that a constraint refused by itself; an error when it is none of them."""
    commit = turn.commit
    conflict = judge(commit, await look_up(db, [commit]))
    if conflict is None and isinstance(error, sqlite3.IntegrityError):
        sku = await _short(db, commit)
        conflict = Conflict(ConflictKind.SOLD_OUT, sku) if sku else None
    if conflict is not None:
        return Written(conflict)
    return StoreError(f"The turn of {commit.address} breaks a rule of the store ({error}); nothing of it was written.")


# -- looking up ------------------------------------------------------------------------------------------------------


async def look_up(db: Db, commits: Sequence[Commit]) -> Standing:
    """All that these commits contend for, as it stands, in one statement."""
    asked: list[tuple[str, list[Row]]] = [
        (LOOK_VERSION, [tuple(commit.address) for commit in commits]),
        (LOOK_INBOUND, [(commit.address.shop, commit.inbound_id) for commit in commits if commit.inbound_id]),
        (LOOK_PARKED, [(commit.parked_id,) for commit in commits if commit.parked_id]),
        (LOOK_NUMBER, [(order.shop, order.number) for commit in commits for order in commit.orders]),
        (LOOK_CART, [(order.shop, order.cart) for commit in commits for order in commit.orders if order.cart]),
        (LOOK_ORDER, [(commit.address.shop, move.number) for commit in commits for move in commit.moves]),
    ]
    pieces = [(sql, part) for sql, rows in asked for part in parts(rows)]
    union = " UNION ALL ".join(sql.replace("{values}", values(part)) for sql, part in pieces)
    found = await read(
        db,
        f"SELECT json_group_array(json(found)) FROM ({union})",  # noqa: S608 - built of constants below
        [value for _, part in pieces for value in flat(part)],
    )
    return _standing(found)


def _standing(found: list[Row]) -> Standing:
    """What ``look_up`` found, by kind; each row is its kind, its key and what stands there."""
    kinds: dict[str, list[Row]] = {}
    for kind, *rest in found:
        kinds.setdefault(kind, []).append(tuple(rest))
    return Standing(
        inbound=set(kinds.get("inbound", ())),
        parked={row[0] for row in kinds.get("parked", ())},
        versions={Address(shop, customer): version for shop, customer, version in kinds.get("version", ())},
        numbers=set(kinds.get("number", ())),
        carts={(shop, cart): number for shop, cart, number in kinds.get("cart", ())},
        orders={
            (shop, number): Ordered(OrderStatus(status), who) for shop, number, status, who in kinds.get("order", ())
        },
    )


LOOK_VERSION = """SELECT json_array('version', shop, customer, version) AS found
    FROM snapshots WHERE (shop, customer) IN (SELECT * FROM ({values}))"""
LOOK_INBOUND = "SELECT json_array('inbound', shop, id) FROM inbound WHERE (shop, id) IN (SELECT * FROM ({values}))"
LOOK_PARKED = "SELECT json_array('parked', id) FROM parked WHERE id IN ({values})"
LOOK_NUMBER = "SELECT json_array('number', shop, number) FROM orders WHERE (shop, number) IN (SELECT * FROM ({values}))"
LOOK_CART = """SELECT json_array('cart', shop, cart, number)
    FROM orders WHERE cart <> '' AND (shop, cart) IN (SELECT * FROM ({values}))"""
LOOK_ORDER = """SELECT json_array('order', shop, number, status, customer)
    FROM orders WHERE (shop, number) IN (SELECT * FROM ({values}))"""

ON_HAND = """
WITH moved(shop, number) AS ({values})
SELECT json_group_array(json_array(p.shop, p.sku, p.on_hand)) FROM products p WHERE (p.shop, p.sku) IN (
    SELECT l.shop, l.sku FROM moved m JOIN order_lines l ON l.shop = m.shop AND l.number = m.number WHERE l.tracked)"""

FREE = """
WITH asked(shop, sku, customer, at) AS ({values})
SELECT json_group_array(json_array(a.sku, coalesce(p.on_hand, 0),
    (SELECT coalesce(sum(h.quantity), 0) FROM holds h WHERE h.shop = a.shop AND h.sku = a.sku AND h.expires_at > a.at
        AND h.customer <> a.customer),
    (SELECT coalesce(sum(h.quantity), 0) FROM holds h WHERE h.shop = a.shop AND h.sku = a.sku AND h.expires_at > a.at
        AND h.customer = a.customer)))
FROM asked a LEFT JOIN products p ON p.shop = a.shop AND p.sku = a.sku"""


async def _short(db: Db, commit: Commit) -> str:
    """The sku that does not suffice. Only asked after a trigger has said that there is one, or might have."""
    shop, customer = commit.address
    lines: dict[str, int] = {}
    for line in (line for order in commit.orders for line in order.lines if line.tracked):
        lines[line.sku] = lines.get(line.sku, 0) + line.quantity
    held = {hold.sku: 0 for hold in commit.holds}
    for hold in commit.holds:
        held[hold.sku] += hold.quantity
    asked = [(shop, sku, customer, commit.at) for sku in {**lines, **held}]
    for sku, on_hand, others, own in await read_all(db, FREE, asked):
        if on_hand - others < lines.get(sku, 0):
            return str(sku)
        if sku in held and on_hand - others - own < lines.get(sku, 0) + held[sku]:
            return str(sku)
    return ""


# -- writing ---------------------------------------------------------------------------------------------------------


async def _write(db: Db, commits: Sequence[Commit]) -> None:
    """Every table in turn. Releases and moves come before orders and holds, so that what they free can be taken."""
    await write(db, INBOUND, [(c.address.shop, c.inbound_id, c.at) for c in commits if c.inbound_id])
    await write(db, UNPARK, [(c.parked_id,) for c in commits if c.parked_id])
    await write(db, SNAPSHOT, [(*c.address, c.version, c.snapshot) for c in commits])
    await write(db, LINK, [(c.address.shop, *link, c.address.customer) for c in commits for link in c.links])
    await write(db, CUSTOMER, [_customer_row(c) for c in commits if c.customer])
    await write(db, RELEASE, [(c.address.shop, hold, c.address.customer) for c in commits for hold in c.releases])
    await _write_moves(db, commits)
    await write(db, ORDER, [row for c in commits for row in _order_rows(c)])
    await write(db, LINE, [row for c in commits for row in _line_rows(c)])
    await write(db, HOLD, [row for c in commits for row in _hold_rows(c)])
    await write(db, OUTBOX, [row for c in commits for row in _outbox_rows(c)])
    await write(db, TIMER_OFF, [(*c.address, kind) for c in commits for kind in c.timers_off])
    await write(db, TIMER, [(*t.address, t.kind, t.due, t.turn) for c in commits for t in c.timers])


async def _write_moves(db: Db, commits: Sequence[Commit]) -> None:
    """Where an order moves twice in one commit, its second move must see the first: they go in rounds."""
    rounds: list[dict[tuple[str, str], Row]] = []
    for commit in commits:
        for move in commit.moves:
            key = (commit.address.shop, move.number)
            free = next((moves for moves in rounds if key not in moves), None)
            if free is None:
                free = {}
                rounds.append(free)
            frm = "," + ",".join(status.value for status in move.frm) + ","
            free[key] = (*key, frm, move.to.value, move.by, commit.at, move.customer)
    for moves in rounds:
        await write(db, MOVE, list(moves.values()))


def _customer_row(commit: Commit) -> Row:
    card = commit.customer
    assert card is not None
    told = (card.name, card.phone, card.email, card.address, card.language)
    return (card.shop, card.id, *told, int(card.marketing), int(card.active))


def _order_rows(commit: Commit) -> list[Row]:
    return [_order_row(order, commit.at) for order in commit.orders]


def _order_row(o: Order, at: Millis) -> Row:
    how = (o.total, o.currency, o.status.value, o.payment.value, o.kind, o.source, o.placed_at)
    whose = (o.name, o.phone, o.address, o.instructions, o.cashier, o.store)
    return (o.shop, o.number, o.customer, o.cart, *how, *whose, at)


def _line_rows(commit: Commit) -> list[Row]:
    return [
        (o.shop, o.number, place, line.sku, line.name, line.quantity, line.unit_price, int(line.tracked), line.note)
        for o in commit.orders
        for place, line in enumerate(o.lines)
    ]


def _hold_rows(commit: Commit) -> list[Row]:
    shop, customer = commit.address
    return [(shop, h.id, customer, h.sku, h.quantity, h.expires_at, commit.at) for h in commit.holds]


def _outbox_rows(commit: Commit) -> list[Row]:
    return [
        (o.key, *o.address, o.phone, o.user_id, encode(o.message).decode(), o.purpose.value, o.created_at, o.attempts)
        for o in commit.outbox
    ]


INBOUND = "INSERT INTO inbound (shop, id, at) {values}"
UNPARK = "DELETE FROM parked WHERE id IN ({values})"
SNAPSHOT = """INSERT INTO snapshots (shop, customer, version, data) {values}
    ON CONFLICT (shop, customer) DO UPDATE SET version = excluded.version, data = excluded.data"""
LINK = "INSERT INTO links (shop, kind, value, customer) {values} ON CONFLICT DO NOTHING"
CUSTOMER = """INSERT OR REPLACE INTO customers
    (shop, id, name, phone, email, address, language, marketing, active) {values}"""
RELEASE = "DELETE FROM holds WHERE (shop, id, customer) IN (SELECT * FROM ({values}))"
MOVE = """
WITH move(shop, number, expected, dest, who, at, customer) AS ({values})
INSERT INTO order_moves (shop, number, frm, dest, who, at)
SELECT m.shop, m.number,
       CASE WHEN instr(m.expected, ',' || o.status || ',') AND m.customer IN ('', o.customer) THEN o.status ELSE '' END,
       m.dest, m.who, m.at
FROM move m LEFT JOIN orders o ON o.shop = m.shop AND o.number = m.number"""
ORDER = """INSERT INTO orders (shop, number, customer, cart, total, currency, status, payment, kind, source,
    placed_at, name, phone, address, instructions, cashier, store, taken_at) {values}"""
LINE = """INSERT INTO order_lines
    (shop, number, position, sku, name, quantity, unit_price, tracked, note) {values}"""
HOLD = """INSERT INTO holds (shop, id, customer, sku, quantity, expires_at, taken_at) {values}
    ON CONFLICT (shop, id) DO UPDATE SET customer = excluded.customer, sku = excluded.sku,
    quantity = excluded.quantity, expires_at = excluded.expires_at, taken_at = excluded.taken_at"""
OUTBOX = """INSERT INTO outbox
    (key, shop, customer, phone, user_id, message, purpose, created_at, attempts) {values}"""
TIMER_OFF = "DELETE FROM timers WHERE (shop, customer, kind) IN (SELECT * FROM ({values}))"
TIMER = """INSERT INTO timers (shop, customer, kind, due, turn) {values}
    ON CONFLICT (shop, customer, kind) DO UPDATE SET due = excluded.due, turn = excluded.turn"""
