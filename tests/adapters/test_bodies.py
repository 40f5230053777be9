"""What bodies may take from each other."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from hypercorn.typing import ASGIReceiveCallable

from adapters.web.body import Bodies, BodyError


def sender(*pieces: bytes, ends: bool = True) -> ASGIReceiveCallable:
    """Hands over these pieces, and then waits for ever unless it ``ends`` with them."""
    left = list(pieces)

    async def receive() -> object:
        if not left:
            await trio.sleep_forever()
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left) or not ends}

    return receive  # type: ignore[return-value]  # only the one kind of message that is needed


async def test_a_small_body_does_not_wait_while_large_uploads_fill_the_budget(autojump_clock: object) -> None:
    bodies = Bodies(most=100, seconds=5, everything=60, small=10)
    refused: list[int] = []

    async def upload() -> None:
        try:
            await bodies.read(sender(b"x" * 30, b"x" * 30, ends=False), None)
        except BodyError as error:
            refused.append(error.status)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload)
        nursery.start_soon(upload)
        await trio.testing.wait_all_tasks_blocked()
        before = trio.current_time()
        assert await bodies.read(sender(b"0123456789"), None) == b"0123456789"
        assert trio.current_time() == before
        bodies.done(10)
    assert refused == [408, 408]


async def test_all_that_was_held_is_given_back_whatever_became_of_a_body(autojump_clock: object) -> None:
    bodies = Bodies(most=100, seconds=5, everything=90, small=10)
    for pieces, status in (((b"x" * 60, b"x" * 41), 413), ((b"x" * 5, b"x" * 5, b"x" * 40), 408)):
        with pytest.raises(BodyError) as refused:
            await bodies.read(sender(*pieces, ends=False), None)
        assert refused.value.status == status
    whole = await bodies.read(sender(b"x" * 7, b"x" * 93), None)
    bodies.done(len(whole))
    again = await bodies.read(sender(b"x" * 100), None)
    assert len(again) == 100
