"""The router: from who wrote (phone or user id) to whose mailbox.

The order of letters is the order in which they arrive here; provider timestamps never reorder. A sender that is not
known to be awake is looked up once (links lead to a customer's id; nobody known gets a new one), and what arrives from
the same sender meanwhile waits behind, in order: also under the other of their names, once one message had both.

Names of one sender that lead to two customers make them one (engine.uniting). Ordinary messages pay nothing for that:
it shows in the look-up, and a message is looked up unless all its names are known to lead to one awake customer.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from engine.address import Address, Link, customer_id
from engine.errors import StoreBusy, StoreError
from engine.events import Inbound, Letter, NumberChanged
from engine.mailbox import MAILBOX_SIZE, Receipt
from engine.supervisor import Supervisor
from engine.uniting import Uniting

LOOKUPS_AT_MOST = 5_000
"""Names of senders that may be looked up at once; the messages of one more are refused."""


Name = tuple[str, Link]
"""A shop, and what it calls one of its customers."""


class Search:
    """A look-up under way: whom it is about, and the messages that wait for it in order of arrival."""

    __slots__ = ("names", "waiting")

    def __init__(self) -> None:
        self.names: set[Name] = set()
        self.waiting: list[tuple[Inbound, Receipt]] = []


class Router:
    """Posts Inbounds to mailboxes. ``run`` must be running."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._store = supervisor.around.store
        self._uniting = Uniting(supervisor)
        self._routes: dict[Name, Address] = {}
        self._searches: dict[Name, Search] = {}
        self._nursery: trio.Nursery | None = None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run look-ups until cancelled; a failing store ends it with StoreFailed."""
        try:
            async with trio.open_nursery() as self._nursery:
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None
            while self._searches:
                self._refuse(next(iter(self._searches.values())))

    def post(self, inbound: Inbound, receipt: Receipt) -> None:
        """Hand one Inbound to its mailbox; the receipt is settled when it met its end."""
        names = names_of(inbound)
        if not names:
            receipt.settle(True)  # nobody to answer, nothing to keep: an adapter lets none of these through
            return
        search = next((self._searches[name] for name in names if name in self._searches), None)
        if search is not None:
            self._wait(search, names, inbound, receipt)
        elif (address := self._known(names)) is not None:
            self._deliver(address, names, inbound, receipt)
        elif self._nursery is None or len(self._searches) >= LOOKUPS_AT_MOST:
            receipt.settle(False)
        else:
            search = Search()
            self._wait(search, names, inbound, receipt)
            self._nursery.start_soon(self._look_up, search, names)

    def _wait(self, search: Search, names: list[Name], inbound: Inbound, receipt: Receipt) -> None:
        if len(search.waiting) >= MAILBOX_SIZE:
            receipt.settle(False)
            return
        search.waiting.append((inbound, receipt))
        for name in names:
            if self._searches.setdefault(name, search) is search:
                search.names.add(name)

    def _deliver(self, address: Address, names: list[Name], inbound: Inbound, receipt: Receipt) -> None:
        """The sender's other name leads to the same mailbox from now on, although no commit has said so yet. A number
        that was changed leads nowhere: whoever has it next is looked up."""
        for name in names:
            self._routes[name] = address
        if isinstance(inbound.event, NumberChanged):
            for name in given_up(inbound):
                self._routes.pop(name, None)
        self._supervisor.post(Letter(address, inbound), receipt)

    def _known(self, names: list[Name]) -> Address | None:
        """The awake customer whom all of these names are known to lead to."""
        address = self._awake(names[0])
        for name in names[1:]:
            if address is not None and self._awake(name) != address:
                return None
        return address

    def _awake(self, name: Name) -> Address | None:
        """The address when its actor is awake; routes of sleeping ones are forgotten, so that they cost nothing."""
        address = self._routes.get(name)
        if address is not None and address not in self._supervisor.actors:
            del self._routes[name]
            return None
        return address

    async def _look_up(self, search: Search, names: list[Name]) -> None:
        """Find the customer, then post what waited: the first directly, the others as if they came now."""
        try:
            address, one = await self._find(names, certain=isinstance(search.waiting[0][0].event, NumberChanged))
        except StoreBusy:
            self._refuse(search)
            return
        except StoreError:
            self._refuse(search)
            raise
        waiting = self._end(search)
        self._deliver(address, names if one else [], *waiting[0])
        for inbound, receipt in waiting[1:]:
            self.post(inbound, receipt)

    async def _find(self, names: list[Name], *, certain: bool) -> tuple[Address, bool]:
        """The customer whom these names lead to, in the store or awake, or a new one where there is none yet; and
        whether it is one: the first of several who stay apart gets this message, and the names lead where they led."""
        shop, links = names[0][0], [link for _, link in names]
        found = await self._store.customers_for(shop, links)
        awake = [address.customer for name in names if (address := self._awake(name)) is not None]
        known = list(dict.fromkeys([*found, *awake]))
        if len(known) > 1:
            address = await self._uniting.one_of(shop, known, certain=certain)
            return address, all(self._supervisor.whose(Address(shop, other)) == address for other in known)
        return Address(shop, known[0] if known else customer_id(shop, links[0])), True

    async def address_of(self, shop: str, links: Sequence[Link]) -> Address:
        """Whom these outside names lead to: a known customer, else the one that the first of them will make."""
        known = await self._store.customers_for(shop, links)
        if known:
            return Address(shop, known[0])
        awake = (self._awake((shop, link)) for link in links)
        return next(filter(None, awake), Address(shop, customer_id(shop, links[0])))

    def _end(self, search: Search) -> list[tuple[Inbound, Receipt]]:
        for name in search.names:
            del self._searches[name]
        return search.waiting

    def _refuse(self, search: Search) -> None:
        for _, receipt in self._end(search):
            receipt.settle(False)

    def forget_sleeping(self) -> None:
        """Drop the routes of actors that sleep."""
        actors = self._supervisor.actors
        self._routes = {name: address for name, address in self._routes.items() if address in actors}


def names_of(inbound: Inbound) -> list[Name]:
    """All that the sender is called by, as the message says: where it tells of a new number, by that first, for the old
    one will be somebody else's."""
    links = inbound.sender.links()
    if isinstance(inbound.event, NumberChanged):
        links = tuple(dict.fromkeys((*inbound.event.links(), *links)))
    return [(inbound.shop, link) for link in links]


def given_up(inbound: Inbound) -> list[Name]:
    """What the sender is called by no more."""
    event = inbound.event
    if not isinstance(event, NumberChanged):
        return []
    return [(inbound.shop, link) for link in event.replaced(inbound.sender)]
