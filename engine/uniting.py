"""Makes one customer of two while both their actors rest, so that neither has a turn that the other does not know of.

    hold both ─▶ read both ─▶ merge (one commit) ─▶ hand the younger's letters on ─▶ free

A crash before the commit leaves two customers, and the next message that names both finds them again; after it there is
one, and the store knows whose the other address is. Another process may have had a turn, or made one of both, in
between: then the commit is refused and both are read anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import trio

from engine.address import Address
from engine.identity import Identity
from engine.merging import merge_of, one_person
from engine.supervisor import Supervisor

log = logging.getLogger("sokoni.router")

ATTEMPTS = 4
"""Commits that others may refuse; after them the two stay two until they are named together again."""


class Uniting:
    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._around = supervisor.around
        self._one_at_a_time = trio.Lock()

    async def one_of(self, shop: str, customers: Sequence[str], *, certain: bool) -> Address:
        """Whose a letter is whose sender's names lead to all of these: one customer, where that can be. ``certain``: a
        provider says so in as many words (NumberChanged). Raises StoreError."""
        async with self._one_at_a_time:
            address = self._supervisor.whose(Address(shop, customers[0]))
            for customer in customers[1:]:
                other = self._supervisor.whose(Address(shop, customer))
                if other != address:
                    address = await self._unite(address, other, certain)
        return address

    async def _unite(self, address: Address, other: Address, certain: bool) -> Address:
        """The one that both are from now on; ``address`` where they stay two."""
        async with self._supervisor.at_rest(address, other):
            for _ in range(ATTEMPTS):
                elder, younger = await self._around.store.identities(address.shop, [address.customer, other.customer])
                if not self._may_be_one(address, other, (elder, younger), certain):
                    break
                if await self._merge(address.shop, elder, younger):
                    return Address(address.shop, elder.customer)
                await self._supervisor.learn_forwards()
                if self._supervisor.whose(address) == self._supervisor.whose(other):
                    return self._supervisor.whose(address)
        log.warning("stay_two", extra={"address": str(address)})
        return self._supervisor.whose(address)

    def _may_be_one(self, address: Address, other: Address, both: tuple[Identity, Identity], certain: bool) -> bool:
        """A quarantined one keeps what crashed it apart until it is released."""
        if address.shop not in self._around.shops or {address, other} & {*self._supervisor.quarantined}:
            return False
        return certain or one_person(*both)

    async def _merge(self, shop: str, elder: Identity, younger: Identity) -> bool:
        """Whether the store made one of both, and all know it who have to."""
        merge = merge_of(elder, younger, self._around.shops[shop], self._around.clock.now())
        with trio.CancelScope(shield=True):
            if await self._around.store.merge(merge) is not None:
                return False
        self._supervisor.merged(Address(shop, younger.customer), Address(shop, elder.customer))
        return True
