"""A provider that takes the request and never answers."""

from __future__ import annotations

import random
from pathlib import Path

import trio
from msgspec.structs import replace

from adapters.phones.meta.faults import Fault, Faults
from tests.torture.bakery import RULES
from tests.torture.town import town

LANES = 2
HUNG = 3 * LANES
"""More sends than there are lanes, three times over: a lane that hung for good would be missed."""


async def test_sends_that_are_never_answered_are_unknown_and_no_lane_is_lost(tmp_path: Path) -> None:
    """A hung call ends at its deadline as *unknown*; nothing is known of it for ``unknown_after``, so it goes once
    more, with ``doubled`` on its row. Everybody is answered, in order, by as many lanes as before.

    This provider had not carried the hung ones out, so not one customer got anything twice.
    """
    struck = Faults(hang=Fault(next=HUNG))
    async with town(tmp_path, struck=struck, lanes=LANES, deadline=0.3, unknown_after=200) as here:
        async with trio.open_nursery() as customers:
            for number in range(HUNG + 2):
                customers.start_soon(here.newcomer().order, random.Random(number))
        outbox = here.running.outbox
        assert here.fake.stats()["faults"] == {"hang": HUNG}
        assert outbox.unknown.seen == outbox.unknown.sent_again == HUNG
        rows = await here.rows()
        assert sum(row.doubled for row in rows) == HUNG
        assert len({one.key for one in here.fake.sent()}) == len(here.fake.sent())
        assert await here.verdict() == []


async def test_who_waits_for_an_unknown_send_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """One customer's reply hangs and stays unknown; the others' whole orders go through meanwhile, and the one is
    answered, in order, by the next process: it finds the claim unsettled, waits for a status and sends once more."""
    async with town(tmp_path, struck=Faults(hang=Fault(next=1)), lanes=LANES, deadline=30.0, grace_seconds=1.0) as here:
        unlucky = here.newcomer()
        unlucky.say("hi")
        await unlucky.all_acknowledged()
        unlucky.say("1, 2")
        await unlucky.all_acknowledged()
        async with trio.open_nursery() as customers:
            for number in range(5):
                customers.start_soon(here.newcomer().order, random.Random(number))
        assert unlucky.turn == 0, "its first reply hangs, and the second may not overtake it"
    async with town(tmp_path, rules=replace(RULES, window=False), lanes=LANES, unknown_after=200) as after:
        again = after.newcomer()
        assert again.digits == unlucky.digits
        await again.until(lambda: again.turn == 2)
        assert [reply.turn for reply in again.replies] == [1, 2]
