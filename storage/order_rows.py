"""Orders, their lines, moves and holds, and customers' cards as rows of SQLite: how they are written and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from engine.address import Millis
from engine.commit import Commit
from engine.orders import Customer, Order, OrderLine, OrderStatus, PaymentStatus
from storage.sql import Db, Row, read_all, write, write_rounds

# -- writing ---------------------------------------------------------------------------------------------------------


async def write_orders(db: Db, commits: Sequence[Commit]) -> None:
    """All that commits say of orders. Releases and moves come first, so that what they free can be taken."""
    await write(db, CARD, [card_row(c.customer) for c in commits if c.customer is not None])
    await write(db, RELEASE, [(c.address.shop, hold, c.address.customer) for c in commits for hold in c.releases])
    await write_rounds(db, MOVE, [move for c in commits for move in _move_rows(c)])
    await write_rounds(db, PAYMENT_MOVE, [move for c in commits for move in _payment_move_rows(c)])
    await write(db, ORDER, [_order_row(order, c.at) for c in commits for order in c.orders])
    await write(db, LINE, [row for c in commits for order in c.orders for row in _line_rows(order)])
    await write_rounds(db, TAKE, [take for c in commits for take in _take_rows(c)])
    await write(db, HOLD, [row for c in commits for row in _hold_rows(c)])


def card_row(card: Customer) -> Row:
    """A customer's card as CARD takes it."""
    told = (card.name, card.phone, card.email, card.address, card.language, int(card.marketing), int(card.active))
    return (card.shop, card.id, *told, card.price_list, card.credit_days, card.region)


def listed(values: Iterable[OrderStatus | PaymentStatus | Any]) -> str:
    """Where a move may begin, as ``,pending,confirmed,``: a statement looks for ``,status,`` in it."""
    return "," + ",".join(one.value for one in values) + ","


def _move_rows(commit: Commit) -> list[tuple[Row, Row]]:
    shop = commit.address.shop
    return [
        ((shop, m.number), (shop, m.number, listed(m.frm), m.to.value, m.by, commit.at, m.customer))
        for m in commit.moves
    ]


def _payment_move_rows(commit: Commit) -> list[tuple[Row, Row]]:
    shop = commit.address.shop
    return [
        ((shop, m.number), (shop, m.number, listed(m.frm), m.to.value, m.by, commit.at)) for m in commit.payment_moves
    ]


def _take_rows(commit: Commit) -> list[tuple[Row, Row]]:
    shop = commit.address.shop
    return [((shop, number), (shop, number, commit.at)) for number in commit.takes]


def _order_row(o: Order, at: Millis) -> Row:
    how = (o.total, o.currency, o.status.value, o.payment.value, o.kind, o.source, o.placed_at)
    whose = (o.name, o.phone, o.address, o.instructions, o.cashier, o.store)
    sums = (o.flow, o.tax, int(o.tax_included), o.delivery, o.discount, o.discount_code, o.rounding)
    return (o.shop, o.number, o.customer, o.cart, *how, *whose, at, *sums, int(o.held), o.due_at)


def _line_rows(order: Order) -> list[Row]:
    return [(order.shop, order.number, place, *_sold(one)) for place, one in enumerate(order.lines)]


def _sold(one: OrderLine) -> Row:
    what = (one.sku, one.name, one.quantity, one.unit_price, int(one.tracked))
    return (*what, one.note, one.unit, one.tax, one.tax_rate)


def _hold_rows(commit: Commit) -> list[Row]:
    shop, customer = commit.address
    return [(shop, h.id, customer, h.sku, h.quantity, h.expires_at, commit.at) for h in commit.holds]


CARD = """INSERT INTO customers (shop, id, name, phone, email, address, language, marketing, active,
    price_list, credit_days, region) {values}
    ON CONFLICT (shop, id) DO UPDATE SET name = excluded.name, phone = excluded.phone, email = excluded.email,
    address = excluded.address, language = excluded.language, marketing = excluded.marketing, active = excluded.active,
    price_list = excluded.price_list, credit_days = excluded.credit_days, region = excluded.region"""
RELEASE = "DELETE FROM holds WHERE (shop, id, customer) IN (SELECT * FROM ({values}))"
MOVE = """
WITH move(shop, number, expected, dest, who, at, customer) AS ({values})
INSERT INTO order_moves (shop, number, frm, dest, who, at)
SELECT m.shop, m.number,
       CASE WHEN instr(m.expected, ',' || o.status || ',') AND m.customer IN ('', o.customer) THEN o.status ELSE '' END,
       m.dest, m.who, m.at
FROM move m LEFT JOIN orders o ON o.shop = m.shop AND o.number = m.number"""
PAYMENT_MOVE = """
WITH move(shop, number, expected, dest, who, at) AS ({values})
INSERT INTO order_moves (shop, number, frm, dest, who, at, what)
SELECT m.shop, m.number, CASE WHEN instr(m.expected, ',' || o.payment || ',') THEN o.payment ELSE '' END,
       m.dest, m.who, m.at, 'payment'
FROM move m LEFT JOIN orders o ON o.shop = m.shop AND o.number = m.number"""
ORDER = """INSERT INTO orders (shop, number, customer, cart, total, currency, status, payment, kind, source,
    placed_at, name, phone, address, instructions, cashier, store, taken_at, flow, tax, tax_included, delivery,
    discount, discount_code, rounding, held, due_at) {values}"""
LINE = """INSERT INTO order_lines
    (shop, number, position, sku, name, quantity, unit_price, tracked, note, unit, tax, tax_rate) {values}"""
TAKE = """
WITH take(shop, number, at) AS ({values})
UPDATE orders SET held = 0, taken_at = take.at
FROM take WHERE orders.shop = take.shop AND orders.number = take.number AND orders.held"""
HOLD = """INSERT INTO holds (shop, id, customer, sku, quantity, expires_at, taken_at) {values}
    ON CONFLICT (shop, id) DO UPDATE SET customer = excluded.customer, sku = excluded.sku,
    quantity = excluded.quantity, expires_at = excluded.expires_at, taken_at = excluded.taken_at"""


# -- what a commit did to stock, or could not ------------------------------------------------------------------------


async def stock_after(db: Db, commits: Sequence[Commit]) -> tuple[list[Row], list[Row]]:
    """What is on hand of all that these commits moved, (shop, sku, quantity); and the holds that their takings ended,
    (shop, id)."""
    taken = [(c.address.shop, number) for c in commits for number in c.takes]
    moved = [(order.shop, order.number) for c in commits for order in c.orders]
    moved += [(c.address.shop, move.number) for c in commits for move in c.moves]
    return await read_all(db, ON_HAND, [*moved, *taken]), await read_all(db, ENDED, taken)


async def short(db: Db, commit: Commit) -> str:
    """The sku that does not suffice. Only asked after a trigger has said that there is one, or might have."""
    shop, customer = commit.address
    wanted = [
        (order.customer, line.sku, line.quantity)
        for order in commit.orders
        for line in order.lines
        if line.tracked and (not order.held or order.number in commit.takes)
    ]
    wanted += [tuple(row) for row in await read_all(db, HELD_LINES, [(shop, number) for number in commit.takes])]
    asked = {(shop, sku, whose, commit.at): None for whose, sku, _ in wanted}
    asked |= {(shop, hold.sku, customer, commit.at): None for hold in commit.holds}
    found = {(whose, sku): rest for whose, sku, *rest in await read_all(db, FREE, list(asked))}
    gone: Counter[str] = Counter()
    for whose, sku, quantity in wanted:
        gone[sku] += quantity
        on_hand, others, _ = found[whose, sku]
        if on_hand - others < gone[sku]:
            return sku
    for hold in commit.holds:
        gone[hold.sku] += hold.quantity
        on_hand, others, own = found[customer, hold.sku]
        if on_hand - others - own < gone[hold.sku]:
            return hold.sku
    return ""


ON_HAND = """
WITH moved(shop, number) AS ({values})
SELECT json_group_array(json_array(p.shop, p.sku, p.on_hand)) FROM products p WHERE (p.shop, p.sku) IN (
    SELECT l.shop, l.sku FROM moved m JOIN order_lines l ON l.shop = m.shop AND l.number = m.number WHERE l.tracked)"""
ENDED = """
WITH taken(shop, number) AS ({values})
SELECT json_group_array(json_array(l.shop, l.number || ':' || l.sku))
FROM taken t JOIN order_lines l ON l.shop = t.shop AND l.number = t.number
WHERE l.tracked AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.shop = l.shop AND h.id = l.number || ':' || l.sku)"""
HELD_LINES = """
WITH taken(shop, number) AS ({values})
SELECT json_group_array(json_array(o.customer, l.sku, l.quantity)) FROM taken t
JOIN orders o ON o.shop = t.shop AND o.number = t.number AND o.held
JOIN order_lines l ON l.shop = t.shop AND l.number = t.number WHERE l.tracked"""
FREE = """
WITH asked(shop, sku, customer, at) AS ({values})
SELECT json_group_array(json_array(a.customer, a.sku, coalesce(p.on_hand, 0),
    (SELECT coalesce(sum(h.quantity), 0) FROM holds h WHERE h.shop = a.shop AND h.sku = a.sku AND h.expires_at > a.at
        AND h.customer <> a.customer),
    (SELECT coalesce(sum(h.quantity), 0) FROM holds h WHERE h.shop = a.shop AND h.sku = a.sku AND h.expires_at > a.at
        AND h.customer = a.customer)))
FROM asked a LEFT JOIN products p ON p.shop = a.shop AND p.sku = a.sku"""

# -- reading ---------------------------------------------------------------------------------------------------------

CARD_OF = """json_array(shop, id, name, phone, email, address, language, marketing, active,
    price_list, credit_days, region)"""


def card(row: list[Any]) -> Customer:
    """What CARD_OF reads."""
    shop, who, name, phone, email, address, language, marketing, active, price_list, credit_days, region = row
    told = (name, phone, email, address, language, bool(marketing), bool(active))
    return Customer(who, shop, *told, price_list, credit_days, region)


ORDER_OF = """json_array(
    o.number, o.shop, o.customer, o.cart, o.total, o.currency, o.status, o.payment, o.kind, o.source, o.placed_at,
    o.name, o.phone, o.address, o.instructions, o.cashier, o.store, o.flow, o.tax, o.tax_included,
    o.delivery, o.discount, o.discount_code, o.rounding, o.held, o.due_at,
    (SELECT json_group_array(json_array(
        l.position, l.sku, l.name, l.quantity, l.unit_price, l.tracked, l.note, l.unit, l.tax, l.tax_rate))
     FROM order_lines l WHERE l.shop = o.shop AND l.number = o.number))"""


def order(row: list[Any]) -> Order:
    """What ORDER_OF reads."""
    number, shop, customer, cart, total, currency, status, payment, kind, source, *told, lines = row
    placed_at, name, phone, address, instructions, cashier, store, flow, *sums = told
    tax, tax_included, delivery, discount, discount_code, rounding, held, due_at = sums
    return Order(
        number=number,
        shop=shop,
        customer=customer,
        cart=cart,
        lines=tuple([_line(line) for line in sorted(lines, key=itemgetter(0))]),
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
        flow=flow,
        tax=tax,
        tax_included=bool(tax_included),
        delivery=delivery,
        discount=discount,
        discount_code=discount_code,
        rounding=rounding,
        held=bool(held),
        due_at=due_at,
    )


def _line(row: list[Any]) -> OrderLine:
    _, sku, name, quantity, unit_price, tracked, note, unit, tax, tax_rate = row
    return OrderLine(sku, name, quantity, unit_price, bool(tracked), note, unit, tax, tax_rate)
