"""A process that does nothing but deal with a CRM over one SQLite file: what test_crm_kill.py kills.

    python -m tests.torture.back_office FILE FAKE_URL CUSTOMER_ID ORDERS

It places the orders that are not there yet, cancels every fourth, tells all, and says "done" when nothing waits.
"""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from adapters.app.compose import WallClock, connections
from adapters.crm.zoho import ZohoSettings, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine import trouble
from engine.address import MINUTE, Address
from engine.catalogue import Product
from engine.commit import Commit
from engine.crm import CrmSync
from engine.crm_desk import Served
from engine.orders import OrderMove, OrderStatus
from engine.ports import Store
from storage.sqlite import open_sqlite
from tests.storage.values import SHOP, line, order

CLIENT = ("1000.CLIENT", "a-secret", "1000.refresh.token")
STOCK = 100_000


def is_cancelled(n: int) -> bool:
    """Whether this order is called off as soon as the next one is placed."""
    return n % 4 == 1


async def place(store: Store, sync: CrmSync, orders: int) -> None:
    """What is not there yet; a commit that was made before a death is refused as a duplicate."""
    for n in range(orders):
        sold = order(f"WA{n}", line("cake", 1), customer=f"c{n}")
        placed = Commit(Address(SHOP, f"c{n}"), 1, b"{}", 1, inbound_id=f"in{n}", orders=(sold,), synced=(f"WA{n}",))
        await commit(store, sync, placed)
        if n and is_cancelled(n - 1):
            off = OrderMove(f"WA{n - 1}", (OrderStatus.PENDING,), OrderStatus.CANCELLED, "owner")
            await commit(store, sync, Commit(Address(SHOP, f"x{n}"), 1, b"{}", 1, inbound_id=f"off{n}", moves=(off,)))


async def commit(store: Store, sync: CrmSync, wish: Commit) -> None:
    await store.commit(wish)
    sync.offer(wish)


async def main(file: str, url: str, customer: str, orders: int) -> None:
    trouble.FIRST_SECONDS = 0.05
    settings = ZohoSettings(
        client_id=CLIENT[0],
        client_secret=Secret(CLIENT[1]),
        refresh_token=Secret(CLIENT[2]),
        organization_id="10",
        customer_id=customer,
        accounts_url=url,
    )
    clock = WallClock()
    async with open_sqlite(Path(file), clock) as store, trio.open_nursery() as nursery:
        await store.import_catalogue(SHOP, "1", [Product("cake", "Cake", 65_000, stock=STOCK)])
        sync = CrmSync(store, [Served(build(Site(SHOP), settings), 10 * MINUTE)], connections(), clock)
        await nursery.start(sync.run)
        print("ready", flush=True)
        await place(store, sync, orders)
        waiting = True
        while waiting:
            asked = sync.ask(SHOP)
            assert asked is not None
            await asked.wait()
            waiting = bool(await store.unsynced(SHOP, 1))
        (cake,) = await store.products(SHOP)
        print(f"done {cake.stock}", flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
