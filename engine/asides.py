"""Answers to what is no step forward: not understood, not readable, not open any more.

Each keeps the state, says what is expected there, and shows the open question again.
"""

from __future__ import annotations

import msgspec

from engine import service
from engine.effects import Option, Say
from engine.events import (
    AnyEvent,
    CartSent,
    ContactsSent,
    FormAnswered,
    LocationSent,
    MediaSent,
    MessageDeleted,
    MessageEdited,
)
from engine.facts import Facts
from engine.phrases import phrase, say
from engine.remembered import Conversation
from engine.shop import Shop
from engine.turn import Turn

MISSES_BEFORE_HUMAN = 3
"""The third time in a row that a customer is not understood, a human is offered."""

MEDIA = {
    "image": phrase("Thank you for the picture, but I can't look at pictures here"),
    "video": phrase("Thank you for the video, but I can't watch videos here"),
    "audio": phrase("Thank you for the voice message, but I can't listen to it here"),
    "sticker": phrase("Nice sticker, but I can't read it here"),
    "document": phrase("Thank you for the file, but I can't open files here"),
}
ASIDES: dict[type[AnyEvent], str] = {
    ContactsSent: phrase("Thank you for the contact, but I have no use for it here"),
    LocationSent: phrase("Thank you for the place, but I don't need one now"),
    CartSent: phrase("Thank you for the cart, but I can't take one here"),
    FormAnswered: phrase("Thank you for the form, but I can't take one here"),
}
"""What can't be used, by kind: the first half of a sentence; the second says what is expected."""


def missed(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """Not understood: the state stays, and the customer hears what is expected, with an example."""
    here = service.guide(c, shop, facts)
    text = say(
        c.language,
        "Sorry, I didn't get that: {expected}, for example *{example}*. Say *help* to see what else you can say.",
        expected=here.expected,
        example=here.example,
    )
    c = msgspec.structs.replace(c, missed=c.missed + 1, tapped="", again=())
    if c.missed < MISSES_BEFORE_HUMAN:
        return service.remark(c, text)
    human = Option("word:agent", say(c.language, "Talk to a person"))
    helping = Option("word:help", say(c.language, "Help"))
    text += "\n\n" + say(c.language, "Or would you like to talk to a person? Say *agent*.")
    return service.question(c, text, (human, helping), numbered=False)


def where_you_are(c: Conversation, why: str, shop: Shop, facts: Facts) -> Turn:
    """One polite sentence: why nothing happened, and what is expected in this state."""
    here = service.guide(c, shop, facts)
    return service.remark(c, say(c.language, "{why}: {expected}.", why=say(c.language, why), expected=here.expected))


def aside(event: AnyEvent) -> str:
    match event:
        case MediaSent(kind):
            return MEDIA.get(kind, MEDIA["document"])
        case MessageEdited():
            return phrase("I saw that you changed an earlier message, but I only go by new ones")
        case MessageDeleted():
            return phrase("I saw that you deleted an earlier message; nothing changed here")
        case _:
            return ASIDES.get(type(event), phrase("Thank you, but I can't read that kind of message here"))


def same_tap(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """The choice that was just made, tapped again: its result once more, and nothing is done twice."""
    if c.again:
        return Turn(c, c.again)
    return where_you_are(c, phrase("That is done already, so I changed nothing"), shop, facts)


def too_fast(c: Conversation, facts: Facts) -> Turn:
    """Some messages wait. Nothing is said while a human answers."""
    if facts.now < c.silent_until:
        return Turn(c)
    kept = say(c.language, "You write faster than I can read: I kept your messages and answer them one by one.")
    return Turn(c, (Say(kept),))
