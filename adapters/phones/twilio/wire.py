"""Twilio's webhooks (protocols.md 2.1 to 2.4): a form per message and per status, signed over address and parameters.
Written apart from what the shop reads them with, so that one mistake can't hide the other.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from random import Random
from urllib.parse import parse_qsl, quote, urlencode

from adapters.phones.meta.payloads import Json
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.meta.wire import Written
from adapters.phones.twilio.names import CHANNEL, account_sid, sid_of
from engine.address import Millis

VERSION = "2010-04-01"
ERRORS = {131047: "63016", 131026: "63003", 131050: "63049", 132015: "63041", 132016: "63040"}
"""WhatsApp's numbers → Twilio's; any other is 63005."""
MEDIA = {"image": "image/jpeg", "document": "application/pdf", "video": "video/mp4", "audio": "audio/ogg"}
USUAL_TRIES = 1
"""New attempts without ``#rc=…``, and only where no connection was had."""


class TwilioWire:
    """See ``adapters.phones.meta.wire.Wire``."""

    batches = False

    def messages(self, number: FakeNumber, values: Sequence[Json], draw: Random) -> bytes:
        """See Wire. There is one message in a webhook."""
        (value,) = values
        (message,) = value["messages"]
        contact: Json = next(iter(value.get("contacts", ())), {})
        return urlencode(_common(number) | _who(message, contact) | _said(message)).encode()

    def statuses(self, number: FakeNumber, statuses: Sequence[Json]) -> Sequence[Written]:
        """See Wire. One each, to the status address that the send named: it ends with the sender's own key, and is
        tried as the number's own is."""
        return [Written(_status(number, one), f"?key={quote(_key(one), safe='')}") for one in statuses]

    def headers(self, secret: str, raw: bytes, tells: str, delivery: int, at: Millis, url: str) -> Mapping[str, str]:
        """See Wire."""
        pairs = sorted(set(parse_qsl(raw.decode(), keep_blank_values=True)))
        signed = url + "".join(name + value for name, value in pairs)
        digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
        return {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": b64encode(digest).decode(),
            "I-Twilio-Idempotency-Token": f"{delivery:08d}",
        }

    def retries(self, fragment: str, status: int, attempts: int) -> bool:
        """See Wire. ``#rc=3&rp=5xx,ct`` says how often, and after what (protocols.md 2.3)."""
        wishes = dict(parse_qsl(fragment))
        policy = wishes.get("rp", "ct").split(",")
        kind = "ct" if status == 0 else f"{status // 100}xx"
        wanted = "all" in policy or kind in policy or (status == 0 and "rt" in policy)
        return wanted and attempts <= int(wishes.get("rc", USUAL_TRIES))


def _common(number: FakeNumber) -> dict[str, str]:
    return {"AccountSid": account_sid(number), "ApiVersion": VERSION, "To": f"{CHANNEL}+{number.digits}"}


def _who(message: Json, contact: Json) -> dict[str, str]:
    sid = sid_of(message["id"])
    user = message.get("from_user_id", "")
    digits = message.get("from", "")
    known = {"WaId": digits} if digits else {}
    return known | {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "SmsStatus": "received",
        "From": f"{CHANNEL}+{digits}" if digits else CHANNEL + user,
        "ExternalUserId": CHANNEL + user,
        "ProfileName": contact.get("profile", {}).get("name", ""),
    }


def _said(message: Json) -> dict[str, str]:
    kind = message["type"]
    part = message.get(kind, {})
    quoted = message.get("context", {}).get("id", "")
    more = {"OriginalRepliedMessageSid": sid_of(quoted)} if quoted.startswith("wamid.") else {}
    return more | {"NumMedia": "1" if kind in MEDIA else "0", "MessageType": kind, **_content(kind, part)}


def _content(kind: str, part: Json) -> dict[str, str]:
    match kind:
        case "text":
            return {"Body": part.get("body", "")}
        case "location":
            names = {"Label": part.get("name", ""), "Address": part.get("address", "")}
            return {"Body": "", "Latitude": str(part["latitude"]), "Longitude": str(part["longitude"]), **names}
        case "interactive":
            reply = part[part["type"]]
            return {"Body": reply["title"], "ButtonText": reply["title"], "ButtonPayload": reply["id"]}
        case "button":
            return {"Body": part["text"], "ButtonText": part["text"], "ButtonPayload": part.get("payload", "")}
        case _ if kind in MEDIA:
            address = f"https://api.twilio.com/{VERSION}/Media/{part.get('id', '')}"
            return {"Body": part.get("caption", ""), "MediaUrl0": address, "MediaContentType0": MEDIA[kind]}
        case _:
            return {"Body": ""}


def _status(number: FakeNumber, status: Json) -> bytes:
    sid = sid_of(status["id"])
    said = {
        "AccountSid": account_sid(number),
        "ApiVersion": VERSION,
        "From": f"{CHANNEL}+{number.digits}",
        "To": f"{CHANNEL}+{status.get('recipient_id', '')}",
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": status["status"],
        "SmsStatus": status["status"],
    }
    if status["status"] == "read":
        said["EventType"] = "READ"
    for error in status.get("errors", ()):
        said |= {"MessageStatus": "undelivered", "ErrorCode": ERRORS.get(error["code"], "63005")}
    return urlencode(said).encode()


def _key(status: Json) -> str:
    return str(status.get("biz_opaque_callback_data", ""))
