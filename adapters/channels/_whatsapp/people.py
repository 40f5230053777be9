"""Who wrote: the phone and user id of a message, joined with the ``contacts`` of its batch.

``contacts`` is matched by id, never by position (protocols 1.4). Since 2026 the phone may be absent, and ``from`` has
been seen to hold a user id (BSUID) instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.channels._whatsapp.reading import NAME_LENGTH, Json, Map, mapping, sequence, text
from engine.address import Sender

PHONE = re.compile(r"\+?([0-9]{3,20})")
USER = re.compile(r"[A-Za-z]{2}\.[A-Za-z0-9.]{1,160}")
"""A BSUID: country, dot, up to 128 letters and digits; parents have a further ``ENT.`` (protocols 1.12)."""


def phone(found: Json) -> str:
    """The digits of a phone number without +, or "" when it is none."""
    match = PHONE.fullmatch(found) if isinstance(found, str) else None
    return match[1] if match else ""


def user(found: Json) -> str:
    """A BSUID, or "" when it is none."""
    return found if isinstance(found, str) and USER.fullmatch(found) else ""


def contacts(found: Json) -> dict[str, Map]:
    """The contacts of a batch by phone and by user id."""
    people: dict[str, Map] = {}
    for item in sequence(found):
        contact = mapping(item)
        for name in (phone(contact.get("wa_id")), user(contact.get("user_id"))):
            if name:
                people[name] = contact
    return people


def sender(said: Json, user_id: Json, people: Mapping[str, Map]) -> Sender | None:
    """The person whom ``from`` (or ``to``, or ``wa_id``) and the user id beside it name; None when they name nobody."""
    digits, known = phone(said), user(user_id) or user(said)
    contact = people.get(digits) or people.get(known) if people else None
    if contact is None:
        return Sender(phone=digits, user_id=known) if digits or known else None
    profile = mapping(contact.get("profile"))
    return Sender(
        phone=digits or phone(contact.get("wa_id")),
        user_id=known or user(contact.get("user_id")),
        name=text(profile.get("name"), NAME_LENGTH),
        username=text(profile.get("username"), NAME_LENGTH).removeprefix("@"),
    )
