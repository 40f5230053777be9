"""How a shop sells, as its owner has decided: tax, ways to pay, delivery, offers, price lists, limits. A value.

All amounts are integer minor units of the shop's currency; rates are per cent as text ("7.5"), so that nothing is
rounded before the rounding that flows.md names. What can be computed from them stands in engine.totals and
engine.offering.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property

import msgspec

from engine.address import HOUR, MINUTE, Millis
from engine.payments import Way
from engine.quiet import Quiet


class Rounding(str, Enum):
    """Where tax is rounded half-up to the minor unit (flows.md, "Money")."""

    LINE = "line"
    ORDER = "order"


class Invoicing(str, Enum):
    """When an order gets its invoice by itself. FLOW: as its flow does it (wholesale: in the turn that places it, the
    others never). PLACED: in the turn that places it. PAID: in the turn that finds it paid."""

    FLOW = "flow"
    PLACED = "placed"
    PAID = "paid"


class Zone(msgspec.Struct, frozen=True):
    """A delivery zone: its fee, and the ``words`` (folded) by which an address is known to lie in it; a zone without
    words takes every address."""

    name: str
    fee: int
    words: tuple[str, ...] = ()


class Discount(msgspec.Struct, frozen=True):
    """A code that takes ``percent`` of the lines off, or ``amount``, when they come to ``least``. ``starts`` and
    ``ends`` are moments, 0 for none."""

    code: str
    percent: str = ""
    amount: int = 0
    least: int = 0
    starts: Millis = 0
    ends: Millis = 0


class Promotion(msgspec.Struct, frozen=True):
    """An offer on one product, from ``starts`` to ``ends`` (moments, 0 for none): a ``price``, or ``percent`` off."""

    id: str
    title: str
    sku: str
    price: int = 0
    percent: str = ""
    starts: Millis = 0
    ends: Millis = 0
    description: str = ""


class Terms(msgspec.Struct, frozen=True, dict=True):
    """See the module. ``price_lists`` maps a list's name to its prices by sku; a customer's card names the list.

    ``ways``: in the order in which they are offered. ``bank``: what a customer needs to transfer, lines of text.
    ``payment_timeout``: how long an unpaid order keeps its stock. ``cart_reminder``: how
    long after a customer has left a cart they are reminded of it, 0 for never. ``event_reminder``: how long before an
    event whoever has booked it is reminded, 0 for never. ``quiet``: when reminders
    and campaigns wait. ``templates``: purpose ("order", "reminder", …) →
    name of a message that the provider has approved. The switches turn off what flows.md calls feature switches (§2).
    """

    tax_rate: str = ""
    tax_included: bool = True
    tax_rounding: Rounding = Rounding.LINE
    tax_number: str = ""
    ways: tuple[Way, ...] = (Way.CASH,)
    bank: str = ""
    payment_timeout: Millis = 30 * MINUTE
    zones: tuple[Zone, ...] = ()
    free_delivery_from: int = 0
    discounts: tuple[Discount, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    price_lists: Mapping[str, Mapping[str, int]] = {}
    minimum_order: int = 0
    credit_days: int = 0
    invoices: Invoicing = Invoicing.FLOW
    reminder_days: tuple[int, ...] = (-3, 0, 3, 7)
    cart_reminder: Millis = 0
    event_reminder: Millis = 24 * HOUR
    quiet: Quiet = Quiet(21 * HOUR, 8 * HOUR)
    templates: Mapping[str, str] = {}
    payments: bool = True
    recognition: bool = True
    tracking: bool = True
    crm: bool = False

    @cached_property
    def promotions_by_sku(self) -> Mapping[str, tuple[Promotion, ...]]:
        """Computed once: every price that is shown asks here."""
        found: dict[str, tuple[Promotion, ...]] = {}
        for promotion in self.promotions:
            found[promotion.sku] = (*found.get(promotion.sku, ()), promotion)
        return found
