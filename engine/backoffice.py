"""The shop's books elsewhere (its CRM) and what this store tells them and takes from them: orders out, stock in.

Whose figure holds? Stock is the CRM's: somebody also sells over the counter and receives goods there. Prices, names and
which products there are stay ours: nothing is created in our catalogue because the CRM has it.

The CRM's figure knows nothing of orders that it has not heard of, so

    on hand  :=  the CRM's figure  −  our orders that it has not heard of   (never below 0)

which takes each order off once: here while it waits, there once it is told. An order is "heard" only when the CRM
reserves its goods. Three things follow, all on the safe side, where too little is offered rather than too much:

- an order of which nobody knows whether it arrived counts as not heard until it was looked for;
- one that is ``held`` (unpaid) is not told yet, and lies in its holds, which availability takes off by itself;
- a cancellation gives its goods back here at once, as ever; the CRM's figure has them again when it has heard of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from engine.address import Millis


class Stocktake(msgspec.Struct, frozen=True):
    """What a CRM counts. ``quantities``: what may still be sold, by sku; below 0 where more was promised than is there.

    ``faults``: a sentence for each row that could not be used. ``mark`` names this content where the CRM can tell that
    nothing has changed since; "" where it can't.
    """

    quantities: Mapping[str, int]
    faults: tuple[str, ...] = ()
    mark: str = ""


class Counted(msgspec.Struct, frozen=True):
    """What a stocktake did. ``changed``: products whose stock is another now. ``unknown``: skus that only the CRM has.
    ``untold``: skus that are sold and counted here, of which the CRM says nothing; they keep what they had."""

    changed: int = 0
    unknown: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


class LastStocktake(msgspec.Struct, frozen=True):
    """As of when the stock is, and the mark of what it was taken from."""

    at: Millis
    mark: str


class BackOffice(Protocol):
    """A part of ``engine.ports.Store``."""

    async def unsynced(self, shop: str, limit: int) -> list[str]:
        """Numbers of orders that the CRM shall hear of (Commit.synced) and has not, in the order of those wishes.

        One that is held waits until its stock is taken. One that is cancelled is among them only where the CRM may
        know of it (``begin_sync``): then it shall hear of the cancellation."""

    async def begin_sync(self, shop: str, number: str) -> bool:
        """From now on the CRM may know of this order; whether it might before, so that it must be looked for first."""

    async def note_synced(self, shop: str, numbers: Sequence[str], cancelled: bool = False) -> None:
        """The CRM has heard of these as they were told: as cancelled, or as placed. One that stands otherwise by now
        is still unsynced. Wishing for one of them again changes nothing."""

    async def set_stock(self, shop: str, quantities: Mapping[str, int], at: Millis, mark: str = "") -> Counted:
        """Take over the CRM's figures as of ``at``, by the rule above, in one commit. Products that are not counted
        (track_stock) stay so; skus that are not ours are named and change nothing."""

    async def last_stocktake(self, shop: str) -> LastStocktake | None:
        """When the stock was last taken over; None when it never was."""
