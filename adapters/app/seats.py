"""Seats of a shop's events as whoever imports a file must know them: who has any, and who loses them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from engine import calling_off
from engine.address import Millis
from engine.ports import Store
from engine.tickets import TAKING, Booking, BookingStatus, EventStatus

AT_ONCE = 1_000
"""Bookings in one question to the store."""


async def taken(store: Store, shop: str, event: str, now: Millis) -> int:
    """How many seats of an event are confirmed or held."""
    statuses = (BookingStatus.HELD, *TAKING)
    return sum([one.takes(now) async for page in _pages(store, shop, statuses, event) for one in page])


async def tell_of_cancelled(store: Store, shop: str, now: Millis) -> int:
    """Post a letter to everybody who still has seats of an event that is cancelled; how many those are.

    Done at every start, over all such events: the file may have been imported by a process that ended just then."""
    told = 0
    for event in await store.events(shop):
        if event.status is EventStatus.CANCELLED:
            async for page in _pages(store, shop, calling_off.LIVE, event.id):
                letters = calling_off.letters(page, now)
                await store.post(letters)
                told += len(letters)
    return told


async def _pages(
    store: Store, shop: str, statuses: Sequence[BookingStatus], event: str
) -> AsyncIterator[list[Booking]]:
    offset = 0
    while page := await store.bookings(shop, statuses, AT_ONCE, offset, event):
        yield page
        offset += len(page)
