"""The channels: one file per kind of provider (see ``adapters.kinds``); ``build`` makes an ``engine.ports.Channel``.

Each has its cases in tests/cases/<kind>/.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from adapters.kinds import Kind, discovered
from engine.ports import Channel


@cache
def kinds() -> Mapping[str, Kind[Channel]]:
    """All channels by the name that the configuration uses."""
    return discovered(__name__, __path__)
