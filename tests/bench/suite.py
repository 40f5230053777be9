"""All benchmarks by name. Each gives (what, value, unit); nothing here judges a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio

from tests.bench.bench_channel import channel_figures
from tests.bench.bench_pure import pure_figures
from tests.bench.campaign import campaign_figures
from tests.bench.campaign_live import live_figures
from tests.bench.memory import memory_figures, startup_figures
from tests.bench.onsale import onsale_figures
from tests.bench.sending import sending_figures
from tests.bench.serving import overload_figures, serving_figures, status_figures
from tests.bench.timers import timer_figures
from tests.bench.turns import turn_figures

Figure = tuple[str, float, str]

SUITE: Mapping[str, tuple[str, Callable[[], list[Figure]]]] = {
    "pure": ("one turn of a flow, pure part only", pure_figures),
    "channel": ("reading and writing WhatsApp's JSON", channel_figures),
    "turns": ("durable turns without HTTP, SQLite at FULL", lambda: trio.run(turn_figures)),
    "timers": ("picking due timers among a million that wait", lambda: trio.run(timer_figures)),
    "campaign": ("a campaign to 100,000: frozen, claimed, counted", lambda: trio.run(campaign_figures)),
    "campaign-live": ("a campaign to 100,000 while customers write", lambda: trio.run(live_figures)),
    "sending": ("the outbox alone, over HTTP to a fast provider", sending_figures),
    "memory": ("memory per address", memory_figures),
    "start": ("start with many snapshots", lambda: trio.run(startup_figures)),
    "serving": ("signed webhook to reply, server on one core", serving_figures),
    "statuses": ("statuses apart", status_figures),
    "overload": ("3,000/s on 2,000 connections", overload_figures),
    "onsale": ("5,000 phones race for 500 seats", onsale_figures),
}
