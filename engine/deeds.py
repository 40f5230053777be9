"""The log of who did what: each change that one of the shop's own people made from a phone, in the commit of it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from engine.address import DAY, Millis

DEEDS_KEPT: Millis = 365 * DAY


class Deed(msgspec.Struct, frozen=True):
    """``phone`` (digits) and ``role`` say who, ``verb`` what (commands.Verb), ``about`` of which order, product or
    customer, ``detail`` to what: a price, a quantity, an amount."""

    shop: str
    at: Millis
    phone: str
    role: str
    verb: str
    about: str
    detail: str = ""


class DeedBook(Protocol):
    """A part of ``engine.ports.Store``; written by Commit.deeds."""

    async def deeds(self, shop: str, limit: int, offset: int = 0) -> list[Deed]:
        """The latest first. A sweep deletes those of DEEDS_KEPT ago."""
