"""The outbox's memory: one line per customer, one desk per business number, and which row may go next.

Pure bookkeeping without tasks or I/O, so that its order can be tested as a table. A customer's messages form a line:
the next one leaves only after the one before was accepted (quality.md 4), and after media only once it was delivered
or 3 s have passed. Lines that can send now stand in one of two queues of their number: replies before bulk.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count, islice
from typing import Protocol

from msgspec.structs import replace

from engine.address import Address
from engine.messages import Document, Image, Outgoing, Purpose
from engine.pace import Pace, number_pace, pair_pace

MEDIA_WAIT = 3_000.0
"""ms that a message waits behind media that is not yet reported delivered."""
LINE_AT_MOST = 50
"""Rows of one customer that are kept in memory; more of them wait on disk. Who writes hundreds of messages is answered
one per 6 s, for hours: their rows must not take the room that everybody else's answers need."""


class Gate(Protocol):
    """What lets a number send: the breaker of its channel (engine.breaker)."""

    @property
    def closed(self) -> bool:
        """As a circuit is: everything may pass."""

    def wait(self) -> float:
        """ms until one call may be made, to try; 0 when it may be made now."""


class NoGate:
    """Everything may pass, always."""

    closed = True

    def wait(self) -> float:
        return 0.0


class Line:
    """One customer's rows in order. ``busy``: one of them is on its way, or nobody knows what became of it.
    ``cut``: further rows wait on disk."""

    __slots__ = ("address", "blocked_until", "busy", "cut", "failures", "pair", "queued", "rows")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.rows: deque[Outgoing] = deque()
        self.pair: Pace = pair_pace()
        self.busy = False
        self.cut = False
        self.queued = False
        self.blocked_until = 0.0
        self.failures = 0


class Desk:
    """One business number: its pace, whether it is paused, and the lines that could send now."""

    __slots__ = ("bulk", "bulk_on_way", "failures", "gate", "on_way", "pace", "paused_until", "replies", "why_paused")

    def __init__(self, per_second: float) -> None:
        self.pace: Pace = number_pace(per_second)
        self.paused_until = 0.0
        self.why_paused = ""
        self.failures = 0
        self.gate: Gate = NoGate()
        self.on_way = 0
        self.bulk_on_way = 0
        self.replies: deque[Line] = deque()
        self.bulk: deque[Line] = deque()

    @property
    def due(self) -> int:
        """Customers whose next message could leave now, and messages that are on their way."""
        return len(self.replies) + len(self.bulk) + self.on_way

    @property
    def pressing(self) -> int:
        """The same without bulk messages: what somebody waits for."""
        return len(self.replies) + self.on_way - self.bulk_on_way

    @property
    def trying(self) -> bool:
        """Whether only one message may be under way, to see if the channel works again, and one is."""
        return not self.gate.closed and self.on_way > 0

    def blocked(self, now: float) -> float:
        """ms for which nothing may go, whatever its pace."""
        return max(0.0, self.paused_until - now, 0.0 if self.gate.closed else self.gate.wait())


class Lines:
    """All rows in memory. Times are ms of one monotonic clock that the caller passes in.

    ``hungry``: a line that was cut has room again; the rows of ``reopen`` and after are to be read once more.
    """

    def __init__(self, paces: dict[str, float]) -> None:
        self.desks = {shop: Desk(per_second) for shop, per_second in paces.items()}
        self.rows: dict[str, Outgoing] = {}
        self.hungry = False
        self._lines: dict[Address, Line] = {}
        self._cut: set[Line] = set()
        self._later: list[tuple[float, int, Line]] = []
        self._ticket = count()

    # -- in --------------------------------------------------------------------------------------------------------
    def add(self, rows: Iterable[Outgoing], now: float) -> None:
        """Queue committed rows behind what their customers already wait for. Rows known already are left alone, and
        so is what does not fit into its line, with all that follows it there."""
        for row in rows:
            if row.key not in self.rows and row.address.shop in self.desks:
                line = self._line(row.address)
                if line.cut or len(line.rows) >= LINE_AT_MOST:
                    line.cut = True
                    self._cut.add(line)
                else:
                    self.rows[row.key] = row
                    self._insert(line, row)
                    self._ready(line, now)

    def reopen(self) -> None:
        """Lines that were cut take rows again. The caller adds all that the store holds, in order, before new ones."""
        self.hungry = False
        for line in self._cut:
            line.cut = False
        self._cut.clear()

    def _insert(self, line: Line, row: Outgoing) -> None:
        """Last in line, but an answer does not wait behind bulk messages to the same customer."""
        start = 1 if line.busy else 0
        behind = len(line.rows)
        if row.purpose is not Purpose.BULK:
            while behind > start and line.rows[behind - 1].purpose is Purpose.BULK:
                behind -= 1
        line.rows.insert(behind, row)
        desk = self.desks[line.address.shop]
        if behind == 0 and line.queued and line in desk.bulk:
            desk.bulk.remove(line)
            line.queued = False

    def add_unknown(self, row: Outgoing) -> None:
        """Remember a row that nobody knows the fate of; its customer's later messages wait for it."""
        if row.key not in self.rows and row.address.shop in self.desks:
            self.rows[row.key] = row
            line = self._line(row.address)
            line.rows.appendleft(row)
            line.busy = True

    def _line(self, address: Address) -> Line:
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = Line(address)
        return line

    def _ready(self, line: Line, now: float) -> None:
        """Put a line where it belongs: among those that can send now, or on the heap of those that must wait."""
        if line.busy or line.queued or not line.rows:
            return
        desk = self.desks[line.address.shop]
        until = max(line.blocked_until, now + line.pair.wait(now))
        line.queued = True
        if until > now:
            heapq.heappush(self._later, (until, next(self._ticket), line))
        elif line.rows[0].purpose is Purpose.BULK:
            desk.bulk.append(line)
        else:
            desk.replies.append(line)

    # -- out -------------------------------------------------------------------------------------------------------
    def pick(self, now: float, most: int) -> list[Outgoing]:
        """Up to ``most`` rows that may go now, counted against their paces; their lines are busy from here on."""
        self._ripen(now)
        picked: list[Outgoing] = []
        open_desks = list(self.desks.values())
        while open_desks and len(picked) < most:
            desk = open_desks.pop(0)
            if (line := self._next(desk, now)) is not None:
                picked.append(self._give(desk, line, now))
                open_desks.append(desk)
        return picked

    def _give(self, desk: Desk, line: Line, now: float) -> Outgoing:
        desk.pace.take(now)
        line.pair.take(now)
        line.queued, line.busy = False, True
        desk.on_way += 1
        desk.bulk_on_way += line.rows[0].purpose is Purpose.BULK
        return line.rows[0]

    def begun(self, row: Outgoing) -> Outgoing:
        """The picked row, with the send that now begins counted as the store has counted it."""
        row = self.rows[row.key] = self._lines[row.address].rows[0] = replace(row, attempts=row.attempts + 1)
        return row

    def _next(self, desk: Desk, now: float) -> Line | None:
        if desk.trying or desk.blocked(now) > 0 or desk.pace.wait(now) > 0:
            return None
        if desk.replies:
            return desk.replies.popleft()
        return desk.bulk.popleft() if desk.bulk else None

    def _ripen(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            line = heapq.heappop(self._later)[2]
            line.queued = False
            self._ready(line, now)

    def wake_at(self, now: float) -> float | None:
        """When ``pick`` may have something that it has not now; None when only a new row can change that."""
        times = [self._later[0][0]] if self._later else []
        times += [
            now + max(desk.blocked(now), desk.pace.wait(now))
            for desk in self.desks.values()
            if (desk.replies or desk.bulk) and not desk.trying
        ]
        return min(times, default=None)

    # -- what a turn does to rows that wait --------------------------------------------------------------------------
    def hush(self, address: Address, now: float) -> None:
        """Drop this customer's replies that wait: a person answers now. What is on its way already goes."""
        self._take_out(address, now, lambda row: row.purpose is Purpose.REPLY)

    def moved(self, gone: Address, to: Address, now: float) -> None:
        """A customer is another by now: what waits goes behind what waits for that one. A row on its way stays."""
        rows = self._take_out(gone, now, lambda row: True)
        self.add([replace(row, address=to) for row in rows], now)

    def _take_out(self, address: Address, now: float, which: Callable[[Outgoing], bool]) -> list[Outgoing]:
        line = self._lines.get(address)
        if line is None:
            return []
        start = 1 if line.busy else 0
        taken = [row for row in islice(line.rows, start, None) if which(row)]
        for row in taken:
            line.rows.remove(row)
            del self.rows[row.key]
        self.hungry = self.hungry or line.cut
        self._unqueue(line)
        self._ready(line, now)
        return taken

    def _unqueue(self, line: Line) -> None:
        """Out of whichever queue it stands in: its first row may be another now, or none."""
        if line.queued:
            desk = self.desks[line.address.shop]
            for queue in (desk.replies, desk.bulk):
                if line in queue:
                    queue.remove(line)
            self._later = [one for one in self._later if one[2] is not line]
            heapq.heapify(self._later)
            line.queued = False

    # -- what became of a row ----------------------------------------------------------------------------------------
    def done(self, key: str, now: float, *, sent: bool = True) -> None:
        """The row met its end, sent or failed: the next of this customer may go, behind sent media after a while."""
        row = self.rows.pop(key, None)
        if row is None:
            return
        line = self._lines[row.address]
        if sent and isinstance(row.message, (Image, Document)):
            line.blocked_until = now + MEDIA_WAIT
        line.rows.remove(row)
        line.failures = 0
        self.hungry = self.hungry or (line.cut and len(line.rows) <= LINE_AT_MOST // 2)
        self._free(line, now)

    def again(self, key: str, now: float, wait: float) -> None:
        """The row goes once more, after ``wait`` ms."""
        row = self.rows.get(key)
        if row is not None:
            line = self._lines[row.address]
            line.blocked_until = max(line.blocked_until, now + wait)
            self._free(line, now)

    def delivered(self, address: Address, now: float) -> None:
        """Media has arrived: what waits behind it may go."""
        line = self._lines.get(address)
        if line is not None and not line.failures:
            line.blocked_until = now
            self._promote(line, now)

    def _promote(self, line: Line, now: float) -> None:
        for position, (_, _, waiting) in enumerate(self._later):
            if waiting is line:
                del self._later[position]
                heapq.heapify(self._later)
                line.queued = False
                self._ready(line, now)
                return

    def _free(self, line: Line, now: float) -> None:
        line.busy = False
        if line.rows:
            self._ready(line, now)
        elif line.pair.rested(now) and line.blocked_until <= now and not line.cut:
            self._lines.pop(line.address, None)

    def landed(self, shop: str, *, bulk: bool = False) -> None:
        """A row that ``pick`` gave out is no longer on its way."""
        self.desks[shop].on_way -= 1
        self.desks[shop].bulk_on_way -= bulk

    def failed(self, key: str) -> int:
        """Count one more failure of this customer's head; how many in a row that makes."""
        line = self._lines[self.rows[key].address]
        line.failures += 1
        return line.failures

    def failures(self, key: str) -> int:
        """How often in a row this customer's head has failed."""
        return self._lines[self.rows[key].address].failures

    def tidy(self, now: float) -> None:
        """Forget the lines of customers who wait for nothing and owe no pace."""
        for address, line in list(self._lines.items()):
            owes = line.busy or line.cut or not line.pair.rested(now)
            if not line.rows and not owes and line.blocked_until <= now:
                del self._lines[address]
