"""The people of a shop: whose phones are the cockpit, and what each may do there.

A phone that the configuration names is its owner's or its staff's, by what the provider says that a message comes from:
its call is signed, so no customer can pretend to be one of them.
"""

from __future__ import annotations

from enum import Enum

import msgspec

NO_DIGEST = -1
"""``Crew.digest`` of a shop that wants none."""


class Role(str, Enum):
    """OWNER may do all of it. STAFF see orders, count stock, begin and finish orders and talk to customers; they move
    no money, cancel nothing, set no price, and hear of none of the shop's figures."""

    OWNER = "owner"
    STAFF = "staff"


class Crew(msgspec.Struct, frozen=True):
    """``owners`` and ``staff``: phones, digits without "+". ``low_stock``: a product of which no more than this is left
    is low. ``digest``: the minute of the shop's day at which owners get the day's figures, or NO_DIGEST."""

    owners: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    low_stock: int = 5
    digest: int = NO_DIGEST

    @property
    def phones(self) -> tuple[str, ...]:
        """All of them, owners first."""
        return self.owners + self.staff

    def role(self, phone: str) -> Role | None:
        """Whose phone it is; None for everybody else's."""
        if not phone or not (self.owners or self.staff):
            return None
        if phone in self.owners:
            return Role.OWNER
        return Role.STAFF if phone in self.staff else None


def by(phone: str) -> str:
    """What histories call whoever did something from this phone."""
    return f"+{phone}"
