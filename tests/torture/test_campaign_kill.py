"""kill -9 in the middle of a campaign, again and again: everybody got it at most once, and all are accounted for."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
import trio

from adapters.app.compose import WallClock
from engine.campaigns import RecipientState
from storage.sqlite import open_sqlite
from tests.engine.scripted import SHOP
from tests.torture.campaigner import NAME

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
R = RecipientState
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Recorder:
    """The provider: notes who got a message. Every so many-th answer is lost. ``reached`` waits for a number of
    messages."""

    def __init__(self, loses: int) -> None:
        self.got: Counter[str] = Counter()
        self._loses = loses
        self._news = trio.Event()

    @property
    def total(self) -> int:
        return sum(self.got.values())

    async def reached(self, messages: int) -> None:
        while self.total < messages:
            self._news = trio.Event()
            await self._news.wait()

    async def serve(self, stream: trio.SocketStream) -> None:
        """One connection: requests one after the other, until it ends."""
        held = b""
        try:
            while True:
                while b"\r\n\r\n" not in held:
                    more = await stream.receive_some()
                    if not more:
                        return
                    held += more
                head, _, held = held.partition(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
                length = int(fields[b"content-length"])
                while len(held) < length:
                    held += await stream.receive_some()
                name, held = held[:length].decode(), held[length:]
                self.got[name] += 1
                self._news.set()
                if self.total % self._loses == 0:
                    return
                await stream.send_all(OK)
        except trio.BrokenResourceError:
            return  # killed
        finally:
            await trio.aclose_forcefully(stream)


async def life(arguments: Sequence[str], until: Callable[[], Awaitable[None]] | None) -> None:
    """One life of the process: killed when ``until`` is over, or else lived to its end."""
    command = [sys.executable, "-m", "tests.torture.campaigner", *arguments]
    process = await trio.lowlevel.open_process(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = b""
    try:
        async with trio.open_nursery() as nursery:
            if until is not None:

                async def kill() -> None:
                    await until()
                    nursery.cancel_scope.cancel()

                nursery.start_soon(kill)
            while b"done" not in said:
                more = await process.stdout.receive_some()
                assert more, "it died by itself"
                said += more
            nursery.cancel_scope.cancel()
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def states(file: Path, recipients: int) -> dict[str, RecipientState]:
    """How everybody stands between two lives; the counts say the same."""
    async with open_sqlite(file, WallClock()) as store:
        counts = await store.campaign_counts(SHOP, NAME)
        rows, _ = await store.recipients(SHOP, NAME, recipients + 1)
    assert counts == dict(Counter(row.state for row in rows))
    return {row.recipient.customer: row.state for row in rows}


@pytest.mark.parametrize(
    ("recipients", "kills", "pace"),
    [(400, 3, 200), pytest.param(10_000, 15, 600, marks=pytest.mark.torture)],
    ids=["short", "long"],
)
async def test_everybody_gets_it_at_most_once_over_many_deaths(
    tmp_path: Path, recipients: int, kills: int, pace: int
) -> None:
    provider, file = Recorder(loses=97), tmp_path / "shop.db"
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, provider.serve, 0, host="127.0.0.1"))
            url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/send"
            arguments = [str(file), url, str(recipients), str(pace)]
            for n in range(1, kills + 1):
                await life(arguments, partial(provider.reached, n * recipients // (kills + 1)))
                stand = await states(file, recipients)
                assert len(stand) in (0, recipients) or n == 1
                assert set(stand.values()) <= {R.QUEUED, R.SENT, R.UNKNOWN}
                assert {name for name, state in stand.items() if state is R.SENT} <= set(provider.got)
            await life(arguments, None)
            nursery.cancel_scope.cancel()
    stand = await states(file, recipients)
    assert len(stand) == recipients
    assert set(stand.values()) == {R.SENT, R.UNKNOWN}
    assert max(provider.got.values()) == 1, "at most once"
    silent = {name for name in stand if name not in provider.got}
    assert all(stand[name] is R.UNKNOWN for name in silent), "who did not get it is named as unknown"
    assert set(provider.got) <= set(stand)
