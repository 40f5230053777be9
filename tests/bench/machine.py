"""What the figures were measured on: cores, Python, SQLite, and how long the disk takes to sync."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

SYNCS = 100


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def machine() -> dict[str, str]:
    """Words for a report's head."""
    return {
        "processor": f"{processor()}, {len(os.sched_getaffinity(0))} cores",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
        "disk sync (median of 4 kB writes)": f"{sync_ms():.2f} ms",
    }


def sync_ms() -> float:
    """Milliseconds of one fdatasync after 4 kB, where the benchmarks' databases lie."""
    times = []
    with tempfile.NamedTemporaryFile(prefix="sokoni-bench-") as file:
        for _ in range(SYNCS):
            file.write(b"x" * 4096)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    return median(times) * 1000
