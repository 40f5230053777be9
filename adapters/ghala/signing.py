"""How Ghala signs a webhook. Constant time, on the raw bytes, before anything of them is read.

    classic   signature: HMAC-SHA256 of the body
    v2        signature: "sha256=" + HMAC-SHA256 of timestamp "." body; the timestamp at most 300 s from now

Digits are lower-case hexadecimal; whatever is written otherwise is not Ghala's.
"""

from __future__ import annotations

import hmac

from adapters.ghala.names import V2
from engine.address import Millis
from engine.ports import Call

SKEW: Millis = 300_000
"""How far a v2 signature's time may be from ours (protocols.md 3.1), so that an overheard one is soon worthless."""
STAMP_AT_MOST = 12
"""Digits of a Unix time in seconds."""
PREFIX = b"sha256="


def genuine(call: Call, dialect: str, secret: bytes, signature: str, timestamp: str) -> bool:
    """Whether Ghala signed this call. ``signature`` and ``timestamp`` are the names of its headers."""
    given = call.headers.get(signature.lower(), "").encode("utf-8", "surrogatepass")
    if dialect != V2:
        return hmac.compare_digest(given, _hex(secret, call.raw))
    stamp = call.headers.get(timestamp.lower(), "")
    signed = stamp.encode("utf-8", "surrogatepass") + b"." + call.raw
    return hmac.compare_digest(given, PREFIX + _hex(secret, signed)) and _fresh(stamp, call.at)


def _hex(secret: bytes, signed: bytes) -> bytes:
    return hmac.digest(secret, signed, "sha256").hex().encode()


def _fresh(stamp: str, now: Millis) -> bool:
    known = stamp.isascii() and stamp.isdigit() and len(stamp) <= STAMP_AT_MOST
    return known and abs(int(stamp) * 1_000 - now) <= SKEW
