"""What the tests of channel ``ghala`` share: a channel in either dialect, its cases, and calls as Ghala signs them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from adapters.channels.ghala import Ghala, GhalaSettings, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import Address, Millis
from engine.messages import AnyMessage, Outgoing, Purpose
from engine.ports import Call
from tests.adapters.calls import call
from tests.adapters.ghala import cases

__all__ = ["cases"]

KEY, SECRET = "gh-message-key", "ghala_test_secret"
NUMBER = "254200000005"
SHOPS = {NUMBER: "kiosk", "254200000006": "stall"}
PHONE = "254700000001"
NOW: Millis = 1_790_000_000_000


def settings(dialect: str = "classic", **changes: Any) -> GhalaSettings:
    given: dict[str, Any] = {
        "api_key": Secret(KEY),
        "webhook_secret": Secret(SECRET),
        "number": NUMBER,
        "dialect": dialect,
    }
    return GhalaSettings(**(given | changes))


def channel(dialect: str = "classic", **changes: Any) -> Ghala:
    return build(Site("kiosk"), settings(dialect, **changes))


def outgoing(message: AnyMessage, **changes: Any) -> Outgoing:
    given: dict[str, Any] = {
        "key": "kiosk/c1:3:0",
        "address": Address("kiosk", "c1"),
        "phone": PHONE,
        "user_id": "",
        "message": message,
        "purpose": Purpose.REPLY,
        "created_at": NOW,
        "attempts": 1,
    }
    return Outgoing(**(given | changes))


def read(body: object, headers: Mapping[str, str] | None = None) -> Call:
    """A call with this body, its signature checked before."""
    return call(json.dumps(body).encode(), headers or {})


def signed_v2(raw: bytes, stamp: str = "1790000000", at: Millis = NOW, secret: str = SECRET) -> Call:
    digest = hmac.digest(secret.encode(), stamp.encode() + b"." + raw, "sha256").hex()
    return call(raw, {"x-ghala-timestamp": stamp, "x-ghala-signature": f"sha256={digest}"}, at=at)
