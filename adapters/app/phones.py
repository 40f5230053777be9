"""``run.py phones``: load a shop with simulated phones, check every answer, report, and say by the exit code."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import trio

from adapters.app.descriptors import ask_for_all
from adapters.app.laboratory import apart
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.load_report import LoadReport


def run(options: argparse.Namespace) -> int:
    """0 when every answer came once and in order and no threshold was broken, else 1. Raises BadInput, ConfigError."""
    ask_for_all()  # each phone is a connection; a process started from here inherits it
    if options.target:
        return _report(_load(options, options.target), options)
    with tempfile.TemporaryDirectory(prefix="sokoni-phones-") as folder:
        print("No --target: starting the sample shops and a fake provider for this test …", file=sys.stderr, flush=True)
        with apart(Path(folder), options.pace) as target:
            return _report(_load(options, target), options)


def _load(options: argparse.Namespace, target: str) -> LoadReport:
    load = LoadOptions(
        target=target.rstrip("/"),
        phones=options.phones,
        arrivals=options.arrivals,
        seconds=options.seconds,
        shop=options.shop or "",
        seed=options.seed,
        at_most_ms=options.at_most_ms,
    )
    return trio.run(run_load, load, sys.stderr)


def _report(report: LoadReport, options: argparse.Namespace) -> int:
    for line in report.lines():
        print(line)
    if options.json:
        Path(options.json).write_bytes(report.to_json())
    return 0 if report.ok else 1
