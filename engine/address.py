"""Who a letter belongs to: an Address is a Shop and a Customer, and it is what an actor is keyed by.

A customer's id is our own and never changes. What the outside world calls the same person (a phone number, a
WhatsApp user id) are Links to it, each scoped to one shop's business number.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple, TypeAlias

import msgspec

Millis: TypeAlias = int
"""Milliseconds since 1970-01-01 UTC. Every moment in the engine is one of these."""

MINUTE: Millis = 60_000
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


class Address(NamedTuple):
    """A shop's name and one of its customers: the key of an actor, a mailbox and a snapshot."""

    shop: str
    customer: str

    def __str__(self) -> str:
        return f"{self.shop}/{self.customer}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """The inverse of ``str``; ValueError when there is no slash."""
        shop, slash, customer = text.partition("/")
        if not slash:
            raise ValueError(f"an address is SHOP/CUSTOMER, not {text!r}")
        return cls(shop, customer)


class Link(NamedTuple):
    """One outside name of a customer: ``kind`` is "phone" (digits without +), "user" (Meta's BSUID) or "provider" (what
    the channel's provider calls them by itself)."""

    kind: str
    value: str


class Sender(msgspec.Struct, frozen=True):
    """Who wrote, as the provider says it. Since 2026 the phone may be absent (protocols: BSUID). ``provider_id`` is
    the provider's own name of them, where it has one that outlives both."""

    phone: str = ""
    user_id: str = ""
    name: str = ""
    username: str = ""
    provider_id: str = ""

    def links(self) -> tuple[Link, ...]:
        """What this person can be found by, the phone first; empty only for a sender nobody can answer."""
        if self.phone and not (self.user_id or self.provider_id):
            return (Link("phone", self.phone),)
        names = (("phone", self.phone), ("user", self.user_id), ("provider", self.provider_id))
        return tuple([Link(kind, value) for kind, value in names if value])


def stranger_id(key: str, link: Link) -> str:
    """The id of whoever comes under a name that a customer has given up: ``customer_id`` of it may be that customer's
    own. ``key`` names the turn that gave it up."""
    return customer_id(f"\0{key}", link)


def customer_id(shop: str, link: Link) -> str:
    """The id a new customer gets: derived from its first link, so that two processes propose the same one."""
    return "c" + blake2b(f"{shop}\0{link.kind}\0{link.value}".encode(), digest_size=9).hexdigest()
