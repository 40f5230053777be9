"""Bodies as Stripe's API takes them: forms whose names lead into objects and lists with brackets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

TYPE = "application/x-www-form-urlencoded"


def form(body: Mapping[str, Any]) -> bytes:
    """``{"metadata": {"order": "42"}}`` is ``metadata[order]=42``; lists are numbered from 0. Always in the same order,
    because Stripe compares what comes again under a key with what came first."""
    return urlencode([pair for name, value in body.items() for pair in _pairs(name, value)]).encode()


def _pairs(name: str, value: str | int | Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str, str]]:
    if isinstance(value, (str, int)):
        yield name, str(value)
        return
    inner = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, one in inner:
        yield from _pairs(f"{name}[{key}]", one)
