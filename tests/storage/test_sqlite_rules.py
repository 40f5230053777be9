"""The SQLite file decides by itself, whatever the store thinks it knows: keys, checks and triggers, and their twins."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

import pytest

from engine.address import Address
from engine.errors import StoreError
from engine.identity import Merge
from engine.invoices import CreditOf, IssueOf
from engine.orders import OrderStatus
from storage.sqlite import open_sqlite
from tests.storage.test_sqlite import dump, sql
from tests.storage.things import PROGRAMME, booking
from tests.storage.values import (
    BEN,
    CATALOGUE,
    NOW,
    SHOP,
    SOLD_OUT,
    FixedClock,
    Talk,
    hold,
    move,
    order,
    out,
    plain,
    together,
)

LINE = "(shop, number, position, sku, name, quantity, unit_price, tracked, note)"
MOVE = "(shop, number, frm, dest, who, at)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


async def test_the_triggers_refuse_what_the_stock_cache_overlooked(path: Path, clock: FixedClock) -> None:
    """The cache is made to believe in a thousand cakes; a batch of buyers still gets six, and nobody else suffers."""
    async with open_sqlite(path, clock) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        store._stock.count(SHOP, "cake", 1_000)
        store._stock.count = lambda *_: None  # type: ignore[method-assign]
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(30)]
        ends = await together(
            *(partial(talk.commit, orders=(order(f"W{n}", customer=f"c{n}"),)) for n, talk in enumerate(talks)),
            *(partial(Talk(store, Address(SHOP, f"t{n}")).commit, outbox=()) for n in range(30)),
            partial(Talk(store, BEN).commit, holds=(hold("h1", 7),)),
        )
        assert (ends.count(None), ends.count(SOLD_OUT)) == (36, 25)
        assert (await store.products(SHOP))[0].stock == 0


@pytest.mark.parametrize(("protected", "held"), [(True, 3), (False, 20)])
async def test_it_is_the_trigger_that_keeps_holds_within_the_stock(
    path: Path, clock: FixedClock, protected: bool, held: int
) -> None:
    """Twin: with the trigger dropped and the cache misled, everybody holds what is not there."""
    async with open_sqlite(path, clock) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
    if not protected:
        sql(path, "DROP TRIGGER hold_needs_stock")
    async with open_sqlite(path, clock) as store:
        store._stock.count(SHOP, "cake", 1_000)
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(20)]
        ends = await together(*(partial(talk.commit, holds=(hold(f"h{n}", 2),)) for n, talk in enumerate(talks)))
        assert ends.count(None) == held


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO snapshots VALUES ('bakery', 'new', 2, x'00', 0)",
        "UPDATE snapshots SET version = version + 2",
        "INSERT INTO snapshots VALUES ('bakery', 'gone', 1, x'00', 0)",
        "UPDATE bookings SET customer = 'ben'",
        "UPDATE bookings SET seats = 2",
        "INSERT INTO inbound VALUES ('bakery', 'bakery/ann.1', 0)",
        "UPDATE products SET on_hand = -1 WHERE sku = 'cake'",
        "INSERT INTO holds VALUES ('bakery', 'h9', 'ben', 'cake', 6, 1 << 60, 0)",
        f"INSERT INTO order_lines {LINE} VALUES ('bakery', 'WA1', 9, 'cake', '', 6, 1, 1, '')",
        "UPDATE orders SET status = 'completed'",
        f"INSERT INTO order_moves {MOVE} VALUES ('bakery', 'WA1', 'confirmed', 'cancelled', '', 0)",
        f"INSERT INTO order_moves {MOVE} VALUES ('bakery', 'WA1', 'pending', 'completed', '', 0)",
        "INSERT INTO orders (shop, number, customer, cart, total, currency, status, payment, kind, source, placed_at,"
        " name, phone, address, instructions, cashier, store, taken_at) SELECT shop, 'WA2', customer, cart, total,"
        " currency, status, payment, kind, source, placed_at, name, phone, address, instructions, cashier, store,"
        " taken_at FROM orders WHERE number = 'WA1'",
        f"INSERT INTO order_lines {LINE} VALUES ('bakery', 'nowhere', 0, 'custom', '', 1, 1, 0, '')",
        "INSERT INTO outbox (key, shop, customer, phone, user_id, message, purpose, created_at)"
        " SELECT key, '', '', '', '', '', '', 0 FROM outbox",
        "UPDATE outbox SET state = 'lost'",
        "UPDATE outbox SET state = 'unknown'",
    ],
)
async def test_the_file_itself_refuses_what_must_not_be(path: Path, clock: FixedClock, statement: str) -> None:
    async with open_sqlite(path, clock) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        await store.import_events(SHOP, "first", PROGRAMME)
        await Talk(store).commit(orders=(order("WA1"),), outbox=(out("1:0"),), bookings=(booking("B1"),))
        await store.merge(Merge(SHOP, "ann", "gone", 2, 0, b"", NOW))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)


async def test_every_move_of_an_order_is_kept_with_its_date_and_who(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        talk = Talk(store)
        await talk.commit(orders=(plain("WA1"),))
        await talk.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CONFIRMED),), at=NOW + 5)
        assert dump(path)["order_moves"] == [(1, SHOP, "WA1", "pending", "confirmed", "owner", NOW + 5, "order")]


@pytest.mark.parametrize("protected", [True, False])
async def test_it_is_the_trigger_that_credits_no_more_than_was_invoiced(
    path: Path, clock: FixedClock, protected: bool
) -> None:
    """Twin: with the trigger dropped an invoice is credited twice over."""
    async with open_sqlite(path, clock) as store:
        await Talk(store).commit(orders=(plain("WA1"),), invoices=(IssueOf("WA1", 2025, NOW),))
    if not protected:
        sql(path, "DROP TRIGGER credit_notes_are_covered")
    async with open_sqlite(path, clock) as store:
        talk = Talk(store, version=1, letters=1)
        total = (await store.orders(SHOP, 1))[0].total
        assert await talk.commit(credits=(CreditOf("WA1", 2025, total),)) is None
        with pytest.raises(StoreError, match="no more can be credited") if protected else nullcontext():
            await talk.commit(credits=(CreditOf("WA1", 2025, 1),))
        assert len(await store.credit_notes(SHOP, 9)) == 2 - protected
