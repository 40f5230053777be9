"""Whether every message that was acknowledged was answered exactly once: one verdict over phones, provider and file.

"Exactly once" is what the customers saw: every message that got its 200 has one turn of its own, every message of
every turn reached the provider, and reached it once. It rests on four things, and the checker is shown to notice when
the first or the second is taken away (tests/torture/test_kill.py):

1. the answer 200 comes after the commit;
2. the inbound id is in the turn's commit under a unique key, so a redelivery is no second turn;
3. a row is claimed in a commit of its own before it is sent, so that a row found claimed at the start is *unknown*;
4. Meta's statuses carry our key and are delivered until we answer 200, within ``unknown_after`` of our being up again:
   a send whose answer was lost is known by its status and not sent again. Without a status in time it would be sent
   once more, with ``doubled`` on its row: the one known risk. ``doubled`` rows are told apart in the verdict.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from adapters.phones.meta.account import Sent
from engine.commit import Snapshot
from engine.conversation import load
from tests.torture.bakery import PRODUCTS, SHOP, shop
from tests.torture.phones import Phone


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is left when all is quiet. ``may_double``: keys whose row says ``doubled`` may have gone out twice."""

    phones: Sequence[Phone]
    sent: Sequence[Sent]
    database: Path
    may_double: bool = False


def faults(evidence: Evidence) -> list[str]:
    """Everything that is not as it must be, as sentences; empty when all is well."""
    with closing(sqlite3.connect(evidence.database)) as db:
        return [*_pages(db), *_sends(db, evidence), *_turns(db, evidence), *_orders(db, evidence), *_stock(db)]


def _pages(db: sqlite3.Connection) -> Iterator[str]:
    if (found := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
        yield f"integrity_check: {found}"
    yield from (f"broken reference: {row}" for row in db.execute("PRAGMA foreign_key_check"))


def _sends(db: sqlite3.Connection, evidence: Evidence) -> Iterator[str]:
    """The outbox and the provider agree on every message."""
    rows = {key: (state, doubled) for key, state, doubled in db.execute("SELECT key, state, doubled FROM outbox")}
    accepted = Counter(one.key for one in evidence.sent)
    for key, (state, _) in rows.items():
        if state != "sent":
            yield f"reply {key} is {state}"
        if not accepted[key]:
            yield f"reply {key} never reached the provider"
    for key, times in accepted.items():
        if key not in rows:
            yield f"the provider got {key}, which nobody committed"
        elif times > 1 and not (evidence.may_double and rows[key][1] and times == 2):
            yield f"reply {key} was accepted {times} times"


def _turns(db: sqlite3.Connection, evidence: Evidence) -> Iterator[str]:
    """Per customer: as many turns as acknowledged messages, each with its reply, in order."""
    customers = dict(db.execute("SELECT value, customer FROM links WHERE kind = 'phone'").fetchall())
    inbound = Counter(name.partition("~")[0] for (name,) in db.execute("SELECT id FROM inbound"))
    snapshots = {
        row[0]: Snapshot(row[1], row[2]) for row in db.execute("SELECT customer, version, data FROM snapshots")
    }
    for phone in evidence.phones:
        who = f"customer …{phone.digits[-4:]}"
        acknowledged = [said for said in phone.said.values() if said.acknowledged]
        yield from (
            f"{who}: {said.text!r} was never acknowledged" for said in phone.said.values() if said not in acknowledged
        )
        yield from (
            f"{who}: {one.text!r} was acknowledged and is lost" for one in acknowledged if not inbound[one.wamid]
        )
        snapshot = snapshots.get(customers.get(phone.digits, ""))
        if snapshot is None:
            yield f"{who} is not known"
            continue
        yield from _answered(who, phone, len(acknowledged), snapshot)


def _answered(who: str, phone: Phone, acknowledged: int, snapshot: Snapshot) -> Iterator[str]:
    if snapshot.version != acknowledged:
        yield f"{who}: {acknowledged} messages were acknowledged, {snapshot.version} turns taken"
    if load(snapshot, shop()).turn != snapshot.version:
        yield f"{who}: the conversation and its snapshot are of different turns"
    first = list(dict.fromkeys((reply.turn, reply.place) for reply in phone.replies))
    if first != sorted(first):
        yield f"{who}: replies came out of order: {first}"
    answered = {turn for turn, _ in first}
    if answered != set(range(1, acknowledged + 1)):
        yield f"{who}: {acknowledged} messages were acknowledged, turns {sorted(answered)} answered"


def _orders(db: sqlite3.Connection, evidence: Evidence) -> Iterator[str]:
    """The orders that stand are the ones that customers meant, each once, with what they wanted in it."""
    meant = {order.number: order.wanted for phone in evidence.phones for order in phone.orders}
    if len(meant) != sum(len(phone.orders) for phone in evidence.phones):
        yield "two customers were told the same order number"
    kept: dict[str, dict[str, int]] = {number: {} for (number,) in db.execute("SELECT number FROM orders")}
    for number, sku, quantity in db.execute("SELECT number, sku, quantity FROM order_lines"):
        kept[number][sku] = quantity
    for number in meant.keys() | kept.keys():
        if meant.get(number) != kept.get(number):
            yield f"order {number}: meant {meant.get(number)}, kept {kept.get(number)}"
    for cart, times in db.execute("SELECT cart, count(*) FROM orders GROUP BY cart HAVING count(*) > 1"):
        yield f"cart {cart} became {times} orders"


def _stock(db: sqlite3.Connection) -> Iterator[str]:
    sold = Counter[str]()
    for sku, quantity in db.execute("SELECT sku, quantity FROM order_lines JOIN orders USING (shop, number)"):
        sold[sku] += quantity
    on_hand = dict(db.execute("SELECT sku, on_hand FROM products WHERE shop = ?", (SHOP,)).fetchall())
    for product in PRODUCTS:
        left = on_hand.get(product.sku)
        if product.track_stock and left != product.stock - sold[product.sku]:
            yield f"{product.sku}: {product.stock} at the start, {sold[product.sku]} sold, {left} left"
