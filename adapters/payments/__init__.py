"""The payment providers: one file per kind, found by looking into this folder.

A provider's file, ``<kind>.py``, names

    KIND       what the configuration calls it, the same as the file's name
    Settings   a struct of what an operator can set (see ``adapters.settings``)
    build      (shop, settings, *, insecure) → engine.ports.Provider

and has its cases in tests/adapters/. Files that begin with ``_`` are parts of providers, not providers.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import msgspec

from engine.ports import Provider


class Build(Protocol):
    """Makes a provider. ``settings`` is an instance of the kind's own struct. Raises ConfigError."""

    def __call__(self, shop: str, settings: Any, *, insecure: bool) -> Provider: ...


class ProviderKind(NamedTuple):
    """One kind of payment provider."""

    name: str
    settings: type[msgspec.Struct]
    build: Build


@cache
def kinds() -> Mapping[str, ProviderKind]:
    """All payment providers by the name that the configuration uses."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return MappingProxyType({name: _kind(name) for name in files})


def _kind(name: str) -> ProviderKind:
    module = import_module(f"{__name__}.{name}")
    if name != module.KIND:
        raise TypeError(f"the provider in {name}.py calls itself {module.KIND}; file and KIND must agree")
    return ProviderKind(name, module.Settings, module.build)
