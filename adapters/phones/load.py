"""The load test: thousands of simulated phones order from the bakery, and every answer is checked.

The model is open: buyers arrive when the plan says, however slow the shop is, and their first turn counts from the
planned moment. A closed model (the next buyer comes when the last one is served) would hide exactly the waiting that
it is meant to find. Gaps between arrivals are drawn from the seed (Poisson).

A phone is used again only when Meta's pace for one customer (one message per 6 s, 45 in a burst) has room for a whole
visit; else the shop would rightly hold its replies back and look slow. So a long run needs about 100 phones for each
arrival per second. Buyers for whom no phone is free are counted, not queued.
"""

from __future__ import annotations

import random
from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

import httpx
import msgspec
import trio

from adapters.phones.buyer import REPLIES, USUAL, Step, somebody
from adapters.phones.load_report import LAGGING_MS, LoadReport, Tally, figures
from adapters.phones.progress import Progress, State
from adapters.phones.rested import RestedPhone
from adapters.phones.sim import LineLost, PhoneRefused, open_phone
from adapters.phones.visit import End, Visit, leftovers
from engine.errors import BadInput, ConfigError

CONNECTING = 64
"""Phones that connect at once; more only wait for each other."""
CONNECT_SECONDS = 30.0
FIRST_DIGITS = 254_700_000_000


@dataclass(frozen=True)
class LoadOptions:
    """``target``: base URL of the fake provider that the shop talks to. ``shop``: its name, title or number there; ""
    where there is only one.

    ``arrivals``: buyers per second. ``patience``: seconds after which an answer counts as lost. ``people``: how often
    each kind of person of buyer.py comes. ``at_most_ms``: fail when p95 of all turns is above it; 0: no threshold.
    ``pair_pace``: let phones rest as said above; for a shop and a provider without that limit, False.
    ``settle``: seconds after the last visit in which doubles may still come in.
    """

    target: str
    phones: int = 100
    arrivals: float = 5.0
    seconds: float = 30.0
    shop: str = ""
    seed: int = 1
    patience: float = 30.0
    people: Mapping[str, float] = field(default_factory=lambda: USUAL)
    at_most_ms: float = 0.0
    pair_pace: bool = True
    settle: float = 2.0


async def run_load(options: LoadOptions, output: TextIO | None = None) -> LoadReport:
    """Run the whole test; progress goes to ``output``. Raises BadInput or ConfigError when it can't begin."""
    async with httpx.AsyncClient(base_url=options.target, timeout=CONNECT_SECONDS) as client:
        number = await _number(client, options)
        run = _Run(options, number, client, Progress(output))
        return await run.run()


class _Run:
    def __init__(self, options: LoadOptions, number: str, client: httpx.AsyncClient, progress: Progress) -> None:
        self._options = options
        self._number = number
        self._client = client
        self._progress = progress
        self._draw = random.Random(f"load/{options.seed}")
        self._tally = Tally()
        self._free: deque[RestedPhone] = deque()
        self._all: list[RestedPhone] = []
        self._planned = 0
        self._busy = 0

    async def run(self) -> LoadReport:
        before = await _stats(self._client)
        async with trio.open_nursery() as lines:
            trouble = await self._connect(lines)
            begun = ended = trio.current_time()
            if not trouble:
                await self._visits(begun)
                ended = trio.current_time()
                await self._settle()
            lines.cancel_scope.cancel()
        if trouble:
            raise ConfigError(trouble)
        return self._report(ended - begun, _difference(before, await _stats(self._client)))

    # -- phones --------------------------------------------------------------------------------------------------------
    async def _connect(self, lines: trio.Nursery) -> str:
        """Connect all phones; returns why that was not possible, else ""."""
        wanted = self._options.phones
        slots = trio.CapacityLimiter(CONNECTING)
        failures: list[Exception] = []

        def share() -> State:
            return State("connecting", len(self._all) / wanted)

        async with self._progress.showing(share), trio.open_nursery() as connecting:
            for at in range(wanted):
                connecting.start_soon(self._connect_one, lines, slots, at, failures)
        return f"{len(failures)} of {wanted} phones could not connect: {failures[0]}" if failures else ""

    async def _connect_one(
        self, lines: trio.Nursery, slots: trio.CapacityLimiter, at: int, failures: list[Exception]
    ) -> None:
        async with slots:
            try:
                with trio.fail_after(CONNECT_SECONDS):
                    await lines.start(self._keep, str(FIRST_DIGITS + at))
            except (LineLost, PhoneRefused, trio.TooSlowError, OSError) as error:
                failures.append(error)

    async def _keep(self, digits: str, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep one phone connected until the end."""
        query = {"ticks": "0"}
        async with open_phone(self._options.target, self._number, digits, name=f"Phone {digits}", query=query) as sim:
            phone = RestedPhone(sim)
            self._all.append(phone)
            self._free.append(phone)
            task_status.started()
            await trio.sleep_forever()

    # -- arrivals ------------------------------------------------------------------------------------------------------
    async def _visits(self, begun: float) -> None:
        end = begun + self._options.seconds
        async with self._progress.showing(lambda: self._state(begun)), trio.open_nursery() as visits:
            due = begun
            while (due := due + self._draw.expovariate(self._options.arrivals)) < end:
                await trio.sleep_until(due)
                self._planned += 1
                self._arrive(visits, due)

    def _state(self, begun: float) -> State:
        served = sum(self._tally.ends.values())
        more = f"{served} served, {self._busy} being served, {self._tally.lost} answers lost"
        return State("buyers", (trio.current_time() - begun) / self._options.seconds, more)

    def _arrive(self, visits: trio.Nursery, due: float) -> None:
        """Give a phone to somebody who arrives; the longest rested goes first."""
        kind, steps = somebody(self._draw, self._options.people)
        if not self._free or (self._options.pair_pace and not self._free[0].has_room(REPLIES, due)):
            self._tally.turned_away += 1
            return
        phone = self._free.popleft()
        self._tally.people[kind] += 1
        self._busy += 1
        visits.start_soon(self._visit, phone, steps, due)

    async def _visit(self, phone: RestedPhone, steps: Sequence[Step], due: float) -> None:
        received = phone.sim.count
        visit = Visit(phone.sim, self._tally, self._options.patience, phone.last)
        end = await visit.run(steps, due)
        self._tally.ends[end.value] += 1
        phone.last = visit.last
        phone.used(phone.sim.count - received, trio.current_time())
        phone.sim.forget()
        self._busy -= 1
        if end in (End.ORDERED, End.SOLD_OUT):
            self._free.append(phone)

    async def _settle(self) -> None:
        """Wait for what should not come: doubles that are still under way."""
        await trio.sleep(self._options.settle)
        for phone in self._all:
            leftovers(phone.sim, phone.last, self._tally)

    # -- the report ----------------------------------------------------------------------------------------------------
    def _report(self, seconds: float, provider: dict[str, Any]) -> LoadReport:
        tally, options = self._tally, self._options
        everything = array("d", (one for turns in tally.turns.values() for one in turns))
        sends_doubled = provider["counts"].get("sends_doubled", 0)
        turn = figures(everything)
        finished = tally.ends[End.ORDERED.value] + tally.ends[End.SOLD_OUT.value]
        buyers = {"planned": self._planned, "turned_away": tally.turned_away, "finished": finished}
        return LoadReport(
            options={key: value for key, value in vars(options).items() if key != "target"},
            seconds=round(seconds, 3),
            phones=len(self._all),
            buyers=buyers | {end.value: tally.ends[end.value] for end in End},
            people=dict(tally.people),
            messages=tally.messages,
            replies=sum(phone.sim.count for phone in self._all),
            orders=tally.orders,
            turn=turn,
            steps={name: figures(turns) for name, turns in tally.turns.items()},
            lost=tally.lost,
            doubled=tally.doubled,
            out_of_order=tally.out_of_order,
            orders_doubled=tally.orders_doubled,
            sends_doubled=sends_doubled,
            unexpected=dict(tally.surprises),
            examples=tally.examples,
            lag=figures(tally.lag),
            bottleneck=self._bottleneck(),
            provider=provider,
            failures=_failures(tally, self._planned, sends_doubled, turn.p95, options),
        )

    def _bottleneck(self) -> str:
        """Why the figures are the test's own and not the shop's, "" when they are the shop's."""
        reasons = []
        lag = figures(self._tally.lag)
        if lag.p99 > LAGGING_MS:
            reasons.append(f"1 message in 100 went out {lag.p99:.0f} ms or more after it was planned")
        if self._tally.turned_away:
            reasons.append(f"{self._tally.turned_away} buyers found no rested phone (more --phones)")
        return "; ".join(reasons)


def _failures(tally: Tally, planned: int, sends_doubled: int, p95: float, options: LoadOptions) -> list[str]:
    found = {
        "answers were lost": tally.lost,
        "answers came twice": tally.doubled,
        "answers came out of order": tally.out_of_order,
        "carts became two orders": tally.orders_doubled,
        "sends reached the provider twice": sends_doubled,
        "answers were unexpected": sum(tally.surprises.values()),
        "lines were lost": tally.ends[End.LINE_LOST.value],
    }
    failures = [f"{count} {what}" for what, count in found.items() if count]
    if not tally.orders:
        failures.append(f"no order was placed ({planned} buyers were planned)")
    if 0 < options.at_most_ms < p95:
        failures.append(f"p95 of a turn was {p95:.0f} ms, above {options.at_most_ms:.0f} ms")
    return failures


# -- the provider's controls -------------------------------------------------------------------------------------------
async def _number(client: httpx.AsyncClient, options: LoadOptions) -> str:
    """The business number of the shop that was asked for."""
    try:
        answer = await client.get("/control/numbers")
        numbers = msgspec.json.decode(answer.content)["numbers"]
    except httpx.HTTPError as error:
        raise ConfigError(f"nobody answers at {options.target}; is the demo or the fake provider running?") from error
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"{options.target} is not a fake provider of Sokoni") from error
    fits = [one for one in numbers if options.shop in ("", one["name"], one["title"], one["phone_number_id"])]
    if len(fits) != 1:
        names = ", ".join(one["name"] or one["phone_number_id"] for one in numbers)
        raise BadInput(f"there is no single shop {options.shop!r} at {options.target}; choose one of: {names}")
    return str(fits[0]["phone_number_id"])


async def _stats(client: httpx.AsyncClient) -> dict[str, Any]:
    stats: dict[str, Any] = msgspec.json.decode((await client.get("/control/stats")).content)
    return stats


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What happened at the provider meanwhile."""

    def less(name: str) -> dict[str, int]:
        changes = {key: count - before[name].get(key, 0) for key, count in after[name].items()}
        return {key: count for key, count in changes.items() if count}

    waiting = {"webhooks_waiting": after["webhooks_waiting"]}
    return {name: less(name) for name in ("counts", "refused", "faults")} | waiting
