"""What came of a campaign, variant by variant: who got it, read it, followed it, left for it, and what they bought.

Every figure is looked up in rows that are there anyway, so none can go astray:

    sent ⊇ delivered ⊇ read     the message's row of the outbox
    replied                     the customer has written since, whatever about
    clicked                     followed one of its links, each customer once
    opted_out                   got it, and wants no more offers by now
    orders, value, revenue      ordered or booked within the window after it, and not cancelled since; of several
                                campaigns the last one that came before the order has it alone
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from engine.address import DAY, Millis

WINDOW: Millis = 3 * DAY
"""How long after a message what its reader orders counts as its doing, where nobody says otherwise."""
WINDOW_AT_MOST: Millis = 90 * DAY


class Results(msgspec.Struct, frozen=True):
    """``value``: minor units of the orders, ``revenue`` of those that are paid. ``templates``: how many of the sent
    went as a template, as far as can be told: providers charge for these."""

    variant: str
    recipients: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0
    clicked: int = 0
    opted_out: int = 0
    templates: int = 0
    orders: int = 0
    value: int = 0
    revenue: int = 0


class CampaignResults(Protocol):
    """A part of ``engine.ports.Store``."""

    async def campaign_results(self, shop: str, campaign: str, window: Millis = WINDOW) -> list[Results]:
        """The results of each variant that has recipients, by name; none for a campaign that is not there."""
