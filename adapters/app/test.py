"""``run.py test``: pytest on this project, wherever it is called from."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHOLE = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
"""The whole suite runs on every core, each file on one; whoever names tests wants them here and now."""


def run(options: argparse.Namespace) -> int:
    """pytest's own exit code: 0 when all passed. Paths in the arguments count from the project's folder."""
    os.chdir(ROOT)
    return int(pytest.main(options.rest or WHOLE))
