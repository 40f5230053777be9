"""Webhook bodies exactly as Meta writes them: the envelope, messages, statuses, and the bytes that are signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from random import Random
from typing import Any, TypeAlias

from adapters.phones.meta.phones import Phone
from adapters.phones.meta.rules import FakeNumber
from engine.address import Millis

Json: TypeAlias = dict[str, Any]


def to_bytes(body: Json) -> bytes:
    """JSON as Meta posts it: non-ASCII as ``\\uXXXX``, slashes escaped. A receiver that parses and serialises again
    gets other bytes, and with them a wrong signature."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def signature(secret: str, raw: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def envelope(number: FakeNumber, values: Sequence[Json], field: str = "messages") -> Json:
    """One webhook with one change per value."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": number.waba_id, "changes": [{"field": field, "value": value} for value in values]}],
    }


def batch(number: FakeNumber, values: Sequence[Json], draw: Random) -> Json:
    """One webhook with many messages, laid out in one of the three ways that Meta uses: several entries, several
    changes, or several messages in one value."""
    way = draw.randrange(3)
    if way == 0:
        return {
            "object": "whatsapp_business_account",
            "entry": [entry for value in values for entry in envelope(number, [value])["entry"]],
        }
    if way == 1:
        return envelope(number, values)
    contacts = {str(one): one for value in values for one in value.get("contacts", ())}
    messages = [message for value in values for message in value["messages"]]
    return envelope(number, [value_of(number) | {"contacts": list(contacts.values()), "messages": messages}])


def value_of(number: FakeNumber) -> Json:
    """What every value of the field ``messages`` begins with."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.digits,
            "phone_number_id": number.phone_number_id,
        },
    }


def message_value(number: FakeNumber, phone: Phone, message_id: str, at: Millis, part: Json) -> Json:
    """The value that carries one message of a customer. ``part`` is the type-specific rest and wins over the common
    fields, so that a test can send any nonsense."""
    common: Json = {} if phone.hidden else {"from": phone.digits}
    common |= {"from_user_id": phone.user_id, "id": message_id, "timestamp": str(at // 1000)}
    value = value_of(number)
    if part.get("type") != "system":
        value["contacts"] = [contact(phone)]
    value["messages"] = [common | part]
    return value


def contact(phone: Phone) -> Json:
    """Who the customer is, as far as Meta tells."""
    profile = {"name": phone.name}
    if phone.username:
        profile["username"] = phone.username
    known: Json = {"profile": profile}
    if not phone.hidden:
        known["wa_id"] = phone.digits
    return known | {"user_id": phone.user_id}


def status(phone: Phone, message_id: str, state: str, at: Millis, key: str, category: str) -> Json:
    """One status of a shop's message. ``conversation`` is left out, as since v24."""
    one: Json = {"id": message_id, "status": state, "timestamp": str(at // 1000)}
    if not phone.hidden:
        one["recipient_id"] = phone.digits
    one["recipient_user_id"] = phone.user_id
    if key:
        one["biz_opaque_callback_data"] = key
    if state != "failed":
        free = category == "service"
        kind = "free_customer_service" if free else "regular"
        one["pricing"] = {"billable": not free, "pricing_model": "PMP", "type": kind, "category": category}
    return one


def accepted(phone: Phone, given: str, message_id: str, *, template: bool) -> Json:
    """The answer to a send."""
    who: Json = {"input": given}
    if not phone.hidden:
        who["wa_id"] = phone.digits
    message = {"id": message_id} | ({"message_status": "accepted"} if template else {})
    return {"messaging_product": "whatsapp", "contacts": [who | {"user_id": phone.user_id}], "messages": [message]}
