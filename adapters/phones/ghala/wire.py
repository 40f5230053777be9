"""Ghala's webhooks, as far as anybody outside knows them (protocols.md 3.1, flows.md §4). Written apart from what the
shop reads them with, so that one mistake can't hide the other.

    classic   {"event": "message.received" | "message.status", "data": {…}}, several as a list under "data"
    v2        {…} or {"message": {…}}, the event in X-Ghala-Event, several as {"messages": […]}
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from random import Random

from adapters.phones.meta.payloads import Json
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.meta.wire import MESSAGE, Written
from engine.address import Millis

CLASSIC, V2 = "ghala", "ghala-v2"
"""What ``FakeNumber.provider`` calls the two dialects."""
EVENTS = {True: "message.received", False: "message.status"}
OUTSIDE = 131047


class ClassicWire:
    """See ``adapters.phones.meta.wire.Wire``."""

    batches = True

    def messages(self, number: FakeNumber, values: Sequence[Json], draw: Random) -> bytes:
        """See Wire."""
        told = [message for value in values for message in _messages(number, value)]
        return _bytes({"event": "message.received", "data": told[0] if len(told) == 1 else told})

    def statuses(self, number: FakeNumber, statuses: Sequence[Json]) -> Sequence[Written]:
        """See Wire. One each, with the shop's own name of the message."""
        told = [_status(one) | ({"reference": key} if (key := _key(one)) else {}) for one in statuses]
        return [Written(_bytes({"event": "message.status", "data": one})) for one in told]

    def retries(self, fragment: str, status: int, attempts: int) -> bool:
        """See Wire. At least once."""
        return True

    def headers(self, secret: str, raw: bytes, tells: str, delivery: int, at: Millis, url: str) -> Mapping[str, str]:
        """See Wire."""
        return {"Content-Type": "application/json", "x-ghala-signature": _hex(secret, raw)}


class V2Wire:
    """See ``adapters.phones.meta.wire.Wire``."""

    batches = True

    def messages(self, number: FakeNumber, values: Sequence[Json], draw: Random) -> bytes:
        """See Wire."""
        told = [message for value in values for message in _messages(number, value)]
        return _bytes(told[0] if len(told) == 1 else {"messages": told})

    def statuses(self, number: FakeNumber, statuses: Sequence[Json]) -> Sequence[Written]:
        """See Wire. One each; what was read is told under ``message``, as has been seen."""
        told = map(_status, statuses)
        return [Written(_bytes({"message": one} if one["status"] == "read" else one)) for one in told]

    def retries(self, fragment: str, status: int, attempts: int) -> bool:
        """See Wire. At least once."""
        return True

    def headers(self, secret: str, raw: bytes, tells: str, delivery: int, at: Millis, url: str) -> Mapping[str, str]:
        """See Wire. The time is that of the attempt."""
        stamp = str(at // 1000)
        return {
            "Content-Type": "application/json",
            "X-Ghala-Timestamp": stamp,
            "X-Ghala-Signature": "sha256=" + _hex(secret, stamp.encode() + b"." + raw),
            "X-Ghala-Event": EVENTS[tells == MESSAGE],
            "X-Ghala-Delivery": f"dlv_{delivery:08d}",
        }


def ghala_id(wamid: str) -> str:
    """Ghala's own id of a message that WhatsApp calls ``wamid``."""
    return "01" + wamid.removeprefix("wamid.")


def _messages(number: FakeNumber, value: Json) -> list[Json]:
    """The messages of one of Meta's values, each with its sender's name and the shop's number."""
    names = [contact["profile"]["name"] for contact in value.get("contacts", ())]
    about = {"to": number.digits} | ({"name": names[0]} if names else {})
    return [about | message for message in value["messages"]]


def _status(status: Json) -> Json:
    told = {
        "id": ghala_id(status["id"]),
        "wa_message_id": status["id"],
        "status": status["status"],
        "timestamp": int(status["timestamp"]),
    }
    for error in status.get("errors", ()):
        word = "outside_messaging_window" if error["code"] == OUTSIDE else "whatsapp_rejected"
        told["error"] = {"code": word, "whatsapp_code": error["code"], "message": error["title"]}
    return told


def _key(status: Json) -> str:
    return str(status.get("biz_opaque_callback_data", ""))


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _hex(secret: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
