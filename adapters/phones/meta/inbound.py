"""From a phone's WebSocket frame to the type-specific part of Meta's message, one function per kind of frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapters.phones.meta.media import MediaStore
from adapters.phones.meta.payloads import Json
from adapters.phones.meta.phones import Phone, Record
from adapters.phones.meta.rules import FakeNumber
from engine.errors import BadInput

WORDS = 65_536
"""The longest text that a WhatsApp client lets a customer type, in characters."""
SKUS = 100

CAPTIONED = ("image", "document", "video")


class Said(msgspec.Struct, frozen=True):
    """``part`` is Meta's; ``kind`` and ``text`` are what the phone's other screens show. ``quoted`` is the message that
    this one answers or, for a reaction, an edit and a deletion, changes."""

    part: Json
    kind: str
    text: str = ""
    quoted: str = ""


class Saying:
    """Reads the frames of one number's phones. Raises BadInput with a sentence for whoever holds the phone."""

    def __init__(self, number: FakeNumber, media: MediaStore) -> None:
        self._number = number
        self._media = media
        self._kinds: Mapping[str, Callable[[Phone, Json], Said]] = {
            "say": self._say,
            "tap": self._tap,
            "location": self._location,
            "media": self._attachment,
            "reaction": self._reaction,
            "edit": self._edit,
            "delete": self._delete,
            "order": self._order,
            "raw": self._raw,
        }

    def read(self, phone: Phone, frame: Json) -> Said:
        """The message that a frame stands for."""
        kind = frame.get("type")
        reader = self._kinds.get(kind) if isinstance(kind, str) else None
        if reader is None:
            raise BadInput(f"A phone can't do {kind!r}; it can: read, {', '.join(self._kinds)}.")
        return reader(phone, frame)

    def _say(self, phone: Phone, frame: Json) -> Said:
        text = _words(frame, "text")
        part: Json = {"type": "text", "text": {"body": text}}
        quoted = frame.get("quoted")
        if quoted is None:
            return Said(part, "text", text)
        record = _record(phone, quoted)
        return Said(self._context(record) | part, "text", text, record.id)

    def _context(self, record: Record) -> Json:
        return {"context": {"from": self._number.digits, "id": record.id}}

    def _tap(self, phone: Phone, frame: Json) -> Said:
        record = _record(phone, frame.get("message_id"))
        if record.mine:
            raise BadInput("There is nothing to tap in a message of your own.")
        choice = _choices(msgspec.json.decode(record.raw)).get(str(frame.get("option")))
        if choice is None:
            raise BadInput("This message has no such option.")
        return Said(self._context(record) | choice, "tap", _title(choice), record.id)

    def _location(self, _phone: Phone, frame: Json) -> Said:
        place: Json = {"latitude": _degrees(frame, "latitude", 90), "longitude": _degrees(frame, "longitude", 180)}
        for key in ("name", "address", "url"):
            if frame.get(key):
                place[key] = _words(frame, key)
        return Said({"type": "location", "location": place}, "location", str(place.get("name", "")))

    def _attachment(self, _phone: Phone, frame: Json) -> Said:
        kind = frame.get("kind", "image")
        media = self._media.sample(kind)
        caption = _words(frame, "caption") if frame.get("caption") else ""
        body: Json = {"mime_type": media.mime_type, "sha256": media.sha256, "id": media.id}
        if kind == "document":
            body["filename"] = media.filename
        if kind == "audio":
            body["voice"] = True
        if kind == "sticker":
            body["animated"] = False
        if caption and kind in CAPTIONED:
            body["caption"] = caption
        return Said({"type": kind, kind: body}, kind, caption)

    def _reaction(self, phone: Phone, frame: Json) -> Said:
        record = _record(phone, frame.get("message_id"))
        reaction: Json = {"message_id": record.id}
        if emoji := _words(frame, "emoji"):
            reaction["emoji"] = emoji
        return Said({"type": "reaction", "reaction": reaction}, "reaction", emoji, record.id)

    def _edit(self, phone: Phone, frame: Json) -> Said:
        record = _own(phone, frame)
        text = _words(frame, "text")
        message = {"type": "text", "text": {"body": text}}
        part = {"type": "edit", "edit": {"original_message_id": record.id, "message": message}}
        return Said(part, "edit", text, record.id)

    def _delete(self, phone: Phone, frame: Json) -> Said:
        record = _own(phone, frame)
        return Said({"type": "revoke", "revoke": {"original_message_id": record.id}}, "delete", "", record.id)

    def _order(self, _phone: Phone, frame: Json) -> Said:
        items = frame.get("items")
        if not isinstance(items, list) or not 1 <= len(items) <= SKUS or not all(isinstance(i, dict) for i in items):
            raise BadInput(f"An order needs 1 to {SKUS} items, each with sku and quantity.")
        lines = [
            {
                "product_retailer_id": str(item.get("sku", "")),
                "quantity": item.get("quantity", 1),
                "item_price": item.get("price", 0),
                "currency": item.get("currency", "KES"),
            }
            for item in items
        ]
        order = {"catalog_id": "300000000000003", "text": frame.get("text", ""), "product_items": lines}
        return Said({"type": "order", "order": order}, "order", ", ".join(str(i.get("sku", "")) for i in items))

    def _raw(self, _phone: Phone, frame: Json) -> Said:
        message = frame.get("message")
        if not isinstance(message, dict):
            raise BadInput("A raw frame needs message, a JSON object.")
        kind = message.get("type")
        return Said(message, {"contacts": "contact"}.get(str(kind), str(kind)))


def _words(frame: Json, key: str) -> str:
    value = frame.get(key, "")
    if not isinstance(value, str) or len(value) > WORDS:
        raise BadInput(f"{key} must be a text of at most {WORDS} characters.")
    return value


def _degrees(frame: Json, key: str, bound: int) -> float:
    value = frame.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not -bound <= value <= bound:
        raise BadInput(f"{key} must be a number from -{bound} to {bound}.")
    return value


def _record(phone: Phone, message_id: Any) -> Record:
    record = phone.records.get(message_id) if isinstance(message_id, str) else None
    if record is None:
        raise BadInput("This message is not known here any more.")
    return record


def _own(phone: Phone, frame: Json) -> Record:
    record = _record(phone, frame.get("message_id"))
    if not record.mine:
        raise BadInput("Only a message of your own can be changed or deleted.")
    return record


def _choices(body: Json) -> dict[str, Json]:
    """Everything that can be tapped in a shop's message, by its id."""
    if body["type"] == "template":
        return dict(_quick_replies(body["template"]))
    action = body["interactive"]["action"] if body["type"] == "interactive" else {}
    found: dict[str, Json] = {}
    for button in action.get("buttons", ()):
        reply = {"id": button["reply"]["id"], "title": button["reply"]["title"]}
        found[reply["id"]] = _interactive("button_reply", reply)
    for section in action.get("sections", ()):
        for row in section.get("rows", ()):
            reply = {key: row[key] for key in ("id", "title", "description") if key in row}
            found[reply["id"]] = _interactive("list_reply", reply)
    return found


def _interactive(kind: str, reply: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, kind: reply}}


def _quick_replies(template: Json) -> list[tuple[str, Json]]:
    buttons = [one for one in template.get("components", ()) if one.get("sub_type") == "quick_reply"]
    payloads = [parameter["payload"] for one in buttons for parameter in one.get("parameters", ())]
    return [(payload, {"type": "button", "button": {"payload": payload, "text": payload}}) for payload in payloads]


def _title(choice: Json) -> str:
    if choice["type"] == "button":
        return str(choice["button"]["text"])
    interactive = choice["interactive"]
    return str(interactive[interactive["type"]]["title"])
