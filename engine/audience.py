"""Whom a campaign is for: conditions on what is known of a customer, and who of those gets nothing all the same.

    conditions   every one that is set must hold; none at all must be meant (``everybody``)
    exclusions   opted out, no way to reach, too much already, no customer any more: counted, so that the owner sees why

A store gathers what is known of each person (``Profile``), a part of the shop at a time; what follows from it is
decided here, so that all stores decide the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Protocol

import msgspec

from engine.address import Address, Millis
from engine.errors import BadInput
from engine.orders import OrderStatus

PHONES_AT_MOST = 10_000
"""Numbers that one audience can list."""
TAGS_AT_MOST = 20
"""Tags that one customer can have, and one audience can name."""
TAG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""How a tag looks: it stands in addresses and in commands, so nothing in it needs quoting."""
DIGITS = re.compile(r"[1-9][0-9]{6,14}")
"""A phone number as links have it: E.164 without the plus sign."""
CITY_AT_MOST = 60

NOT_BOUGHT = (OrderStatus.CANCELLED, OrderStatus.PAYMENT_FAILED)
"""An order that stands so was no purchase."""


class Bought(msgspec.Struct, frozen=True):
    """Has ordered: ``sku`` ("": anything), from ``since`` until before ``until`` (0: open), in at least ``orders``
    orders that together come to ``spent`` minor units or more. With a sku only its lines count, before any discount."""

    sku: str = ""
    since: Millis = 0
    until: Millis = 0
    orders: int = 1
    spent: int = 0


class Audience(msgspec.Struct, frozen=True):
    """Conditions that all hold. ``city``: the region on the card, or a word of the address. ``languages`` and
    ``tags``: one of these; ``without_tags``: none. ``seen_since`` and ``seen_until``: when the customer last wrote;
    who never wrote was not seen. ``attended``: the id of an event that they were let in to. ``phones``: digits; numbers
    that nobody has written from are people too."""

    everybody: bool = False
    bought: Bought | None = None
    city: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    seen_since: Millis = 0
    seen_until: Millis = 0
    attended: str = ""
    phones: tuple[str, ...] = ()


class Cap(msgspec.Struct, frozen=True):
    """At most ``most`` campaign messages to one person since this moment; ``most`` 0: as many as come."""

    most: int = 0
    since: Millis = 0


class Exclusion(str, Enum):
    """Why somebody whom the conditions fit gets nothing."""

    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    INACTIVE = "inactive"
    CAPPED = "capped"


class Profile(msgspec.Struct, frozen=True):
    """What is known of one person, as far as an audience asks: ``heard`` is when they last wrote (0: never), ``orders``
    and ``spent`` are what ``Audience.bought`` asks for, ``campaigned`` counts campaign messages since ``Cap.since``."""

    customer: str
    phone: str = ""
    user_id: str = ""
    name: str = ""
    language: str = ""
    address: str = ""
    region: str = ""
    marketing: bool = True
    active: bool = True
    heard: Millis = 0
    tags: tuple[str, ...] = ()
    orders: int = 0
    spent: int = 0
    attended: bool = False
    campaigned: int = 0


class Person(msgspec.Struct, frozen=True):
    """One of an audience: how they are reached, and what a message may say of them. ``excluded``: why they get
    nothing, None for who does. ``heard``: when they last wrote (0: never)."""

    customer: str
    phone: str = ""
    user_id: str = ""
    name: str = ""
    language: str = ""
    city: str = ""
    excluded: Exclusion | None = None
    heard: Millis = 0


class AudiencePart(msgspec.Struct, frozen=True):
    """Some of an audience, and the cursor behind them; "" after the last."""

    people: tuple[Person, ...]
    after: str


class Audiences(Protocol):
    """A part of ``engine.ports.Store``."""

    async def people(self, shop: str, audience: Audience, cap: Cap, after: str, limit: int) -> AudiencePart:
        """Look at up to ``limit`` people behind the cursor ``after`` ("": from the start): those whom the conditions
        fit, excluded ones too. A part may be empty though more follow. Nobody comes twice who does not change
        meanwhile, and nobody is left out who was there all the time."""

    async def tag(self, shop: str, customers: Sequence[str], add: Sequence[str], drop: Sequence[str]) -> None:
        """Give each of these customers the tags ``add`` and take ``drop`` from them. Having them already, or not, is
        nothing."""

    async def tags_of(self, address: Address) -> tuple[str, ...]:
        """One customer's tags, in order of the alphabet."""

    async def tags(self, shop: str) -> Mapping[str, int]:
        """Every tag of the shop and how many customers have it, in order of the alphabet."""


# -- what an owner writes --------------------------------------------------------------------------------------------
def faults(audience: Audience) -> Mapping[str, str]:
    """What can't be meant, a sentence for each field; none when it is well."""
    found = {
        "bought.until": _upside_down(audience.bought.since, audience.bought.until) if audience.bought else "",
        "bought.orders": "" if audience.bought is None or audience.bought.orders > 0 else "expected 1 or more",
        "bought.spent": "" if audience.bought is None or audience.bought.spent >= 0 else "expected 0 or more",
        "seenUntil": _upside_down(audience.seen_since, audience.seen_until),
        "city": f"expected up to {CITY_AT_MOST} characters" if len(audience.city) > CITY_AT_MOST else "",
        "tags": _tags(audience.tags),
        "withoutTags": _tags(audience.without_tags),
        "phones": _phones(audience.phones),
        "everybody": _everybody(audience),
    }
    return {field: why for field, why in found.items() if why}


def checked(audience: Audience) -> Audience:
    """The audience itself. BadInput says what is wrong with it."""
    if wrong := faults(audience):
        raise BadInput("The audience can't be meant so: " + "; ".join(f"{k}: {why}" for k, why in wrong.items()) + ".")
    return audience


def _everybody(audience: Audience) -> str:
    bare = msgspec.structs.replace(audience, everybody=False) == Audience()
    if bare and not audience.everybody:
        return "there is no condition; say everybody if all customers are meant"
    return "there are conditions, too; leave out one or the other" if audience.everybody and not bare else ""


def _upside_down(since: Millis, until: Millis) -> str:
    return "expected a moment after the one that it begins with" if until and until <= since else ""


def _tags(tags: Sequence[str]) -> str:
    if len(tags) > TAGS_AT_MOST:
        return f"expected at most {TAGS_AT_MOST} tags"
    odd = [one for one in tags if not TAG.fullmatch(one)]
    return f"expected small letters, digits and hyphens, found {odd[0]!r}" if odd else ""


def _phones(phones: Sequence[str]) -> str:
    if len(phones) > PHONES_AT_MOST:
        return f"expected at most {PHONES_AT_MOST} numbers"
    place = next((place for place, one in enumerate(phones, 1) if not DIGITS.fullmatch(one)), 0)
    return f"number {place} of the list is none: expected 7 to 15 digits with the country's code" if place else ""


# -- who it is -------------------------------------------------------------------------------------------------------
def person(profile: Profile, audience: Audience, cap: Cap) -> Person | None:
    """This person as one of the audience; None where a condition does not hold."""
    if not fits(profile, audience):
        return None
    return Person(
        profile.customer,
        profile.phone,
        profile.user_id,
        profile.name,
        profile.language,
        profile.region,
        _excluded(profile, cap),
        profile.heard,
    )


def fits(profile: Profile, audience: Audience) -> bool:
    """Whether every condition holds. That of ``phones`` is the store's, who looks for nobody else then."""
    bought, heard = audience.bought, profile.heard
    return (
        (bought is None or (profile.orders >= bought.orders and profile.spent >= bought.spent))
        and (not audience.city or _lives_in(audience.city, profile.region, profile.address))
        and (not audience.languages or profile.language in audience.languages)
        and (not audience.tags or not set(audience.tags).isdisjoint(profile.tags))
        and set(audience.without_tags).isdisjoint(profile.tags)
        and (not audience.seen_since or heard >= audience.seen_since)
        and (not audience.seen_until or 0 < heard < audience.seen_until)
        and (not audience.attended or profile.attended)
    )


def _excluded(profile: Profile, cap: Cap) -> Exclusion | None:
    if not profile.marketing:
        return Exclusion.OPTED_OUT
    if not profile.active:
        return Exclusion.INACTIVE
    if not profile.phone and not profile.user_id:
        return Exclusion.UNREACHABLE
    return Exclusion.CAPPED if cap.most and profile.campaigned >= cap.most else None


def _lives_in(city: str, region: str, address: str) -> bool:
    """``Nairobi`` is in "Moi Avenue 12, nairobi", and not in "Nairobian Way": whole words count."""
    word = _word(" ".join(city.casefold().split()))
    return word.search(region.casefold()) is not None or word.search(address.casefold()) is not None


@lru_cache(maxsize=64)
def _word(folded: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(folded)}(?!\w)")
