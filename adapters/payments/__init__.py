"""The payment providers: one file per kind (see ``adapters.kinds``); ``build`` makes an ``engine.ports.Provider``.

Each has its cases in tests/adapters/.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from adapters.kinds import Kind, discovered
from engine.ports import Provider


@cache
def kinds() -> Mapping[str, Kind[Provider]]:
    """All payment providers by the name that the configuration uses."""
    return discovered(__name__, __path__)
