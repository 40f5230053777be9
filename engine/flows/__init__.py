"""The kinds of shop, found in this folder: each file that defines ``FLOW`` is one. Adding one is adding a file.

This is the only discovery by folder; everything else is wired by hand in run.py.
"""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from importlib import import_module

from engine.errors import ConfigError, FlowError
from engine.flow import Flow


@lru_cache(maxsize=1)
def _flows() -> dict[str, Flow]:
    flows: dict[str, Flow] = {}
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        flow = getattr(import_module(f"{__name__}.{module}"), "FLOW", None)
        if not isinstance(flow, Flow):
            raise FlowError(f"engine/flows/{module}.py defines no FLOW")
        if flow.name != module:
            raise FlowError(f"engine/flows/{module}.py: its flow is called {flow.name!r}, not as its file")
        flow.check()
        flows[flow.name] = flow
    return flows


def names() -> tuple[str, ...]:
    """The kinds of shop there are, in order of their names."""
    return tuple(_flows())


def flow_named(name: str) -> Flow:
    """The flow of this name. ConfigError names those that exist; FlowError when one of them is broken."""
    flow = _flows().get(name)
    if flow is None:
        raise ConfigError(f"there is no flow {name!r}; there are: {', '.join(names())}")
    return flow
