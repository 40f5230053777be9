"""Reading one field of a request as Meta does: each function returns the value or raises Meta's refusal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from adapters.phones.meta.errors import BAD_PARAMETER, INVALID, MISSING, GraphError

JsonObject: TypeAlias = dict[str, Any]


def name_of(where: str, key: str) -> str:
    """The way Meta writes a path: ``text['body']``."""
    return f"{where}['{key}']" if where else key


def part(body: JsonObject, key: str, where: str) -> JsonObject:
    """The object under ``key``."""
    value = body.get(key)
    if value is None:
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    if not isinstance(value, dict):
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be a JSON object.")
    return value


def text(body: JsonObject, key: str, most: int, where: str) -> str:
    """The non-empty string under ``key``, at most ``most`` characters long."""
    if body.get(key) is None:
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    value = optional_text(body, key, most, where)
    if not value:
        raise GraphError(MISSING, f"Param {name_of(where, key)} must not be empty.")
    return value


def optional_text(body: JsonObject, key: str, most: int, where: str) -> str:
    """The string under ``key``, "" where it is missing."""
    value = body.get(key, "")
    if not isinstance(value, str):
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be a string.")
    if len(value) > most:
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be at most {most} characters long.")
    return value


def titled(body: JsonObject, key: str, most: int, where: str) -> str:
    """A short visible text; Meta refuses a wrong length of these with 131009 and both bounds."""
    value = body.get(key)
    if not isinstance(value, str):
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    if not 1 <= len(value) <= most:
        raise GraphError(INVALID, f"{name_of(where, key)} length invalid. Min length: 1, Max length: {most}")
    return value


def one_of(body: JsonObject, key: str, allowed: Sequence[str], where: str) -> str:
    """The string under ``key`` when it is one of ``allowed``."""
    value = body.get(key)
    if value is None:
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    if value not in allowed:
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be one of {{{', '.join(allowed)}}}.")
    return str(value)


def rows(body: JsonObject, key: str, least: int, most: int, where: str) -> list[JsonObject]:
    """The list of objects under ``key``, with ``least`` to ``most`` of them."""
    value = body.get(key)
    if value is None:
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be a list of JSON objects.")
    if not least <= len(value) <= most:
        raise GraphError(INVALID, f"{name_of(where, key)} count invalid. Min: {least}, Max: {most}")
    return value


def number(body: JsonObject, key: str, bound: float, where: str) -> float:
    """The number under ``key``, between -bound and bound. A string of digits is taken too, as Meta does."""
    value = body.get(key)
    if value is None or isinstance(value, bool):
        raise GraphError(MISSING, f"Param {name_of(where, key)} is required.")
    try:
        read = float(value)
    except (TypeError, ValueError):
        raise GraphError(BAD_PARAMETER, f"Param {name_of(where, key)} must be a number.") from None
    if not -bound <= read <= bound:
        raise GraphError(INVALID, f"Param {name_of(where, key)} must be between -{bound:g} and {bound:g}.")
    return read


def count(value: object, name: str) -> int:
    """A whole number from 0, given as an integer or a string of digits."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise GraphError(MISSING if value is None else BAD_PARAMETER, f"Param {name} must be a whole number.")
