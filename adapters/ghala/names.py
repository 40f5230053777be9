"""Names as settings. No public specification of Ghala exists (protocols.md 3.1), so whatever it calls a thing is one
of a dialect's names, and every name can be changed: ``names = ["transaction=txn_ref", "link=data.checkout_url"]``.

A dot leads into an object, ``customer.phone``. ``|`` stands between names that are tried one after another when
something is read, ``phone|customer.phone``; the first of them is the one that is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid5

import msgspec

from engine.errors import ConfigError

OURS = UUID("6f0d9d0c-6d0b-5b0e-9a53-3f6f3a0f6a71")
"""The namespace of our keys; any would do, as long as it stays."""

Json: TypeAlias = dict[str, Any]
Names = TypeVar("Names", bound=msgspec.Struct)

CLASSIC, V2 = "classic", "v2"
BASE_URLS: Mapping[str, str] = {CLASSIC: "https://api.ghala.io/v1", V2: "https://v2.ghala.io/api/v2"}
"""Where each dialect is spoken, as far as anybody outside knows."""
ADDRESS = r"^((https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?)?\Z"
"""Without TLS only on loopback, since the key travels in every request; empty is the dialect's own."""


def changed(names: Names, pairs: Iterable[str], key: str) -> Names:
    """A dialect's names with what an operator changed, as ``OURS=THEIRS``. Raises ConfigError, naming the setting
    ``key``."""
    known = [field.name for field in msgspec.structs.fields(names)]
    changes: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs or ours not in known:
            raise ConfigError(f"{key}: expected OURS=THEIRS with OURS one of {', '.join(known)}, found {pair!r}")
        changes[ours] = theirs
    return msgspec.structs.replace(names, **changes)


def idempotency_key(name: str) -> str:
    """v2's keys are UUIDs (protocols.md 3.1): the one of a name of ours, always the same."""
    return str(uuid5(OURS, name))


def found(body: object, name: str) -> Any:
    """What stands under a dotted name; None when nothing does."""
    if "|" in name:
        return next((value for one in name.split("|") if (value := found(body, one)) is not None), None)
    for part in name.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def put(body: Json, name: str, value: object) -> None:
    """Set what stands under a dotted name; what stood in its way is gone."""
    *path, last = name.partition("|")[0].split(".")
    for part in path:
        inner = body.get(part)
        if not isinstance(inner, dict):
            inner = body[part] = {}
        body = inner
    body[last] = value
