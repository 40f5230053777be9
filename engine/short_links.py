"""Short links of ours in campaigns: who followed which, and no way to lead anybody elsewhere.

    https://shop.example/l/<token>          token = base64url(customer, number of the link, 48 bits of a keyed hash)

Where a link leads is a row that an owner's campaign made; a token only names the row and the reader, and one that we
did not make is nobody's. So a campaign of 100,000 writes not one row for its links, no token leads to an address that
somebody thought up, and what is in it says nothing to whoever sees it in a log.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple, Protocol

from engine.address import Millis

KEY = "links"
"""The name of the store's key (Store.key) that tokens are hashed with."""
PATH = "/l/"
MAC = 6
_TOKEN = re.compile(r"[A-Za-z0-9_-]{12,120}")
_DERIVED = re.compile(r"c[0-9a-f]{18}")
"""How address.customer_id spells an id: 9 bytes in hexadecimal."""
SPELLED = 0x80
"""In a token's first byte, beside the width of the link's number: the customer's id is of another kind, letter by
letter."""

MACHINES = re.compile(
    r"bot|crawl|spider|preview|facebookexternalhit|facebookcatalog|whatsapp|telegram|skype|slack|discord|headless|curl"
    r"|wget|python|http-client|okhttp",
    re.IGNORECASE,
)
"""Browsers that are none, by what they call themselves: WhatsApp looks at links before anybody taps them."""


class Followed(NamedTuple):
    """What a genuine token names: whose it is, and the number of the link."""

    customer: str
    link: int


class ShortLinks(Protocol):
    """A part of ``engine.ports.Store``."""

    async def short_links(self, shop: str, campaign: str, variant: str, urls: Sequence[str]) -> Mapping[str, int]:
        """The number of each link of a campaign's variant; those that have none get one. The same ever after."""

    async def link_target(self, link: int) -> str | None:
        """Where it leads; None where there is no such link."""

    async def note_click(self, link: int, customer: str, at: Millis) -> bool:
        """This customer has followed the link; whether for the first time."""


def token(key: bytes, customer: str, link: int) -> str:
    """The token of one reader's link; ``key`` is the store's."""
    derived = _DERIVED.fullmatch(customer) is not None
    who = bytes.fromhex(customer[1:]) if derived else customer.encode()
    number = link.to_bytes(max(1, (link.bit_length() + 7) // 8))
    payload = bytes([len(number) | (SPELLED if not derived else 0), *number]) + who
    return urlsafe_b64encode(payload + _mac(key, payload)).decode().rstrip("=")


def followed(key: bytes, text: str) -> Followed | None:
    """What a token names; None for one that we did not make. Raises nothing."""
    if not _TOKEN.fullmatch(text):
        return None
    try:
        made = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # a length that base64 never has
        return None
    payload, mac = made[:-MAC], made[-MAC:]
    if not compare_digest(_mac(key, payload), mac) or urlsafe_b64encode(made).decode().rstrip("=") != text:
        return None
    head, width = payload[0], payload[0] & ~SPELLED
    who = payload[1 + width :]
    customer = who.decode() if head & SPELLED else "c" + who.hex()
    return Followed(customer, int.from_bytes(payload[1 : 1 + width]))


def is_machine(user_agent: str) -> bool:
    """Whether this is no person's browser, or hides what it is: its visit is no click."""
    return not user_agent or MACHINES.search(user_agent) is not None


def _mac(key: bytes, payload: bytes) -> bytes:
    return blake2b(payload, key=key, digest_size=MAC).digest()
