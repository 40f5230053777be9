"""What Twilio calls things that the phones know under WhatsApp's names: accounts and messages.

A SID has 32 hexadecimal digits, which hold all that a wamid says, so that each leads to the other and nothing is kept.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from adapters.phones.meta.rules import FakeNumber

PROVIDER = "twilio"
"""What ``FakeNumber.provider`` calls it."""
CHANNEL = "whatsapp:"
CONTENT = "HX"
"""How the SID of a content template begins; lower-case hexadecimal digits follow."""
PHONE, SINCE, COUNT = 14, 12, 6
"""Hexadecimal digits of a SID that hold the phone's number, the fake's start, and the count of messages."""


def account_sid(number: FakeNumber) -> str:
    """The account that a number belongs to: one each."""
    return f"AC{int(number.phone_number_id):032d}"


def content_sid(rule: str) -> str:
    """The SID of a content template, whose rule is named by it in lower case, as WhatsApp names templates: ``hx01ab``
    is HX01ab. A rule of another name is known by that."""
    return CONTENT + rule[len(CONTENT) :] if rule.startswith(CONTENT.lower()) else rule


def rule_name(sid: str) -> str:
    """The name of a content template's rule."""
    return sid.lower()


def sid_of(wamid: str) -> str:
    """The SID of a message."""
    code = wamid.removeprefix("wamid.")
    digits, _, since, counted = urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode().split(":")
    return f"SM{int(digits):0{PHONE}x}{int(since, 16):0{SINCE}x}{int(counted, 16):0{COUNT}x}"


def wamid_of(sid: str, number: FakeNumber) -> str:
    """The wamid of a message, "" for no SID of ours."""
    digits = sid[2 : 2 + PHONE], sid[2 + PHONE : 2 + PHONE + SINCE], sid[2 + PHONE + SINCE :]
    try:
        phone, since, counted = (int(part, 16) for part in digits)
    except ValueError:
        return ""
    inside = f"{phone}:{number.phone_number_id}:{since:x}:{counted:x}"
    return "wamid." + urlsafe_b64encode(inside.encode()).decode().rstrip("=")
