"""A poison letter: an arrow that crashes on what one customer said (the bug is put in by the test)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import trio

from engine import conversation
from engine.conversation import Conversation
from engine.errors import FlowError
from engine.events import Inbound, TextSaid
from engine.facts import Facts
from engine.shop import Shop
from engine.turn import Turn
from tests.torture.town import Town, town

healthy = conversation.advance


def poisoned(c: Conversation, inbound: Inbound, shop: Shop, facts: Facts) -> Turn:
    """``advance`` with a bug: it can't stand the word "poison"."""
    if isinstance(inbound.event, TextSaid) and "poison" in inbound.event.text:
        raise FlowError("an arrow crashed")
    return healthy(c, inbound, shop, facts)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The bug, until the fixture's ``undo`` mends it."""
    monkeypatch.setattr(conversation, "advance", poisoned)
    return monkeypatch


async def test_a_poison_letter_is_put_aside_after_two_crashes_and_taken_after_the_mend(
    tmp_path: Path, bug: pytest.MonkeyPatch
) -> None:
    """It is answered 200 and kept as a dead letter; the customer's next message and everybody else go on.

    Replayed while the bug is there it is a dead letter again, after the mend it is a turn like any other: its reply
    goes out, and nothing is left parked.
    """
    async with town(tmp_path) as here:
        ill, well = here.newcomer(), here.newcomer()
        async with trio.open_nursery() as customers:
            customers.start_soon(well.order, random.Random(1))
            await ill.ask("hi")
            ill.say("poison, please")
            assert "Chocolate Chip Cookie" in await ill.ask("1, 2")
            await ill.all_acknowledged()
        assert here.running.around.counters.crashes == 2
        (dead,) = await here.store.parked(None, dead=True, limit=10)
        assert dead.why == "FlowError"

        assert await here.running.supervisor.replay(dead)
        (again,) = await here.store.parked(None, dead=True, limit=10)
        assert again.id == dead.id

        bug.undo()
        before = ill.turn
        assert await here.running.supervisor.replay(again)
        await ill.until(lambda: ill.turn > before)
        assert await here.store.parked(None, dead=True, limit=10) == []
        assert await here.verdict() == []


async def test_who_crashes_again_and_again_is_quarantined_and_released_in_order(
    tmp_path: Path, bug: pytest.MonkeyPatch
) -> None:
    """Over the restart limit the address is quarantined: its letters are kept and answered 200, nobody else notices.

    Three letters crash twice each and are dead; the fourth crashes once, the seventh time in all, and waits with what
    comes after it. Release replays what waited, in its order; the dead letters stay for a person to look at.
    """
    async with town(tmp_path) as here:
        ill, well = here.newcomer(), here.newcomer()
        await ill.ask("hi")
        for number in range(4):
            ill.say(f"poison {number}")
            await ill.all_acknowledged()
        (address,) = here.running.supervisor.quarantined
        for text in ("1, 2", "2, 3", "cart"):
            ill.say(text)
            await ill.all_acknowledged()
        assert ill.turn == 1, "nothing is said while in quarantine"
        await well.order(random.Random(2))

        bug.undo()
        assert await here.running.supervisor.release(address) == 4
        await ill.until(lambda: ill.turn == 5)
        assert "Chocolate" in ill.replies[2].text
        assert "Oatmeal" in ill.replies[3].text
        assert await here.store.quarantined() == {}
        assert len(await here.store.parked(None, dead=True, limit=10)) == 3
        await _replay_dead(here)
        await ill.until(lambda: ill.turn == 8)
        assert await here.verdict() == []


async def _replay_dead(here: Town) -> None:
    for parked in await here.store.parked(None, dead=True, limit=10):
        assert await here.running.supervisor.replay(parked)
