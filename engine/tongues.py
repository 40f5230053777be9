"""In which language a customer is answered: the one they chose, else the one they greet in, else the shop's own."""

from __future__ import annotations

import msgspec

from engine import languages, silence
from engine.events import AnyEvent, TextSaid
from engine.flow import Flow
from engine.phrases import language_name, say
from engine.remembered import Conversation
from engine.shop import Shop
from engine.turn import Turn, with_text


def adopted(c: Conversation, event: AnyEvent, flow: Flow, shop: Shop) -> Conversation:
    """The conversation in the language that this message is surely in; as it is when the customer chose one before."""
    if c.language_chosen or len(shop.languages) == 1 or not isinstance(event, TextSaid):
        return c
    guess = languages.guessed(event.text, shop.languages, greeting=silence.begun(c, flow))
    return c if guess is None else msgspec.structs.replace(c, language=guess)


def introduced(turn: Turn, shop: Shop) -> Turn:
    """The first answer of all, with the shop's other languages under it: any of their names chooses it."""
    c = turn.conversation
    others = [language_name(one) for one in shop.languages if one != c.language]
    if c.language_chosen or not others:
        return turn
    said = say(c.language, "We also speak {languages}; just say which.", languages=", ".join(others))
    return Turn(c, with_text(turn.effects, "", f"\n\n{said}"), turn.links)
