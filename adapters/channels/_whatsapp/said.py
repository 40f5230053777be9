"""One inbound message → one Event, by its ``type``. A new type is one function and one row of READERS.

A reader gets the part of the message that its type names. None means that it can't be read; the caller then makes it
``UnsupportedSent``, so that the customer hears one polite sentence rather than nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from adapters.channels._whatsapp.people import phone, user
from adapters.channels._whatsapp.reading import (
    NAME_LENGTH,
    Json,
    Map,
    degrees,
    identifier,
    integer,
    mapping,
    sequence,
    text,
)
from engine.events import (
    AnyEvent,
    CartItem,
    CartSent,
    ContactsSent,
    FormAnswered,
    LocationSent,
    MediaSent,
    MessageDeleted,
    MessageEdited,
    NumberChanged,
    OptionTapped,
    Reacted,
    TextSaid,
    UnsupportedSent,
)

Reader = Callable[[Map], AnyEvent | None]


def said(message: Map) -> tuple[str, AnyEvent | None]:
    """A message's type, and its event or None when its content can't be read."""
    kind = text(message.get("type"), NAME_LENGTH)
    if kind == "contacts":  # the one type whose part is a list
        return kind, _contacts(message.get("contacts"))
    reader = READERS.get(kind)
    return kind, reader(mapping(message.get(kind))) if reader else UnsupportedSent(kind or "unknown")


def words(message: Map) -> str:
    """What a message says in words: its text or caption, "" for anything else."""
    part = mapping(message.get(text(message.get("type"), NAME_LENGTH)))
    return text(part.get("body")) or text(part.get("caption"))


def _text(part: Map) -> AnyEvent | None:
    body = part.get("body")
    return TextSaid(text(body)) if isinstance(body, str) else None


def _interactive(part: Map) -> AnyEvent | None:
    kind = text(part.get("type"), NAME_LENGTH)
    reply = mapping(part.get(kind))
    if kind in ("button_reply", "list_reply"):
        return _option(reply.get("id"), reply.get("title"))
    if kind == "nfm_reply":
        return FormAnswered(text(reply.get("name"), NAME_LENGTH), _form(reply.get("response_json")))
    return UnsupportedSent(kind) if kind else None


def _form(found: Json) -> str:
    """The form's answer is JSON inside JSON, and need not be an object (protocols 1.5)."""
    answer = text(found)
    try:
        msgspec.json.decode(answer)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return answer


def _template_button(part: Map) -> AnyEvent | None:
    """A quick reply on a template: its payload is what we put there, else the words on the button."""
    return _option(part.get("payload") or part.get("text"), part.get("text"))


def _option(option: Json, title: Json) -> AnyEvent | None:
    known = identifier(option)
    return OptionTapped(known, text(title, NAME_LENGTH)) if known else None


def _location(part: Map) -> AnyEvent | None:
    latitude, longitude = degrees(part.get("latitude"), 90.0), degrees(part.get("longitude"), 180.0)
    if latitude is None or longitude is None:
        return None
    return LocationSent(latitude, longitude, text(part.get("name"), 1_000), text(part.get("address"), 1_000))


def _media(kind: str, part: Map) -> AnyEvent | None:
    media_id = identifier(part.get("id"))
    if not media_id:
        return None
    return MediaSent(
        kind,
        media_id,
        text(part.get("caption")),
        text(part.get("mime_type"), NAME_LENGTH),
        text(part.get("filename"), NAME_LENGTH),
    )


def _order(part: Map) -> AnyEvent | None:
    """A native cart. One line that can't be read makes the whole cart unreadable: a cart that is silently short is
    worse than a polite question. Unknown skus are the shop's to judge."""
    lines = sequence(part.get("product_items"))
    items = tuple(item for line in lines if (item := _cart_item(mapping(line))) is not None)
    return CartSent(items, text(part.get("text"))) if items and len(items) == len(lines) else None


def _cart_item(line: Map) -> CartItem | None:
    sku, quantity = identifier(line.get("product_retailer_id")), integer(line.get("quantity"))
    return CartItem(sku, quantity) if sku and quantity and 0 < quantity < 2**31 else None


def _reaction(part: Map) -> AnyEvent | None:
    """No emoji, or an empty one, takes the reaction back (protocols 1.5)."""
    message_id = identifier(part.get("message_id"))
    return Reacted(message_id, text(part.get("emoji"), NAME_LENGTH)) if message_id else None


def _contacts(found: Json) -> AnyEvent | None:
    if not isinstance(found, list):
        return None
    numbers = [
        phone(card_phone.get("wa_id")) or _dialled(card_phone.get("phone"))
        for card in found
        for card_phone in map(mapping, sequence(mapping(card).get("phones")))
    ]
    return ContactsSent(tuple(number for number in numbers if number))


def _dialled(found: Json) -> str:
    """A phone as somebody typed it into a contact card: "+254 700 000 002"."""
    return phone("".join(sign for sign in text(found, NAME_LENGTH) if sign.isascii() and sign.isdigit()))


def _edit(part: Map) -> AnyEvent | None:
    original = identifier(part.get("original_message_id"))
    return MessageEdited(original) if original else None


def _revoke(part: Map) -> AnyEvent | None:
    original = identifier(part.get("original_message_id"))
    return MessageDeleted(original) if original else None


def _system(part: Map) -> AnyEvent | None:
    """A customer's new number or user id. Other system messages are about nobody's words: see ``parse``."""
    change = NumberChanged(phone(part.get("wa_id")), user(part.get("user_id")))
    return change if change.new_phone or change.new_user_id else None


def _unsupported(part: Map) -> AnyEvent | None:
    """What WhatsApp itself could not pass on, such as a poll. Older API versions do not say what it was."""
    return UnsupportedSent(text(part.get("type"), NAME_LENGTH) or "unsupported")


READERS: Mapping[str, Reader] = {
    "text": _text,
    "interactive": _interactive,
    "button": _template_button,
    "order": _order,
    "location": _location,
    "image": partial(_media, "image"),
    "document": partial(_media, "document"),
    "audio": partial(_media, "audio"),
    "voice": partial(_media, "audio"),
    "video": partial(_media, "video"),
    "sticker": partial(_media, "sticker"),
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    "unsupported": _unsupported,
}
