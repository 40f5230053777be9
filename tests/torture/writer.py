"""A process that commits turns through the real store and says so: ``python -m tests.torture.writer``.

    FILE  SAID  FULL|NORMAL  TURNS

Each acknowledgement is one write to the file SAID, in the order in which the commits returned. Checkpoints come early
and often (CHECKPOINT), because they are when SQLite moves pages under the reader's feet.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, cast

import trio

from engine.address import Address, Link
from engine.catalogue import Product
from engine.commit import Commit, Timer
from engine.messages import Outgoing, Purpose, Text
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus
from storage import file
from storage.sqlite import SqliteStore, open_sqlite

CUSTOMERS = 6
CHECKPOINT = 150
ORDER_EVERY = 3
NOON = 1_790_000_000_000
STOCK = 1_000_000


class Noon:
    """It is always noon."""

    def now(self) -> int:
        return NOON


def turn(customer: int, number: int) -> Commit:
    """The ``number``-th turn of a customer, counted from 1; its inbound id is what gets acknowledged."""
    address = Address("bakery", f"c{customer}")
    name = f"{customer}.{number}"
    reply = Outgoing(f"{address}:{number}:0", address, "254700000001", "", Text("x" * 200), Purpose.REPLY, NOON)
    return Commit(
        address=address,
        version=number,
        snapshot=os.urandom(64).hex().encode() * 3,
        at=NOON,
        inbound_id=name,
        links=(Link("phone", f"25470000000{customer}"),) if number == 1 else (),
        orders=(_order(address, name),) if number % ORDER_EVERY == 0 else (),
        outbox=(reply,),
        timers=(Timer(address, "session", NOON + number, number),),
    )


def _order(address: Address, name: str) -> Order:
    line = OrderLine("cookie", "Cookie", 1, 5_000, tracked=True)
    return Order(
        number=f"WA{name}",
        shop=address.shop,
        customer=address.customer,
        cart=name,
        lines=(line,),
        total=line.total,
        currency="INR",
        status=OrderStatus.PENDING,
        payment=PaymentStatus.UNPAID,
        kind="delivery",
        source="WhatsApp",
        placed_at=NOON,
    )


async def write(path: Path, said: int, synchronous: Literal["FULL", "NORMAL"], turns: int) -> None:
    """Commit ``turns`` turns, several customers at once, acknowledging each when its commit has returned."""
    file.CHECKPOINT_PAGES = CHECKPOINT

    async def talk(store: SqliteStore, customer: int) -> None:
        for number in range(1, turns // CUSTOMERS + 1):
            commit = turn(customer, number)
            refused = await store.commit(commit)
            if refused is not None:
                raise AssertionError(f"a turn of nobody's rival was refused: {refused}")
            os.write(said, f"{commit.inbound_id}\n".encode())
            keys = [row.key for row in commit.outbox]
            await store.claim(keys, NOON)

    async with open_sqlite(path, Noon(), synchronous=synchronous) as store:
        await store.import_catalogue("bakery", "1", [Product("cookie", "Cookie", 5_000, stock=STOCK)])
        async with trio.open_nursery() as nursery:
            for customer in range(CUSTOMERS):
                nursery.start_soon(talk, store, customer)


def main() -> None:
    path, said, synchronous, turns = sys.argv[1:]
    acknowledgements = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    trio.run(write, Path(path), acknowledgements, cast('Literal["FULL", "NORMAL"]', synchronous), int(turns))


if __name__ == "__main__":
    main()
