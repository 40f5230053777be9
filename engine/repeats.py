"""Requests to the owner's API that may be sent again under one Idempotency-Key: the first answer is kept for a day."""

from __future__ import annotations

from typing import Protocol

import msgspec

from engine.address import DAY, MINUTE, Millis

ANSWERS_KEPT: Millis = DAY
IN_PROGRESS_MOST: Millis = MINUTE
"""After which a request that has no answer is over: its process ended, for no request takes so long."""


class FirstAnswer(msgspec.Struct, frozen=True):
    """What the first request under a key was, by its digest, and was answered; ``status`` 0: it is in progress."""

    digest: str
    status: int
    content_type: str
    body: bytes


class Repeats(Protocol):
    """A part of ``engine.ports.Store``."""

    async def begin_request(self, shop: str, key: str, digest: str, at: Millis) -> FirstAnswer | None:
        """None: this is the first under its key, or the one before was ANSWERS_KEPT ago or never answered; it is in
        progress now. Else what stands under the key, whatever request that was."""

    async def end_request(self, shop: str, key: str, answer: FirstAnswer) -> None:
        """Keep the answer to the request in progress under this key and digest."""

    async def forget_request(self, shop: str, key: str, digest: str) -> None:
        """The request in progress under this key and digest came to nothing: it may be made again. A sweep forgets
        those of ANSWERS_KEPT ago."""
