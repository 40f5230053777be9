"""The channels: one file per kind of provider, found by looking into this folder.

A channel's file, ``<kind>.py``, names

    KIND       what the configuration calls it, the same as the file's name
    Settings   a struct of what an operator can set (see ``adapters.settings``)
    build      (shop, settings, *, insecure, dev_mode) → engine.ports.Channel

and has its cases in tests/cases/<kind>/. Files that begin with ``_`` are parts of channels, not channels.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import msgspec

from engine.ports import Channel


class Build(Protocol):
    """Makes a channel. ``settings`` is an instance of the kind's own struct. Raises ConfigError."""

    def __call__(self, shop: str, settings: Any, *, insecure: bool, dev_mode: bool) -> Channel: ...


class ChannelKind(NamedTuple):
    """One kind of channel."""

    name: str
    settings: type[msgspec.Struct]
    build: Build


@cache
def kinds() -> Mapping[str, ChannelKind]:
    """All channels by the name that the configuration uses."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return MappingProxyType({name: _kind(name) for name in files})


def _kind(name: str) -> ChannelKind:
    module = import_module(f"{__name__}.{name}")
    if name != module.KIND:
        raise TypeError(f"the channel in {name}.py calls itself {module.KIND}; file and KIND must agree")
    return ChannelKind(name, module.Settings, module.build)
