"""A file of the first shape, with what a shop had in it, is brought to the present one and loses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.address import DAY, Link
from engine.catalogue import Product
from engine.commit import Snapshot, Timer
from engine.errors import StoreFailed
from engine.facts import OwnCard, OwnOrders
from engine.messages import Text
from engine.orders import Customer, Order, OrderLine, OrderStatus, PaymentStatus
from storage.file import APPLICATION_ID, MIGRATIONS
from storage.sqlite import open_sqlite
from tests.storage.test_sqlite import dump
from tests.storage.things import PROGRAMME, booking
from tests.storage.values import ANN, BEN, DUPLICATE, NOW, SHOP, SOLD_OUT, FixedClock, Talk, line, move, order, out

ROWS = f"""
INSERT INTO inbound VALUES ('bakery', 'wamid.1', {NOW});
INSERT INTO snapshots VALUES ('bakery', 'ann', 1, CAST('{{"state":"greeting"}}' AS BLOB));
INSERT INTO links VALUES ('bakery', 'phone', '254700000001', 'ann');
INSERT INTO customers VALUES ('bakery', 'ann', 'Ann', '254700000001', '', '12 Moi Ave', 'sw', 0, 1);
INSERT INTO timers VALUES ('bakery', 'ann', 'session', {NOW + 5}, 1);
INSERT INTO catalogues VALUES ('bakery', 'first');
INSERT INTO products VALUES ('bakery', 'cake', 0, 'Cake', 65000, '', 6, '', '[]', '', '', 1, '', '', 1, 1);
INSERT INTO holds VALUES ('bakery', 'h1', 'ben', 'cake', 1, {NOW + DAY}, {NOW});
INSERT INTO allowed_moves VALUES ('pending', 'cancelled'), ('pending', 'confirmed');
INSERT INTO orders VALUES ('bakery', 'WA1', 'ann', 'c1', 130000, 'INR', 'pending', 'unpaid', 'delivery', 'WhatsApp',
    {NOW}, 'Ann', '2547', '12 Moi Ave', 'bell', '', 'Westlands', {NOW});
INSERT INTO order_lines VALUES ('bakery', 'WA1', 0, 'cake', 'Cake', 2, 65000, 1, 'no nuts');
INSERT INTO orders VALUES ('bakery', 'WA2', 'ann', 'c2', 65000, 'INR', 'pending', 'unpaid', 'delivery', 'WhatsApp',
    {NOW + 1}, '', '', '', '', '', '', {NOW + 1});
INSERT INTO order_lines VALUES ('bakery', 'WA2', 0, 'cake', 'Cake', 1, 65000, 1, '');
INSERT INTO order_moves (shop, number, frm, dest, who, at)
    VALUES ('bakery', 'WA2', 'pending', 'cancelled', 'customer', {NOW + 2});
INSERT INTO outbox (key, shop, customer, phone, user_id, message, purpose, created_at, state) VALUES
    ('bakery/ann:1:0', 'bakery', 'ann', '2547', '', '{{"type":"Text","body":"Karibu"}}', 'reply', {NOW}, 'queued'),
    ('bakery/ann:1:1', 'bakery', 'ann', '2547', '', '{{"type":"Text","body":"Sasa"}}', 'reply', {NOW}, 'sending');
INSERT INTO parked (shop, customer, dead, why, at, letter) VALUES ('bakery', 'ben', 1, 'crashed', {NOW}, x'7b7d');
INSERT INTO quarantined VALUES ('bakery', 'ben', 'crashed 5 times', {NOW});
"""
"""What a bakery may have had in a file of the first shape."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(MIGRATIONS[0].read_text("utf-8"))
        db.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; {ROWS}")
    return path


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def first_order() -> Order:
    """WA1 as it was written; what the first shape did not know is as engine.orders has it by default."""
    sold = OrderLine("cake", "Cake", 2, 65_000, True, "no nuts")
    placed = order("WA1", sold, cart="c1", name="Ann", phone="2547", address="12 Moi Ave", instructions="bell")
    return replace(placed, store="Westlands")


async def test_everything_of_before_can_be_read(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        assert await store.wake(ANN) == Snapshot(1, b'{"state":"greeting"}')
        assert await store.customers_for(SHOP, [Link("phone", "254700000001")]) == ["ann"]
        card = Customer("ann", SHOP, "Ann", "254700000001", "", "12 Moi Ave", "sw", marketing=False)
        known = await store.know(ANN, (OwnCard(), OwnOrders()), NOW)
        assert (known.customer, [one.number for one in known.orders]) == (card, ["WA2", "WA1"])
        assert await store.order(SHOP, "WA1") == first_order()
        assert await store.customers(SHOP, 9) == [card]
        assert await store.products(SHOP) == [Product("cake", "Cake", 65_000, stock=4)]
        assert await store.due(NOW + 5, 9) == [Timer(ANN, "session", NOW + 5, 1)]
        assert [one.message for one in (await store.waiting(0, 9))[1]] == [Text("Karibu")]
        assert [one.message for one, _ in await store.unknown(9)] == [Text("Sasa")]
        assert [(one.address, one.letter) for one in await store.parked(None, True, 9)] == [(BEN, b"{}")]
        assert await store.quarantined() == {BEN: "crashed 5 times"}
        assert await store.order_history(SHOP, "WA2") == [
            ("", "pending", "WhatsApp", NOW + 1),
            ("", "unpaid", "WhatsApp", NOW + 1),
            ("pending", "cancelled", "customer", NOW + 2),
        ]


async def test_a_shop_goes_on_where_it_was(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        ann = Talk(store, ANN, 1)
        assert await ann.commit(inbound_id="wamid.1") == DUPLICATE
        assert await ann.left() == {"cake": 3}, "four on the shelf, one of them held for Ben"
        assert await ann.commit(orders=(order("WA3", line("cake", 4)),)) == SOLD_OUT
        assert await ann.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),)) is None
        assert await ann.left() == {"cake": 5}, "what was taken then comes back now"
        assert await ann.commit(takes=("WA1",)) is not None
        assert await store.import_catalogue(SHOP, "first", ()) is False
        assert await store.import_events(SHOP, "first", PROGRAMME) is True
        assert await ann.commit(bookings=(booking("B1"),), outbox=(out("3:0"),)) is None
        assert [one.payment for one in await store.orders(SHOP, 9)] == [PaymentStatus.UNPAID] * 2


async def test_a_file_is_migrated_once(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock):
        pass
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    before = dump(path)
    async with open_sqlite(path, clock):
        assert dump(path) == before


async def test_payments_of_before_refunds_are_all_there(tmp_path: Path, clock: FixedClock) -> None:
    """Their table is made anew, since its states grew; its rules hold on."""
    before = [one for one in MIGRATIONS if one.name < "0012"]
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for migration in before:
            db.executescript(migration.read_text("utf-8"))
        for state in ("applied", "refunded"):
            row = ("bakery", f"fake:{state}", "fake", 65_000, "INR", NOW, "i1", "WA1", "ann", "QK1", "2547", "R", state)
            db.execute(f"INSERT INTO payments VALUES (NULL, {','.join('?' * 13)}, 'why', 'who')", row)
        db.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {len(before)};")
    async with open_sqlite(path, clock) as store:
        found = {one.id: one for one in await store.payments(SHOP, (), 9)}
        known = ("WA1", "ann", "QK1", "2547", "R")
        for state, sent in (("applied", 0), ("refunded", 65_000)):
            one = found[f"fake:{state}"]
            assert (one.order, one.customer, one.transaction, one.payer, one.reference) == known
            assert (one.state.value, one.why, one.by, one.refunded, one.refunding) == (state, "why", "who", sent, 0)
    with closing(sqlite3.connect(path)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="no such move"):
            db.execute("UPDATE payments SET state = 'credited' WHERE state = 'refunded'")
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            db.execute("UPDATE payments SET id = 'fake:applied'")


async def test_invoices_that_went_out_before_are_known_as_sent(tmp_path: Path, clock: FixedClock) -> None:
    before = [one for one in MIGRATIONS if one.name < "0018"]
    path = tmp_path / "shop.db"
    bill = '{"type":"Document","filename":"i.pdf","link":"","path":"","caption":"","paper":"%s","content":""}'
    messages = {"bakery/ann:1:0": bill % "invoice:WA1", "bakery/ann:1:1": bill % "receipt:WA1"}
    messages["bakery/ann:1:2"] = '{"type":"Text","body":"invoice:WA1"}'
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for migration in before:
            db.executescript(migration.read_text("utf-8"))
        for key, message in messages.items():
            row = (key, "bakery", "ann", "2547", "", message, "reply", NOW, "sent")
            columns = "key, shop, customer, phone, user_id, message, purpose, created_at, state"
            db.execute(f"INSERT INTO outbox ({columns}) VALUES ({','.join('?' * 9)})", row)
        db.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {len(before)};")
    async with open_sqlite(path, clock) as store:
        known = [(one.key, one.state.value) for one in await store.paper_sent(SHOP, "invoice:WA1", 9)]
        assert known == [("bakery/ann:1:0", "sent")]
        assert await store.paper_sent(SHOP, "receipt:WA1", 9) == []


async def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path, clock: FixedClock) -> None:
    """As when somebody made a table of that name by hand: the next start finds the shape it knows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE payments (mine)")
    with pytest.raises(StoreFailed, match="payments"):
        async with open_sqlite(path, clock):
            pass
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        ((version,),) = db.execute("PRAGMA user_version").fetchall()
        assert "intents" not in {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        assert MIGRATIONS[version].name == "0004_money.sql"
        db.execute("DROP TABLE payments")
    async with open_sqlite(path, clock) as store:
        assert await store.order(SHOP, "WA1") == first_order()
