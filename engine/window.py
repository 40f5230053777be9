"""Whether a customer may be written to freely, and what may be sent when not: the one place where that is decided.

WhatsApp takes free text only for a day after the customer's last message; later it takes only templates that it has
approved (protocols.md 1.10, quality.md 7).
"""

from __future__ import annotations

from engine.address import MINUTE, Millis
from engine.effects import UseTemplate
from engine.facts import Facts
from engine.messages import WINDOW, Purpose
from engine.shop import Shop

MARGIN: Millis = 5 * MINUTE
"""The window counts as closed so long before its end: a message may wait for its turn to be sent, and the provider's
clock is not ours."""

WANTED = ("order", "reminder", "offer", "cancelled")
"""What a shop may have a template for: an order of the API's, an invoice's reminder, seats that came free, a booking
that the shop has cancelled."""


def closed(facts: Facts) -> bool:
    """Whether free text to this customer would be refused, or might be by the time it is sent."""
    return facts.now - facts.written_at >= WINDOW - MARGIN


def stand_in(
    wanted: str, parameters: tuple[str, ...], shop: Shop, facts: Facts, purpose: Purpose = Purpose.ORDER
) -> UseTemplate | None:
    """The shop's template for ``wanted`` (a key of terms.templates) where only a template may be sent.

    None while free text may be sent, or when the shop has no such template: then the text itself is tried."""
    name = template(shop, wanted, facts.language)
    return UseTemplate(name, facts.language, parameters, purpose) if name and closed(facts) else None


def template(shop: Shop, wanted: str, language: str) -> str:
    """The name of the shop's template in ``language``: its own name there, else the one of all languages, else "".

    Meta has one name for all languages of a template; Twilio has an id for each."""
    names = shop.terms.templates
    return names.get(f"{wanted}.{language}") or names.get(wanted, "")
