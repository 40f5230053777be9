"""Reading a form whose names lead into objects and lists with brackets, as Stripe reads it."""

from __future__ import annotations

import re
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from adapters.phones.stripe.refused import Refused, missing, no_integer

Json: TypeAlias = dict[str, Any]

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
DEPTH = 8
FIELDS = 1_000


def read(raw: bytes) -> Json:
    """``a[b][0][c]=d`` is ``{"a": {"b": {"0": {"c": "d"}}}}``; ``a[]=x`` counts up. Raises Refused."""
    found: Json = {}
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=FIELDS)
    except (ValueError, UnicodeDecodeError):
        raise Refused(400, "The body is no form that can be read.") from None
    for name, value in pairs:
        parts = NAME.match(name)
        keys = re.findall(r"\[([^\[\]]*)\]", parts[2]) if parts is not None else []
        if parts is None or len(keys) > DEPTH:
            raise Refused(400, f"Invalid parameter name: {name}", param=name)
        _put(found, [parts[1], *keys], value, name)
    return found


def _put(found: Json, path: list[str], value: str, name: str) -> None:
    *way, last = path
    for key in way:
        inner = found.setdefault(key or str(len(found)), {})
        if not isinstance(inner, dict):
            raise Refused(400, f"Invalid object: {name}", param=name)
        found = inner
    found[last or str(len(found))] = value


def items(found: object) -> list[Any]:
    """What stands in a list, in order."""
    numbered = found.items() if isinstance(found, dict) else ()
    return [one for _, one in sorted(numbered, key=lambda pair: (len(pair[0]), pair[0]))]


def text(found: object, *path: str) -> str:
    """A text that must be there. Raises Refused."""
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        raise missing(named(path))
    return found


def whole(found: object, *path: str) -> int:
    """A whole number that must be there. Raises Refused."""
    value = text(found, *path)
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise no_integer(named(path), value)
    return int(value)


def named(path: tuple[str, ...]) -> str:
    """A path as a form's name."""
    first, *rest = path
    return first + "".join(f"[{key}]" for key in rest)
