"""When the disk is full, the queue is full, or the store's own knowledge is wrong: who hears what, and what stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from engine.address import Address
from engine.commit import Snapshot
from engine.errors import StoreBusy, StoreError, StoreFailed
from engine.messages import Outcome, OutcomeClass, StatusRank
from engine.orders import OrderStatus
from engine.ports import Store
from storage.sqlite import SqliteStore, open_sqlite
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    NOW,
    SHOP,
    SOLD_OUT,
    FixedClock,
    Talk,
    hold,
    key,
    line,
    move,
    order,
    out,
    plain,
    status,
    together,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


# -- when the disk refuses -------------------------------------------------------------------------------------------


@asynccontextmanager
async def nearly_full(path: Path, clock: FixedClock) -> AsyncIterator[SqliteStore]:
    """A store whose file may grow by a few pages only: SQLite answers SQLITE_FULL, as on a full disk."""
    async with open_sqlite(path, clock) as store:
        db = store._connections.writer
        ((pages,),) = await store._bridge.call(db.execute_fetchall("PRAGMA page_count"))
        await store._bridge.call(db.execute_fetchall(f"PRAGMA max_page_count = {pages + 20}"))
        yield store


async def test_a_full_disk_fails_the_store_and_loses_nothing_acknowledged(path: Path, clock: FixedClock) -> None:
    acknowledged: list[Address] = []
    refused: list[Address] = []

    async def customer(talk: Talk) -> None:
        try:
            assert await talk.commit(snapshot=b"x" * 3_000) is None
            acknowledged.append(talk.address)
        except StoreFailed:
            refused.append(talk.address)

    async with nearly_full(path, clock) as store:
        for wave in range(20):
            async with trio.open_nursery() as nursery:
                for n in range(3):
                    nursery.start_soon(customer, Talk(store, Address(SHOP, f"c{wave}.{n}")))
        with pytest.raises(StoreFailed, match="full"):
            await store.check()
        with pytest.raises(StoreFailed, match="full"):
            await store.wake(ANN)
    assert acknowledged
    assert refused
    async with open_sqlite(path, clock) as store:
        for address in acknowledged:
            assert await store.wake(address) == Snapshot(1, b"x" * 3_000)
        for address in refused:
            assert await store.wake(address) is None
        assert await Talk(store).commit() is None


async def test_everything_that_waits_hears_of_the_failure(path: Path, clock: FixedClock) -> None:
    failed = 0

    async def customer(talk: Talk) -> None:
        nonlocal failed
        with pytest.raises(StoreFailed):
            await talk.commit(snapshot=b"x" * 200_000)
        failed += 1

    async with nearly_full(path, clock) as store, trio.open_nursery() as nursery:
        for n in range(50):
            nursery.start_soon(customer, Talk(store, Address(SHOP, f"c{n}")))
    assert failed == 50


# -- the queue -------------------------------------------------------------------------------------------------------


async def test_a_full_queue_is_busy_and_writes_nothing(path: Path, clock: FixedClock) -> None:
    ends: dict[str, object] = {}

    async def customer(talk: Talk) -> None:
        try:
            ends[talk.address.customer] = await talk.commit()
        except StoreBusy as busy:
            ends[talk.address.customer] = busy

    async with open_sqlite(path, clock, queue=10) as store:
        async with trio.open_nursery() as nursery:
            for n in range(30):
                nursery.start_soon(customer, Talk(store, Address(SHOP, f"c{n}")))
        busy = {name for name, end in ends.items() if end is not None}
        assert len(busy) == 20, "ten wait for the batch that begins"
        assert {name for name in ends if await store.wake(Address(SHOP, name)) is None} == busy
        assert await Talk(store).commit() is None


async def test_a_cancelled_caller_neither_loses_nor_corrupts(path: Path, clock: FixedClock) -> None:
    async def customer(talk: Talk, impatient: bool) -> None:
        with trio.CancelScope() as scope:
            if impatient:
                scope.cancel()
            await talk.commit()

    async with open_sqlite(path, clock) as store:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(60)]
        async with trio.open_nursery() as nursery:
            for n, talk in enumerate(talks):
                nursery.start_soon(customer, talk, n % 2 == 1)
        await store.check()
        for n, talk in enumerate(talks):
            snapshot = await store.wake(talk.address)
            assert snapshot == Snapshot(1, b'{"state":"greeting"}') or n % 2


@pytest.mark.parametrize("batch", [1, 3, 512])
async def test_batches_of_any_size_end_alike(path: Path, clock: FixedClock, batch: int) -> None:
    async with open_sqlite(path, clock, batch=batch) as store:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(60)]
        ends = await together(
            *(partial(talk.commit, orders=(order(f"W{n}", customer=f"c{n}"),)) for n, talk in enumerate(talks))
        )
        assert (ends.count(None), ends.count(SOLD_OUT)) == (6, 54)


# -- what no column can take, and what travels together --------------------------------------------------------------


async def test_a_unit_that_no_column_can_take_fails_alone(path: Path, clock: FixedClock) -> None:
    """A number beyond 64 bits and a repeated outbox key are bugs of the caller: theirs alone to hear of."""
    async with open_sqlite(path, clock) as store:
        await Talk(store, BEN).commit(outbox=(out("1:0", BEN),))
        errors: list[StoreError] = []

        async def wrong(talk: Talk, **parts: object) -> None:
            with pytest.raises(StoreError) as caught:
                await talk.commit(**parts)
            errors.append(caught.value)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                partial(wrong, Talk(store, Address(SHOP, "big")), orders=(plain("W1", placed_at=1 << 70),))
            )
            nursery.start_soon(partial(wrong, Talk(store, Address(SHOP, "again")), outbox=(out("1:0", BEN),)))
            for n in range(40):
                nursery.start_soon(Talk(store, Address(SHOP, f"c{n}")).commit)
        assert [type(error) for error in errors] == [StoreError, StoreError]
        assert await store.wake(Address(SHOP, "big")) is None
        assert await store.wake(Address(SHOP, "c39")) is not None


async def test_statuses_of_every_kind_travel_with_turns(path: Path, clock: FixedClock) -> None:
    async with open_sqlite(path, clock) as store:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(20)]
        await together(*(partial(talk.commit, outbox=(out("1:0", talk.address),)) for talk in talks))
        keys = [key("1:0", talk.address) for talk in talks]
        await together(*(partial(store.claim, [name], NOW) for name in keys))
        await send_all(store, keys, talks)
        rows = [await store.outbox_row(name) for name in keys]
        assert [(row.state, row.rank) for row in rows if row] == [("sent", 2)] * 10 + [("unknown", 0)] * 10


async def send_all(store: Store, keys: list[str], talks: list[Talk]) -> None:
    delivered = [status(StatusRank.DELIVERED, f"w{n}", key=name) for n, name in enumerate(keys[:10])]
    lost = [(name, Outcome(OutcomeClass.UNKNOWN)) for name in keys[10:]]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.statuses, delivered)
        nursery.start_soon(store.settle, lost, NOW)
        for talk in talks:
            nursery.start_soon(talk.commit)


async def test_the_stock_cache_is_what_the_file_says(path: Path, clock: FixedClock) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_sqlite(path, clock))
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        ann, ben = Talk(store, ANN), Talk(store, BEN)
        await ann.commit(orders=(order("WA1", line("cake", 2), line("tea")),), holds=(hold("h1", 1),))
        await ben.commit(holds=(hold("h2", 1), hold("h3", 1, "tea")))
        await ben.commit(releases=("h2",), moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),))
        before = [await ann.left(), await ben.left()]
        await stack.aclose()
        async with open_sqlite(path, clock) as again:
            assert [await Talk(again, ANN).left(), await Talk(again, BEN).left()] == before
