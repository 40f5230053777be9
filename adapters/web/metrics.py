"""``/metrics``: what ``/ready`` tells, as Prometheus reads it (text format 0.0.4).

Forty lines of our own rather than prometheus_client: the engine counts in plain fields already, which that library
would only copy into metrics of its own for each reading. Labels are shops, kinds of services and our own words; no
customer's name or number is ever one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from adapters.web.webhooks import WebCounters
from engine.breaker import BreakerState
from engine.running import Running

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES: Mapping[BreakerState, int] = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}


class Metric(NamedTuple):
    """One metric with its samples, each by its labels. ``kind``: counter (since the process began) or gauge."""

    name: str
    kind: str
    about: str
    samples: Iterable[tuple[Mapping[str, str], float]]


def exposition(running: Running | None, counters: WebCounters) -> str:
    """All metrics as text. While the store is out only those of the edge are there."""
    metrics = [*_edge(running, counters), *(_engine(running) if running is not None else ())]
    return "".join(_written(one) for one in metrics)


def _written(metric: Metric) -> str:
    lines = [f"# HELP sokoni_{metric.name} {metric.about}", f"# TYPE sokoni_{metric.name} {metric.kind}"]
    lines += [f"sokoni_{metric.name}{_labels(labels)} {value:g}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    named = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{named}}}" if named else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _counter(name: str, about: str, value: float) -> Metric:
    return Metric(f"{name}_total", "counter", about, [({}, value)])


def _gauge(name: str, about: str, value: float) -> Metric:
    return Metric(name, "gauge", about, [({}, value)])


def _edge(running: Running | None, counters: WebCounters) -> Iterator[Metric]:
    yield _gauge("store_open", "Whether the store is open and messages are taken.", float(running is not None))
    yield _counter("webhooks", "Requests of providers.", counters.webhooks)
    yield _counter("refused_signatures", "Requests with a missing or wrong signature.", counters.refused_signature)
    yield _counter("barred", "Requests not read, of addresses that sent wrong signatures.", counters.barred)
    yield _counter("refused_items", "Items of webhooks that could not be read.", counters.refused_items)
    yield _counter("unavailable", "Webhooks answered so that their provider comes again.", counters.unavailable)


def _engine(running: Running) -> Iterator[Metric]:
    turns, cashier, outbox = running.around.counters, running.cashier.counters, running.outbox
    yield _counter("turns", "Letters that became a turn.", turns.turns)
    yield _counter("duplicates", "Letters that were known already.", turns.duplicates)
    yield _counter("conflicts", "Turns that were taken anew because something had moved.", turns.conflicts)
    yield _counter("crashes", "Crashes of actors.", turns.crashes)
    yield _counter("parked", "Letters that were parked.", turns.parked)
    yield _counter("slowed", "Letters kept until their turn comes, for their customer writes too fast.", turns.slowed)
    yield _counter("clock_jumps", "Times that the machine's clock was set, or it slept.", running.scheduler.watch.jumps)
    now, rounds = running.around.clock.now(), running.rounds.listed()
    since = [({"what": one.what, "shop": one.shop}, (now - one.at) / 1000) for one in rounds]
    yield Metric("round_age_seconds", "gauge", "How long ago what comes again and again last began.", since)
    yield _gauge("quarantined", "Addresses that are quarantined.", len(running.supervisor.quarantined))
    yield _gauge("actors_awake", "Conversations in memory.", len(running.supervisor.actors))
    yield _counter("payments_asked_for", "Requests for money.", cashier.charged)
    yield _counter("payments_refused", "Requests for money that failed.", cashier.refused)
    yield _counter("payments_asked_about", "Questions about silent payments.", cashier.asked)
    yield _counter("payments_recorded", "Pieces of news about payments.", cashier.told)
    yield _gauge("outbox_waiting", "Messages in memory that are not sent yet.", len(outbox.lines.rows))
    yield _counter("outbox_unknown", "Sends whose answer was lost.", outbox.unknown.seen)
    yield _counter("outbox_doubled", "Sends made once more at the risk of a double.", outbox.unknown.sent_again)
    desks = outbox.lines.desks.items()
    yield Metric(
        "outbox_due", "gauge", "Customers with a message due.", [({"shop": shop}, desk.due) for shop, desk in desks]
    )
    yield Metric("sends_total", "counter", "Sends by what became of them.", _sends(running))
    yield from _breakers(running)


def _sends(running: Running) -> Iterator[tuple[Mapping[str, str], float]]:
    for (shop, kind), count in sorted(running.outbox.outcomes.items()):
        yield {"shop": shop, "channel": running.channel_kinds[shop], "outcome": kind.value}, count


def _breakers(running: Running) -> Iterator[Metric]:
    reports = running.breakers.reports()
    labels = [{"service": one.service, "shop": one.shop} for one in reports]
    states = [STATES[one.state] for one in reports]
    opened = [one.opened for one in reports]
    yield Metric("breaker_state", "gauge", "0 closed, 1 half-open, 2 open.", list(zip(labels, states, strict=True)))
    yield Metric("breaker_opened_total", "counter", "How often it opened.", list(zip(labels, opened, strict=True)))
