"""``run.py bench``: measure speed and memory on this machine, print the figures, write them as JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from engine.errors import BadInput
from tests.bench.machine import machine
from tests.bench.suite import SUITE, Figure


def run(options: argparse.Namespace) -> int:
    """Run the chosen parts, all by default. Raises BadInput for a part that is not there."""
    unknown = [name for name in options.parts if name not in SUITE]
    if unknown:
        raise BadInput(f"bench has no part {', '.join(unknown)}; it has {', '.join(SUITE)}.")
    if options.folder:
        tempfile.tempdir = os.path.abspath(options.folder)
    head = machine()
    for what, value in head.items():
        print(f"{what}: {value}")
    report: dict[str, list[Figure]] = {}
    for name in options.parts or SUITE:
        title, measure = SUITE[name]
        print(f"\n{name}: {title}", flush=True)
        report[name] = measure()
        for what, figure, unit in report[name]:
            print(f"  {what:<62} {_short(figure):>10} {unit}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(_told(head, report), indent=1) + "\n", encoding="utf-8")
    return 0


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def _told(head: dict[str, str], report: dict[str, list[Figure]]) -> dict[str, object]:
    figures = {
        part: [{"what": what, "value": value, "unit": unit} for what, value, unit in rows]
        for part, rows in report.items()
    }
    return {"machine": head, "figures": figures}
