"""A disk with no room left: 503 until there is room again, and nothing that was acknowledged is lost.

The serving process may suddenly write no byte beyond what its files have (RLIMIT_FSIZE, set from outside); where the
tests are root there is a real, small file system too.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from adapters.phones.fake_meta import FakeMeta
from tests.torture.bakery import NUMBER
from tests.torture.checker import Evidence, faults
from tests.torture.order import Order
from tests.torture.phones import Phone
from tests.torture.shopkeeper import PATIENCE, Shopkeeper
from tests.torture.town import Courier, body_of, provider, text_from, webhook

CUSTOMERS = 6
SMALL = 8_000
"""KiB of the small file system: room for the log of a few hundred turns."""


@dataclass
class Shop:
    """A serving process whose disk can be filled, and its customers."""

    fake: FakeMeta
    keeper: Shopkeeper
    database: Path
    courier: Courier
    phones: list[Phone]

    def newcomers(self) -> list[Phone]:
        fresh = [Phone(self.fake, str(254_744_000_000 + len(self.phones) + n)) for n in range(CUSTOMERS)]
        self.phones += fresh
        return fresh

    async def is_refused(self, number: int) -> None:
        """A stranger's webhook is answered 503: Meta keeps it."""
        raw = body_of(text_from("254755000001", f"wamid.refused.{number}", "hi"))
        assert await self.courier.post(raw) == 503


@asynccontextmanager
async def serving(folder: Path, database: Path) -> AsyncIterator[Shop]:
    async with provider() as (fake, url):
        keeper = Shopkeeper(Order(str(database), url), folder / "server.log")
        try:
            await keeper.start()
            address = webhook(await keeper.port())
            fake.set_webhook(NUMBER.phone_number_id, address)
            with trio.fail_after(2 * PATIENCE):
                yield Shop(fake, keeper, database, Courier(address), [])
        finally:
            await keeper.aclose()


async def through_an_outage(shop: Shop, fill: Callable[[], None], free: Callable[[], None]) -> None:
    """Orders before, an outage in the midst of others, and the same ones come to their end when there is room."""
    async with trio.open_nursery() as before:
        for number, phone in enumerate(shop.newcomers()):
            before.start_soon(phone.order, random.Random(number))
    async with trio.open_nursery() as during:
        for number, phone in enumerate(shop.newcomers()):
            during.start_soon(phone.order, random.Random(number))
        await shop.phones[-1].until(lambda: shop.phones[-1].turn >= 2)
        fill()
        await shop.is_refused(1)
        await shop.is_refused(2)
        free()
    for phone in shop.phones:
        await phone.ask("hi")
        await phone.all_acknowledged()
    assert await shop.keeper.stop() == 0
    assert faults(Evidence(shop.phones, shop.fake.sent(), shop.database)) == []
    log = shop.keeper.log()
    assert '"event":"store_failed"' in log
    assert "process_crashed" not in log


async def test_a_disk_that_takes_no_more_is_answered_503_until_it_does(tmp_path: Path) -> None:
    """The store fails, deliveries are answered 503 and come again, the engine starts anew from disk until it can; and
    every message, also those of the outage, is answered exactly once."""
    database = tmp_path / "shop.db"

    def limit(size: int) -> None:
        resource.prlimit(shop.keeper.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async with serving(tmp_path, database) as shop:
        await through_an_outage(shop, lambda: limit(1), lambda: limit(resource.RLIM_INFINITY))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of SMALL KiB in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system; the limit on file sizes was tested in its place")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_file_system_without_room_is_answered_503_until_there_is_some(tmp_path: Path, small_disk: Path) -> None:
    """The same with a real one: another file takes all that is left, and is deleted again."""
    ballast = small_disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4_096)):
                    pass
            except OSError:
                pass

    async with serving(tmp_path, small_disk / "shop.db") as shop:
        await through_an_outage(shop, fill, ballast.unlink)
