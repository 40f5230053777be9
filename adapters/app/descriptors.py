"""Open files: one for each connection that may be taken, beside those that the shop itself lives on.

Many systems grant a process 1,024 to begin with, and more when it asks. Without, strangers who do no more than connect
would take the last one, and with it the shop's way to its provider.
"""

from __future__ import annotations

import resource
from contextlib import suppress

BESIDES = 128
"""For the store, uploads, look-ups of names, the log and Python itself."""


def affordable(connections: int, lanes: int) -> int:
    """How many of these connections may be taken at once, after the system was asked for more open files."""
    wanted = connections + lanes + BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if granted > soft:
        with suppress(ValueError, OSError):  # a system with a limit of its own on top
            resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
            soft = granted
    return max(1, min(connections, soft - lanes - BESIDES))


def ask_for_all() -> None:
    """Take as many open files as the system grants: for tools that hold a connection for each of many phones."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # as above
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
