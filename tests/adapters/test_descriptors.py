"""Connections never take the open files that the shop lives on."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from adapters.app.descriptors import BESIDES

TRY = """
import resource, sys
from adapters.app.descriptors import affordable
soft, hard, connections = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(affordable(connections, 32), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "afforded", "soft_after"),
    [
        pytest.param(900, 900, 500, 500, 900, id="there are enough"),
        pytest.param(256, 900, 500, 500, 500 + 32 + BESIDES, id="the system grants more when asked"),
        pytest.param(256, 500, 500, 500 - 32 - BESIDES, 500, id="it grants fewer than wanted"),
        pytest.param(64, 64, 500, 1, 64, id="it grants next to none"),
    ],
)
def test_as_many_connections_as_there_are_open_files_for(
    soft: int, hard: int, connections: int, afforded: int, soft_after: int
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.fail("this machine grants fewer open files than these tests begin with")
    arguments = [sys.executable, "-c", TRY, *map(str, (soft, hard, connections))]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(afforded), str(soft_after)]


def test_a_tool_takes_all_that_the_system_grants() -> None:
    script = """
import resource
from adapters.app.descriptors import ask_for_all
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 700))
ask_for_all()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["700", "700"]
