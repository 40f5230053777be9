"""Starts the serving process, kills it, and starts it again on the same file."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import trio

from tests.torture.order import Order

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which a stuck process is called stuck; no test waits for it to pass."""


class Shopkeeper:
    """One server at a time. What all of them wrote to stderr goes to ``log``, through a pipe: a process that may write
    to no file can still say so."""

    def __init__(self, order: Order, log: Path) -> None:
        self._order = order
        self._log = log
        with log.open("ab") as file:
            self._scribe = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
        self._process: trio.Process | None = None
        self._printed = b""
        self.starts = 0

    async def start(self) -> None:
        """Begin a process; ``line`` tells how far it is."""
        assert self._process is None
        self.starts += 1
        self._printed = b""
        command = [sys.executable, "-m", "tests.torture.server", msgspec.json.encode(self._order).decode()]
        stderr = self._scribe.stdin
        assert stderr is not None
        self._process = await trio.lowlevel.open_process(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr.fileno()
        )

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    async def line(self) -> str:
        """The next line that the process prints. Raises EOFError when it ended instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        with trio.fail_after(PATIENCE):
            while b"\n" not in self._printed:
                more = await self._process.stdout.receive_some()
                if not more:
                    raise EOFError(f"the server ended: {self._log.read_text()[-2_000:]}")
                self._printed += more
        line, _, self._printed = self._printed.partition(b"\n")
        return line.decode()

    async def port(self) -> int:
        """Wait until webhooks are taken."""
        while not (line := await self.line()).startswith("port "):
            pass
        return int(line.removeprefix("port "))

    async def kill(self) -> None:
        """As the power, the kernel or an impatient operator does it."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Gracefully; the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(how)
        with trio.fail_after(PATIENCE):
            code = await process.wait()
        if process.stdout is not None:
            await process.stdout.aclose()
        return code

    async def aclose(self) -> None:
        """Leave nothing running."""
        if self._process is not None:
            with trio.CancelScope(shield=True):
                await self.kill()
        self.log()

    def log(self) -> str:
        """Everything that the servers wrote to stderr; none can be started any more."""
        self._scribe.communicate()
        return self._log.read_text()
