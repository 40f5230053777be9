"""Whether a customer may be written to freely, and what may be sent when not: the one place where that is decided.

WhatsApp takes free text only for a day after the customer's last message; later it takes only templates that it has
approved (protocols.md 1.10, quality.md 7).
"""

from __future__ import annotations

import msgspec

from engine.address import MINUTE, Millis
from engine.effects import AnyEffect, Ask, Say, UseTemplate
from engine.facts import Facts
from engine.messages import WINDOW, Purpose, Template
from engine.shop import Shop

MARGIN: Millis = 5 * MINUTE
"""The window counts as closed so long before its end: a message may wait for its turn to be sent, and the provider's
clock is not ours."""

FREE: Millis = WINDOW - MARGIN
"""How long after a customer's last message free text counts as allowed."""

WANTED = ("order", "reminder", "offer", "cancelled", "invoice", "notice", "note", "event", "cart")
"""What a shop may have a template for: an order of the API's, an invoice's reminder, seats that came free, a booking
that the shop has cancelled, an invoice that the shop sends, a notice to the phones of its own people,
a reminder that the owner wrote, an event that is near, a cart that was left."""


def closed(facts: Facts) -> bool:
    """Whether free text to this customer would be refused, or might be by the time it is sent."""
    return facts.now - facts.written_at >= FREE


def told(
    effects: tuple[AnyEffect, ...],
    wanted: str,
    parameters: tuple[str, ...],
    shop: Shop,
    facts: Facts,
    purpose: Purpose = Purpose.ORDER,
) -> tuple[AnyEffect, ...]:
    """News that may come when only a template may be sent: the shop's one for ``wanted`` (a key of terms.templates)
    where the window is closed, else the words, with the template to stand in for the last of them should the window
    close before they go (engine.ruling). Without such a template the words alone, which then wait for the customer."""
    name = template(shop, wanted, facts.language)
    if not name:
        return effects
    if closed(facts):
        return (UseTemplate(name, facts.language, parameters, purpose),)
    last = max((at for at, one in enumerate(effects) if isinstance(one, Say | Ask)), default=-1)
    ready = Template(name, facts.language, parameters)
    return tuple([_with(one, ready) if at == last else one for at, one in enumerate(effects)])


def _with(effect: AnyEffect, ready: Template) -> AnyEffect:
    return msgspec.structs.replace(effect, stand_in=ready) if isinstance(effect, Say | Ask) else effect


def template(shop: Shop, wanted: str, language: str) -> str:
    """The name of the shop's template in ``language``: its own name there, else the one of all languages, else "".

    Meta has one name for all languages of a template; Twilio has an id for each."""
    names = shop.terms.templates
    return names.get(f"{wanted}.{language}") or names.get(wanted, "")
