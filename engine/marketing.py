"""How an offer looks that nobody has asked for: with the way out of it in the message itself (quality.md 8).

Where the channel has buttons, one of them says *Stop*; where it has none, or the words are too long for a message with
buttons, a last line says what to write. The button's title is a global word in the customer's language and its id is
none of a question's, so that tapping it and writing it are one thing, and a tap on an old offer still holds.
"""

from __future__ import annotations

from engine.messages import Buttons, Choice, Text
from engine.phrases import say
from engine.shop import Shop

STOP = "stop"
"""The button's id. What is no question's choice is read by its title (hearing)."""


def offer(text: str, language: str, shop: Shop) -> Text | Buttons:
    """A campaign's words, with the way out. ``language``: the customer's; one that the shop does not speak is not
    understood either, and becomes the shop's own."""
    language = language if language in shop.languages else shop.languages[0]
    title = say(language, "Stop")
    if shop.limits.buttons and len(text) <= shop.limits.question and len(title) <= shop.limits.button_title:
        return Buttons(text, (Choice(STOP, title),))
    return Text(text + _way_out(language))


def room(shop: Shop) -> int:
    """How many characters a campaign's words may have to be one message, whoever reads it."""
    return shop.limits.text - max(len(_way_out(language)) for language in shop.languages)


def _way_out(language: str) -> str:
    return "\n\n" + say(language, "No more offers? Say *stop*.")
