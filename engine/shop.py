"""A Shop: one business number, one flow, its catalogue and its settings. A value; changing it makes a new one."""

from __future__ import annotations

import msgspec

from engine.address import MINUTE, Millis
from engine.catalogue import Catalogue
from engine.crew import Crew
from engine.messages import Limits
from engine.terms import Terms
from engine.tickets import Programme


class Shop(msgspec.Struct, frozen=True):
    """All of a shop that a turn may know.

    ``title`` is the business name that customers see. ``session`` is the silence (ms) after which a conversation
    expires. ``timezone`` is an IANA name: order numbers and dates are in it. ``handover`` is how long (ms) the bot is
    silent after a customer asked for a human, or a human answered; ``handover_word``, said by that human from the
    shop's phone, hands back at once. ``store`` is the branch that its orders carry. ``terms`` are how it
    sells, ``programme`` the events that it sells seats for. ``refunders`` are its payment providers (Payment.provider)
    that send money back when they are asked to. ``crew`` are the phones of its own people.
    """

    name: str
    title: str
    flow: str
    currency: str
    locale: str
    timezone: str
    catalogue: Catalogue
    limits: Limits = Limits()
    languages: tuple[str, ...] = ("en",)
    session: Millis = 30 * MINUTE
    handover: Millis = 60 * MINUTE
    handover_word: str = "bot"
    store: str = ""
    terms: Terms = Terms()
    programme: Programme = Programme()
    refunders: frozenset[str] = frozenset()
    crew: Crew = Crew()
