"""Twilio's form (or its JSON variant) → a Delivery: one message or one status a call (protocols.md 2.1, 2.4).

A message carries SmsStatus ``received`` and what was said; a status callback carries MessageStatus. Fields come and go
without notice and are looked at one by one, so that an odd one never loses the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from adapters.channels._twilio.codes import meaning, sentence
from adapters.channels._twilio.signature import parameters
from adapters.channels._whatsapp.reading import NAME_LENGTH, Json, degrees, document, identifier, integer, mapping, text
from engine.address import Millis, Sender
from engine.errors import BadInput
from engine.events import (
    AnyEvent,
    ContactsSent,
    FormAnswered,
    Inbound,
    LocationSent,
    MediaSent,
    OptionTapped,
    TextSaid,
    UnsupportedSent,
)
from engine.messages import Refusal, Status, StatusRank
from engine.ports import Delivery

Fields = Mapping[str, str]

CHANNEL = "whatsapp:"
PHONE = re.compile(r"\+?([0-9]{3,20})")
USER = re.compile(r"[A-Za-z]{2}\.[A-Za-z0-9.]{1,160}")
SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
RANKS: Mapping[str, StatusRank] = {
    "sent": StatusRank.SENT,
    "delivered": StatusRank.DELIVERED,
    "read": StatusRank.READ,
    "failed": StatusRank.FAILED,
    "undelivered": StatusRank.FAILED,
    "canceled": StatusRank.FAILED,
}
"""Every other status (queued, sending, …) says nothing that we do not know."""
KEY = "key"
"""The parameter of our status address that carries the outbox key back to us."""
NO_REASON = "Twilio did not deliver the message and did not say why. Look for it in the console's message log."
KINDS = {"image": "image", "video": "video", "audio": "audio", "text": "document", "application": "document"}
CARDS = frozenset({"text/vcard", "text/x-vcard"})


def fields_of(raw: bytes, content_type: str) -> Fields:
    """What a call says, by name. Raises BadInput when it is neither a form nor a JSON object."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        found = document(raw)
        if not isinstance(found, dict):
            raise BadInput("Not a Twilio webhook: expected a form, or a JSON object.")
        return {name: value for name, value in found.items() if isinstance(value, str)}
    found_fields = {name: values[0] for name, values in parameters(raw).items()}
    if not found_fields:
        raise BadInput("Not a Twilio webhook: expected a form with its parameters.")
    return found_fields


def deliver(said: Fields, shops: Mapping[str, str], key: str, at: Millis) -> Delivery:
    """What a call carries. ``shops`` maps a business number (digits) or a messaging service to its shop; ``key`` is the
    outbox key of the status address, ``at`` when the call came in."""
    if said.get("MessageStatus"):
        return _status(said, shops, key, at)
    shop = _shop(said, said.get("To", ""), shops)
    if shop is None:
        return _refused("for a number that no shop has here")
    inbound = read(said, shop, at)
    return inbound if isinstance(inbound, Delivery) else Delivery((inbound,))


def read(said: Fields, shop: str, at: Millis) -> Inbound | Delivery:
    """One message, or the refusal of what is none."""
    sid = said.get("MessageSid") or said.get("SmsMessageSid") or said.get("SmsSid", "")
    sender = sender_of(said)
    if not SID.fullmatch(sid):
        return _refused("no message id")
    if sender is None:
        return _refused("no sender")
    quoted = identifier(said.get("OriginalRepliedMessageSid"))
    return Inbound(sid, shop, sender, at, event_of(said), quoted)


def _refused(why: str) -> Delivery:
    return Delivery(refusals=(Refusal("call", why),))


def _shop(said: Fields, number: str, shops: Mapping[str, str]) -> str | None:
    return shops.get(phone(number)) or shops.get(said.get("MessagingServiceSid", ""))


# -- who ---------------------------------------------------------------------------------------------------------------
def phone(address: str) -> str:
    """The digits in ``whatsapp:+254…`` (the prefix is missing now and then), "" when there are none."""
    match = PHONE.fullmatch(address.removeprefix(CHANNEL).strip())
    return match[1] if match else ""


def user(address: str) -> str:
    """The user id (BSUID) in ``whatsapp:KE.…``, or ""."""
    bare = address.removeprefix(CHANNEL).strip()
    return bare if USER.fullmatch(bare) else ""


def sender_of(said: Fields) -> Sender | None:
    """Who wrote; None when the call names nobody. Since 2026 the phone may be absent (protocols.md 2.1)."""
    given = said.get("From", "")
    digits = phone(given) or phone(said.get("WaId", ""))
    known = user(said.get("ExternalUserId", "")) or user(given)
    name = text(said.get("ProfileName"), NAME_LENGTH)
    return Sender(phone=digits, user_id=known, name=name) if digits or known else None


# -- what --------------------------------------------------------------------------------------------------------------
def event_of(said: Fields) -> AnyEvent:
    """What was said: a tap before anything, since its words stand in Body too."""
    tapped = _tap(said)
    if tapped is not None:
        return tapped
    if said.get("FlowData"):
        return FormAnswered("flow", text(said["FlowData"]))
    place = _place(said)
    if place is not None:
        return place
    if (integer(said.get("NumMedia")) or 0) > 0:
        return _media(said)
    return TextSaid(text(said.get("Body")))


def _tap(said: Fields) -> OptionTapped | None:
    """A button's payload, a list's row, or what InteractiveData holds of one (protocols.md 2.1: unverified)."""
    for option, title in (("ButtonPayload", "ButtonText"), ("ListId", "ListTitle")):
        if known := identifier(said.get(option)):
            return OptionTapped(known, text(said.get(title) or said.get("Body"), NAME_LENGTH))
    if not said.get("InteractiveData"):
        return None
    try:
        data = document(said["InteractiveData"].encode())
    except BadInput:
        return None
    for reply in (data, *mapping(data).values()):
        if known := identifier(mapping(reply).get("id")):
            return OptionTapped(known, text(mapping(reply).get("title"), NAME_LENGTH))
    return None


def _place(said: Fields) -> AnyEvent | None:
    latitude, longitude = _degrees(said.get("Latitude"), 90.0), _degrees(said.get("Longitude"), 180.0)
    if latitude is None or longitude is None:
        return None
    return LocationSent(latitude, longitude, text(said.get("Label"), 1_000), text(said.get("Address"), 1_000))


def _degrees(said: str | None, most: float) -> float | None:
    try:
        return degrees(float(said or "x"), most)
    except ValueError:
        return None


def _media(said: Fields) -> AnyEvent:
    """A picture or file. Its address is only its name here: nothing is ever fetched from an address in a message."""
    kind = said.get("MediaContentType0", "").partition(";")[0].strip().lower()
    if kind in CARDS:
        return ContactsSent(())
    name = "sticker" if kind == "image/webp" else KINDS.get(kind.partition("/")[0], "")
    media = identifier(said.get("MediaUrl0"))
    if not name or not media:
        return UnsupportedSent(kind or "media")
    return MediaSent(name, media, text(said.get("Body")), kind)


# -- statuses ----------------------------------------------------------------------------------------------------------
def _status(said: Fields, shops: Mapping[str, str], key: str, at: Millis) -> Delivery:
    shop = _shop(said, said.get("From", ""), shops)
    sid = said.get("MessageSid") or said.get("SmsSid", "")
    if shop is None:
        return _refused("for a number that no shop has here")
    if not SID.fullmatch(sid):
        return _refused("a status without a message id")
    status = status_of(shop, sid, said["MessageStatus"], at, key, said.get("ErrorCode"))
    return Delivery(statuses=(status,) if status is not None else ())


def status_of(shop: str, sid: str, word: str, at: Millis, key: str, error: Json) -> Status | None:
    """A status in Twilio's word, None where it says nothing that we do not know."""
    rank = RANKS.get(word)
    if rank is None:
        return None
    code = integer(error) or 0
    code = code if 0 < code < 2**31 else 0
    if rank is not StatusRank.FAILED:
        return Status(shop, sid, rank, at, key)
    means = meaning(code)
    kind, template = (means.kind, means.template) if means is not None else (None, "")
    return Status(shop, sid, rank, at, key, code, sentence(code) if code else NO_REASON, kind, template)


def decoded(raw: bytes) -> Mapping[str, object]:
    """A JSON object of the API's, or an empty one."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return mapping(found)
