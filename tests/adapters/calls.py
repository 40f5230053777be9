"""A provider's request, for tests of what reads one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.address import Millis
from engine.ports import Call

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def call(raw: bytes, headers: Mapping[str, str] = NO_HEADERS, target: str = "/hook", at: Millis = 0) -> Call:
    return Call(target, target.partition("?")[0], headers, raw, at)
