"""Two stores that must agree: each call is made on the memory store and on SQLite, and their answers are compared.

The World is synchronous and SQLite is not, so a town is played in a thread of its own, and its calls go home to trio.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import trio

from engine.ports import Clock, Store
from tests.engine.open_store import OpenStore

APART = {"aclose", "check", "key"}
"""What has no answer to compare, or one that is random."""


class Mirror(OpenStore):
    """A memory store whose calls are made on ``disk`` too."""

    def __init__(self, clock: Clock, disk: Store) -> None:
        super().__init__(clock)
        self._disk = disk
        self._within = False
        self.compared = 0

    async def both(
        self, name: str, mine: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any, **named: Any
    ) -> Any:
        """Ask both; AssertionError when they differ. A call that another one makes is not compared by itself."""
        if self._within:
            return await mine(self, *arguments, **named)
        self._within = True
        try:
            ours = await mine(self, *arguments, **named)
            theirs = trio.from_thread.run(lambda: getattr(self._disk, name)(*arguments, **named))
        finally:
            self._within = False
        self.compared += 1
        assert ours == theirs, f"{name}{arguments}: in memory {ours!r}, on disk {theirs!r}"
        return ours


def _mirrored(name: str, mine: Callable[..., Coroutine[Any, Any, Any]]) -> Any:
    async def call(self: Mirror, *arguments: Any, **named: Any) -> Any:
        return await self.both(name, mine, *arguments, **named)

    return call


for _name, _call in inspect.getmembers(OpenStore, inspect.iscoroutinefunction):
    if hasattr(Store, _name) and _name not in APART:
        setattr(Mirror, _name, _mirrored(_name, _call))
