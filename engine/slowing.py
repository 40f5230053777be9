"""Who writes faster than can be read is answered one by one: nothing is lost or reordered, and nobody else waits.

A customer may have so many messages answered at once, then one per interval. What comes faster is kept durably as a
letter of our own, under its own inbound id, and due when its cell of the pace is free; so order stands, a redelivery is
known as one, and a restart forgets nothing. Once in a while the customer hears why answers take their time.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import MINUTE, Millis, Sender
from engine.commit import Posted
from engine.events import Inbound, Letter, News, NumberChanged, OwnerEchoed, PreferenceSet, TimerFired, TooFast
from engine.pace import Pace

AT_ONCE = 30
"""Messages of one customer that are answered as they come, after a rest."""
INTERVAL: Millis = 2_000
"""Between any two more."""
TOLD_EVERY: Millis = 5 * MINUTE
"""How often at most a customer hears that they write too fast."""
NOT_WRITTEN = (News, TimerFired, OwnerEchoed, NumberChanged, PreferenceSet)
"""What arrives without the customer writing; it is never slowed."""


def turn_pace() -> Pace:
    """The pace of one customer's turns."""
    return Pace(INTERVAL, AT_ONCE)


def counts(letter: Letter) -> bool:
    """Whether this letter takes a cell of the pace: one that waited for its own has it already."""
    return not letter.late and not letter.parked_id and not isinstance(letter.inbound.event, NOT_WRITTEN)


def kept(letter: Letter, due: Millis) -> Posted:
    """A letter that waits until ``due``."""
    return Posted(replace(letter, late=True), due)


def told(letter: Letter, now: Millis) -> Posted:
    """The letter by which its customer hears why."""
    address = letter.address
    name = f"slow:{address.customer}:{now // TOLD_EVERY}"
    return Posted(Letter(address, Inbound(name, address.shop, Sender(), now, TooFast())), now)
