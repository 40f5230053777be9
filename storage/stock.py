"""What is on hand and what is held, and whether it suffices.

The memory store's truth, and the SQLite store's cache: there the triggers decide, and this only spares the disk (a
turn's Availability costs no read) and finds sold-out commits before they break the batch they travel in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.address import Millis
from engine.commit import Commit


class Held(NamedTuple):
    """One hold; it counts while ``expires_at`` lies in the future."""

    customer: str
    sku: str
    quantity: int
    expires_at: Millis


class Stock:
    """All shops' stock. Nothing here needs a clean-up to be right: expired holds just don't count."""

    def __init__(self) -> None:
        self._on_hand: dict[str, dict[str, int]] = defaultdict(dict)
        self._tracked: dict[str, set[str]] = defaultdict(set)
        self._holds: dict[str, dict[str, Held]] = defaultdict(dict)
        self._views: dict[str, Mapping[str, int]] = {}

    # -- what is so ------------------------------------------------------------------------------------------------
    def set(self, shop: str, sku: str, on_hand: int, tracked: bool) -> None:
        """A product as it stands now."""
        self._on_hand[shop][sku] = on_hand
        (self._tracked[shop].add if tracked else self._tracked[shop].discard)(sku)
        self._views.pop(shop, None)

    def count(self, shop: str, sku: str, on_hand: int) -> None:
        """Only what is on hand."""
        self._on_hand[shop][sku] = on_hand
        self._views.pop(shop, None)

    def knows(self, shop: str, sku: str) -> bool:
        """Whether this product was ever set."""
        return sku in self._on_hand[shop]

    def on_hand(self, shop: str, sku: str) -> int:
        """0 for an unknown sku."""
        return self._on_hand[shop].get(sku, 0)

    def hold(self, shop: str, hold_id: str, held: Held) -> None:
        """Insert or replace one hold."""
        self._holds[shop][hold_id] = held

    def book_holds(self, commit: Commit) -> None:
        """What a successful commit released and held."""
        shop, customer = commit.address
        for hold_id in self._released(commit):
            del self._holds[shop][hold_id]
        for hold in commit.holds:
            self.hold(shop, hold.id, Held(customer, hold.sku, hold.quantity, hold.expires_at))

    def sweep(self, now: Millis) -> int:
        """Forget expired holds; how many went."""
        gone = 0
        for holds in self._holds.values():
            expired = [hold_id for hold_id, held in holds.items() if held.expires_at <= now]
            gone += len(expired)
            for hold_id in expired:
                del holds[hold_id]
        return gone

    # -- what follows from it --------------------------------------------------------------------------------------
    def left(self, shop: str, customer: str, now: Millis) -> Mapping[str, int]:
        """Per tracked sku: on hand minus unexpired holds of other customers, never below 0."""
        view = self._views.get(shop)
        if view is None:
            on_hand = self._on_hand[shop]
            view = MappingProxyType({sku: on_hand[sku] for sku in on_hand if sku in self._tracked[shop]})
            self._views[shop] = view
        taken: Counter[str] = Counter()
        for held in self._holds[shop].values():
            if held.expires_at > now and held.customer != customer and held.sku in view:
                taken[held.sku] += held.quantity
        if not taken:
            return view
        return MappingProxyType({**view, **{sku: max(0, view[sku] - count) for sku, count in taken.items()}})

    def lacking(self, commit: Commit, besides: Mapping[tuple[str, str], int] = MappingProxyType({})) -> str:
        """The first sku that does not suffice for ``commit``, else "".

        ``besides`` (shop and sku → quantity) is counted as gone already.
        """
        if not commit.holds and not commit.orders:
            return ""
        shop = commit.address.shop
        released, taken = self._released(commit), Counter(besides)
        for order in commit.orders:
            for line in order.lines:
                if line.tracked:
                    others = self._held(shop, line.sku, commit.at, released, but_of=order.customer)
                    taken[shop, line.sku] += line.quantity
                    if self.on_hand(shop, line.sku) - others < taken[shop, line.sku]:
                        return line.sku
        for hold in commit.holds:
            if hold.sku in self._on_hand[shop] and hold.sku not in self._tracked[shop]:
                continue
            released = released | {hold.id}
            taken[shop, hold.sku] += hold.quantity
            if self.on_hand(shop, hold.sku) - self._held(shop, hold.sku, commit.at, released) < taken[shop, hold.sku]:
                return hold.sku
        return ""

    def _released(self, commit: Commit) -> frozenset[str]:
        """The customer's own holds among those that the commit releases."""
        holds = self._holds[commit.address.shop]
        own = (hold_id for hold_id in commit.releases if hold_id in holds)
        return frozenset(hold_id for hold_id in own if holds[hold_id].customer == commit.address.customer)

    def _held(self, shop: str, sku: str, now: Millis, released: frozenset[str], but_of: str | None = None) -> int:
        return sum(
            held.quantity
            for hold_id, held in self._holds[shop].items()
            if held.sku == sku and held.expires_at > now and held.customer != but_of and hold_id not in released
        )


def demand(commit: Commit) -> Counter[tuple[str, str]]:
    """What a commit takes or holds, summed per shop and sku."""
    wanted: Counter[tuple[str, str]] = Counter()
    for order in commit.orders:
        for line in order.lines:
            if line.tracked:
                wanted[order.shop, line.sku] += line.quantity
    for hold in commit.holds:
        wanted[commit.address.shop, hold.sku] += hold.quantity
    return wanted
