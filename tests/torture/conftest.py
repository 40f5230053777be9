"""Says at the end which torture this machine did not allow, and why."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("skipped"):
        if report.nodeid.startswith("tests/torture/") and isinstance(report.longrepr, tuple):
            terminalreporter.write_line(f"Left out: {report.nodeid} ({report.longrepr[2].removeprefix('Skipped: ')})")
