"""Both stores through the same random life of a campaign: the counts add up after every step, nobody gets it twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from engine.address import MINUTE, Address
from engine.campaigns import CampaignStatus, Part, Plan, Recipient
from engine.messages import Outcome, OutcomeClass
from engine.ports import Store
from storage.memory import MemoryStore
from storage.sqlite import open_sqlite
from tests.storage.contract_campaigns import GIVEN_UP, ledger, reader
from tests.storage.values import NOW, SHOP, FixedClock, Talk, sent

S, K = CampaignStatus, OutcomeClass
RECIPIENTS, STEPS = 12, 120
RETRIED = (K.RETRY, K.THROTTLE_NUMBER, K.HELD)


class Life:
    """One store's campaign. ``sends`` counts, per recipient, sends that may have arrived."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.draw, self.at = store, random.Random(seed), NOW
        self.begun: list[tuple[str, str]] = []
        self.sends: Counter[str] = Counter()
        self.story: list[object] = []

    async def start(self) -> None:
        await self.store.create_campaign(SHOP, "eid", Plan("Eid", cap=0), NOW)
        await self.store.move_campaign(SHOP, "eid", S.DRAFT, S.STARTING, NOW)
        them: tuple[Recipient, ...] = tuple(reader(f"c{n:02}") for n in range(RECIPIENTS))
        await self.store.freeze(SHOP, "eid", "", Part(them, {}, ""), NOW)

    async def step(self) -> None:
        """Something that happens; what came of it is noted."""
        self.at += MINUTE
        often, seldom = (self.claim, self.begin, self.settle), (self.pause, self.write)
        what = self.draw.choice([*often, *often, *seldom])
        self.story.append((what.__name__, await what()))
        rows = await ledger(self.store)
        counts = await self.store.campaign_counts(SHOP, "eid")
        assert len(rows) == RECIPIENTS
        assert counts == dict(Counter(row.state for row in rows))
        self.story.append([(row.recipient.customer, row.state, row.reason, row.key, row.due) for row in rows])

    async def claim(self) -> object:
        claimed = await self.store.claim_recipients(SHOP, "eid", self.at, self.draw.randint(1, 3))
        return [row.key for row in claimed.rows], claimed.skipped, claimed.postponed

    async def begin(self) -> object:
        _, rows = await self.store.waiting(0, 100)
        some = rows[: self.draw.randint(0, 2)]
        got = await self.store.claim([row.key for row in some], self.at)
        self.begun += [(row.key, row.address.customer) for row in some if row.key in got]
        return sorted(got)

    async def settle(self) -> object:
        if not self.begun:
            return None
        key, who = self.begun.pop(self.draw.randrange(len(self.begun)))
        kind = self.draw.choice([K.SENT, K.SENT, K.NEVER, K.UNKNOWN, *RETRIED])
        outcome = sent(f"p.{key}") if kind is K.SENT else Outcome(kind, reason=kind.value)
        self.sends[who] += kind in (K.SENT, K.UNKNOWN)
        await self.store.settle([(key, outcome)], self.at)
        if kind is K.UNKNOWN:
            await self.store.settle([(key, GIVEN_UP)], self.at)
        return key, kind

    async def pause(self) -> object:
        """Or go on."""
        paused = await self.store.move_campaign(SHOP, "eid", S.RUNNING, S.PAUSED, self.at)
        if paused:
            assert (await self.store.waiting(0, 100))[1] == [], "nothing can be begun any more"
            return "paused"
        return await self.store.move_campaign(SHOP, "eid", S.PAUSED, S.RUNNING, self.at)

    async def write(self) -> object:
        """A customer writes, and is in a conversation for a while."""
        address = Address(SHOP, f"c{self.draw.randrange(RECIPIENTS):02}")
        known = await self.store.wake(address)
        talk = Talk(self.store, address, known.version if known else 0)
        return await talk.commit(inbound_id=f"in{self.at}", heard=self.at)


async def lived(store: Store, seed: int) -> list[object]:
    life = Life(store, seed)
    await life.start()
    for _ in range(STEPS):
        await life.step()
    assert max(life.sends.values(), default=0) <= 1
    assert sum(life.sends.values()) > 0
    return life.story


@pytest.mark.parametrize("seed", range(6))
async def test_both_stores_live_the_same_life(tmp_path: Path, seed: int) -> None:
    told = await lived(MemoryStore(FixedClock()), seed)
    async with open_sqlite(tmp_path / "shop.db", FixedClock()) as store:
        assert await lived(store, seed) == told
