"""What something that arrived means in a conversation, before anything is done about it.

``conversation.needs`` and ``conversation.advance`` both ask here, so that what is read beforehand is what is used.
"""

from __future__ import annotations

import msgspec

from engine import offers, words
from engine.effects import Option
from engine.events import AnyEvent, MediaSent, OptionTapped, TextSaid
from engine.flow import AnyFlowEvent, Flow, Started, State
from engine.folding import ended
from engine.languages import meant
from engine.offers import Offer, Old, Picked, Turned
from engine.shop import Shop
from engine.words import Word


class Meant(msgspec.Struct, frozen=True):
    """An event for the flow; there is an arrow for it."""

    event: AnyFlowEvent


class Unclear(msgspec.Struct, frozen=True):
    """Text that means nothing here."""


class Aside(msgspec.Struct, frozen=True):
    """Something that can't be read, or has no place in this state: a picture, a contact, an edit."""

    event: AnyEvent


Heard = Word | Meant | Turned | Old | Unclear | Aside


def hear(event: AnyEvent, state: State, offer: Offer | None, flow: Flow, shop: Shop) -> Heard:
    """The meaning of what a customer sent, in this state with this offer open."""
    heard = _hear(event, state, offer, flow, shop)
    return _own(heard, flow) if isinstance(heard, Word) else heard


def _own(word: Word, flow: Flow) -> Word | Meant:
    """A global word, or what this flow makes of it. ``cancel`` alone is the same in all flows."""
    own = flow.own_words.get(word.name)
    return word if own is None or (word.name == "cancel" and not word.rest) else Meant(own(word.rest))


def _hear(event: AnyEvent, state: State, offer: Offer | None, flow: Flow, shop: Shop) -> Heard:
    match event:
        case TextSaid(said):
            return _text(said, state, offer, flow, shop)
        case OptionTapped(option, title):
            return _tap(option, title, state, offer, flow, shop)
        case MediaSent(caption=caption) if caption.strip():
            return _text(caption, state, offer, flow, shop)
        case _ if flow.arrow_for(type(state), type(event)) is not None:
            return Meant(event)
        case _:
            return Aside(event)


def _text(said: str, state: State, offer: Offer | None, flow: Flow, shop: Shop) -> Heard:
    folded = ended(said)
    word = words.word_in(folded, shop.languages, flow.order_form)
    if word is not None and (not word.rest or _fits(word, flow, shop)):
        return word
    if offer is not None:
        picked = offers.typed(offer, folded, shop.limits)
        if picked is not None:
            return _chosen(picked.option, flow)
        if words.says_more(folded, shop.languages):
            page = offers.next_page(offer, shop.limits)
            if page is not None:
                return Turned(page)
    event = flow.read(state, said)
    if event is None or (word is not None and isinstance(event, Started)):
        return word or Unclear()
    return Meant(event)


def _fits(word: Word, flow: Flow, shop: Shop) -> bool:
    """Whether what follows a word is what it takes. Else a flow that expects any text may have it: "Track 29" is an
    address too; where no text is expected, the word's own answer says what it takes."""
    if word.name == "language":
        return meant(word.rest, shop.languages) is not None
    return flow.order_form.fullmatch(word.rest.upper()) is not None


def _tap(option: str, title: str, state: State, offer: Offer | None, flow: Flow, shop: Shop) -> Heard:
    meaning = offers.tapped(offer, option, shop.limits)
    match meaning:
        case Picked(chosen):
            return _chosen(chosen, flow)
        case Turned() | Old():
            return meaning
        case None:
            # Not a question of ours: a template's quick reply carries words of its own.
            return _text(title, state, offer, flow, shop) if title.strip() else Old()


def _chosen(option: Option, flow: Flow) -> Heard:
    return words.is_word(option.value) or Meant(flow.choose(option.value))
