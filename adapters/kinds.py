"""Things that come in kinds: one file per kind in a folder of its own, found by looking into the folder.

A kind's file, ``<kind>.py``, names

    KIND       what the configuration calls it, the same as the file's name
    Settings   a struct of what an operator can set (see ``adapters.settings``)
    build      makes one of the kind for a shop

Folder discovery is the one piece of magic in the house; all else is wired by hand. Files that begin with ``_`` are
parts of kinds, not kinds.
"""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from engine.address import Millis

Made = TypeVar("Made", covariant=True)


def wall_clock() -> Millis:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class Site(NamedTuple):
    """Where a thing is built: the shop's name, the address that providers call (no slash at its end), whether the whole
    server is ``insecure`` (loopback only), where alone secrets may be missing, whether nothing is sent, whose days
    its dates are, the process's clock, and the shop's currency ("": not known)."""

    shop: str
    public_url: str = ""
    insecure: bool = False
    dev_mode: bool = False
    timezone: str = "UTC"
    now: Callable[[], Millis] = wall_clock
    currency: str = ""


class Build(Protocol[Made]):
    """Makes one. ``settings`` is an instance of the kind's own struct. Raises ConfigError."""

    def __call__(self, site: Site, settings: Any) -> Made: ...


class Kind(NamedTuple, Generic[Made]):
    """One kind; ``module`` is its file."""

    name: str
    settings: type[msgspec.Struct]
    build: Build[Made]
    module: ModuleType


def discovered(package: str, path: list[str]) -> Mapping[str, Kind[Any]]:
    """The kinds in a package's folder by the name that the configuration uses."""
    files = sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))
    return MappingProxyType({name: _kind(package, name) for name in files})


def _kind(package: str, name: str) -> Kind[Any]:
    module = import_module(f"{package}.{name}")
    if name != module.KIND:
        raise TypeError(f"{package}/{name}.py calls itself {module.KIND}; file and KIND must agree")
    return Kind(name, module.Settings, module.build, module)
