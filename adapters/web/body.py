"""Reading a request's body: with a size cap, a deadline, and a bound on all bodies together."""

from __future__ import annotations

import trio
from hypercorn.typing import ASGIReceiveCallable

ALL_BODIES = 64 * 1024 * 1024
"""Bytes of all bodies held at once; over it, reading waits and TCP holds the rest."""
SMALL = 16 * 1024
"""Bytes of each body that are not counted against the others: an ordinary delivery never waits behind large uploads,
which need no signature to be begun. Bounded by the number of connections."""


class BodyError(Exception):
    """The body can't be taken; ``status`` is the HTTP status that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Bodies:
    """The budget that all bodies share, save their first ``small`` bytes each. Use ``async with bodies.read(...) as
    raw`` semantics by hand: what ``read`` returned is given back with ``done``."""

    def __init__(self, most: int, seconds: float, everything: int = ALL_BODIES, small: int = SMALL) -> None:
        self._most = most
        self._seconds = seconds
        self._everything = everything
        self._small = small
        self._held = 0
        self._room = trio.lowlevel.ParkingLot()

    async def read(self, receive: ASGIReceiveCallable, length: str | None) -> bytes:
        """The whole body. Raises BodyError: 413 over the cap, 408 when it does not arrive in time, 400 when cut off."""
        if length is not None and length.isdigit() and int(length) > self._most:
            raise BodyError(413, "the body is larger than this server takes")
        parts: list[bytes] = []
        try:
            with trio.fail_after(self._seconds):
                await self._receive(receive, parts)
        except trio.TooSlowError:
            self.done(sum(map(len, parts)))
            raise BodyError(408, "the body did not arrive in time") from None
        except BaseException:
            self.done(sum(map(len, parts)))
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _receive(self, receive: ASGIReceiveCallable, parts: list[bytes]) -> None:
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise BodyError(400, "the client went away")
            part = bytes(message["body"])
            size += len(part)
            if size > self._most:
                raise BodyError(413, "the body is larger than this server takes")
            if part:
                await self._hold(self._counted(size) - self._counted(size - len(part)))
                parts.append(part)
            more = message["more_body"]

    def _counted(self, size: int) -> int:
        """How much of a body of this size the others must leave room for."""
        return max(0, size - self._small)

    async def _hold(self, size: int) -> None:
        while size and self._held + size > self._everything:
            await self._room.park()
        self._held += size

    def done(self, size: int) -> None:
        """A body of this size is no longer held."""
        self._held -= self._counted(size)
        self._room.unpark_all()
