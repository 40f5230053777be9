"""Circuit breakers: a service outside that fails again and again is left alone for a while, and what it would do waits
or is done another way.

    closed ──5 failures in a row, or half of the last 20──▶ open ──its rest is over──▶ half-open: one trial
       ▲                                                      ▲                            │
       └────────────── the trial succeeds ────────────────────┼────────────────────────────┤
                                                              └─ it fails: rests longer ◀──┘

Each service of each shop has its own. What counts is whether the service works, not what it thinks of a request: no
connection, no answer in time, an answer cut off, and 5xx are failures; every other answer, a refusal or a 429 too, is
a success. So calls are judged where they are made, by ``Watched``, and no channel or provider need know of it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum

import msgspec
import trio

from engine.address import Millis
from engine.notices import Noticeboard
from engine.patience import patiently
from engine.ports import Answer, AnswerLost, Clock, Http, NotSent

log = logging.getLogger("sokoni.breakers")

IN_A_ROW = 5
"""Failures one after the other that open a breaker."""
LATEST = 20
"""Calls that are remembered; once so many were made, half of them failing opens it too."""
REST_FIRST: Millis = 10_000
"""The first rest: no shorter than one call may take, so that no call from before is taken for the trial."""
REST_MOST: Millis = 5 * 60_000
TRIAL_MOST: Millis = 60_000
"""After which a trial that nobody reported of is over."""
SERVER_ERRORS = 500
OPENED, CLOSED_AGAIN = "breaker_open", "breaker_closed"
"""Kinds of notices for the owner."""


class BreakerState(str, Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Report(msgspec.Struct, frozen=True):
    """How a breaker stands. ``reason``: of the latest failure, "" while it is closed. ``next_try``: ms until a trial
    may be made, 0 when one may be made now. ``opened``: how often it has opened since the start."""

    service: str
    shop: str
    state: BreakerState
    reason: str
    next_try: Millis
    opened: int


class Breaker:
    """Of one service of one shop. ``clock`` counts ms, monotonic. ``changed`` hears of its opening and closing."""

    def __init__(
        self,
        service: str,
        shop: str,
        clock: Callable[[], float],
        changed: Callable[[Breaker], None] = lambda _: None,
    ) -> None:
        self.service = service
        self.shop = shop
        self.state = BreakerState.CLOSED
        self.reason = ""
        self.opened = 0
        self._clock = clock
        self._changed = changed
        self._latest: deque[bool] = deque(maxlen=LATEST)
        self._in_a_row = 0
        self._rest = REST_FIRST
        self._until = 0.0
        self._trial_until = 0.0

    @property
    def closed(self) -> bool:
        return self.state is BreakerState.CLOSED

    def wait(self) -> float:
        """ms until a call may be made; 0 when one may be made now. Changes nothing."""
        until = 0.0 if self.closed else self._until if self.state is BreakerState.OPEN else self._trial_until
        return max(0.0, until - self._clock())

    def allow(self) -> bool:
        """Whether a call may be made now. Once its rest is over this lends the one trial; it is over when the call was
        reported of, or with ``returned``."""
        if self.closed:
            return True
        if self.wait() > 0:
            return False
        self.state = BreakerState.HALF_OPEN
        self._trial_until = self._clock() + TRIAL_MOST
        return True

    def returned(self) -> None:
        """Whoever was allowed is done; where that was a trial without any call, somebody else may make it."""
        if self.state is BreakerState.HALF_OPEN:
            self._trial_until = 0.0

    def succeeded(self) -> None:
        """A call was answered."""
        if self.state is BreakerState.OPEN:
            return  # begun before it opened
        self._latest.append(True)
        self._in_a_row = 0
        if self.state is BreakerState.HALF_OPEN:
            self.state, self.reason = BreakerState.CLOSED, ""
            self._latest.clear()
            self._rest = REST_FIRST
            self._changed(self)

    def failed(self, reason: str) -> None:
        """A call failed; ``reason`` is a plain clause: "it answered HTTP 503"."""
        if self.state is BreakerState.OPEN:
            return
        self._latest.append(False)
        self._in_a_row += 1
        if self.state is BreakerState.HALF_OPEN:
            self._rest = min(REST_MOST, 2 * self._rest)
            self._open(reason)
        elif self._in_a_row >= IN_A_ROW or self._half_failed():
            self._open(reason)
            self.opened += 1
            self._changed(self)

    def report(self) -> Report:
        return Report(self.service, self.shop, self.state, self.reason, round(self.wait()), self.opened)

    def _half_failed(self) -> bool:
        return len(self._latest) == LATEST and 2 * self._latest.count(False) >= LATEST

    def _open(self, reason: str) -> None:
        self.state, self.reason = BreakerState.OPEN, reason
        self._in_a_row = 0
        self._until = self._clock() + self._rest


class Watched:
    """A lane's connection while it calls one service: its breaker hears what becomes of each call."""

    def __init__(self, http: Http, breaker: Breaker, works: Callable[[Answer], bool] | None = None) -> None:
        """``works``: see ports.Outspoken."""
        self._http = http
        self._breaker = breaker
        self._works = works

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """See ports.Http."""
        try:
            return self._heard(await self._http.post(url, headers, body))
        except (NotSent, AnswerLost) as error:
            self._breaker.failed(_why(error))
            raise

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """See ports.Http."""
        try:
            return self._heard(await self._http.get(url, headers))
        except (NotSent, AnswerLost) as error:
            self._breaker.failed(_why(error))
            raise

    def _heard(self, answer: Answer) -> Answer:
        if answer.status >= SERVER_ERRORS and not (self._works is not None and self._works(answer)):
            self._breaker.failed(f"it answered HTTP {answer.status}")
        else:
            self._breaker.succeeded()
        return answer


def _why(error: NotSent | AnswerLost) -> str:
    what = "it could not be reached" if isinstance(error, NotSent) else "it did not answer"
    return f"{what} ({error})" if str(error) else what


def service_of(thing: object) -> str:
    """What a channel, payment provider or CRM is called here: by its room and file, which is its kind."""
    return ".".join(type(thing).__module__.split(".")[-2:])


class Breakers:
    """All breakers of a process; its ``run`` tells the owners of what opened and closed."""

    def __init__(self, board: Noticeboard, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._all: dict[tuple[str, str], Breaker] = {}
        self._meanwhile: dict[tuple[str, str], str] = {}
        self._untold: deque[tuple[str, str, str]] = deque()
        self._news = trio.Event()

    def of(self, service: str, shop: str, meanwhile: str) -> Breaker:
        """The breaker of one service of a shop. ``meanwhile``: a sentence for the owner, what becomes of that for which
        the service is wanted while it rests."""
        name = (service, shop)
        if name not in self._all:
            self._all[name] = Breaker(service, shop, _monotonic, self._changed)
            self._meanwhile[name] = meanwhile
        return self._all[name]

    def quiet(self, service: str, shop: str) -> Breaker:
        """The breaker of a service whose user tells the owner itself."""
        return self._all.setdefault((service, shop), Breaker(service, shop, _monotonic))

    def reports(self) -> list[Report]:
        return [breaker.report() for breaker in self._all.values()]

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell until cancelled; raises StoreFailed when the store does."""
        task_status.started()
        while True:
            self._news = trio.Event()
            while self._untold:
                shop, kind, detail = self._untold.popleft()
                await self._tell(shop, kind, detail)
            await self._news.wait()

    async def _tell(self, shop: str, kind: str, detail: str) -> None:
        await patiently(lambda: self._board.tell_owner(shop, kind, detail, self._clock.now()))

    def _changed(self, breaker: Breaker) -> None:
        if breaker.closed:
            log.warning("breaker_closed", extra={"shop": breaker.shop})
        else:
            log.error("breaker_open", extra={"shop": breaker.shop})
        self._untold.append((breaker.shop, *self._words(breaker)))
        self._news.set()

    def _words(self, breaker: Breaker) -> tuple[str, str]:
        if breaker.closed:
            return CLOSED_AGAIN, f"{breaker.service} works again. Nothing to do."
        meanwhile = self._meanwhile[breaker.service, breaker.shop]
        lasts = "If it lasts, look at the provider's status page; /ready says when it is tried next."
        return OPENED, f"{breaker.service} does not work: {breaker.reason}. {meanwhile} {lasts}"


def _monotonic() -> float:
    """ms of trio's clock: rests must not jump with the wall clock."""
    return trio.current_time() * 1000.0
