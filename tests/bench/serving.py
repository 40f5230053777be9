"""From a signed webhook to its reply at a fast provider, over real HTTP: the server alone on one core, traffic on the
other. Statuses apart, and three times as much as the server can do."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from adapters.app.descriptors import ask_for_all
from adapters.app.samples import BAKERY, Sample

ROOT = Path(__file__).parents[2]
SERVER_CORE, TRAFFIC_CORE = 0, 1
Report = dict[str, Any]
OTHER_CHANNELS = {
    "whatsapp_cloud": "tests.bench.traffic",
    "ghala": "tests.bench.ghala_traffic",
    "twilio": "tests.bench.twilio_traffic",
}
"""Whose traffic goes through which channel."""


def pinned(core: int, arguments: list[str], **options: Any) -> subprocess.Popen[str]:
    """A Python process of ours on one core, where the machine has several."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, text=True, **options)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(process.pid, {cores[min(core, len(cores) - 1)]})
    return process


@contextmanager
def serving(*more: str, database: Path | None = None) -> Iterator[tuple[int, int, str, int]]:
    """A server on a fresh database, or on this one: its port, its provider's port, the secret, its pid."""
    secret, provider = secrets.token_hex(8), free_port()
    with tempfile.TemporaryDirectory(prefix="sokoni-bench-") as folder:
        arguments = [
            "tests.bench.server",
            "--database",
            str(database or f"{folder}/bench.db"),
            "--secret",
            secret,
            *more,
        ]
        arguments += ["--provider", f"http://127.0.0.1:{provider}"]
        process = pinned(SERVER_CORE, arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), provider, secret, process.pid
            process.stdin.close()
            process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def traffic(
    port: int, provider: int, secret: str, shop: Sample = BAKERY, module: str = "tests.bench.traffic", **options: object
) -> Report:
    """Run the traffic against a server and read its report."""
    arguments = [module, "--server", f"http://127.0.0.1:{port}{shop.path}"]
    arguments += ["--secret", secret, "--port", str(provider), "--number", shop.number_id]
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    process = pinned(TRAFFIC_CORE, arguments, stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=300)
    if process.returncode:
        raise RuntimeError(f"the traffic generator ended with {process.returncode}")
    report: Report = json.loads(out)
    return report


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_mb(pid: int) -> float:
    """The most memory that a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def serving_figures(
    rates: tuple[int, ...] = (400, 600, 700, 800), seconds: float = 15.0
) -> list[tuple[str, float, str]]:
    """Messages per second with each reply delivered, and how long they took. One server per rate, each warmed up."""
    figures: list[tuple[str, float, str]] = []
    for rate in rates:
        with serving() as (port, provider, secret, _):
            traffic(port, provider, secret, rate=200, seconds=3, run="warm")
            report = traffic(port, provider, secret, rate=rate, seconds=seconds)
        name = f"at {rate} messages/s offered"
        figures += [
            (f"{name}: replies delivered", report["replies_per_second"], "messages/s"),
            (f"{name}: acknowledged after, p50", report["ack_p50_ms"], "ms"),
            (f"{name}: acknowledged after, p99", report["ack_p99_ms"], "ms"),
            (f"{name}: replied after, p50", report["reply_p50_ms"], "ms"),
            (f"{name}: replied after, p99", report["reply_p99_ms"], "ms"),
            (f"{name}: lost or doubled", report["missing"] + report["doubled"] + report["unasked"], "messages"),
            (f"{name}: generator at most behind", report["generator_lag_ms"], "ms"),
        ]
    return [*figures, *other_channel_figures()]


def other_channel_figures(rate: int = 700, seconds: float = 10.0) -> list[tuple[str, float, str]]:
    """The same traffic through the other channels, beside Meta's at the same moment of the machine."""
    figures: list[tuple[str, float, str]] = []
    for channel, module in OTHER_CHANNELS.items():
        with serving("--channel", channel) as (port, provider, secret, _):
            traffic(port, provider, secret, module=module, rate=200, seconds=3, run="warm")
            report = traffic(port, provider, secret, module=module, rate=rate, seconds=seconds)
        name = f"{channel} at {rate} messages/s offered"
        figures += [
            (f"{name}: replies delivered", report["replies_per_second"], "messages/s"),
            (f"{name}: replied after, p50", report["reply_p50_ms"], "ms"),
            (f"{name}: replied after, p99", report["reply_p99_ms"], "ms"),
            (f"{name}: lost or doubled", report["missing"] + report["doubled"] + report["unasked"], "messages"),
        ]
    return figures


def status_figures(seconds: float = 8.0) -> list[tuple[str, float, str]]:
    """Statuses in batches of 100, as fast as they are taken."""
    with serving() as (port, provider, secret, _):
        report = traffic(port, provider, secret, rate=600, seconds=seconds, statuses=100, connections=16)
    return [("statuses in batches of 100", report["acks_per_second"] * 100, "statuses/s")]


def overload_figures(
    rate: int = 3_000, connections: int = 2_000, seconds: float = 20.0
) -> list[tuple[str, float, str]]:
    """Three times the peak and more, on many connections."""
    ask_for_all()
    with serving() as (port, provider, secret, pid):
        peak = traffic(port, provider, secret, rate=1_500, seconds=8, connections=64, phones=20_000)
        report = traffic(port, provider, secret, rate=rate, seconds=seconds, connections=connections, phones=40_000)
        memory = resident_mb(pid)
    # The first seconds are the 2,000 requests that arrive at once, and the last one is cut short by the end.
    acks, replies = report["acks_each_second"][3:-1], report["replies_each_second"][3:-1]
    peak_replies = median(peak["replies_each_second"][2:-1])
    return [
        ("peak: replies", peak_replies, "messages/s"),
        ("overload: acknowledged, median second", median(acks), "messages/s"),
        ("overload: acknowledged, worst second", min(acks), "messages/s"),
        ("overload: replied, median second", median(replies), "messages/s"),
        ("overload: replied, worst second", min(replies), "messages/s"),
        ("overload: replied in the worst second, of the peak", 100 * min(replies) / peak_replies, "%"),
        ("overload: acknowledged and not replied, or doubled", report["missing"] + report["doubled"], "messages"),
        ("overload: answered 503", report["statuses"].get("503", 0), "webhooks"),
        ("overload: memory at most", memory, "MB"),
    ]
