"""What a push says: password, time, phone and texts (protocols.md 3.2, "STK push")."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

from engine import money
from engine.address import Millis
from engine.payments import Intent

EAST_AFRICA = timedelta(hours=3)
"""Before UTC, all year."""
REFERENCE_LETTERS = 12
DESCRIPTION_LETTERS = 13
LOCAL = re.compile(r"(?:\+?254|0)?([17]\d{8})")
"""A Kenyan mobile number, with or without its country."""


def timestamp(now: Millis) -> str:
    """``YYYYMMDDHHmmss`` in East Africa Time."""
    return (datetime.fromtimestamp(now / 1000, UTC) + EAST_AFRICA).strftime("%Y%m%d%H%M%S")


def password(shortcode: str, passkey: str, stamp: str) -> str:
    """What proves that the shortcode is ours at this moment."""
    return base64.b64encode(f"{shortcode}{passkey}{stamp}".encode()).decode()


def msisdn(phone: str) -> str:
    """The 12 digits 2547… or 2541… of a phone; "" where it is not a Kenyan mobile number."""
    found = LOCAL.fullmatch(phone.strip())
    return f"254{found[1]}" if found is not None else ""


def whole_shillings(amount: int, currency: str) -> int:
    """What the phone asks for: the engine has rounded before, as a line that the customer saw."""
    return int(money.whole(amount, currency) // 10 ** money.digits(currency))


def account(intent: Intent) -> str:
    """What stands as the account on the phone, and in the bank's books."""
    return _plain(intent.reference or intent.order)[:REFERENCE_LETTERS].strip()


def description(intent: Intent) -> str:
    return _plain(f"Order {intent.order}")[:DESCRIPTION_LETTERS].strip()


def _plain(text: str) -> str:
    return "".join([one for one in text if one.isascii() and (one.isalnum() or one in " -")]).strip()
