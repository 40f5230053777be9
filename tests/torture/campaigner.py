"""A process that does nothing but run a campaign over one SQLite file: what test_campaign_kill.py kills.

    python -m tests.torture.campaigner FILE PROVIDER_URL RECIPIENTS PACE

It starts the campaign where that is not done yet, and says "done" when it is completed.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

import trio
from msgspec.structs import replace

from adapters.app.compose import WallClock, connections
from engine.campaigns import CampaignStatus, Plan
from engine.messages import Outcome, OutcomeClass, Outgoing
from engine.outbox import OutboxSettings
from engine.ports import AnswerLost, NotSent
from engine.quiet import NEVER
from engine.running import Running
from engine.terms import Terms
from storage.sqlite import open_sqlite
from tests.engine.scripted import BAKERY, SHOP
from tests.engine.sending import ScriptedChannel
from tests.engine.test_campaigning import People

NAME = "eid"
DAYLIGHT = replace(BAKERY, terms=Terms(quiet=NEVER))


class Wire(ScriptedChannel):
    """Tells the provider who gets a message, and nothing else."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def send(self, http: object, row: Outgoing) -> Outcome:
        wire: Any = http  # a lane's connection
        try:
            answer = await wire.post(self._url, {}, row.address.customer.encode())
        except NotSent:
            return Outcome(OutcomeClass.RETRY)
        except AnswerLost:
            return Outcome(OutcomeClass.UNKNOWN)
        return (
            Outcome(OutcomeClass.SENT, provider_id=f"p.{row.key}")
            if answer.status == 200
            else Outcome(OutcomeClass.RETRY)
        )


def _heard(over: trio.Event, record: logging.LogRecord) -> bool:
    """The engine's own log says when a campaign is completed."""
    if record.msg == "campaign_completed":
        over.set()
    return True


async def main(file: str, url: str, recipients: int, pace: float) -> None:
    logging.getLogger("sokoni.campaigns").setLevel(logging.INFO)
    clock = WallClock()
    async with open_sqlite(Path(file), clock) as store, trio.open_nursery() as nursery:
        await store.create_campaign(SHOP, NAME, Plan("Eid", cap=0), clock.now())
        await store.move_campaign(SHOP, NAME, CampaignStatus.DRAFT, CampaignStatus.STARTING, clock.now())
        running = Running(
            *(store, {SHOP: DAYLIGHT}, {SHOP: Wire(url)}, {SHOP: pace}, connections(), clock),
            OutboxSettings(lanes=8),
        )
        running.campaigning.gathering = People(recipients)
        over = trio.Event()
        logging.getLogger("sokoni.campaigns").addFilter(partial(_heard, over))
        if await store.campaigns(SHOP, 1, 0, (CampaignStatus.COMPLETED,)):
            over.set()
        await nursery.start(running.run)
        print("ready", flush=True)
        await over.wait()
        print("done", flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
