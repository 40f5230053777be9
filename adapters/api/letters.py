"""The owner's wishes as letters: durable first, then handed to the customer's actor at once, and waited for.

A letter that was kept is done sooner or later, whatever becomes of whoever waits; so a wait that ends early is answered
202, and never as a failure that invites doing it twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio

from adapters.api.endpoint import Call
from engine.address import Address, Link, Sender
from engine.commit import Posted
from engine.events import AnyEvent, Inbound, Letter
from engine.mailbox import Receipt

WAIT_SECONDS = 10.0
"""How long a request waits for the turn that it caused."""
AT_ONCE = 500
"""Letters in one write to the store."""


def letter(call: Call, to: Address, event: AnyEvent, name: str = "", phone: str = "") -> Posted:
    """A letter, due now. ``name`` is its inbound id: one that follows from its cause where the same cause may come
    twice, else the request's. ``phone``: where the customer is reached who may never have written."""
    now = call.running.around.clock.now()
    return Posted(Letter(to, Inbound(name or f"api:{call.request}", to.shop, Sender(phone=phone), now, event)), now)


async def told(call: Call, one: Posted) -> bool:
    """Keep a letter and wait for its turn; False when that is still to come. Raises StoreError when it is not kept."""
    with trio.CancelScope(shield=True):
        await call.store.post([one])
    return await done(call, one.letter)


async def kept(call: Call, letters: Sequence[Posted]) -> None:
    """Keep letters; the scheduler brings them. Raises StoreError when they are not kept."""
    for start in range(0, len(letters), AT_ONCE):
        await call.running.post_letters(letters[start : start + AT_ONCE])


async def done(call: Call, one: Letter) -> bool:
    """Hand a letter that is kept to its actor now, and wait for its turn; False when that takes too long. The scheduler
    may bring the same letter: whichever comes second is a duplicate."""
    receipt = Receipt(1)
    call.running.supervisor.post(one, receipt)
    handled = False
    with trio.move_on_after(WAIT_SECONDS):
        handled = await receipt.wait()
    if not handled:
        call.running.scheduler.note(call.running.around.clock.now())
    return handled


async def customer_with(call: Call, phone: str) -> Address:
    """The customer who is reached at these digits: known, or as the one that they become."""
    return await call.running.router.address_of(call.shop.name, (Link("phone", phone),))
