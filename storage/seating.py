"""Which seats are free, kept in memory beside the SQLite file.

The triggers of the file decide. This only spares the disk: a turn's Seats cost no read, and a commit that asks for
what is sold out is found before it breaks the batch it travels in. Kept right by this store's own writes, since no
other process can be on the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.address import Millis
from engine.commit import Commit
from engine.tickets import TAKING, Booking, BookingStatus
from storage.judge import Key
from storage.seats import wanted

ALWAYS: Millis = 1 << 62


class _House:
    """One event: what it takes, what is sold, and what is held."""

    __slots__ = ("active", "capacity", "holds", "sold")

    def __init__(self) -> None:
        self.capacity, self.active, self.sold = 0, False, 0
        self.holds: dict[str, Booking] = {}

    def free(self, now: Millis) -> int:
        """May be negative: an event that is cancelled has no seats."""
        held = sum([hold.seats for hold in self.holds.values() if hold.expires_at > now])
        return (self.capacity if self.active else 0) - self.sold - held


class _View(NamedTuple):
    """What is free in a shop, and from when on and until when that is so."""

    free: Mapping[str, int]
    since: Millis
    until: Millis


class Seating:
    """All shops' events. Nothing here needs a clean-up to be right: holds that are over just don't count."""

    def __init__(self) -> None:
        self._shops: dict[str, dict[str, _House]] = {}
        self._held: dict[Key, Booking] = {}
        """Bookings that are held, over or not."""
        self._views: dict[str, _View] = {}

    # -- what is so ------------------------------------------------------------------------------------------------
    def set(self, shop: str, event: str, capacity: int, active: bool) -> None:
        """An event as it stands now."""
        house = self._house(shop, event)
        house.capacity, house.active = capacity, active

    def remove(self, shop: str, event: str) -> None:
        """An event that is no more; it had no bookings."""
        self._shops.get(shop, {}).pop(event, None)
        self._views.pop(shop, None)

    def count(self, shop: str, event: str, sold: int) -> None:
        """How many seats are taken for good."""
        self._house(shop, event).sold = sold

    def book(self, booking: Booking) -> None:
        """A booking as it stands now; what is sold is counted apart."""
        key, house = (booking.shop, booking.id), self._house(booking.shop, booking.event)
        if booking.status is BookingStatus.HELD:
            house.holds[booking.id] = self._held[key] = booking
        else:
            house.holds.pop(booking.id, None)
            self._held.pop(key, None)

    def _house(self, shop: str, event: str) -> _House:
        """For a change of it."""
        self._views.pop(shop, None)
        return self._shops.setdefault(shop, {}).setdefault(event, _House())

    # -- what follows from it --------------------------------------------------------------------------------------
    def free(self, shop: str, now: Millis) -> Mapping[str, int]:
        """What is free of every active event, never below 0."""
        view = self._views.get(shop)
        if view is None or not view.since <= now < view.until:
            view = self._views[shop] = self._look(shop, now)
        return view.free

    def _look(self, shop: str, now: Millis) -> _View:
        houses = self._shops.get(shop, {})
        free = {event: max(0, house.free(now)) for event, house in houses.items() if house.active}
        ends = [hold.expires_at for house in houses.values() for hold in house.holds.values()]
        since = max([end for end in ends if end <= now], default=-ALWAYS)
        until = min([end for end in ends if end > now], default=ALWAYS)
        return _View(MappingProxyType(free), since, until)

    def lacking(self, commit: Commit, besides: Mapping[Key, int] = MappingProxyType({})) -> str:
        """The first event whose seats do not suffice for ``commit``, else "".

        ``besides`` (shop and event → seats) is counted as gone already. What the commit frees of bookings that are not
        held is not known here: see ``frees``.
        """
        shop, gone = commit.address.shop, Counter(besides)
        for event, seats in wanted(commit, self._held):
            gone[shop, event] += seats
            if seats > 0 and self._free(shop, event, commit.at) < gone[shop, event]:
                return event
        return ""

    def demand(self, commit: Commit) -> Counter[Key]:
        """What a commit takes beyond what it frees, summed per shop and event."""
        taken: Counter[Key] = Counter()
        for event, seats in wanted(commit, self._held):
            taken[commit.address.shop, event] += seats
        return +taken

    def frees(self, commit: Commit) -> bool:
        """Whether it gives up seats of a booking that this does not know: then the triggers alone decide."""
        shop = commit.address.shop
        return any(
            (shop, move.id) not in self._held and move.to not in TAKING and move.to is not BookingStatus.HELD
            for move in commit.booking_moves
        )

    def _free(self, shop: str, event: str, at: Millis) -> int:
        house = self._shops.get(shop, {}).get(event)
        return house.free(at) if house is not None else 0
