"""kill -9 at any moment under load: what was acknowledged is answered exactly once (what that rests on: checker.py).

A life of the server ends when the n-th thing has happened on the customers' phones (a reply came, a 200 came), or at
one of the stages of its start; n and the stage are seeded, what the server is doing at that moment is up to the
machine. Customers talk on through all lives. At the end everybody says "hi" once more, which is answered after all
that was still on its way; then the server stops, and phones, provider and file are compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.faults import Fault, Faults
from tests.torture.bakery import NUMBER
from tests.torture.checker import Evidence, faults
from tests.torture.order import Order
from tests.torture.phones import Phone
from tests.torture.shopkeeper import PATIENCE, Shopkeeper
from tests.torture.town import provider, webhook

SEED = 4_711
CUSTOMERS = 8
"""New customers per life. Each orders once: seven messages, at least fourteen things that happen."""
THINGS = CUSTOMERS * 14 - 12
STAGES = ("awake", "opening", "port")
WITHOUT_ANSWER = 2.0
"""Seconds that a twin waits for answers which, by its making, will never come."""


@dataclass
class Street:
    """The customers, and who waits for the n-th thing to happen to any of them."""

    fake: FakeMeta
    phones: list[Phone] = field(default_factory=list)
    happened: int = 0
    _alarm: tuple[int, trio.Event] = field(default_factory=lambda: (0, trio.Event()))

    def happens(self) -> None:
        self.happened += 1
        at, event = self._alarm
        if self.happened >= at:
            event.set()

    async def wait_for(self, things: int) -> None:
        """Return when so many more things have happened."""
        self._alarm = (self.happened + things, trio.Event())
        if things:
            await self._alarm[1].wait()

    def newcomer(self) -> Phone:
        phone = Phone(self.fake, str(254_711_000_000 + len(self.phones)), "Asha", self.happens)
        self.phones.append(phone)
        return phone


async def live_and_die(
    lives: int, folder: Path, *, seed: int = SEED, without: str = "", slow: float = 0.0, struck: Faults | None = None
) -> list[str]:
    """Kill the server ``lives`` times under load, let it end in peace, and judge."""
    draw = random.Random(seed)
    database = folder / "shop.db"
    async with provider(struck, seed) as (fake, url):
        street = Street(fake)
        keeper = Shopkeeper(Order(str(database), url, slow=slow, without=without), folder / "server.log")
        try:
            async with trio.open_nursery() as customers:
                for _ in range(lives):
                    for _ in range(CUSTOMERS):
                        customers.start_soon(street.newcomer().order, random.Random(draw.random()))
                    await one_life(keeper, street, draw)
                await keeper.start()
                fake.set_webhook(NUMBER.phone_number_id, webhook(await keeper.port()))
                customers.cancel_scope.deadline = trio.current_time() + (WITHOUT_ANSWER if without else PATIENCE)
            stuck = ["customers still waited for an answer"] * (customers.cancel_scope.cancelled_caught)
            stuck += ["customers waited for their last answer"] * (await last_words(street, without))
            code = await keeper.stop()
        finally:
            await keeper.aclose()
        found = stuck + faults(Evidence(street.phones, fake.sent(), database))
        return found if code == 0 else [*found, f"the graceful stop ended with {code}"]


async def one_life(keeper: Shopkeeper, street: Street, draw: random.Random) -> None:
    """From start to kill."""
    await keeper.start()
    stage = draw.choice(STAGES) if draw.random() < 0.2 else ""
    while (line := await keeper.line()).partition(" ")[0] not in (stage, "port"):
        pass
    if line.startswith("port "):
        street.fake.set_webhook(NUMBER.phone_number_id, webhook(int(line[5:])))
        await street.wait_for(0 if stage else draw.randrange(THINGS))
    await keeper.kill()


async def last_words(street: Street, without: str) -> bool:
    """Everybody says "hi" and is answered; a twin's lost customers are given up. Whether patience ran out."""
    with trio.move_on_after(WITHOUT_ANSWER if without else PATIENCE) as patience:
        async with trio.open_nursery() as customers:
            for phone in street.phones:
                customers.start_soon(_last_word, phone)
    return patience.cancelled_caught


async def _last_word(phone: Phone) -> None:
    await phone.ask("hi")
    await phone.all_acknowledged()


async def test_killed_at_any_moment_every_acknowledged_message_is_answered_once(tmp_path: Path) -> None:
    assert await live_and_die(3, tmp_path) == []


@pytest.mark.torture
async def test_killed_fifty_times_every_acknowledged_message_is_answered_once(tmp_path: Path) -> None:
    assert await live_and_die(50, tmp_path, seed=SEED + 1) == []


@pytest.mark.torture
async def test_killed_fifty_times_while_webhooks_come_twice(tmp_path: Path) -> None:
    twice = Faults(duplicate=Fault(rate=0.1))  # of every attempt, so it grows while nobody answers
    assert await live_and_die(50, tmp_path, seed=SEED + 2, struck=twice) == []


async def test_a_slow_disk_alone_is_no_reason_to_complain(tmp_path: Path) -> None:
    """The other half of the twin below: same disk, same kills, but 200 is said after the commit."""
    assert await live_and_die(2, tmp_path, slow=0.05) == []


async def test_the_checker_notices_an_answer_before_the_commit(tmp_path: Path) -> None:
    found = await live_and_die(2, tmp_path, slow=0.05, without="waiting")
    assert any("was acknowledged and is lost" in fault for fault in found), found


async def test_the_checker_notices_an_inbound_id_that_is_not_unique(tmp_path: Path) -> None:
    found = await live_and_die(1, tmp_path, without="uniqueness", struck=Faults(duplicate=Fault(rate=0.3)))
    assert any("turns taken" in fault for fault in found), found
