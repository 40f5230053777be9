"""What all numbers of one fake share: the clock, the rules, the faults, the media and the counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import trio

from adapters.phones.meta.faults import Faults, Mischief
from adapters.phones.meta.media import MediaStore
from adapters.phones.meta.prompts import NoPrompts, Prompts
from adapters.phones.meta.rules import Rules
from engine.address import Millis
from engine.ports import Clock

KEYS = 100_000
"""Senders' ids remembered, to count the sends that were accepted twice."""


@dataclass(slots=True)
class World:
    """``keep`` messages are remembered per phone; ``keep_all`` keeps every accepted send, for a checker."""

    clock: Clock
    rules: Rules
    mischief: Mischief[Faults]
    media: MediaStore
    seed: int
    keep: int
    keep_all: bool
    prompts: Prompts = field(default_factory=NoPrompts)
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
    keys: dict[str, None] = field(default_factory=dict)

    def now(self) -> Millis:
        return self.clock.now()

    def seconds(self) -> float:
        return self.clock.now() / 1000

    async def dawdle(self) -> None:
        """Let an answer be late, where the faults say so."""
        if self.mischief.strikes("late_answer"):
            await trio.sleep(self.mischief.plan.late_answer.ms / 1000)

    def count_send(self, kind: str, key: str) -> None:
        """Count an accepted send, and whether its sender's id was accepted before."""
        self.counts["sends_accepted"] += 1
        self.counts[f"sends_{kind}"] += 1
        if not key:
            return
        if key in self.keys:
            self.counts["sends_doubled"] += 1
        self.keys[key] = None
        if len(self.keys) > KEYS and not self.keep_all:
            del self.keys[next(iter(self.keys))]
