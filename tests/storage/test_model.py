"""Any sequence of calls ends alike in memory and on disk: the readable model and the statements say the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.address import DAY, Address
from engine.catalogue import Product
from engine.commit import Commit, Timer
from engine.facts import AnyNeed, Availability, OrderNumbered, OwnOrders
from engine.messages import Outcome, OutcomeClass, Status, StatusRank
from engine.orders import Hold, OrderMove, OrderStatus
from engine.ports import Store
from storage.memory import MemoryStore
from storage.sqlite import open_sqlite
from tests.storage.values import NOW, SHOP, FixedClock, letter, line, order, out

PEOPLE = [Address(SHOP, name) for name in ("ann", "ben", "cem")]
ASK: list[AnyNeed] = [Availability(), OwnOrders(3), OrderNumbered("W1")]
CATALOGUES = {
    "first": (Product("cake", "Cake", 650, stock=5), Product("tea", "Tea", 9, stock=2)),
    "second": (Product("tea", "Tea", 10, stock=99, track_stock=False), Product("bun", "Bun", 5, stock=1)),
}

people = st.sampled_from(PEOPLE)
moments = st.integers(NOW, NOW + 6)
skus = st.sampled_from(["cake", "tea", "bun"])
numbers = st.sampled_from(["W1", "W2", "W3", "W4"])
outbox_keys = st.sampled_from([f"{address}:{n}:0" for address in PEOPLE for n in range(1, 4)])
statuses = st.sampled_from(OrderStatus)
lines = st.builds(line, skus, st.integers(1, 3), tracked=st.booleans())
orders = st.builds(
    lambda number, cart, of, placed, who: order(number, *of, cart=cart, placed_at=placed, customer=who.customer),
    numbers,
    st.sampled_from(["c1", "c2", "c3", ""]),
    st.lists(lines, min_size=1, max_size=3),
    moments,
    people,
)
moves = st.builds(
    OrderMove,
    numbers,
    st.lists(statuses, min_size=1, max_size=3).map(tuple),
    statuses,
    st.just("owner"),
    st.sampled_from(["", "ann"]),
)
holds = st.builds(Hold, st.sampled_from(["h1", "h2", "h3"]), skus, st.integers(1, 3), moments)
events = st.builds(
    lambda key, named, rank, at: Status(SHOP, f"wamid.{key}", rank, at, key if named else "", 131, "refused"),
    outbox_keys,
    st.booleans(),
    st.sampled_from(StatusRank),
    moments,
)
outcomes = st.builds(
    lambda key, kind, named: (key, Outcome(kind, f"wamid.{key}" if named else "", 7, "why")),
    outbox_keys,
    st.sampled_from(OutcomeClass),
    st.booleans(),
)

Call = tuple[str, tuple[Any, ...]]
calls = st.one_of(
    st.tuples(
        st.just("turn"),
        st.tuples(
            people,
            st.sampled_from([1, 1, 1, 1, 2]),
            st.sampled_from(["", *(f"w{n}" for n in range(8))]),
            moments,
            st.lists(orders, max_size=2),
            st.lists(moves, max_size=2),
            st.lists(holds, max_size=2),
            st.lists(st.sampled_from(["h1", "h2", "h3"]), max_size=2),
            st.sampled_from([0, 0, 0, 1, 2]),
        ),
    ),
    st.tuples(
        st.just("import_catalogue"),
        st.builds(
            lambda name, always: (SHOP, name, CATALOGUES[name], always),
            st.sampled_from(list(CATALOGUES)),
            st.booleans(),
        ),
    ),
    st.tuples(st.just("claim"), st.tuples(st.lists(outbox_keys, max_size=4), moments)),
    st.tuples(st.just("requeue"), st.tuples(st.lists(outbox_keys, max_size=4), moments)),
    st.tuples(st.just("settle"), st.tuples(st.lists(outcomes, max_size=4), moments)),
    st.tuples(st.just("statuses"), st.tuples(st.lists(events, max_size=4))),
    st.tuples(
        st.just("park"),
        st.tuples(
            st.builds(letter, st.sampled_from([f"w{n}" for n in range(8)]), people, st.sampled_from([0, 0, 1])),
            st.booleans(),
            st.just("why"),
            moments,
        ),
    ),
    st.tuples(st.just("sweep"), st.tuples(st.one_of(moments, moments.map(lambda at: at + 8 * DAY)))),
)


class Driver:
    """Puts calls to a store, with versions and outbox keys as an actor would count them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.versions = dict.fromkeys(PEOPLE, 0)

    async def call(self, call: Call) -> object:
        name, arguments = call
        answer: Callable[..., Awaitable[object]] = self.turn if name == "turn" else getattr(self.store, name)
        return await answer(*arguments)

    async def turn(self, who: Address, step: int, inbound: str, at: int, *parts: Any) -> object:
        placed, moved, held, released, parked = parts
        version = self.versions[who] + step
        commit = Commit(
            address=who,
            version=version,
            snapshot=f"{who}{version}".encode(),
            at=at,
            inbound_id="" if parked else inbound,
            parked_id=parked,
            orders=tuple(placed),
            moves=tuple(moved),
            holds=tuple(held),
            releases=tuple(released),
            outbox=(out(f"{version}:0", who),),
            timers=(Timer(who, "session", at + 5, version),),
        )
        conflict = await self.store.commit(commit)
        if conflict is None:
            self.versions[who] = version
        return conflict

    async def everything(self) -> list[object]:
        store = self.store
        found: list[object] = [await store.products(SHOP), await store.orders(SHOP, 99), await store.unknown(99)]
        found += [(await store.waiting(0, 99))[1], await store.due(NOW + 99, 99), await store.next_due()]
        found += [await store.parked(None, dead, 99) for dead in (True, False)]
        for who in PEOPLE:
            found += [await store.wake(who)]
            found += [await store.know(who, ASK, NOW + n) for n in (0, 3)]
            found += [await store.outbox_row(f"{who}:{n}:0") for n in range(1, 4)]
        return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(calls, min_size=1, max_size=25))
def test_any_sequence_of_calls_ends_alike_in_memory_and_on_disk(sequence: list[Call]) -> None:
    trio.run(compare, [("import_catalogue", (SHOP, "first", CATALOGUES["first"])), *sequence])


async def compare(sequence: list[Call]) -> None:
    clock, folder = FixedClock(), tempfile.mkdtemp(prefix="sokoni-test-")
    try:
        async with open_sqlite(Path(folder) / "shop.db", clock, synchronous="NORMAL") as store:
            disk, memory = Driver(store), Driver(MemoryStore(clock))
            for call in sequence:
                assert await disk.call(call) == await memory.call(call)
            assert await disk.everything() == await memory.everything()
    finally:
        shutil.rmtree(folder)
