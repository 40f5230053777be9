"""JSON from outside as plain objects, and careful ways to look into them.

Everything in a webhook can be missing, null or of the wrong type (fields come and go with each API version), so nothing
here raises for it: the wrong type reads as "not there". Decoding straight into typed structs was rejected: it is only
25 µs faster for a batch of 100 statuses, and one odd field in one item would fail the batch.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import msgspec

from engine.address import Millis
from engine.errors import BadInput

Json: TypeAlias = object
Map: TypeAlias = dict[str, object]

ID_LENGTH = 512
"""Ids are opaque and may be long (protocols: more than 64 characters); one beyond this is not an id."""
TEXT_LENGTH = 65_536
"""What WhatsApp's own app lets somebody type; a longer text is cut here."""
NAME_LENGTH = 255
DIGITS = 15
LARGEST = 10**DIGITS
"""Numbers from here on are not read: nothing that Meta counts comes near, and the store holds 64 bits."""
MILLIS_FROM = 10**12
"""Timestamps are seconds, now and then milliseconds: from this value on (protocols 1.4)."""
LATEST: Millis = 4 * MILLIS_FROM
"""Autumn 2096: a timestamp beyond it is a mistake, and would not fit everywhere."""

_NOTHING: Map = {}
_decode = msgspec.json.Decoder().decode


def document(raw: bytes) -> Json:
    """The JSON document in ``raw``, with all its text valid Unicode. BadInput when it is no JSON."""
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _mended(raw)
    except RecursionError:
        raise BadInput("The body is nested too deeply; expected Meta's JSON envelope.") from None


def _mended(raw: bytes) -> Json:
    """A second, slower reading of what the strict decoder refuses, so that one odd item does not lose the others:
    half an emoji (a lone surrogate, from names that were cut), NaN, numbers without end, bytes that are not UTF-8."""
    try:
        return _without_surrogates(
            json.loads(raw.decode("utf-8", "replace"), parse_int=_integer, parse_constant=lambda _: None)
        )
    except (ValueError, RecursionError):
        # ``from None``: the decoder's error carries the whole body, which is a customer's
        raise BadInput("The body is not JSON; expected Meta's JSON envelope.") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= DIGITS else None


def _without_surrogates(found: Json) -> Json:
    if isinstance(found, str):
        return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(found, list):
        return [_without_surrogates(item) for item in found]
    if isinstance(found, dict):
        return {str(_without_surrogates(name)): _without_surrogates(value) for name, value in found.items()}
    return found


def mapping(found: Json) -> Map:
    """The object, or an empty one."""
    return found if isinstance(found, dict) else _NOTHING


def sequence(found: Json) -> list[object]:
    """The list, or an empty one."""
    return found if isinstance(found, list) else []


def text(found: Json, length: int = TEXT_LENGTH) -> str:
    """The string, cut to ``length`` characters, or ""."""
    return found[:length] if isinstance(found, str) else ""


def identifier(found: Json) -> str:
    """An opaque id, or "" when it is missing or can't be one."""
    return found if isinstance(found, str) and len(found) <= ID_LENGTH else ""


def integer(found: Json) -> int | None:
    """A whole number, also one written as a string or as 2.0; None for anything else."""
    if isinstance(found, bool):
        return None
    if isinstance(found, str):
        return int(found) if found.isascii() and found.isdigit() and len(found) <= DIGITS else None
    if isinstance(found, float):
        return int(found) if found.is_integer() and abs(found) < LARGEST else None
    return found if isinstance(found, int) and abs(found) < LARGEST else None


def degrees(found: Json, most: float) -> float | None:
    """A latitude or longitude within ±``most``, None for anything else."""
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return float(found) if abs(found) <= most else None  # NaN is not <= either


def moment(found: Json) -> Millis:
    """A provider's timestamp, in seconds or milliseconds, string or number; 0 when it says nothing usable."""
    stamp = integer(found)
    if stamp is None or stamp < 0:
        return 0
    at = stamp if stamp >= MILLIS_FROM else stamp * 1_000
    return at if at <= LATEST else 0
