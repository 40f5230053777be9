"""What is on hand and what is held, and whether it suffices.

The memory store's truth, and the SQLite store's cache: there the triggers decide, and this only spares the disk (a
turn's Availability costs no read) and finds sold-out commits before they break the batch they travel in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.address import Millis
from engine.commit import Commit
from engine.orders import Order, holds_of

NOTHING: Mapping[str, int] = MappingProxyType({})


class Held(NamedTuple):
    """One hold; it counts while ``expires_at`` lies in the future."""

    customer: str
    sku: str
    quantity: int
    expires_at: Millis


class Stock:
    """All shops' stock. Nothing here needs a clean-up to be right: expired holds just don't count."""

    def __init__(self) -> None:
        self._on_hand: dict[str, dict[str, int]] = {}
        self._tracked: dict[str, set[str]] = {}
        self._held: dict[str, dict[str, dict[str, Held]]] = {}
        """Shop → sku → id of the hold."""
        self._skus: dict[tuple[str, str], str] = {}
        """Shop and id of a hold → its sku."""
        self._views: dict[str, Mapping[str, int]] = {}

    # -- what is so ------------------------------------------------------------------------------------------------
    def set(self, shop: str, sku: str, on_hand: int, tracked: bool) -> None:
        """A product as it stands now."""
        of_shop = self._tracked.setdefault(shop, set())
        (of_shop.add if tracked else of_shop.discard)(sku)
        self.count(shop, sku, on_hand)

    def count(self, shop: str, sku: str, on_hand: int) -> None:
        """Only what is on hand."""
        self._on_hand.setdefault(shop, {})[sku] = on_hand
        self._views.pop(shop, None)

    def knows(self, shop: str, sku: str) -> bool:
        """Whether this product was ever set."""
        return sku in self._on_hand.get(shop, NOTHING)

    def on_hand(self, shop: str, sku: str) -> int:
        """0 for an unknown sku."""
        return self._on_hand.get(shop, NOTHING).get(sku, 0)

    def hold(self, shop: str, name: str, held: Held) -> None:
        """Insert or replace one hold."""
        self._forget(shop, name)
        self._held.setdefault(shop, {}).setdefault(held.sku, {})[name] = held
        self._skus[shop, name] = held.sku

    def end(self, shop: str, name: str) -> None:
        """A hold is no more."""
        self._forget(shop, name)

    def move_holds(self, shop: str, of: str, to: str) -> None:
        """What one customer holds is another's."""
        for holds in self._held.get(shop, {}).values():
            own = {name: held._replace(customer=to) for name, held in holds.items() if held.customer == of}
            holds.update(own)

    def book_holds(self, commit: Commit, taken: Iterable[Order] = ()) -> None:
        """What a successful commit released and held; holds of the orders whose stock it has ``taken`` end."""
        shop, customer = commit.address
        for name in self._released(commit) | self._ending(taken):
            self._forget(shop, name)
        for hold in commit.holds:
            self.hold(shop, hold.id, Held(customer, hold.sku, hold.quantity, hold.expires_at))

    def sweep(self, now: Millis) -> int:
        """Forget expired holds; how many went."""
        expired = [
            (shop, name)
            for shop, skus in self._held.items()
            for holds in skus.values()
            for name, held in holds.items()
            if held.expires_at <= now
        ]
        for shop, name in expired:
            self._forget(shop, name)
        return len(expired)

    def _forget(self, shop: str, name: str) -> None:
        sku = self._skus.pop((shop, name), None)
        if sku is not None:
            del self._held[shop][sku][name]
            if not self._held[shop][sku]:
                del self._held[shop][sku]

    # -- what follows from it --------------------------------------------------------------------------------------
    def left(self, shop: str, customer: str, now: Millis) -> Mapping[str, int]:
        """Per tracked sku: on hand minus unexpired holds of other customers, never below 0."""
        view = self._views.get(shop)
        if view is None:
            tracked = self._tracked.get(shop, ())
            view = MappingProxyType({sku: n for sku, n in self._on_hand.get(shop, NOTHING).items() if sku in tracked})
            self._views[shop] = view
        taken = {sku: self._taken(shop, sku, now, but_of=customer) for sku in self._held.get(shop, ()) if sku in view}
        if not any(taken.values()):
            return view
        return MappingProxyType({**view, **{sku: max(0, view[sku] - count) for sku, count in taken.items()}})

    def lacking(
        self,
        commit: Commit,
        besides: Mapping[tuple[str, str], int] = MappingProxyType({}),
        taken: Iterable[Order] = (),
    ) -> str:
        """The first sku that does not suffice for ``commit``, else "".

        An order needs on hand minus what others hold, when it is placed, or when its stock is ``taken`` if it was held.
        A hold needs on hand minus all other holds, the customer's own too: a promise must be one that can be kept.
        ``besides`` (shop and sku → quantity) is counted as gone already.
        """
        taken = tuple(taken)
        if not commit.holds and not commit.orders and not taken:
            return ""
        shop, released, gone = commit.address.shop, self._released(commit), Counter(besides)
        for order in (*(one for one in commit.orders if not one.held), *taken):
            for line in order.lines:
                if line.tracked:
                    gone[shop, line.sku] += line.quantity
                    others = self._taken(shop, line.sku, commit.at, released, but_of=order.customer)
                    if self.on_hand(shop, line.sku) - others < gone[shop, line.sku]:
                        return line.sku
        released |= self._ending(taken) | {hold.id for hold in commit.holds}
        for hold in commit.holds:
            gone[shop, hold.sku] += hold.quantity
            free = self.on_hand(shop, hold.sku) - self._taken(shop, hold.sku, commit.at, released)
            if free < gone[shop, hold.sku] and not self._endless(shop, hold.sku):
                return hold.sku
        return ""

    def _endless(self, shop: str, sku: str) -> bool:
        """A known product that nobody counts."""
        return self.knows(shop, sku) and sku not in self._tracked[shop]

    def _released(self, commit: Commit) -> frozenset[str]:
        """The customer's own holds among those that the commit releases."""
        shop, customer = commit.address
        own = ((name, self._skus.get((shop, name))) for name in commit.releases)
        return frozenset(name for name, sku in own if sku and self._held[shop][sku][name].customer == customer)

    def _ending(self, taken: Iterable[Order]) -> frozenset[str]:
        """The ids of the holds that kept what is taken now."""
        names = ((order, hold) for order in taken for hold in holds_of(order, 0))
        own = ((order, hold, self._held.get(order.shop, {}).get(hold.sku, {}).get(hold.id)) for order, hold in names)
        return frozenset(hold.id for order, hold, held in own if held is not None and held.customer == order.customer)

    def _taken(self, shop: str, sku: str, now: Millis, released: Container[str] = (), but_of: str | None = None) -> int:
        holds = self._held.get(shop, {}).get(sku, {})
        return sum(
            held.quantity
            for name, held in holds.items()
            if held.expires_at > now and held.customer != but_of and name not in released
        )


def demand(commit: Commit) -> Counter[tuple[str, str]]:
    """What a commit takes or holds, summed per shop and sku; ``takes`` apart, for their lines stand elsewhere."""
    wanted: Counter[tuple[str, str]] = Counter()
    for order in commit.orders:
        for line in order.lines:
            if line.tracked and not order.held:
                wanted[order.shop, line.sku] += line.quantity
    for hold in commit.holds:
        wanted[commit.address.shop, hold.sku] += hold.quantity
    return wanted
