"""Ticket tokens: what a QR code holds, signed so that a door can check it without network and without a secret.

    SOKONI1:<payload>.<signature>      both base32 without padding, so that the code stays in QR's alphanumeric mode

The payload is ``shop|booking|event|seats|starts_at``. Ed25519 (RFC 8032) was chosen over an HMAC because whoever can
check an HMAC can forge one, and the door's phone is the easiest device to lose.
"""

from __future__ import annotations

from base64 import b32decode, b32encode

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.address import Millis
from engine.tickets import Booking

PREFIX = "SOKONI1:"
STORE_KEY = "papers"
"""The name of the store's key (Store.key) that signs tickets, and the names of papers."""
LONGEST = 2_000
"""Characters of a token that is looked at; no ticket of ours comes near."""


class Ticket(msgspec.Struct, frozen=True):
    """What a genuine token says."""

    shop: str
    booking: str
    event: str
    seats: int
    starts_at: Millis


class Signer:
    """Makes tokens with one private key (32 bytes, the store's own)."""

    def __init__(self, key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key)

    @property
    def public(self) -> bytes:
        """The 32 bytes that a door needs."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def token(self, booking: Booking) -> str:
        """The token of one booking; the same whenever it is asked for."""
        told = (booking.shop, booking.id, booking.event, str(booking.seats), str(booking.starts_at))
        payload = "|".join(told).encode()
        return f"{PREFIX}{_text(payload)}.{_text(self._key.sign(payload))}"


def read(token: str, public: bytes) -> Ticket | None:
    """The ticket that a scanned text is, None for anything that was not signed with our key. Raises nothing."""
    scanned = token.strip()
    if not scanned.startswith(PREFIX) or len(scanned) > LONGEST:
        return None
    payload, _, signature = scanned.removeprefix(PREFIX).partition(".")
    try:
        signed = _bytes(payload)
        Ed25519PublicKey.from_public_bytes(public).verify(_bytes(signature), signed)
        shop, booking, event, seats, starts_at = signed.decode().split("|")
        return Ticket(shop, booking, event, int(seats), int(starts_at))
    except (InvalidSignature, ValueError):  # base32, UTF-8 and numbers raise ValueError when they are none
        return None


def _text(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return b32decode(text + "=" * (-len(text) % 8))
