"""Who did what from the phones of the shop's own people."""

from __future__ import annotations

from datetime import datetime

import msgspec

from adapters.api.answers import Page
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import shown
from adapters.api.paging import Paged, page_of
from engine.crew import Role
from engine.deeds import Deed

deeds = Noun("deeds", "Who did what from the phones of the shop's own people.")


class DeedShown(msgspec.Struct, frozen=True, rename="camel"):
    """``verb`` is the command (start, done, cancel, paid, stock, price, take, give back), ``about`` the order, booking,
    product or customer's phone that it was about, ``detail`` the quantity, price or amount."""

    at: datetime
    phone: str
    role: Role
    verb: str
    about: str
    detail: str


class DeedQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which lines of the log."""


@deeds.get("/api/admin/deeds", "The log of what was done from the cockpit, the latest first", home=HOME)
async def listed(call: Call, query: DeedQuery) -> Page[DeedShown]:
    """Lines are kept for a year."""

    def deed_shown(one: Deed) -> DeedShown:
        return DeedShown(shown(one.at, call.shop.timezone), one.phone, Role(one.role), one.verb, one.about, one.detail)

    return await page_of(query, lambda limit, offset: call.store.deeds(call.shop.name, limit, offset), deed_shown)
