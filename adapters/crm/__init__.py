"""The shops' books elsewhere: one file per kind (see ``adapters.kinds``); ``build`` makes an ``engine.ports.Crm``.

Each has its cases in tests/adapters/.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from adapters.kinds import Kind, discovered
from engine.ports import Crm


@cache
def kinds() -> Mapping[str, Kind[Crm]]:
    """All CRMs by the name that the configuration uses."""
    return discovered(__name__, __path__)
