"""Stripe's webhook signatures (protocols.md 3.3): ``t=<unix seconds>,v1=<hex>[,v1=<hex>][,v0=…]``.

HMAC-SHA256 of ``<t>.<raw body>`` under the endpoint's secret as it is. Any v1 may be the right one: while a secret is
rotated Stripe signs with the old and the new one. Other schemes are ignored.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from engine.address import Millis

HEADER = "stripe-signature"
TOLERANCE: Millis = 300_000
"""An older call is refused: somebody may have recorded it."""
SCHEMES_AT_MOST = 16
"""Parts of one header that are looked at; Stripe sends a handful."""


def signature(secret: str, seconds: int, raw: bytes) -> str:
    """The hexadecimal digits behind ``v1=``."""
    return hmac.digest(secret.encode(), str(seconds).encode() + b"." + raw, "sha256").hex()


def header(secrets: Iterable[str], seconds: int, raw: bytes) -> str:
    """What stands in ``Stripe-Signature``: one v1 for each secret that is in force."""
    return ",".join([f"t={seconds}", *[f"v1={signature(secret, seconds, raw)}" for secret in secrets]])


def good(given: str, secrets: Iterable[str], raw: bytes, at: Millis) -> bool:
    """Whether any v1 is right under any of the secrets, and ``t`` not older than the tolerance. Constant time for each
    pair; ``at`` 0 means that nobody looked at a clock, and nothing is good then."""
    parts = [part.strip().partition("=") for part in given.split(",")[:SCHEMES_AT_MOST]]
    seconds = next((value for scheme, _, value in parts if scheme == "t"), "")
    if not at or not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        return False
    if int(seconds) * 1000 < at - TOLERANCE:
        return False
    signed = [value.encode("utf-8", "surrogatepass") for scheme, _, value in parts if scheme == "v1"]
    found = False
    for secret in secrets:
        wanted = hmac.digest(secret.encode(), seconds.encode() + b"." + raw, "sha256").hex().encode()
        for one in signed:
            found |= hmac.compare_digest(one, wanted)
    return found
