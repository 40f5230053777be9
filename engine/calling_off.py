"""An event that is called off in a file: whoever has seats of it hears so, as if the owner had said so to each.

The letters' ids follow from the bookings, so that they can be posted again and again: each booking ends once.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.address import Address, Millis, Sender
from engine.commit import Posted
from engine.events import BookingCancelWanted, Inbound, Letter
from engine.tickets import Booking, BookingStatus

LIVE = (BookingStatus.HELD, BookingStatus.CONFIRMED)
"""Bookings that end with their event; who is inside already has had it."""

BY = "owner"


def letters(bookings: Iterable[Booking], now: Millis) -> list[Posted]:
    """One to each customer whose booking of a cancelled event still stands."""
    return [_letter(one, now) for one in bookings if one.status in LIVE and one.takes(now)]


def _letter(booking: Booking, now: Millis) -> Posted:
    wish = BookingCancelWanted(booking.id, BY)
    inbound = Inbound(f"called-off:{booking.id}", booking.shop, Sender(), now, wish)
    return Posted(Letter(Address(booking.shop, booking.customer), inbound), now)
