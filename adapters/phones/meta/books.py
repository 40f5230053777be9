"""The shop's own books, for whoever tests it from the phones' side: what it sold, and what it was paid."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Shelf(msgspec.Struct, frozen=True):
    """One product whose stock is counted, or one event.

    ``left`` can still be sold, holds taken off; below 0 when too much was promised. ``stock`` is what lies there, holds
    included, and ``sold`` what was taken from it for good; of an event the two are its capacity together. ``asked`` is
    all that orders and bookings ever wanted, whatever became of them.
    """

    item: str
    left: int
    stock: int
    sold: int
    asked: int


class Received(msgspec.Struct, frozen=True):
    """Money that the shop recorded as paid through its provider. ``amount``: minor units. ``settled``: something was
    made of it, if only that it lies on the payment desk."""

    transaction: str
    amount: int
    currency: str
    settled: bool


class Account(msgspec.Struct, frozen=True):
    """One shop's books as they stand. ``banks`` are the addresses of its fake payment providers."""

    shelves: tuple[Shelf, ...] = ()
    received: tuple[Received, ...] = ()
    banks: tuple[str, ...] = ()


class Books(Protocol):
    """Who keeps them."""

    async def account(self, shop: str) -> Account | None:
        """A shop's books; None where nobody keeps any."""


class NoBooks:
    """Nobody keeps any."""

    async def account(self, shop: str) -> Account | None:
        return None
