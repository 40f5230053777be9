"""Where Daraja's unsigned calls come in: paths that nobody guesses, and that say what a call is about.

    <path>/<hex of our intent's id><MAC>     the callback of one prompt
    <path>/<MAC>                             C2B validation; C2B confirmation

The MAC is made with ``callback_secret`` over the shop, what is called, and the id. So a callback is known as what it is
also when it overtakes the answer to its push, or when that answer was lost. Hexadecimal letters spell none of the words
that Daraja forbids in an address.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from ipaddress import ip_network

from adapters.settings import Secret

FORBIDDEN = ("mpesa", "safaricom", "exe", "exec", "cmd", "sql", "query")
"""Words that an address given to Daraja must not hold (protocols.md 3.2)."""
MAC_BYTES = 16
MAC_LETTERS = 2 * MAC_BYTES
PROMPT, VALIDATION, CONFIRMATION = "prompt", "validation", "confirmation"


def forbidden(url: str) -> str:
    """The first word in ``url`` that Daraja forbids; "" where there is none."""
    return next((word for word in FORBIDDEN if word in url.lower()), "")


class Segments:
    """The last segments of one shop's addresses."""

    def __init__(self, shop: str, secret: Secret) -> None:
        self._shop = shop
        self._secret = secret.encode()

    def prompt(self, intent: str) -> str:
        """Where what became of this intent's prompt is told."""
        name = intent.removeprefix(self._shop) if intent.startswith(f"{self._shop}/") else intent
        return name.encode().hex() + self._mac(PROMPT, name)

    def fixed(self, what: str) -> str:
        """Where C2B validates or confirms."""
        return self._mac(what, "")

    def read(self, segment: str) -> tuple[str, str] | None:
        """What a segment is (PROMPT, …) and the intent's id; None for what we never gave to anybody."""
        for what in (VALIDATION, CONFIRMATION):
            if same(segment, self.fixed(what)):
                return what, ""
        try:
            name = bytes.fromhex(segment[:-MAC_LETTERS]).decode()
        except (ValueError, UnicodeDecodeError):
            return None
        if not name or not same(segment[-MAC_LETTERS:], self._mac(PROMPT, name)):
            return None
        return PROMPT, f"{self._shop}{name}" if name.startswith("/") else name

    def _mac(self, what: str, name: str) -> str:
        message = "\0".join((self._shop, what, name)).encode()
        return hmac.digest(self._secret, message, "sha256")[:MAC_BYTES].hex()


def same(given: str, ours: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), ours.encode())


def comes_from(client: str, allowed: Sequence[str]) -> bool:
    """Whether a call comes from one of these addresses or networks. One whose address a proxy hides may."""
    if not client or not allowed:
        return True
    network = ip_network(client, strict=False)
    for one in allowed:
        listed = ip_network(one, strict=False)
        if listed.version == network.version and network.subnet_of(listed):  # type: ignore[arg-type]
            return True
    return False
