"""Writes that must be done: a busy store is waited for where nobody would ask again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from engine.errors import StoreBusy

BUSY_SECONDS = 0.25
"""How long a write waits before it tries a busy store once more."""

T = TypeVar("T")


async def patiently(write: Callable[[], Awaitable[T]]) -> T:
    """Do ``write``, which is never cancelled half-way, as often as it takes. Raises StoreFailed when the store does."""
    with trio.CancelScope(shield=True):
        while True:
            try:
                return await write()
            except StoreBusy:
                await trio.sleep(BUSY_SECONDS)
    raise AssertionError("a scope that nobody cancels swallows nothing")
