"""Progress of something long: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, TextIO

import trio

TTY_EVERY = 0.25
PLAIN_EVERY = 5.0
BAR = 30


class State(NamedTuple):
    """What is going on, how much of it is done (0 to 1), and what more there is to say."""

    what: str
    share: float
    more: str = ""


class Progress:
    """A bar that is drawn over itself on a terminal, plain lines elsewhere, nothing without an output."""

    def __init__(self, output: TextIO | None) -> None:
        self._output = output
        self._tty = output is not None and output.isatty()

    @asynccontextmanager
    async def showing(self, ask: Callable[[], State]) -> AsyncIterator[None]:
        """Show what ``ask()`` says while the block runs."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, ask)
            yield
            nursery.cancel_scope.cancel()
        if self._output is not None and self._tty:
            self._output.write("\r\x1b[K")
            self._output.flush()

    async def _watch(self, ask: Callable[[], State]) -> None:
        while self._output is not None:
            await trio.sleep(TTY_EVERY if self._tty else PLAIN_EVERY)
            self.show(ask())

    def show(self, state: State) -> None:
        """Show this once."""
        if self._output is None:
            return
        share = min(1.0, max(0.0, state.share))
        if self._tty:
            full = round(share * BAR)
            self._output.write(f"\r\x1b[K{state.what:<10} {'█' * full}{'░' * (BAR - full)} {share:4.0%}  {state.more}")
        else:
            self._output.write(f"{state.what} {share:.0%}{', ' if state.more else ''}{state.more}\n")
        self._output.flush()
