"""What a customer is called outside, and what follows when that changes.

WhatsApp gives a new user id (BSUID) with a new number, and a number that is given up belongs to a stranger one day
(protocols.md 1.5, 1.12). So a name that was changed leads to its customer no more, who keeps everything else: under the
new one. Orders keep the number that they were placed with.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import Link, Sender, stranger_id
from engine.commit import Renamed
from engine.effects import SaveCustomer
from engine.events import Inbound, NumberChanged
from engine.facts import Facts
from engine.remembered import Conversation
from engine.turn import Turn


def addressed(c: Conversation, inbound: Inbound) -> tuple[Conversation, tuple[Link, ...]]:
    """The next turn's conversation, replies going to whoever wrote last; and the links that are new with it."""
    sender, event = inbound.sender, inbound.event
    phone, user_id = sender.phone or c.phone, sender.user_id or c.user_id
    provider_id = sender.provider_id or c.provider_id
    old: tuple[Link, ...] = ()
    if isinstance(event, NumberChanged):
        phone, user_id = event.new_phone or phone, event.new_user_id or user_id
        old = event.replaced(sender)
    if phone == c.phone and user_id == c.user_id and provider_id == c.provider_id:
        return replace(c, turn=c.turn + 1), ()
    now = Sender(phone=phone, user_id=user_id, provider_id=provider_id)
    links = dict.fromkeys((*sender.links(), *now.links()))
    return (
        replace(c, turn=c.turn + 1, phone=phone, user_id=user_id, provider_id=provider_id),
        tuple([link for link in links if link not in old]),
    )


def changed(c: Conversation, event: NumberChanged, before: Sender, facts: Facts) -> Turn:
    """The provider says that this customer is called otherwise now. Their card says so too; nothing is said."""
    new = {link.kind: link.value for link in event.links()}
    renamed = [Renamed(old, new[old.kind], stranger_id(facts.key, old)) for old in event.replaced(before)]
    card = facts.customer
    if card is None or not event.new_phone or card.phone == event.new_phone:
        return Turn(c, renamed=tuple(renamed))
    return Turn(c, (SaveCustomer(replace(card, phone=event.new_phone)),), renamed=tuple(renamed))
