"""The load test: thousands of simulated phones buy from one shop, or from several, and every answer is checked.

The model is open: buyers arrive when the plan says, however slow the shop is, and their first turn counts from the
planned moment. A closed model (the next buyer comes when the last one is served) would hide exactly the waiting that
it is meant to find. Gaps between arrivals are drawn from the seed (Poisson). What buyers say stands in buyers/, what
they do with the phones in crowd.py, and what is asked of the shops' own books at the end in audit.py.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, TextIO

import httpx
import trio

from adapters.phones.buyers import flows
from adapters.phones.controls import Controls, Shop, difference
from adapters.phones.crowd import Crowd, Habits
from adapters.phones.load_report import LAGGING_MS, LoadReport, ShopReport, figures, joined
from adapters.phones.progress import Progress, State
from adapters.phones.script import Buyers, Person
from adapters.phones.sim import LineLost, PhoneRefused
from engine.errors import ConfigError

CONNECTING = 64
"""Phones that connect at once; more only wait for each other."""
CONNECT_SECONDS = 30.0
FIRST_DIGITS = 254_700_000_000
APART = 1_000_000
"""Between the numbers of one shop's phones and the next one's: M-Pesa asks a number, whichever shop it is for."""


@dataclass(frozen=True)
class LoadOptions:
    """``target``: base URL of the fake provider that the shops talk to. ``shop``: a name, title or number there; "all"
    for every one, each with as many phones and arrivals as the others; "" where there is only one.

    ``arrivals``: buyers per second. ``patience``: seconds after which an answer counts as lost. ``people``: how often
    each kind of person comes, where that is not as buyers/ say. ``at_most_ms``: fail when p95 of all turns is above it;
    0: no threshold. ``pair_pace``: let phones rest as crowd.py says; for a shop and a provider without that limit,
    False. ``settle``: seconds after the last visit in which doubles may still come in. ``dawdling``: how long dawdlers
    take, beside what buyers/ say.
    """

    target: str
    phones: int = 100
    arrivals: float = 5.0
    seconds: float = 30.0
    shop: str = ""
    seed: int = 1
    patience: float = 30.0
    people: Mapping[str, float] | None = None
    at_most_ms: float = 0.0
    pair_pace: bool = True
    settle: float = 2.0
    dawdling: float = 1.0


async def run_load(options: LoadOptions, output: TextIO | None = None) -> LoadReport:
    """Run the whole test; progress goes to ``output``. Raises BadInput or ConfigError when it can't begin."""
    async with httpx.AsyncClient(timeout=CONNECT_SECONDS) as client:
        controls = Controls(options.target, client)
        shops = await controls.shops(options.shop)
        return await _Run(options, shops, controls, Progress(output)).run()


class _Run:
    def __init__(self, options: LoadOptions, shops: list[Shop], controls: Controls, progress: Progress) -> None:
        self._options = options
        self._controls = controls
        self._progress = progress
        self._draw = random.Random(f"load/{options.seed}")
        habits = Habits(options.target, options.patience, options.pair_pace, options.dawdling)
        self._crowds = [
            Crowd(
                *(shop, buyers := _buyers(shop), _people(buyers, options), habits, controls, self._draw),
                first=FIRST_DIGITS + at * APART,
            )
            for at, shop in enumerate(shops)
        ]

    async def run(self) -> LoadReport:
        before = await self._controls.stats()
        for crowd in self._crowds:
            await crowd.open_books()
        async with trio.open_nursery() as lines:
            trouble = await self._connect(lines)
            shops: dict[str, ShopReport] = {}
            begun = ended = trio.current_time()
            if not trouble:
                await self._visits(begun)
                ended = trio.current_time()
                await trio.sleep(self._options.settle)
                shops = {crowd.shop.called: await crowd.report() for crowd in self._crowds}
            lines.cancel_scope.cancel()
        if trouble:
            raise ConfigError(trouble)
        return self._report(shops, ended - begun, difference(before, await self._controls.stats()))

    # -- phones --------------------------------------------------------------------------------------------------------
    async def _connect(self, lines: trio.Nursery) -> str:
        """Connect all phones, as many to each shop; returns why that was not possible, else ""."""
        wanted, crowds = max(self._options.phones, len(self._crowds)), self._crowds
        slots = trio.CapacityLimiter(CONNECTING)
        failures: list[Exception] = []

        async def connect(at: int) -> None:
            async with slots:
                if failures:
                    return
                try:
                    with trio.fail_after(CONNECT_SECONDS):
                        await crowds[at % len(crowds)].connect(lines, at // len(crowds))
                except (LineLost, PhoneRefused, OSError, trio.TooSlowError) as error:
                    failures.append(error)

        def state() -> State:
            return State("connecting", self._connected / wanted)

        async with self._progress.showing(state), trio.open_nursery() as connecting:
            for at in range(wanted):
                connecting.start_soon(connect, at)
        if not failures:
            return ""
        why = str(failures[0]) or "it took too long"
        return f"only {self._connected} of {wanted} phones could connect: {why}"

    @property
    def _connected(self) -> int:
        return sum(len(crowd.phones) for crowd in self._crowds)

    # -- arrivals ------------------------------------------------------------------------------------------------------
    async def _visits(self, begun: float) -> None:
        end = begun + self._options.seconds
        async with self._progress.showing(lambda: self._state(begun)), trio.open_nursery() as visits:
            due, turns = begun, cycle(self._crowds)
            while (due := due + self._draw.expovariate(self._options.arrivals)) < end:
                await trio.sleep_until(due)
                next(turns).arrive(visits, due)

    def _state(self, begun: float) -> State:
        tallies = [crowd.tally for crowd in self._crowds]
        served, lost = sum(sum(one.ends.values()) for one in tallies), sum(one.lost for one in tallies)
        busy = sum(crowd.busy for crowd in self._crowds)
        more = f"{served} served, {busy} being served, {lost} answers lost"
        return State("buyers", (trio.current_time() - begun) / self._options.seconds, more)

    # -- the report ----------------------------------------------------------------------------------------------------
    def _report(self, shops: dict[str, ShopReport], seconds: float, provider: dict[str, Any]) -> LoadReport:
        options = self._options
        turn = figures(joined(crowd.tally.all_turns for crowd in self._crowds))
        lag = figures(joined(crowd.tally.lag for crowd in self._crowds))
        sends_doubled = provider["counts"].get("sends_doubled", 0)
        failures = [
            f"{name}: {failure}" if len(shops) > 1 else failure
            for name, shop in shops.items()
            for failure in shop.failures
        ]
        if sends_doubled:
            failures.append(f"{sends_doubled} sends reached the provider twice")
        if 0 < options.at_most_ms < turn.p95:
            failures.append(f"p95 of a turn was {turn.p95:.0f} ms, above {options.at_most_ms:.0f} ms")
        return LoadReport(
            options={key: value for key, value in vars(options).items() if key != "target"},
            seconds=round(seconds, 3),
            phones=self._connected,
            shops=shops,
            messages=sum(shop.messages for shop in shops.values()),
            replies=sum(shop.replies for shop in shops.values()),
            orders=sum(shop.orders for shop in shops.values()),
            turn=turn,
            lag=lag,
            bottleneck=_bottleneck(lag.p99, sum(crowd.tally.turned_away for crowd in self._crowds)),
            sends_doubled=sends_doubled,
            provider=provider,
            failures=failures,
        )


def _buyers(shop: Shop) -> Buyers:
    """The shop's customers. Raises ConfigError for a shop whose flow has none."""
    buyers = flows().get(shop.flow)
    if buyers is None:
        raise ConfigError(f"{shop.called} has no known flow ({shop.flow!r}); there are buyers for {', '.join(flows())}")
    return buyers


def _people(buyers: Buyers, options: LoadOptions) -> Mapping[str, Person]:
    """The people who come, as often as the options say."""
    if options.people is None:
        return buyers.people
    return {kind: replace(buyers.people[kind], often=often) for kind, often in options.people.items()}


def _bottleneck(lag_ms: float, turned_away: int) -> str:
    """Why the figures are the test's own and not the shops', "" when they are the shops'."""
    reasons = []
    if lag_ms > LAGGING_MS:
        reasons.append(f"1 message in 100 went out {lag_ms:.0f} ms or more after it was planned")
    if turned_away:
        reasons.append(f"{turned_away} buyers found no rested phone (more --phones)")
    return "; ".join(reasons)
