"""The router: from who wrote (phone or user id) to whose mailbox.

The order of letters is the order in which they arrive here; provider timestamps never reorder. A sender that is not
known to be awake is looked up once (links lead to a customer's id; nobody known gets a new one), and what arrives from
the same sender meanwhile waits behind, in order.
"""

from __future__ import annotations

import trio

from engine.address import Address, Link, customer_id
from engine.errors import StoreError
from engine.events import Inbound, Letter
from engine.mailbox import Receipt
from engine.supervisor import Supervisor

LOOKUPS_AT_MOST = 5_000
"""Senders that may be looked up at once; the messages of one more are refused."""


class Router:
    """Posts Inbounds to mailboxes. ``run`` must be running."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._store = supervisor.around.store
        self._routes: dict[tuple[str, Link], Address] = {}
        self._asked: dict[tuple[str, Link], list[tuple[Inbound, Receipt]]] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run look-ups until cancelled; a failing store ends it with StoreFailed."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    def post(self, inbound: Inbound, receipt: Receipt) -> None:
        """Hand one Inbound to its mailbox; the receipt is settled when it met its end."""
        links = inbound.sender.links()
        if not links:
            receipt.settle(True)  # nobody to answer, nothing to keep: an adapter lets none of these through
            return
        key = (inbound.shop, links[0])
        if key in self._asked:
            self._asked[key].append((inbound, receipt))
        elif (address := self._awake(key)) is not None:
            self._supervisor.post(Letter(address, inbound), receipt)
        elif len(self._asked) >= LOOKUPS_AT_MOST or self._nursery is None:
            receipt.settle(False)
        else:
            self._asked[key] = [(inbound, receipt)]
            self._nursery.start_soon(self._look_up, key, links)

    def _awake(self, key: tuple[str, Link]) -> Address | None:
        """The address when its actor is awake; routes of sleeping ones are forgotten, so that they cost nothing."""
        address = self._routes.get(key)
        if address is not None and address not in self._supervisor.actors:
            del self._routes[key]
            return None
        return address

    async def _look_up(self, key: tuple[str, Link], links: tuple[Link, ...]) -> None:
        shop = key[0]
        try:
            known = await self._store.customer_for(shop, links)
        except StoreError:
            for _, receipt in self._asked.pop(key):
                receipt.settle(False)
            raise
        address = Address(shop, known or customer_id(shop, links[0]))
        self._routes[key] = address
        for inbound, receipt in self._asked.pop(key):
            self._supervisor.post(Letter(address, inbound), receipt)

    def forget_sleeping(self) -> None:
        """Drop the routes of actors that sleep."""
        actors = self._supervisor.actors
        self._routes = {key: address for key, address in self._routes.items() if address in actors}
