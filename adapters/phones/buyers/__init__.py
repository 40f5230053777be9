"""Simulated customers of each flow: one file per flow, found by looking into this folder.

A flow's file, ``<flow>.py``, names

    BUYERS     a script.Buyers: its people, and by what the shop's answers are known

and among its people are at least those of ``EVERYWHERE``. A shop whose flow has no file here can't be load-tested.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from adapters.phones.script import Buyers

EVERYWHERE = ("buyer", "double_tapper", "mind_changer", "dawdler")
"""Kinds of people that come to every shop."""


@cache
def flows() -> Mapping[str, Buyers]:
    """The customers by the flow of their shop."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return MappingProxyType({name: _buyers(name) for name in files})


def _buyers(name: str) -> Buyers:
    buyers: Buyers = import_module(f"{__name__}.{name}").BUYERS
    if name != buyers.flow:
        raise TypeError(f"the buyers in {name}.py are for {buyers.flow}; file and flow must agree")
    return buyers
