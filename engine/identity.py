"""Two customers who are found to be one: what is known of each, and what becomes of what they have.

A customer is known by outside names (address.Link), and a provider may show one of them today and another tomorrow: a
phone for years, then only a user id, then both together. Then there are two customers who are one person:

    the older one survives             orders, money, seats, letters and names of the younger become theirs
    the younger one's address forwards whatever still comes for it goes to the survivor, for ever

All of it is one commit, so that a crash leaves either two customers or one. Ids of letters are the shop's, so nothing
that was done is done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from engine.address import Address, Link, Millis
from engine.commit import Snapshot
from engine.facts import Conflict
from engine.orders import Customer
from engine.tickets import Entry, EntryStatus


class Identity(msgspec.Struct, frozen=True):
    """One customer as far as it matters here. Without a snapshot there never was a turn of theirs."""

    customer: str
    links: tuple[Link, ...] = ()
    snapshot: Snapshot | None = None

    @property
    def version(self) -> int:
        return self.snapshot.version if self.snapshot is not None else 0

    def called(self, kind: str) -> frozenset[str]:
        """Their outside names of one kind."""
        return frozenset(link.value for link in self.links if link.kind == kind)


class Merge(msgspec.Struct, frozen=True):
    """``gone`` becomes ``survivor``. ``version`` is the survivor's new one and ``gone_version`` what the other's stands
    at, 0 where there is none: what has moved on since is refused (STALE), and so is whoever forwards already.
    ``snapshot`` is what the survivor remembers from then on, ``heard`` when the customer wrote last by either name.

    Timers of kinds that the survivor has not are theirs from then on, as if the turn ``version`` had set them; the
    others end. Names, cards, orders, holds, bookings, intents, payments, entries of waiting lists, messages and parked
    letters are theirs as they stand.
    """

    shop: str
    survivor: str
    gone: str
    version: int
    gone_version: int
    snapshot: bytes
    at: Millis
    heard: Millis = 0


class People(Protocol):
    """A part of ``engine.ports.Store``."""

    async def customers_for(self, shop: str, links: Sequence[Link]) -> list[str]:
        """The ids of the customers whom these links lead to, each once, in the order of the links."""

    async def identities(self, shop: str, customers: Sequence[str]) -> list[Identity]:
        """What is known of each of these, the one whose first turn is the longest ago first; who never had one last."""

    async def merge(self, merge: Merge) -> Conflict | None:
        """Make one of two, whole or not at all (see Merge). None also where it was done before; else STALE."""

    async def forwards(self) -> Mapping[Address, Address]:
        """Every address that is no more, and whose it is now. What it leads to forwards no further."""


def card_of_both(elder: Customer | None, younger: Customer | None, survivor: str) -> Customer | None:
    """The card of the one that two have become: the elder's, with what it lacks of the other's. Whoever has asked for
    no more offers, by whatever name, gets none."""
    if elder is None or younger is None:
        found = elder or younger
        return msgspec.structs.replace(found, id=survivor) if found is not None else None
    lacking = {name: getattr(younger, name) for name in FILLED if not getattr(elder, name)}
    wishes = {"marketing": elder.marketing and younger.marketing, "active": elder.active and younger.active}
    return msgspec.structs.replace(elder, **lacking, **wishes)


FILLED = ("name", "phone", "email", "address", "language", "price_list", "credit_days", "region")


def entries_left(entries: Sequence[Entry]) -> list[Entry]:
    """Of one customer's live entries those that end, because only one may wait for an event: seats that are offered
    already stay before a place in the queue, and of two places the better one."""
    kept: dict[str, Entry] = {}
    for entry in sorted(entries, key=_rank):
        kept.setdefault(entry.event, entry)
    return [entry for entry in entries if kept[entry.event] is not entry]


def _rank(entry: Entry) -> tuple[bool, Millis, str]:
    return (entry.status is not EntryStatus.OFFERED, entry.joined_at, entry.id)
